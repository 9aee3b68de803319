"""Every table fits the page it is set on: no column is lost, no word is cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcomes.publications import latex, word
from outcomes.publications.fitting import Paper, fitted, lines_of, spans, text_width
from outcomes.publications.grids import Grid, Word

UPRIGHT = Paper(10, 6, 345)
NARROWER = Paper(8, 4, 345, lines=2)
ACROSS = Paper(8, 4, 598, across=True, lines=3)
PAPERS = (UPRIGHT, NARROWER, ACROSS)


def grid(header, rows, align=None):
    sides = align or ("left", *["right"] * (len(header) - 1))
    body = tuple(tuple(one if isinstance(one, Word) else Word(one) for one in row) for row in rows)
    return Grid("A table", tuple(header), sides, body, ("A note.",))


def test_a_small_table_is_set_as_it_is():
    (part,) = fitted(grid(["Group", "n"], [["Female", "1,234"], ["Male", "567"]]), PAPERS)
    assert part.paper == UPRIGHT
    assert part.wrapped == (False, False)
    assert part.lines == 2
    assert part.widths[0] == pytest.approx(text_width("Female"))


def test_headings_break_before_anything_else_gives_way():
    header = ["Group", *["Difference remaining after adjustment"] * 4]
    (part,) = fitted(grid(header, [["Female", *["1.0"] * 4]]), PAPERS)
    assert part.paper == UPRIGHT
    assert part.heads[1] == ("Difference", "remaining", "after", "adjustment")
    assert " ".join(part.heads[1]) == header[1]


def test_words_wrap_and_numbers_never_do():
    long = "a threshold in each group, so that those who need it have one chance to be noticed"
    (part,) = fitted(grid(["Remedy", "n"], [[long, "1,234,567,890"]]), PAPERS)
    assert part.wrapped == (True, False)
    assert part.total <= part.paper.width + 0.01
    assert part.lines > 1


def test_a_wide_table_lies_across_and_a_wider_one_comes_in_parts_with_the_first_column_in_each():
    many = ["Group", *(f"Column {number}" for number in range(9))]
    (part,) = fitted(grid(many, [["Female", *["1,234 (12.3)"] * 9]]), PAPERS)
    assert part.paper.across
    more = ["Group", *(f"Column {number}" for number in range(24))]
    parts = fitted(grid(more, [["Female", *(str(1_000_000_000 + number) for number in range(24))]]), PAPERS)
    assert len(parts) > 1
    assert all(part.grid.header[0] == "Group" and part.grid.rows[0][0].text == "Female" for part in parts)
    assert [head for part in parts for head in part.grid.header[1:]] == more[1:]
    assert [cell.text for part in parts for cell in part.grid.rows[0][1:]] == [
        str(1_000_000_000 + number) for number in range(24)
    ]
    assert len({part.grid.title for part in parts}) == len(parts)


def test_a_heading_of_rows_has_the_row_for_itself():
    alone = (Word("Long-term condition, as the person says", heads=True), Word(""))
    beside = (Word("Score, mean (SD)", heads=True), Word("13.4 (6.4)"))
    assert spans(alone)
    assert not spans(beside)
    (part,) = fitted(grid(["Group", "n"], [alone, ["Yes", "3"]]), PAPERS)
    assert part.widths[0] < text_width(alone[0].text)


def test_bold_headings_need_more_room():
    header = ["Group", "Unaccustomed"]
    plain, bold = (
        fitted(grid(header, [["a", "1"]]), (Paper(10, 6, 345, bold_heads=heavy),))[0] for heavy in (False, True)
    )
    assert bold.widths[1] > plain.widths[1]


@given(st.text(alphabet=st.characters(codec="ascii", exclude_characters="\n\r"), max_size=80), st.floats(1, 400))
def test_breaking_loses_no_word(text, width):
    lines = lines_of(text, width)
    assert " ".join(lines).split() == text.split()
    assert all(text_width(line) <= width or " " not in line.strip() for line in lines)


@given(
    st.lists(
        st.tuples(st.text(alphabet="abcdef ghij", min_size=1, max_size=60), st.integers(0, 10**9)),
        min_size=1,
        max_size=5,
    ),
    st.integers(2, 14),
)
def test_what_is_set_is_as_wide_as_its_paper_at_most(rows, columns):
    table = grid(
        ["Group", *(f"Number {place}" for place in range(1, columns))],
        [[words, *[f"{number:,}"] * (columns - 1)] for words, number in rows],
    )
    for papers in (latex.PAPERS, word.PAPERS):
        parts = fitted(table, papers)
        for part in parts:
            few = len(part.grid.header) <= 2
            assert part.total <= part.paper.width + 0.01 or few
        assert sum(len(part.grid.header) - 1 for part in parts) == columns - 1
