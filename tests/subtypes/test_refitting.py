"""A refit is the same model for the same patients, and knows nothing of those that were left out."""

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ConfigError
from outcomes.kernel.latent_markov import expect
from outcomes.subtypes.latent_markov import LatentMarkov
from outcomes.subtypes.refitting import bench, form_of, in_order, persons_of, refit, totals
from outcomes.subtypes.sequences import sequences

SEED = np.random.SeedSequence(1)


@pytest.fixture(scope="module")
def fitted(small):
    return LatentMarkov(3, n_starts=3, emissions="ordinal").fit(small.sequences)


def test_the_same_patients_give_the_same_likelihood(fitted, small):
    laid = bench(fitted, small.sequences)
    assert expect(laid.observations(), fitted.parameters_).log_likelihood == fitted.log_likelihood_
    again = refit(laid.observations(), laid.form, 3, seed=SEED, given=(fitted.parameters_,), fresh=0)
    assert again.objective == pytest.approx(fitted.path_[-1], abs=0.01)


def test_weight_two_is_the_same_as_twice(fitted, small):
    laid = bench(fitted, small.sequences)
    chosen = np.arange(50)
    twice = laid.observations(np.repeat(chosen, 2))
    weighted = laid.observations(chosen, np.full(50, 2.0))
    one, two = (expect(each, fitted.parameters_).log_likelihood for each in (twice, weighted))
    assert one == pytest.approx(two, rel=1e-12)


def test_chosen_sequences_come_whole_and_in_order(fitted, small):
    laid = bench(fitted, small.sequences)
    assert laid.rows(np.array([2, 0])).tolist() == [12, 13, 14, 15, 16, 17, 0, 1, 2, 3, 4, 5]
    assert laid.n_sequences == 400


def test_columns_may_stand_in_another_order(fitted, small):
    table = pd.DataFrame(small.sequences.items[:, ::-1], columns=small.sequences.columns[::-1])
    table = table.assign(pseudonym=small.sequences.sequence, occasion=small.sequences.position)
    np.testing.assert_array_equal(bench(fitted, table).codes, bench(fitted, small.sequences).codes)
    with pytest.raises(ConfigError, match="not all of them were put in"):
        bench(fitted, table.drop(columns="phq9_1"))


def test_form_and_totals_are_those_of_the_model(fitted):
    form = form_of(fitted)
    assert (form.penalty, form.time_varying, len(form.families)) == (0.1, False, 9)
    expected = fitted.profile().groupby("state")["expected_score"].sum()
    np.testing.assert_allclose(totals(fitted.parameters_, fitted.answers_), expected)


def test_persons_are_told_apart_by_pseudonym(small):
    table = pd.DataFrame({"pseudonym": ["b", "a", "b"], "referral": [1, 1, 2], "occasion": [1, 1, 1], "x": [0, 1, 0]})
    assert persons_of(table, sequences(table)).tolist() == [0, 1, 1]
    assert persons_of(small.sequences, small.sequences).tolist() == list(range(400))


def test_work_comes_back_in_order():
    assert list(in_order(lambda n: n * n, range(5), threads=2)) == [0, 1, 4, 9, 16]


def test_no_start_at_all_is_refused(fitted, small):
    laid = bench(fitted, small.sequences)
    with pytest.raises(ConfigError, match="at least one new start"):
        refit(laid.observations(), laid.form, 3, seed=SEED, fresh=0)
