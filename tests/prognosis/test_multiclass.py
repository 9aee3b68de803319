"""Several classes at once: scikit-learn's rules, sums of one, the trees that were counted."""

import numpy as np
import pandas as pd
import pytest
import xgboost as xgb
from sklearn.utils.estimator_checks import parametrize_with_checks

from outcomes.errors import ConfigError, DataError
from outcomes.prognosis.forecaster import OneOutcomeError
from outcomes.prognosis.multiclass import MulticlassTrees, margins, softmax
from outcomes.prognosis.packing import pack, unpack


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"score": rng.integers(0, 28, 900) * 1.0, "gender": rng.choice(["Female", "Male"], 900)})
    frame.loc[:30, "score"] = np.nan
    level = frame["score"].fillna(12) + rng.normal(0, 5, 900)
    return frame, np.select([level < 8, level < 16], ["well", "better"], "unwell"), rng.integers(0, 500, 900)


@pytest.mark.slow
@parametrize_with_checks([MulticlassTrees(max_rounds=60, patience=25, learning_rate=0.05)])
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def test_probabilities_add_up_to_one_and_follow_the_class_order(rows):
    frame, y, who = rows
    model = MulticlassTrees().fit(frame, y, groups=who)
    told = model.predict_proba(frame)
    assert np.abs(told.sum(axis=1) - 1).max() < 1e-12
    assert model.classes_.tolist() == ["better", "unwell", "well"]
    assert told[frame["score"].ge(24)].mean(axis=0).argmax() == 1


def test_predictions_use_the_trees_that_early_stopping_chose_and_no_others(rows):
    frame, y, who = rows
    model = MulticlassTrees(max_rounds=400, patience=3).fit(frame, y, groups=who)
    assert model.n_trees_ < 400
    assert model.booster_.num_boosted_rounds() == model.n_trees_
    by_hand = model.booster_.predict(xgb.DMatrix(model.encoding_.apply(frame)))
    assert np.abs(by_hand - model.predict_proba(frame)).max() < 1e-6
    fewer = softmax(margins(model.booster_, model.encoding_.apply(frame), 1))
    assert np.abs(fewer - by_hand).max() > 0.01


def test_there_and_back_gives_the_same_bits_and_a_flipped_byte_is_refused(rows):
    frame, y, who = rows
    model = MulticlassTrees(max_rounds=20).fit(frame, y, groups=who)
    packed = pack(model)
    assert unpack(packed.content, packed.sha256).predict_proba(frame).tobytes() == model.predict_proba(frame).tobytes()
    spoilt = bytearray(packed.content)
    spoilt[len(spoilt) // 2] ^= 1
    with pytest.raises(DataError, match="was changed, nothing was loaded"):
        unpack(bytes(spoilt), packed.sha256)


def test_unseen_categories_are_unknown_and_one_class_is_refused(rows):
    frame, y, who = rows
    model = MulticlassTrees(max_rounds=20).fit(frame, y, groups=who)
    strange, missing = (model.predict_proba(frame.assign(gender=label)) for label in ("Never seen", None))
    assert strange.tobytes() == missing.tobytes()
    with pytest.raises(OneOutcomeError, match="all 900 training rows are of one class"):
        MulticlassTrees().fit(frame, np.full(900, "well"))
    with pytest.raises(ConfigError, match="at least 1, got 0"):
        MulticlassTrees(max_rounds=0).fit(frame, y)


def test_a_constant_feature_changes_nothing(rows):
    frame, y, who = rows
    plain = MulticlassTrees(max_rounds=20).fit(frame, y, groups=who).predict_proba(frame)
    more = frame.assign(constant=1.0)
    assert np.allclose(MulticlassTrees(max_rounds=20).fit(more, y, groups=who).predict_proba(more), plain)


def test_no_leaf_is_a_few_people(rows):
    """Trees that give all classes at once ignore the smallest leaf (xgboost 3.2): some held one person."""
    frame, y, who = rows
    model = MulticlassTrees(subsample=1.0).fit(frame, y, groups=who)
    leaves = model.booster_.predict(xgb.DMatrix(model.encoding_.apply(frame)), pred_leaf=True).reshape(len(y), -1)
    assert min(np.unique(one, return_counts=True)[1].min() for one in leaves.T) >= model.min_child_weight
