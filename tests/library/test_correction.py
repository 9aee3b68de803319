"""A correction is a new version: the old snapshot says the old value, the new one the new; a feed does not undo it."""

import pandas as pd
import pytest

from outcomes.errors import ConfigError, DataError
from outcomes.library.correction import CORRECTIONS, correct, read_corrections
from outcomes.library.erase import erase, find
from outcomes.library.keyring import source_key
from outcomes.library.source import Source
from outcomes.library.state import open_stores

HEADER = "table,patient_id,episode_id,session_date,contact_id,column,value,reason\n"
TODAY = pd.Timestamp("2023-12-31").date()
ANSWER = "responses,00001,E2,2022-04-21,,phq9_1,{},typing error\n"


def key_of():
    return source_key(Source(format="tidy_wide", kind="anonymised", reason="made for tests", files={}), None, ())


def put_right(place, text, *, dry_run=False):
    stores = open_stores(place.library, place.vault, None)
    return correct(stores, read_corrections(HEADER + text), key_of(), today=TODAY, dry_run=dry_run)


def answers(place, snapshot=None):
    """First answer of everybody's first sitting."""
    rows = place.view(snapshot=snapshot).tables["occasions"]
    return rows[rows["occasion"].eq(1)].groupby("referral")["phq9_1"].first()


@pytest.fixture
def taken(place, feed):
    responses = feed["responses"].assign(phq9_1="1")
    return place, feed | {"responses": responses}, place.ingest(feed | {"responses": responses})


def test_a_corrected_answer_is_a_new_version_and_the_old_one_can_still_be_read(taken):
    place, _, report = taken
    told = put_right(place, ANSWER.format("3"))
    assert told.values == {"responses": 1}
    assert told.before == report.snapshot != told.after
    assert sorted(answers(place)) == [1, 1, 1, 1, 1, 1, 3]
    assert sorted(answers(place, report.snapshot)) == [1] * 7
    register = place.safe.tables(place.shelf.head()["vault"])[CORRECTIONS]
    assert register[["column", "before", "after", "reason"]].to_numpy().tolist() == [
        ["phq9_1", "1", "3", "typing error"]
    ]


def test_the_same_feed_again_does_not_undo_it(taken):
    place, fed, _ = taken
    told = put_right(place, ANSWER.format("3"))
    again = place.ingest(fed)
    assert again.snapshot == told.after
    assert not again.changed
    assert len(place.safe.tables(place.shelf.head()["vault"])[CORRECTIONS]) == 1


def test_a_second_correction_follows_the_first(taken):
    place, *_ = taken
    put_right(place, ANSWER.format("3"))
    put_right(place, ANSWER.format("2") + ANSWER.format("0"))
    assert sorted(answers(place)) == [0, 1, 1, 1, 1, 1, 1]
    register = place.safe.tables(place.shelf.head()["vault"])[CORRECTIONS]
    assert register["before"].tolist() == ["1", "3", "2"]


def test_dates_and_codes_of_other_tables_and_blanks(taken):
    place, *_ = taken
    lines = (
        "referrals,00001,E2,,,discharge_date,2022-10-01,late letter\n"
        "patients,00001,,,,gender,1,asked again\n"
        "contacts,00001,E2,,C2-1,attendance,,not known\n"
    )
    told = put_right(place, lines)
    assert told.values == {"referrals": 1, "patients": 1, "contacts": 1}
    tables = place.view().tables
    assert (tables["referrals"]["end_day"] == 183).sum() == 1
    assert tables["contacts"]["attendance"].isna().sum() == 1


WRONG = {
    "no_such_row": "responses,00001,E2,2022-01-01,,phq9_1,3,x\n",
    "no_such_table": "people,00001,,,,gender,1,x\n",
    "no_such_column": "patients,00001,,,,patient_id,00009,x\n",
    "several_rows": "responses,00001,E2,,,phq9_1,3,x\n",
    "no_reason": ANSWER.format("3").replace("typing error", " "),
    "out_of_range": ANSWER.format("7"),
    "date_in_future": "referrals,00001,E2,,,discharge_date,2031-01-01,x\n",
}


@pytest.mark.parametrize("rule", WRONG)
def test_what_cannot_be_right_changes_nothing_and_shows_no_value(taken, rule):
    place, _, report = taken
    with pytest.raises(DataError, match=rf"nothing was changed \({rule}: 1, first at row 3\)") as caught:
        put_right(place, ANSWER.format("3") + WRONG[rule])
    assert not {"00001", "E2", "2031"} & set(str(caught.value).replace(",", " ").split())
    assert place.shelf.head()["current"] == report.snapshot


def test_a_dry_run_changes_nothing(taken):
    place, _, report = taken
    assert put_right(place, ANSWER.format("3"), dry_run=True).values == {"responses": 1}
    assert place.shelf.head()["current"] == report.snapshot


def test_an_erased_person_leaves_the_register_too(taken):
    place, *_ = taken
    put_right(place, ANSWER.format("3"))
    stores = open_stores(place.library, place.vault, None)
    assert erase(stores, find(stores, ["00001"], domain="patient"), key_of()).vault[CORRECTIONS] == 1
    assert len(place.safe.tables(place.shelf.head()["vault"])[CORRECTIONS]) == 0


def test_a_file_of_other_columns_is_refused():
    with pytest.raises(ConfigError, match="columns reason are missing and 1 are not known"):
        read_corrections("table,patient_id,column,value,surname\nx,1,y,2,z\n")
    with pytest.raises(ConfigError, match="are missing"):
        read_corrections("")


@pytest.mark.parametrize("text", ['table,patient_id\n"secret', 'table,patient_id\n"secret"x,1\n'])
def test_a_file_that_is_no_csv_is_a_fault_of_the_file_and_no_cell_is_repeated(text):
    with pytest.raises(ConfigError, match="no proper CSV") as caught:
        read_corrections(text)
    assert "secret" not in str(caught.value)
