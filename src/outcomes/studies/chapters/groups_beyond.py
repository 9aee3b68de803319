"""Behind the crude gap: what remains after case mix, who was lost on the way, how services and years differ."""

from functools import partial

import pandas as pd

from outcomes.disclosure.gate import Rate, Released, Statistic, release
from outcomes.errors import ConfigError
from outcomes.fairness.adjusted import ESTIMATED, adjusted_gaps
from outcomes.fairness.breakdown import intersect
from outcomes.fairness.cohorts import TWELVE_MONTHS_DAYS, followed, lost_pairs
from outcomes.fairness.counts import group_counts
from outcomes.fairness.funnel import REFERRED, funnel
from outcomes.fairness.gaps import reference_of
from outcomes.fairness.services import Heterogeneity, between_services
from outcomes.kernel.intervals import proportion
from outcomes.publications.figures.groups import funnel_by_group, published_beside
from outcomes.publications.grids import plain, under_headings
from outcomes.publications.page import Picture, Table
from outcomes.reference.figures import england
from outcomes.reference.groups import grouping
from outcomes.reference.units import PERCENT
from outcomes.studies.chapters.chapter import title_of
from outcomes.studies.chapters.printed import printed_counts

KEY = ["pseudonym", "referral"]
Block = str | Table | Picture
YEARS = "year"
SERVICE = "service"
DEPRIVATION = "deprivation_quintile"
SPREAD = ("mean_pct", "mean_low", "mean_high", "prediction_low", "prediction_high", "i2_pct")
FEWEST_YEARS = 2
REMAINING = partial(
    under_headings,
    by="breakdown",
    headings={
        "crude_gap_points": "Gap, crude",
        "adjusted_gap_points": "Difference remaining after adjustment",
    },
)
SERVICES = partial(
    plain,
    headings={
        "mean_pct": "Average service (%)",
        "prediction_low": "Another service, from (%)",
        "prediction_high": "to (%)",
        "i2_pct": "I2 (%)",
    },
)
STAGED = partial(under_headings, by="breakdown", headings={"share_pct": "Of those referred (%)"})
LOST = partial(
    under_headings,
    by="breakdown",
    headings={"unpaired_pct": "Without paired scores (%)", "uncounted_recoveries": "Lost recoveries"},
)


def remaining(
    rows: pd.DataFrame, by: list[str], measure: str, case_mix: tuple[str, ...], policy: str
) -> tuple[list[Block], pd.DataFrame]:
    """Show which differences remain after case mix.

    Parameters
    ----------
    rows
        One row a referral, with outcome, breakdowns and case mix.
    by
        Breakdowns.
    measure
        Outcome column.
    case_mix
        Columns known at the start; absent ones are left out, and said.
    policy
        Disclosure policy.

    Returns
    -------
    blocks, table
        For the report; true counts.
    """
    held = [name for name in case_mix if name in rows.columns and rows[name].notna().any()]
    if not held:
        return [
            "Nothing that was declared as case mix is in the feed, so no difference can be adjusted."
        ], pd.DataFrame()
    table = adjusted_gaps(rows, by, measure, case_mix=held)
    absent = [name for name in case_mix if name not in held]
    words = ", ".join(title_of(name).lower() for name in held)
    said = (
        f"Groups differ in what they bring to treatment. Held against each other as if all had the same case mix ({words}), "
        "this is the ‘difference remaining after adjustment’. Adjusting neither explains nor excuses: what is adjusted "
        "for may itself be how a group is disadvantaged, so the crude gap stays beside it."
        + (f" Not in the feed: {', '.join(absent)}." if absent else "")
    )
    told = table.loc[table["status"].eq(ESTIMATED)]
    if told.empty:
        return [said, "No group has enough people with and without the outcome."], table
    columns = ["breakdown", "group", "n", "events", "adjusted_gap_points", "adjusted_gap_low", "adjusted_gap_high"]
    rates = {"rate_pct": Rate("events", "n")}
    told = told.assign(crude_gap_points=_crude(table, rates, policy).loc[told.index])
    shown = told[[*columns, "crude_gap_points"]].assign(breakdown=told["breakdown"].map(breakdown_title))
    released = release(
        shown.reset_index(drop=True),
        labels=["breakdown", "group"],
        counts=["n", "events"],
        rates=rates,
        statistics={
            "crude_gap_points": Statistic("n", "events", decimals=1),
            "adjusted_gap_points": Statistic("n", "events", "adjusted_gap_low", "adjusted_gap_high", 1),
        },
        policy=policy,
        title=f"{title_of(measure)}: the difference remaining after adjustment for case mix",
        notes=[
            "Percentage points against the reference group; the crude gap from the printed counts. Marginal standardisation: logistic regression on group and "
            "case mix, everyone's mean probability as if they were in the group; delta method, patients clustered."
        ],
    )
    return [said, Table("remaining_gaps", released, REMAINING)], table


