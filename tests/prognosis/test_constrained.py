"""Training under a constraint: the group is asked for while the model learns, never after."""

import numpy as np
import pandas as pd
import pytest
import threadpoolctl
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from outcomes.errors import ConfigError
from outcomes.prognosis.constrained import ConstrainedTrees
from outcomes.prognosis.models import BoostedTrees

GROUPS = ("a", "b")


def service(n, seed, *, unequal):
    """In group b the answers tell less and look better than they are, so that the need there is overlooked."""
    rng = np.random.default_rng(seed)
    group = rng.choice(GROUPS, n, p=[0.6, 0.4])
    second = (group == "b") & unequal
    need = rng.normal(0, 1.5, n)
    answers = need + rng.normal(0, np.where(second, 1.6, 0.4)) - 0.8 * second
    goes_with_group = (group == "b") + rng.normal(0, 0.5, n)
    y = (rng.random(n) < 1 / (1 + np.exp(-need))).astype(int)
    return pd.DataFrame({"answers": answers, "other": goes_with_group}), y, group


def chances(model, X, y, group, adverse=1):
    noticed = model.predict_proba(X)[:, adverse] >= 0.5
    return {label: noticed[(group == label) & (y == adverse)].mean() for label in GROUPS}


@pytest.mark.slow
@parametrize_with_checks([ConstrainedTrees()])
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize(("adverse", "seed"), [(1, 1), (1, 2), (0, 3)])
def test_the_groups_come_to_one_chance_on_people_who_did_not_teach(adverse, seed):
    X, y, group = service(8000, seed, unequal=True)
    unseen = service(20_000, seed + 100, unequal=True)
    if adverse == 0:
        y, unseen = 1 - y, (unseen[0], 1 - unseen[1], unseen[2])
    plain = chances(BoostedTrees(random_state=seed).fit(X, y), *unseen, adverse)
    model = ConstrainedTrees(adverse=adverse, random_state=seed).fit(X, y, alike=group)
    mended = chances(model, *unseen, adverse)
    assert plain["a"] - plain["b"] > 0.12
    assert abs(mended["a"] - mended["b"]) < 0.5 * (plain["a"] - plain["b"])
    assert model.strengths_["b"] > 0 > model.strengths_["a"]
    assert model.predict_proba(unseen[0])[:, 1].mean() == pytest.approx(unseen[1].mean(), abs=0.02)  # recalibrated


def test_where_groups_differ_by_chance_alone_it_is_the_unconstrained_model_bit_for_bit():
    same = 0
    for seed in range(5):
        X, y, group = service(3000, seed, unequal=False)
        model = ConstrainedTrees(random_state=seed).fit(X, y, alike=group)
        plain = BoostedTrees(random_state=seed).fit(X, y)
        assert max(abs(value) for value in model.strengths_.values()) < 0.3
        same += model.predict_proba(X).tobytes() == plain.predict_proba(X).tobytes()
    assert same >= 3


def test_without_groups_nothing_is_constrained():
    X, y, _ = service(1000, 3, unequal=True)
    model = ConstrainedTrees().fit(X, y)
    assert (model.strengths_, model.slope_, model.shift_) == ({}, 1.0, 0.0)
    assert model.predict_proba(X).tobytes() == BoostedTrees().fit(X, y).predict_proba(X).tobytes()


def test_a_small_group_is_left_alone_and_a_missing_group_is_one_of_its_own():
    X, y, group = service(4000, 4, unequal=True)
    named = pd.Series(group, dtype="str").mask(np.arange(4000) < 60)
    named[3960:] = "c"
    model = ConstrainedTrees().fit(X, y, alike=named)
    assert list(model.strengths_) == ["a", "b", "c", "missing"]
    assert (model.strengths_["c"], model.strengths_["missing"]) == (0.0, 0.0)
    assert model.strengths_["b"] > 0


def test_nobodys_group_is_kept_and_no_row_counts_more_than_once(monkeypatch):
    X, y, group = service(2000, 5, unequal=True)
    seen = []
    grown = ConstrainedTrees._grown
    monkeypatch.setattr(
        ConstrainedTrees, "_grown", lambda self, *rows: seen.append(rows[2].max()) or grown(self, *rows)
    )
    model = ConstrainedTrees().fit(X, y, alike=group)
    assert set(seen) == {1.0}
    long = [name for name, value in vars(model).items() if np.size(value) >= 100]
    assert long == []


def test_the_strongest_weight_is_a_bound():
    X, y, group = service(4000, 6, unequal=True)
    model = ConstrainedTrees(strongest=1.1).fit(X, y, alike=group)
    assert max(abs(value) for value in model.strengths_.values()) <= np.log(1.1) + 1e-12


def test_what_was_learnt_can_be_taken_over():
    X, y, group = service(2000, 7, unequal=True)
    model = ConstrainedTrees().fit(X, y, alike=group)
    other = clone(model)
    other.encoding_, other.classes_, other.n_features_in_ = model.encoding_, model.classes_, model.n_features_in_
    other.feature_names_in_ = model.feature_names_in_
    other.restore(model.state())
    assert other.predict_proba(X).tobytes() == model.predict_proba(X).tobytes()
    assert other.strengths_ == model.strengths_


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"threshold": 1.0}, "threshold must be strictly between 0 and 1"),
        ({"adverse": 2}, "adverse 0 or 1, got 0.5, 2"),
        ({"strongest": 0.5}, "strongest and steps must be at least 1"),
        ({"n_folds": 1}, "n_folds at least 2"),
    ],
)
def test_a_wrong_setting_is_quoted(settings, words):
    X, y, group = service(200, 8, unequal=True)
    with pytest.raises(ConfigError, match=words):
        ConstrainedTrees(**settings).fit(X, y, alike=group)


def test_groups_of_another_length_are_refused():
    X, y, group = service(200, 9, unequal=True)
    with pytest.raises(ConfigError, match="alike has 199 values for 200 rows"):
        ConstrainedTrees().fit(X, y, alike=group[:-1])


@pytest.mark.parametrize("threads", [1, 2])
def test_same_data_same_bits(threads):
    X, y, group = service(1500, 10, unequal=True)
    first = ConstrainedTrees().fit(X, y, alike=group).predict_proba(X)
    with threadpoolctl.threadpool_limits(limits=threads):
        assert ConstrainedTrees().fit(X, y, alike=group).predict_proba(X).tobytes() == first.tobytes()
