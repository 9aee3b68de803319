"""Scores and information of growth mixtures against differences of the log-likelihood, and sandwiches."""

import numpy as np
import pytest

from outcomes.kernel.growth_information import (
    free_parameters,
    growth_errors,
    parameter_covariance,
    person_scores,
    with_free_parameters,
)
from outcomes.kernel.growth_mixture import Courses, GrowthParameters, courses, expect_growth, growth_improver


def simulate(n=250, seed=0, slope=0.8):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(2, 8, n)
    person = np.repeat(np.arange(n), lengths)
    t = np.concatenate([np.arange(k) for k in lengths]) / 6
    falls = rng.random(n) < 0.4
    own = rng.normal(0, [2.0, slope], (n, 2))[person]
    y = np.where(falls[person], 18 - 9 * t, 12.0) + own[:, 0] + own[:, 1] * t + rng.normal(0, 1.5, t.size)
    return courses(y, t, np.concatenate(([0], np.cumsum(lengths))), 1)


def fitted(data, r, *, by_class, sweeps=3000):
    n = 2
    start = GrowthParameters(
        np.array([0.4, 0.6]), np.array([[18.0, -9.0], [12.0, 0.0]]), np.repeat(np.eye(r)[None], n, 0), np.full(n, 2.0)
    )
    improve = growth_improver(data, by_class=by_class)
    for _ in range(sweeps):
        start = improve(start).parameters
    return start


def log_likelihood(data: Courses, like, *, by_class):
    def value(free):
        found = expect_growth(data, with_free_parameters(free, like, by_class=by_class))
        return float(data.weights @ found.log_likelihood)

    return value


@pytest.mark.parametrize("r", [0, 1, 2])
@pytest.mark.parametrize("by_class", [False, True])
def test_the_score_is_the_slope_of_the_log_likelihood_anywhere(r, by_class):
    data, rng = simulate(60), np.random.default_rng(1)
    root = np.repeat((np.eye(r) + 0.3 * np.tril(np.ones((r, r)), -1))[None], 2, 0)
    at = GrowthParameters(np.array([0.3, 0.7]), rng.normal(14, 3, (2, 2)), root, np.array([2.0, 2.0]))
    free = free_parameters(at, by_class=by_class) + 0.1 * rng.normal(size=free_parameters(at, by_class=by_class).size)
    here = with_free_parameters(free, at, by_class=by_class)
    value = log_likelihood(data, at, by_class=by_class)
    steps = 1e-5 * np.eye(free.size)
    slope = [(value(free + step) - value(free - step)) / 2e-5 for step in steps]
    np.testing.assert_allclose(person_scores(data, here, by_class=by_class).sum(axis=0), slope, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(free_parameters(here, by_class=by_class), free, atol=1e-12)


@pytest.mark.parametrize("r", [0, 1, 2])
@pytest.mark.parametrize("by_class", [False, True])
def test_the_errors_are_those_of_a_numerical_hessian(r, by_class):
    data = simulate(slope=3.0)
    best = fitted(data, r, by_class=by_class)
    free, value = free_parameters(best, by_class=by_class), log_likelihood(data, best, by_class=by_class)
    steps = 1e-3 * np.eye(free.size)
    bend = [
        [value(free + a + b) - value(free + a - b) - value(free - a + b) + value(free - a - b) for b in steps]
        for a in steps
    ]
    known = np.linalg.inv(-np.array(bend) / 4e-6)
    ours = parameter_covariance(data, best, by_class=by_class)
    np.testing.assert_allclose(np.sqrt(np.diag(ours)), np.sqrt(np.diag(known)), rtol=1e-3)
    np.testing.assert_allclose(ours, known, rtol=0.01, atol=1e-3 * np.abs(known).max())


def test_the_sandwich_is_the_plain_one_where_the_model_holds_and_wider_where_it_does_not():
    data = simulate(2000, seed=4)
    right = fitted(data, 2, by_class=False, sweeps=500)
    plain, robust = (parameter_covariance(data, right, by_class=False, robust=kind) for kind in (False, True))
    ratio = np.sqrt(np.diag(robust) / np.diag(plain))
    assert 0.85 < ratio[:5].min() < ratio[:5].max() < 1.15
    wrong = fitted(data, 0, by_class=False, sweeps=500)  # people of a class differ, and the model does not know
    plain, robust = (parameter_covariance(data, wrong, by_class=False, robust=kind) for kind in (False, True))
    assert np.sqrt(np.diag(robust) / np.diag(plain))[1] > 1.3


def test_two_people_of_weight_one_are_one_of_weight_two():
    data = simulate(80)
    best = fitted(data, 1, by_class=False, sweeps=200)
    twice = Courses(*(np.concatenate((part, part)) for part in (data.xx, data.xy, data.yy, data.n, data.weights)))
    heavy = Courses(data.xx, data.xy, data.yy, data.n, 2 * data.weights)
    one, other = (parameter_covariance(each, best, by_class=False) for each in (twice, heavy))
    np.testing.assert_allclose(one, other, rtol=1e-8)


def test_the_time_of_the_reader_does_not_matter_and_the_edge_has_no_error():
    data = simulate(150)
    best = fitted(data, 2, by_class=False, sweeps=300)
    errors = growth_errors(data, best, np.eye(2), by_class=False)
    weeks = growth_errors(data, best, np.diag([1.0, 1 / 6]), by_class=False)
    np.testing.assert_allclose(weeks.coefficients[:, 1], errors.coefficients[:, 1] / 6, rtol=1e-6)
    np.testing.assert_allclose(weeks.effects[:, 1, 1], errors.effects[:, 1, 1] / 36, rtol=1e-6)
    np.testing.assert_allclose(errors.share[0], errors.share[1], rtol=1e-6)  # two shares add up to one
    none = GrowthParameters(best.share, best.beta, np.repeat(np.diag([2.0, 1e-4])[None], 2, 0), best.variance)
    edge = growth_errors(data, none, np.eye(2), by_class=False)
    assert np.isnan(edge.effects[:, 1, 1]).all()
    assert np.isfinite(edge.share).all()
    alone = growth_errors(
        data, GrowthParameters(np.ones(1), best.beta[:1], best.root[:1], best.variance[:1]), np.eye(2), by_class=False
    )
    assert np.isnan(alone.share).all()
    assert np.isfinite(alone.coefficients).all()
