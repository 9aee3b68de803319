"""A model that remembers people is caught; ours is near a coin flip."""

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ConfigError
from outcomes.prognosis.models import BoostedTrees
from outcomes.prognosis.privacy import membership, smallest_leaf


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.integers(0, 28, (1000, 20)) * 1.0, columns=[f"x{k}" for k in range(20)])
    odds = (frame["x0"] - 14) / 6
    return frame, (rng.random(1000) < 1 / (1 + np.exp(-odds))).to_numpy(dtype=int), np.arange(1000)


def test_shallow_trees_hardly_remember_and_deep_ones_do(rows):
    frame, outcome, who = rows
    ours = membership(BoostedTrees(), frame, outcome, who)
    deep = BoostedTrees(max_depth=6, min_child_weight=1, learning_rate=0.3, subsample=1.0, patience=200)
    theirs = membership(deep, frame, outcome, who)
    assert ours.auroc < 0.60
    assert ours.passed
    assert theirs.auroc > ours.auroc + 0.05
    assert ours.n_members + ours.n_others == 1000


def test_the_smallest_leaf_holds_many_patients(rows):
    frame, outcome, who = rows
    model = BoostedTrees().fit(frame, outcome, groups=who)
    assert smallest_leaf(model, frame, who) >= 10
    # rows of one patient count once
    assert smallest_leaf(model, frame, np.zeros(len(frame))) == 1


def test_lengths_must_agree(rows):
    frame, outcome, who = rows
    with pytest.raises(ConfigError, match="must have one length, got 1000, 1000, 3"):
        membership(BoostedTrees(), frame, outcome, who[:3])