def _crude(table: pd.DataFrame, rates: dict[str, Rate], policy: str) -> pd.Series:
    printed = printed_counts(table, ["n", "events"], rates, policy)
    share = pd.Series(proportion(printed["events"], printed["n"]), index=table.index)
    itself = table["group"].eq(table["breakdown"].map(reference_of))
    beside = dict(zip(table.loc[itself, "breakdown"], share[itself], strict=True))
    return (PERCENT * (share - table["breakdown"].map(beside).astype(float))).mask(itself)


def lost_on_the_way(staged: pd.DataFrame, by: list[str], policy: str) -> tuple[list[Block], dict[str, pd.DataFrame]]:
    """Show where groups are lost between referral and recovery, for referrals that were followed for a year.

    Parameters
    ----------
    staged
        One row a referral with stages, days and breakdowns.
    by
        Breakdowns.
    policy
        Disclosure policy.

    Returns
    -------
    blocks, tables
        For the report; true counts by name.
    """
    kept = followed(staged)
    internal = {"lost_pairs": lost_pairs(staged, by)}
    if kept.empty:
        return ["No referral was followed for twelve months, so no cohort can be shown."], internal
    table = funnel(kept, by)
    internal["funnel_by_group"] = table
    shown = table.assign(breakdown=table["breakdown"].map(breakdown_title))
    released = release(
        shown[["breakdown", "group", "stage", "n", "referred"]],
        labels=["breakdown", "group", "stage"],
        counts=["n", "referred"],
        rates={"share_pct": Rate("n", "referred", "low_pct", "high_pct")},
        policy=policy,
        title=f"Of those referred, followed for {TWELVE_MONTHS_DAYS} days: who reached each stage",
        notes=["A stage counts those who reached it, and every stage before it, within twelve months of referral."],
    )
    blocks: list[Block] = [
        "Rates among those who completed hide who never got there. These referrals were all followed for twelve months; "
        "later ones are left out, so that nobody counts as lost who is only recent.",
        _funnel_picture(shown, by[0], policy),
        Table("funnel_by_group", released, STAGED),
    ]
    if not internal["lost_pairs"].empty:  # somebody finished
        blocks.append(_unpaired(internal["lost_pairs"], policy))
    return blocks, internal


def _unpaired(table: pd.DataFrame, policy: str) -> Table:
    shown = table[["breakdown", "group", "finished", "unpaired", "uncounted_recoveries"]]
    released = release(
        shown.assign(breakdown=shown["breakdown"].map(breakdown_title)),
        labels=["breakdown", "group"],
        counts=["finished", "unpaired"],
        rates={"unpaired_pct": Rate("unpaired", "finished", "low_pct", "high_pct")},
        statistics={"uncounted_recoveries": Statistic("finished", "unpaired", decimals=0)},
        policy=policy,
        title="Finished treatment without paired scores: recoveries that nobody could count",
        notes=[
            "Whether they recovered is not known, and no recovery rate counts one of theirs. Lost recoveries: how many there "
            "would be if they recovered as often as those of their group who were measured, which nobody knows."
        ],
    )
    return Table("unpaired_by_group", released, LOST)


