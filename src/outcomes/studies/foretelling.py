"""What a study's model says about the caseload: from the research view's lessons to the clinical page's frames."""

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

from outcomes.cohort.episodes import episodes
from outcomes.errors import DataError
from outcomes.flags.foretold import Foretold
from outcomes.flags.track_record import group_cautions
from outcomes.measures.outcomes import outcomes
from outcomes.measures.scoring import totals
from outcomes.prognosis.endings import ended
from outcomes.prognosis.individual import OUTSIDE, foretell
from outcomes.prognosis.kept import Kept
from outcomes.prognosis.timeline import KEY, Courses
from outcomes.reference.rules import edition_of
from outcomes.studies.experiment import Experiment

UNLIKE = "This person is unlike everyone whom the model learned from, so it gives no number"


def foretelling(
    kept: Kept, sha256: str, tables: Mapping[str, pd.DataFrame], experiment: Experiment, *, as_of: date
) -> Foretold | None:
    """Say what a kept model says about each open referral of the care view on a day.

    Parameters
    ----------
    kept
        From `studies.kept_model`, learnt from a research view.
    sha256
        Digest of its file.
    tables
        Tables of the care view, with `day_zero` in the referrals.
    experiment
        Measures, and the kind of the source.
    as_of
        The page's day.

    Returns
    -------
    Foretold or None
        None where the care view lacks what the model needs.

    Raises
    ------
    ConfigError
        If the model learnt from invented people and the caseload is real.
    """
    every = episodes(tables)
    settings = experiment.measures
    edition = edition_of(settings.edition)
    scored = totals(
        tables["occasions"], settings.instruments, missing=settings.missing_items, scores=tables.get("scores")
    )
    judged = outcomes(every, scored, edition=edition, contacts=tables.get("contacts"), courses="all")
    courses = Courses(every, tables["occasions"], scored, tables.get("contacts"))
    still = every.loc[every["open"].fillna(value=False).to_numpy(dtype=bool), KEY].astype("str")
    zero = tables["referrals"][[*KEY, "day_zero"]].astype(dict.fromkeys(KEY, "str"))
    days = still.merge(zero, on=KEY, how="left")
    days = days.assign(day=(pd.Timestamp(as_of) - pd.to_datetime(days["day_zero"])).dt.days).drop(columns="day_zero")
    try:
        told = foretell(kept.taught, courses, days, ended(every, judged), kind=experiment.source.kind)
    except DataError:
        return None  # the page then says that the model's answers are not there
    sums = told.endings.loc[told.endings["kind"].eq("sum"), ["referral", "ending", "probability", "low", "high"]]
    outside = told.status.loc[told.status["status"].eq(OUTSIDE)]
    words = UNLIKE + " (" + outside["because"].astype("str") + ")."
    return Foretold(
        sha256=sha256,
        trained_on=kept.taught.trained_on,
        made_on=kept.made_on,
        endings=sums.reset_index(drop=True),
        reasons=told.reasons[["referral", "direction", "rank", "word", "reason"]],
        cautions=pd.concat(
            [
                pd.DataFrame({"referral": outside["referral"], "words": words}),
                group_cautions(kept.unsure, every, asked=sums["referral"]),
            ],
            ignore_index=True,
        ),
        record=kept.record,
        weeks=kept.taught.lessons.horizon_weeks,
    )


def one_a_person(past: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Let one prediction stand for each person: who was judged at ten landmarks is one person, not ten.

    The landmark is drawn before anybody looks whether the person reached it; who did not is left out. To draw among the
    landmarks that somebody reached would pick short courses too often at early landmarks: what is to be foretold.

    Parameters
    ----------
    past
        Predictions of people whom the model had not seen.
    seed
        Picks the landmark of each person.

    Returns
    -------
    DataFrame
        At most one row a person and ending.
    """
    ordered = past.sort_values([*KEY, "ending", "kind", "number"], ignore_index=True)
    moment = ordered.groupby(["kind", "number"], sort=True).ngroup().to_numpy()
    person, people = pd.factorize(ordered["pseudonym"])
    drawn = np.random.default_rng(seed).integers(0, moment.max(initial=0) + 1, len(people))
    reached = pd.DataFrame(ordered.loc[moment == drawn[person]])
    return reached.drop_duplicates(["pseudonym", "ending"]).reset_index(drop=True)
