"""Whom does the model leave without a probability? By group and landmark, for everyone who had the session."""

from collections.abc import Mapping
from functools import partial

import numpy as np
import pandas as pd

from outcomes.disclosure.gate import Gap, Rate, Released, Statistic, release
from outcomes.fairness.abstention import abstention_breakdown, abstention_gaps
from outcomes.fairness.gaps import Tolerance, n_to_decide, reference_of, verdicts
from outcomes.prognosis.abstention import REASONS, abstentions
from outcomes.prognosis.splits import BY_PATIENT, by_patient
from outcomes.prognosis.timeline import KEY, Courses
from outcomes.publications.grids import Align, Grid, Word
from outcomes.publications.page import Table
from outcomes.publications.wording import NOT_APPLICABLE, cell, footnotes, interval, require_released
from outcomes.studies.chapters.elsewhere import landmark_name
from outcomes.studies.chapters.groups_beyond import breakdown_title
from outcomes.studies.forecast import BOOSTED, Forecast
from outcomes.studies.materials import Materials

NAME = "abstention_by_group"
METRIC = "fairness/abstention"
LABELS = ("landmark", "breakdown", "group", "verdict")
SILENT = "without_probability"
BECAUSE = ("no_questionnaire", "fewer_questionnaires", "outside_training")
BESIDE = ("reference_events", "reference_n", "others_events", "others_n")
EVERYONE = "everyone"
LEVEL = 0.95


