"""One page that needs nothing else: escaped, without scripts or requests, the same each time, readable everywhere."""

import re
from dataclasses import replace

import pandas as pd
import pytest

from outcomes.disclosure.gate import release
from outcomes.errors import ConfigError, DisclosureError
from outcomes.publications.page import KeyFigure, Picture, Section, Table, key_figure, study_page


def test_nothing_on_the_page_runs_or_loads(report):
    page = study_page(report)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "default-src &#39;none&#39;" in page
    sources = re.findall(r'(?:src|href)="([^"]{0,30})', page)
    assert all(source.startswith(("data:", "#")) for source in sources)
    assert "http" not in re.sub(r'http-equiv|base64,[^"]*', "", page)
    assert "url(" not in page


def test_same_report_same_page(report):
    assert study_page(report) == study_page(report)


def test_tables_have_captions_and_scoped_headers_and_figures_words(report):
    page = study_page(report)
    assert page.count("<caption>") == page.count("<table>") == 2
    assert page.count('scope="row"') == 4 + 2 * 2
    assert all(alt for alt in re.findall(r'<img [^>]*alt="([^"]*)"', page))
    assert page.count("<h1>") == 1


def test_each_question_stands_with_its_answer_at_the_top(report):
    three = tuple(Section(f"Question {n}?", ("Words.",), "An answer < 1." if n else "") for n in range(3))
    page = study_page(replace(report, sections=three))
    top = page[page.index("<nav") : page.index("</nav>")]
    assert top.count("An answer &lt; 1.") == 2
    assert [f'href="#part-{n}"' in top for n in (1, 2, 3)] == [True] * 3
    assert "In short" in top


def test_without_answers_the_list_of_questions_is_one_of_contents(report):
    page = study_page(replace(report, sections=tuple(Section(f"Question {n}?", ("Words.",)) for n in range(3))))
    top = page[page.index("<nav") : page.index("</nav>")]
    assert "Contents" in top
    assert "In short" not in top


def test_what_is_too_few_is_said_on_the_page(report):
    assert "too few" in study_page(report)


def with_block(report, block):
    return replace(report, sections=(Section("One", (block,)),))


def test_unreleased_tables_do_not_reach_the_page(report):
    table = report.tables()[0].released.table
    with pytest.raises(DisclosureError, match="only released tables"):
        study_page(with_block(report, Table("t", table)))
    with pytest.raises(DisclosureError, match="only released tables"):
        study_page(with_block(report, replace(report.pictures()[0], released=table)))


def test_images_that_were_drawn_before_still_need_their_table(report):
    picture = replace(report.pictures()[0], released=None)
    with pytest.raises(DisclosureError, match="only released tables"):
        study_page(with_block(report, picture), {picture.name: b"<svg/>"})


def test_a_figure_without_words_is_refused(report):
    picture = report.pictures()[0]
    silent = Picture("silent", picture.released, picture.draw, "Caption.", " ")
    with pytest.raises(ConfigError, match="figure 'silent' needs an alternative text"):
        study_page(with_block(report, silent))


def test_a_key_figure_is_a_released_cell(recovery):
    found = key_figure("Recovery", recovery, (0, "rate_pct"), unit=" %", detail="England 49.9 %")
    assert found == KeyFigure("Recovery", "48.9 %", "47.2 to 50.7; England 49.9 %")
    assert key_figure("Recovery", recovery, (2, "rate_pct"), unit=" %") == KeyFigure("Recovery", "too few", "")
    with pytest.raises(DisclosureError, match="only released tables"):
        key_figure("Recovery", recovery.table, (0, "rate_pct"))


def test_two_tables_of_one_name_are_refused(report):
    table = report.tables()[0]
    with pytest.raises(ConfigError, match="used twice: recovery"):
        study_page(replace(report, sections=(Section("One", (table, table)),)))


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)])
def test_the_page_in_a_browser(report, browser, tmp_path, width, height):
    path = tmp_path / "report.html"
    path.write_text(study_page(report), encoding="utf-8")
    page = browser.open(path, width=width, height=height)
    try:
        assert page.console == []
        assert page.requests == []
        assert page.dialogs == []
        assert page.overflow() == 0
        assert page.faults() == []
        assert "too few" in page.text
        assert page.pages() <= 4
    finally:
        page.close()


A4, A4_ACROSS = 673, 1000  # what the margins leave of a sheet, in CSS pixels


@pytest.mark.parametrize(("columns", "width"), [(6, A4), (9, A4), (10, A4), (13, A4_ACROSS)])
def test_no_table_is_cut_at_the_edge_of_the_paper(report, browser, tmp_path, columns, width):
    names = [f"flagged_by_remedy_{number}" for number in range(columns)]
    frame = pd.DataFrame({name: [12345, 2345] for name in names})
    frame.insert(0, "group", ["Quintile 1 (most deprived)", "a threshold in each group, so that those who need it"])
    table = Table("wide", release(frame, labels=["group"], counts=names, title="A wide table"))
    path = tmp_path / "report.html"
    path.write_text(study_page(with_block(report, table)), encoding="utf-8")
    page = browser.open(path, width=width, height=900)
    try:
        page.media("print")
        shown = page.evaluate("document.querySelector('table').getBoundingClientRect().right")
        assert shown <= width
        assert page.evaluate("getComputedStyle(document.querySelector('.table')).page") == (
            "landscape" if width == A4_ACROSS else "auto"
        )
        assert page.axe() == []
    finally:
        page.close()
