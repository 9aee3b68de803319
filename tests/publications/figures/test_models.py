"""Calibration, decision curves and bars show the released numbers, and no others."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from outcomes.disclosure.gate import Statistic, Vertices, release
from outcomes.errors import DisclosureError
from outcomes.publications.figures.models import bars, calibration_curve, decision_curve


@pytest.fixture
def bins(every_drawn):
    return every_drawn["calibration"][0]()


@pytest.fixture
def thresholds(every_drawn):
    return every_drawn["decision"][0]()


@pytest.fixture
def features(every_drawn):
    return every_drawn["bars"][0]()


def drawn(axes):
    return {line.get_label(): line for line in axes.lines}


def test_points_and_intervals_of_a_calibration_curve_are_those_of_the_table(bins):
    (axes,) = calibration_curve(bins, predicted="predicted").axes
    points = axes.lines[1]
    np.testing.assert_array_equal(points.get_xdata(), bins.table["predicted"])
    np.testing.assert_array_equal(points.get_ydata(), bins.table["observed_pct"])
    spans = [(segment[0, 0], *segment[:, 1]) for lines in axes.collections for segment in lines.get_segments()]
    assert spans == list(bins.table[["predicted", "low", "high"]].itertuples(index=False, name=None))


def test_perfect_agreement_is_the_diagonal_of_a_square(bins):
    (axes,) = calibration_curve(bins, predicted="predicted").axes
    diagonal = axes.lines[0]
    assert list(diagonal.get_xdata()) == list(diagonal.get_ydata()) == [0, 100]
    assert (axes.get_xlim(), axes.get_ylim(), axes.get_aspect()) == ((0, 100), (0, 100), 1.0)
    assert [text.get_text() for text in axes.texts] == ["dashed: as predicted"]


def two_models():
    frame = pd.DataFrame(
        {
            "model": ["trees", "one score"] * 3,
            "bin": [1, 1, 2, 2, 3, 3],
            "predicted_pct": [20.0, 30.0, 50.0, 52.0, 80.0, 75.0],
            "n": [150, 160, 170, 180, 150, 11],
            "x": [31, 50, 90, 91, 120, 3],
        }
    )
    return release(
        frame,
        labels=["model", "bin"],
        counts=["n", "x"],
        rates={"observed_pct": ("x", "n")},
        statistics={"predicted_pct": "n"},
        vertices=Vertices("n", ("model",)),
        title="Calibration",
    )


def test_each_model_gets_its_own_rows_and_a_name():
    table = two_models()
    (axes,) = calibration_curve(table, by="model").axes
    lines = drawn(axes)
    for name in ("trees", "one score"):
        rows = table.table[table.table["model"] == name]
        np.testing.assert_array_equal(lines[name].get_xdata(), rows["predicted_pct"])
        np.testing.assert_array_equal(lines[name].get_ydata(), rows["observed_pct"])
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["trees", "one score"]
    assert lines["trees"].get_marker() != lines["one score"].get_marker()


def test_a_hidden_bin_is_not_drawn():
    line = drawn(calibration_curve(two_models(), by="model").axes[0])["one score"]
    assert np.isnan(line.get_ydata()).tolist() == [False, False, True]


@pytest.mark.parametrize("draw", [calibration_curve, decision_curve])
def test_no_curve_is_drawn_whose_vertices_nobody_looked_at(draw):
    frame = pd.DataFrame({"threshold_pct": [1], "n": [90], "x": [40]})
    table = release(frame, labels=["threshold_pct"], counts=["n", "x"], title="A table, not a curve")
    with pytest.raises(DisclosureError, match="declare its vertices"):
        draw(table)


def test_net_benefits_are_those_of_the_table(thresholds):
    (axes,) = decision_curve(thresholds).axes
    lines = drawn(axes)
    for name, rows in thresholds.table.groupby("strategy"):
        np.testing.assert_array_equal(lines[name].get_xdata(), rows["threshold_pct"].astype(float))
        np.testing.assert_array_equal(lines[name].get_ydata(), rows["net_benefit"])


def test_the_axis_of_net_benefit_ends_a_little_below_nothing(thresholds):
    (axes,) = decision_curve(thresholds).axes
    low, high = axes.get_ylim()
    best = thresholds.table["net_benefit"].max()
    assert -0.2 * best < low < 0  # "flag everyone" sinks to -0.20 and would press all else flat
    assert best < high < 1.2 * best


def test_a_hidden_net_benefit_leaves_a_gap():
    frame = pd.DataFrame(
        {"strategy": ["Model"] * 3, "threshold_pct": [10, 20, 30], "net_benefit": [0.3, 0.2, 0.1], "n": [900, 900, 11]}
    )
    table = release(
        frame,
        labels=["strategy", "threshold_pct"],
        counts=["n"],
        statistics={"net_benefit": Statistic("n", decimals=3)},
        vertices=Vertices("n"),
        title="Decision",
    )
    line = drawn(decision_curve(table).axes[0])["Model"]
    np.testing.assert_array_equal(line.get_ydata(), [0.3, 0.2, np.nan])


def test_bars_are_as_long_as_their_numbers_longest_first(features):
    (axes,) = bars(features).axes
    assert [bar.get_width() for bar in axes.patches] == [0.4, 0.1]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["mood", "sleep"]
    assert [text.get_text() for text in axes.texts] == ["0.40", "0.10"]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]


def test_a_hidden_number_has_no_bar_and_no_name(features):
    assert (2, "mean_abs_shap") in features.reasons
    (axes,) = bars(features).axes
    assert "rare" not in [label.get_text() for label in axes.get_yticklabels()]


def many():
    frame = pd.DataFrame(
        {"feature": [f"feature {n}" for n in range(20)], "mean_abs_shap": [0.05 + n / 50 for n in range(20)], "n": 900}
    )
    return release(frame, labels=["feature"], counts=["n"], statistics={"mean_abs_shap": "n"}, title="Features")


def test_no_more_bars_than_asked_for_and_the_longest_are_kept(covered, cut_off):
    figure = bars(many(), at_most=7)
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == [f"feature {n}" for n in range(19, 12, -1)]
    assert covered(figure, [*axes.get_yticklabels(), *axes.texts]) == []
    assert cut_off(figure, [*axes.get_yticklabels(), *axes.texts]) == []


def test_equal_bars_keep_the_order_of_the_table():
    frame = pd.DataFrame({"feature": ["b", "a", "c"], "mean_abs_shap": [0.2, 0.2, 0.3], "n": 900})
    table = release(frame, labels=["feature"], counts=["n"], statistics={"mean_abs_shap": "n"}, title="Features")
    assert [label.get_text() for label in bars(table).axes[0].get_yticklabels()] == ["c", "b", "a"]


@pytest.mark.parametrize("draw", [calibration_curve, partial(calibration_curve, by="model"), decision_curve, bars])
def test_what_was_not_released_is_not_drawn(bins, draw):
    with pytest.raises(DisclosureError, match="only released tables can be published, got DataFrame"):
        draw(bins.table)
