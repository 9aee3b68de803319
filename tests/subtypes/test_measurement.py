"""An item that one group answers otherwise is found; where groups answer alike nothing is."""

import numpy as np
import pytest

from outcomes.errors import DataError
from outcomes.subtypes.latent_markov import LatentMarkov
from outcomes.subtypes.measurement import measurement_by_group
from outcomes.subtypes.sequences import Sequences


def groups_of(seed, tilt):
    # two states, two occasions; men report item 0 less often although they are in the same state
    rng = np.random.default_rng(seed)
    man = rng.random(600) < 0.5
    first = rng.random(600) < 0.5
    second = np.where(rng.random(600) < 0.8, first, ~first)
    ill, male = np.column_stack((first, second)).ravel(), np.repeat(man, 2)
    p = np.repeat(np.where(ill, 0.85, 0.15)[:, None], 6, axis=1)
    p[:, 0] = np.where(male, p[:, 0] * (1 - tilt), p[:, 0])
    answers = (rng.random((1200, 6)) < p).astype(np.int8)
    names = tuple(f"item_{n}" for n in range(1, 7))
    return Sequences(answers, np.arange(0, 1201, 2), names, np.arange(1200)), np.where(man, "men", "women")


@pytest.mark.parametrize(("tilt", "differs"), [(0.6, True), (0.0, False)])
def test_a_planted_difference_is_found_and_sized(tilt, differs):
    answers, group = groups_of(1, tilt)
    model = LatentMarkov(2, n_starts=4, penalty=1e-4).fit(answers)
    found = measurement_by_group(model, answers, group)
    assert found.converged
    assert found.degrees == 12
    assert (found.p_value < 0.001) is differs
    assert (found.bic_gain > 0) is differs
    assert found.items.loc[found.items["noticeable"], "item"].tolist() == (["item_1"] if differs else [])
    assert ("item_1" in found.said()) is differs
    assert set(found.n_groups) == {"men", "women"}
    assert len(found.table) == 2 * 6 * 2


def test_with_groups_drawn_by_lot_the_test_is_seldom_significant():
    p_values = []
    for seed in range(12):
        answers, group = groups_of(seed, 0.0)
        p_values.append(
            measurement_by_group(LatentMarkov(2, n_starts=2, penalty=1e-4).fit(answers), answers, group).p_value
        )
    assert np.mean(np.array(p_values) < 0.05) <= 0.25


def test_people_without_a_group_are_refused():
    answers, group = groups_of(0, 0.0)
    missing = np.where(np.arange(600) < 3, None, group)
    with pytest.raises(DataError, match="3 are missing"):
        measurement_by_group(LatentMarkov(2, n_starts=1).fit(answers), answers, missing)


@pytest.mark.parametrize(("tilt", "differs"), [(0.6, True), (0.0, False)])
def test_latent_classes_are_compared_too(tilt, differs):
    answers, group = groups_of(1, tilt)
    single = answers.items[::2]  # one occasion each
    found = measurement_by_group(LatentMarkov(2, n_starts=4).fit(single), single, group)
    assert found.converged
    assert found.degrees == 12
    assert (found.p_value < 0.001) is differs


def test_the_penalty_of_the_model_does_not_reach_the_test():
    answers, group = groups_of(3, 0.0)
    ratios = [
        measurement_by_group(LatentMarkov(2, n_starts=2, penalty=penalty).fit(answers), answers, group).ratio
        for penalty in (1e-4, 20.0)
    ]
    assert ratios[1] == pytest.approx(ratios[0], abs=0.02)


def test_simulated_data_sets_give_the_p_value_where_asked_for():
    answers, group = groups_of(1, 0.6)
    answers.items[np.arange(1200) % 7 == 0, 2] = -1
    model = LatentMarkov(2, n_starts=2).fit(answers)
    told = []
    found = measurement_by_group(
        model, answers, group, n_simulations=9, n_jobs=2, on_simulation=lambda *so_far: told.append(so_far)
    )
    assert found.p_value == 0.1  # none of nine came near
    assert told[-1] == (9, 9)
    assert 6 < np.mean(found.simulated) < 18  # as chi-squared on 12 does, where groups answer alike
    assert "by 9 simulated data sets" in found.said()
    again = measurement_by_group(model, answers, group, n_simulations=9)
    np.testing.assert_array_equal(again.simulated, found.simulated)
