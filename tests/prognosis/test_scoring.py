"""Open cases get the probability of the latest landmark that they have reached."""

import pandas as pd
import pytest

from outcomes.errors import ConfigError
from outcomes.prognosis.explanation import explain, reasons
from outcomes.prognosis.models import BoostedTrees, Prevalence
from outcomes.prognosis.scoring import fit_landmarks, score_open
from outcomes.prognosis.timeline import KEY


@pytest.fixture(scope="module")
def fitted(invented):
    return fit_landmarks(invented.courses, invented.target, BoostedTrees(max_rounds=60), landmarks=(0, 2, 4))


def test_each_open_case_once_at_its_latest_landmark(invented, fitted):
    open_cases = invented.courses.episodes.loc[invented.courses.episodes["open"], KEY]
    scores, told = score_open(fitted, open_cases)
    assert sorted(scores["referral"]) == sorted(open_cases["referral"])
    assert scores["probability"].between(0, 1).all()
    assert told.empty
    sat = invented.courses.occasions.groupby("referral").size()
    for row in scores.itertuples():
        assert row.landmark == max(mark for mark in (0, 2, 4) if mark < sat[row.referral])
        assert row.n_training == fitted[row.landmark].n


def test_open_cases_teach_nothing(invented, fitted):
    known = invented.target.notna().sum()
    assert fitted[0].n == known
    assert fitted[0].n_events == invented.target.sum()


def test_reasons_come_with_the_scores(invented, fitted):
    open_cases = invented.courses.episodes.loc[invented.courses.episodes["open"], KEY].head(5)
    scores, told = score_open(fitted, open_cases, explain=lambda one, cases: reasons(explain(one.model, cases), most=2))
    assert set(told["referral"]) <= set(scores["referral"])
    assert told["reason"].str.len().gt(0).all()


def test_nobody_open_and_nobody_known(invented, fitted):
    scores, _ = score_open(fitted, pd.DataFrame(columns=KEY))
    assert list(scores.columns) == [*KEY, "landmark", "probability", "n_training"]
    assert len(scores) == 0
    nobody = invented.target.mask(invented.target.notna())
    assert fit_landmarks(invented.courses, nobody, Prevalence()) == {}
    with pytest.raises(ConfigError, match="one value an episode, got 1 for 400"):
        fit_landmarks(invented.courses, invented.target.head(1), Prevalence())
