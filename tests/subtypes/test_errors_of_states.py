"""The table of standard errors: every probability once, bounds that stay between 0 and 1."""

import numpy as np
import pytest

from outcomes.subtypes.errors_of_states import logit_interval
from outcomes.subtypes.latent_markov import LatentMarkov


def test_every_probability_stands_once_with_its_error(small):
    model = LatentMarkov(2, n_starts=3, emissions="ordinal").fit(small.sequences)
    told = []
    table = model.standard_errors(small.sequences, on_progress=lambda *step: told.append(step))
    assert table["part"].value_counts().to_dict() == {"response": 2 * 9 * 4, "transition": 4, "initial": 2}
    assert told[-1][1] == told[-1][2] == 2 * model.n_parameters_
    assert (table["low"] < table["probability"]).all()
    assert (table["probability"] < table["high"]).all()
    assert table["low"].min() > 0
    assert table["high"].max() < 1
    initial = table[table["part"] == "initial"]
    assert initial["probability"].tolist() == pytest.approx(model.initial_.tolist())
    # two probabilities that sum to one are equally uncertain
    assert initial["standard_error"].iloc[0] == pytest.approx(initial["standard_error"].iloc[1])


def test_more_people_are_surer(small, cohort):
    model = LatentMarkov(2, n_starts=3).fit(small.sequences)
    once = model.standard_errors(small.sequences)["standard_error"]
    fourfold = model.standard_errors(small.sequences, sample_weight=np.full(400, 4.0))["standard_error"]
    # the penalty is not multiplied with the people, so a rare answer gains a little more than by half
    np.testing.assert_allclose(fourfold / once, 0.5, atol=0.03)


def test_steps_in_time_have_errors_of_their_own(small):
    model = LatentMarkov(2, time_varying=True, n_starts=2).fit(small.sequences)
    moves = model.standard_errors(small.sequences).query("part == 'transition'")
    assert moves["step"].unique().tolist() == [1, 2, 3, 4, 5]


def test_bounds_stay_inside():
    low, high = logit_interval(np.array([0.5, 0.01, 1.0, 0.3]), np.array([0.1, 0.02, 0.0, np.nan]))
    assert low[0] == pytest.approx(1 - high[0])
    assert 0 < low[1] < 0.01 < high[1] < 1
    assert (low[2], high[2]) == (1.0, 1.0)
    assert np.isnan([low[3], high[3]]).all()
