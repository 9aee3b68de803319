"""One small study, run once, that many tests look at; and a feed to spoil."""

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # so that the small study is found in pytest's importlib mode

from small_study import INVENTED, Place, ran

from outcomes.studies.feed import write_invented_feed


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    """One whole study, tracked."""
    return ran(Place(tmp_path_factory.mktemp("study")), INVENTED, tracking=True)


@pytest.fixture(scope="session")
def feed(tmp_path_factory):
    """The feed of 150 people, with the truth taken away."""
    folder = tmp_path_factory.mktemp("feeds") / "clean"
    write_invented_feed(folder, patients=150, seed=7)
    shutil.rmtree(folder / "truth")
    return folder


@pytest.fixture
def copied(feed, tmp_path):
    """A copy of the feed to spoil."""
    folder = tmp_path / "feed"
    shutil.copytree(feed, folder)
    return folder
