"""For whom did therapy in England work less well? Published counts by group and year, read as counts of a service."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from outcomes.errors import ConfigError
from outcomes.reference.figures import england, england_years
from outcomes.reference.groups import groupings
from outcomes.reference.rules import rule_edition

TOTAL = "total"
NOT_GIVEN = "Not stated, not known or invalid"
TENTHS = 10
RATED = ("recovery", "reliable_recovery", "reliable_improvement", "no_reliable_change", "reliable_deterioration")
REFERENCES: Mapping[str, str] = MappingProxyType({"bme_group": "White British"})
COLUMNS = ["year", "measure", "breakdown", "label", "numerator", "denominator", "rate_pct"]

_NULL = "NULL"
_YEAR, _KIND, _GROUP, _PART = "reporting_period", "variable_type", "variable_a", "variable_b"
_FINISHED, _NOT_CASE = "finished_course_treatment", "not_at_caseness"
_FILE_NAMES = {name: name for name in RATED} | {
    "reliable_improvement": "improvement",
    "reliable_deterioration": "deterioration",
}
_BREAKDOWNS = {
    "Total": TOTAL,
    "Age Group": "age_band",
    "Gender": "gender",
    "Ethnic Group": "ethnic_group_5",
    "BME Group": "bme_group",
    "Indices of Deprivation Decile": "deprivation_decile",
    "Religion": "religion",
    "Sexual Orientation Type": "sexual_orientation",
    "Disability Type": "disability",
    "Long Term Condition Status": "long_term_condition",
    "Presenting Complaint": "presenting_complaint",
    "Problem Descriptor": "problem_descriptor",
    "Mental Health Care Cluster": "care_cluster",
}
_SAME = {
    "gender": {"Indeterminate (unable to be classified as male or female)": "Indeterminate"},
    "religion": {"Baha`i": "Baha'i", "Other": "Other religion", "None": "No religion"},
    "sexual_orientation": {"Gay/Lesbian": "Gay or lesbian", "Bi-sexual": "Bisexual"},
    "long_term_condition": {
        "Long term condition": "Long-term condition",
        "No long term condition": "No long-term condition",
    },
    "disability": {
        "Behaviour and Emotional": "Behaviour and emotional",
        "Manual Dexterity": "Manual dexterity",
        "Memory or ability to concentrate, learn or understand (Learning Disability)": (
            "Memory, concentration, learning or understanding"
        ),
        "Mobility and Gross Motor": "Mobility and gross motor",
        "Perception of Physical Danger": "Perception of physical danger",
        "Personal, Self Care and Continence": "Personal care and continence",
        "Progressive Conditions and Physical Health (such as HIV, cancer, multiple sclerosis, fits etc)": (
            "Progressive conditions and physical health"
        ),
        "Other": "Other disability",
        "No Disability": "No disability",
        "Not Stated (Person asked but declined to provide a response)": "Not stated",
        "No Code Recorded": "No code recorded",
        "Invalid Code": "Invalid code",
    },
}


def published_figures(file: Path | None = None) -> pd.DataFrame:
    """Give published outcome rates of England with the counts behind them.

    Parameters
    ----------
    file : Path, optional
        The annual report's own data file of measures (CSV: reporting_period, variable_type, variable_a, variable_b,
        counts, `<measure>_pct`), with every breakdown in every year. Without it, the figures that come with this
        package: totals of every year, breakdowns of the latest.

    Returns
    -------
    DataFrame
        One row a year, breakdown, label and measure: year, measure, breakdown, label, numerator, denominator, rate_pct
        (as published, percent). Labels are those of the groupings where there is one.

    Raises
    ------
    ConfigError
        If the file cannot be read, a column is not there, or a breakdown is not known.

    References
    ----------
    NHS England, Psychological Therapies annual reports; Open Government Licence v3.0.

    Examples
    --------
    >>> table = published_figures()
    >>> one = table[table["year"].eq("2022-23") & table["breakdown"].eq("total") & table["measure"].eq("recovery")]
    >>> one[["numerator", "denominator", "rate_pct"]].values.tolist()
    [[316251, 634388, 49.9]]
    """
    if file is not None:
        return _from_file(file)
    table = pd.concat([england(year) for year in england_years()], ignore_index=True)
    return table.loc[table["measure"].isin(RATED) & table["rate_pct"].notna(), COLUMNS].reset_index(drop=True)


def published_counts(figures: pd.DataFrame, year: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Write a year's published figures as counts by group and in total, as `fairness.gaps.compare` takes them.

    Parameters
    ----------
    figures : DataFrame
        As `published_figures` gives them.
    year : str
        Financial year.

    Returns
    -------
    counts : DataFrame
        breakdown, group, measure, events, n.
    totals : DataFrame
        measure, events, n over everyone.

    Raises
    ------
    ConfigError
        If nothing is published for the year.
    """
    found = figures.loc[figures["year"].eq(year)]
    if found.empty:
        known = ", ".join(sorted(set(figures["year"])))
        raise ConfigError(f"no published figures for year {year!r}; there are {known}")
    named = found.rename(columns={"label": "group", "numerator": "events", "denominator": "n"})
    whole = named["breakdown"].eq(TOTAL)
    counts = named.loc[~whole, ["breakdown", "group", "measure", "events", "n"]]
    return _sorted(counts), named.loc[whole, ["measure", "events", "n"]].reset_index(drop=True)


