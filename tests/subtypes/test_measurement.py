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
    single = answers.items[::2]
    with pytest.raises(DataError, match="more than one occasion"):
        measurement_by_group(LatentMarkov(2, n_starts=1).fit(single), single, group)
