"""Every figure takes released tables only, gives the same bytes each time, and leaves the user's settings alone."""

import ast
from pathlib import Path

import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib.figure import Figure

from outcomes import publications
from outcomes.disclosure.gate import release
from outcomes.errors import DisclosureError
from outcomes.publications import figures
from outcomes.publications.drawing import house_style, pdf, png, svg


def test_same_table_same_bytes_in_any_order_of_saving(drawn):
    table, draw = drawn
    first, second = draw(table), draw(table)
    assert isinstance(first, Figure)
    saved = (svg(first), pdf(first), png(first, dpi=60))
    again = (png(second, dpi=60), pdf(second), svg(second))[::-1]
    assert saved == again
    assert b"Date" not in saved[0]
    assert b"CreationDate" not in saved[1]
    assert b"matplotlib" not in saved[2].lower()


def test_the_users_settings_do_not_change_a_figure_nor_the_figure_them(drawn):
    table, draw = drawn
    expected = svg(draw(table))
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red", "svg.fonttype": "none"}):
        assert svg(draw(table)) == expected
        assert mpl.rcParams["font.size"] == 30


def test_a_plain_table_cannot_be_drawn(drawn):
    table, draw = drawn
    with pytest.raises(DisclosureError, match="only released tables can be published, got DataFrame"):
        draw(table.table)


def test_a_changed_table_cannot_be_drawn(drawn):
    table, draw = drawn
    table.table.iloc[0, -1] = 1
    with pytest.raises(DisclosureError, match="does not belong to its content"):
        draw(table)


def test_a_missing_column_is_named(recovery):
    with pytest.raises(DisclosureError, match="has no column 'stage'; it has breakdown, group"):
        figures.funnel(recovery)


def texts(figure):
    return [text.get_text() for axes in figure.axes for text in (*axes.texts, *axes.get_yticklabels())]


def test_a_row_that_is_too_small_is_listed_in_words(recovery):
    said = texts(figures.forest(recovery))
    assert "too few" in said
    assert "Not stated" in said
    assert "Gender" in said


def test_hidden_cells_of_a_heat_map_say_few():
    frame = pd.DataFrame({"item": ["a", "a"], "state": ["1", "2"], "mean": [1.0, 2.0], "n": [100, 4]})
    table = release(frame, labels=["item", "state"], counts=["n"], statistics={"mean": "n"}, title="t")
    assert [text.get_text() for text in figures.profile_heat_map(table).axes[0].texts] == ["1.00", "few"]


def test_every_public_figure_is_tested(every_drawn):
    assert {getattr(draw, "func", draw).__name__ for _, draw in every_drawn.values()} == set(figures.__all__)


def test_pyplot_is_nowhere():
    for path in Path(publications.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                named = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
                assert not any("pyplot" in name for name in named), path.name


def test_house_style_ends():
    before = mpl.rcParams["font.size"]
    with house_style():
        assert mpl.rcParams["font.size"] == 9
    assert mpl.rcParams["font.size"] == before


@pytest.mark.parametrize(("names", "turned"), [(("1", "2"), False), (("4 moderate, somatic", "5 marked, even"), True)])
def test_long_names_above_a_heat_map_are_turned_so_that_none_covers_another(names, turned):
    table = pd.DataFrame({"item": ["sleep", "sleep"], "state": names, "n": [600, 600], "mean": [1.0, 2.0]})
    released = release(table, labels=["item", "state"], counts=["n"], statistics={"mean": "n"}, title="Profiles")
    (axes,) = [axes for axes in figures.profile_heat_map(released).axes if axes.get_xticklabels()]
    assert [label.get_rotation() > 0 for label in axes.get_xticklabels()] == [turned, turned]
