"""The studies' small feed and experiment, for the command line."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "studies"))

from small_study import Place

from outcomes.studies.feed import write_invented_feed


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


@pytest.fixture(scope="session")
def feed(tmp_path_factory):
    """The feed of 60 people."""
    folder = tmp_path_factory.mktemp("feeds") / "clean"
    write_invented_feed(folder, patients=60, seed=7)
    return folder
