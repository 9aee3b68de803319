"""What a study's model says about the caseload: from the research view's lessons to the clinical page's frames."""

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

from outcomes.cohort.episodes import episodes
from outcomes.errors import DataError
from outcomes.flags.foretold import Foretold
from outcomes.flags.track_record import track_record
from outcomes.measures.outcomes import outcomes
from outcomes.measures.scoring import totals
from outcomes.prognosis.endings import ended
from outcomes.prognosis.individual import OUTSIDE, foretell
from outcomes.prognosis.timeline import KEY, Courses
from outcomes.reference.rules import edition_of
from outcomes.studies.experiment import Experiment
from outcomes.studies.joint_endings import JointForecast

UNLIKE = "is unlike everyone whom the model learned from, so that it gives no number"


def foretelling(
    found: JointForecast,
    tables: Mapping[str, pd.DataFrame],
    experiment: Experiment,
    *,
    as_of: date,
    made_on: date | None,
    seed: int = 0,
) -> Foretold | None:
    """Say what the model says about each open referral of the care view on a day.

    Parameters
    ----------
    found
        From `studies.joint_endings`, learnt from the research view.
    tables
        Tables of the care view, with `day_zero` in the referrals.
    experiment
        Measures, and the kind of the source.
    as_of
        The page's day.
    made_on
        Day up to which the model learnt.
    seed
        Picks the one prediction a person that stands for them in the record.

    Returns
    -------
    Foretold or None
        None where nothing was learnt, or the care view lacks what the model needs.

    Raises
    ------
    ConfigError
        If the model learnt from invented people and the caseload is real.
    """
    if found.taught is None or found.validation is None:
        return None
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
        told = foretell(found.taught, courses, days, ended(every, judged), kind=experiment.source.kind)
    except DataError:
        return None  # the page then says that the model's answers are not there
    sums = told.endings.loc[told.endings["kind"].eq("sum"), ["referral", "ending", "probability", "low", "high"]]
    outside = told.status.loc[told.status["status"].eq(OUTSIDE)]
    words = UNLIKE + " (" + outside["because"].astype("str") + ")"
    return Foretold(
        sha256=found.taught.sha256,
        trained_on=found.taught.trained_on,
        made_on=made_on,
        endings=sums.reset_index(drop=True),
        reasons=told.reasons[["referral", "direction", "rank", "word", "reason"]],
        cautions=pd.DataFrame({"referral": outside["referral"], "words": words}).reset_index(drop=True),
        record=track_record(_one_a_person(found.validation.past, seed)),
        weeks=found.taught.lessons.horizon_weeks,
    )


def _one_a_person(past: pd.DataFrame, seed: int) -> pd.DataFrame:
    # somebody who was judged at ten landmarks is one person, of whom one prediction, drawn by chance, is counted
    ordered = past.sort_values([*KEY, "ending", "kind", "number"], ignore_index=True)
    shuffled = ordered.iloc[np.random.default_rng(seed).permutation(len(ordered))]
    return shuffled.drop_duplicates(["pseudonym", "ending"]).sort_index().reset_index(drop=True)
