"""How dirty are real extracts? Soils a clean feed on purpose, and keeps a ledger of every row that was touched."""

from collections.abc import Callable
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.simulation.items import ITEM_COLUMNS
from outcomes.simulation.settings import ServiceSettings

Frames = dict[str, pd.DataFrame]

_UID: Final = "row_before_soiling"
_LONG_AGO: Final = "1900-01-01"
_FAR_AHEAD: Final = "2099-12-31"

RATES: Final[dict[str, float]] = {
    "end_reason_missing": 0.42,
    "referral_source_missing": 0.32,
    "medium_missing": 0.33,
    "never_discharged": 0.032,
    "older_version": 0.06,
    "resubmitted_under_new_id": 0.010,
    "unknown_patient": 0.004,
    "contact_id_reused": 0.004,
    "month_without_scores": 0.02,
    "lost_zero": 0.03,
    "blank_beside_code": 0.02,
    "lower_case_code": 0.03,
    "unknown_code": 0.01,
    "free_text_therapy": 0.005,
    "answer_out_of_range": 0.004,
    "answer_not_available": 0.004,
    "answer_fractional": 0.002,
    "exact_duplicate": 0.010,
    "conflicting_duplicate": 0.003,
    "midnight_time": 0.02,
    "date_day_first": 0.004,
    "date_before_referral": 0.003,
    "date_in_future": 0.002,
    "date_impossible": 0.001,
    "nhs_number_wrong_digit": 0.003,
    "birth_date_in_future": 0.001,
}
"""Share of rows that each kind touches; what is missing or undischarged is near its share in national data."""


class _Soiling:
    """The tables while they are being soiled: text only, rows numbered, and which rows still are clean."""

    def __init__(self, tables: Frames, rng: np.random.Generator, settings: ServiceSettings) -> None:
        self.rng, self.settings = rng, settings
        self.tables = {name: _as_text(table) for name, table in tables.items()}
        for table in self.tables.values():
            table[_UID] = np.arange(len(table))
        self._clean = {name: np.ones(len(table), dtype=np.bool_) for name, table in self.tables.items()}
        self._entries: list[pd.DataFrame] = []

    def pick(self, table: str, kind: str, *, where: pd.Series | None = None, noted: bool = True) -> NDArray[np.intp]:
        # Choose rows that nothing has touched yet, in the share of the kind, and note them.
        possible = self._clean[table].copy()
        if where is not None:
            possible[where.index[~where.to_numpy(dtype=np.bool_)]] = False
        candidates = np.flatnonzero(possible)
        size = min(len(candidates), self.how_many(table, kind))
        chosen = np.sort(self.rng.choice(candidates, size=size, replace=False)) if size else candidates[:0]
        self._clean[table][chosen] = False
        if noted:
            self.note(table, kind, chosen)
        return chosen

    def size(self, table: str) -> int:
        # Rows before soiling.
        return len(self._clean[table])

    def how_many(self, table: str, kind: str) -> int:
        # Its share of the rows, and one at least.
        return max(1, round(RATES[kind] * len(self._clean[table])))

    def note(self, table: str, kind: str, uids: NDArray[np.intp]) -> None:
        """Remember touched rows by their number before soiling (or after, for rows that were added)."""
        self._entries.append(pd.DataFrame({"kind": kind, "table": table, _UID: uids}))

    def write(
        self, table: str, rows: NDArray[np.intp], column: str, values: str | NDArray[np.object_] | pd.Series
    ) -> None:
        """Put text into cells."""
        self.tables[table].loc[rows, column] = values

    def remove(self, table: str, gone: pd.Series) -> None:
        """Take rows out of a table."""
        self._clean[table][gone.index[gone.to_numpy(dtype=np.bool_)]] = False
        self.tables[table] = self.tables[table][~gone]

    def add(self, table: str, kind: str, rows: pd.DataFrame, *, first: bool = False) -> None:
        """Add rows at the end (or the beginning) of a table, and note them."""
        whole = self.tables[table]
        start = int(whole[_UID].max()) + 1 if len(whole) else 0
        rows = rows.assign(**{_UID: np.arange(start, start + len(rows))}).set_index(_UID, drop=False)
        self.note(table, kind, rows[_UID].to_numpy())
        self.tables[table] = pd.concat([rows, whole] if first else [whole, rows])

    def done(self) -> tuple[Frames, pd.DataFrame]:
        # Number the rows as they stand in the files, and drop the working column.
        ledger = pd.concat(self._entries, ignore_index=True)
        parts = []
        for name, table in self.tables.items():
            place = pd.Series(np.arange(1, len(table) + 1), index=table[_UID].to_numpy())
            part = ledger[ledger["table"] == name]
            parts.append(part.assign(row=place.reindex(part[_UID]).to_numpy())[["kind", "table", "row"]])
        entries = pd.concat(parts, ignore_index=True)
        entries["rank"] = entries["kind"].map({kind: rank for rank, kind in enumerate(RATES)})
        entries = entries.sort_values(["rank", "table", "row"]).drop(columns="rank")
        clean = {name: table.drop(columns=_UID).reset_index(drop=True) for name, table in self.tables.items()}
        return clean, entries.reset_index(drop=True)


