"""Who came, and how far did they get? Table 1 and the funnel."""

from functools import partial

import pandas as pd

from outcomes.disclosure.gate import Rate, Released, release
from outcomes.fairness.characteristics import characteristics
from outcomes.fairness.funnel import REFERRED, funnel
from outcomes.publications.figures.pathways import funnel as draw_funnel
from outcomes.publications.grids import table_one
from outcomes.publications.methods import Step
from outcomes.publications.page import KeyFigure, Picture, Section, Table
from outcomes.publications.wording import cell
from outcomes.reference.groups import grouping, groupings
from outcomes.reference.instruments import instrument
from outcomes.reference.policies import disclosure_policy
from outcomes.studies.chapters.answers import people_answer
from outcomes.studies.chapters.chapter import Chapter
from outcomes.studies.chapters.survey import survey_step
from outcomes.studies.materials import Materials

KEY = ["pseudonym", "referral"]
FEWEST_STAGES = 3
STEPS = 10  # steps of rounding below which half a step is five points of a percentage, or more
FINER = {"deprivation_decile": "deprivation_quintile", "ethnic_group_16": "ethnic_group_5"}
STAGES = {
    "assessed": "Assessed",
    "started": "Started treatment",
    "ended": "Referral ended",
    "completed": "Completed a course",
    "paired": "Scores at start and end",
    "recovery": "Recovered",
}


def people_chapter(materials: Materials, *, policy: str, by: str | None) -> Chapter:
    """Describe who came and how many reached each step.

    Parameters
    ----------
    materials
        Episodes, scores, outcomes.
    policy
        Disclosure policy.
    by
        Grouping that parts Table 1 into columns, or None for one column.

    Returns
    -------
    Chapter
        Table 1, funnel.

    Raises
    ------
    ConfigError
        If a grouping is not known or not in the feed.
    DisclosureError
        If a table may not be released.
    """
    blocks: list[str | Table | Picture] = []
    described = _described(materials, by)
    one = _table_one(described, policy)
    reached = funnel(_staged(materials), stages={k: v for k, v in STAGES.items() if k in _staged(materials)})
    shown = release(
        _shares(reached),
        labels=["stage"],
        counts=["n", "referred"],
        rates={"share_pct": Rate("n", "referred")},
        policy=policy,
        title="From referral to recovery",
        notes=["Each step counts those who passed every step before it; a step that the feed cannot tell is left out."],
    )
    if len(reached) >= FEWEST_STAGES:
        blocks += [
            "A report on those who finish hides everybody who was lost on the way. The funnel counts all who were "
            "referred, and each step counts only those who passed the steps before it.",
            Picture(
                "funnel",
                shown,
                partial(draw_funnel, share="share_pct"),
                "Referrals that reach each step, and their share of all referrals.",
                "Bar chart: how many referrals reach each step, from referral to recovery, falling step by step.",
            ),
        ]
    blocks.append(Table("table_one", one, table_one))
    return Chapter(
        Section("Who came, and how far did they get?", tuple(blocks), people_answer(shown)),
        internal={"people": described, "funnel": reached},
        metrics={"people/referrals": float(len(materials.episodes))},
        steps=(
            Step(
                "Setting and participants",
                f"{materials.opened.view.statement} The unit is the referral; a person can have several, and no split "
                "or resample parts a person.",
            ),
            *survey_step(materials),
        ),
        key_figures=(KeyFigure("Referrals", cell(shown, 0, "n"), "rounded"),) if len(shown.table) else (),
    )


def _table_one(described: pd.DataFrame, policy: str) -> Released:
    said = "One row a referral: a person who was referred twice counts twice. Scores are the first of a referral."
    let_out = partial(
        release,
        labels=["group", "characteristic", "level"],
        counts=["n", "of"],
        rates={"share_pct": ("n", "of")},
        statistics={"mean": "n", "sd": "n"},
        policy=policy,
        title="People at their referral",
    )
    whole = let_out(described, notes=[said])
    fewest = STEPS * disclosure_policy(policy).base
    # judged by the printed number, so that leaving a percentage out tells nothing that is not printed
    coarse = pd.to_numeric(whole.table["of"]).lt(fewest).to_numpy(dtype=bool)
    if not coarse.any():
        return whole
    why = f"No percentages of fewer than {fewest} people: rounding alone could move them by five points or more."
    return let_out(described.assign(of=described["of"].astype(float).mask(coarse)), notes=[said, why])


def _shares(reached: pd.DataFrame) -> pd.DataFrame:
    # everybody is not a share of everybody: as one it would be rounded like a numerator, and differ from Table 1
    first = reached["stage"].eq(REFERRED)
    return reached[["stage", "n", "referred"]].assign(referred=reached["referred"].astype(float).mask(first))


def _described(materials: Materials, by: str | None) -> pd.DataFrame:
    people = materials.episodes
    scores = materials.totals.sort_values([*KEY, "occasion"])
    numbers = {}
    for key in materials.instruments:
        first = scores[scores[key].notna()].drop_duplicates(KEY)[[*KEY, key]]
        people = people.merge(first.rename(columns={key: f"{key}_first"}), on=KEY, how="left")
        numbers[f"{key}_first"] = f"{instrument(key).name}, first score"
    if people["weeks_waited"].notna().any():
        numbers["weeks_waited"] = "Weeks from referral to treatment"
    told = [key for key in groupings() if key in people and key != by and people[key].nunique() > 1]
    categories = {key: grouping(key).title for key in told if FINER.get(key) not in told}
    return characteristics(people, group=by, categories=categories, numbers=numbers)


def _staged(materials: Materials) -> pd.DataFrame:
    known = materials.episodes[[*KEY, "assessed", "started", "completed", "open"]]
    rows = known.assign(ended=~known["open"].astype("boolean"), assessed=known["assessed"] | known["started"])
    if materials.outcomes is not None:
        rows = rows.merge(materials.outcomes[[*KEY, "paired", "recovery"]], on=KEY, how="left")
    return rows.drop(
        columns=[name for name in ("assessed", "started", "completed", "ended") if rows[name].isna().all()]
    )
