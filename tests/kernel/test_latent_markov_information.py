"""Standard errors: against formulas that are known, and against the spread of estimates over simulated samples."""

import numpy as np
import pytest

from outcomes.kernel.emissions import family
from outcomes.kernel.latent_markov import Form, LatentMarkovParameters, classes_of_states, nominal
from outcomes.kernel.latent_markov_information import covariance, observed_information, probability_errors
from outcomes.kernel.latent_markov_packing import observe
from outcomes.kernel.latent_markov_starts import Search, search


def test_information_is_the_bend_of_the_objective():
    bend = np.array([[4.0, 1.0], [1.0, 2.0]])
    np.testing.assert_allclose(observed_information(lambda x: -bend @ x, np.array([0.3, -2.0])), bend, rtol=1e-9)


def test_a_flat_direction_has_no_variance_but_the_others_keep_theirs():
    information = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 4.0]])  # only the sum of two is known
    found = covariance(information)
    assert np.isnan(np.diag(found)).tolist() == [True, True, False]
    assert found[2, 2] == 0.25


def test_one_state_has_the_errors_of_plain_shares():
    codes = np.repeat([0, 1, 2], [50, 30, 20])[:, None]
    parameters = LatentMarkovParameters(np.ones(1), np.ones((1, 1, 1)), (np.array([[0.5, 0.3, 0.2]]),))
    found = probability_errors(observe(codes, np.arange(101)), parameters, nominal(1))
    np.testing.assert_allclose(found.response[0][0], np.sqrt([0.25 / 100, 0.21 / 100, 0.16 / 100]), rtol=1e-5)
    assert found.initial[0] == 0.0


def simulate(rng: np.random.Generator, n: int = 400, occasions: int = 4):
    response = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]])
    moves, initial = np.array([[0.8, 0.2], [0.3, 0.7]]), np.array([0.4, 0.6])
    states = np.empty((n, occasions), dtype=int)
    states[:, 0] = rng.random(n) > initial[0]
    for t in range(1, occasions):
        states[:, t] = rng.random(n) > moves[states[:, t - 1], 0]
    cumulated = response.cumsum(axis=1)[states.ravel()]
    codes = np.column_stack([(rng.random(n * occasions)[:, None] > cumulated[:, :2]).sum(axis=1) for _ in range(4)])
    return observe(codes, np.arange(0, n * occasions + 1, occasions))


@pytest.mark.parametrize("name", ["nominal", "ordinal", "graded"])
def test_errors_are_the_spread_of_estimates_over_samples(name):
    form = Form((family(name),) * 4, penalty=0.01)
    estimates, errors = [], []
    for seed in range(40):
        observations = simulate(np.random.default_rng(seed))
        best = search(observations, form, 2, Search(starts=2, finished=1), seed=np.random.SeedSequence(seed))[0]
        found = best.ascent.parameters.reordered(np.argsort(best.ascent.parameters.response[0] @ np.arange(3)))
        said = probability_errors(observations, found, form)
        estimates.append(
            [found.initial[0], found.transition[0, 0, 0], found.response[0][0, 0], found.response[1][1, 2]]
        )
        errors.append([said.initial[0], said.transition[0, 0, 0], said.response[0][0, 0], said.response[1][1, 2]])
    # 40 samples know a standard deviation to about 11 %
    np.testing.assert_allclose(np.mean(errors, axis=0), np.std(estimates, axis=0, ddof=1), rtol=0.35)


def test_classes_share_the_errors_of_their_states_and_know_what_cannot_be():
    observations = simulate(np.random.default_rng(3))
    form = Form(nominal(4).families, penalty=0.1, structure=classes_of_states(2, 2, stayers=1))
    best = search(observations, form, 4, Search(starts=4, finished=1), seed=np.random.SeedSequence(0))[0]
    found = probability_errors(observations, best.ascent.parameters, form)
    np.testing.assert_array_equal(found.response[0][:2], found.response[0][2:])
    assert (found.transition[0][:2, 2:] == 0).all()
    assert (found.transition[0][2:] == 0).all()  # stayers do not move: nothing to estimate
    assert (found.transition[0][:2, :2] > 0).all()


def test_a_probability_on_the_edge_has_no_error():
    codes = np.repeat([0, 1], [60, 40])[:, None]
    parameters = LatentMarkovParameters(np.ones(1), np.ones((1, 1, 1)), (np.array([[0.6, 0.4, 1e-12]]),))
    found = probability_errors(observe(codes, np.arange(101), None, (3,)), parameters, nominal(1))
    assert np.isnan(found.response[0][0, 2])
    assert np.isfinite(found.response[0][0, :2]).all()
