"""Answers of groups set free: the same in all groups unless planted otherwise, and the second climb never below."""

import numpy as np
import pytest
from scipy.stats import chi2

from outcomes.errors import ConfigError, DataError
from outcomes.subtypes.grouped import GroupedLatentMarkov
from outcomes.subtypes.sequences import Sequences

from .drawn import ANSWERS, answers, draw  # noqa: TID252  tests are no package

INITIAL = np.array([[0.5, 0.5], [0.3, 0.7]])
MOVES = np.array([[[0.8, 0.2], [0.3, 0.7]], [[0.9, 0.1], [0.15, 0.85]]])
OTHERWISE = np.array([[0.4, 0.4, 0.2], [0.1, 0.3, 0.6]])  # how group b answers the first item, where planted


def simulate(seed: int, *, biased: bool, n: int = 500) -> tuple[Sequences, np.ndarray]:
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 2, n)
    states = [draw(INITIAL[group], rng)]
    for _ in range(4):
        states.append(draw(MOVES[group, states[-1]], rng))
    data = answers(list(np.column_stack(states)), rng)
    if biased:
        own = np.repeat(group, 5) == 1
        data.items[own, 0] = draw(OTHERWISE[np.column_stack(states).ravel()[own]], rng)
    return data, np.where(group == 1, "b", "a")


@pytest.fixture(scope="module")
def biased():
    data, groups = simulate(1, biased=True)
    return GroupedLatentMarkov(2, n_starts=3, penalty=0.01).fit(data, groups=groups), data, groups


def ratio(model: GroupedLatentMarkov) -> float:
    gain = 2 * (model.log_likelihood_free_ - model.log_likelihood_invariant_)
    return float(chi2.sf(gain, model.n_parameters_free_ - model.n_parameters_invariant_))


def test_a_planted_difference_is_found_where_it_is(biased):
    model, _, groups = biased
    assert ratio(model) < 1e-6
    assert model.groups_ == ("a", "b")
    assert model.group_sizes_.tolist() == [(groups == "a").sum(), (groups == "b").sum()]
    np.testing.assert_allclose(model.group_response_["b"][0], OTHERWISE, atol=0.07)
    np.testing.assert_allclose(model.group_response_["a"][0], ANSWERS, atol=0.07)
    np.testing.assert_allclose(model.group_response_["b"][1], ANSWERS, atol=0.07)


def test_groups_may_differ_in_where_they_are_without_any_bias():
    """Prevalence and moves differ by plan, answers do not: about one test in twenty may be significant."""
    p = [
        ratio(GroupedLatentMarkov(2, n_starts=2, penalty=0.01).fit(d, groups=g))
        for d, g in (simulate(seed, biased=False, n=300) for seed in range(20, 40))
    ]
    assert np.mean(np.array(p) < 0.05) <= 0.2
    assert np.median(p) > 0.2


def test_prevalence_and_moves_are_those_of_the_groups(biased):
    model, _, _ = biased
    np.testing.assert_allclose(model.group_initial_, INITIAL, atol=0.1)
    np.testing.assert_allclose(model.group_transition_, MOVES, atol=0.1)
    assert model.n_parameters_invariant_ == 2 * (1 + 2) + 5 * 4
    assert model.n_parameters_free_ == 2 * (1 + 2) + 2 * 5 * 4
    assert model.log_likelihood_free_ >= model.log_likelihood_invariant_
    assert model.converged_invariant_
    assert model.converged_free_


def test_some_items_may_be_free_and_the_others_anchor(biased):
    whole, data, groups = biased
    model = GroupedLatentMarkov(2, free=["item_1"], n_starts=3, penalty=0.01)
    model.fit(data, groups=groups, shared=whole.shared_)
    assert model.n_parameters_free_ - model.n_parameters_invariant_ == 4
    np.testing.assert_array_equal(model.group_response_["a"][1], model.group_response_["b"][1])
    assert ratio(model) < 1e-6
    other = GroupedLatentMarkov(2, free=["item_3"], n_starts=3, penalty=0.01)
    assert ratio(other.fit(data, groups=groups, shared=whole.shared_)) > ratio(model)
    np.testing.assert_allclose(model.filtered(data).sum(axis=1), 1)


@pytest.mark.parametrize(
    ("groups", "free", "error", "message"),
    [
        (["a"] * 500, None, ConfigError, "at least two are needed"),
        (["a"] * 499 + [None], None, DataError, "of which 1 are missing"),
        (["a"] * 499, None, DataError, "one for each of the 500 sequences"),
        (["a", "b"] * 250, ["mood"], ConfigError, "'mood'"),
    ],
)
def test_groups_that_cannot_be_used_are_refused(biased, groups, free, error, message):
    model, data, _ = biased
    with pytest.raises(error, match=message):
        GroupedLatentMarkov(2, free=free).fit(data, groups=groups, shared=model.shared_)


def test_an_item_that_a_group_never_answered_is_refused(biased):
    model, data, groups = biased
    items = data.items.copy()
    items[np.repeat(groups == "b", 5), 2] = -1
    blank = Sequences(items, data.starts, data.columns, data.rows)
    with pytest.raises(DataError, match="item_3: never answered in group 'b'"):
        GroupedLatentMarkov(2).fit(blank, groups=groups, shared=model.shared_)


def test_latent_classes_by_group_need_one_occasion_only():
    data, groups = simulate(1, biased=True, n=1500)
    first = data.items[data.starts[:-1]]
    model = GroupedLatentMarkov(2, n_starts=3, penalty=0.01).fit(first, groups=groups)
    np.testing.assert_allclose(model.group_initial_, INITIAL, atol=0.12)
    np.testing.assert_allclose(model.group_response_["b"][0], OTHERWISE, atol=0.12)
    assert model.n_parameters_free_ - model.n_parameters_invariant_ == 2 * 5 * 2
    assert ratio(model) < 1e-3
    np.testing.assert_allclose(model.group_transition_.sum(axis=2), 1)
    np.testing.assert_allclose(model.transition_.sum(axis=1), 1)
    np.testing.assert_allclose(model.filtered(first).sum(axis=1), 1)


def test_a_test_of_two_models_is_not_kept_for_scoring_and_says_why(biased):
    with pytest.raises(ConfigError, match="other states for their group alone; freeze shared_, which knows no groups"):
        biased[0].to_json()
    assert biased[0].shared_.to_json()
