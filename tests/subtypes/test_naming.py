"""Names follow their rule: number, fifth of the scale, domain that stands out beyond severity."""

import numpy as np
import pytest

from outcomes.errors import ConfigError
from outcomes.subtypes.latent_markov import LatentMarkov
from outcomes.subtypes.naming import LEVELS, severity, shape_residuals, state_names
from outcomes.subtypes.sequences import Sequences

DOMAINS = dict.fromkeys(("a", "b", "c"), "thoughts") | dict.fromkeys(("d", "e", "f"), "body")


def shaped(split: bool, n: int = 900) -> Sequences:
    """Three groups: low, and two of one severity whose answers lie in different items if ``split``."""
    rng = np.random.default_rng(1)
    group = np.arange(n) % 3
    high, low = (2.4, 0.9) if split else (1.65, 1.65)
    level = np.array([[0.3] * 6, [high] * 3 + [low] * 3, [low] * 3 + [high] * 3])[group]
    items = np.clip(np.round(level + rng.normal(0, 0.5, level.shape)), 0, 3).astype(np.int8)
    return Sequences(items, np.arange(n + 1), tuple("abcdef"), np.arange(n))


def test_two_shapes_of_one_severity_get_their_domain():
    data = shaped(split=True)
    names = state_names(LatentMarkov(3, n_starts=5).fit(data), data, domains=DOMAINS)
    assert names[0].startswith("state 1: minimal")
    assert sorted(name.split(", ")[1] for name in names[1:]) == ["body", "thoughts"]


def test_severity_alone_makes_no_shape():
    data = shaped(split=False)
    names = state_names(LatentMarkov(2, n_starts=5).fit(data), data, domains=DOMAINS)
    assert all(name.endswith(", even") for name in names)


def test_residuals_add_up_to_nothing_within_a_state_and_over_states():
    data = shaped(split=True)
    table = shape_residuals(LatentMarkov(3, n_starts=5).fit(data), data)
    np.testing.assert_allclose(table.groupby("state")["residual"].sum(), 0.0, atol=1e-9)
    weighted = (table["residual"] * table["n_occasions"]).groupby(table["item"]).sum()
    np.testing.assert_allclose(weighted, 0.0, atol=1e-6)


def test_levels_are_fifths_of_the_scale(small):
    model = LatentMarkov(3, n_starts=3).fit(small.sequences)
    names = state_names(model)
    for name, share in zip(names, severity(model), strict=True):
        assert name.split(": ")[1] == LEVELS[int(share * 5)]


def test_domains_must_cover_the_items_and_come_with_data(small):
    model = LatentMarkov(2, n_starts=2).fit(small.sequences)
    with pytest.raises(ConfigError, match="phq9_1"):
        state_names(model, small.sequences, domains={"a": "b"})
    with pytest.raises(ConfigError, match="data"):
        state_names(model, domains=dict.fromkeys(small.sequences.columns, "x"))


def test_shapes_found_elsewhere_are_used_as_they_are(small):
    model = LatentMarkov(2, n_starts=2).fit(small.sequences)
    assert [name.split(", ")[1] for name in state_names(model, shapes=("even", "somatic"))] == ["even", "somatic"]
    with pytest.raises(ConfigError, match="one for each of the 2 states"):
        state_names(model, shapes=("even",))
