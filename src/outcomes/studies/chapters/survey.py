"""What would these figures be of the population? Weighted classes and weighted caseness beside those of the sample."""

import re
from collections.abc import Hashable
from functools import partial
from typing import Any

import pandas as pd

from outcomes.disclosure.seal import Released
from outcomes.disclosure.weighted import Weighted, release_weighted
from outcomes.errors import DataError
from outcomes.publications.figures.groups import forest
from outcomes.publications.grids import plain, under_headings
from outcomes.publications.methods import Step
from outcomes.publications.page import KeyFigure, Picture, Table
from outcomes.publications.wording import cell, interval
from outcomes.reference.groups import groupings
from outcomes.reference.instruments import instrument
from outcomes.studies.chapters.groups_beyond import breakdown_title
from outcomes.studies.materials import Materials
from outcomes.studies.surveyed import CASENESS, WeightedClasses, weighted_caseness

Blocks = list[str | Table | Picture]
HEADINGS = {
    "events": "At caseness",
    "n": "Asked",
    "raw_pct": "Sample (%)",
    "weighted_pct": "Population (%)",
    "effective_n": "Effective n",
    "design_effect": "Design effect",
    "variance_ratio": "Variance ratio",
}
NOT_A_WORD = re.compile(r"[^a-z0-9]+")
EVERYONE = "everyone"
CLASSES = "classes"
TRACKED = ("raw_pct", "weighted_pct", "effective_n", "design_effect")


def class_blocks(found: WeightedClasses | None, people: pd.DataFrame, policy: str) -> Blocks:
    """Show the shares of the classes in the population beside those in the sample.

    Parameters
    ----------
    found
        The weighted fit; None where the study is no survey.
    people
        Names of the states: state, name.
    policy
        Disclosure policy.

    Returns
    -------
    list
        A sentence and a table; a sentence where the data do not bear a weighted fit.

    Raises
    ------
    DisclosureError
        If the table may not be released.
    """
    if found is None:
        return []
    if found.table is None:
        return [f"Classes with survey weights were asked for and were not possible: {found.because}."]
    released = classes_released(found, people, policy)
    capped = "" if found.converged else " The weighted fit stopped at its cap and has not converged."
    said = (
        "The number of classes was chosen without weights, because criteria of a weighted fit are not those of a random "
        "sample. The same number was then fitted with weights, and each class stands beside its twin. The largest "
        f"difference between twins in an expected answer is {found.furthest:.1f} points.{capped} All other figures on the "
        "classes describe the sample."
    )
    headings = {**HEADINGS, "events": "People expected"}
    return [said, Table("weighted_classes", released, partial(plain, headings=headings))]


def classes_released(found: WeightedClasses, people: pd.DataFrame, policy: str) -> Released:
    """Release the weighted shares of classes.

    Parameters
    ----------
    found
        The weighted fit, with a table.
    people
        Names of the states: state, name.
    policy
        Disclosure policy.

    Returns
    -------
    Released
        One row a class.

    Raises
    ------
    DataError
        If there is no table.
    DisclosureError
        If the table may not be released.
    """
    if found.table is None:
        raise DataError(found.because)
    return release_weighted(
        found.table.merge(people[["state", "name"]], on="state"),
        labels=["name"],
        freedom=found.freedom,
        columns=Weighted(design_effect="variance_ratio", beside=("design_effect",)),
        policy=policy,
        title="The classes in the sample and in the population",
        notes=[
            "Errors behind the intervals: rescaling bootstrap of sampling units within strata, each resample fitted again "
            "(Rao, Wu and Yue 1992). Design effect: variance of the share against that of people drawn at random and "
            "fitted again, too. Variance ratio: against people drawn at random whose class is known; it holds that "
            "classes are estimated and is what intervals are made from."
        ],
    )


def group_blocks(materials: Materials, by: list[str], policy: str) -> tuple[Blocks, dict[str, pd.DataFrame]]:
    """Show caseness in the population by group beside that of the sample.

    Parameters
    ----------
    materials
        Of a study with a survey's design, or without one.
    by
        Breakdowns; those whose groups overlap are left out.
    policy
        Disclosure policy.

    Returns
    -------
    blocks : list
        Empty where the study is no survey; a sentence where the data do not bear it.
    internal : dict of str to DataFrame
        True counts and shares.

    Raises
    ------
    DisclosureError
        If a table may not be released.
    """
    if materials.survey is None:
        return [], {}
    try:
        found = weighted_caseness(materials, materials.survey, _parted(by))
    except DataError as barred:
        return [f"Weighted shares by group were asked for and were not possible: {barred}."], {}
    blocks: Blocks = []
    for measure, table in found.items():
        name, released = _name(measure), caseness_released(table, measure, policy)
        blocks += [
            f"{name} in the population: people of the sample stand for unequal numbers, and each counts for as many as the "
            f"survey's weight says. The sample's own share is beside it. Errors allow for {table['allows_for'].iloc[0]}.",
            Picture(
                f"weighted_{measure}_drawn",
                released,
                partial(forest, by="breakdown", value="weighted_pct", x_label=f"{name} in the population, %"),
                f"{name} in the population by group, weighted, with 95 % intervals that allow for the design.",
                "Forest plot: one line a group, its weighted share and interval, under the heading of each breakdown.",
            ),
            Table(f"weighted_{measure}", released, partial(under_headings, by="breakdown", headings=HEADINGS)),
        ]
    return blocks, {f"weighted_{measure}": table for measure, table in found.items()}


