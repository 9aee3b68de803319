"""A name stands once; who reads a table sees it in every row; forgetting one person writes one part a table."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from outcomes.library import lending
from outcomes.library.lending import LENDERS, families, in_order, lend, lender_of, parted, restored
from outcomes.library.parts import as_arrow, to_arrow, to_frame
from outcomes.library.sealing import library_key
from outcomes.library.store import Store

KEY = library_key(None)


def service(people=40, seed=4):
    """A library of a few people with up to three referrals each, and an occasion that no referral claims."""
    rng = np.random.default_rng(seed)
    names = sorted(rng.bytes(16).hex() for _ in range(people))
    sent = sorted((name, rng.bytes(16).hex()) for name in names for _ in range(rng.integers(0, 4)))
    sat = [(*pair, number) for pair in sent for number in range(rng.integers(0, 5))]
    sat = sorted([*sat, (names[0], "f" * 32, 1)])
    text = {"pseudonym": "str", "referral": "str"}
    return {
        "patients": pd.DataFrame({"pseudonym": names}).astype({"pseudonym": "str"}),
        "referrals": pd.DataFrame(sent, columns=list(text)).astype(text),
        "occasions": pd.DataFrame(sat, columns=[*text, "occasion"]).astype({**text, "occasion": "Int32"}),
    }


@pytest.fixture(params=["one part", "sixteen parts"])
def shelf(request, tmp_path, monkeypatch):
    if request.param == "sixteen parts":
        monkeypatch.setattr(lending, "ROWS_PER_PART", 10)
    return Store(tmp_path / "s", key=KEY)


def plain(shelf, name, table):
    """The columns of a table as its files have them."""
    parts = shelf.manifest(name)["tables"][table]["parts"]
    files = [(shelf.root / "parts" / f"{part['sha256']}.part").read_bytes() for part in parts]
    return to_frame(pa.concat_tables([to_arrow(KEY.open(sealed, "part", what="part")) for sealed in files]))


def same(found, tables):
    assert list(found) == list(tables)
    for name in tables:
        pd.testing.assert_frame_equal(found[name], tables[name])


def test_what_is_lent_is_read_as_it_was(shelf):
    tables = service()
    with shelf.writing():
        shelf.put(tables, "abc", {})
    same(shelf.tables("abc"), dict(sorted(tables.items())))
    same(shelf.tables("abc", ["occasions"]), {"occasions": tables["occasions"]})


def test_a_name_stands_once(shelf):
    tables = service()
    with shelf.writing():
        shelf.put(tables, "abc", {})
    assert plain(shelf, "abc", "patients")["pseudonym"].notna().all()
    sent = plain(shelf, "abc", "referrals")
    assert sent["pseudonym"].isna().all()
    assert sent["referral"].notna().all()
    sat = plain(shelf, "abc", "occasions")
    kept = sat[sat["pseudonym"].notna() | sat["referral"].notna()]
    assert kept["referral"].tolist() == ["f" * 32]  # the one that no referral lends
    assert sat["_place"].isna().sum() == 1


@pytest.mark.parametrize("who", range(0, 40, 3))
def test_who_is_forgotten_leaves_what_was_never_put(shelf, who):
    tables = service()
    gone = tables["patients"]["pseudonym"].tolist()[who]
    left = {name: frame[frame["pseudonym"] != gone].reset_index(drop=True) for name, frame in tables.items()}
    label = "kind"
    with shelf.writing():
        shelf.put(tables, shelf.name(tables, label), {})
        before = {path.name for path in (shelf.root / "parts").iterdir()}
        new = shelf.without(shelf.name(tables, label), {"pseudonym": [gone]}, label=label)
    written = {path.name for path in (shelf.root / "parts").iterdir()} - before
    assert new == shelf.name(left, label)
    same(shelf.tables(new), dict(sorted(left.items())))
    assert 1 <= len(written) <= len(tables)
    with shelf.writing():
        shelf.put(left, "again", {})
    assert shelf.manifest("again")["tables"] == shelf.manifest(new)["tables"]


def test_a_family_that_has_become_small_is_one_part_a_table(tmp_path, monkeypatch):
    tables = service()
    monkeypatch.setattr(lending, "ROWS_PER_PART", len(tables["occasions"]) - 1)
    shelf = Store(tmp_path, key=KEY)
    busy = tables["occasions"]["pseudonym"].mode()[0]
    with shelf.writing():
        shelf.put(tables, shelf.name(tables, ""), {})
        new = shelf.without(shelf.name(tables, ""), {"pseudonym": [busy]}, label="")
    assert {len(entry["parts"]) for entry in shelf.manifest(new)["tables"].values()} == {1}
    left = {name: frame[frame["pseudonym"] != busy].reset_index(drop=True) for name, frame in tables.items()}
    assert new == shelf.name(left, "")
    same(shelf.tables(new), dict(sorted(left.items())))


def test_the_rows_of_one_person_are_found_through_the_lender(shelf):
    tables = service()
    with shelf.writing():
        shelf.put(tables, "abc", {})
    for who in tables["patients"]["pseudonym"]:
        found = shelf.of("abc", {"pseudonym": [who]})
        for name, frame in tables.items():
            wanted = frame[frame["pseudonym"] == who].reset_index(drop=True)
            assert found[name].reset_index(drop=True).equals(wanted), name


def test_a_lost_lender_is_said_and_not_guessed(shelf):
    tables = service()
    with shelf.writing():
        shelf.put(tables, "abc", {})
    for part in shelf.manifest("abc")["tables"]["patients"]["parts"]:
        (shelf.root / "parts" / f"{part['sha256']}.part").unlink(missing_ok=True)
    with pytest.raises(Exception, match="a part of table patients is missing or damaged"):
        shelf.tables("abc", ["occasions"])


def test_keys_that_are_missing_are_not_places():
    rows = pd.DataFrame({"patient_id": ["a", "b", None, "a"], "episode_id": ["1", None, "1", "2"]}).astype("str")
    lender = pd.DataFrame({"patient_id": ["a", "b"], "episode_id": ["1", None]}).astype("str")
    lent = lend(as_arrow(rows), as_arrow(lender), ["patient_id", "episode_id"])
    assert lent.column("_place").to_pylist() == [0, None, None, None]
    assert lent.column("patient_id").to_pylist() == [None, "b", None, "a"]
    pd.testing.assert_frame_equal(to_frame(restored(lent, as_arrow(lender), ["patient_id", "episode_id"])), rows)


def test_lenders_stand_before_borrowers_and_families_hold_together():
    tables = [*LENDERS, "people", "patients", "safety", "submissions"]
    order = in_order(tables)
    assert sorted(order) == sorted(tables)
    assert all(order.index(lender) < order.index(table) for table, (lender, _) in LENDERS.items())
    assert [set(family) for family in families(["occasions", "safety", "patients", "referrals"])] == [
        {"patients", "referrals", "occasions"},
        {"safety"},
    ]


def test_a_large_table_parts_its_family_and_nobody_else():
    rows = {"patients": 5, "referrals": 6, "occasions": lending.ROWS_PER_PART + 1, "safety": 7}
    assert parted(rows) == {"patients", "referrals", "occasions"}
    assert parted({**rows, "occasions": lending.ROWS_PER_PART}) == frozenset()


def test_nobody_borrows_from_a_table_that_is_not_there_or_lacks_the_key():
    columns = {"referrals": ["pseudonym", "referral"], "occasions": ["pseudonym", "referral", "day"]}
    assert lender_of("occasions", columns) == {"table": "referrals", "columns": ["pseudonym", "referral"]}
    assert lender_of("occasions", {"occasions": columns["occasions"]}) is None
    assert lender_of("occasions", {**columns, "referrals": ["pseudonym"]}) is None
    assert lender_of("referrals", columns) is None


def test_a_library_takes_little_more_than_its_names_and_answers(tmp_path):
    # 2,000 people with a referral and ten sittings of sixteen answers each: two names of 16 bytes a person, and answers
    # of four values that nothing foretells, two bits each.
    people, sittings, items = 2_000, 10, 16
    rng = np.random.default_rng(8)
    names = pd.DataFrame(
        {
            "pseudonym": sorted(rng.bytes(16).hex() for _ in range(people)),
            "referral": [rng.bytes(16).hex() for _ in range(people)],
        }
    ).astype("str")
    sat = names.loc[names.index.repeat(sittings)].reset_index(drop=True)
    sat["occasion"] = pd.array(list(range(1, sittings + 1)) * people, dtype="Int32")
    for item in range(items):
        sat[f"item_{item}"] = pd.array(rng.integers(0, 4, len(sat)), dtype="Int8")
    shelf = Store(tmp_path, key=KEY)
    with shelf.writing():
        shelf.put({"patients": names[["pseudonym"]], "referrals": names, "occasions": sat}, "abc", {})
    taken = sum(path.stat().st_size for path in (tmp_path / "parts").iterdir())
    least = people * 2 * 16 + people * sittings * items * 2 / 8
    assert least < taken < 1.1 * least
    pd.testing.assert_frame_equal(shelf.tables("abc")["occasions"], sat)
