"""Growth mixtures: densities against scipy, the climb, and start values."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from outcomes.errors import ConfigError, DataError
from outcomes.kernel.ascent import ascend
from outcomes.kernel.growth_mixture import (
    GrowthParameters,
    courses,
    expect_growth,
    growth_improver,
    growth_leap,
    growth_start,
)


def people(n: int = 80, seed: int = 0):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 7, n)
    starts = np.concatenate(([0], np.cumsum(lengths)))
    time = np.concatenate([np.sort(rng.random(length)) for length in lengths])
    person = np.repeat(np.arange(n), lengths)
    totals = 15 - np.where(person % 3 == 0, 10, 1) * time + rng.normal(0, 2, n)[person] + rng.normal(size=time.size)
    return totals, time, starts


@pytest.mark.parametrize("r", [0, 1, 2])
def test_densities_are_those_of_scipy(r):
    totals, time, starts = people(10)
    root = np.array([[1.5, 0.0], [0.4, 0.8]])[:r, :r]
    parameters = GrowthParameters(
        np.array([0.3, 0.7]),
        np.array([[15.0, -9.0, 1.0], [14.0, -1.0, 0.0]]),
        np.stack([root, 0.5 * root]),
        np.array([1.3, 2.0]),
    )
    found = expect_growth(courses(totals, time, starts, 2), parameters)
    for number in range(10):
        rows = slice(starts[number], starts[number + 1])
        x = time[rows, None] ** np.arange(3)
        joint = [
            share
            * multivariate_normal(x @ beta, x[:, :r] @ s @ s.T @ x[:, :r].T + v * np.eye(len(x))).pdf(totals[rows])
            for share, beta, s, v in zip(
                parameters.share, parameters.beta, parameters.root, parameters.variance, strict=True
            )
        ]
        assert found.log_likelihood[number] == pytest.approx(np.log(sum(joint)), rel=1e-9)
        np.testing.assert_allclose(found.member[number], np.array(joint) / sum(joint), atol=1e-9)


@pytest.mark.parametrize("by_class", [True, False])
@pytest.mark.parametrize("r", [0, 1, 2])
def test_the_path_never_decreases(by_class, r):
    data = courses(*people(), 2)
    start = growth_start(data, 2, r, np.random.default_rng(1))
    found = ascend(
        start,
        growth_improver(data, by_class=by_class),
        tolerance=0.0,
        score_tolerance=0.0,
        sweeps=150,
        leap=growth_leap,
    )
    assert np.diff(found.path).min() > -1e-9 * abs(found.path[-1])


def test_weights_are_people_and_labels_do_not_matter():
    totals, time, starts = people(20)
    parameters = growth_start(courses(totals, time, starts, 1), 3, 1, None)
    once = expect_growth(courses(totals, time, starts, 1), parameters).log_likelihood
    turned = expect_growth(courses(totals, time, starts, 1), parameters.reordered(np.array([2, 0, 1]))).log_likelihood
    np.testing.assert_allclose(once, turned, rtol=1e-12)
    double = courses(np.tile(totals, 2), np.tile(time, 2), np.append(starts, starts[1:] + starts[-1]), 1)
    weighted = courses(totals, time, starts, 1, np.full(20, 2.0))
    improved = [growth_improver(data, by_class=False)(parameters) for data in (double, weighted)]
    assert improved[0].objective == pytest.approx(improved[1].objective, rel=1e-12)
    np.testing.assert_allclose(improved[0].parameters.beta, improved[1].parameters.beta, rtol=1e-9)


def test_parameters_are_counted():
    parameters = growth_start(courses(*people(), 2), 3, 2, None)
    assert parameters.n_parameters(by_class=False) == 2 + 9 + 3 + 1
    assert parameters.n_parameters(by_class=True) == 2 + 9 + 3 * 4
    assert parameters.covariance.shape == (3, 2, 2)


def test_bad_input_is_refused():
    totals, time, starts = people(5)
    with pytest.raises(DataError, match="missing or infinite"):
        courses(np.where(time > 0.5, np.nan, totals), time, starts, 1)
    with pytest.raises(ConfigError, match="at most 2 with this degree"):
        growth_start(courses(totals, time, starts, 1), 2, 3, None)
