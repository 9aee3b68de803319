"""How answers are packed: nothing is lost, bad shapes are refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.errors import DataError
from outcomes.kernel.latent_markov_packing import PACK_ROWS, observe, packing


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=20), st.integers(0, 2**32 - 1))
def test_every_packed_row_stands_for_the_answers_it_came_from(n_categories, seed):
    rng = np.random.default_rng(seed)
    codes = np.column_stack([rng.integers(-1, n, 30) for n in n_categories])
    observed = observe(codes, np.array([0, 10, 30]), None, n_categories)
    layout = observed.packing
    assert sorted(item for group in layout.groups for item in group) == list(range(len(n_categories)))
    for row in range(30):
        slots = np.sort(layout.slots[observed.packed[row].astype(int)].ravel())
        used = slots[slots < layout.item_slots[-1]]
        expected = [layout.item_slots[i] + c for i, c in enumerate(codes[row]) if c >= 0]
        assert used.tolist() == sorted(expected)


def test_four_items_of_four_answers_share_a_table_within_the_limit():
    layout = packing([4] * 16)
    assert [len(group) for group in layout.groups] == [4, 4, 4, 4]
    assert layout.n_rows == 4 * 625
    assert max(np.diff([*layout.offsets, layout.n_rows])) <= PACK_ROWS


def test_an_item_with_very_many_answers_stands_alone():
    assert packing([100, 100, 2]).groups == ((0,), (1, 2))


def test_pack_weights_count_weighted_occasions():
    observed = observe(np.array([[0], [1], [1]]), np.array([0, 1, 3]), np.array([2.0, 5.0]))
    assert observed.pack_weights.tolist() == [2.0, 10.0, 0.0]
    assert observed.occasion_weights.tolist() == [2.0, 5.0, 5.0]
    assert (observed.n_sequences, observed.n_occasions, observed.longest) == (2, 3, 2)


@pytest.mark.parametrize(
    ("codes", "starts", "weights", "message"),
    [
        ([[0], [1]], [0, 0, 2], None, "1 sequences hold no occasion"),
        ([[0], [1]], [0, 1], None, "must run from 0 to the number of occasions, 2"),
        ([[0], [1]], [0, 2], [-1.0], "1 finite numbers of at least 0"),
        ([[0], [1]], [0, 2], [np.nan], "1 finite numbers of at least 0"),
        ([[0], [-2]], [0, 2], None, "1 answers outside"),
        ([0, 1], [0, 2], None, "one row an occasion"),
    ],
)
def test_what_cannot_be_sequences_is_refused(codes, starts, weights, message):
    with pytest.raises(DataError, match=message):
        observe(np.array(codes), np.array(starts), None if weights is None else np.array(weights))


def test_an_answer_beyond_the_stated_number_is_refused():
    with pytest.raises(DataError, match="1 answers outside"):
        observe(np.array([[0], [3]]), np.array([0, 2]), None, (3,))
