"""Session by session: the same numbers as all at once, in microseconds, and strange answers refused."""

import time

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import DataError
from outcomes.subtypes.covariates import CovariateLatentMarkov
from outcomes.subtypes.latent_markov import LatentMarkov
from outcomes.subtypes.mixed import MixedLatentMarkov
from outcomes.subtypes.scoring import StateScorer
from outcomes.subtypes.sequences import Sequences


@pytest.fixture(scope="module")
def model(small) -> LatentMarkov:
    return LatentMarkov(3, n_starts=3, time_varying=True).fit(small.sequences)


def course(scorer: StateScorer, items: np.ndarray) -> np.ndarray:
    found = [scorer.first(items[0])]
    for session, answers in enumerate(items[1:], start=2):
        found.append(scorer.next(found[-1], answers, session=session))
    return np.array(found)


def test_one_by_one_is_all_at_once(model, small):
    data = small.sequences
    scorer = StateScorer(LatentMarkov.from_json(model.to_json()))
    items = data.items[:60].copy()
    items[7, 2], items[9] = -1, -1  # a missing answer, a blank session
    whole = model.filtered(Sequences(items, data.starts[:11], data.columns, np.arange(60)))
    for person in range(10):
        rows = slice(6 * person, 6 * person + 6)
        np.testing.assert_allclose(course(scorer, items[rows]), whole[rows], atol=1e-12)


def test_pairs_of_class_and_state_add_up(small):
    mixed = MixedLatentMarkov(2, 2, n_starts=2).fit(small.sequences)
    hidden = course(StateScorer(mixed), small.sequences.items[:6])
    one = Sequences(small.sequences.items[:6], np.array([0, 6]), small.sequences.columns, np.arange(6))
    np.testing.assert_allclose(hidden.reshape(6, 2, 2).sum(axis=1), mixed.filtered(one), atol=1e-12)


def test_names_may_be_given_and_absent_ones_are_missing(model):
    scorer = StateScorer(model)
    answers = [1, -1, 2, 3, -1, 0, 1, 2, 0]
    named = {name: a for name, a in zip(scorer.columns, answers, strict=True) if a >= 0}
    np.testing.assert_array_equal(scorer.first(named), scorer.first(answers))


def test_a_session_takes_microseconds(model, small):
    scorer = StateScorer(model)
    before = scorer.first(small.sequences.items[0])
    begin = time.process_time()
    for _ in range(500):
        scorer.next(before, small.sequences.items[1], session=2)
    assert (time.process_time() - begin) / 500 < 200e-6  # 10 on an idle machine


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ([0] * 8, "9 whole numbers are needed"),
        ([0.5] * 9, "9 whole numbers are needed"),
        ([0] * 8 + [9], "phq9_9: an answer of a kind"),
        ([0] * 8 + [500], "no item can have"),
        ({"mood": 1}, "1 names are not items"),
    ],
)
def test_strange_answers_are_refused(model, answers, message):
    with pytest.raises(DataError, match=message):
        StateScorer(model).first(answers)


def test_sessions_come_one_after_the_other(model, small):
    scorer = StateScorer(model)
    with pytest.raises(DataError, match="must be at least 2"):
        scorer.next(scorer.first([0] * 9), [0] * 9, session=1)


@pytest.fixture(scope="module")
def covaried(small):
    rng = np.random.default_rng(3)
    first = pd.DataFrame({"sex": np.arange(400) % 2, "age": rng.normal(size=400)})
    moves = pd.DataFrame({"dose": rng.normal(size=2400)})
    return CovariateLatentMarkov(2, n_starts=1).fit(small.sequences, initial=first, moves=moves), first, moves


def test_with_covariates_one_by_one_is_all_at_once_without_a_refit(covaried, small):
    model, first, moves = covaried
    scorer = StateScorer(CovariateLatentMarkov.from_json(model.to_json()))
    assert scorer.covariates == (("sex", "age"), ("dose",))
    whole = model.filtered(small.sequences, initial=first, moves=moves)
    for person in range(20):
        own = slice(6 * person, 6 * person + 6)
        items = small.sequences.items[own]
        now = scorer.first(items[0], covariates=first.iloc[person].to_dict())
        found = [now]
        for session in range(2, 7):
            dose = {"dose": float(moves["dose"].iloc[own.start + session - 1])}
            now = scorer.next(now, items[session - 1], session=session, covariates=dose)
            found.append(now)
        np.testing.assert_allclose(np.array(found), whole[own], atol=1e-12)


@pytest.mark.parametrize(
    ("covariates", "message"),
    [
        (None, "covariates of the first state: missing sex, age; the fit had sex, age"),
        ({"sex": 1.0}, "missing age"),
        ({"sex": 1.0, "age": 2.0, "dose": 1.0}, "unknown dose"),
        ({"sex": 1.0, "age": float("nan")}, "finite numbers are needed"),
        ({"sex": "secret", "age": 1.0}, "finite numbers are needed"),
    ],
)
def test_covariates_that_are_missing_unknown_or_no_numbers_are_refused(covaried, covariates, message):
    with pytest.raises(DataError, match=message) as refused:
        StateScorer(covaried[0]).first([0] * 9, covariates=covariates)
    assert "secret" not in str(refused.value)


def test_a_plain_model_takes_no_covariates(model):
    with pytest.raises(DataError, match="covariates of the first state: unknown sex; the fit had none"):
        StateScorer(model).first([0] * 9, covariates={"sex": 1.0})
