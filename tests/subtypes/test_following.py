"""What follows a first state: naive beside corrected, on a cohort with known truth."""

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import DataError
from outcomes.kernel.latent_markov_starts import Search
from outcomes.subtypes.following import membership, outcome_by_initial_state
from outcomes.subtypes.latent_markov import LatentMarkov


@pytest.fixture(scope="module")
def fitted(small) -> LatentMarkov:
    return LatentMarkov(2, n_starts=3).fit(small.sequences)


def test_both_methods_stand_side_by_side_with_their_n(fitted, small):
    table = outcome_by_initial_state(fitted, small.sequences, small.outcome)
    assert table["method"].tolist() == ["naive"] * 2 + ["bch"] * 2 + ["ml"] * 2
    assert table["n"].eq(400).all()
    assert table.groupby("method")["n_expected"].sum().tolist() == pytest.approx([400] * 3)
    assert not table["outside_range"].any()


def test_missing_outcomes_are_left_out_and_counted(fitted, small):
    outcome = pd.array(small.outcome > 0, dtype="boolean")
    outcome[:100] = pd.NA
    table = outcome_by_initial_state(fitted, small.sequences, outcome)
    assert table["n"].eq(300).all()
    direct = outcome_by_initial_state(fitted, small.sequences, np.where(np.arange(400) < 100, np.nan, small.outcome))
    pd.testing.assert_frame_equal(table, direct)


def test_an_outcome_that_is_the_same_for_all_is_the_same_in_every_state(fitted, small):
    table = outcome_by_initial_state(fitted, small.sequences, np.ones(400))
    np.testing.assert_allclose(table["mean"], 1.0, atol=1e-6)


def test_where_nothing_can_be_corrected_the_naive_table_still_stands(small):
    model = LatentMarkov(7, n_starts=1).fit(small.sequences)
    mild = small.sequences.items.reshape(400, 6, 9)[:, 0].sum(axis=1) < 4
    table = outcome_by_initial_state(model, small.sequences, np.where(mild, small.outcome, np.nan))
    assert table.loc[table["method"] == "bch", "mean"].isna().all()
    assert table.loc[table["method"] == "naive", "mean"].notna().any()
    assert not table["outside_range"].any()


def test_wrong_outcomes_are_refused(fitted, small):
    with pytest.raises(DataError, match="one value for each of the 400 sequences is needed, got 3"):
        outcome_by_initial_state(fitted, small.sequences, [1, 0, 1])
    with pytest.raises(DataError, match="nobody has one"):
        outcome_by_initial_state(fitted, small.sequences, np.full(400, np.nan))


def test_a_characteristic_of_the_worse_state_has_an_odds_ratio_above_one(fitted, small):
    truth = np.exp(1.2)
    rng = np.random.default_rng(0)
    worse = fitted.smoothed(small.sequences)[::6, 1] > 0.5
    carer = rng.random(400) < np.where(worse, truth / (1 + truth), 0.5)
    who = pd.DataFrame({"carer": np.where(carer, "yes", "no"), "age": rng.normal(40, 10, 400)})
    table, n = membership(fitted, small.sequences, who)
    assert n == 400
    carers = table[table["term"].str.startswith("carer")].set_index("method")
    sign = 1 if carers["log_odds"].iloc[0] > 0 else -1  # against the more frequent level
    assert (sign * carers["log_odds"]).loc["ml"] >= (sign * carers["log_odds"]).loc["naive"] > 0
    ages = table[table["term"] == "age"]
    assert (ages["low"].lt(1) & ages["high"].gt(1)).all()
    assert table["converged"].all()


def test_people_without_a_covariate_are_left_out(fitted, small):
    who = pd.DataFrame({"age": pd.array([None] * 100 + list(range(300)), dtype="Float64")})
    assert membership(fitted, small.sequences, who)[1] == 300
    with pytest.raises(DataError, match="nobody has all"):
        membership(fitted, small.sequences, pd.DataFrame({"age": [np.nan] * 400}))
    with pytest.raises(DataError, match="one row for each of the 400"):
        membership(fitted, small.sequences, who.head(3))


@pytest.mark.slow
def test_the_correction_is_closer_to_the_truth_on_average(cohort):
    """Three cohorts of the seven-state benchmark: in one of twenty the naive table may be the closer one."""
    errors = {"naive": [], "bch": [], "ml": []}
    search = Search(finished=2, sweeps=200, tolerance=0.05, score_tolerance=0.1)
    for seed in (1, 2, 3):
        made = cohort(9891, seed=seed)
        model = LatentMarkov(7, n_starts=8, search=search, n_jobs=2).fit(made.sequences)
        table = outcome_by_initial_state(model, made.sequences, made.outcome)
        for method, rows in table.groupby("method"):
            errors[method].append(np.sqrt(np.mean((rows["mean"].to_numpy() - made.outcome_rate) ** 2)))
    assert np.mean(errors["bch"]) < np.mean(errors["naive"])
    assert np.mean(errors["ml"]) < np.mean(errors["naive"])
    assert np.mean(errors["bch"]) < 0.03
