"""States that are there are found again; states that are not are called untrustworthy."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from outcomes.errors import ConfigError, DataError
from outcomes.subtypes.latent_markov import LatentMarkov
from outcomes.subtypes.stability import (
    adjusted_rand,
    bootstrap,
    contingency,
    prediction_strength,
    replicate,
    split_half,
)


def clear_and_vague(n=300, seed=0):
    # two kinds that answer in opposite ways, and within the second nothing that would bear a third state
    rng = np.random.default_rng(seed)
    kind = rng.random(n) < 0.5
    return np.where(rng.random((n, 8)) < np.where(kind, 0.9, 0.1)[:, None], 1, 0), kind


@pytest.fixture(scope="module")
def two():
    answers, kind = clear_and_vague()
    return LatentMarkov(2, n_starts=4).fit(answers), answers, kind


def test_two_clear_kinds_are_highly_stable(two):
    model, answers, _ = two
    found = bootstrap(model, answers, n_resamples=8)
    assert found.table["judgement"].tolist() == ["highly stable"] * 2
    assert found.table["jaccard"].between(0.95, 1).all()
    assert found.table["dissolved"].eq(0).all()
    assert len(found.resamples) == 8


def test_a_state_too_many_is_called_out(two):
    _, answers, _ = two
    model = LatentMarkov(4, n_starts=4).fit(answers)
    found = bootstrap(model, answers, n_resamples=8)
    assert "not to be trusted" in found.table["judgement"].tolist()


def test_threads_and_repeats_change_nothing(two):
    model, answers, _ = two
    first, second = (bootstrap(model, answers, n_resamples=4, n_jobs=n) for n in (1, 2))
    np.testing.assert_array_equal(first.table["jaccard"], second.table["jaccard"])
    for one, other in zip(first.resamples, second.resamples, strict=True):
        np.testing.assert_array_equal(one.parameters.response[0], other.parameters.response[0])


def test_halves_agree_where_kinds_are_clear(two):
    model, answers, _ = two
    found = split_half(model, answers, starts=3)
    assert found.adjusted_rand > 0.9
    assert found.agreeing > 0.97
    assert found.prediction_strength > 0.9
    assert found.n_first + found.n_second == 300
    assert found.log_likelihood_own > found.log_likelihood_other


def test_a_service_of_another_kind_does_not_replicate():
    answers, kind = clear_and_vague(400, 5)
    elsewhere = np.arange(400) >= 200
    odd = answers.copy()
    odd[elsewhere] = (np.random.default_rng(1).random((200, 8)) < 0.5).astype(int)  # no kinds at all
    model = LatentMarkov(2, n_starts=3).fit(answers)
    same, other = (replicate(model, data, elsewhere, starts=3) for data in (answers, odd))
    assert same.adjusted_rand > 0.9 > 0.6 > other.adjusted_rand
    assert same.table["distance"].max() < 0.1 < other.table["distance"].max()
    assert kind.size == same.n_first + same.n_second


def test_all_sequences_of_a_person_are_drawn_together(small):
    model = LatentMarkov(2, n_starts=2).fit(small.sequences)
    table = pd.DataFrame(small.sequences.items, columns=small.sequences.columns)
    table["referral"] = small.sequences.sequence
    table["occasion"] = small.sequences.position
    table["pseudonym"] = "one and only"
    with pytest.raises(DataError, match="too small"):
        split_half(model, table, starts=1)
    found = bootstrap(model, table, n_resamples=2, fresh=0)  # whoever is drawn, it is everybody
    np.testing.assert_allclose(found.table["jaccard"], 1.0)


def test_numbers_by_hand():
    one, two = np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 1, 1])
    assert contingency(one, two).tolist() == [[2, 1], [0, 2]]
    assert adjusted_rand(one, two) == pytest.approx(adjusted_rand_score(one, two))
    assert prediction_strength(two, one) == pytest.approx(1 / 3)  # of three pairs of the first state one stays together
    assert adjusted_rand(np.zeros(4, dtype=int), np.zeros(4, dtype=int)) == 1.0


def test_wrong_requests_are_refused(two):
    model, answers, _ = two
    with pytest.raises(ConfigError, match="n_resamples must be at least 1, got 0"):
        bootstrap(model, answers, n_resamples=0)
    with pytest.raises(DataError, match="one value for each of the 300 sequences"):
        replicate(model, answers, [True, False])
    with pytest.raises(DataError, match="too small for 2 states"):
        replicate(model, answers, np.arange(300) == 0)
