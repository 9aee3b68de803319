"""A tombstone is found again under every way to write a number, names nobody, and a damaged register lets nobody in."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcomes.errors import AccessError
from outcomes.library.keyring import PseudonymKey
from outcomes.library.tombstones import (
    NHS_NUMBER,
    PATIENT,
    Tombstones,
    buried,
    bury,
    bury_beside,
    folder_of,
    intend,
    intended,
    mark,
    mark_of,
    marked,
    one_at_a_time,
    plain,
    refuse_erased,
    settle_beside,
    settle_intent,
    write_whole,
)

KEY, OTHER = PseudonymKey(b"k" * 32), PseudonymKey(b"o" * 32)
GONE = Tombstones(frozenset({mark(KEY, PATIENT, "A1")}), frozenset({"5f" * 16}), KEY.fingerprint)

SAME = """
domain     | one          | other         | same | why
patient    | A1           | ' A1 '        | yes  | blanks around an identifier say nothing
patient    | 00123        | 123           | no   | two local identifiers are two people
patient    | a1           | A1            | no   | the provider decides what letters mean
nhs_number | 999 000 0001 | 9990000001    | yes  | the groups of the number are for reading
nhs_number | 999-000-0001 | ' 9990000001' | yes  | likewise
nhs_number | 9990000001   | 9990000002    | no   | another person
"""


@pytest.mark.parametrize("line", SAME.strip().splitlines()[1:])
def test_which_identifiers_are_the_same(line):
    domain, one, other, same, _ = (cell.strip().strip("'") for cell in line.split("|"))
    other = line.split("|")[2].strip().strip("'")
    assert (mark(KEY, domain, one) == mark(KEY, domain, other)) == (same == "yes")


@given(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12))
def test_a_mark_is_known_from_the_pseudonym_and_says_nothing_of_the_identifier(identifier):
    said = mark(KEY, PATIENT, identifier)
    assert said == mark_of(KEY.pseudonym(PATIENT, identifier))
    assert len(said) == 32
    assert said != mark(OTHER, PATIENT, identifier)
    assert said != mark(KEY, NHS_NUMBER, identifier)


def test_a_column_is_compared_with_the_register_and_blanks_are_nobody():
    column = pd.Series(["A1", None, "A2", "A1"], dtype="str")
    assert marked(KEY, PATIENT, column, GONE.marks).tolist() == [True, False, False, True]
    assert marked(KEY, PATIENT, column, frozenset()).tolist() == [False] * 4
    assert plain(" 12-3 4") == "1234"
    assert plain(" A 1") == "A 1"


def test_intent_register_and_settlement(place, feed):
    snapshot = place.ingest(feed).snapshot
    what = Tombstones(GONE.marks, frozenset({snapshot}), GONE.key)
    assert intended(place.library) is None
    intend(place.library, what)
    intend(place.library, what)
    assert intended(place.library) == buried(place.library) == what
    with pytest.raises(AccessError, match="under way or was stopped half way"):
        refuse_erased(place.library, "another")
    settle_intent(place.library, place.safe)
    assert intended(place.library) is None
    refuse_erased(place.library, "another")
    with pytest.raises(AccessError, match="held somebody who was erased since"):
        refuse_erased(place.library, snapshot)


def test_each_copy_of_the_register_is_enough(place, feed):
    place.ingest(feed)
    bury(place.library, place.safe, GONE)
    (folder_of(place.library) / "tombstones.json").unlink()
    assert buried(place.library) == Tombstones()
    assert buried(place.library, place.safe) == GONE
    bury_beside(place.library, place.safe)
    place.safe.remove_note("tombstones")
    assert buried(place.library, place.safe) == GONE
    settle_beside(place.library)
    assert buried(place.library) == GONE


def test_two_keys_do_not_make_one_register(tmp_path):
    intend(tmp_path / "library", GONE)
    with pytest.raises(AccessError, match="another pseudonym key"):
        intend(tmp_path / "library", Tombstones(frozenset({"x"}), frozenset(), OTHER.fingerprint))


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "other"])
def test_a_damaged_register_is_refused(tmp_path, damage):
    library = tmp_path / "library"
    intend(library, GONE)
    place = folder_of(library) / "pending.json"
    text = place.read_text()
    first = next(iter(GONE.marks))
    changed = {"flip": text.replace(first, first[::-1]), "cut": text[:-9], "empty": "", "other": "[1, 2]"}[damage]
    place.write_text(changed)
    with pytest.raises(AccessError, match="register of erased people is damaged"):
        buried(library)


def test_one_erasure_at_a_time(tmp_path):
    with one_at_a_time(tmp_path / "library"):  # noqa: SIM117  the second is refused inside the first
        with pytest.raises(AccessError, match="another erasure is at work"), one_at_a_time(tmp_path / "library"):
            pytest.fail("it must not begin")


def test_files_are_for_their_owner_and_a_folder_that_cannot_be_made_is_said(tmp_path):
    write_whole(tmp_path / "new" / "file.json", b"{}")
    assert (tmp_path / "new" / "file.json").stat().st_mode & 0o777 == 0o600
    (tmp_path / "file").write_text("x")
    with pytest.raises(AccessError, match="cannot be written"):
        write_whole(tmp_path / "file" / "below.json", b"{}")
