"""A library is kept to the day that was registered, and not a day longer; stopped half way, it is completed."""

from datetime import date

import pytest

from outcomes.errors import AccessError, ConfigError
from outcomes.library.retention import Term, end_storage, foresee_end, set_term, term_of
from outcomes.library.state import open_stores
from outcomes.library.tombstones import intended, refuse_erased, settle_beside

UNTIL = Term(date(2030, 12, 31), "protocol 7.2")


@pytest.fixture
def taken(place, feed):
    report = place.ingest(feed)
    return place, open_stores(place.library, place.vault, None), report.snapshot


def test_the_last_day_belongs_to_the_term(taken):
    assert not UNTIL.over(date(2030, 12, 31))
    assert UNTIL.over(date(2031, 1, 1))


def test_a_term_has_a_reason_and_the_one_before_is_told(taken):
    _, stores, _ = taken
    with pytest.raises(ConfigError, match="needs its reason"):
        set_term(stores, Term(date(2030, 12, 31), " "))
    assert term_of(stores) is None
    assert set_term(stores, Term(date(2029, 1, 1), "draft")) is None
    assert set_term(stores, UNTIL) == Term(date(2029, 1, 1), "draft")
    assert term_of(stores) == UNTIL


def test_nothing_goes_before_its_time(taken):
    place, stores, snapshot = taken
    with pytest.raises(AccessError, match="no term of storage is registered"):
        end_storage(stores, date(2031, 1, 1))
    set_term(stores, UNTIL)
    with pytest.raises(AccessError, match="nothing was removed"):
        end_storage(stores, date(2030, 12, 31))
    assert place.view().snapshot == snapshot


def test_afterwards_no_file_of_library_and_vault_is_left(taken):
    place, stores, snapshot = taken
    set_term(stores, UNTIL)
    foreseen = foresee_end(stores)
    told = end_storage(stores, date(2031, 1, 1))
    assert (told.people, told.files, told.snapshots) == (6, foreseen.files, {snapshot})
    assert [path for folder in (place.library, place.vault) for path in folder.rglob("*") if path.is_file()] == []
    settle_beside(place.library)
    assert intended(place.library) is None
    with pytest.raises(AccessError, match="it is not read"):
        refuse_erased(place.library, snapshot)


def test_what_was_stopped_half_way_is_completed(taken, monkeypatch):
    place, stores, snapshot = taken
    set_term(stores, UNTIL)
    with monkeypatch.context() as broken:
        broken.setattr("outcomes.library.retention._empty", _stop)
        with pytest.raises(KeyboardInterrupt):
            end_storage(stores, date(2031, 1, 1))
    with pytest.raises(AccessError, match="no library there"):
        place.view()
    end_storage(stores, date(2031, 1, 1))
    assert [path for path in place.vault.rglob("*") if path.is_file()] == []
    assert intended(place.library).snapshots == {snapshot}


def _stop(*_):
    raise KeyboardInterrupt
