"""How much a model flatters itself: a lot where there is nothing to learn, little where there is much."""

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ConfigError, DataError
from outcomes.prognosis.models import PenalisedLogistic
from outcomes.prognosis.optimism import optimism

FREE = PenalisedLogistic(penalties=(100.0,))


def table(n, columns, signal, seed=0):
    rng = np.random.default_rng(seed)
    x = pd.DataFrame(rng.normal(size=(n, columns)), columns=[f"x{k}" for k in range(columns)])
    y = (rng.random(n) < 1 / (1 + np.exp(-signal * x["x0"]))).astype(int)
    return x, y.to_numpy(), np.arange(n)


def test_noise_is_found_out():
    x, y, who = table(120, 20, 0.0)
    found = optimism(FREE, x, y, who, n_resamples=30).set_index("metric")
    assert found.loc["auroc", "apparent"] > 0.65
    assert found.loc["auroc", "corrected"] == pytest.approx(0.5, abs=0.1)
    assert found.loc["calibration_slope", "corrected"] < 0.6
    assert found.loc["brier", "optimism"] < 0


def test_many_people_and_one_strong_variable_leave_little_to_correct():
    x, y, who = table(2000, 2, 1.5)
    found = optimism(FREE, x, y, who, n_resamples=10).set_index("metric")
    assert abs(found.loc["auroc", "optimism"]) < 0.01
    fresh, outcome, _ = table(4000, 2, 1.5, seed=9)
    told = FREE.fit(x, y).predict_proba(fresh)[:, 1]
    from sklearn.metrics import roc_auc_score

    assert roc_auc_score(outcome, told) == pytest.approx(found.loc["auroc", "corrected"], abs=0.02)


def test_one_resample_or_one_outcome_is_refused():
    x, y, who = table(60, 2, 1.0)
    with pytest.raises(ConfigError, match="at least 2, got 1"):
        optimism(FREE, x, y, who, n_resamples=1)
    with pytest.raises(DataError, match="all rows are of one class"):
        optimism(FREE, x, np.zeros(60), who)
