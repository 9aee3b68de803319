"""A frozen model holds what scoring needs, nobody's row, and nothing that runs."""

import json

import numpy as np

from outcomes.kernel.latent_markov_starts import Search
from outcomes.subtypes.frozen import FORMAT, freeze, thaw
from outcomes.subtypes.latent_markov import LatentMarkov


def test_arguments_come_back_with_the_search(small):
    model = LatentMarkov(2, n_starts=2, search=Search(sweeps=77), emissions="ordinal").fit(small.sequences)
    back = thaw(json.dumps(freeze(model)), LatentMarkov())
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
