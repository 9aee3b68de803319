"""The tables of a state: scores and chances by hand."""

import numpy as np
import pytest

from outcomes.subtypes.profiles import expected_scores, profile_table, response_table, transition_table

RESPONSE = (np.array([[0.5, 0.5], [0.0, 1.0]]), np.array([[0.2, 0.3, 0.5], [0.0, 0.5, 0.5]]))
ANSWERS = (np.array([0, 3], dtype=np.int8), np.array([0, 1, 2], dtype=np.int8))


def test_expected_scores_use_the_scores_and_not_the_ranks():
    np.testing.assert_allclose(expected_scores(RESPONSE, ANSWERS), [[1.5, 1.3], [3.0, 1.5]])


def test_the_profile_says_how_often_each_score_is_reached():
    table = profile_table(RESPONSE, ANSWERS, ("a", "b")).set_index(["state", "item"])
    assert table.loc[(1, "a"), ["at_least_1", "at_least_3"]].tolist() == pytest.approx([0.5, 0.5])
    assert table.loc[(1, "b"), ["at_least_1", "at_least_2"]].tolist() == pytest.approx([0.8, 0.5])
    assert np.isnan(table.loc[(1, "b"), "at_least_3"])


def test_the_response_table_has_every_answer():
    table = response_table(RESPONSE, ANSWERS, ("a", "b"))
    assert len(table) == 10
    assert table.groupby(["state", "item"])["probability"].sum().tolist() == pytest.approx([1.0] * 4)
    assert table.query("state == 2 and item == 'a' and answer == 3")["probability"].item() == 1.0


def test_steps_are_numbered_only_where_they_differ():
    p = np.array([[[0.9, 0.1], [0.2, 0.8]]])
    alike = transition_table(p, time_varying=False)
    assert alike["step"].unique().tolist() == [0]
    assert alike.query("from_state == 2 and to_state == 1")["probability"].item() == 0.2
    assert transition_table(np.repeat(p, 2, axis=0), time_varying=True)["step"].unique().tolist() == [1, 2]
