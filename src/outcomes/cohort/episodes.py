"""What became of each referral? One row a referral: waits, contacts, completion, and the groups its person belongs to."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from outcomes.errors import DataError
from outcomes.reference.codelists import code_list
from outcomes.reference.groups import groupings
from outcomes.reference.rules import DEFAULT_EDITION, RuleEdition, rule_edition

KEY: Final = ("pseudonym", "referral")
ASSESSMENT: Final = "assessment"
FIRST_QUARTER_OF_FINANCIAL_YEAR: Final = 2
CENTURY: Final = 100
TEXT: Final = pd.StringDtype(na_value=np.nan)


def financial_year(quarter: pd.Series) -> pd.Series:
    """In which NHS financial year (April to March) was a referral received?

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


def treatment_contacts(contacts: pd.DataFrame, referrals: pd.DataFrame, edition: RuleEdition) -> pd.Series:
    """Which contacts are treatment contacts?

    Attended, of a treatment type, not employment support, and between receipt and end of the referral.

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
    end = (
        contacts[list(KEY)]
        .merge(referrals[[*KEY, "end_day"]], on=list(KEY), how="left")["end_day"]
        .set_axis(contacts.index)
    )
    day = contacts["day"]
    outside = ((day > end) | (day < 0)).fillna(value=False).astype(bool)
    attended = contacts["attendance"].isin(edition.attended_codes)
    treated = contacts["appointment_type"].isin(edition.treatment_appointment_types)
    return attended & treated & ~contacts["therapy"].isin(edition.employment_support_therapies) & ~outside


def _most_frequent(treated: pd.DataFrame) -> pd.Series:
    """Most frequent therapy of each referral; of equally frequent ones the one given first."""
    named = treated[treated["therapy"].notna()]
    counts = (
        named.groupby([*KEY, "therapy"], sort=False)
        .agg(number=("contact_number", "size"), first=("contact_number", "min"))
        .reset_index()
    )
    best = counts.sort_values([*KEY, "number", "first"], ascending=[True, True, False, True]).drop_duplicates(list(KEY))
    return best.set_index(list(KEY))["therapy"]


def _from_contacts(contacts: pd.DataFrame, referrals: pd.DataFrame, edition: RuleEdition) -> pd.DataFrame:
    treated = contacts[treatment_contacts(contacts, referrals, edition)].sort_values([*KEY, "day", "contact_number"])
    grouped = treated.groupby(list(KEY), sort=False)
    first = grouped["day"].first()
    second = treated[grouped.cumcount().eq(1).to_numpy()].set_index(list(KEY))["day"]
    step = treated["step"] if "step" in treated else pd.Series(np.nan, index=treated.index, dtype=TEXT)
    kinds = code_list("appointment_type").kind(contacts["appointment_type"])
    seen = contacts["attendance"].isin(edition.attended_codes) & kinds.fillna("").str.contains(ASSESSMENT)
    found = pd.DataFrame({"days_waited": first.astype("Int32"), "treatment_contacts": grouped.size().astype("Int32")})
    return found.assign(
        days_first_to_second=(second - first).astype("Int32").reindex(found.index),
        highest_step=_highest(treated.assign(step=step)).reindex(found.index),
        therapy=_most_frequent(treated).reindex(found.index),
    ).join(_flag(contacts[seen], "assessed"), how="outer")


def _flag(rows: pd.DataFrame, name: str) -> pd.Series:
    return pd.Series(
        data=True, index=pd.MultiIndex.from_frame(rows[list(KEY)].drop_duplicates()), name=name, dtype="boolean"
    )


def _highest(treated: pd.DataFrame) -> pd.Series:
    rank = {step: place for place, step in enumerate(code_list("step").codes)}
    words = dict(enumerate(rank))
    highest = treated["step"].map(rank).groupby([treated[name] for name in KEY]).max()
    return highest.map(words).astype(TEXT)


def _needed(tables: Mapping[str, pd.DataFrame]) -> tuple[pd.DataFrame, pd.DataFrame]:
    absent = [name for name in ("patients", "referrals") if name not in tables]
    if absent:
        raise DataError(f"episodes need the tables patients and referrals; absent: {', '.join(absent)}")
    return tables["patients"], tables["referrals"]


def _demographics(patients: pd.DataFrame) -> pd.DataFrame:
    columns = {"pseudonym": patients["pseudonym"]}
    for one in groupings().values():
        if one.column in patients:
            columns[one.key] = one.label(patients[one.column])
        elif one.key in patients:
            columns[one.key] = one.label(patients[one.key])
    return pd.DataFrame(columns)


def episodes(tables: Mapping[str, pd.DataFrame], *, edition: RuleEdition | None = None) -> pd.DataFrame:
    """What became of each referral?

    Parameters
    ----------
    tables : mapping of str to DataFrame
        The library's patients and referrals; contacts where the feed has them.
    edition : RuleEdition, optional
        Which contacts count as treatment, and how many make a completed course; the default edition unless said.

    Returns
    -------
    DataFrame
        One row a referral, in the order of referrals: pseudonym, referral, service, therapist, referral_source, problem_descriptor, quarter, year
        (financial year of receipt), end_reason, end_day, last_seen_day, open, days_waited, weeks_waited, treatment_contacts,
        days_first_to_second, assessed, started, completed, highest_step, therapy, and a label column for every grouping that the patients have. Without
        a contacts table what depends on attendance is missing, not false.

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
        rows = rows.merge(counted, left_on=list(KEY), right_index=True, how="left")
        number = rows["treatment_contacts"].fillna(0).astype("Int32")
        enough = number.ge(rules.minimum_treatment_contacts).astype("boolean")
        rows = rows.assign(
            treatment_contacts=number,
            assessed=rows["assessed"].fillna(value=False),
            started=number.gt(0).astype("boolean"),
            completed=enough & ~rows["open"],
        )
    else:
        rows = rows.assign(**_not_known(rows))
    rows = rows.assign(weeks_waited=rows["days_waited"].astype("Float64").astype(float) / rules.days_per_week)
    return rows.merge(_demographics(patients), on="pseudonym", how="left")[_columns(patients)]


def _open(referrals: pd.DataFrame) -> pd.Series:
    """Not ended; not known where the feed has no referrals, that is, where nobody was ever received."""
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
    told = [
        "service",
        "therapist",
        "referral_source",
        "problem_descriptor",
        "quarter",
        "year",
        "end_reason",
        "end_day",
        "last_seen_day",
        "open",
    ]
    counted = [
        "days_waited",
        "weeks_waited",
        "treatment_contacts",
        "days_first_to_second",
        "assessed",
        "started",
        "completed",
        "highest_step",
        "therapy",
    ]
    return [*KEY, *told, *counted, *[name for name in _demographics(patients.head(0)) if name != "pseudonym"]]
