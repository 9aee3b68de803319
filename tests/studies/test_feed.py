"""An invented service is written as a feed, never among other people's files."""

import tomllib

import pytest

from outcomes.errors import AccessError
from outcomes.studies.feed import write_invented_feed


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(tmp_path):
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        write_invented_feed(tmp_path / name, patients=30, seed=seed)
    assert contents(tmp_path / "one") == contents(tmp_path / "again") != contents(tmp_path / "other")


def test_it_says_what_it_wrote_and_what_it_is_not(tmp_path):
    steps = []
    lines = write_invented_feed(
        tmp_path / "feed", patients=30, seed=1, item_process="severity", progress=lambda *step: steps.append(step)
    )
    assert "30 patients" in lines[0]
    assert "no" in lines[1]
    assert steps[-1] == ("Inventing a service", 2, 2)
    assert tomllib.loads((tmp_path / "feed" / "feed.toml").read_text())["item_process"] == "severity"


def test_it_replaces_an_earlier_invented_feed(tmp_path):
    write_invented_feed(tmp_path / "feed", patients=40, seed=1)
    write_invented_feed(tmp_path / "feed", patients=30, seed=1)
    assert tomllib.loads((tmp_path / "feed" / "feed.toml").read_text())["n_patients"] == 30


def test_it_never_mixes_with_other_files(tmp_path):
    (tmp_path / "responses.csv").write_text("real\n")
    with pytest.raises(AccessError, match="holds files that are not an invented feed; name a new folder"):
        write_invented_feed(tmp_path, patients=30, seed=1)
    assert [path.name for path in tmp_path.iterdir()] == ["responses.csv"]
