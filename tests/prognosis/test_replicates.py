"""The same resamples for every model, so that a difference has the interval of a difference."""

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import DataError
from outcomes.prognosis.evaluation import evaluate
from outcomes.prognosis.replicates import FIGURES, replicates


def judged(n=120, seed=1, models=("a", "b")):
    rng = np.random.default_rng(seed)
    risk = rng.normal(size=n)
    outcome = (rng.random(n) < 1 / (1 + np.exp(-risk))).astype(float)
    rows = pd.DataFrame({"pseudonym": [f"p{i // 2:03}" for i in range(n)], "referral": np.arange(n), "fold": 0})
    parts = [
        rows.assign(model=name, outcome=outcome, probability=1 / (1 + np.exp(-risk - rng.normal(0, noise, n))))
        for name, noise in zip(models, (0.1, 2.0), strict=False)
    ]
    return pd.concat(parts, ignore_index=True)


def test_the_resamples_are_those_of_the_evaluation():
    rows = judged(models=("a",))
    found = replicates(rows, snapshot="s", n_resamples=300, seed=7)
    told = evaluate(
        rows["outcome"], rows["probability"], pseudonyms=rows["pseudonym"], n_bootstrap=300, random_state=7
    ).set_index("metric")
    for name in FIGURES:
        low, high = np.quantile(found.figures["a"][name], [0.025, 0.975])
        assert low == pytest.approx(told.loc[name, "low"], rel=1e-4), name
        assert high == pytest.approx(told.loc[name, "high"], rel=1e-4), name


def test_models_share_their_resamples_whatever_the_order_of_the_rows():
    rows = judged()
    one = replicates(rows, snapshot="s", n_resamples=50)
    other = replicates(rows.sample(frac=1, random_state=3), snapshot="s", n_resamples=50)
    assert one == other
    assert one.n == 120
    a, b = (np.array(one.figures[name]["auroc"]) for name in "ab")
    assert np.corrcoef(a, b)[0, 1] > 0.2
    assert (a > b).mean() > 0.95


@pytest.mark.parametrize("change", [{"snapshot": "t"}, {"seed": 1}, {"n_resamples": 51}])
def test_other_data_other_draws_other_people(change):
    rows, given = judged(), {"snapshot": "s", "seed": 0, "n_resamples": 50}
    assert replicates(rows, **given).people != replicates(rows, **(given | change)).people


def test_another_target_is_another_people():
    rows = judged()
    other = rows.assign(outcome=1 - rows["outcome"])
    assert replicates(rows, snapshot="s", n_resamples=5).people != replicates(other, snapshot="s", n_resamples=5).people


def test_models_that_were_not_judged_on_the_same_people_are_refused():
    with pytest.raises(DataError, match="not judged on the same people"):
        replicates(judged().iloc[1:], snapshot="s")
    with pytest.raises(DataError, match="8 referrals, fewer than 10"):
        replicates(judged(n=8), snapshot="s")
