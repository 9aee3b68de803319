"""Items that persist as their states do are not noticed; an item with a memory of its own is."""

import numpy as np
import pandas as pd
import pytest

from outcomes.subtypes.latent_markov import LatentMarkov
from outcomes.subtypes.persistence import item_persistence
from outcomes.subtypes.sequences import Sequences, sequences


def answers(memory: float, seed: int = 0, n: int = 1500, occasions: int = 6) -> Sequences:
    """Two states with four items of ten; the first item copies its last answer with probability ``memory``."""
    rng = np.random.default_rng(seed)
    state = rng.random(n) < 0.5
    rows = np.empty((n, occasions, 4), dtype=np.int8)
    for t in range(occasions):
        state = np.where(rng.random(n) < 0.1, ~state, state)
        rows[:, t] = rng.random((n, 4)) < np.where(state, 0.8, 0.2)[:, None]
        if t > 0:
            copied = rng.random(n) < memory
            rows[copied, t, 0] = rows[copied, t - 1, 0]
    starts = np.arange(0, n * occasions + 1, occasions)
    return Sequences(rows.reshape(-1, 4), starts, ("a", "b", "c", "d"), np.arange(n * occasions))


def test_observed_shares_by_hand():
    data = Sequences(
        np.array([[1], [1], [0], [-1], [1], [0], [1]], dtype=np.int8), np.array([0, 5, 7]), ("q",), np.arange(7)
    )
    model = LatentMarkov(2, n_starts=2, penalty=1.0).fit(np.array([[0], [1]] * 5))
    model.columns_ = ("q",)
    table = item_persistence(model, data).set_index("kind")
    assert table["n_pairs"].to_dict() == {"persistence": 2, "onset": 1}
    assert table["observed"].to_dict() == {"persistence": 0.5, "onset": 1.0}


def test_items_of_a_true_model_are_not_noticed():
    data = answers(memory=0.0)
    table = item_persistence(LatentMarkov(2, n_starts=4).fit(data), data)
    assert table["residual"].abs().max() < 3.5
    assert table["residual"].abs().median() < 1.5
    np.testing.assert_allclose(table["observed"], table["implied"], atol=0.03)


def test_an_item_with_a_memory_of_its_own_is_noticed():
    data = answers(memory=0.6)
    table = item_persistence(LatentMarkov(2, n_starts=4).fit(data), data).set_index(["item", "kind"])
    assert table.loc[("a", "persistence"), "residual"] > 4
    assert table.loc[("a", "onset"), "residual"] < -4
    assert table.loc[("a", "persistence"), "noticed"]


def test_a_symptom_is_what_reaches_the_stated_answer(small):
    model = LatentMarkov(2, n_starts=2).fit(small.sequences)
    low, high = (item_persistence(model, small.sequences, at_least=score) for score in (1, 3))
    assert (low["n_pairs"][::2].to_numpy() > high["n_pairs"][::2].to_numpy()).all()


@pytest.mark.shared
def test_real_symptoms_keep_a_persistence_that_three_states_do_not_carry(shared_dir):
    table = pd.read_csv(shared_dir / "data" / "cbasp_sp_sessions" / "sessions.csv")
    data = sequences(table.drop(columns="group"), by="patient", order="session")
    found = item_persistence(LatentMarkov(3, n_starts=6).fit(data), data)
    kept = found[found["kind"] == "persistence"]
    assert (kept["observed"] > kept["implied"]).all()
    assert kept["noticed"].all()