def _as_text(table: pd.DataFrame) -> pd.DataFrame:
    text = {
        column: np.where(values.isna(), "", values.astype("str").to_numpy(object)) for column, values in table.items()
    }
    return pd.DataFrame(text, dtype=object)


def soil(tables: Frames, seed: int, settings: ServiceSettings) -> tuple[Frames, pd.DataFrame]:
    """Soil a clean feed as real extracts are soiled.

    Parameters
    ----------
    tables : dict of DataFrame
        `patients`, `referrals`, `contacts` and `responses`; they are not changed.
    seed : int
        Seed of the service.
    settings : ServiceSettings
        Dates of the service.

    Returns
    -------
    tuple
        The soiled tables, all text, and the ledger: `kind` (a key of `RATES`), `table`, `row` (1 = the first row under
        the header). Kinds that change single cells never meet in one row, except the missing codes. Of an exact
        duplicate, an older version and a resubmission the added row is listed, of a conflict both rows; a month
        without scores lists the contacts whose questionnaire was taken away.

    Notes
    -----
    The kinds follow what is known of real extracts: resubmitted and truncated versions, reused and changed
    identifiers, lost zeros and blanks in codes, answers out of range, default times, missing codes. Rows that are
    broken as CSV are not among them.
    """
    work = _Soiling(tables, np.random.default_rng([seed, len(RATES)]), settings)
    for step in _STEPS:
        step(work)
    return work.done()


def _missing_codes(work: _Soiling) -> None:
    for table, column, kind in (
        ("referrals", "end_code", "end_reason_missing"),
        ("referrals", "referral_source", "referral_source_missing"),
        ("contacts", "medium", "medium_missing"),
    ):
        filled = np.flatnonzero(work.tables[table][column].ne("").to_numpy())
        rows = np.sort(work.rng.choice(filled, size=round(RATES[kind] * len(filled)), replace=False))
        work.write(table, rows, column, "")
        work.note(table, kind, rows)


def _codes(work: _Soiling) -> None:
    contacts, patients = work.tables["contacts"], work.tables["patients"]
    rows = work.pick("contacts", "lost_zero")
    work.write("contacts", rows, "appointment_type", contacts.loc[rows, "appointment_type"].str.lstrip("0"))
    rows = work.pick("contacts", "blank_beside_code")
    sides = work.rng.random(len(rows)) < 1 / 2
    text = contacts.loc[rows, "attendance"]
    work.write("contacts", rows, "attendance", np.where(sides, " " + text, text + " "))
    rows = work.pick("patients", "lower_case_code", where=patients["ethnic_category"].ne(""))
    work.write("patients", rows, "ethnic_category", patients.loc[rows, "ethnic_category"].str.lower())
    rows = work.pick("patients", "unknown_code")
    work.write("patients", rows, "ethnic_category", work.rng.choice(["CH", "Si", "00"], len(rows)))
    rows = work.pick("contacts", "free_text_therapy", where=contacts["therapy"].ne(""))
    work.write("contacts", rows, "therapy", work.rng.choice(["CHANGE ME", "SilverCloud", "Slvrcld"], len(rows)))


def _answers(work: _Soiling) -> None:
    for kind, words in (
        ("answer_out_of_range", ["4", "7", "9", "-1"]),
        ("answer_not_available", ["NA", "N/A", "NULL"]),
        ("answer_fractional", ["0.5", "1.5", "2.67"]),
    ):
        rows = work.pick("responses", kind)
        columns = np.array(ITEM_COLUMNS)[work.rng.integers(0, len(ITEM_COLUMNS), len(rows))]
        for column in sorted(set(columns)):
            here = rows[columns == column]
            work.write("responses", here, column, work.rng.choice(words, len(here)))


