"""England as a fairness report: published rates again by group, with gradients, gaps and the change over the years."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd

from outcomes.disclosure.gate import Gap, Rate, Released, Statistic, release
from outcomes.errors import ConfigError
from outcomes.fairness.gaps import Tolerance, compare
from outcomes.fairness.published import RATED, REFERENCES, TOTAL, published_counts, published_figures
from outcomes.fairness.slope import slope_index
from outcomes.publications.figures.groups import forest
from outcomes.publications.grids import under_headings
from outcomes.publications.methods import Step, methods_text
from outcomes.publications.page import KeyFigure, Picture, Report, Section, Table, key_figure
from outcomes.publications.wording import cell
from outcomes.publications.writer import write_report
from outcomes.reference.figures import england_figures
from outcomes.reference.groups import grouping
from outcomes.reference.rules import rule_edition
from outcomes.studies.chapters.answers import groups_answer
from outcomes.studies.chapters.chapter import title_of
from outcomes.studies.chapters.groups_beyond import breakdown_title
from outcomes.studies.chapters.groups_gaps import GAPS, everyone_table, gap_table, years_across
from outcomes.studies.workspace import staged

NAME = "england"
POLICY = "threshold10"
DECILES = "deprivation_decile"
DRAWN = (DECILES, "ethnic_group_5", "age_band", "gender")
TOLERANCE = Tolerance(points=5.0, minimum_events=100)
FEWEST_YEARS = 2
Block = str | Table | Picture


@dataclass(frozen=True)
class EnglandRecord:
    """What was written, and how the rates compare with the published ones."""

    place: Path
    rates: int
    equal: int
    withheld: int

    def lines(self) -> tuple[str, ...]:
        """Say it for the terminal.

        Returns
        -------
        tuple of str
            Sentences.
        """
        return (
            f"{self.equal:,} of {self.rates:,} published rates stand in the report to the digit; {self.withheld:,} "
            f"rest on fewer than ten people and are withheld, {self.rates - self.equal - self.withheld:,} differ.",
            f"  report  {self.place / 'report.html'}",
        )


def write_england(reports: Path, *, year: str | None = None, published: Path | None = None) -> EnglandRecord:
    """Write the fairness report on England's published figures.

    Parameters
    ----------
    reports
        Folder of reports; the page is `england/report.html` in it.
    year
        Financial year; by default every year, the latest in full and the change over the years.
    published
        The annual report's own data file, which has every breakdown in every year; by default the figures that come
        with this package.

    Returns
    -------
    EnglandRecord
        Where it is, and how many rates equal the published ones.

    Raises
    ------
    ConfigError
        If nothing is published for the year, or the file cannot be read.
    AccessError
        If the folder cannot be written.
    DisclosureError
        If a table may not be released.
    """
    figures = published_figures(published)
    if year is not None:
        published_counts(figures, year)  # says which years there are
        figures = figures.loc[figures["year"].eq(year)].reset_index(drop=True)
    report = england_report(figures)
    equal, withheld = _compared(report, figures)
    methods = methods_text(
        report.question,
        (_method(),),
        policy=POLICY,
        settings={"years": ", ".join(sorted(set(figures["year"]))), "rates": str(len(figures))},
    )
    with staged(reports / NAME) as folder:
        write_report(report, folder, methods=methods)
    return EnglandRecord(reports / NAME, len(figures), equal, withheld)


def england_report(figures: pd.DataFrame) -> Report:
    """Put published figures together as a fairness report.

    Parameters
    ----------
    figures
        As `fairness.published.published_figures` gives them; one year or several.

    Returns
    -------
    Report
        Released tables and pictures only.

    Raises
    ------
    DisclosureError
        If a table may not be released.
    """
    described, years = england_figures(), sorted(set(figures["year"]))
    over_years = _totals(figures)
    sections = [Section("How did outcomes change?", _changes(over_years, figures))]
    steep = _gradients(figures)
    if steep is not None:
        sections.append(Section("How steep is the gradient by deprivation?", _steep_blocks(steep)))
    sections += [_section(figures, measure) for measure in RATED]
    return Report(
        title="NHS Talking Therapies in England: for whom does it work less well?",
        question="How do published outcomes of NHS Talking Therapies in England differ between groups, and over years?",
        statement=f"Published aggregates of NHS England, no records of people. {described.licence}.",
        facts=(
            ("Source", described.title),
            ("Years", f"{years[0]} to {years[-1]}" if len(years) > 1 else years[0]),
            ("Rates", f"{len(figures):,}"),
            ("Outcome rules", rule_edition().name),
            ("Disclosure policy", POLICY),
        ),
        key_figures=_key_figures(over_years, years[-1], steep),
        sections=tuple(sections),
        limits=(
            "These are counts of courses that finished treatment. Who was never referred, never assessed or left early "
            "is in no rate here.",
            "Groups differ in what they bring to treatment. Nothing is adjusted; a gap does not say why there is one.",
            "With hundreds of thousands of courses nearly every gap differs from zero: read its size and its verdict.",
            "Counts under ten are withheld here although NHS England published them.",
        ),
    )


def _totals(figures: pd.DataFrame) -> Released:
    whole = figures.loc[figures["breakdown"].eq(TOTAL)].sort_values("year", kind="stable")
    table = pd.concat([whole.loc[whole["measure"].eq(measure)] for measure in RATED])
    table = table.rename(columns={"numerator": "events", "denominator": "n"})[["measure", "year", "events", "n"]]
    before = table.groupby("measure")[["events", "n"]].shift()
    table = table.assign(
        measure=table["measure"].map(title_of), events_before=before["events"], n_before=before["n"]
    ).reset_index(drop=True)
    return release(
        table,
        labels=["measure", "year"],
        counts=["events", "n", "events_before", "n_before"],
        rates={
            "rate_pct": Rate("events", "n", "low_pct", "high_pct"),
            "change_points": Gap("events", "n", "events_before", "n_before", "change_low", "change_high"),
        },
        policy=POLICY,
        title="Outcomes of finished courses, England",
        notes=["Change: percentage points against the year before, Newcombe's interval."],
    )


def _changes(over_years: Released, figures: pd.DataFrame) -> tuple[Block, ...]:
    arranged = partial(
        under_headings,
        by="measure",
        headings={"change_points": "Change (points)"},
        leave_out=("events_before", "n_before"),
    )
    return (
        f"{len(figures):,} published rates are computed anew from published counts and stand below by group and year.",
        Picture(
            "over_the_years",
            over_years,
            partial(forest, by="measure", label="year", x_label="Finished courses, %"),
            "Outcomes of finished courses in England by year, with 95 % intervals and the number of courses.",
            "Forest plot: one line a year, its rate and interval, under the heading of each outcome.",
        ),
        Table("over_the_years", over_years, arranged),
    )


def _gradients(figures: pd.DataFrame) -> Released | None:
    rows = []
    scale = [label for label in grouping(DECILES).labels if label.startswith("Decile")]
    for measure in RATED:
        mine = figures.loc[figures["breakdown"].eq(DECILES) & figures["measure"].eq(measure)]
        for year, part in mine.groupby("year", sort=True):
            tenths = part.set_index("label").reindex(scale)
            counts = tenths.rename(columns={"numerator": "events", "denominator": "n"})[["events", "n"]].astype(
                "Float64"
            )
            found = slope_index(counts)
            rows.append(
                {
                    "measure": title_of(measure),
                    "year": year,
                    "events": int(counts["events"].sum()),
                    "n": int(counts["n"].sum()),
                    "slope_points": found.points,
                    "slope_low": found.low,
                    "slope_high": found.high,
                    "most_deprived_pct": found.first_pct,
                    "least_deprived_pct": found.last_pct,
                }
            )
    if not rows:
        return None
    return release(
        pd.DataFrame(rows),
        labels=["measure", "year"],
        counts=["events", "n"],
        statistics={
            "most_deprived_pct": Statistic("n", "events", decimals=1),
            "least_deprived_pct": Statistic("n", "events", decimals=1),
            "slope_points": Statistic("n", "events", "slope_low", "slope_high", 1),
        },
        policy=POLICY,
        title="The gradient by deprivation: slope index of inequality",
        notes=[
            "From the most to the least deprived, in percentage points: a line through the rates of ten tenths, "
            "weighted by courses, read off at both ends. The interval is the wider of what chance and what the scatter "
            "about the line make. Courses without a known tenth are left out."
        ],
    )


def _steep_blocks(steep: Released) -> tuple[Block, ...]:
    arranged = partial(
        under_headings,
        by="measure",
        headings={
            "slope_points": "Slope (points)",
            "most_deprived_pct": "Most deprived (%)",
            "least_deprived_pct": "Least (%)",
        },
        leave_out=("events",),
    )
    return (
        "The gap between the two ends of the scale, from all ten tenths together: the line is steeper the more the "
        "outcome depends on where somebody lives.",
        Table("deprivation_gradient", steep, arranged),
    )


def _section(figures: pd.DataFrame, measure: str) -> Section:
    blocks, name = _measure(figures, measure), title_of(measure)
    gaps = [block.released for block in blocks if isinstance(block, Table) and block.name == f"groups_{measure}"]
    return Section(f"{name}: for whom less?", blocks, " ".join(groups_answer(one, measure=name) for one in gaps))


def _measure(figures: pd.DataFrame, measure: str) -> tuple[Block, ...]:
    name, years = title_of(measure), sorted(set(figures["year"]))
    mine = figures.loc[figures["measure"].eq(measure)]
    latest = max(mine.loc[mine["breakdown"].ne(TOTAL), "year"], default=None)
    blocks: list[Block] = []
    if latest is not None:
        main = compare(*published_counts(mine, latest), references=REFERENCES)
        drawn = main.loc[main["breakdown"].isin(DRAWN)]
        blocks += [
            f"A gap of {TOLERANCE.points:g} points is taken as tolerable, declared before looking; ‘within’, ‘exceeds’ "
            "and ‘inconclusive’ say how the whole interval lies to it.",
            Picture(
                f"groups_{measure}",
                gap_table(drawn, POLICY, name, TOLERANCE, references=REFERENCES, title=f"{name} by group, {latest}"),
                partial(forest, by="breakdown", x_label=f"{name}, %"),
                f"{name} by deprivation, ethnicity, age and gender, England {latest}, with 95 % intervals.",
                "Forest plot: one line a group, its rate and interval, under the heading of each breakdown.",
            ),
            Table(
                f"groups_{measure}",
                gap_table(main, POLICY, name, TOLERANCE, references=REFERENCES, title=f"{name} by group, {latest}"),
                GAPS,
            ),
            everyone_table(main, POLICY, f"{name}, {latest}", key=f"everyone_{measure}"),
        ]
    blocks.append(Table(f"rates_{measure}", _rates(mine, name), years_across))
    if len(years) >= FEWEST_YEARS:
        blocks += _changed(mine, measure, name)
    return tuple(blocks)


def _rates(mine: pd.DataFrame, name: str) -> Released:
    table = mine.rename(columns={"label": "group", "numerator": "events", "denominator": "n"})
    return release(
        table.assign(breakdown=table["breakdown"].map(_title))[["breakdown", "group", "year", "events", "n"]],
        labels=["breakdown", "group", "year"],
        counts=["events", "n"],
        rates={"rate_pct": Rate("events", "n", "low_pct", "high_pct")},
        policy=POLICY,
        title=f"{name}, % of finished courses: every published rate",
        notes=["Counts and intervals of each rate stand in the table's file. A dash: not published for that year."],
    )


def _changed(mine: pd.DataFrame, measure: str, name: str) -> list[Block]:
    ordered = mine.sort_values("year", kind="stable")
    keys = ["breakdown", "label"]
    first, last = (ordered.groupby(keys, sort=False).nth(place).set_index(keys) for place in (0, -1))
    both = last.merge(first, on=keys, suffixes=("", "_before")).reset_index()
    both = both.loc[both["year"].ne(both["year_before"])]
    wanted = [key for key in dict.fromkeys(mine["breakdown"]) if key in set(both["breakdown"])]
    both = both.sort_values("breakdown", key=lambda column: column.map(wanted.index), kind="stable")
    names = {"label": "group", "numerator": "events", "denominator": "n"}
    names |= {"numerator_before": "events_before", "denominator_before": "n_before"}
    table = both.rename(columns=names).assign(
        breakdown=both["breakdown"].map(_title), years=both["year_before"] + ", " + both["year"]
    )
    counts = ["events_before", "n_before", "events", "n"]
    released = release(
        table[["breakdown", "group", "years", *counts]].reset_index(drop=True),
        labels=["breakdown", "group", "years"],
        counts=counts,
        rates={
            "before_pct": Rate("events_before", "n_before"),
            "rate_pct": Rate("events", "n"),
            "change_points": Gap("events", "n", "events_before", "n_before", "change_low", "change_high"),
        },
        policy=POLICY,
        title=f"{name}: change from the first published year to the last",
        notes=["Percentage points, Newcombe's interval. Groups that were published in one year only are left out."],
    )
    arranged = partial(
        under_headings,
        by="breakdown",
        headings={"before_pct": "First (%)", "rate_pct": "Last (%)", "change_points": "Change (points)"},
        leave_out=tuple(counts),
    )
    return [Table(f"change_{measure}", released, arranged)]


def _title(key: str) -> str:
    return "England" if key == TOTAL else breakdown_title(key)


def _key_figures(over_years: Released, year: str, steep: Released | None) -> tuple[KeyFigure, ...]:
    rows = [row for row in range(len(over_years.table)) if cell(over_years, row, "year") == year]
    found = [
        key_figure(cell(over_years, row, "measure"), over_years, (row, "rate_pct"), unit=" %", detail=year)
        for row in rows
    ]
    if steep is not None:
        row = max(row for row in range(len(steep.table)) if cell(steep, row, "measure") == title_of(RATED[0]))
        at = f"{title_of(RATED[0])}: most to least deprived"
        found.append(key_figure(at, steep, (row, "slope_points"), unit=" points", detail=cell(steep, row, "year")))
    return tuple(found)


def _compared(report: Report, figures: pd.DataFrame) -> tuple[int, int]:
    equal = withheld = 0
    for measure in RATED:
        (table,) = (block.released.table for block in report.tables() if block.name == f"rates_{measure}")
        theirs = figures.loc[figures["measure"].eq(measure), "rate_pct"].to_numpy(dtype=float)
        ours = table["rate_pct"].to_numpy(dtype=float)
        if len(ours) != len(theirs):
            raise ConfigError(f"{measure}: {len(theirs)} rates are published, {len(ours)} stand in the report")
        equal += int((ours == theirs).sum())
        withheld += int(pd.isna(ours).sum())
    return equal, withheld


def _method() -> Step:
    return Step(
        "Published aggregates",
        "Rates were computed anew from published counts with the denominators of the national reports (recovery: "
        "finished courses less those not at caseness). Groups are compared with a declared reference and with all "
        "others by Newcombe's interval [@newcombe_1998]; against all others, the intervals hold at once (Bonferroni). "
        "The gradient by deprivation is the slope index of inequality over ten tenths, weighted by courses.",
        (england_figures().source,),
    )
