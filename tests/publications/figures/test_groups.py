"""Forest plots, the funnel by group and figures beside published ones show the released numbers, and no others."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection

from outcomes.disclosure.gate import Vertices, release
from outcomes.errors import DisclosureError
from outcomes.publications.figures.groups import calibration_multiples, forest, funnel_by_group, published_beside
from outcomes.publications.wording import cell, interval

ETHNIC = ["White", "Mixed", "Asian or Asian British", "Black or Black British", "Other ethnic groups"]


@pytest.fixture
def funnel_table(every_drawn):
    return every_drawn["funnel_by_group"][0]()


def segments(axes):
    """Ends of the drawn horizontal lines, one row a line: left, right, height."""
    drawn = [lines for lines in axes.collections if isinstance(lines, LineCollection)]
    kept = [segment for lines in drawn for segment in lines.get_segments() if len(segment)]
    return np.array([[*segment[:, 0], segment[0, 1]] for segment in kept])


def marks(axes):
    return next(line for line in axes.lines if line.get_marker() == "s")


def test_estimates_and_intervals_stand_where_the_table_says(recovery):
    axes, _ = forest(recovery).axes
    shown = recovery.table["rate_pct"].notna().to_numpy()
    places = axes.get_yticks()[: len(recovery.table)]
    np.testing.assert_array_equal(marks(axes).get_xdata(), recovery.table["rate_pct"])
    np.testing.assert_array_equal(marks(axes).get_ydata(), places)
    drawn = segments(axes)
    np.testing.assert_array_equal(drawn[:, :2], recovery.table.loc[shown, ["low_pct", "high_pct"]])
    np.testing.assert_array_equal(drawn[:, 2], places[shown])


def test_figures_beside_the_marks_are_the_cells_of_the_table(recovery):
    _, beside = forest(recovery).axes
    written = {}
    for text in beside.texts:
        written.setdefault(text.get_position()[1], []).append(text.get_text())
    rows = [texts for place, texts in sorted(written.items()) if place >= 0]
    assert rows == [
        [cell(recovery, 0, "n"), f"{cell(recovery, 0, 'rate_pct')} ({interval(recovery, 0, 'rate_pct')})"],
        ["1,497", "49.1 (46.6 to 51.6)"],
        ["3", "too few"],
        ["399", "24.8 (20.8 to 29.3)"],
    ]


def test_a_hidden_group_has_neither_mark_nor_interval(recovery):
    axes, _ = forest(recovery).axes
    place = axes.get_yticks()[2]
    assert np.isnan(marks(axes).get_xdata()[2])
    assert place not in segments(axes)[:, 2]


def test_each_breakdown_has_one_heading_above_its_groups(recovery):
    axes, _ = forest(recovery).axes
    lines = sorted((label.get_position()[1], label.get_text(), label.get_fontweight()) for label in
                   axes.get_yticklabels())  # fmt: skip
    assert [(text, weight) for _, text, weight in lines] == [
        ("Gender", "bold"),
        ("Female", "normal"),
        ("Male", "normal"),
        ("Not stated", "normal"),
        ("Service", "bold"),
        ('<script>alert("1")</script> & $x_1$ "quoted"', "normal"),
    ]
    assert len({place for place, _, _ in lines}) == len(lines)


def test_without_breakdowns_there_are_groups_only(recovery):
    axes, _ = forest(recovery, by=None).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == recovery.table["group"].tolist()


@pytest.mark.parametrize("reference", [0.0, 48.9])
def test_the_line_to_compare_with_stands_at_its_value(recovery, reference):
    axes, _ = forest(recovery, value="gap_points", reference=reference).axes
    (line,) = [line for line in axes.lines if line.get_marker() in {"None", None, ""}]
    assert list(line.get_xdata()) == [reference, reference]
    (only,) = forest(recovery, value="gap_points").axes[0].lines
    assert only.get_marker() == "s"


def many_groups():
    labels = [*ETHNIC, *(f"Decile {n}{' (most deprived)' if n == 1 else ''}" for n in range(1, 11))]
    frame = pd.DataFrame(
        {
            "breakdown": ["ethnic_group_5"] * 5 + ["deprivation_decile"] * 10,
            "group": labels,
            "x": [300 + 7 * n for n in range(14)] + [1],
            "n": [1000] * 14 + [4],
        }
    )
    rates = {"rate_pct": ("x", "n", "low", "high")}
    return release(frame, labels=["breakdown", "group"], counts=["x", "n"], rates=rates, title="Recovery")


def test_no_word_of_a_long_forest_covers_another_or_is_cut_off(covered, cut_off):
    figure = forest(many_groups())
    axes, beside = figure.axes
    words = [*axes.get_yticklabels(), *beside.texts]
    assert len(words) == 17 + 2 * 16
    assert covered(figure, words) == []
    assert cut_off(figure, words) == []


def test_every_row_lies_between_the_ends_of_both_panels():
    for panel in (figure := forest(many_groups())).axes:
        low, high = sorted(panel.get_ylim())
        assert all(low < place < high for place in figure.axes[0].get_yticks())


def test_a_line_of_the_funnel_holds_the_shares_of_its_group_in_order(funnel_table):
    (axes,) = funnel_by_group(funnel_table).axes
    assert [line.get_label() for line in axes.lines] == ["All", "Some"]
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), [np.nan, 64.1, 24.6])
    np.testing.assert_array_equal(axes.lines[1].get_ydata(), funnel_table.table["share_pct"][3:])
    assert [label.get_text() for label in axes.get_xticklabels()] == ["Referred", "Assessed", "Treated"]
    assert axes.get_ylim()[0] == 0


def test_groups_of_a_funnel_are_told_apart_without_colour(funnel_table):
    (axes,) = funnel_by_group(funnel_table).axes
    assert len({line.get_marker() for line in axes.lines}) == len(axes.lines)


def test_a_hidden_stage_of_a_group_leaves_a_gap():
    frame = pd.DataFrame({"group": ["a"] * 3, "stage": ["one", "two", "three"], "n": [90, 5, 40], "all": [100, 5, 100]})
    table = release(frame, labels=["group", "stage"], counts=["n", "all"], rates={"share_pct": ("n", "all")}, title="F")
    assert (1, "share_pct") in table.reasons
    (line,) = funnel_by_group(table).axes[0].lines
    assert np.isnan(line.get_ydata()).tolist() == [False, True, False]


def beside(n=3):
    frame = pd.DataFrame(
        {
            "measure": ["Recovery", "Reliable improvement", "Reliable recovery"][:n],
            "x": [99, 150, 3][:n],
            "n": [201, 202, 5][:n],
            "px": [316_251, 447_008, 296_890][:n],
            "pn": [634_388, 672_193, 634_388][:n],
        }
    )
    rates = {"simulated_pct": ("x", "n"), "published_pct": ("px", "pn")}
    return release(frame, labels=["measure"], counts=["x", "n", "px", "pn"], rates=rates, title="England")


def test_both_marks_of_a_row_are_the_two_numbers_of_the_table():
    table = beside()
    (axes,) = published_beside(table).axes
    drawn = {line.get_label(): line.get_xdata() for line in axes.lines}
    np.testing.assert_array_equal(drawn["this service"], table.table["simulated_pct"])
    np.testing.assert_array_equal(drawn["published, England"], table.table["published_pct"])
    assert [label.get_text() for label in axes.get_yticklabels()] == table.table["measure"].tolist()


def test_a_hidden_figure_of_ours_leaves_the_published_one_alone():
    (axes,) = published_beside(beside()).axes
    ours, published = axes.lines[1].get_xdata(), axes.lines[0].get_xdata()
    assert np.isnan(ours[2])
    left, right, _ = segments(axes)[2]
    assert left == right == published[2]


def test_the_first_row_stands_on_top(covered):
    figure = published_beside(beside())
    (axes,) = figure.axes
    assert axes.get_ylim()[0] > axes.get_ylim()[1]
    assert covered(figure, [*axes.get_yticklabels(), *axes.get_xticklabels(), *axes.get_legend().get_texts()]) == []


@pytest.mark.parametrize("draw", [forest, partial(forest, by=None), funnel_by_group, published_beside])
def test_what_was_not_released_is_not_drawn(recovery, draw):
    with pytest.raises(DisclosureError, match="only released tables can be published, got DataFrame"):
        draw(recovery.table)


def test_each_group_has_a_panel_with_its_own_points_and_intervals(cut_off, covered):
    table = pd.DataFrame(
        {
            "group": ["A rather long name of a group of people", *["B"] * 2, *"CDE"],
            "point": ["1", "1", "2", *"111"],
            "n": 100,
            "events": [20, 30, 60, 40, 50, 50],
            "predicted_pct": [25, 28, 61, 44, 50, 55],
        }
    )
    rates = {"observed_pct": ("events", "n", "low_pct", "high_pct")}
    released = release(
        table,
        labels=["group", "point"],
        counts=["n", "events"],
        rates=rates,
        statistics={"predicted_pct": "n"},
        vertices=Vertices("n"),
        title="T",
    )
    figure = calibration_multiples(released)
    shown = [panel for panel in figure.axes if panel.axison]
    assert len(shown) == 5
    points = next(line for line in shown[1].lines if line.get_marker() == "o")
    np.testing.assert_array_equal(points.get_xdata(), [28, 61])
    np.testing.assert_array_equal(points.get_ydata(), released.table["observed_pct"][1:3])
    titles = [text for panel in shown for text in (panel.title, panel._left_title, panel._right_title)]
    figure.canvas.draw()
    assert cut_off(figure, titles) == []
    assert covered(figure, titles) == []
    with pytest.raises(DisclosureError, match="only released tables"):
        calibration_multiples(table)