def _sorted(counts: pd.DataFrame) -> pd.DataFrame:
    # breakdowns as published, groups as their grouping orders them, then what it does not know
    known = groupings()
    order = {key: place for place, key in enumerate(dict.fromkeys(counts["breakdown"]))}

    def place(row: tuple[str, str]) -> int:
        own = known[row[0]].labels if row[0] in known else ()
        return own.index(row[1]) if row[1] in own else len(own)

    places = [place(row) for row in zip(counts["breakdown"], counts["group"], strict=True)]
    keyed = counts.assign(_breakdown=counts["breakdown"].map(order), _place=places)
    return keyed.sort_values(["_breakdown", "_place"], kind="stable")[list(counts.columns)].reset_index(drop=True)


def _from_file(file: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(file, dtype="str", keep_default_na=False, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise ConfigError(f"{file.name}: cannot be read as a CSV of published figures") from error
    needed = [_YEAR, _KIND, _GROUP, _PART, _FINISHED, _NOT_CASE]
    needed += [name for key in _FILE_NAMES.values() for name in (key, f"{key}_pct")]
    absent = [name for name in needed if name not in table.columns]
    if absent:
        raise ConfigError(f"{file.name}: not there are the columns {', '.join(absent)}")
    unknown = sorted(set(table[_KIND]) - set(_BREAKDOWNS))
    rated = table.loc[table[f"{_FILE_NAMES['recovery']}_pct"].ne(_NULL) & ~table[_KIND].isin(unknown)]
    if rated.empty:
        raise ConfigError(f"{file.name}: no breakdown in it is known; it has {', '.join(unknown)}")
    named = [_named(kind, group, part) for kind, group, part in rated[[_KIND, _GROUP, _PART]].itertuples(index=False)]
    finished = _whole(rated, _FINISHED, file)
    at_case = finished - _whole(rated, _NOT_CASE, file)
    parts = []
    for measure, column in _FILE_NAMES.items():
        everyone = rule_edition().denominators[measure] == "finished"
        one = pd.DataFrame(named, columns=["breakdown", "label"], index=rated.index).assign(
            year=rated[_YEAR],
            measure=measure,
            numerator=_whole(rated, column, file),
            denominator=finished if everyone else at_case,
            rate_pct=rated[f"{column}_pct"].astype(float),
        )
        parts.append(one[COLUMNS])
    return pd.concat(parts, ignore_index=True)


def _whole(table: pd.DataFrame, column: str, file: Path) -> pd.Series:
    try:
        return table[column].astype("int64")
    except ValueError as error:
        raise ConfigError(f"{file.name}: column {column} must hold whole numbers where a rate is published") from error


def _named(kind: str, group: str, part: str) -> tuple[str, str]:
    key = _BREAKDOWNS[kind]
    if key == TOTAL:
        return key, "All"
    if group.startswith("Not stated/"):
        return key, NOT_GIVEN
    if key == "ethnic_group_5":
        return _ethnic(group, part)
    if key in {"presenting_complaint", "problem_descriptor"}:
        whole = part in {_NULL, "All", "Total"}
        return key, group if whole else f"{group}: {part}"
    label = _decile(group) if key == "deprivation_decile" else group
    if key == "disability" and len(label.split(" ", 1)[0]) == len("01"):
        label = label if label.startswith("No ") else label.split(" ", 1)[1]
    return key, _SAME.get(key, {}).get(label, label)


def _decile(label: str) -> str:
    # published the other way round: 01 is the least deprived tenth
    number = TENTHS + 1 - int(label.split(" ", 1)[0])
    end = {1: " (most deprived)", TENTHS: " (least deprived)"}.get(number, "")
    return f"Decile {number}{end}"


def _ethnic(group: str, part: str) -> tuple[str, str]:
    five = "Other ethnic groups" if group == "Other Ethnic Groups" else group
    if part in {_NULL, "All"}:
        return "ethnic_group_5", five
    words = part.replace("Any other", "any other").replace("Any Other", "any other")
    words = words.replace("Background", "background").replace("Ethnic Group", "ethnic group")
    return "ethnic_group_16", f"{five}: {words}"
