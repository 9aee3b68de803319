"""Covariates of states: planted coefficients come back with honest errors, and tables that do not fit are refused."""

import json

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ConfigError, DataError, NotConvergedWarning
from outcomes.kernel.latent_markov_starts import Search
from outcomes.subtypes.covariates import CovariateLatentMarkov
from outcomes.subtypes.frozen import seal
from outcomes.subtypes.latent_markov import LatentMarkov
from outcomes.subtypes.sequences import Sequences

from .drawn import answers, draw, logits  # noqa: TID252  tests are no package

FIRST = np.array([0.3, 0.8])  # constant and sex: severe against mild at the first session
WORSE, BETTER = np.array([-1.5, 0.7, -0.4]), np.array([-1.0, -0.5, 0.6])  # constant, sex, dose: moves
TRUTH = np.concatenate((FIRST, WORSE, BETTER))


def simulate(seed: int, n: int = 500, occasions: int = 5) -> tuple[Sequences, pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    sex = rng.integers(0, 2, n).astype(float)
    dose = rng.normal(size=(n, occasions))
    state = draw(logits(np.column_stack((np.zeros(n), FIRST[0] + FIRST[1] * sex))), rng)
    states = [state]
    for t in range(1, occasions):
        x = np.column_stack((np.ones(n), sex, dose[:, t]))
        eta = np.where(states[-1] == 0, x @ WORSE, x @ BETTER)
        moved = rng.random(n) < 1 / (1 + np.exp(-eta))
        states.append(np.where(moved, 1 - states[-1], states[-1]))
    data = answers(list(np.column_stack(states)), rng)
    moves = pd.DataFrame({"sex": np.repeat(sex, occasions), "dose": dose.ravel()})
    return data, pd.DataFrame({"sex": sex}), moves


@pytest.fixture(scope="module")
def cohort():
    return simulate(0)


@pytest.fixture(scope="module")
def fitted(cohort) -> CovariateLatentMarkov:
    data, initial, moves = cohort
    return CovariateLatentMarkov(2, n_starts=3).fit(data, initial=initial, moves=moves)


def test_every_coefficient_says_what_it_is(fitted):
    table = fitted.coefficients_
    assert table[["part", "from_state", "to_state", "covariate"]].to_numpy().tolist() == [
        ["initial", 0, 2, "constant"],
        ["initial", 0, 2, "sex"],
        ["move", 1, 2, "constant"],
        ["move", 1, 2, "sex"],
        ["move", 1, 2, "dose"],
        ["move", 2, 1, "constant"],
        ["move", 2, 1, "sex"],
        ["move", 2, 1, "dose"],
    ]
    assert (np.abs(table["coefficient"] - TRUTH) < 4 * table["standard_error"]).all()
    assert (table["low"] < table["odds_ratio"]).all()
    assert (table["odds_ratio"] < table["high"]).all()


@pytest.mark.slow
def test_intervals_cover_planted_coefficients():
    """Forty cohorts here; the benchmark ``coverage_of_covariates`` runs two hundred."""
    inside = []
    for seed in range(1, 41):
        data, initial, moves = simulate(seed)
        model = CovariateLatentMarkov(2, n_starts=2, penalty=0.01).fit(data, initial=initial, moves=moves)
        away = np.abs(model.coefficients_["coefficient"] - TRUTH)
        inside.append(away < 1.96 * model.coefficients_["standard_error"])
    # 320 intervals that correlate within a cohort
    assert 0.91 < np.mean(inside) < 0.985


def test_it_gains_over_the_fit_without_covariates(fitted):
    assert fitted.without_.n_states == 2
    assert fitted.likelihood_ratio_df_ == 5
    assert fitted.likelihood_ratio_ > 50
    assert fitted.likelihood_ratio_p_ < 1e-9
    assert fitted.n_parameters_ == 2 + 2 * 3 + 5 * 4
    assert fitted.converged_
    assert np.diff(fitted.path_).min() > -1e-9 * abs(fitted.path_[-1])
    assert 0 < fitted.entropy_r2_ < 1
    assert fitted.information_criteria()["icl"] > fitted.information_criteria()["bic"]


def test_probabilities_are_those_of_the_coefficients(fitted):
    found = fitted.probabilities(initial=pd.DataFrame({"sex": [0, 1]}), moves=pd.DataFrame({"sex": [1], "dose": [0.5]}))
    constant, slope = fitted.coefficients_["coefficient"][:2]
    assert found["initial"][1, 1] == pytest.approx(1 / (1 + np.exp(-constant - slope)))
    assert found["moves"].shape == (1, 2, 2)
    np.testing.assert_allclose(found["moves"].sum(axis=2), 1)


def test_new_patients_are_scored_with_their_covariates_only(fitted, cohort):
    data, initial, moves = cohort
    whole = fitted.filtered(data, initial=initial, moves=moves)
    one = Sequences(data.items[5:10], np.array([0, 5]), data.columns, np.arange(5))
    np.testing.assert_allclose(
        fitted.filtered(one, initial=initial[1:2], moves=moves[5:10].reset_index(drop=True)), whole[5:10], atol=1e-13
    )
    path = fitted.viterbi(data, initial=initial, moves=moves)
    smoothed = fitted.smoothed(data, initial=initial, moves=moves)
    assert (smoothed.argmax(axis=1) + 1 == path).mean() > 0.97
    each = fitted.log_likelihood(data, initial=initial, moves=moves)
    assert each.sum() == pytest.approx(fitted.log_likelihood_, rel=1e-10)
    assert fitted.score(data, initial=initial, moves=moves) == pytest.approx(fitted.log_likelihood_ / 2500)
    with pytest.raises(DataError, match="covariates sex were in the fit and are needed here"):
        fitted.transform(data)


def test_rows_in_any_order_keep_their_covariates(fitted, cohort):
    data, initial, moves = cohort
    table = pd.DataFrame(data.items, columns=list(data.columns))
    table.insert(0, "pseudonym", [f"p{n:04d}" for n in data.sequence])
    table.insert(1, "occasion", data.position)
    order = np.random.default_rng(0).permutation(len(table))
    shuffled = fitted.filtered(table.iloc[order], initial=initial, moves=moves.iloc[order])
    np.testing.assert_allclose(shuffled, fitted.filtered(data, initial=initial, moves=moves)[order], atol=1e-12)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda i, m: (None, None), ConfigError, "at least one table of covariates"),
        (lambda i, m: (i[:-1], m), DataError, "one row for each sequence is needed, 500, got 499"),
        (lambda i, m: (i.assign(sex="f"), m), DataError, "numbers are needed"),
        (lambda i, m: (i.assign(sex=np.nan), m), DataError, "500 of 500 rows hold a missing"),
        (lambda i, m: (i, m.assign(twice=2 * m["sex"])), DataError, "collinear"),
    ],
)
def test_tables_that_cannot_be_used_are_refused(cohort, change, error, message):
    data, initial, moves = cohort
    first, later = change(initial, moves)
    with pytest.raises(error, match=message):
        CovariateLatentMarkov(2, n_starts=1).fit(data, initial=first, moves=later)


