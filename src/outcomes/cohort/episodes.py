"""What became of each referral? Waits, contacts, completion, and the groups its person belongs to."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import DataError
from outcomes.reference.codelists import code_list
from outcomes.reference.groups import PATIENTS, REFERRALS, groupings
from outcomes.reference.rules import DEFAULT_EDITION, RuleEdition, rule_edition

KEY: Final = ("pseudonym", "referral")
ASSESSMENT: Final = "assessment"
FIRST_QUARTER_OF_FINANCIAL_YEAR: Final = 2
CENTURY: Final = 100
FROM_REFERRALS: Final = (
    *("service", "therapist", "referral_source", "problem_descriptor", "quarter", "year", "end_reason", "end_day"),
    *("last_seen_day", "open"),
)
FROM_CONTACTS: Final = (
    *("days_waited", "weeks_waited", "treatment_contacts", "days_first_to_second", "assessed", "started", "completed"),
    *("highest_step", "therapy"),
)
TEXT: Final = pd.StringDtype(na_value=np.nan)


def financial_year(quarter: pd.Series) -> pd.Series:
    """Say in which NHS financial year (April to March) a referral was received.

    Parameters
    ----------
    quarter : Series of str
        Calendar quarters such as "2022Q2".

    Returns
    -------
    Series of str
        Such as "2022-23"; missing where the quarter is.

    Examples
    --------
    >>> financial_year(pd.Series(["2022Q1", "2022Q2", "1999Q4"], dtype="str")).tolist()
    ['2021-22', '2022-23', '1999-00']
    """
    words = {}
    for text in quarter.dropna().unique():
        year, number = int(text[:4]), int(text[-1])
        start = year if number >= FIRST_QUARTER_OF_FINANCIAL_YEAR else year - 1
        words[text] = f"{start}-{(start + 1) % CENTURY:02d}"
    return quarter.map(words).astype(TEXT)


def took_place(contacts: pd.DataFrame, edition: RuleEdition) -> pd.Series:
    """Say which contacts took place: attended, or unplanned (`planned` = N, where the feed says it).

    Parameters
    ----------
    contacts : DataFrame
        The library's contacts.
    edition : RuleEdition
        Which attendance codes count.

    Returns
    -------
    Series of bool
        One a contact; an unplanned contact needs no attendance code.
    """
    attended = contacts["attendance"].isin(edition.attended_codes)
    return attended | contacts["planned"].eq("N") if "planned" in contacts else attended


def treatment_contacts(contacts: pd.DataFrame, referrals: pd.DataFrame, edition: RuleEdition) -> pd.Series:
    """Say which contacts are treatment contacts.

    Attended or unplanned, of a treatment type, not employment support, and between receipt and end of the referral.

    Parameters
    ----------
    contacts : DataFrame
        The library's contacts.
    referrals : DataFrame
        The library's referrals.
    edition : RuleEdition
        Which attendance codes and appointment types count.

    Returns
    -------
    Series of bool
        One a contact, in the order of `contacts`.
    """
    end = referrals["end_day"].to_numpy(dtype=float, na_value=np.inf)[_places(contacts, referrals)]
    day = contacts["day"].to_numpy(dtype=float, na_value=np.nan)
    outside = (day > end) | (day < 0)
    treated = contacts["appointment_type"].isin(edition.treatment_appointment_types)
    held = took_place(contacts, edition) & ~outside
    return held & treated & ~contacts["therapy"].isin(edition.employment_support_therapies)


def _places(rows: pd.DataFrame, referrals: pd.DataFrame) -> NDArray[np.intp]:
    # Position in `referrals` of each row's referral.
    places: NDArray[np.intp] = pd.Index(referrals["referral"]).get_indexer(pd.Index(rows["referral"]))
    lost = int((places < 0).sum())
    if lost:
        raise DataError(f"contacts.referral: {lost:,} rows have no referral (rule no_referral)")
    return places


def _most_frequent(treated: pd.DataFrame) -> pd.Series:
    # Most frequent therapy of each referral; of equally frequent ones the one given first.
    named = treated[treated["therapy"].notna()]
    counts = named.groupby(["place", "therapy"], sort=False).agg(
        number=("contact_number", "size"), first=("contact_number", "min")
    )
    best = counts.reset_index().sort_values(["place", "number", "first"], ascending=[True, False, True])
    return best.drop_duplicates("place").set_index("place")["therapy"]


def _from_contacts(contacts: pd.DataFrame, referrals: pd.DataFrame, edition: RuleEdition) -> pd.DataFrame:
    # What the contacts say about each referral, by its position.
    placed = contacts.assign(place=_places(contacts, referrals))
    treated = placed[treatment_contacts(contacts, referrals, edition)].sort_values(["place", "day", "contact_number"])
    turn = treated.groupby("place").cumcount()
    first = treated[turn.eq(0)].set_index("place")["day"]
    second = treated[turn.eq(1)].set_index("place")["day"]
    kinds = code_list("appointment_type").kind(contacts["appointment_type"])
    seen = took_place(contacts, edition) & kinds.fillna("").str.contains(ASSESSMENT)
    everyone = pd.RangeIndex(len(referrals))
    return pd.DataFrame(
        {
            "days_waited": first.reindex(everyone).astype("Int32"),
            "treatment_contacts": treated["place"].value_counts().reindex(everyone, fill_value=0).astype("Int32"),
            "days_first_to_second": (second - first).reindex(everyone).astype("Int32"),
            "highest_step": _highest(treated).reindex(everyone).astype(TEXT),
            "therapy": _most_frequent(treated).reindex(everyone).astype(TEXT),
            "assessed": pd.Series(everyone.isin(placed.loc[seen, "place"]), dtype="boolean"),
        }
    )


def _highest(treated: pd.DataFrame) -> pd.Series:
    # Highest step of each referral, in the order of the code list.
    rank = {step: place for place, step in enumerate(code_list("step").codes)}
    highest = treated["step"].map(rank).groupby(treated["place"]).max()
    return highest.map(dict(enumerate(rank)))


def _needed(tables: Mapping[str, pd.DataFrame]) -> tuple[pd.DataFrame, pd.DataFrame]:
    absent = [name for name in ("patients", "referrals") if name not in tables]
    if absent:
        raise DataError(f"episodes need the tables patients and referrals; absent: {', '.join(absent)}")
    return tables["patients"], tables["referrals"]


def _routes(referrals: pd.DataFrame) -> dict[str, pd.Series]:
    # groups by what a referral says; none where this feed says it of nobody
    known = [one for one in groupings().values() if one.table == REFERRALS and one.column in referrals]
    return {one.key: one.label(referrals[one.column]) for one in known if referrals[one.column].notna().any()}


def _demographics(patients: pd.DataFrame) -> pd.DataFrame:
    columns = {"pseudonym": patients["pseudonym"]}
    for one in groupings().values():
        if one.table != PATIENTS:
            continue
        if one.column in patients:
            columns[one.key] = one.label(patients[one.column])
        elif one.key in patients:
            columns[one.key] = one.label(patients[one.key])
    return pd.DataFrame(columns)


def episodes(tables: Mapping[str, pd.DataFrame], *, edition: RuleEdition | None = None) -> pd.DataFrame:
    """Say what became of each referral.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        The library's patients and referrals; contacts where the feed has them.
    edition : RuleEdition, optional
        Which contacts count as treatment, and how many make a completed course; the default edition unless said.

    Returns
    -------
    DataFrame
        One row a referral, in the order of referrals: pseudonym, referral, service, therapist, referral_source,
        problem_descriptor, quarter, year (financial year of receipt), end_reason, end_day, last_seen_day, open,
        days_waited, weeks_waited, treatment_contacts, days_first_to_second, assessed, started, completed, highest_step,
        therapy, and a label column for every grouping that the patients or referrals tell. Without a contacts table
        what depends on attendance is missing, not false.

    Raises
    ------
    DataError
        If patients or referrals are absent.
    """
    patients, referrals = _needed(tables)
    rules = edition or rule_edition(DEFAULT_EDITION)
    rows = referrals.assign(year=financial_year(referrals["quarter"]), open=_open(referrals))
    if "contacts" in tables:
        counted = _from_contacts(tables["contacts"], referrals, rules)
        number = counted["treatment_contacts"]
        enough = number.ge(rules.minimum_treatment_contacts).astype("boolean")
        rows = rows.assign(
            **counted.set_axis(rows.index),
            started=number.gt(0).astype("boolean").array,
            completed=enough.set_axis(rows.index) & ~rows["open"],
        )
    else:
        rows = rows.assign(**_not_known(rows))
    rows = rows.assign(weeks_waited=rows["days_waited"].astype("Float64").astype(float) / rules.days_per_week)
    routes = _routes(referrals)
    rows = rows.assign(**routes)
    return rows.merge(_demographics(patients), on="pseudonym", how="left")[[*_columns(patients), *routes]]


def _open(referrals: pd.DataFrame) -> pd.Series:
    # Who has not ended; not known where the feed has no referrals.
    known = referrals["quarter"].notna() | referrals["end_day"].notna()
    return referrals["end_day"].isna().astype("boolean").where(known)


def _not_known(rows: pd.DataFrame) -> dict[str, pd.Series]:
    whole = dict.fromkeys(
        ("days_waited", "treatment_contacts", "days_first_to_second"), pd.Series(pd.NA, index=rows.index, dtype="Int32")
    )
    flags = dict.fromkeys(("assessed", "started", "completed"), pd.Series(pd.NA, index=rows.index, dtype="boolean"))
    words = dict.fromkeys(("highest_step", "therapy"), pd.Series(np.nan, index=rows.index, dtype=TEXT))
    return {**whole, **flags, **words}


def _columns(patients: pd.DataFrame) -> list[str]:
    groups = [str(name) for name in _demographics(patients.head(0)) if name != "pseudonym"]
    return [*KEY, *FROM_REFERRALS, *FROM_CONTACTS, *groups]