def abstention_table(
    materials: Materials, found: Forecast, by: list[str], tolerance: Tolerance, references: Mapping[str, str]
) -> pd.DataFrame:
    """Count at every landmark for whom the model gives no probability.

    Parameters
    ----------
    materials
        Episodes, questionnaires, appointments.
    found
        The prognosis step.
    by
        Breakdowns.
    tolerance
        Declared before looking.
    references
        Breakdown to reference group, where no grouping declares it.

    Returns
    -------
    DataFrame
        As `fairness.abstention.abstention_breakdown` gives it, with the column `landmark`; no row where the prognosis
        step fitted nothing. Internal: true counts.
    """
    asked = materials.opened.experiment.prognosis
    courses = Courses(
        materials.episodes,
        materials.occasions,
        materials.totals,
        materials.contacts,
        clock="order" if asked is None else asked.clock,
    )
    told = found.validation.predictions
    judged = told[told["model"].eq(BOOSTED) & told["validation"].eq(BY_PATIENT)]
    if judged.empty:
        return pd.DataFrame()
    seed = materials.opened.experiment.study.seed
    splits = by_patient(materials.episodes["pseudonym"], max(2, judged["fold"].nunique()), seed)
    rows = None if found.joint is None else found.joint.rows
    who = abstentions(courses, [int(number) for number in sorted(judged["landmark"].unique())], splits, rows=rows)
    people = who.merge(materials.episodes[[*KEY, *by]].astype(dict.fromkeys(KEY, "str")), on=KEY)
    parts = [
        abstention_breakdown(part, by, reasons=REASONS, references=_there(references, part), tolerance=tolerance)
        .assign(landmark=landmark)
        for landmark, part in people.groupby("landmark", sort=True)
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _there(references: Mapping[str, str], people: pd.DataFrame) -> dict[str, str]:
    # at a late landmark nobody may be left of a crossed group
    return {key: label for key, label in references.items() if people[key].eq(label).any()}


def abstention_blocks(
    table: pd.DataFrame, policy: str, tolerance: Tolerance, references: Mapping[str, str], size: int
) -> list[str | Table]:
    """Show the shares at every landmark, and at the last one the gaps and their verdicts.

    Parameters
    ----------
    table
        Of `abstention_table`.
    policy
        Disclosure policy.
    tolerance
        Declared before looking.
    references
        Breakdown to reference group, where no grouping declares it.
    size
        Comparisons in the family that simultaneous intervals hold for.

    Returns
    -------
    list of str and Table
        For the report.
    """
    words = (
        "A model can also fail people by saying nothing. After each session somebody may still have no questionnaire, "
        "have filled in fewer questionnaires than sessions, so that a probability is an old one, or be unlike everyone "
        "who taught the model. Everyone who had the session counts here, also those whose ending is not known yet."
    )
    last = landmark_name(int(table["landmark"].max()))
    released = _released(table, policy, tolerance, references, size)
    return [f"{words} {_in_short(released)}", Table(NAME, released, partial(_shares, last=last))]


def _in_short(released: Released) -> str:
    every = [row for row in range(len(released.table)) if cell(released, row, "group") == EVERYONE.capitalize()]
    said = [(cell(released, row, "landmark"), row) for row in (every[0], every[-1])]
    shares = [f"{name.lower()} {cell(released, row, 'abstention_pct')} %" for name, row in dict(said).items()]
    return f"Without a probability were {' and '.join(shares)} of everyone."


def abstention_metrics(table: pd.DataFrame) -> dict[str, float]:
    """Give the numbers that runs are compared by: the share of everyone, and the widest gap to the reference.

    Parameters
    ----------
    table
        Of `abstention_table`.

    Returns
    -------
    dict of str to float
        `fairness/abstention_pct` with `_low` and `_high`, `fairness/abstention/widest_gap_points/<breakdown>`; each
        with the landmark at its end.
    """
    named = {}
    for landmark, part in table.groupby("landmark", sort=True):
        every = part.loc[part["breakdown"].eq(EVERYONE)].iloc[0]
        for name, end in (("rate_pct", ""), ("low_pct", "_low"), ("high_pct", "_high")):
            named[f"{METRIC}_pct{end}/landmark_{landmark}"] = float(every[name])
        gaps = part.assign(size=part["gap_points"].abs()).groupby("breakdown")["size"].max().dropna()
        for key, gap in gaps.items():
            name = str(key).replace(" ", "_")
            named[f"{METRIC}/widest_gap_points/{name}/landmark_{landmark}"] = float(gap)
    return named


def _released(
    table: pd.DataFrame, policy: str, tolerance: Tolerance, references: Mapping[str, str], size: int
) -> Released:
    beside = table["breakdown"].map(lambda key: reference_of(key, references)).astype("object")
    named = table.rename(columns={f"reason_{place}": name for place, name in enumerate(BECAUSE, start=1)})
    named = named.rename(columns={"events": SILENT}).assign(
        breakdown=named["breakdown"].map(breakdown_title), landmark=named["landmark"].map(landmark_name)
    )
    counts = ["n", SILENT, *BECAUSE, *BESIDE]
    together = ["simultaneous_low", "simultaneous_high"]
    let_out = partial(
        release,
        counts=counts,
        rates={
            "abstention_pct": Rate(SILENT, "n", "low_pct", "high_pct"),
            **{f"{name}_pct": Rate(name, "n") for name in BECAUSE},
            "gap_points": Gap(SILENT, "n", *BESIDE[:2], "gap_low", "gap_high"),
            "gap_others_points": Gap(SILENT, "n", *BESIDE[2:], "gap_others_low", "gap_others_high"),
        },
        policy=policy,
        title="For whom does the model give no probability? Share (%) of those who had the session, by session",
        notes=[
            "By the rule of the caseload page; limits were learnt from other patients. Gaps: percentage points, "
            "Newcombe's interval. A verdict needs "
            f"{tolerance.minimum_events} people without and as many with a probability on either side. The file holds "
            f"each landmark's counts, reasons, gaps, and intervals that hold all at once with 95 % for the {size} "
            "comparisons of the model between groups (simultaneous_low, simultaneous_high), all from the printed counts."
        ],
    )
    plain = named[[*LABELS[:3], *counts]].reset_index(drop=True)
    printed = let_out(plain, labels=LABELS[:3]).table.rename(columns={SILENT: "events"})
    bounds = abstention_gaps(printed, level=1 - (1 - LEVEL) / max(size, 1))
    said = verdicts(printed.assign(reference=beside), tolerance)
    said = np.where(table["breakdown"].eq(EVERYONE), NOT_APPLICABLE, said)
    wanted = n_to_decide(printed.assign(verdict=said), tolerance)
    whole = plain.assign(verdict=said, n_to_decide=wanted, **{name: bounds[name] for name in together})
    return let_out(
        whole,
        labels=LABELS,
        statistics={
            **{name: Statistic("n", SILENT, decimals=1) for name in together},
            "n_to_decide": Statistic("n", SILENT, decimals=0),
        },
    )


def _shares(released: Released, *, last: str) -> Grid:
    require_released(released)
    rows = range(len(released.table))
    at = {tuple(cell(released, row, name) for name in ("breakdown", "group", "landmark")): row for row in rows}
    landmarks = list(dict.fromkeys(key[2] for key in at))
    header = ("", *map(_short, landmarks), "Gap (points)", "Gap to everyone else (points)", "Verdict")
    body: list[tuple[Word, ...]] = []
    for breakdown, group in dict.fromkeys(key[:2] for key in at):
        if not any(row[0].heads and row[0].text == breakdown for row in body):
            body.append((Word(breakdown, heads=True), *(Word("") for _ in header[1:])))
        shown = [_cell(released, at.get((breakdown, group, name)), "abstention_pct") for name in landmarks]
        final = at.get((breakdown, group, last))
        gaps = [_cell(released, final, name, around=True) for name in ("gap_points", "gap_others_points")]
        said = NOT_APPLICABLE if final is None else cell(released, final, "verdict")
        body.append((Word(group, indent=True), *shown, *gaps, Word(said)))
    numbers: list[Align] = ["right"] * (len(header) - 2)
    notes = (f"Gaps and verdicts: {last[0].lower()}{last[1:]}.", *footnotes(released))
    return Grid(released.title, header, ("left", *numbers, "left"), tuple(body), notes)


def _short(landmark: str) -> str:
    return landmark.removeprefix("At ").removeprefix("After session ").capitalize()


def _cell(released: Released, row: int | None, name: str, *, around: bool = False) -> Word:
    if row is None:
        return Word(NOT_APPLICABLE)
    said, bounds = cell(released, row, name), interval(released, row, name)
    beside = f" ({bounds})" if around and bounds != NOT_APPLICABLE else ""
    return Word(f"{said}{beside}", (row, name) in released.reasons)
