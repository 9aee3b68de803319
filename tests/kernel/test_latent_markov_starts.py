"""Start values: of every kind, without zeros, of the right family, and from their own random stream."""

import numpy as np
import pytest

from outcomes.kernel.emissions import Ordinal
from outcomes.kernel.latent_markov import Form, nominal
from outcomes.kernel.latent_markov_packing import Observations, observe
from outcomes.kernel.latent_markov_starts import REACHED, SAMPLE, Search, search, start_values


@pytest.fixture(scope="module")
def observations() -> Observations:
    rng = np.random.default_rng(0)
    level = rng.integers(0, 3, 600)
    codes = np.clip(level[:, None] + rng.integers(-1, 2, (600, 5)), 0, 3)
    codes[rng.random(codes.shape) < 0.1] = -1
    return observe(codes, np.arange(0, 601, 4), None, (4,) * 5)


@pytest.mark.parametrize(("number", "kind"), [(0, "severity"), (1, "likeness"), (2, "random")])
@pytest.mark.parametrize("time_varying", [False, True])
def test_every_kind_begins_inside_the_simplex(observations, number, kind, time_varying):
    form = nominal(5, time_varying=time_varying)
    got, start = start_values(observations, form, 3, number, np.random.default_rng(number))
    assert got == kind
    assert start.transition.shape == (3 if time_varying else 1, 3, 3)
    for p in (start.initial, start.transition, *start.response):
        np.testing.assert_allclose(p.sum(axis=-1), 1.0)
        assert p.min() > 0


def test_severity_start_is_ordered_and_needs_no_chance(observations):
    _, one = start_values(observations, nominal(5), 3, 0, np.random.default_rng(1))
    _, two = start_values(observations, nominal(5), 3, 0, np.random.default_rng(2))
    np.testing.assert_array_equal(one.response[0], two.response[0])
    assert (np.diff(one.response[0] @ np.arange(4)) > 0).all()


def test_ordinal_starts_are_ordinal(observations):
    form = Form((Ordinal(),) * 5)
    for number in range(3):
        _, start = start_values(observations, form, 3, number, np.random.default_rng(number))
        steps = np.log(start.response[0][:, 1:] / start.response[0][:, :-1])
        np.testing.assert_allclose(np.diff(steps - steps[0], axis=1), 0, atol=1e-9)


def test_large_data_are_sampled_and_blank_rows_are_allowed():
    codes = np.random.default_rng(0).integers(-1, 2, (SAMPLE + 100, 2))
    codes[:50] = -1
    _, start = start_values(observe(codes, np.arange(SAMPLE + 101)), nominal(2), 4, 1, np.random.default_rng(0))
    assert np.isfinite(start.response[0]).all()


def test_one_state_takes_one_start_and_is_the_marginal_model(observations):
    found = search(observations, nominal(5), 1, Search(), seed=np.random.SeedSequence(0))
    assert len(found) == 1
    codes = observations.codes[:, 0]
    share = np.bincount(codes[codes >= 0], minlength=4) / (codes >= 0).sum()
    np.testing.assert_allclose(found[0].ascent.parameters.response[0][0], share)


def test_the_best_comes_first_and_only_the_best_goes_to_the_end(observations):
    plan = Search(starts=8, finished=3, short_sweeps=4)
    found = search(observations, nominal(5, penalty=0.1), 2, plan, seed=np.random.SeedSequence(0))
    assert [climb.finished for climb in found] == [True] * 3 + [False] * 5
    assert found[0].objective >= max(climb.objective for climb in found[1:]) - REACHED
    assert found[0].ascent.gap <= plan.tolerance
    assert all(climb.ascent.gap <= REACHED for climb in found[:3])
