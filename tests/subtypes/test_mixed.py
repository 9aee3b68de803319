"""Classes of courses with shared states: planted classes come back, and constraints are what they say."""

import numpy as np
import pytest
from sklearn.base import clone

from outcomes.errors import ConfigError
from outcomes.subtypes.latent_markov import LatentMarkov
from outcomes.subtypes.mixed import MixedLatentMarkov
from outcomes.subtypes.sequences import Sequences

from .drawn import answers, draw  # noqa: TID252  tests are no package

RECOVER = np.array([[0.97, 0.03], [0.45, 0.55]])


@pytest.fixture(scope="module")
def cohort() -> tuple[Sequences, np.ndarray]:
    """Six in ten recover, four in ten stay as they are."""
    rng = np.random.default_rng(2)
    stays, states = rng.random(900) < 0.4, []
    for stay in stays:
        path = [int(rng.random() < (0.5 if stay else 0.9))]
        for _ in range(7):
            path.append(path[-1] if stay else int(draw(RECOVER[path[-1]][None], rng)[0]))
        states.append(np.array(path))
    return answers(states, rng), stays


@pytest.fixture(scope="module")
def movers(cohort) -> MixedLatentMarkov:
    return MixedLatentMarkov(2, 2, stayers=1, n_starts=6).fit(cohort[0])


def test_movers_and_stayers_come_back(movers, cohort):
    data, stays = cohort
    assert movers.class_share_ == pytest.approx([0.6, 0.4], abs=0.08)
    np.testing.assert_array_equal(movers.class_transition_[1], np.eye(2))
    np.testing.assert_allclose(movers.class_transition_[0], RECOVER, atol=0.06)
    member = movers.classes(data)
    np.testing.assert_allclose(member.sum(axis=1), 1)
    severe_stayers = stays & (data.items[data.starts[1:] - 1].sum(axis=1) > 6)
    assert member[severe_stayers, 1].mean() > 0.8
    assert 0 < movers.class_entropy_r2_ < 1


def test_states_are_shared_and_decoded_over_classes(movers, cohort):
    data, _ = cohort
    assert len(movers.response_) == 5
    assert movers.response_[0].shape == (2, 3)
    for states in (movers.filtered(data), movers.smoothed(data)):
        assert states.shape == (data.items.shape[0], 2)
        np.testing.assert_allclose(states.sum(axis=1), 1)
    assert set(np.unique(movers.viterbi(data))) == {1, 2}
    assert movers.state_share_.sum() == pytest.approx(1)
    assert movers.profile()["state"].unique().tolist() == [1, 2]


def test_parameters_are_those_that_are_free(movers, cohort):
    data, _ = cohort
    assert movers.n_parameters_ == 3 + 2 + 5 * 4  # class and state, moves of movers, answers of two states
    free = MixedLatentMarkov(2, 2, n_starts=4).fit(data)
    assert free.n_parameters_ == 3 + 4 + 5 * 4
    assert free.log_likelihood_ > movers.log_likelihood_ - 1  # a larger model
    plain = LatentMarkov(2, n_starts=4).fit(data)
    assert movers.information_criteria()["bic"] < plain.information_criteria()["bic"]


def test_one_class_is_the_latent_markov_model(cohort):
    data, _ = cohort
    one, plain = MixedLatentMarkov(1, 2, n_starts=3).fit(data), LatentMarkov(2, n_starts=3).fit(data)
    assert one.log_likelihood_ == pytest.approx(plain.log_likelihood_, abs=1e-3)
    np.testing.assert_allclose(one.class_transition_[0], plain.transition_, atol=1e-3)
    assert one.n_parameters_ == plain.n_parameters_


def test_stayers_alone_are_latent_classes_of_whole_courses(cohort):
    """Against the mixture written out: a person's answers are independent given the class."""
    data, _ = cohort
    model = MixedLatentMarkov(1, 3, stayers=1, n_starts=6, penalty=0.0).fit(data)
    assert model.n_parameters_ == 2 + 5 * 6
    logs = sum(np.log(p.T)[data.items[:, item]] for item, p in enumerate(model.response_))
    joint = np.add.reduceat(logs, data.starts[:-1]) + np.log(model.initial_)
    top = joint.max(axis=1, keepdims=True)
    by_hand = (top[:, 0] + np.log(np.exp(joint - top).sum(axis=1))).sum()
    assert model.log_likelihood_ == pytest.approx(by_hand, rel=1e-10)


def test_classes_have_an_order_and_a_course(movers):
    table = movers.class_profile(5)
    assert table["occasion"].tolist() == [1, 2, 3, 4, 5] * 2
    recovering = table.query("`class` == 1")["expected_total"]
    assert recovering.is_monotonic_decreasing
    staying = table.query("`class` == 2")["expected_total"]
    assert staying.max() - staying.min() < 1e-9
    moves = movers.transitions()
    assert moves.groupby(["class", "from_state"])["probability"].sum().tolist() == pytest.approx([1, 1, 1, 1])


def test_standard_errors_name_the_class(movers, cohort):
    table = movers.standard_errors(cohort[0])
    assert len(table) == 4 + 8 + 5 * 2 * 3
    free = table.query("part == 'transition' and `class` == 1")
    assert free["standard_error"].between(0.001, 0.05).all()
    assert (table.query("part == 'transition' and `class` == 2")["standard_error"] == 0).all()
    assert (table.query("part == 'response'")["class"] == 0).all()


def test_a_frozen_model_scores_to_the_same_bits(movers, cohort):
    thawed = MixedLatentMarkov.from_json(movers.to_json())
    np.testing.assert_array_equal(thawed.classes(cohort[0]), movers.classes(cohort[0]))
    assert thawed.to_json() == movers.to_json()
    assert clone(movers).get_params() == movers.get_params()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_classes": 0}, "n_classes must be at least 1"),
        ({"n_classes": 2, "stayers": 3}, "stayers between 0 and n_classes"),
        ({"n_classes": 20, "n_states": 4}, "at most 64, got 80"),
    ],
)
def test_wrong_arguments_are_quoted(cohort, arguments, message):
    with pytest.raises(ConfigError, match=message):
        MixedLatentMarkov(**arguments).fit(cohort[0])