def _dates(work: _Soiling) -> None:
    contacts, responses = work.tables["contacts"], work.tables["responses"]
    rows = work.pick("contacts", "midnight_time")
    work.write("contacts", rows, "contact_date", contacts.loc[rows, "contact_date"] + " 00:00:00")
    rows = work.pick("responses", "date_day_first")
    parts = responses.loc[rows, "session_date"].str.split("-")
    work.write("responses", rows, "session_date", parts.str[2] + "/" + parts.str[1] + "/" + parts.str[0])
    rows = work.pick("responses", "date_before_referral")
    work.write("responses", rows, "session_date", _LONG_AGO)
    rows = work.pick("responses", "date_in_future")
    work.write("responses", rows, "session_date", _FAR_AHEAD)
    rows = work.pick("responses", "date_impossible")
    work.write("responses", rows, "session_date", responses.loc[rows, "session_date"].str[:4] + "-02-30")
    rows = work.pick("patients", "birth_date_in_future")
    work.write("patients", rows, "birth_date", _FAR_AHEAD)


def _identifiers(work: _Soiling) -> None:
    patients = work.tables["patients"]
    rows = work.pick("patients", "nhs_number_wrong_digit")
    last = (patients.loc[rows, "nhs_number"].str[-1].astype(int) + 1) % 10
    work.write("patients", rows, "nhs_number", patients.loc[rows, "nhs_number"].str[:-1] + last.astype(str))
    rows = work.pick("referrals", "unknown_patient")
    work.write("referrals", rows, "patient_id", "X" + work.tables["referrals"].loc[rows, "patient_id"].str[1:])
    rows = work.pick("contacts", "contact_id_reused")
    others = work.rng.integers(0, len(work.tables["contacts"]), len(rows))
    work.write("contacts", rows, "contact_id", work.tables["contacts"]["contact_id"].to_numpy()[others])


def _referral_versions(work: _Soiling) -> None:
    open_before = work.tables["referrals"]["discharge_date"].eq("")
    rows = work.pick("referrals", "never_discharged", where=~open_before)
    work.write("referrals", rows, "discharge_date", "")
    work.write("referrals", rows, "end_code", "")
    rows = work.pick("referrals", "resubmitted_under_new_id", where=open_before, noted=False)
    again = work.tables["referrals"].loc[rows]
    work.add("referrals", "resubmitted_under_new_id", again.assign(episode_id="N" + again["episode_id"].str[1:]))
    rows = work.pick("referrals", "older_version", where=~open_before, noted=False)
    older = work.tables["referrals"].loc[rows].assign(discharge_date="", end_code="")
    work.add("referrals", "older_version", older, first=True)


def _duplicates(work: _Soiling) -> None:
    for table in ("responses", "contacts"):
        rows = work.pick(table, "exact_duplicate", noted=False)
        work.add(table, "exact_duplicate", work.tables[table].loc[rows])
    column = ITEM_COLUMNS[0]
    originals = work.tables["responses"].loc[lambda table: table[_UID] < work.size("responses")]
    rows = work.pick("responses", "conflicting_duplicate", where=originals[column].isin(list("0123")))
    other = work.tables["responses"].loc[rows]
    work.add(
        "responses",
        "conflicting_duplicate",
        other.assign(**{column: ((other[column].astype(int) + 1) % 4).astype(str)}),
    )


def _months_without_scores(work: _Soiling) -> None:
    """Whole service-months go without a questionnaire, until the share is reached."""
    responses, referrals, contacts = (work.tables[name] for name in ("responses", "referrals", "contacts"))
    service = referrals.set_index("episode_id")["service_id"]
    months = responses["episode_id"].map(service) + responses["session_date"].str[:7]
    counts = months.value_counts(sort=False).sort_index()
    counts = counts.iloc[work.rng.permutation(len(counts))]
    taken = counts.index[counts.cumsum() <= max(work.how_many("responses", "month_without_scores"), counts.iloc[0])]
    gone = months.isin(taken)
    lost = pd.MultiIndex.from_frame(responses.loc[gone, ["episode_id", "session_date"]])
    sat = pd.MultiIndex.from_frame(contacts[["episode_id", "contact_date"]]).isin(lost)
    attended = sat & contacts["attendance"].eq("5").to_numpy()
    work.note("contacts", "month_without_scores", contacts.index[attended].to_numpy())
    work.remove("responses", gone)


_STEPS: Final[tuple[Callable[[_Soiling], None], ...]] = (
    _months_without_scores,
    _missing_codes,
    _codes,
    _answers,
    _dates,
    _identifiers,
    _duplicates,
    _referral_versions,
)
