"""The ending as data: planted endings come back, and the check beside the missing-at-random fit reads as it should."""

import numpy as np
import pytest

from outcomes.errors import DataError
from outcomes.subtypes.exits import LatentMarkovWithEndings, compare_endings, with_endings
from outcomes.subtypes.latent_markov import LatentMarkov
from outcomes.subtypes.sequences import Sequences

from .drawn import answers, draw  # noqa: TID252  tests are no package

MOVES = np.array([[0.85, 0.15], [0.25, 0.75]])
LEAVING = np.array([[0.78, 0.20, 0.02], [0.84, 0.02, 0.14]])  # goes on, completed, dropped out; by state


@pytest.fixture(scope="module")
def cohort() -> tuple[Sequences, list[str | None]]:
    rng = np.random.default_rng(4)
    states, endings = [], []
    for _ in range(1200):
        path, ending = [int(rng.random() < 0.7)], None
        for _ in range(12):
            left = int(draw(LEAVING[path[-1]][None], rng)[0])
            if left:
                ending = ("completed", "dropped out")[left - 1]
                break
            path.append(int(draw(MOVES[path[-1]][None], rng)[0]))
        states.append(np.array(path))
        endings.append(ending)
    return answers(states, rng), endings


@pytest.fixture(scope="module")
def comparison(cohort):
    return compare_endings(*cohort, estimator=LatentMarkov(2, n_starts=4))


def test_the_ending_stands_beside_the_items():
    data = Sequences(np.zeros((5, 1), dtype=np.int8), np.array([0, 2, 4, 5]), ("a",), np.arange(5))
    together, kinds = with_endings(data, ["referred on", None, "completed"])
    assert kinds == ("completed", "referred on")
    # goes on, then leaves; goes on, then open; leaves at once
    assert together.items[:, 1].tolist() == [0, 2, 0, -1, 1]
    assert together.columns == ("a", "ending")


def test_planted_endings_come_back(comparison):
    model = comparison.with_endings
    assert model.endings_ == ("completed", "dropped out")
    np.testing.assert_allclose(model.ending_, LEAVING, atol=0.03)
    np.testing.assert_allclose(model.transition_, MOVES, atol=0.04)
    np.testing.assert_allclose(model.ending_.sum(axis=1), 1)
    np.testing.assert_allclose(model.transition_.sum(axis=1), 1)
    assert model.columns_ == tuple(f"item_{n}" for n in range(1, 6))
    assert model.profile()["item"].nunique() == 5  # the ending is no symptom


def test_the_check_stands_beside_the_fit_that_takes_it_as_random(comparison):
    table = comparison.table
    assert set(table["quantity"]) == {"initial", "transition", "share of sessions", "expected total"}
    np.testing.assert_allclose(table["with_endings"] - table["missing_at_random"], table["difference"])
    assert comparison.likelihood_ratio > 100  # endings do depend on the state here
    assert comparison.df == 2
    assert comparison.p_value < 1e-9
    assert comparison.endings.groupby("state")["probability"].sum().tolist() == pytest.approx([1, 1])


def test_endings_that_tell_nothing_gain_nothing(cohort):
    data, _ = cohort
    endings = np.random.default_rng(0).choice(["completed", "dropped out"], data.starts.size - 1)
    found = compare_endings(data, endings, estimator=LatentMarkov(2, n_starts=3))
    # going on still tells the state apart here, but the two ways to leave are the same in both
    shares = found.with_endings.ending_[:, 1:] / found.with_endings.ending_[:, 1:].sum(axis=1, keepdims=True)
    np.testing.assert_allclose(shares[0], shares[1], atol=0.1)


def test_filtered_states_do_not_know_how_it_ends(comparison, cohort):
    data, _ = cohort
    model = comparison.with_endings
    whole = model.filtered(data)
    np.testing.assert_allclose(whole.sum(axis=1), 1)
    lengths = data.lengths
    person = int(np.flatnonzero(lengths >= 4)[0])
    begin = data.starts[person]
    until_now = Sequences(data.items[begin : begin + 2], np.array([0, 2]), data.columns, np.arange(2))
    np.testing.assert_allclose(model.filtered(until_now), whole[begin : begin + 2], atol=1e-13)
    assert set(np.unique(model.viterbi(data))) == {1, 2}


def test_frozen_models_and_errors_hold_the_ending(comparison, cohort):
    data, endings = cohort
    model = comparison.with_endings
    thawed = LatentMarkovWithEndings.from_json(model.to_json())
    np.testing.assert_array_equal(thawed.ending_, model.ending_)
    np.testing.assert_allclose(thawed.transition_, model.transition_, rtol=1e-12)
    np.testing.assert_array_equal(thawed.filtered(data), model.filtered(data))
    errors = model.standard_errors(data, endings=endings).query("item == 'ending'")
    assert errors["probability"].tolist() == pytest.approx(model.ending_.ravel().tolist())
    assert (errors["standard_error"] < 0.02).all()


def test_the_likelihood_is_that_of_answers_and_endings(comparison, cohort):
    """One session each, by hand: the mixture over states of answers times ending."""
    data, _ = cohort
    first = Sequences(data.items[data.starts[:-1]][:300], np.arange(301), data.columns, np.arange(300))
    endings = np.where(first.items[:, 0] > 0, "dropped out", "completed")
    model = LatentMarkovWithEndings(2, n_starts=4, penalty=0.0).fit(first, endings=endings)
    joint = np.tile(model.initial_, (300, 1))
    for item, p in enumerate(model.response_):
        joint *= p.T[first.items[:, item]]
    joint *= model.ending_.T[1 + (endings == "dropped out")]
    assert model.log_likelihood_ == pytest.approx(np.log(joint.sum(axis=1)).sum(), rel=1e-10)


@pytest.mark.parametrize(
    ("endings", "message"),
    [(["completed"], "one for each of the 2 sequences is needed, got 1"), ([None, ""], "every case is open")],
)
def test_endings_that_do_not_fit_are_refused(endings, message):
    data = Sequences(np.zeros((2, 1), dtype=np.int8), np.arange(3), ("a",), np.arange(2))
    with pytest.raises(DataError, match=message):
        with_endings(data, endings)