def test_what_is_not_there_is_said(fitted, cohort):
    with pytest.raises(ConfigError, match="stand in coefficients_"):
        fitted.standard_errors(cohort[0])
    with pytest.raises(ConfigError, match="let time be a covariate"):
        CovariateLatentMarkov(2, time_varying=True).fit(cohort[0], initial=cohort[1])


def test_a_climb_at_its_cap_is_not_called_converged(cohort):
    data, initial, moves = cohort
    plan = Search(short_sweeps=3, finished=1, sweeps=4)
    with pytest.warns(NotConvergedWarning, match="ended at its cap"):
        model = CovariateLatentMarkov(2, n_starts=1, search=plan).fit(data, initial=initial, moves=moves)
    assert not model.converged_


def test_one_occasion_is_a_class_model_with_covariates(cohort):
    data, initial, _ = cohort
    first = Sequences(data.items[data.starts[:-1]], np.arange(501), data.columns, np.arange(500))
    model = CovariateLatentMarkov(2, n_starts=3).fit(first, initial=initial)
    assert model.n_parameters_ == 2 + 5 * 4
    assert isinstance(model.without_, LatentMarkov)
    assert model.coefficients_.query("part == 'initial' and covariate == 'sex'")["coefficient"].item() > 0


def test_a_frozen_model_scores_new_people_to_the_same_bits_and_is_not_refitted(fitted):
    data, initial, moves = simulate(9, n=60)
    text = fitted.to_json()
    thawed = CovariateLatentMarkov.from_json(text)
    np.testing.assert_array_equal(
        thawed.filtered(data, initial=initial, moves=moves), fitted.filtered(data, initial=initial, moves=moves)
    )
    assert thawed.to_json() == text
    pd.testing.assert_frame_equal(thawed.coefficients_, fitted.coefficients_)
    assert thawed.likelihood_ratio_p_ == fitted.likelihood_ratio_p_
    np.testing.assert_array_equal(thawed.without_.filtered(data), fitted.without_.filtered(data))
    held_out = thawed.score(data, initial=initial, moves=moves)
    assert held_out == fitted.score(data, initial=initial, moves=moves)


def test_nobodys_covariate_is_in_a_frozen_model(cohort, fitted):
    text = fitted.to_json()
    assert not [value for value in cohort[2]["dose"] if repr(float(value)) in text]


def test_covariates_may_come_in_any_order_and_others_are_named(fitted, cohort):
    data, initial, moves = cohort
    usual = fitted.filtered(data, initial=initial, moves=moves)
    np.testing.assert_array_equal(fitted.filtered(data, initial=initial, moves=moves[["dose", "sex"]]), usual)
    wrong = [
        (moves.drop(columns="dose"), r"covariates of the moves: missing dose; the fit had sex, dose"),
        (moves.assign(age=1.0), r"unknown age"),
        (moves.rename(columns={"dose": "weight"}), r"missing dose; unknown weight"),
        (pd.concat([moves, moves["sex"]], axis=1), r"twice sex"),
        (moves.assign(dose=np.nan), r"hold a missing or infinite value"),
    ]
    for table, message in wrong:
        with pytest.raises(DataError, match=message):
            fitted.filtered(data, initial=initial, moves=table)
    with pytest.raises(DataError, match="covariates sex were in the fit and are needed here"):
        fitted.filtered(data, moves=moves)


def test_a_tampered_frozen_model_is_refused(fitted):
    kept = json.loads(fitted.to_json())
    with pytest.raises(ConfigError, match="not what its sha256 says"):
        CovariateLatentMarkov.from_json(json.dumps(kept | {"columns": kept["columns"][::-1]}))
    del kept["sha256"]
    kept["own"]["initial_logits"] = kept["own"]["initial_logits"][:1]
    with pytest.raises(ConfigError, match="malformed"):
        CovariateLatentMarkov.from_json(seal(kept))
