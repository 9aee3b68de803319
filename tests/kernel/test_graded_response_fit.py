"""Fits of graded response models: known truth, missing answers, weights, paths, the same bits again."""

import numpy as np
import pytest

from outcomes.errors import ConfigError, DataError
from outcomes.kernel.graded_response import GradedResponse, expect
from outcomes.kernel.graded_response_fit import FactorSearch, fit_factors, turned


def drawn(n, slopes, cuts, seed, theta=None):
    rng = np.random.default_rng(seed)
    theta = rng.standard_normal((n, slopes.shape[1])) if theta is None else theta[:, None]
    reached = 1 / (1 + np.exp(-(cuts[None] + (theta @ slopes.T)[:, :, None])))
    return (rng.random((n, slopes.shape[0], 1)) < reached).sum(axis=2)


SLOPES = np.array([[1.0], [1.4], [1.8], [2.2], [2.6], [1.2], [1.6], [2.0]])
CUTS = np.linspace(1.0, -1.0, 8)[:, None] + np.array([1.2, 0.0, -1.4])
CROSSED = np.column_stack((np.full(8, 1.6), [1.2, 1.0, 1.1, 0.9, -1.0, -1.2, -0.9, -1.1]))


def test_one_dimension_is_recovered():
    fit = fit_factors(drawn(6000, SLOPES, CUTS, 1))
    assert fit.converged
    assert np.abs(fit.model.slopes - SLOPES).max() < 0.2
    assert max(np.abs(a - b).max() for a, b in zip(fit.model.intercepts, CUTS, strict=True)) < 0.2
    assert fit.n_parameters == 8 * 4


def test_two_dimensions_are_recovered_up_to_their_turn():
    fit = fit_factors(drawn(6000, CROSSED, CUTS, 2), 2, rng=np.random.default_rng(0))
    assert fit.converged
    assert np.abs(fit.model.slopes @ fit.model.slopes.T - CROSSED @ CROSSED.T).max() < 0.6
    assert fit.n_parameters == 8 * 5 - 1
    assert fit.model.slopes.T @ fit.model.slopes == pytest.approx(np.diag((fit.model.slopes**2).sum(axis=0)), abs=1e-8)


def test_missing_at_random_leaves_the_truth_in_sight():
    codes = drawn(6000, SLOPES, CUTS, 3)
    codes[np.random.default_rng(0).random(codes.shape) < 0.3] = -1
    fit = fit_factors(codes)
    assert np.abs(fit.model.slopes - SLOPES).max() < 0.25
    assert fit.n_persons == (codes >= 0).any(axis=1).sum()


@pytest.mark.parametrize(("n_dimensions", "levels"), [(1, None), (2, None), (1, 7)])
def test_the_path_never_falls_and_the_same_fit_comes_again(n_dimensions, levels):
    codes = drawn(400, CROSSED, CUTS, 4)
    one, other = (fit_factors(codes, n_dimensions, levels=levels, rng=np.random.default_rng(9)) for _ in range(2))
    assert np.diff(one.path).min() >= -1e-9
    assert (one.model.slopes == other.model.slopes).all()
    assert one.log_likelihood == other.log_likelihood


@pytest.mark.parametrize(("n_dimensions", "levels"), [(1, None), (2, None), (1, 7)])
def test_the_shown_model_has_the_likelihood_of_the_path(n_dimensions, levels):
    # items that fall with the rest, so that signs and turns matter
    codes = drawn(500, CROSSED * [[-1.0, 1.0]], CUTS, 5, None)
    fit = fit_factors(codes, n_dimensions, levels=levels, rng=np.random.default_rng(9))
    penalty = 0.5 * FactorSearch().penalty * (fit.model.slopes**2).sum()
    spread = 0.0 if levels is None else 0.1 * np.log(fit.model.prior).mean()
    assert fit.log_likelihood - penalty + spread == pytest.approx(fit.path[-1], abs=0.05)
    assert expect(fit.data, fit.model, fit.grid).log_likelihood == fit.log_likelihood


def test_weights_stand_for_people():
    codes = drawn(300, SLOPES, CUTS, 6)
    weights = np.random.default_rng(1).integers(1, 4, 300)
    one, other = fit_factors(codes, weights=weights.astype(float)), fit_factors(np.repeat(codes, weights, axis=0))
    assert one.log_likelihood == pytest.approx(other.log_likelihood, abs=1e-6)
    assert one.n_persons == weights.sum()


def test_levels_suit_a_severity_that_is_not_normal():
    theta = np.where(np.random.default_rng(2).random(2000) < 0.75, -0.6, 1.7)
    codes = drawn(2000, SLOPES, CUTS, 7, theta)
    normal, free = fit_factors(codes), fit_factors(codes, levels=7)
    assert free.n_parameters == normal.n_parameters + 6
    assert free.log_likelihood > normal.log_likelihood + 100
    assert free.model.prior.sum() == pytest.approx(1.0)
    assert np.sort(free.model.prior)[-2:].sum() > 0.7


def test_an_item_with_one_answer_costs_nothing():
    codes = drawn(300, SLOPES, CUTS, 8)
    constant = np.column_stack((codes, np.zeros(300, dtype=int)))
    one, other = fit_factors(codes), fit_factors(constant)
    assert other.n_parameters == one.n_parameters
    assert other.log_likelihood == pytest.approx(one.log_likelihood, abs=1e-8)
    assert other.model.slopes[-1].tolist() == [0.0]


def test_two_items_that_say_the_same_do_not_run_away():
    codes = drawn(400, SLOPES, CUTS, 10)
    fit = fit_factors(np.column_stack((codes, codes[:, :1])), 2, rng=np.random.default_rng(0))
    assert fit.converged
    assert fit.model.largest_slope < 25


def test_the_cap_is_not_convergence():
    fit = fit_factors(drawn(300, SLOPES, CUTS, 11), plan=FactorSearch(sweeps=3))
    assert (fit.reason, fit.converged, fit.sweeps) == ("sweeps", False, 3)


def test_turning_flips_free_levels_with_their_sign():
    flipped = turned(GradedResponse(np.array([[-1.0], [-2.0]]), (np.zeros(1),) * 2, np.array([0.2, 0.3, 0.5])))
    assert flipped.slopes.ravel().tolist() == [1.0, 2.0]
    assert flipped.prior.tolist() == [0.5, 0.3, 0.2]


def test_progress_is_told():
    told = []
    plan = FactorSearch(starts=2, finished=1, sweeps=5)
    fit_factors(
        drawn(200, SLOPES, CUTS, 12),
        2,
        rng=np.random.default_rng(0),
        plan=plan,
        on_climb=lambda done, total: told.append((done, total)),
    )
    assert told == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(("n_dimensions", "levels"), [(3, None), (2, 7), (1, 2), (1, 4)])
def test_other_forms_are_refused(n_dimensions, levels):
    with pytest.raises(ConfigError, match="must be"):
        fit_factors(drawn(50, SLOPES, CUTS, 0), n_dimensions, levels=levels)


@pytest.mark.parametrize(("n_items", "n_dimensions"), [(2, 1), (4, 2)])
def test_too_few_items_are_refused(n_items, n_dimensions):
    with pytest.raises(DataError, match="need at least"):
        fit_factors(drawn(50, SLOPES, CUTS, 0)[:, :n_items], n_dimensions)