def services_and_years(rows: pd.DataFrame, measure: str, policy: str) -> tuple[list[Block], dict[str, pd.DataFrame]]:
    """Show how far services and years differ.

    Parameters
    ----------
    rows
        One row a referral with the outcome, service and year.
    measure
        Outcome column.
    policy
        Disclosure policy.

    Returns
    -------
    blocks, tables
        For the report; true counts by name.
    """
    blocks: list[Block] = []
    internal: dict[str, pd.DataFrame] = {}
    flags = [] if "finished" in rows.columns else [measure]
    if SERVICE in rows.columns and rows[SERVICE].nunique() > 1:
        counts = group_counts(rows, [SERVICE], flags=flags)
        counts = counts.loc[counts["measure"].eq(measure)]
        internal["outcome_by_service"] = counts
        found = between_services(counts)
        if pd.notna(found.mean_pct):
            blocks.append(_spread(found, counts, measure, policy))
    if YEARS in rows.columns and rows[YEARS].nunique() >= FEWEST_YEARS:
        counts = group_counts(rows, [YEARS], flags=flags)
        counts = counts.loc[counts["measure"].eq(measure) & counts["n"].gt(0)]
        internal["outcome_by_year"] = counts
        if len(counts) >= FEWEST_YEARS:
            blocks.append(_years(counts, measure, policy))
    return blocks, internal


def _spread(found: Heterogeneity, counts: pd.DataFrame, measure: str, policy: str) -> Table:
    values = {name: getattr(found, name) for name in SPREAD}
    one = pd.DataFrame(
        [{"measure": title_of(measure), "n": counts["n"].sum(), "events": counts["events"].sum(), **values}]
    )
    released = release(
        one,
        labels=["measure"],
        counts=["n", "events"],
        statistics={
            "mean_pct": Statistic("n", "events", "mean_low", "mean_high", 0),
            "prediction_low": Statistic("n", "events", decimals=0),
            "prediction_high": Statistic("n", "events", decimals=0),
            "i2_pct": Statistic("n", "events", decimals=0),
        },
        policy=policy,
        title=f"How much {found.n_services} services differ",
        notes=[
            "Random effects on log-odds (Paule and Mandel; Hartung and Knapp). Between the ends of the prediction "
            "interval lies the rate of another such service, with 95 %. I2: share of the spread that is more than chance."
        ],
    )
    return Table("between_services", released, SERVICES)


def gradient(rows: pd.DataFrame, measure: str, policy: str) -> Picture | None:
    """Draw the deprivation gradient of a service beside England's published one.

    Parameters
    ----------
    rows
        One row a referral with the outcome and deprivation_quintile.
    measure
        Outcome column.
    policy
        Disclosure policy.

    Returns
    -------
    Picture or None
        None where the feed knows no deprivation, or England publishes no such rate.
    """
    published = england(breakdown="deprivation_decile")
    published = published.loc[published["measure"].eq(measure) & published["label"].str.contains(r"\d")]
    if DEPRIVATION not in rows.columns or published.empty:
        return None
    quintile = (published["label"].str.extract(r"(\d+)")[0].astype(int) + 1) // 2
    summed = published.groupby(quintile)[["numerator", "denominator"]].sum()
    flags = [] if "finished" in rows.columns else [measure]
    counts = group_counts(rows, [DEPRIVATION], flags=flags)
    counts = counts.loc[counts["measure"].eq(measure)]
    number = counts["group"].str.extract(r"Quintile (\d)")[0].astype("Int64")
    shown = counts.loc[number.notna(), ["group", "events", "n"]].assign(
        published_pct=(summed["numerator"] / summed["denominator"] * 100).reindex(number.dropna().to_numpy()).to_numpy()
    )
    if shown["n"].eq(0).all():
        return None
    released = release(
        shown.reset_index(drop=True),
        labels=["group"],
        counts=["events", "n"],
        rates={"rate_pct": Rate("events", "n", "low_pct", "high_pct")},
        statistics={"published_pct": Statistic("n", decimals=1)},
        policy=policy,
        title=f"{title_of(measure)} by deprivation, beside England",
        notes=[
            f"England {published['year'].iloc[0]}, NHS Talking Therapies annual report, deciles added up to quintiles."
        ],
    )
    return Picture(
        "deprivation_gradient",
        released,
        partial(published_beside, label="group", ours="rate_pct", published="published_pct"),
        f"{title_of(measure)} by deprivation: this service, and England's published gradient.",
        "Dot plot: a row a fifth of deprivation, this service's percentage beside England's.",
    )


