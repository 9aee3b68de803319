"""One small study, run once, that many tests look at; and a feed to spoil."""

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # so that the small study is found in pytest's importlib mode

from small_study import FROM_FILES, INVENTED, Place, ran

from outcomes.studies.experiment import PrognosisSettings, SubtypeSettings, TargetSettings
from outcomes.studies.feed import write_invented_feed
from outcomes.studies.forecast import forecast
from outcomes.studies.materials import prepare
from outcomes.studies.opening import open_study
from outcomes.studies.states import find_states


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


@pytest.fixture(scope="session")
def materials(tmp_path_factory, feed):
    """What the steps of a study of that feed work on."""
    place = Place(tmp_path_factory.mktemp("materials"))
    return prepare(open_study(place.request(FROM_FILES, source=feed), fresh=True))


@pytest.fixture(scope="session")
def states(materials):
    """Two and three latent states of that feed."""
    return find_states(materials, SubtypeSettings(states=(3, 2, 999), starts=2), seed=3)


@pytest.fixture(scope="session")
def told():
    """Settings of a small prognosis."""
    target = TargetSettings(kind="reliable_improvement")
    return PrognosisSettings(target=target, landmarks=(0, 9), folds=2, resamples=100, use_states=True)


@pytest.fixture(scope="session")
def found(materials, states, told):
    """What the prognosis step found at intake."""
    return forecast(materials, told, states, seed=5)
