"""Who comes to the invented service? Groups in their published shares, and the gaps that are planted with them."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import ConfigError
from outcomes.reference.figures import england
from outcomes.simulation.settings import ServiceSettings

GAPS = ("severity", "response", "access", "drop_out")
"""Planted gaps: shift of the start (standard units), log rate of improvement, log odds of being seen, of leaving."""

PUBLISHED_YEAR = "2022-23"
"""The year that the service is calibrated to."""

_GAPS_FILE = Path(__file__).with_name("gaps.csv")
_AGES = {
    "Under 18": (16, 17),
    "18 to 25": (18, 25),
    "26 to 64": (26, 64),
    "65 to 74": (65, 74),
    "75 to 89": (75, 89),
    "90 and over": (90, 97),
}
_CONDITIONS = (
    "195967001",
    "13645005",
    "73211009",
    "373673007",
    "53619000",
    "928000",
    "95320005",
    "84757009",
    "56265001",
)
_STUDENT_AGE, _RETIREMENT_AGE = 25, 66
_DAYS_PER_YEAR = 365.25


@dataclass(frozen=True)
class People:
    """The invented patients: codes as the feed carries them, and what is planted in each (one row a patient)."""

    codes: pd.DataFrame
    planted: pd.DataFrame


@cache
def planted_gaps() -> pd.DataFrame:
    """List the gaps between groups that are planted, and how large each group is.

    Returns
    -------
    pandas.DataFrame
        One row a code: `column`, `code`, `breakdown` and `label` (as in the published figures), `received` (published
        referrals, the group's share), and the planted shifts `severity`, `response`, `access`, `drop_out`.

    Raises
    ------
    ConfigError
        If a group with planted gaps has no published number of referrals.
    """
    gaps = pd.read_csv(_GAPS_FILE, dtype={"code": "str"}, keep_default_na=False)
    figures = england(PUBLISHED_YEAR)
    received = figures[figures["measure"] == "referrals_received"].set_index(["breakdown", "label"])["numerator"]
    found = received.reindex(pd.MultiIndex.from_frame(gaps[["breakdown", "label"]]))
    unknown = gaps.loc[found.isna().to_numpy(), "label"]
    if len(unknown):
        raise ConfigError(f"{_GAPS_FILE.name}: no published referrals for {', '.join(unknown)}")
    return gaps.assign(received=found.to_numpy(dtype=np.int64))


def _group(column: str) -> pd.DataFrame:
    gaps = planted_gaps()
    return gaps[gaps["column"] == column].reset_index(drop=True)


def draw(shares: NDArray[np.float64], size: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Draw categories in given shares.

    Parameters
    ----------
    shares : ndarray, shape (n_categories,)
        Weights; they are divided by their sum.
    size : int
        How many draws.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    ndarray of int, shape (size,)
        Positions of the categories drawn.
    """
    edges = np.cumsum(shares) / np.sum(shares)
    return np.minimum(np.searchsorted(edges, rng.random(size), side="right"), len(edges) - 1)


def _deciles(ethnic: NDArray[np.intp], tilt: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.intp]:
    # Deprivation given ethnic category: tilted, with both published margins kept (proportional fitting).
    decile, category = _group("deprivation_decile"), _group("ethnic_category")
    level = pd.to_numeric(decile["code"], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    level = np.where(np.isnan(level), np.nanmean(level), level)
    rows, columns = category["received"].to_numpy(np.float64), decile["received"].to_numpy(np.float64)
    joint = np.exp(-tilt[:, None] * (level - level.mean())[None, :]) * columns
    for _ in range(50):
        joint *= (rows / joint.sum(axis=1))[:, None]
        joint *= columns / joint.sum(axis=0) * (rows.sum() / columns.sum())
    edges = np.cumsum(joint, axis=1) / joint.sum(axis=1, keepdims=True)
    u = rng.random(len(ethnic))
    found: NDArray[np.intp] = np.minimum((u[:, None] >= edges[ethnic]).sum(axis=1), len(level) - 1)
    return found


def nhs_test_numbers(n: int, rng: np.random.Generator) -> NDArray[np.str_]:
    """Draw numbers from the range that the NHS keeps for tests (they begin with 999), with a valid check digit.

    Parameters
    ----------
    n : int
        How many, at most about 900,000.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    ndarray of str, shape (n,)
        Ten digits each, all different.
    """
    stems = 999_000_000 + np.arange(1_000_000)
    digits = stems[:, None] // 10 ** np.arange(8, -1, -1) % 10
    check = 11 - (digits * np.arange(10, 1, -1)).sum(axis=1) % 11
    numbers = (stems * 10 + check % 11)[check != 10]  # noqa: PLR2004  a check digit of 10 is not a number
    return rng.permutation(numbers)[:n].astype(str)


def _births(ages: NDArray[np.int64], first: date, rng: np.random.Generator) -> NDArray[np.str_]:
    days = ((ages + rng.random(len(ages))) * _DAYS_PER_YEAR).astype(np.int64)
    return (np.datetime64(first, "D") - days).astype(str)


def _ages(band: NDArray[np.intp], rng: np.random.Generator) -> NDArray[np.int64]:
    limits = np.array([_AGES[label] for label in _group("age")["code"]])
    low, high = limits[band, 0], limits[band, 1]
    skew = np.where(high - low > 20, rng.random(len(band)) ** 1.35, rng.random(len(band)))  # noqa: PLR2004  wide bands lean young
    years: NDArray[np.int64] = low + np.floor(skew * (high - low + 1)).astype(np.int64)
    return years


def _employment(ages: NDArray[np.int64], shares: dict[str, float], rng: np.random.Generator) -> NDArray[np.str_]:
    codes = np.array(list(shares))
    drawn = codes[draw(np.array(list(shares.values())), len(ages), rng)]
    older = (ages >= _RETIREMENT_AGE) & (rng.random(len(ages)) < 0.85)  # noqa: PLR2004  invented share
    drawn = np.where(older, "08", drawn)
    drawn = np.where((drawn == "08") & (ages < 55), "01", drawn)  # noqa: PLR2004  nobody is retired that young
    return np.where((drawn == "03") & (ages > _STUDENT_AGE + 10), "01", drawn)


def people(settings: ServiceSettings, rng: np.random.Generator) -> People:
    """Invent the people who come to the service.

    Parameters
    ----------
    settings : ServiceSettings
        Size, dates and invented numbers.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    People
        Feed columns of each patient, and the planted shifts: one column for each kind of gap (the sum over the groups
        that a patient belongs to), and one for each kind and group column.

    Raises
    ------
    ConfigError
        If the invented numbers lack an ethnic category that is published.
    """
    n, population = settings.n_patients, settings.numbers.population
    missing = set(_group("ethnic_category")["code"]) - set(population.deprivation_tilt)
    if missing:
        raise ConfigError(f"population.deprivation_tilt lacks the ethnic categories {', '.join(sorted(missing))}")
    drawn: dict[str, NDArray[np.intp]] = {}
    for column in ("ethnic_category", "age", "gender", "long_term_condition", "sexual_orientation"):
        drawn[column] = draw(_group(column)["received"].to_numpy(np.float64), n, rng)
    tilt = np.array([population.deprivation_tilt[code] for code in _group("ethnic_category")["code"]])
    drawn["deprivation_decile"] = _deciles(drawn["ethnic_category"], tilt, rng)
    ages = _ages(drawn["age"], rng)
    codes = pd.DataFrame(
        {
            "patient_id": np.char.mod("P%07d", rng.permutation(n) + 1),
            "nhs_number": nhs_test_numbers(n, rng),
            "birth_date": _births(ages, settings.first_received, rng),
        }
    )
    for column in ("gender", "ethnic_category", "deprivation_decile"):
        codes[column] = _group(column)["code"].to_numpy(object)[drawn[column]]
    codes["employment"] = _employment(ages, population.employment_shares, rng)
    condition = _group("long_term_condition")["code"].to_numpy(object)[drawn["long_term_condition"]]
    which = np.array(_CONDITIONS, dtype=object)[rng.integers(0, len(_CONDITIONS), n)]
    codes["long_term_condition"] = np.where(condition == "yes", which, condition)
    codes["sexual_orientation"] = _group("sexual_orientation")["code"].to_numpy(object)[drawn["sexual_orientation"]]
    disabled = rng.random(n) < population.disability_share
    kind = np.array(population.disability_codes, dtype=object)[rng.integers(0, len(population.disability_codes), n)]
    codes["disability"] = np.where(disabled, kind, np.where(rng.random(n) < 0.7, "NN", ""))  # noqa: PLR2004  invented share
    return People(codes.astype("str"), _planted(drawn))


def _planted(drawn: dict[str, NDArray[np.intp]]) -> pd.DataFrame:
    planted: dict[str, NDArray[np.float64]] = {}
    for column, positions in drawn.items():
        group = _group(column)
        for kind in GAPS:
            planted[f"{kind}_{column}"] = group[kind].to_numpy(np.float64)[positions]
    frame = pd.DataFrame(planted)
    totals = {kind: frame[[f"{kind}_{column}" for column in drawn]].sum(axis=1) for kind in GAPS}
    return pd.concat([pd.DataFrame(totals), frame], axis=1)
