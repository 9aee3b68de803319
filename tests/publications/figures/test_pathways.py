"""The funnel and the mean courses show the released numbers, and say in words what is hidden."""

import numpy as np
import pandas as pd
import pytest

from outcomes.disclosure.gate import Statistic, release
from outcomes.errors import DisclosureError
from outcomes.publications.figures.pathways import funnel, trajectories


def stages(n=(500, 321, 3, 440), policy="midpoint6"):
    frame = pd.DataFrame(
        {"stage": ["Referred", "Assessed", "Left", "Treated"], "n": list(n), "referred": [np.nan, 500, 500, 500]}
    )
    return release(
        frame,
        labels=["stage"],
        counts=["n", "referred"],
        rates={"share_pct": ("n", "referred")},
        title="Funnel",
        policy=policy,
    )


@pytest.fixture
def courses(every_drawn):
    return every_drawn["trajectories"][0]()


def test_bars_are_as_long_as_the_counts_of_the_table():
    table = stages()
    (axes,) = funnel(table).axes
    assert [bar.get_width() for bar in axes.patches] == table.table["n"].tolist() == [501, 321, 3, 441]
    assert [label.get_text() for label in axes.get_yticklabels()] == table.table["stage"].tolist()
    assert axes.get_xlim()[0] == 0
    assert axes.get_ylim()[0] > axes.get_ylim()[1]


def test_the_number_is_written_at_its_bar_with_the_share_where_asked():
    assert [text.get_text() for text in funnel(stages()).axes[0].texts] == ["501", "321", "3", "441"]
    written = [text.get_text() for text in funnel(stages(), share="share_pct").axes[0].texts]
    assert written == ["501", "321  (64.1 %)", "3  (0.6 %)", "441  (88.0 %)"]


def test_a_withheld_count_has_no_bar_and_is_said():
    table = stages(policy="threshold10")
    assert (2, "n") in table.reasons
    (axes,) = funnel(table, share="share_pct").axes
    assert axes.patches[2].get_width() == 0
    assert axes.texts[2].get_text() == table.reasons[2, "n"]


def test_numbers_stand_inside_long_bars_in_white_and_beside_short_ones_in_ink(covered, cut_off):
    figure = funnel(stages(), share="share_pct")
    (axes,) = figure.axes
    long, short = axes.texts[0], axes.texts[2]
    assert (long.get_color(), long.get_ha()) == ("white", "right")
    assert short.get_ha() == "left"
    assert short.get_color() != "white"
    box = long.get_window_extent(figure.canvas.get_renderer())
    assert box.x1 < axes.patches[0].get_window_extent().x1
    words = [*axes.get_yticklabels(), *axes.texts]
    assert covered(figure, words) == []
    assert cut_off(figure, words) == []


def test_points_of_a_course_are_those_of_the_table(courses):
    (axes,) = trajectories(courses).axes
    for line, (_, rows) in zip(axes.lines, courses.table.groupby("class", sort=False), strict=True):
        np.testing.assert_array_equal(line.get_xdata(), rows["session"].astype(float))
        np.testing.assert_array_equal(line.get_ydata(), rows["mean"])


def test_bands_reach_from_the_lower_to_the_upper_bound(courses):
    (axes,) = trajectories(courses).axes
    for band, (_, rows) in zip(axes.collections, courses.table.groupby("class", sort=False), strict=True):
        corners = {tuple(corner) for path in band.get_paths() for corner in path.vertices}
        shown = rows.dropna(subset=["mean"]).astype({"session": float})
        for bound in ("low", "high"):
            assert set(shown[["session", bound]].itertuples(index=False, name=None)) <= corners
        assert {x for x, _ in corners} == set(shown["session"])


def test_a_hidden_point_leaves_a_gap(courses):
    assert courses.reasons == {(5, "mean"): "too few"}
    _, second = trajectories(courses).axes[0].lines
    assert np.isnan(second.get_ydata()).tolist() == [False, False, True]


def test_lines_are_told_apart_without_colour_and_named_in_their_own(courses):
    (axes,) = trajectories(courses).axes
    assert len({line.get_marker() for line in axes.lines}) == 2
    colours = {text.get_text(): text.get_color() for text in axes.texts}
    assert colours == {"one": axes.lines[0].get_color(), "two": axes.lines[1].get_color()}


def lines(ends, n=200):
    frame = pd.DataFrame(
        [(f"state {k}", session, mean, n) for k, end in enumerate(ends) for session, mean in ((1, 15.0), (6, end))],
        columns=["class", "session", "mean", "n"],
    )
    return release(
        frame,
        labels=["class", "session"],
        counts=["n"],
        statistics={"mean": Statistic("n", decimals=1)},
        title="Courses",
    )


@pytest.mark.parametrize(
    ("ends", "why"),
    [
        ([9.0, 9.1, 9.2, 9.3, 9.4, 9.5, 9.6], "all in one place"),
        ([22.0, 22.1, 22.2, 22.3, 22.4, 22.5, 22.6], "all at the top"),
        ([0.0, 0.0, 0.0, 0.0], "all at the bottom"),
        ([2.0, 14.0, 14.1, 26.0], "two of four"),
    ],
)
def test_names_at_the_ends_of_lines_never_cover_each_other(covered, cut_off, ends, why):
    figure = trajectories(lines(ends))
    names = figure.axes[0].texts
    assert len(names) == len(ends), why
    assert covered(figure, names) == [], why
    assert cut_off(figure, names) == [], why


def test_names_stand_in_the_order_of_the_ends():
    figure = trajectories(lines([9.2, 3.0, 9.0, 9.1]))
    placed = sorted(figure.axes[0].texts, key=lambda text: text.xy[1])
    assert [text.get_text() for text in placed] == ["state 1", "state 2", "state 3", "state 0"]


def test_where_nothing_may_be_shown_the_figure_says_so():
    (axes,) = trajectories(lines([9.0, 12.0], n=4)).axes
    assert [text.get_text() for text in axes.texts] == ["too few people for any point"]
    assert all(np.isnan(line.get_ydata()).all() for line in axes.lines)


def test_scores_begin_at_nothing(courses):
    assert trajectories(courses).axes[0].get_ylim()[0] == 0


@pytest.mark.parametrize("draw", [funnel, trajectories])
def test_what_was_not_released_is_not_drawn(courses, draw):
    with pytest.raises(DisclosureError, match="only released tables can be published, got DataFrame"):
        draw(courses.table)
