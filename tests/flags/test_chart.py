"""The drawing says in words what it shows, and stays inside its paper."""

import math
import re
from xml.etree import ElementTree as ET

import pytest

from outcomes.flags.chart import HEIGHT, WIDTH, Band, Points, chart, in_words

NAN = math.nan
BAND = Band([1, 2, 3, 4], [5, 4, 3.2, 2], [15, 14, 13.7, 12], [10, 9, 8, 7])


def test_words_hold_every_score_and_the_expected_range():
    said = in_words("phq9", Points([1, 2, 3], [14, NAN, 17]), BAND)
    end = " Cut-off: 10 or more. Real change: 6 or more."
    assert said == "PHQ-9 over 3 forms: 14, blank, 17. Expected at the last score: 4 to 13." + end


def test_words_without_a_course():
    assert (
        in_words("gad7", Points([1], [8]), None) == "GAD-7 over 1 form: 8. Cut-off: 8 or more. Real change: 4 or more."
    )
    assert (
        in_words("phq9", Points([9], [8]), BAND) == "PHQ-9 over 1 form: 8. Cut-off: 10 or more. Real change: 6 or more."
    )


@pytest.mark.parametrize(
    ("occasions", "scores"),
    [([], []), ([1], [NAN]), ([1], [0]), ([1], [27]), ([0, 5, 60], [27, 0, NAN]), (range(1, 41), [13.5] * 40)],
)
@pytest.mark.parametrize("band", [None, BAND])
def test_every_drawing_is_sound_and_inside_the_paper(occasions, scores, band):
    drawing = str(chart("phq9", Points(list(occasions), list(scores)), band))
    root = ET.fromstring(drawing)  # noqa: S314  our own text
    assert root.get("role") == "img"
    assert root.get("aria-label")
    assert "nan" not in drawing.lower()
    for text in root.iter("text"):
        assert 0 <= float(text.get("x")) <= WIDTH
        assert 0 <= float(text.get("y")) <= HEIGHT
    for path in root.iter("path"):
        for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path.get("d")):
            assert 0 <= float(x) <= WIDTH
            assert 0 <= float(y) <= HEIGHT


def test_higher_scores_are_drawn_higher_and_later_forms_further_right():
    path = re.search(
        r'class="score" [^>]*d="M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)"', chart("phq9", Points([1, 2], [5, 20]))
    )
    x1, y1, x2, y2 = map(float, path.groups())
    assert x2 > x1
    assert y2 < y1


def test_blank_forms_are_crosses_not_zeros():
    drawing = chart("phq9", Points([1, 2, 3], [5, NAN, 7]))
    assert drawing.count('class="blank"') == 1
    assert re.search(r'class="score" [^>]*d="([^"]*)"', drawing).group(1).count("L") == 1


def test_real_rise_is_drawn_only_where_the_scale_has_room():
    assert "real rise" in chart("phq9", Points([1, 2], [21, 20]))
    assert "real rise" not in chart("phq9", Points([1, 2], [22, 20]))


def test_real_fall_is_drawn_only_where_the_scale_has_room():
    assert "real fall" in chart("phq9", Points([1, 2], [6, 7]))
    assert "real fall" not in chart("phq9", Points([1, 2], [5, 7]))


def test_paper_needs_no_style_sheet():
    """Every line carries its own look, because PDF makers do not apply the page's style sheet inside a drawing."""
    for path in ET.fromstring(str(chart("phq9", Points([1, 2], [12, NAN]), BAND))).iter("path"):  # noqa: S314
        assert path.get("stroke")


def test_words_at_the_edge_do_not_cover_each_other():
    drawing = chart("phq9", Points([1, 2], [4, 5]))  # cut-off 10, real rise 4 + 6 = 10: the same line
    places = {
        m[1]: float(m[0]) for m in re.findall(r'y="([\d.]+)" text-anchor="start" fill="#3c4852">([a-z -]+)<', drawing)
    }
    assert abs(places["cut-off"] - places["real rise"]) >= 11


def test_a_scale_with_decimals_keeps_them():
    assert "over 2 forms: 2.53, 1.80." in in_words("mobility_alone", Points([1, 2], [2.53, 1.8]), None)
