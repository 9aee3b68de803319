"""The compiled passes of the graded response models, against the formulas written out."""

import numpy as np

from outcomes.kernel.graded_response_passes import answers_at_nodes, climb_item, place_people

NODES = np.array([[-2.0], [-0.5], [0.0], [1.5], [3.0]])
SLOPES, CUTS = np.array([1.3]), np.array([1.0, -0.4, -2.0])


def written_out(nodes, slopes, cuts):
    beyond = 1 / (1 + np.exp(-(cuts[:, None] + nodes @ slopes)))
    reached = np.vstack([np.ones(len(nodes)), beyond, np.zeros(len(nodes))])
    return reached[:-1] - reached[1:]


def test_answers_follow_the_formula_and_add_up_to_one():
    out = np.empty((4, len(NODES)))
    answers_at_nodes(NODES, SLOPES, CUTS, out)
    np.testing.assert_allclose(out, written_out(NODES, SLOPES, CUTS), rtol=1e-12)
    np.testing.assert_allclose(out.sum(axis=0), 1.0, rtol=1e-12)


def test_no_answer_vanishes_far_out():
    out = np.empty((4, 1))
    answers_at_nodes(np.array([[40.0]]), SLOPES, CUTS, out)
    assert (out > 0).all()


def test_people_are_placed_by_bayes():
    table = np.array([[0.9, 0.1], [0.2, 0.8]])
    prior, values = np.array([0.75, 0.25]), np.array([[0.0, 1.0], [10.0, 20.0]])
    places = place_people(np.array([[0, 1], [1, 1]]), table, prior, values)
    weights = np.array([[0.9 * 0.2, 0.1 * 0.8], [0.2 * 0.2, 0.8 * 0.8]]) * prior
    expected = weights @ values.T / weights.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(places, expected, rtol=1e-12)


def test_an_item_climbs_to_the_parameters_that_made_its_answers():
    nodes = np.linspace(-3, 3, 25)[:, None]
    counts = 1000 * written_out(nodes, SLOPES, CUTS)
    x = np.array([0.5, 0.0, -0.5, 1.0])
    decrement = np.inf
    for _ in range(60):
        x, decrement = climb_item(counts, nodes, x, 0.0)
    np.testing.assert_allclose(x, [*CUTS, *SLOPES], atol=1e-5)
    assert decrement < 1e-8
