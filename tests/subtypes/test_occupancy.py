"""People behind states are counted as one would by hand."""

import numpy as np
import pandas as pd
import pytest

from outcomes.subtypes.latent_markov import LatentMarkov
from outcomes.subtypes.occupancy import first_states, occupancy
from outcomes.subtypes.sequences import Sequences, sequences


@pytest.fixture(scope="module")
def model(small):
    return LatentMarkov(3, n_starts=3).fit(small.sequences)


def ragged(cohort, seed=11, n=150):
    """Sequences of one to six occasions, a few answers missing."""
    whole = cohort(n, seed=seed)
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 7, n)
    kept = np.concatenate([start + np.arange(k) for start, k in zip(whole.sequences.starts[:-1], lengths, strict=True)])
    items = whole.sequences.items[kept].copy()
    items[rng.random(items.shape) < 0.05] = -1
    starts = np.concatenate([[0], np.cumsum(lengths)])
    return Sequences(items, starts, whole.sequences.columns, np.arange(kept.size))


def in_order(data, order):
    """Give the same sequences, one after the other in another order."""
    bounds = list(zip(data.starts[:-1], data.starts[1:], strict=True))
    items = np.concatenate([data.items[slice(*bounds[k])] for k in order])
    starts = np.concatenate([[0], np.cumsum(data.lengths[order])])
    return Sequences(items, starts, data.columns, np.arange(len(items)))


def by_hand(model, data):
    """Walk along every sequence and make a list of who was where."""
    path, chances = model.viterbi(data), model.smoothed(data)
    rows = []
    for state in range(1, model.n_states + 1):
        ever, staying, first, everywhere = set(), set(), [], []
        for person, (start, end) in enumerate(zip(data.starts[:-1], data.starts[1:], strict=True)):
            for place in range(start, end):
                everywhere.append(chances[place, state - 1])
                if place == start:
                    first.append(chances[place, state - 1])
                if path[place] == state:
                    ever.add(person)
                    if place + 1 < end:
                        staying.add(person)
        rows.append((state, len(ever), len(staying), sum(first) / len(first), sum(everywhere) / len(everywhere)))
    return pd.DataFrame(rows, columns=["state", "people_ever", "people_staying", "first_share", "occasion_share"])


def test_counts_equal_a_walk_along_every_sequence(model, cohort):
    data = ragged(cohort)
    assert set(data.lengths) == set(range(1, 7))
    pd.testing.assert_frame_equal(occupancy(model, data), by_hand(model, data))


def test_order_of_the_sequences_plays_no_part(model, cohort):
    data = ragged(cohort)
    order = np.random.default_rng(0).permutation(data.lengths.size)
    pd.testing.assert_frame_equal(occupancy(model, in_order(data, order)), occupancy(model, data))
    assert (first_states(model, in_order(data, order)) == first_states(model, data)[order]).all()


def test_order_of_the_rows_of_a_table_plays_no_part(model, cohort):
    data = ragged(cohort)
    table = pd.DataFrame(data.items, columns=list(data.columns)).astype("Int8").mask(data.items < 0)
    table = table.assign(pseudonym=[f"p{k:03d}" for k in data.sequence], occasion=data.position)
    shuffled = table.sample(frac=1, random_state=3)
    put_in = [sequences(one, by="pseudonym", order="occasion") for one in (table, shuffled)]
    pd.testing.assert_frame_equal(occupancy(model, put_in[1]), occupancy(model, put_in[0]))
    assert (first_states(model, put_in[1]) == first_states(model, put_in[0])).all()


def test_the_same_people_twice_are_twice_as_many_in_the_same_shares(model, cohort):
    data = ragged(cohort)
    n = data.lengths.size
    twice, once = occupancy(model, in_order(data, np.tile(np.arange(n), 2))), occupancy(model, data)
    people = ["people_ever", "people_staying"]
    assert (twice[people] == 2 * once[people]).all(axis=None)
    np.testing.assert_allclose(twice[["first_share", "occasion_share"]], once[["first_share", "occasion_share"]])


def test_shares_are_shares_and_nobody_stays_who_was_never_there(model, cohort):
    found = occupancy(model, ragged(cohort))
    np.testing.assert_allclose(found[["first_share", "occasion_share"]].sum(), 1.0)
    assert (found["people_staying"] <= found["people_ever"]).all()


def test_who_came_once_is_in_one_state_and_stays_in_none(model, cohort):
    whole = cohort(60, seed=5, occasions=1).sequences
    found = occupancy(model, whole)
    assert found["people_ever"].sum() == 60
    assert found["people_staying"].tolist() == [0, 0, 0]
    np.testing.assert_allclose(found["first_share"], found["occasion_share"])
    path = model.viterbi(whole)
    assert found["people_ever"].tolist() == [(path == state).sum() for state in (1, 2, 3)]
    assert (first_states(model, whole) == path).all()


def test_a_state_that_nobody_visits_keeps_its_row(model):
    well = Sequences(np.zeros((4, 9), dtype=np.int8), np.array([0, 2, 4]), model.columns_, np.arange(4))
    found = occupancy(model, well)
    assert found["state"].tolist() == [1, 2, 3]
    assert found["people_ever"].tolist() == [2, 0, 0]
    assert found["people_staying"].tolist() == [2, 0, 0]


def test_the_first_state_does_not_know_what_came_later(model, cohort):
    data = ragged(cohort)
    n = data.lengths.size
    alone = Sequences(data.items[data.starts[:-1]], np.arange(n + 1), data.columns, np.arange(n))
    assert (first_states(model, data) == first_states(model, alone)).all()
    assert (first_states(model, data) != model.viterbi(data)[data.starts[:-1]]).any()
