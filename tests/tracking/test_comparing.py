"""Two runs side by side: what was asked differently, what came out differently, and how sure that is."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from outcomes.errors import AccessError, ConfigError
from outcomes.tracking.comparing import APART, PAIRED, compare, find_run, parents
from outcomes.tracking.mlflow_store import MlflowStore
from outcomes.tracking.opening import Subject, tracker

Make = Callable[..., Subject]
NAME = "prognosis/boosted_trees/by_patient/auroc"
RNG = np.random.default_rng(4)
SHARED = RNG.normal(0, 0.02, 400)  # what the same resamples do to both models


@pytest.fixture
def make(store: Path, subject: Make) -> Callable[..., str]:
    def run(value: float, *, people: str = "one", own: float = 0.004, **settings: object) -> str:
        drawn = value + SHARED + RNG.normal(0, own, SHARED.size)
        low, high = np.quantile(drawn, [0.025, 0.975])
        with tracker(subject(**settings), store=store) as parent:
            parent.metrics({"people/referrals": 500})
            parent.metrics({NAME: value}, step=2)
            held = {"2": {"people": people, "n": 500, "figures": {NAME: drawn.tolist()}}}
            parent.text("replicates.json", json.dumps(held))
            with parent.child("landmark 2", tags={"landmark": 2}) as child:
                child.metrics({NAME: value, f"{NAME}_low": low, f"{NAME}_high": high})
        return parent.run_id

    return run


def rows(store: Path, a: str, b: str) -> dict[str, dict[str, object]]:
    found = compare(MlflowStore(store), a, b).metrics
    assert list(found) == ["session", "metric", "a", "b", "difference", "low", "high", "interval"]
    return {row["metric"]: row for row in found.to_dict("records")}


def test_the_same_people_pair_and_the_interval_is_that_of_the_difference(store, make):
    row = rows(store, make(0.70, seed=1), make(0.73, seed=2))[NAME]
    assert row["session"] == 2
    assert row["difference"] == pytest.approx(0.03)
    assert row["interval"] == PAIRED
    assert 0.015 < row["low"] < 0.03 < row["high"] < 0.045


def test_other_people_do_not_pair_and_the_interval_is_wider(store, make):
    row = rows(store, make(0.70, seed=1), make(0.73, seed=2, people="other"))[NAME]
    assert row["interval"] == APART
    assert row["low"] < 0 < row["high"]
    assert row["high"] - row["low"] == pytest.approx(2 * 1.96 * np.sqrt(2) * 0.02, rel=0.15)


def test_a_run_beside_itself_differs_by_nothing(store, make):
    one = make(0.70)
    row = rows(store, one, one)[NAME]
    assert (row["difference"], row["low"], row["high"]) == (0, 0, 0)


def test_a_metric_without_bounds_has_no_interval_and_says_nothing_it_does_not_know(store, make):
    row = rows(store, make(0.70, seed=1), make(0.71, seed=2))["people/referrals"]
    assert row["difference"] == 0
    assert row["interval"] == ""
    assert np.isnan(row["low"])


def test_what_was_asked_differently_is_listed(store, make):
    found = compare(MlflowStore(store), make(0.7, seed=1), make(0.7, seed=2)).differing
    assert found[["setting", "a", "b"]].to_numpy().tolist()[-1] == ["seed", "1", "2"]
    assert "settings" in set(found["setting"])


def test_a_run_is_found_by_its_first_characters_its_study_or_as_the_latest(store, make):
    first, second = make(0.7, seed=1), make(0.7, seed=2)
    opened = MlflowStore(store)
    assert find_run(opened, first[:8]) == first
    assert find_run(opened, "demo_study") == second
    assert find_run(opened, "latest") == second
    assert parents(opened)["run"].tolist() == [second, first]


@pytest.mark.parametrize("word", ["ffffffffffff", "ab", "other_study"])
def test_a_run_that_is_not_there_is_said(store, make, word):
    make(0.7)
    with pytest.raises(AccessError, match=rf"no run is called '{word}'; see `outcomes runs list`.*demo_study"):
        find_run(MlflowStore(store), word)


def test_wrong_questions_get_a_sentence(store, make):
    one = make(0.7)
    with pytest.raises(ConfigError, match="level must be between 0 and 1, got 95"):
        compare(MlflowStore(store), one, one, level=95)
    with pytest.raises(AccessError, match="there is no run 'gone'"):
        compare(MlflowStore(store), one, "gone")
