"""What does the library say, given the accepted rows? Pseudonyms for identifiers, day offsets for dates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.library.names import PLACE, Names, placed
from outcomes.library.relations import SEEN
from outcomes.library.typed import TEXT
from outcomes.reference.groups import grouping, groupings
from outcomes.reference.instruments import Instrument, instruments
from outcomes.tables.canonical import library_table
from outcomes.tables.feed import SURVEY, demographic_columns

MONTHS_OF_QUARTER: Final = 3
TOTAL_MISMATCH: Final = "total_disagrees_with_items"
EMPTY_SITTING: Final = "empty_sitting"
AFTER_END: Final = "contact_after_discharge"
PLANNED: Final = "planned"
CONTACT_CODES: Final = ("attendance", PLANNED, "appointment_type", "medium", "therapy", "step")


@dataclass(frozen=True, slots=True)
class Derived:
    """The library's tables.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Sorted by their keys.
    notes : mapping of (str, str, str) to int
        Table, column, rule to count: accepted, but worth knowing.
    """

    tables: Mapping[str, pd.DataFrame]
    notes: Mapping[tuple[str, str, str], int] = field(default_factory=dict)


def _calendar(days: pd.Series) -> pd.Series:
    return pd.to_datetime(days.astype("Int64"), unit="D", origin="unix")


def _quarter(received: pd.Series) -> pd.Series:
    months = _calendar(received)
    year, number = (part.astype("Int64").astype(TEXT) for part in (months.dt.year, months.dt.quarter))
    return pd.Series(year.str.cat(number, sep="Q"), dtype=TEXT)


def _age(people: pd.DataFrame, first: pd.Series) -> pd.Series:
    # Age in whole years on day zero of the first referral.
    age = pd.Series(np.nan, index=people.index)
    on = _calendar(first)
    if "age_years" in people:
        age = people["age_years"].astype(float)
    if "birth_year" in people:
        years = (on.dt.year - people["birth_year"].astype("Float64")).to_numpy(dtype=float, na_value=np.nan)
        age = pd.Series(years, index=people.index).fillna(age)
    if "birth_date" in people:
        born = _calendar(people["birth_date"])
        before_birthday = (on.dt.month < born.dt.month) | ((on.dt.month == born.dt.month) & (on.dt.day < born.dt.day))
        age = (on.dt.year - born.dt.year - before_birthday).astype(float).fillna(age)
    return age


def _banded(numbers: pd.Series, key: str) -> pd.Series:
    # Labels of bands; missing stays missing.
    said = numbers.notna()
    labels = grouping(key).label(numbers.map(lambda number: f"{number:g}", na_action="ignore").astype(TEXT))
    return labels.where(said).astype(TEXT)


def _patients(accepted: pd.DataFrame | None, names: Names) -> pd.DataFrame:
    people = names.people
    first = people["patient_id"].map(names.referrals.groupby("patient_id")["received"].min()).astype("Int32")
    columns = {"pseudonym": people["pseudonym"]}
    if accepted is not None:
        told = people[["patient_id"]].merge(accepted, on="patient_id", how="left")
        bands = {one.column: one.key for one in groupings().values() if one.bands and not one.codes}
        for column in [column for column in demographic_columns() if column.name in told]:
            columns[column.name] = (
                told[column.name] if column.type == "code" else _banded(told[column.name], bands[column.name])
            )
    columns["age_band"] = _banded(_age(people, first), "age_band")
    if accepted is not None:
        columns |= {one.name: told[one.name] for one in SURVEY if one.name in told}
    return pd.DataFrame(columns)


def _text_column(rows: pd.DataFrame, name: str) -> pd.Series:
    return rows[name].astype(TEXT) if name in rows else pd.Series(np.nan, index=rows.index, dtype=TEXT)


def _known_until(known: pd.DataFrame, extract_day: int | None) -> pd.Series:
    # Day of the extract, or of the last whole submission that had the referral where that is earlier.
    day = pd.Series(pd.NA if extract_day is None else extract_day, index=known.index, dtype="Int32")
    return known[SEEN].astype("Int32").fillna(day) if SEEN in known else day


def _referrals(accepted: pd.DataFrame | None, names: Names, extract_day: int | None) -> pd.DataFrame:
    known = names.referrals
    told = known
    if accepted is not None:
        columns = [name for name in accepted if name not in ("received_date", "therapist_id", SEEN)]
        told = known.merge(
            accepted[columns].rename(columns={"episode_id": "_episode"}), on=["patient_id", "_episode"], how="left"
        )
    missing = pd.Series(pd.NA, index=told.index, dtype="Int32")
    last = (_known_until(known, extract_day) - known["received"]).astype("Int32")
    return pd.DataFrame(
        {
            "pseudonym": known["pseudonym"],
            "referral": known["referral"],
            "service": _text_column(told, "service_id"),
            "therapist": _text_column(known, "therapist"),
            "referral_source": _text_column(told, "referral_source"),
            "problem_descriptor": _text_column(told, "problem_descriptor"),
            "quarter": _quarter(known["received"]),
            "end_day": (told["discharge_date"] - known["received"]).astype("Int32")
            if "discharge_date" in told
            else missing,
            "end_reason": _text_column(told, "end_code"),
            "last_seen_day": last,
        }
    )


def _days(rows: pd.DataFrame, date_column: str) -> pd.Series:
    missing = pd.Series(pd.NA, index=rows.index, dtype="Int32")
    day = rows["day"].astype("Int32") if "day" in rows else missing
    return (rows[date_column] - rows["received"]).astype("Int32").fillna(day) if date_column in rows else day


def _order(rows: pd.DataFrame, numbers: Sequence[NDArray[np.int64]], ties: Sequence[str]) -> NDArray[np.intp]:
    # Row order by whole numbers first and, only where those tie, by columns of text.
    order = np.lexsort(tuple(reversed(numbers)))
    ranked = pd.DataFrame({place: number[order] for place, number in enumerate(numbers)})
    tied = ranked.duplicated(keep=False).to_numpy()
    if tied.any() and ties:
        members = order[tied]
        among = pd.DataFrame({f"number {place}": number[members] for place, number in enumerate(numbers)})
        for name in ties:
            among[name] = rows[name].to_numpy()[members]
        order[tied] = members[among.sort_values(list(among.columns)).index.to_numpy()]
    return order


def _running_number(places: NDArray[np.int64]) -> NDArray[np.int64]:
    # 1, 2, 3 ... within each run of equal places.
    if not len(places):
        return places
    starts = np.flatnonzero(np.r_[True, places[1:] != places[:-1]])
    return np.arange(1, len(places) + 1) - np.repeat(starts, np.diff(np.r_[starts, len(places)]))


def _keyed(rows: pd.DataFrame, names: Names) -> dict[str, pd.Series]:
    places = rows[PLACE].to_numpy()
    return {name: names.referrals[name].take(places).reset_index(drop=True) for name in ("pseudonym", "referral")}


def _contacts(accepted: pd.DataFrame, names: Names, end_day: pd.Series) -> tuple[pd.DataFrame, int]:
    # The table, and how many contacts are later than the end of their referral.
    rows = placed(accepted, names)
    day = _days(rows, "contact_date")
    kept = [name for name in library_table("contacts").names if name in rows]
    ties = [*(["contact_id"] if "contact_id" in rows else []), *kept]
    order = _order(rows, [rows[PLACE].to_numpy(), day.to_numpy(dtype=np.int64, na_value=0)], ties)
    rows, day = rows.take(order).reset_index(drop=True), day.take(order).reset_index(drop=True)
    number = pd.Series(_running_number(rows[PLACE].to_numpy())).astype("Int32")
    told = {name: _text_column(rows, name) for name in CONTACT_CODES if name in rows or name != PLANNED}
    late = day.gt(end_day.take(rows[PLACE].to_numpy()).reset_index(drop=True)).fillna(value=False)
    return pd.DataFrame({**_keyed(rows, names), "contact_number": number, "day": day, **told}), int(late.sum())


def _sittings(accepted: pd.DataFrame, names: Names) -> pd.DataFrame:
    # Sittings in their order, numbered; `occasion` and `day` stand first.
    rows = placed(accepted, names)
    day = _days(rows, "session_date")
    given = (
        rows["occasion"].astype("Int32") if "occasion" in rows else pd.Series(pd.NA, index=rows.index, dtype="Int32")
    )
    partly = given.isna().groupby(rows[PLACE]).transform("any").to_numpy()
    numbers = [rows[PLACE].to_numpy(), given.mask(partly).to_numpy(dtype=np.int64, na_value=0)]
    numbers += [day.to_numpy(dtype=np.int64, na_value=0), given.to_numpy(dtype=np.int64, na_value=0)]
    order = _order(rows, numbers, [])
    rows = rows.assign(day=day, occasion=given.mask(partly)).take(order).reset_index(drop=True)
    running = pd.Series(_running_number(rows[PLACE].to_numpy())).astype("Int32")
    return rows.assign(occasion=rows["occasion"].fillna(running).astype("Int32"))


def _occasions(rows: pd.DataFrame, names: Names) -> pd.DataFrame:
    items = [name for name in library_table("occasions").names if name in rows and name not in ("occasion", "day")]
    return pd.DataFrame(
        {
            **_keyed(rows, names),
            "occasion": rows["occasion"],
            "day": rows["day"],
            **{name: rows[name] for name in items},
        }
    )


def _answered(rows: pd.DataFrame, one: Instrument) -> tuple[pd.Series, pd.Series]:
    # Whether some and whether all items of an instrument are answered.
    present = [name for name in one.item_columns if name in rows]
    if not present:
        none = pd.Series(data=False, index=rows.index)
        return none, none
    told = rows[present].notna()
    return told.any(axis=1), told.all(axis=1) & (len(present) == len(one.items))


def _scores(rows: pd.DataFrame, names: Names) -> tuple[pd.DataFrame | None, dict[tuple[str, str, str], int]]:
    pieces, notes = [], {}
    for one in [one for one in instruments().values() if one.total_column in rows]:
        total = rows[one.total_column].astype(float)
        some, every = _answered(rows, one)
        alone = (total.notna() & ~some).to_numpy()
        part = rows[alone]
        columns = {**_keyed(part, names), "occasion": part["occasion"].array, "day": part["day"].array}
        pieces.append(
            pd.DataFrame(
                {
                    **columns,
                    "instrument": pd.Series(one.key, index=range(len(part)), dtype=TEXT),
                    "total": total[alone].array,
                }
            )
        )
        if (
            one.aggregation == "sum"
            and every.any()
            and not any(item.reverse or item.not_applicable for item in one.items)
        ):
            differs = every & total.notna() & rows[list(one.item_columns)].sum(axis=1).astype(float).ne(total)
            notes["responses", one.total_column, TOTAL_MISMATCH] = int(differs.sum())
    if not sum(map(len, pieces)):
        return None, notes
    return pd.concat(pieces, ignore_index=True).sort_values(
        ["pseudonym", "referral", "occasion", "instrument"], ignore_index=True
    ), notes


def derive(accepted: Mapping[str, pd.DataFrame], names: Names, extract_day: int | None) -> Derived:
    """Say what the library holds, given the accepted rows.

    Parameters
    ----------
    accepted : mapping of str to DataFrame
        As `relations.settle` returns them.
    names : Names
        Pseudonyms and day zero.
    extract_day : int or None
        Day of the extract since 1970-01-01.

    Returns
    -------
    Derived
        patients, referrals and occasions always; contacts where the feed has them; scores where totals came without
        items.
    """
    tables = {
        "patients": _patients(accepted.get("patients"), names),
        "referrals": _referrals(accepted.get("referrals"), names, extract_day),
    }
    late = 0
    if "contacts" in accepted:
        tables["contacts"], late = _contacts(accepted["contacts"], names, tables["referrals"]["end_day"])
    rows = _sittings(accepted["responses"], names)
    tables["occasions"] = _occasions(rows, names)
    scores, notes = _scores(rows, names)
    if scores is not None:
        tables["scores"] = scores
    told = [name for name in rows if name in library_table("occasions").names[4:] or str(name).endswith("_total")]
    notes["contacts", "contact_date", AFTER_END] = late
    notes["responses", "", EMPTY_SITTING] = int(rows[told].isna().all(axis=1).sum())
    return Derived(tables, {place: count for place, count in notes.items() if count})