def caseness_released(table: pd.DataFrame, measure: str, policy: str) -> Released:
    """Release weighted caseness by group.

    Parameters
    ----------
    table
        From `fairness.survey.weighted_shares`.
    measure
        Such as ``phq9_at_caseness``.
    policy
        Disclosure policy.

    Returns
    -------
    Released
        One row everyone, then a row a breakdown and group.

    Raises
    ------
    DisclosureError
        If the table may not be released.
    """
    return release_weighted(
        table.assign(breakdown=table["breakdown"].map(breakdown_title)),
        labels=["breakdown", "group"],
        freedom=int(table["freedom"].iloc[0]),
        policy=policy,
        title=f"{_name(measure)}, in the sample and in the population",
        notes=["Errors behind the intervals: Taylor linearisation between the sampling units of each stratum."],
    )


def survey_figures(blocks: Blocks) -> tuple[KeyFigure, ...]:
    """Give what stands at the top of the page: everyone's weighted share, on each measure.

    Parameters
    ----------
    blocks
        From `group_blocks`.

    Returns
    -------
    tuple of KeyFigure
        Empty where the study is no survey or the share is not printed.
    """
    found = []
    for block in (one for one in blocks if isinstance(one, Table)):
        released = block.released
        if (0, "weighted_pct") not in released.reasons:
            name = _name(block.name.removeprefix("weighted_"))
            said = f"{cell(released, 0, 'weighted_pct')} %"
            found.append(KeyFigure(f"{name}, population", said, interval(released, 0, "weighted_pct")))
    return tuple(found)


def survey_metrics(blocks: Blocks) -> dict[str, float]:
    """Give the printed weighted shares under names that runs share.

    Parameters
    ----------
    blocks
        From `class_blocks` or `group_blocks`.

    Returns
    -------
    dict
        Such as ``survey/phq9_at_caseness/weighted_pct/gender/female``; what is not printed is not there.
    """
    told: dict[str, float] = {}
    for block in (one for one in blocks if isinstance(one, Table)):
        table, measure = block.released.table, block.name.removeprefix("weighted_")
        for number, row in enumerate(table.to_dict("records"), start=1):
            place = f"class_{number}" if measure == CLASSES else _place(row)
            told |= {f"survey/{measure}/{name}/{place}": float(row[name]) for name in TRACKED}
    return {name: value for name, value in told.items() if pd.notna(value)}


def survey_step(materials: Materials) -> tuple[Step, ...]:
    """Say in the methods text how the survey was weighted.

    Parameters
    ----------
    materials
        Of a study.

    Returns
    -------
    tuple of Step
        Empty where the study is no survey.
    """
    survey = materials.survey
    if survey is None:
        return ()
    cycles = f"; weights of {survey.cycles} cycles were divided by their number" if survey.cycles > 1 else ""
    design = (
        "sampling units within strata"
        if survey.clustered
        else "unequal chances only, as strata and units are not known"
    )
    text = (
        f"People count as the survey's sampling weights say{cycles}. Errors of weighted shares allow for {design} (Taylor "
        "linearisation; rescaling bootstrap for classes [@rao_wu_yue_1992]), intervals [@korn_graubard_1998] are on the logit scale with the t quantile of the "
        f"design's {survey.freedom:,} degrees of freedom. The number of classes was chosen without weights. What is not "
        "called weighted, or of the population, describes the sample."
    )
    return (Step("Survey weights", text),)


def _place(row: dict[Hashable, Any]) -> str:
    keys = {one.title: key for key, one in groupings().items()}
    title = str(row["breakdown"])
    words = [NOT_A_WORD.sub("_", part.lower()).strip("_") for part in (keys.get(title, title), str(row["group"]))]
    return EVERYONE if words[0] == EVERYONE else "/".join(words)


def _name(measure: str) -> str:
    return f"{instrument(measure.removesuffix(CASENESS)).short_name} at caseness"


def _parted(by: list[str]) -> list[str]:
    known = groupings()
    return [key for key in by if not (key in known and known[key].overlapping)]
