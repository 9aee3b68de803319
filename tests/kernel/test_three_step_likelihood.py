"""Maximum likelihood with known errors of assignment: exact where nothing is wrong, near the truth where much is."""

import numpy as np
import pytest
from scipy.optimize import minimize

from outcomes.errors import DataError
from outcomes.kernel.three_step import assignment_errors, bch_weights, state_means
from outcomes.kernel.three_step_likelihood import membership_logits, ml_means


def people(n, seed, sharp=1.5):
    # two or three states, seen through one noisy sign each; posteriors are exact
    rng = np.random.default_rng(seed)
    share = np.array([0.5, 0.3, 0.2])
    state = rng.choice(3, n, p=share)
    seen = state * sharp + rng.standard_normal(n)
    density = share * np.exp(-((seen[:, None] - np.arange(3) * sharp) ** 2) / 2)
    return state, density / density.sum(axis=1, keepdims=True), rng


def test_certain_assignment_gives_plain_rates():
    posterior = np.eye(2)[[0, 0, 0, 1, 1]]
    found = ml_means(posterior, np.array([1.0, 0, 0, 1, 1]))
    np.testing.assert_allclose(found.mean, [1 / 3, 1], atol=1e-6)
    np.testing.assert_allclose(found.weight, [3, 2])


@pytest.mark.parametrize("binary", [True, False])
def test_means_are_near_the_truth_and_errors_are_honest(binary):
    truth = np.array([0.2, 0.5, 0.8])
    found, bch, errors = [], [], []
    for seed in range(40):
        state, posterior, rng = people(2000, seed)
        y = (rng.random(2000) < truth[state]).astype(float) if binary else truth[state] + rng.standard_normal(2000)
        means = ml_means(posterior, y)
        found.append(means.mean)
        errors.append(means.standard_error)
        bch.append(state_means(bch_weights(posterior), y).mean)
    spread = np.std(found, axis=0)
    np.testing.assert_allclose(np.mean(found, axis=0), truth, atol=4 * spread.max() / np.sqrt(40))
    np.testing.assert_allclose(np.mean(errors, axis=0), spread, rtol=0.4)
    assert np.std(found, axis=0).mean() <= np.std(bch, axis=0).mean() * 1.05  # at least as precise as BCH


def test_logits_are_the_maximum_by_a_general_search():
    _, posterior, rng = people(400, 1)
    z = np.column_stack((np.ones(400), rng.standard_normal(400)))
    assigned = posterior.argmax(axis=1)
    errors = assignment_errors(posterior, assigned).T[assigned]

    def minus(beta):
        score = np.column_stack((np.zeros(400), z @ beta.reshape(2, 2).T))
        p = np.exp(score) / np.exp(score).sum(axis=1, keepdims=True)
        return -np.log((p * errors).sum(axis=1)).sum()

    found = membership_logits(posterior, z)
    general = minimize(minus, np.zeros(4), method="BFGS")
    assert found.converged
    assert -general.fun == pytest.approx(found.log_likelihood, abs=1e-5)
    np.testing.assert_allclose(found.coefficient.ravel(), general.x, atol=2e-3)


def test_planted_logits_are_recovered_with_honest_intervals_and_naive_ones_shrink():
    truth = np.array([[-0.4, 1.0], [-1.0, -0.8]])
    inside, means = [], {"naive": [], "bch": [], "ml": []}
    for seed in range(60):
        rng = np.random.default_rng(seed)
        n = 1500
        z = np.column_stack((np.ones(n), rng.standard_normal(n)))
        score = np.column_stack((np.zeros(n), z @ truth.T))
        p = np.exp(score) / np.exp(score).sum(axis=1, keepdims=True)
        state = (rng.random(n)[:, None] > p.cumsum(axis=1)[:, :2]).sum(axis=1)
        seen = state * 1.7 + rng.standard_normal(n)
        share = p.mean(axis=0)
        density = share * np.exp(-((seen[:, None] - np.arange(3) * 1.7) ** 2) / 2)
        posterior = density / density.sum(axis=1, keepdims=True)
        for method, kept in means.items():
            found = membership_logits(posterior, z, method=method)
            kept.append(found.coefficient)
        inside.append(np.abs(found.coefficient - truth) <= 1.96 * found.standard_error)
    assert 0.90 <= np.mean(inside) <= 0.99
    bias = {method: np.abs(np.mean(kept, axis=0) - truth)[:, 1].max() for method, kept in means.items()}
    assert bias["ml"] < 0.08
    assert bias["bch"] < 0.12
    assert bias["naive"] > 0.2


def test_one_state_has_no_logits():
    found = membership_logits(np.ones((5, 1)), np.ones((5, 1)))
    assert found.coefficient.shape == (0, 1)
    assert found.converged


@pytest.mark.parametrize(
    ("covariate", "said"), [([np.nan, 1, 2, 3], "every person needs every covariate"), ([2, 2, 2, 2], "follows from")]
)
def test_covariates_that_cannot_be_used_are_refused(covariate, said):
    posterior = np.eye(2)[[0, 1, 0, 1]]
    with pytest.raises(DataError, match=said):
        membership_logits(posterior, np.column_stack((np.ones(4), covariate)))


def test_missing_outcomes_are_refused():
    with pytest.raises(DataError, match="1 of 2 people have none"):
        ml_means(np.eye(2), np.array([1.0, np.nan]))
