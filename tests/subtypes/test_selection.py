"""The choice of the number of states: the table, the override with its reason, and the recovery of known truth."""

import numpy as np
import pytest

from outcomes.errors import ConfigError, NotConvergedWarning
from outcomes.kernel.latent_markov import expect
from outcomes.kernel.latent_markov_packing import observe
from outcomes.kernel.latent_markov_starts import Search
from outcomes.subtypes.latent_markov import LatentMarkov
from outcomes.subtypes.selection import select_states


def test_the_table_holds_every_criterion_and_one_choice(small):
    found = select_states(small.sequences, (2, 1, 3), estimator=LatentMarkov(n_starts=3))
    table = found.table
    assert table["k"].tolist() == [1, 2, 3]
    assert table["chosen"].sum() == 1
    assert found.chosen == found.best_by_bic == table.loc[table["bic"].idxmin(), "k"] == 3
    assert table["log_likelihood"].is_monotonic_increasing
    assert {"aic", "bic", "sample_size_adjusted_bic", "icl", "entropy_r2", "smallest_state"} <= set(table.columns)
    assert {"starts_at_best", "converged"} <= set(table.columns)
    assert table.loc[0, ["entropy_r2", "smallest_state"]].tolist() == pytest.approx([1.0, 1.0])
    assert found.model is found.models[3]
    assert "BIC" in found.reason


def test_an_override_is_recorded_with_its_reason(small):
    found = select_states(
        small.sequences, (1, 2), estimator=LatentMarkov(n_starts=2), override=1, reason="as in the protocol"
    )
    assert (found.chosen, found.best_by_bic, found.reason) == (1, 2, "as in the protocol")
    assert found.table["chosen"].tolist() == [True, False]


@pytest.mark.parametrize(("override", "reason"), [(2, None), (2, " "), (5, "wanted")])
def test_an_override_without_reason_or_candidate_is_refused(small, override, reason):
    with pytest.raises(ConfigError, match="must be one of"):
        select_states(small.sequences, (1, 2), override=override, reason=reason)


def test_nothing_to_try_is_refused(small):
    with pytest.raises(ConfigError, match="at least one number of states"):
        select_states(small.sequences, ())


def test_only_the_chosen_candidate_warns_of_its_cap(small):
    lazy = LatentMarkov(n_starts=1, search=Search(short_sweeps=2, sweeps=4))
    with pytest.warns(NotConvergedWarning, match="chosen model with 2 states") as caught:
        found = select_states(small.sequences, (1, 2), estimator=lazy)
    assert len(caught) == 1
    assert found.table["converged"].tolist() == [True, False]


@pytest.mark.slow
def test_seven_states_are_chosen_and_their_truth_recovered(cohort):
    made = cohort(9891, seed=2020)
    found = select_states(
        made.sequences, (6, 7, 8), estimator=LatentMarkov(n_starts=12, n_jobs=2, search=Search(finished=2, sweeps=400))
    )
    assert found.chosen == 7
    model, truth = found.model, made.truth
    assert model.n_parameters_ == 237
    assert np.abs(model.initial_ - truth.initial).max() <= 0.02
    assert np.abs(model.transition_ - truth.transition[0]).max() <= 0.03
    assert max(np.abs(p - q).max() for p, q in zip(model.response_, truth.response, strict=True)) <= 0.04
    at_truth = expect(observe(made.sequences.items, made.sequences.starts), truth).log_likelihood
    assert model.log_likelihood_ >= at_truth
    assert (model.viterbi(made.sequences) - 1 == made.states).mean() > 0.83
