"""A frozen model holds what scoring needs, nobody's row, and nothing that runs."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from outcomes.errors import ConfigError
from outcomes.kernel.latent_markov_starts import Search
from outcomes.subtypes.covariates import CovariateLatentMarkov
from outcomes.subtypes.exits import LatentMarkovWithEndings
from outcomes.subtypes.frozen import FORMAT, digest_of, freeze, seal, thaw
from outcomes.subtypes.latent_markov import LatentMarkov
from outcomes.subtypes.mixed import MixedLatentMarkov


def test_arguments_come_back_with_the_search(small):
    model = LatentMarkov(2, n_starts=2, search=Search(sweeps=77), emissions="ordinal").fit(small.sequences)
    back = thaw(seal(freeze(model)), LatentMarkov())
    assert back.get_params() == model.get_params()
    assert back.search.sweeps == 77


def test_what_is_kept_does_not_grow_with_the_patients(small, cohort):
    arguments = {
        "n_states": 2,
        "n_starts": 1,
        "search": Search(short_sweeps=3, finished=1, tolerance=1e9, score_tolerance=1e9),
    }
    few = LatentMarkov(**arguments).fit(small.sequences)
    many = LatentMarkov(**arguments).fit(cohort(1600, seed=1).sequences)
    assert abs(len(json.dumps(freeze(many))) - len(json.dumps(freeze(few)))) < 400


def test_the_format_is_stated_and_floats_are_exact(small):
    model = LatentMarkov(2, n_starts=2).fit(small.sequences)
    kept = json.loads(json.dumps(freeze(model)))
    assert kept["format"] == FORMAT
    np.testing.assert_array_equal(np.array(kept["transition"]), model.parameters_.transition)


def test_the_digest_names_the_file_and_any_change_is_noticed(small):
    model = LatentMarkov(2, n_starts=1).fit(small.sequences)
    text = model.to_json()
    assert digest_of(text) == json.loads(text)["sha256"] == digest_of(LatentMarkov.from_json(text).to_json())
    number = next(p for p in json.loads(text)["initial"])
    edited = text.replace(repr(number), repr(round(number, 3)))
    assert edited != text
    with pytest.raises(ConfigError, match="not what its sha256 says"):
        LatentMarkov.from_json(edited)
    for broken in ("no json", "[1]", "{}"):
        with pytest.raises(ConfigError, match="no digest"):
            digest_of(broken)


KINDS = [
    (MixedLatentMarkov(2, 2, n_starts=1), {}),
    (MixedLatentMarkov(2, 2, n_starts=1, stayers=1, time_varying=True), {}),
    (LatentMarkov(2, n_starts=1, emissions="graded", time_varying=True), {}),
    (LatentMarkov(2, n_starts=1, emissions="ordinal"), {}),
    (LatentMarkovWithEndings(2, n_starts=1), {"endings": ["completed", "dropped out", None, "completed"] * 100}),
    (CovariateLatentMarkov(2, n_starts=1), {"initial": pd.DataFrame({"x": np.arange(400) % 3 / 7})}),
]


@pytest.mark.filterwarnings("ignore::outcomes.errors.NotConvergedWarning")
@pytest.mark.parametrize(("model", "more"), KINDS, ids=lambda one: type(one).__name__)
def test_every_kind_that_scores_thaws_to_the_same_bits(small, model, more):
    fitted = clone(model).set_params(search=Search(short_sweeps=5, finished=1, sweeps=30)).fit(small.sequences, **more)
    text = fitted.to_json()
    thawed = type(model).from_json(text)
    assert thawed.to_json() == text
    put_in = {name: value for name, value in more.items() if name == "initial"}
    for method in ("filtered", "smoothed", "viterbi", "log_likelihood"):
        ours, theirs = (getattr(one, method)(small.sequences, **put_in) for one in (fitted, thawed))
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(np.asarray(fitted.transition_), np.asarray(thawed.transition_))
    ours, theirs = ({name: kind for name, kind in vars(one).items() if name.endswith("_")} for one in (fitted, thawed))
    assert set(ours) == set(theirs)
    if "starts_" in ours:
        pd.testing.assert_frame_equal(ours["starts_"], theirs["starts_"])


def test_another_kind_is_refused(small):
    text = LatentMarkov(2, n_starts=1).fit(small.sequences).to_json()
    with pytest.raises(ConfigError, match="holds a LatentMarkov, not a CovariateLatentMarkov"):
        CovariateLatentMarkov.from_json(text)
