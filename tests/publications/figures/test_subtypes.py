"""Heat maps show the released numbers, in shades that follow them and letters that can be read."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from outcomes.disclosure.gate import release
from outcomes.errors import DisclosureError
from outcomes.publications.drawing import SHADES
from outcomes.publications.figures.subtypes import profile_heat_map, transition_matrix

READABLE = 4.5  # contrast that WCAG 2 asks of small text


@pytest.fixture
def states(every_drawn):
    return every_drawn["profile"][0]()


@pytest.fixture
def moves(every_drawn):
    return every_drawn["transitions"][0]()


def profile(names, n_items=9, n=600):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        [(f"item {item}", name, 3 * rng.random(), n) for item in range(n_items) for name in names],
        columns=["item", "state", "mean", "n"],
    )
    return release(frame, labels=["item", "state"], counts=["n"], statistics={"mean": "n"}, title="Profiles")


def written(axes):
    return {text.get_position(): text.get_text() for text in axes.texts}


def shades(axes):
    return axes.collections[0].get_array().reshape(axes.collections[0].get_coordinates().shape[0] - 1, -1)


def luminance(colour):
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
    return float(np.dot([0.2126, 0.7152, 0.0722], parts))


def contrast(one, two):
    light, dark = sorted((luminance(one), luminance(two)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_every_cell_carries_its_number_or_the_word_for_a_hidden_one(states):
    assert states.reasons == {(3, "mean"): "too few"}
    (axes,) = profile_heat_map(states).axes
    assert written(axes) == {(0, 0): "0.40", (1, 0): "2.60", (0, 1): "0.20", (1, 1): "few"}
    assert [label.get_text() for label in axes.get_yticklabels()] == ["sleep", "mood"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "2"]


def test_shades_follow_the_numbers_from_nothing_to_the_largest(states):
    (axes,) = profile_heat_map(states).axes
    np.testing.assert_allclose(shades(axes).filled(np.nan), [[0.4 / 2.6, 1.0], [0.2 / 2.6, np.nan]])


def test_shades_follow_a_scale_that_is_given(states):
    (axes,) = profile_heat_map(states, scale=(0.0, 3.0)).axes
    np.testing.assert_allclose(shades(axes).filled(np.nan), [[0.4 / 3, 2.6 / 3], [0.2 / 3, np.nan]])


def test_a_scale_without_width_is_white(states):
    (axes,) = profile_heat_map(states, scale=(0.4, 0.4)).axes
    assert shades(axes)[0, 0] == 0


def test_a_hidden_cell_has_no_shade(states):
    (axes,) = profile_heat_map(states).axes
    assert np.ma.getmaskarray(shades(axes)).tolist() == [[False, False], [False, True]]


def test_letters_can_be_read_on_every_shade():
    table = profile([str(k) for k in range(1, 8)], n_items=16)
    (axes,) = profile_heat_map(table, scale=(0.0, 3.0)).axes
    assert len(axes.texts) == 7 * 16
    worst = min(contrast(text.get_color(), SHADES(float(text.get_text()) / 3)[:3]) for text in axes.texts)
    assert worst > READABLE


@pytest.mark.parametrize(
    "names",
    [
        [str(k) for k in range(1, 8)],
        ["1 well", "2 mild, somatic", "3 mild, cognitive", "4 moderate, somatic", "5 marked, even", "6 severe, even"],
    ],
)
def test_no_word_covers_another_or_is_cut_off(covered, cut_off, names):
    figure = profile_heat_map(profile(names), row_label="Item")
    (axes,) = figure.axes
    cells = [*axes.texts, *axes.get_yticklabels()]
    assert covered(figure, cells) == []
    assert cut_off(figure, [*cells, *axes.get_xticklabels(), axes.xaxis.label, axes.yaxis.label]) == []
    if max(map(len, names)) < 3:
        assert covered(figure, axes.get_xticklabels()) == []


def test_moves_are_those_of_the_table_and_staying_is_framed(moves):
    (axes,) = transition_matrix(moves).axes
    assert written(axes) == {(0, 0): "0.90", (1, 0): "0.10", (0, 1): "0.30", (1, 1): "0.70"}
    assert [(frame.get_x() + 0.5, frame.get_y() + 0.5) for frame in axes.patches] == [(0, 0), (1, 1)]
    np.testing.assert_allclose(shades(axes), [[0.9, 0.1], [0.3, 0.7]])


def test_percentages_are_shaded_out_of_a_hundred():
    frame = pd.DataFrame({"from_state": ["1", "1"], "to_state": ["1", "2"], "share": [80.0, 20.0], "n": 300})
    table = release(frame, labels=["from_state", "to_state"], counts=["n"], statistics={"share": "n"}, title="Moves")
    np.testing.assert_allclose(shades(transition_matrix(table, value="share").axes[0]), [[0.8, 0.2]])


def test_staying_is_framed_where_states_stand_in_another_order():
    frame = pd.DataFrame(
        {"from_state": ["2", "2", "1"], "to_state": ["1", "2", "1"], "probability": [0.2, 0.8, 0.6], "n": [300, 300, 4]}
    )
    table = release(
        frame, labels=["from_state", "to_state"], counts=["n"], statistics={"probability": "n"}, title="Moves"
    )
    (axes,) = transition_matrix(table, step="next week").axes
    assert [(frame.get_x() + 0.5, frame.get_y() + 0.5) for frame in axes.patches] == [(1, 0), (0, 1)]
    assert written(axes)[0, 1] == "few"
    assert axes.get_xlabel() == "State at the next week"


@pytest.mark.parametrize("draw", [profile_heat_map, transition_matrix])
def test_what_was_not_released_is_not_drawn(states, draw):
    with pytest.raises(DisclosureError, match="only released tables can be published, got DataFrame"):
        draw(states.table)
