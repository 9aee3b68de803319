"""Every kind of dirt is there, where the ledger says, and nowhere else."""

import pandas as pd
import pytest

from outcomes.simulation.dirt import RATES, soil
from outcomes.simulation.items import ITEM_COLUMNS
from outcomes.simulation.service import SimulatedService
from outcomes.simulation.writer import FEED_TABLES

Frames = dict[str, pd.DataFrame]
SIGNS = {
    "end_reason_missing": ("referrals", "end_code", r""),
    "referral_source_missing": ("referrals", "referral_source", r""),
    "medium_missing": ("contacts", "medium", r""),
    "never_discharged": ("referrals", "discharge_date", r""),
    "older_version": ("referrals", "discharge_date", r""),
    "unknown_patient": ("referrals", "patient_id", r"X\d+"),
    "resubmitted_under_new_id": ("referrals", "episode_id", r"N\d+"),
    "lost_zero": ("contacts", "appointment_type", r"[123]"),
    "blank_beside_code": ("contacts", "attendance", r" \d|\d "),
    "lower_case_code": ("patients", "ethnic_category", r"[a-z]"),
    "unknown_code": ("patients", "ethnic_category", r"CH|Si|00"),
    "free_text_therapy": ("contacts", "therapy", r"CHANGE ME|SilverCloud|Slvrcld"),
    "midnight_time": ("contacts", "contact_date", r"\d{4}-\d\d-\d\d 00:00:00"),
    "date_day_first": ("responses", "session_date", r"\d\d/\d\d/\d{4}"),
    "date_before_referral": ("responses", "session_date", r"1900-01-01"),
    "date_in_future": ("responses", "session_date", r"2099-12-31"),
    "date_impossible": ("responses", "session_date", r"\d{4}-02-30"),
    "birth_date_in_future": ("patients", "birth_date", r"2099-12-31"),
}


@pytest.fixture(scope="module")
def soiled(service: SimulatedService) -> tuple[Frames, pd.DataFrame]:
    return soil({name: getattr(service, name) for name in FEED_TABLES}, service.seed, service.settings)


def rows_of(soiled: tuple[Frames, pd.DataFrame], kind: str, table: str) -> pd.DataFrame:
    tables, ledger = soiled
    rows = ledger.loc[(ledger["kind"] == kind) & (ledger["table"] == table), "row"]
    return tables[table].iloc[rows.to_numpy(dtype=int) - 1]


def test_every_kind_is_in_the_ledger(soiled: tuple[Frames, pd.DataFrame]) -> None:
    assert set(soiled[1]["kind"]) == set(RATES)
    assert soiled[1]["row"].ge(1).all()


@pytest.mark.parametrize("kind", sorted(SIGNS))
def test_the_ledger_points_at_the_rows(soiled: tuple[Frames, pd.DataFrame], kind: str) -> None:
    table, column, pattern = SIGNS[kind]
    touched = rows_of(soiled, kind, table)[column]
    assert len(touched) > 0
    assert touched.str.fullmatch(pattern).all()


@pytest.mark.parametrize(
    "kind", ["lost_zero", "blank_beside_code", "lower_case_code", "midnight_time", "date_day_first", "date_impossible"]
)
def test_no_other_row_bears_the_sign(soiled: tuple[Frames, pd.DataFrame], kind: str) -> None:
    table, column, pattern = SIGNS[kind]
    found = soiled[0][table][column].str.fullmatch(pattern)
    copies = soiled[0][table].duplicated(keep=False)
    listed = rows_of(soiled, kind, table).index
    assert set(soiled[0][table].index[found & ~copies]) <= set(listed)


@pytest.mark.parametrize("kind", ["answer_out_of_range", "answer_not_available", "answer_fractional"])
def test_wrong_answers_stand_one_in_a_row(soiled: tuple[Frames, pd.DataFrame], kind: str) -> None:
    items = rows_of(soiled, kind, "responses")[list(ITEM_COLUMNS)]
    assert (~items.isin(["0", "1", "2", "3", ""])).sum(axis=1).eq(1).all()


def test_rows_reconcile(service: SimulatedService, soiled: tuple[Frames, pd.DataFrame]) -> None:
    tables, ledger = soiled
    counts = ledger.groupby(["kind", "table"]).size()
    added = counts["older_version", "referrals"] + counts["resubmitted_under_new_id", "referrals"]
    assert len(tables["referrals"]) == len(service.referrals) + added
    assert len(tables["contacts"]) == len(service.contacts) + counts["exact_duplicate", "contacts"]
    added = counts["exact_duplicate", "responses"] + counts["conflicting_duplicate", "responses"] // 2
    gone = len(service.responses) + added - len(tables["responses"])
    assert 0 < gone <= counts["month_without_scores", "contacts"]
    assert len(tables["patients"]) == len(service.patients)


def test_duplicates_are_exact_or_conflict(soiled: tuple[Frames, pd.DataFrame]) -> None:
    responses = soiled[0]["responses"]
    assert responses.duplicated(keep=False).loc[rows_of(soiled, "exact_duplicate", "responses").index].all()
    conflict = rows_of(soiled, "conflicting_duplicate", "responses")
    assert conflict.duplicated(["episode_id", "session_date"], keep=False).all()
    assert not conflict.duplicated(keep=False).any()


def test_older_versions_stand_before_the_newest(soiled: tuple[Frames, pd.DataFrame]) -> None:
    referrals = soiled[0]["referrals"]
    older = rows_of(soiled, "older_version", "referrals")
    newest = referrals[referrals["episode_id"].isin(older["episode_id"]) & referrals["discharge_date"].ne("")]
    assert len(newest) == len(older)
    assert older.index.max() < newest.index.min()


def test_wrong_check_digits_do_not_fit(soiled: tuple[Frames, pd.DataFrame]) -> None:
    numbers = rows_of(soiled, "nhs_number_wrong_digit", "patients")["nhs_number"]
    for number in numbers:
        digits = [int(digit) for digit in number]
        weighted = sum(digit * weight for digit, weight in zip(digits[:9], range(10, 1, -1), strict=True))
        assert (11 - weighted % 11) % 11 != digits[9]


def test_the_clean_tables_are_not_changed(service: SimulatedService) -> None:
    before = {name: getattr(service, name).copy() for name in FEED_TABLES}
    soil(before, 1, service.settings)
    for name, table in before.items():
        pd.testing.assert_frame_equal(table, getattr(service, name))


def test_the_ledger_holds_no_value(soiled: tuple[Frames, pd.DataFrame]) -> None:
    assert soiled[1].columns.tolist() == ["kind", "table", "row"]
