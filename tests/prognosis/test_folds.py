"""Figures of each fold: as the whole would give them, nothing of a fold that is too small."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

from outcomes.errors import DataError
from outcomes.prognosis.folds import by_fold


def told(n=300, folds=3, seed=1):
    rng = np.random.default_rng(seed)
    probability = rng.uniform(0.05, 0.95, n)
    return pd.DataFrame(
        {
            "landmark": 2,
            "model": "boosted_trees",
            "validation": "by patient",
            "fold": np.arange(n) % folds,
            "probability": probability,
            "outcome": (rng.random(n) < probability).astype(float),
        }
    )


def test_each_fold_has_the_figures_of_its_own_people():
    rows = told()
    found = by_fold(rows).set_index(["fold", "metric"])["value"]
    for fold, part in rows.groupby("fold"):
        assert found[fold, "auroc"] == pytest.approx(roc_auc_score(part["outcome"], part["probability"]), abs=1e-12)
        assert found[fold, "brier"] == pytest.approx(brier_score_loss(part["outcome"], part["probability"]), abs=1e-12)
    assert found.xs("calibration_slope", level="metric").between(0.5, 1.6).all()
    assert found.index.is_unique


def test_a_fold_with_few_endings_and_people_of_unknown_ending_give_nothing():
    rows = told()
    few = rows.assign(outcome=rows["outcome"].where(rows["fold"].ne(0), 0.0).mask(rows["fold"].eq(1)))
    assert by_fold(few)["fold"].unique().tolist() == [2]


def test_the_order_of_rows_does_not_matter_and_the_table_is_not_changed():
    rows = told()
    before = rows.copy()
    pd.testing.assert_frame_equal(by_fold(rows.sample(frac=1, random_state=3)), by_fold(rows))
    pd.testing.assert_frame_equal(rows, before)


def test_a_missing_column_is_named():
    with pytest.raises(DataError, match="column fold, outcome is missing"):
        by_fold(told().drop(columns=["fold", "outcome"]))
