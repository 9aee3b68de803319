"""Weights of those who stayed: they stand for the others, and give back the course of everybody."""

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ConfigError
from outcomes.prognosis.course import CONTINUED, ESTIMAND, expected_course
from outcomes.prognosis.staying import staying_weights, weighted_quantile


def service(n=4000, seed=0):
    """Two points down a session on average, for five sessions; the higher, the likelier to leave."""
    rng = np.random.default_rng(seed)
    score = np.clip(
        rng.integers(15, 20, (n, 1)) - 2 * np.arange(5) + rng.normal(0, 3, (n, 1)) * np.arange(5) / 2, 0, 27
    )
    score = np.rint(score)
    stays = rng.random((n, 5)) < 1 / (1 + np.exp((score - 20) / 4))
    there = np.cumprod(np.column_stack([np.ones(n, bool), stays[:, :-1]]), axis=1).astype(bool)
    who, number = np.nonzero(there)
    names = np.array([f"p{one:05d}" for one in range(n)])[who]
    table = pd.DataFrame({"pseudonym": names, "referral": names, "occasion": number + 1, "phq9": score[there]})
    return table, score


def test_weights_are_one_at_first_and_add_up_to_everybody_later():
    table, score = service()
    scores = table.assign(moment=table["occasion"] - 1, score=table["phq9"])
    weights = staying_weights(scores)
    assert (weights[scores["moment"].eq(0)] == 1).all()
    for moment in (1, 2, 3, 4):
        assert weights[scores["moment"].eq(moment)].sum() == pytest.approx(len(score), rel=0.05)


def test_had_treatment_continued_is_the_course_of_everybody():
    table, score = service()
    edges = [0.0]
    stayers, everybody = (
        expected_course(table, "phq9", edges=edges, last_occasion=4, estimand=one).set_index("occasion")
        for one in (ESTIMAND, CONTINUED)
    )
    truth = np.median(score[:, 4])
    assert stayers.loc[4, "expected"] < truth
    assert everybody.loc[4, "expected"] == pytest.approx(truth, abs=0.75)
    assert everybody.loc[4, "upper"] == pytest.approx(np.quantile(score[:, 4], 0.9), abs=1.5)
    assert set(everybody["estimand"]) == {CONTINUED}
    assert everybody["n"].equals(stayers["n"])


def test_equal_weights_give_the_plain_quantile():
    values = np.random.default_rng(1).normal(size=101)
    for share in (0.0, 0.1, 0.5, 0.9, 1.0):
        assert weighted_quantile(values, np.ones(101), share) == pytest.approx(np.quantile(values, share), abs=1e-12)
    assert weighted_quantile(np.array([3.0]), np.array([2.0]), 0.9) == 3.0


def test_an_unknown_estimand_is_refused():
    with pytest.raises(ConfigError, match="estimand must be"):
        expected_course(service(50)[0], "phq9", estimand="completers")
