"""The tables of packed answers: products of item probabilities, and their counts handed back to the items."""

import numpy as np
import pytest

from outcomes.kernel.latent_markov import expect, nominal, pad
from outcomes.kernel.latent_markov_packing import observe, packing
from outcomes.kernel.latent_markov_passes import LANES, RESCALE, collect_items, fill_tables
from outcomes.kernel.latent_markov_starts import start_values


def test_a_table_row_is_the_product_of_its_items_up_to_its_shift():
    rng = np.random.default_rng(0)
    layout = packing((3, 4))
    probability = np.ones((8, LANES))
    probability[:7] = rng.uniform(0.1, 1.0, (7, LANES))
    table, shift = np.empty((layout.n_rows, LANES)), np.empty(layout.n_rows)
    fill_tables(probability, layout.slots, table, shift)
    product = probability[layout.slots].prod(axis=1)
    np.testing.assert_allclose(table * np.exp(shift)[:, None], product)
    np.testing.assert_allclose(table.max(axis=1), 1.0)


def test_counts_of_packs_come_back_to_their_items():
    layout = packing((2, 2))
    counts = np.zeros((layout.n_rows, LANES))
    observed = observe(np.array([[1, -1], [1, 0]]), np.array([0, 2]), None, (2, 2))
    counts[observed.packed[0, 0], 0] = 5.0
    counts[observed.packed[1, 0], 1] = 2.0
    items = np.zeros((5, LANES))
    collect_items(counts, layout.slots, items)
    assert items[:4, :2].tolist() == [[0, 0], [5, 2], [0, 2], [0, 0]]


@pytest.mark.parametrize("n_items", [4 * RESCALE, 4 * RESCALE + 1, 4 * (RESCALE + 3)])
def test_very_many_items_do_not_vanish(n_items):
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 4, (30, n_items))
    observations = observe(codes, np.arange(31))
    form = nominal(n_items)
    _, parameters = start_values(observations, form, 3, 2, rng)
    logs = np.log(parameters.initial) + sum(np.log(p)[:, codes[:, i]].T for i, p in enumerate(parameters.response))
    assert expect(observations, parameters).log_likelihood == pytest.approx(
        np.logaddexp.reduce(logs, axis=1).sum(), rel=1e-12
    )


def test_padding_states_are_impossible():
    observations = observe(np.array([[0], [1]]), np.array([0, 2]))
    _, parameters = start_values(observations, nominal(1), 3, 0, np.random.default_rng(0))
    padded = pad(parameters, observations)
    assert padded.initial.shape == (4,)
    assert padded.initial[3] == 0.0
    assert padded.transition[0, :, 3].tolist() == [0.0] * 4
    assert padded.table[:, 3].tolist() == [0.0] * observations.packing.n_rows
