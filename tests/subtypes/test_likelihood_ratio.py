"""A state that is there has a small p-value, one that is not has none."""

import numpy as np
import pytest

from outcomes.errors import ConfigError
from outcomes.subtypes.latent_markov import LatentMarkov
from outcomes.subtypes.likelihood_ratio import bootstrap_likelihood_ratio


@pytest.fixture(scope="module")
def kinds():
    rng = np.random.default_rng(3)
    answers = np.where(rng.random((250, 6)) < np.where(rng.random(250) < 0.5, 0.8, 0.2)[:, None], 1, 0)
    answers[rng.random(answers.shape) < 0.05] = -1
    return answers, {k: LatentMarkov(k, n_starts=6).fit(answers) for k in (1, 2, 3)}


def test_the_second_state_is_there_and_the_third_is_not(kinds):
    answers, models = kinds
    there = bootstrap_likelihood_ratio(models[1], models[2], answers, n_simulations=19, fresh=2)
    assert there.p_value == pytest.approx(1 / 20)
    assert there.ratio > 4 * there.simulated.max()
    absent = bootstrap_likelihood_ratio(models[2], models[3], answers, n_simulations=19, fresh=2)
    assert absent.p_value > 0.1
    assert (absent.k, absent.larger, absent.simulated.size) == (2, 3, 19)


def test_the_p_value_counts_the_real_data_too(kinds):
    answers, models = kinds
    found = bootstrap_likelihood_ratio(models[2], models[3], answers, n_simulations=9, fresh=1, n_jobs=2)
    assert found.p_value == (1 + (found.simulated >= found.ratio).sum()) / 10


def test_a_smaller_model_that_is_not_smaller_is_refused(kinds):
    answers, models = kinds
    with pytest.raises(ConfigError, match="got 2 and 2 states"):
        bootstrap_likelihood_ratio(models[2], models[2], answers)
