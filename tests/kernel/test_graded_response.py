"""Graded response models: the likelihood against slow quadrature, missing answers, weights, the sweep."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from outcomes.errors import ConfigError
from outcomes.kernel.graded_response import GradedResponse, expect, grid, improver, leap, place, probabilities
from outcomes.kernel.graded_response_answers import answers

CUTS = (np.array([1.0, -0.5, -2.0]), np.array([0.3, -1.0]), np.array([0.0]), np.array([2.0, 0.1, -0.2]))
ONE = GradedResponse(np.array([[1.2], [2.5], [0.8], [-1.0]]), CUTS)
TWO = GradedResponse(np.array([[1.5, 0.2], [0.9, -0.8], [1.0, 1.0], [0.3, 1.4]]), CUTS)
ROWS = np.array(
    [[0, 1, 1, 2], [3, 2, 1, 0], [0, 0, 0, 3], [-1, 2, -1, 1], [2, -1, 0, -1], [1, 0, -1, 2], [-1, -1, 1, -1]]
)
NODES = grid(1, spacing=0.1, radius=8.0)


def likelihood(model, theta, row):
    value = 1.0
    for slopes, cuts, answer in zip(model.slopes, model.intercepts, row, strict=True):
        at_least = [1.0, *(1 / (1 + np.exp(-(cuts + slopes @ theta)))), 0.0]
        value *= at_least[answer] - at_least[answer + 1] if answer >= 0 else 1.0
    return value


def density(x):
    return np.exp(-0.5 * x * x) / np.sqrt(2 * np.pi)


def by_quadrature(row):
    def integrand(x):
        return likelihood(ONE, np.array([x]), row) * density(x)

    return np.log(quad(integrand, -9, 9, epsabs=1e-15, epsrel=1e-12, limit=300)[0])


def test_marginal_likelihood_agrees_with_slow_quadrature():
    slow = sum(by_quadrature(row) for row in ROWS)
    assert expect(answers(ROWS), ONE, NODES).log_likelihood == pytest.approx(slow, abs=1e-8)


def test_the_default_grid_is_as_good():
    slow = sum(by_quadrature(row) for row in ROWS)
    assert expect(answers(ROWS), ONE, grid(1, spacing=0.125, radius=6.5)).log_likelihood == pytest.approx(
        slow, abs=1e-8
    )


def test_two_dimensions_agree_with_a_plain_double_sum():
    line = np.linspace(-8, 8, 81)
    slow = 0.0
    for row in ROWS:
        values = [likelihood(TWO, np.array([x, y]), row) * density(x) * density(y) for x in line for y in line]
        slow += np.log(sum(values) * (line[1] - line[0]) ** 2)
    fast = expect(answers(ROWS), TWO, grid(2, spacing=0.2, radius=7.5)).log_likelihood
    assert fast == pytest.approx(slow, abs=1e-8)


def test_turning_two_dimensions_changes_nothing():
    turn = np.array([[np.cos(0.7), -np.sin(0.7)], [np.sin(0.7), np.cos(0.7)]])
    fine, data = grid(2, spacing=0.2, radius=7.5), answers(ROWS)
    turned = expect(data, GradedResponse(TWO.slopes @ turn, CUTS), fine).log_likelihood
    assert turned == pytest.approx(expect(data, TWO, fine).log_likelihood, abs=1e-8)


def test_probabilities_sum_to_one_and_stay_above_zero_in_the_tails():
    for p in probabilities(ONE, np.linspace(-40, 40, 41)[:, None]):
        assert p.sum(axis=0) == pytest.approx(np.ones(41), abs=1e-12)
        assert (p > 0).all()


def test_many_items_do_not_underflow():
    copies = 150
    model = GradedResponse(np.tile(ONE.slopes, (copies, 1)), CUTS * copies)
    found = expect(answers(np.tile(ROWS, (1, copies))), model, NODES)
    slow = 0.0
    for row in ROWS:
        logs = [copies * np.log(likelihood(ONE, node, row)) for node in NODES.nodes]
        slow += max(logs) + np.log(NODES.prior @ np.exp(np.array(logs) - max(logs)))
    assert found.log_likelihood == pytest.approx(slow, abs=1e-6)
    assert found.people.sum() == pytest.approx(len(ROWS))


def test_expected_answers_add_up_to_those_given():
    found = expect(answers(ROWS), ONE, NODES)
    for counts, column in zip(found.counts, ROWS.T, strict=True):
        assert counts.sum(axis=1) == pytest.approx(np.bincount(column[column >= 0]))


def test_a_weight_of_two_is_the_same_person_twice():
    once = expect(answers(ROWS, np.array([2.0, 1, 1, 3, 1, 1, 1])), ONE, NODES).log_likelihood
    rows = ROWS[[0, 0, 1, 2, 3, 3, 3, 4, 5, 6]]
    assert once == pytest.approx(expect(answers(rows), ONE, NODES).log_likelihood, abs=1e-10)


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 2), st.integers(0, 2**32 - 1))
def test_a_sweep_never_lowers_the_objective(n_dimensions, seed):
    rng = np.random.default_rng(seed)
    codes = np.vstack((rng.integers(-1, 3, (60, 5)), np.tile(np.arange(3)[:, None], 5)))
    cuts = tuple(-np.sort(rng.normal(size=2)) - np.array([0, 0.1]) for _ in range(5))
    model = GradedResponse(rng.normal(size=(5, n_dimensions)), cuts)
    improve = improver(answers(codes), grid(n_dimensions, spacing=0.5, radius=5.0), 0.04)
    path = []
    for _ in range(8):
        step = improve(model)
        path.append(step.objective)
        model = step.parameters
    assert np.diff(path).min() >= -1e-9
    assert all((np.diff(each) < 0).all() for each in model.intercepts)


def test_the_score_is_the_gradient_of_the_objective():
    # Fisher's identity: at the top of EM the marginal objective is flat in every slope
    rng = np.random.default_rng(4)
    data = answers(np.vstack((rng.integers(0, 3, (80, 4)), np.tile(np.arange(3)[:, None], 4))))
    improve = improver(data, NODES, 0.04)
    model = GradedResponse(np.full((4, 1), 0.5), (np.array([0.5, -0.5]),) * 4)
    for _ in range(400):
        model = improve(model).parameters
    top = improve(model)
    assert top.score < 1e-3
    for item in range(4):
        for change in (-0.02, 0.02):
            slopes = model.slopes.copy()
            slopes[item] += change
            assert improve(GradedResponse(slopes, model.intercepts)).objective < top.objective


def test_a_leap_goes_on_but_never_puts_answers_out_of_order():
    def at(gap):
        return GradedResponse(np.array([[1.0]]), (np.array([gap, 0.0]),))

    third = at(0.2)
    assert leap(at(1.0), at(0.5), third) is third
    onward = leap(at(1.0), at(0.6), at(0.5)).intercepts[0]
    assert onward == pytest.approx([7 / 15, 0.0])


def test_placing_follows_the_answers():
    data = answers(np.array([[0, 0, 0, 3], [1, 1, 1, 2], [2, 2, 1, 1], [3, 2, 1, 0]]))
    scores = tuple(np.arange(cuts.size + 1.0) for cuts in CUTS)
    severity, expected = place(data, ONE, NODES, scores)
    assert (np.diff(severity[data.pattern, 0]) > 0).all()
    assert (np.diff(expected[data.pattern, :3], axis=0) > 0).all()
    assert (np.diff(expected[data.pattern, 3]) < 0).all()


def test_free_prior_counts_as_parameters():
    assert ONE.n_parameters == 9 + 4
    assert TWO.n_parameters == 9 + 8 - 1
    assert GradedResponse(ONE.slopes, CUTS, np.full(7, 1 / 7)).n_parameters == 13 + 6


@pytest.mark.parametrize("n_dimensions", [0, 3])
def test_other_dimensions_are_refused(n_dimensions):
    with pytest.raises(ConfigError, match="must be 1 or 2"):
        grid(n_dimensions, spacing=0.1, radius=5.0)


def test_a_grid_without_width_is_refused():
    with pytest.raises(ConfigError, match="spacing must be above 0"):
        grid(1, spacing=2.0, radius=1.0)
