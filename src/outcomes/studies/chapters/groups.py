"""For whom does it work less well? Outcomes and predictions by group, with a verdict that may be "too few to say"."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from outcomes.disclosure.gate import Gap, Released, Statistic, release
from outcomes.errors import DataError
from outcomes.fairness.breakdown import breakdown
from outcomes.fairness.gaps import Tolerance
from outcomes.fairness.largest import largest_gaps
from outcomes.publications.figures.groups import forest
from outcomes.publications.grids import plain
from outcomes.publications.methods import Step
from outcomes.publications.page import Picture, Section, Table
from outcomes.reference.instruments import instrument
from outcomes.studies.chapters.answers import groups_answer
from outcomes.studies.chapters.chapter import Chapter, title_of
from outcomes.studies.chapters.groups_abstention import NAME as ABSTENTION
from outcomes.studies.chapters.groups_abstention import abstention_metrics
from outcomes.studies.chapters.groups_beyond import (
    DEPRIVATION,
    SERVICE,
    YEARS,
    breakdown_title,
    crossed,
    crossed_references,
    gradient,
    lost_on_the_way,
    remaining,
    services_and_years,
)
from outcomes.studies.chapters.groups_gaps import GAPS, everyone_table, gap_table, shrunken_table
from outcomes.studies.chapters.groups_model import (
    model_blocks,
    model_tables,
    quality_blocks,
    remedy_blocks,
    remedy_metrics,
)
from outcomes.studies.chapters.groups_received import received_blocks
from outcomes.studies.chapters.survey import group_blocks, survey_figures, survey_metrics
from outcomes.studies.experiment import FairnessSettings
from outcomes.studies.forecast import Forecast
from outcomes.studies.materials import Materials
from outcomes.studies.surveyed import CASENESS, caseness_flags

Block = str | Table | Picture
HEADING = "For whom does it work less well?"
KEY = ["pseudonym", "referral"]
CHANCE = partial(
    plain,
    headings={
        "widest_gap_points": "Widest gap (points)",
        "by_chance_median": "By chance, median",
        "by_chance_95": "By chance, 95th percentile",
        "p_value": "p",
    },
    leave_out=("people", "events_lowest", "n_lowest", "events_highest", "n_highest"),
)
PERMUTATIONS = 500
FEWEST_EVENTS = 100
FEWEST_DRAWN = 10
MAIN = ("reliable_recovery", "recovery", "reliable_improvement", "reliable_deterioration", "dropped_out")


def groups_chapter(
    materials: Materials,
    found: Forecast | None,
    settings: FairnessSettings,
    *,
    policy: str,
    seed: int,
    threshold: float,
) -> Chapter:
    """Break outcomes and predictions down by group.

    Parameters
    ----------
    materials
        Episodes and outcomes.
    found
        The prognosis step, or None.
    settings
        Groupings and tolerance.
    policy
        Disclosure policy.
    seed
        Seed of the shuffles behind the widest gap.
    threshold
        Probability of an unfavourable ending at which somebody would be flagged.

    Returns
    -------
    Chapter
        Outcomes by group with gaps and verdicts, the widest gap beside chance, the model by group, the funnel by group.

    Raises
    ------
    ConfigError
        If a grouping is not in the feed.
    DataError
        If there is nothing that could be counted by group.
    DisclosureError
        If a table may not be released.
    """
    materials = _crossed(materials, settings)
    by = [*settings.by, *(f"{first} and {second}" for first, second in settings.intersections)]
    rows, flags, measure = _countable(materials, found, by)
    tolerance = Tolerance(points=settings.tolerance_points, minimum_events=FEWEST_EVENTS)
    references = crossed_references(rows, settings.intersections)
    table = breakdown(rows, by, flags=flags, references=references, tolerance=tolerance, edition=materials.edition.key)
    main = table[table["measure"].eq(measure)]
    if not main["n"].gt(0).any():
        raise DataError(f"nobody counts for {_name(measure).lower()}, so there is nothing to compare between groups")
    chance = largest_gaps(
        rows,
        by,
        measure,
        n_permutations=PERMUTATIONS,
        generator=np.random.default_rng(seed),
        edition=materials.edition.key,
    )
    shown = gap_table(main, policy, _name(measure), tolerance, references=references)
    blocks = _outcome_blocks(main, shown, settings, tolerance, policy, references)
    blocks += [
        everyone_table(main, policy, _name(measure)),
        Table("widest_gaps", _chance_table(chance, main, rows, policy), CHANCE),
    ]
    internal = {"outcomes_by_group": table, "widest_gaps": chance}
    metrics = _metrics(main, measure)
    surveyed, kept = group_blocks(materials, by, policy)
    blocks += surveyed
    internal |= kept
    more, kept = _beyond(materials, rows, measure, settings, policy)
    blocks += more
    internal |= kept
    if found is not None and not found.validation.predictions.empty:
        tables = model_tables(materials, found, by, tolerance, threshold, references)
        blocks += model_blocks(tables, policy, found, threshold, tolerance, references)
        more, kept, figures = _served(materials, found, by, settings.remedies_by, threshold, policy)
        blocks += more
        internal |= tables | kept
        metrics |= abstention_metrics(tables[ABSTENTION]) | figures
    return Chapter(
        Section(HEADING, tuple(blocks), groups_answer(shown, measure=_name(measure))),
        internal,
        metrics | survey_metrics(surveyed),
        (_method(settings, internal),),
        survey_figures(surveyed),
    )


def _outcome_blocks(  # noqa: PLR0917  the rows and what was declared
    main: pd.DataFrame,
    shown: Released,
    settings: FairnessSettings,
    tolerance: Tolerance,
    policy: str,
    references: Mapping[str, str],
) -> list[Block]:
    measure = str(main["measure"].iloc[0])
    # tiny crossed groups stand in the table, where they are "too few"; drawn, they would only push the others apart
    drawn = main.loc[main["breakdown"].isin(settings.by) | main["n"].ge(FEWEST_DRAWN)]
    return [
        f"Every group is compared with its declared reference. A gap of {settings.tolerance_points:g} points was declared "
        "tolerable before looking. ‘Within’ means that the whole interval lies inside that tolerance, ‘exceeds’ that it "
        f"lies outside; all else is ‘inconclusive’, and with fewer than {FEWEST_EVENTS} events on either side there are "
        "too few to say. An interval that holds zero is no evidence of fairness.",
        Picture(
            "gaps",
            gap_table(drawn, policy, _name(measure), tolerance, references=references),
            partial(forest, by="breakdown", x_label=f"{_name(measure)}, %"),
            f"{_name(measure)} by group with 95 % intervals and the number of people behind each.",
            "Forest plot: one line a group, its rate and interval, under the heading of each breakdown.",
        ),
        Table("outcome_by_group", shown, GAPS),
        *shrunken_table(main, policy, _name(measure)),
    ]


def _served(  # noqa: PLR0917  what was found, by what, and how it is let out
    materials: Materials, found: Forecast, by: list[str], remedies_by: str | None, threshold: float, policy: str
) -> tuple[list[Block], dict[str, pd.DataFrame], dict[str, float]]:
    # can groups believe the model, what does knowing the group change, and what would remedies do
    blocks, internal = quality_blocks(materials, found, by, threshold, policy)
    if remedies_by is None:
        return blocks, internal, {}
    remedies, ledger = remedy_blocks(materials, found, remedies_by, threshold, policy)
    return [*blocks, *remedies], internal | {"remedies": ledger}, remedy_metrics(ledger)


def _crossed(materials: Materials, settings: FairnessSettings) -> Materials:
    episodes, _ = crossed(materials.episodes, settings.intersections)
    return replace(materials, episodes=episodes)


def _beyond(
    materials: Materials, rows: pd.DataFrame, measure: str, settings: FairnessSettings, policy: str
) -> tuple[list[str | Table | Picture], dict[str, pd.DataFrame]]:
    by = list(settings.by)
    wanted = dict.fromkeys((*settings.case_mix, SERVICE, YEARS, DEPRIVATION))
    known = [name for name in wanted if name in materials.episodes]
    absent = [name for name in known if name not in rows.columns]
    wide = rows.merge(materials.episodes[[*KEY, *absent]], on=KEY) if absent else rows
    blocks: list[str | Table | Picture] = []
    internal: dict[str, pd.DataFrame] = {}
    picture = gradient(wide, measure, policy)
    if picture is not None:
        blocks.append(picture)
    counted = wide.loc[wide["finished"].fillna(value=False)] if "finished" in wide.columns else wide
    added, internal["remaining_gaps"] = remaining(counted, by, measure, settings.case_mix, policy)
    blocks += added
    added, tables = services_and_years(wide, measure, policy)
    blocks += added
    internal |= tables
    staged = _staged(materials)
    if staged is not None:
        added, tables = lost_on_the_way(staged, by, policy)
        blocks += added
        internal |= tables
        added, internal["received_by_group"] = received_blocks(
            materials.episodes, by, policy, edition=materials.edition.key
        )
        blocks += added
    return blocks, internal


def _name(measure: str) -> str:
    if measure.endswith(CASENESS):
        return f"{instrument(measure.removesuffix(CASENESS)).short_name} at caseness"
    return title_of(measure)


def _countable(
    materials: Materials, found: Forecast | None, by: list[str]
) -> tuple[pd.DataFrame, tuple[str, ...], str]:
    people = materials.episodes[[*KEY, *by]]
    judged = materials.outcomes
    if judged is not None and judged["paired"].fillna(value=False).any():
        return judged.merge(people, on=KEY), ("dropped_out",), MAIN[0]
    if found is not None:
        return people.assign(target=found.target.values.to_numpy()), ("target",), "target"
    flags = caseness_flags(materials, people)
    if not flags:
        raise DataError(
            "none of the measures that were collected has a published threshold for caseness, and no outcome is known"
        )
    return people.assign(**flags), tuple(flags), next(iter(flags))


def _chance_table(chance: pd.DataFrame, main: pd.DataFrame, rows: pd.DataFrame, policy: str) -> Released:
    pairs = chance[["breakdown", "lowest", "highest", "null_median", "null_high", "p_value"]]
    for end in ("lowest", "highest"):
        counts = main[["breakdown", "group", "events", "n"]].rename(columns={"group": end})
        pairs = pairs.merge(counts.rename(columns={"events": f"events_{end}", "n": f"n_{end}"}), on=["breakdown", end])
    table = pairs.assign(breakdown=pairs["breakdown"].map(breakdown_title), people=len(rows))
    table = table.rename(columns={"null_median": "by_chance_median", "null_high": "by_chance_95"})
    numbers = ["people", "events_lowest", "n_lowest", "events_highest", "n_highest"]
    shown = ["by_chance_median", "by_chance_95", "p_value"]
    return release(
        table[["breakdown", "lowest", "highest", *numbers, *shown]],
        labels=["breakdown", "lowest", "highest"],
        counts=numbers,
        rates={"widest_gap_points": Gap("events_highest", "n_highest", "events_lowest", "n_lowest")},
        statistics={name: Statistic("people", decimals=3 if name == "p_value" else 1) for name in shown},
        policy=policy,
        title="The widest gap between any two groups, beside what shuffled labels give",
        notes=[f"{PERMUTATIONS} shuffles of the group labels among patients; small groups make wide gaps by chance."],
    )


def _staged(materials: Materials) -> pd.DataFrame | None:
    known = materials.episodes
    if materials.outcomes is None or known["completed"].isna().all():
        return None
    return known.merge(materials.outcomes[[*KEY, "finished", "paired", "recovery"]], on=KEY)


def _metrics(main: pd.DataFrame, measure: str) -> dict[str, float]:
    gaps = main.assign(size=main["gap_points"].abs()).groupby("breakdown")["size"].max()
    return {
        f"fairness/{measure}/widest_gap_points/{str(key).replace(' ', '_')}": float(gap)
        for key, gap in gaps.items()
        if pd.notna(gap)
    }


def _method(settings: FairnessSettings, internal: Mapping[str, pd.DataFrame]) -> Step:
    models = ABSTENTION in internal
    adjusted = (
        " What remains after adjustment for case mix is a marginal difference from a logistic regression [@localio_2007]."
        if len(internal["remaining_gaps"])
        else ""
    )
    model = (
        " Models were judged by equal opportunity [@hardt_2016] and by calibration within groups; areas under the curve have "
        "DeLong's interval [@delong_1988]."
        if models
        else ""
    )
    remedies = (
        f" Remedies were tried by {breakdown_title(settings.remedies_by).lower()} as experiments: recalibration and a threshold "
        "in each group, and training under the constraint of equal opportunity by weights [@jiang_nachum_2020]."
        if models and settings.remedies_by is not None
        else ""
    )
    return Step(
        "Fairness",
        "Outcomes and predictions were broken down by group; every group is compared with a declared reference by "
        "Newcombe's interval for the difference of proportions [@newcombe_1998] and judged against a tolerance of "
        f"{settings.tolerance_points:g} percentage points that was declared beforehand; groups with fewer than "
        f"{FEWEST_EVENTS} events get no verdict. Against everyone else the false discovery rate is controlled "
        "[@benjamini_hochberg_1995]; rates of small groups stand beside empirical Bayes estimates [@efron_morris_1975]."
        f"{adjusted} The widest gap stands beside the one that {PERMUTATIONS} shuffles of the labels give.{model}{remedies}",
    )