def _years(counts: pd.DataFrame, measure: str, policy: str) -> Table:
    shown = counts[["group", "events", "n"]].rename(columns={"group": "year"}).sort_values("year")
    released: Released = release(
        shown.reset_index(drop=True),
        labels=["year"],
        counts=["events", "n"],
        rates={"rate_pct": Rate("events", "n", "low_pct", "high_pct")},
        policy=policy,
        title=f"{title_of(measure)} by financial year",
        notes=["The year in which the referral was received."],
    )
    return Table("outcome_by_year", released)


def crossed(rows: pd.DataFrame, pairs: tuple[tuple[str, str], ...]) -> tuple[pd.DataFrame, list[str]]:
    """Add the groups of declared pairs of breakdowns.

    Parameters
    ----------
    rows
        One row a referral with every column that is crossed.
    pairs
        Declared pairs.

    Returns
    -------
    rows, names
        With the crossed columns; their names.
    """
    names = []
    for first, second in pairs:
        rows = intersect(rows, first, second)
        names.append(f"{first} and {second}")
    return rows, names


def crossed_references(rows: pd.DataFrame, pairs: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Say which crossed group the others are compared with: the one of both references.

    Parameters
    ----------
    rows
        As `crossed` gives them.
    pairs
        Declared pairs.

    Returns
    -------
    dict of str to str
        Crossed breakdown to its reference, where both groupings declare one and somebody is in both.
    """
    found = {}
    for first, second in pairs:
        name, label = f"{first} and {second}", f"{reference_of(first)}, {reference_of(second)}"
        if rows[name].eq(label).any():
            found[name] = label
    return found


def breakdown_title(key: str) -> str:
    """Name a breakdown as the report does.

    Parameters
    ----------
    key
        Key of a grouping, a crossed pair, or a word of the report.

    Returns
    -------
    str
        Its title.
    """
    try:
        return grouping(key).title
    except ConfigError:
        first, both, second = key.partition(" and ")
        return f"{breakdown_title(first)} and {breakdown_title(second).lower()}" if both else title_of(key)


def _funnel_picture(shown: pd.DataFrame, breakdown: str, policy: str) -> Picture:
    mine = shown["breakdown"].eq(breakdown_title(breakdown)) & shown["stage"].ne(REFERRED)
    one = shown.loc[mine, ["group", "stage", "n", "referred"]]
    released = release(
        one.reset_index(drop=True),
        labels=["group", "stage"],
        counts=["n", "referred"],
        rates={"share_pct": Rate("n", "referred", "low_pct", "high_pct")},
        policy=policy,
        title=f"From referral to recovery within twelve months, by {breakdown_title(breakdown).lower()}",
    )
    return Picture(
        "funnel_by_group",
        released,
        funnel_by_group,
        f"Share of those referred who reach each stage within twelve months, by {breakdown_title(breakdown).lower()}.",
        "Line chart: one line a group over the stages from referral to recovery.",
    )
