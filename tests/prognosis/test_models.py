"""The estimators: scikit-learn's rules, our settings, the same bits on any number of threads."""

import inspect
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import threadpoolctl
import xgboost as xgb
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from outcomes.errors import ConfigError, DataError
from outcomes.prognosis import models
from outcomes.prognosis.forecaster import Forecaster, OneOutcomeError
from outcomes.prognosis.models import BoostedTrees, OneVariable, PenalisedLogistic, Prevalence, held_out
from outcomes.prognosis.multiclass import MulticlassTrees

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from bayes_filter import INITIAL, LOCATIONS, cohort, compare

EVERY = [BoostedTrees(max_rounds=60), PenalisedLogistic(penalties=(0.01, 1.0)), OneVariable(), Prevalence()]


def sample(n: int = 600, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "score": rng.integers(0, 28, n).astype(float),
            "change": rng.integers(-10, 6, n).astype(float),
            "gender": rng.choice(["Female", "Male", "Not stated"], n),
        }
    )
    odds = -0.15 * frame["score"] - 0.2 * frame["change"] + 1 + 0.5 * frame["gender"].eq("Male")
    outcome = (rng.random(n) < 1 / (1 + np.exp(-odds))).astype(int)
    frame.loc[rng.random(n) < 0.05, "change"] = np.nan
    return frame, outcome.to_numpy(), np.array([f"p{k}" for k in rng.integers(0, n // 2, n)])


@pytest.mark.slow
@parametrize_with_checks(EVERY)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def test_every_estimator_of_the_room_is_checked():
    defined = {
        one
        for _, one in inspect.getmembers(models, inspect.isclass)
        if issubclass(one, Forecaster) and one is not Forecaster
    }
    assert {type(one) for one in EVERY} == defined


@pytest.mark.parametrize("model", EVERY, ids=lambda one: one.kind)
def test_same_data_same_bits_on_any_number_of_threads(model):
    frame, outcome, who = sample()
    found = []
    for threads in (1, 2, 4):
        with threadpoolctl.threadpool_limits(limits=threads):
            found.append(type(model)(**model.get_params()).fit(frame, outcome, groups=who).predict_proba(frame))
    assert found[0].tobytes() == found[1].tobytes() == found[2].tobytes()


@pytest.mark.parametrize("model", EVERY[:2], ids=lambda one: one.kind)
def test_it_learns_what_is_there(model):
    frame, outcome, who = sample(2000)
    test, truth, _ = sample(2000, seed=1)
    fitted = type(model)(**model.get_params()).fit(frame, outcome, groups=who)
    assert roc_auc_score(truth, fitted.predict_proba(test)[:, 1]) > 0.72
    # the sign: a higher score makes recovery less probable
    low, high = (test.assign(score=value) for value in (2.0, 25.0))
    assert fitted.predict_proba(low)[:, 1].mean() > fitted.predict_proba(high)[:, 1].mean() + 0.2


def test_unseen_categories_and_missing_values_get_a_probability():
    frame, outcome, who = sample()
    strange = pd.DataFrame({"score": [np.nan, 3.0], "change": [np.nan, 2.0], "gender": ["Martian", None]})
    for model in EVERY:
        found = type(model)(**model.get_params()).fit(frame, outcome, groups=who).predict_proba(strange)
        assert ((found > 0) & (found < 1)).all()


def test_a_constant_and_an_empty_feature_do_no_harm():
    frame, outcome, who = sample()
    wider = frame.assign(constant=1.0, nothing=np.nan)
    for model in EVERY:
        fresh = type(model)(**model.get_params())
        found = fresh.fit(wider, outcome, groups=who).predict_proba(wider)[:, 1]
        assert np.isfinite(found).all()


@pytest.mark.parametrize("model", EVERY[:3], ids=lambda one: one.kind)
def test_one_outcome_only_is_a_clear_error(model):
    frame, outcome, _ = sample()
    with pytest.raises(OneOutcomeError, match="all 600 training rows are of one class; a forecast needs both"):
        type(model)().fit(frame, np.zeros_like(outcome))
    assert issubclass(OneOutcomeError, DataError)


def test_prevalence_is_the_prevalence():
    frame, outcome, _ = sample()
    found = Prevalence().fit(frame, outcome).predict_proba(frame)[:, 1]
    np.testing.assert_allclose(found, outcome.mean(), atol=1e-12)


def test_one_variable_is_a_plain_logistic_curve_of_that_variable():
    frame, outcome, _ = sample()
    model = OneVariable("score").fit(frame, outcome)
    theirs = LogisticRegression(C=1e6, tol=1e-10, max_iter=1000).fit(frame[["score"]], outcome)
    np.testing.assert_allclose(model.predict_proba(frame), theirs.predict_proba(frame[["score"]]), atol=1e-4)
    with pytest.raises(ConfigError, match="column must be a number among the features, got 'mood'"):
        OneVariable("mood").fit(frame, outcome)


def test_one_variable_missing_gets_the_prevalence_of_such_rows():
    frame, outcome, _ = sample(2000)
    outcome = np.where(frame["change"].isna(), 1, outcome)
    outcome[frame["change"].isna().to_numpy().nonzero()[0][0]] = 0
    missing = frame["change"].isna().to_numpy()
    found = OneVariable("change").fit(frame, outcome).predict_proba(frame)[missing, 1]
    np.testing.assert_allclose(found, outcome[missing].mean(), atol=1e-12)


def test_penalised_logistic_matches_scikit_learn_on_standardised_columns():
    frame, outcome, _ = sample()
    numbers = frame[["score"]].assign(other=np.arange(len(frame)) % 7 * 1.0)
    model = PenalisedLogistic(penalties=(0.05,)).fit(numbers, outcome)
    design = (numbers - numbers.mean()) / numbers.std(ddof=0)
    theirs = LogisticRegression(C=0.05, tol=1e-10, max_iter=1000).fit(design, outcome)
    np.testing.assert_allclose(model.coefficients_, theirs.coef_[0], atol=1e-5)
    assert model.chosen_ == 0.05


def test_penalty_grows_when_there_is_nothing_to_learn():
    rng = np.random.default_rng(0)
    noise = pd.DataFrame(rng.normal(size=(300, 30)), columns=[f"x{k}" for k in range(30)])
    outcome = rng.integers(0, 2, 300)
    assert PenalisedLogistic().fit(noise, outcome).chosen_ == min(models.PENALTIES)


def test_the_model_holds_the_trees_that_predict_and_no_others():
    frame, outcome, who = sample(1500)
    model = BoostedTrees().fit(frame, outcome, groups=who)
    assert 1 <= model.n_trees_ < 400
    assert model.booster_.num_boosted_rounds() == model.n_trees_
    matrix = xgb.DMatrix(model.encoding_.apply(frame))
    every = model.booster_.predict(matrix)
    np.testing.assert_array_equal(every, model.booster_.predict(matrix, iteration_range=(0, model.n_trees_)))
    np.testing.assert_allclose(model.predict_proba(frame)[:, 1], every, atol=1e-6)


def test_early_stopping_holds_out_patients_not_rows():
    # noise, every person six times: who is on both sides seems well foretold, so that trees keep being added
    rng = np.random.default_rng(0)
    noise = pd.DataFrame(rng.integers(0, 28, (150, 10)) * 1.0, columns=[f"x{k}" for k in range(10)])
    rows = np.repeat(np.arange(150), 6)
    outcome = rng.integers(0, 2, 150)[rows]
    apart = BoostedTrees().fit(noise.iloc[rows], outcome, groups=rows)
    parted = BoostedTrees().fit(noise.iloc[rows], outcome)
    assert apart.n_trees_ < parted.n_trees_ / 3


def test_settings_are_the_shallow_ones():
    settings = BoostedTrees()._settings()
    assert (settings["max_depth"], settings["eta"], settings["min_child_weight"], settings["subsample"]) == (
        3,
        0.05,
        10,
        0.7,
    )
    assert (settings["nthread"], settings["tree_method"]) == (1, "hist")


def test_another_seed_draws_otherwise():
    frame, outcome, who = sample()
    first = BoostedTrees(max_rounds=40, random_state=0).fit(frame, outcome, groups=who).predict_proba(frame)
    other = BoostedTrees(max_rounds=40, random_state=1).fit(frame, outcome, groups=who).predict_proba(frame)
    assert np.abs(first - other).max() > 0.001


def test_inner_folds_never_part_a_patient():
    groups = np.random.default_rng(0).integers(0, 50, 300)
    folds = held_out(groups, 5, 7)
    assert all(np.unique(folds[groups == one]).size == 1 for one in np.unique(groups))
    assert set(folds) == set(range(5))


def test_wrong_parameters_are_quoted():
    frame, outcome, _ = sample()
    with pytest.raises(ConfigError, match="max_rounds and patience must be at least 1, got 0, 25"):
        BoostedTrees(max_rounds=0).fit(frame, outcome)
    with pytest.raises(ConfigError, match=r"penalties must be positive numbers, got \(0.0,\)"):
        PenalisedLogistic(penalties=(0.0,)).fit(frame, outcome)


def test_the_ceiling_is_the_true_probability():
    """Calibrated in every bin, and better informed with every occasion."""
    drawn = cohort(20_000, 5)
    spread = []
    for occasion in range(5):  # at the sixth the total itself is seen
        told = drawn.ceiling[:, occasion]
        spread.append(told.std())
        bins = np.clip((told * 5).astype(int), 0, 4)
        for one in range(5):
            inside = bins == one
            if inside.sum() > 300:
                share, error = drawn.well[inside].mean(), np.sqrt(0.25 / inside.sum())
                assert share == pytest.approx(told[inside].mean(), abs=4 * error)
    assert np.all(np.diff(spread) > 0)
    assert LOCATIONS.shape == (INITIAL.size, 9)


@pytest.mark.slow
def test_models_come_within_a_hundredth_of_the_true_models_area():
    found = compare(6000, landmarks=(0, 2, 4))
    assert found["short_of"].max() < 0.01
    assert found["short_of"].min() > -0.005  # nobody beats the truth but by chance


@pytest.mark.parametrize("classes", [2, 4])
def test_held_out_losses_from_a_plain_matrix_are_those_by_bins(classes):
    """Early stopping reads them from a plain matrix, which is quicker; it must stop where bins would have stopped."""
    rng = np.random.default_rng(3)
    x = np.round(rng.normal(size=(900, 6)) * 20) / 20
    x[rng.random(x.shape) < 0.05] = np.nan
    y = rng.integers(0, classes, 900)
    trees = BoostedTrees() if classes == 2 else MulticlassTrees()
    trees.classes_ = np.arange(classes)
    settings = trees._settings()
    learning = xgb.QuantileDMatrix(x[:700], label=y[:700], nthread=1)
    plain = xgb.DMatrix(x[700:], label=y[700:], nthread=1)
    binned = xgb.QuantileDMatrix(x[700:], label=y[700:], nthread=1, ref=learning)
    losses = []
    for judging in (plain, binned):
        found = {}
        evals = [(judging, "judging")]
        xgb.train(settings, learning, 40, evals=evals, evals_result=found, verbose_eval=False)
        losses.append(found["judging"][settings["eval_metric"]])
    assert losses[0] == losses[1]
