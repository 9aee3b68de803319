"""Two extracts do not join, neither by name nor by place; nothing but the agreed fields leaves."""

import hashlib
import json
import stat

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcomes.errors import AccessError, ConfigError
from outcomes.library.export import export, renamed
from outcomes.library.roles import create_keys


@pytest.fixture
def view(place, feed):
    place.ingest(feed)
    return place.view()


def names(tables):
    return {
        word
        for frame in tables.values()
        for name in ("pseudonym", "referral", "therapist")
        if name in frame
        for word in frame[name].dropna()
    }


def test_two_extracts_share_no_name_and_neither_shares_one_with_the_library(view):
    one, other = (renamed(view.tables, project, keys=None) for project in ("one", "other"))
    assert len(names(one)) == len(names(other)) == len(names(view.tables)) > 0
    assert not names(one) & names(other)
    assert not (names(one) | names(other)) & names(view.tables)


def test_rows_stand_in_the_order_of_the_new_names(view):
    for frame in renamed(view.tables, "one", keys=None).values():
        assert frame["pseudonym"].is_monotonic_increasing


def test_nothing_but_names_and_order_changes(view):
    before, after = view.tables, renamed(view.tables, "one", keys=None)
    for name, frame in before.items():
        columns = [column for column in frame if column not in ("pseudonym", "referral", "therapist")]
        one, other = (table[columns].sort_values(columns, ignore_index=True) for table in (frame, after[name]))
        pd.testing.assert_frame_equal(one, other)
    people = after["occasions"].groupby("pseudonym").size()
    assert sorted(people) == sorted(before["occasions"].groupby("pseudonym").size())
    assert set(after["occasions"]["referral"]) == set(after["referrals"]["referral"])


@given(st.text(max_size=8), st.text(max_size=8))
def test_the_same_project_has_the_same_names_again(one, other):
    tables = {"patients": pd.DataFrame({"pseudonym": pd.Series(["a", "b"], dtype="str")})}
    first, second = (set(renamed(tables, name, keys=None)["patients"]["pseudonym"]) for name in (one, other))
    assert (first == second) == (one == other)


def test_an_extract_is_whole_private_and_says_what_it_is(view, tmp_path):
    made = export(view, "one", tmp_path / "extract", keys=None)
    facts = json.loads((tmp_path / "extract" / "extract.json").read_text())
    assert facts["project"] == "one"
    assert facts["statement"] == view.statement
    for name, said in facts["tables"].items():
        path = tmp_path / "extract" / f"{name}.parquet"
        assert hashlib.sha256(path.read_bytes()).hexdigest() == said["sha256"]
        assert len(pd.read_parquet(path)) == said["rows"] == made.rows[name]
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not list(tmp_path.glob(".*"))
    with pytest.raises(ConfigError, match="there is something already"):
        export(view, "one", tmp_path / "extract", keys=None)


def test_the_same_extract_is_the_same_bytes(view, tmp_path):
    for folder in ("a", "b"):
        export(view, "one", tmp_path / folder, keys=None)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_the_release_key_is_needed(place, view, tmp_path):
    create_keys(place.keys, region="uk")
    for role in ("analyst", "steward", "care", "auditor"):
        with pytest.raises(AccessError, match=r"no release\.key"):
            export(view, "one", tmp_path / "extract", keys=place.keys / role)
    export(view, "one", tmp_path / "extract", keys=place.keys / "release")


def test_a_place_that_cannot_be_written_is_a_readable_error(view, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(AccessError, match="the extract cannot be written"):
        export(view, "one", tmp_path / "file" / "extract", keys=None)
