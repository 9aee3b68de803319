"""What has England published? The national figures that a service's own are set beside, with their source."""

from dataclasses import dataclass
from functools import cache
from typing import Final

import pandas as pd

from outcomes.errors import ConfigError
from outcomes.reference.bibliography import read_source, sources
from outcomes.reference.loader import FOLDER, read_toml

_FIGURES: Final = FOLDER / "figures"
_TYPES: Final = {
    "numerator": "Int64",
    "denominator": "Int64",
    "rate_pct": "float64",
    "mean": "float64",
    "sd": "float64",
}


@dataclass(frozen=True, slots=True)
class FigureSet:
    """The sidecar of a file of published figures.

    Parameters
    ----------
    key, title : str
        Short key and full title.
    file : str
        Name of the CSV file beside the sidecar.
    source, licence : str
        Key of the bibliography, and the attribution to print beside the figures.
    latest_year : str
        The newest year with every breakdown.
    columns : tuple of str
        Columns of the file.
    notes : str
        What a user must know.
    """

    key: str
    title: str
    file: str
    source: str
    licence: str
    latest_year: str
    columns: tuple[str, ...]
    notes: str


@cache
def england_figures() -> FigureSet:
    """Say where England's figures come from, and how they may be used.

    Returns
    -------
    FigureSet
        Source, licence with attribution, years and notes.
    """
    top = read_toml(_FIGURES / "england.toml")
    described = FigureSet(
        key=top.text("key"),
        title=top.text("title"),
        file=top.text("file"),
        source=read_source(top),
        licence=top.text("licence"),
        latest_year=top.text("latest_year"),
        columns=top.texts("columns"),
        notes=top.text("notes"),
    )
    top.done()
    return described


@cache
def _all_years() -> pd.DataFrame:
    described = england_figures()
    table = pd.read_csv(_FIGURES / described.file, dtype="str", keep_default_na=False, na_values=[""])
    if tuple(table.columns) != described.columns:
        raise ConfigError(f"{described.file}: columns must be {', '.join(described.columns)}")
    unknown = set(table["source"].dropna()) - set(sources())
    if unknown or bool(table["source"].isna().any()):
        raise ConfigError(
            f"{described.file}: rows whose source is not in the bibliography: {sorted(unknown) or 'blank'}"
        )
    repeated = int(table.duplicated(["year", "measure", "breakdown", "label"]).sum())
    if repeated:
        raise ConfigError(f"{described.file}: {repeated} figures stand twice")
    return table.astype(_TYPES)


def england(year: str | None = None, breakdown: str | None = None) -> pd.DataFrame:
    """Give England's published figures of a year.

    Parameters
    ----------
    year : str, optional
        Financial year such as "2022-23"; by default the latest with every breakdown. Earlier years hold totals only.
    breakdown : str, optional
        "total", the key of a grouping ("gender", "ethnic_group_5" ...), "problem", "wait_first", "therapy" ...;
        by default all.

    Returns
    -------
    DataFrame
        A new table: year, measure, breakdown, label, numerator, denominator, rate_pct, mean, sd, source. `numerator` is
        a count; `rate_pct` is the published percentage; means and deviations of scores stand in `mean` and `sd` with
        the number of courses in `denominator`.

    Raises
    ------
    ConfigError
        If nothing is recorded for the year or the breakdown.

    References
    ----------
    NHS England, annual reports; Open Government Licence v3.0 (see `england_figures().licence`).

    Examples
    --------
    >>> total = england("2022-23", "total").set_index("measure")
    >>> float(total.loc["recovery", "rate_pct"]), int(total.loc["recovery", "denominator"])
    (49.9, 634388)
    """
    table = _all_years()
    wanted = year or england_figures().latest_year
    if wanted not in set(table["year"]):
        raise ConfigError(f"no figures for year {wanted!r}; there are {', '.join(sorted(set(table['year'])))}")
    found = table[table["year"] == wanted]
    if breakdown is not None:
        if breakdown not in set(found["breakdown"]):
            known = ", ".join(sorted(set(found["breakdown"])))
            raise ConfigError(f"no breakdown {breakdown!r} for {wanted}; there are {known}")
        found = found[found["breakdown"] == breakdown]
    return found.reset_index(drop=True)


def england_years() -> tuple[str, ...]:
    """List the years with national totals.

    Returns
    -------
    tuple of str
        Financial years, ascending.
    """
    return tuple(sorted(set(_all_years()["year"])))
