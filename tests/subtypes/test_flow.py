"""How patients move: nothing is lost between occasions, and the moves are those of the hidden paths."""

import itertools

import numpy as np
import pandas as pd
import pytest

from outcomes.subtypes.flow import flow_table, joint_states, transition_counts
from outcomes.subtypes.latent_markov import LatentMarkov
from outcomes.subtypes.sequences import Sequences


@pytest.fixture(scope="module")
def fitted(small) -> LatentMarkov:
    return LatentMarkov(3, n_starts=3).fit(small.sequences)


def test_everybody_is_somewhere_at_every_occasion(fitted, small):
    table = flow_table(fitted, small.sequences)
    by_occasion = table.groupby("occasion")
    assert by_occasion["n_expected"].sum().tolist() == pytest.approx([400.0] * 6)
    assert by_occasion["n_sequences"].first().tolist() == [400] * 6
    stays = table[table["to_state"] > 0].groupby("occasion")["n_expected"].sum()
    assert stays.tolist() == pytest.approx([400.0] * 5 + [0.0])


def test_arrivals_of_one_occasion_are_the_departures_of_the_next(fitted, small):
    table = flow_table(fitted, small.sequences)
    arrived = table.query("occasion == 2 and to_state > 0").groupby("to_state")["n_expected"].sum()
    left = table.query("occasion == 3").groupby("from_state")["n_expected"].sum()
    np.testing.assert_allclose(arrived, left, rtol=1e-9)


def test_expected_moves_equal_enumeration(fitted, small):
    data = Sequences(small.sequences.items[:6], np.array([0, 4, 6]), small.sequences.columns, np.arange(6))
    expected = np.zeros((3, 3))
    for rows in (range(4), range(4, 6)):
        joint = {}
        for path in itertools.product(range(3), repeat=len(rows)):
            p = fitted.initial_[path[0]]
            for t, (row, state) in enumerate(zip(rows, path, strict=True)):
                p *= fitted.transition_[path[t - 1], state] if t else 1.0
                for item, answer in enumerate(data.items[row]):
                    p *= fitted.response_[item][state, np.flatnonzero(fitted.answers_[item] == answer)[0]]
            joint[path] = p
        for path, p in joint.items():
            for a, b in itertools.pairwise(path):
                expected[a, b] += p / sum(joint.values())
    table = transition_counts(fitted, data)
    np.testing.assert_allclose(table["n_expected"].to_numpy().reshape(3, 3), expected, atol=1e-10)
    assert table["n_viterbi"].sum() == 4
    np.testing.assert_allclose(table.groupby("from_state")["share"].sum(), 1.0)


def test_the_order_of_the_rows_of_a_table_plays_no_part(fitted, small):
    data = small.sequences
    table = pd.DataFrame(data.items, columns=list(data.columns))
    table = table.assign(pseudonym=[f"p{k:03d}" for k in data.sequence], occasion=data.position)
    shuffled = table.sample(frac=1, random_state=4)
    for count in (flow_table, transition_counts):
        pd.testing.assert_frame_equal(count(fitted, shuffled), count(fitted, table))
        pd.testing.assert_frame_equal(count(fitted, shuffled), count(fitted, data))


def test_one_occasion_each_has_no_moves():
    answers = np.array([[0, 0], [1, 1], [0, 1], [1, 0]] * 10)
    model = LatentMarkov(2, n_starts=2).fit(answers)
    table = flow_table(model, answers)
    assert table.query("to_state == 0")["n_expected"].sum() == pytest.approx(40.0)
    counts = transition_counts(model, answers)
    assert counts["n_expected"].sum() == 0.0
    assert counts["share"].isna().all()


def test_joint_states_follow_the_chain(fitted):
    joint = joint_states(fitted, 4)
    assert joint.shape == (3, 3, 3)
    np.testing.assert_allclose(joint[0].sum(axis=1), fitted.initial_)
    expected = fitted.initial_ @ np.linalg.matrix_power(fitted.transition_, 3)
    np.testing.assert_allclose(joint[2].sum(axis=0), expected)


def test_time_varying_moves_use_their_own_step(small):
    model = LatentMarkov(2, time_varying=True, n_starts=2).fit(small.sequences)
    table = flow_table(model, small.sequences)
    assert isinstance(table, pd.DataFrame)
    assert table.groupby("occasion")["n_expected"].sum().tolist() == pytest.approx([400.0] * 6)


def test_courses_after_a_first_state_are_plain_means_of_those_present(small):
    from outcomes.subtypes.flow import courses_by_first_state

    model = LatentMarkov(2, n_starts=2).fit(small.sequences)
    table = courses_by_first_state(model, small.sequences, longest=4)
    assert table["n"].sum() == 400 * 4
    first = model.filtered(small.sequences)[::6].argmax(axis=1) == 1
    totals = small.sequences.items.sum(axis=1).reshape(400, 6)[first, 2]
    row = table[table["first_state"].eq(2) & table["occasion"].eq(3)].iloc[0]
    assert row["mean"] == totals.mean()
    assert row["low"] < row["mean"] < row["high"]
