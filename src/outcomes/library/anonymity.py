"""How many people share what somebody might know of a person? The k-anonymity of a snapshot, printed at every intake.

What somebody might know (quasi-identifiers) are the demographic columns and bands of the library, the service and the
calendar quarter of the first referral. People who share all of them are a class; a person in a small class can be
picked out by somebody who knows them. The table is for the steward, who decides on coarser bands; it is no release.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.reference.groups import grouping
from outcomes.tables.canonical import library_table
from outcomes.tables.feed import SURVEY

SMALL: Final = (5, 10)
CORE: Final = ("age_band", "gender", "ethnic_category", "deprivation_decile", "region")
REGION: Final = "region"  # one region has codes of several lists, which tell nobody apart
FROM_REFERRAL: Final = ("service", "quarter")
ALL_OF_PATIENTS: Final = "all demographic columns"
WITH_REFERRAL: Final = "all of these"
COLUMNS: Final = ("known", "classes", "smallest_class", "alone", *(f"people_below_{least}" for least in SMALL))


def _first_referral(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    referrals = tables["referrals"].sort_values(["pseudonym", "quarter", "referral"])
    return referrals.drop_duplicates("pseudonym").set_index("pseudonym")[list(FROM_REFERRAL)]


def _people(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    # One row a person, every quasi-identifier as a whole number; missing is a value like any other.
    patients = tables["patients"].set_index("pseudonym")
    drawn = {one.name for one in SURVEY}  # how people were drawn, which nobody knows of a person
    known = [name for name in library_table("patients").names if name in patients and name not in drawn]
    people = patients[known].join(_first_referral(tables))
    if REGION in people:
        people[REGION] = grouping(REGION).label(people[REGION]).where(people[REGION].notna())
    return pd.DataFrame({name: pd.factorize(people[name], use_na_sentinel=False)[0] for name in people})


def _class_sizes(people: pd.DataFrame, columns: Sequence[str]) -> NDArray[np.int64]:
    places = np.zeros(len(people), dtype=np.int64)
    for name in columns:
        codes = people[name].to_numpy(dtype=np.int64)
        places = pd.factorize(places * (codes.max() + 1) + codes)[0]
    return np.asarray(np.bincount(places)[places], dtype=np.int64)


def _line(people: pd.DataFrame, name: str, columns: Sequence[str]) -> dict[str, object]:
    sizes = _class_sizes(people, columns)
    small = {f"people_below_{least}": int((sizes < least).sum()) for least in SMALL}
    classes = round(float((1 / sizes).sum()))
    smallest = int(sizes.min())
    return {"known": name, "classes": classes, "smallest_class": smallest, "alone": int((sizes == 1).sum()), **small}


def _sets(people: pd.DataFrame) -> Iterator[tuple[str, list[str]]]:
    told = [name for name in people if name not in FROM_REFERRAL]
    for name in people.columns:
        yield str(name), [str(name)]
    core = [str(name) for name in CORE if name in told]
    if 1 < len(core) < len(told):
        yield " + ".join(core), core
    if len(told) > 1:
        yield ALL_OF_PATIENTS, [str(name) for name in told]
    everything = [str(name) for name in people.columns]
    yield WITH_REFERRAL, everything
    for name in everything if len(everything) > 2 else []:  # noqa: PLR2004  of two, one is left, and it stands above
        yield f"all but {name}", [other for other in everything if other != name]


def anonymity_table(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Say how many people a snapshot tells apart by what somebody might know of them.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        The library's `patients` and `referrals`.

    Returns
    -------
    DataFrame
        One row a set of quasi-identifiers (each alone; age, gender, ethnic category, decile, region together; all; all
        but one): known (their names), classes (people who share all of them are one), smallest_class (its people: the
        k of k-anonymity), alone (people in a class of one), people_below_5, people_below_10 (people in classes smaller
        than that). A missing value counts as a value. Empty where there are no people.

    Examples
    --------
    >>> people = pd.DataFrame({"pseudonym": list("abc"), "gender": ["1", "1", "2"]})
    >>> sent = pd.DataFrame({"pseudonym": list("abc"), "referral": list("xyz"), "service": "S", "quarter": "2022Q1"})
    >>> anonymity_table({"patients": people, "referrals": sent})[["known", "smallest_class", "alone"]].head(1)
        known  smallest_class  alone
    0  gender               1      1

    Notes
    -----
    Sweeney, L. (2002). k-anonymity: a model for protecting privacy. It says nothing about what the members of a class
    have in common otherwise, nor about answers and days, which single people out even where no demographic column does.
    """
    people = _people(tables)
    if people.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.DataFrame([_line(people, name, columns) for name, columns in _sets(people)], columns=list(COLUMNS))
