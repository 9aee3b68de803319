"""Rates by group for print: gaps with a verdict, every group against everyone else, small groups drawn together."""

from collections.abc import Mapping
from functools import partial

import numpy as np
import pandas as pd

from outcomes.disclosure.gate import Gap, Rate, Released, Statistic, release
from outcomes.fairness.families import family
from outcomes.fairness.gaps import Tolerance, n_to_decide, reference_of, verdicts
from outcomes.fairness.shrunken import shrunken
from outcomes.kernel.intervals import proportion
from outcomes.publications.grids import Grid, Word, under_headings
from outcomes.publications.page import Table
from outcomes.publications.wording import NOT_APPLICABLE, cell
from outcomes.reference.groups import groupings
from outcomes.reference.units import PERCENT
from outcomes.studies.chapters.groups_beyond import breakdown_title
from outcomes.studies.chapters.printed import printed_counts

GAPS = partial(
    under_headings,
    by="breakdown",
    headings={"n_to_decide": "n to decide"},
    leave_out=("reference_events", "reference_n"),
)
TOGETHER = partial(
    under_headings,
    by="breakdown",
    headings={
        "gap_others_points": "Gap to everyone else (points)",
        "q_value": "q",
        "told_apart": "Told apart",
        "others_pct": "Everyone else (%)",
    },
    leave_out=("others_n", "others_events", "smaller_n", "smaller_events"),
)
SHRUNKEN = partial(
    under_headings,
    by="breakdown",
    headings={
        "rate_pct": "Raw (%)",
        "shrunken_pct": "Drawn towards all groups (%)",
        "own_weight_pct": "Weight of its own rate (%)",
    },
)


def gap_table(
    main: pd.DataFrame,
    policy: str,
    name: str,
    tolerance: Tolerance,
    *,
    references: Mapping[str, str] | None = None,
    title: str | None = None,
) -> Released:
    """Release one outcome by group, with the gap to the reference, its verdict and the n that would decide.

    Parameters
    ----------
    main
        Rows of one measure, as `fairness.gaps.compare` gives them.
    policy
        Disclosure policy.
    name
        What the outcome is called.
    tolerance
        Declared before looking.
    references
        Breakdown to reference group, where no grouping declares it.
    title
        Of the table, where "<name> by group" does not do.

    Returns
    -------
    Released
        Verdicts are those of the printed numbers: one from true counts could contradict the interval beside it.
    """
    counts = ["events", "n", "reference_events", "reference_n"]
    table = main[["breakdown", "group", *counts]].reset_index(drop=True)
    beside = table["breakdown"].map(lambda key: reference_of(key, references)).astype("object")
    table = table.assign(breakdown=table["breakdown"].map(breakdown_title))
    let_out = partial(
        release,
        counts=counts,
        rates={
            "rate_pct": Rate("events", "n", "low_pct", "high_pct"),
            "gap_points": Gap("events", "n", "reference_events", "reference_n", "gap_low", "gap_high"),
        },
        policy=policy,
        title=title or f"{name} by group",
        notes=[
            "Gap: percentage points against the reference group of the same breakdown, Newcombe's interval. n to "
            "decide: people in the group at which an inconclusive gap of this size would be decided, if the reference grew "
            "as much; none is given for a gap that is the tolerance itself."
        ],
    )
    printed = let_out(table, labels=["breakdown", "group"]).table.assign(reference=beside)
    said = verdicts(printed, tolerance)
    wanted = n_to_decide(printed.assign(verdict=said), tolerance)
    return let_out(
        table.assign(verdict=said, n_to_decide=wanted),
        labels=["breakdown", "group", "verdict"],
        statistics={"n_to_decide": Statistic("n", "events", decimals=0)},
    )


def everyone_table(main: pd.DataFrame, policy: str, name: str, *, key: str = "groups_against_everyone") -> Table:
    """Show every group against everyone who is not in it, all comparisons as one family.

    Parameters
    ----------
    main
        Rows of one measure, as `fairness.gaps.compare` gives them.
    policy
        Disclosure policy.
    name
        What the outcome is called.
    key
        Name of the files.

    Returns
    -------
    Table
        With simultaneous intervals and false discovery rates.
    """
    rates = {"rate_pct": Rate("events", "n"), "others_pct": Rate("others_events", "others_n")}
    counts = ["n", "events", "others_n", "others_events"]
    compared = main.loc[main["n"].gt(0) & main["others_n"].gt(0)].reset_index(drop=True)
    printed = printed_counts(compared, counts, rates, policy)
    kept = family(printed, beside="others")
    kept["gap_others_points"] = PERCENT * (
        proportion(kept["events"], kept["n"]) - proportion(kept["others_events"], kept["others_n"])
    )
    smaller = kept[["n", "others_n"]].min(axis=1)
    table = compared[["breakdown", "group", *counts]].assign(
        breakdown=kept["breakdown"].map(breakdown_title),
        told_apart=np.where(kept["told_apart"].fillna(value=False), "yes", "no"),
        gap_others_points=kept["gap_others_points"],
        simultaneous_low=kept["simultaneous_low"],
        simultaneous_high=kept["simultaneous_high"],
        q_value=kept["q_value"],
    )
    released = release(
        table.assign(smaller_n=smaller, smaller_events=kept[["events", "others_events"]].min(axis=1)),
        labels=["breakdown", "group", "told_apart"],
        counts=[*counts, "smaller_n", "smaller_events"],
        rates=rates,
        statistics={
            "gap_others_points": Statistic("smaller_n", "smaller_events", "simultaneous_low", "simultaneous_high", 1),
            "q_value": Statistic("smaller_n", "smaller_events", decimals=3),
        },
        policy=policy,
        title=f"{name}: every group against everyone else, all comparisons looked at together",
        notes=[
            f"{len(kept)} comparisons are one family: intervals hold all at once with 95 % (Newcombe at Bonferroni's level). "
            "q: share of false discoveries among gaps as clear as this (Benjamini and Hochberg). All of it is computed from "
            "the printed counts. Not told apart is not "
            "the same as no gap."
        ],
    )
    return Table(key, released, TOGETHER)


def shrunken_table(main: pd.DataFrame, policy: str, name: str, *, key: str = "small_groups") -> list[str | Table]:
    """Show raw rates beside those drawn towards all groups of the breakdown.

    Parameters
    ----------
    main
        Rows of one measure: breakdown, group, events, n.
    policy
        Disclosure policy.
    name
        What the outcome is called.
    key
        Name of the files.

    Returns
    -------
    list of str and Table
        Empty where no breakdown has three groups. Overlapping groups are left out.
    """
    known = groupings()
    rates = {"rate_pct": Rate("events", "n")}
    parts = []
    for breakdown, rows in main.groupby("breakdown", sort=False):
        if breakdown in known and known[str(breakdown)].overlapping:
            continue
        true = rows[["breakdown", "group", "events", "n"]].reset_index(drop=True)
        table, prior = shrunken(printed_counts(true, ["events", "n"], rates, policy))
        if prior is not None:
            parts.append(table.assign(events=true["events"], n=true["n"]))
    if not parts:
        return []
    together = pd.concat(parts, ignore_index=True)
    released = release(
        together.assign(breakdown=together["breakdown"].map(breakdown_title)),
        labels=["breakdown", "group"],
        counts=["events", "n"],
        rates=rates,
        statistics={
            "shrunken_pct": Statistic("n", "events", "shrunken_low", "shrunken_high", 1),
            "own_weight_pct": Statistic("n", "events", decimals=0),
        },
        policy=policy,
        title=f"{name}: raw, and drawn towards all groups",
        notes=[
            "Empirical Bayes, beta-binomial, from the printed counts, one prior for each breakdown; the interval takes the prior as known and is too "
            "narrow where a breakdown has few groups."
        ],
    )
    said = (
        "Raw rates of small groups swing. Drawn towards the other groups as far as their size asks for, they are a better "
        "guess of what a group's rate will be; the raw rate stays beside it, because drawing also hides a small group "
        "that really is different."
    )
    return [said, Table(key, released, SHRUNKEN)]


def years_across(released: Released, *, column: str = "year") -> Grid:
    """Arrange rates by breakdown and group with the years, or another label, across.

    Parameters
    ----------
    released
        One row a breakdown, group and label that goes across, with rate_pct.
    column
        That label's column.

    Returns
    -------
    Grid
        A dash where there is no rate.
    """
    rows = range(len(released.table))
    seen = dict.fromkeys(cell(released, row, column) for row in rows)
    across = sorted(seen) if column == "year" else list(seen)
    found = {tuple(cell(released, row, name) for name in ("breakdown", "group", column)): row for row in rows}
    names = list(dict.fromkeys(key[:2] for key in found))
    body: list[tuple[Word, ...]] = []
    for breakdown in dict.fromkeys(name[0] for name in names):
        body.append((Word(breakdown, heads=True), *(Word("") for _ in across)))
        for _, group in (name for name in names if name[0] == breakdown):
            at = [found.get((breakdown, group, place)) for place in across]
            said = (Word(NOT_APPLICABLE) if row is None else _rate(released, row) for row in at)
            body.append((Word(group, indent=True), *said))
    align = ("left", *["right"] * len(across))
    return Grid(released.title, ("", *across), align, tuple(body), tuple(released.notes))  # type: ignore[arg-type]


def _rate(released: Released, row: int) -> Word:
    return Word(cell(released, row, "rate_pct"), (row, "rate_pct") in released.reasons)
