"""The page in a real browser: it says what it must, escapes what it gets, and asks for nothing."""

import re
import time
from datetime import date

import pandas as pd
import pytest
from made_up import Desk
from test_words import FORBIDDEN, grade

from outcomes.errors import DataError
from outcomes.flags.page import caseload_page, duty_page, for_reader, patient_page, use_page
from outcomes.flags.report import CareTables, Facts, caseload_report
from outcomes.flags.settings import FlagSettings, Link, ModelPermission
from outcomes.flags.use import Use

FACTS = Facts("Service A", "invented", "abc123", "nhs_talking_therapies_v2_1", date(2025, 3, 31), "Seed 1.")
MODEL = ModelPermission("1.0", "ab" * 32, "invented", "reliable_recovery", 0.2, "a", "b", "c", "d", "e")
HOSTILE = [
    "<script>alert(1)</script>",
    "</title><script>alert(2)</script>",
    '"><img src=x onerror=alert(3)>',
    "' onmouseover='alert(4)",
    "<svg onload=alert(5)>",
    "</style><script>alert(6)</script>",
    "</textarea><script>alert(7)</script>",
    "<iframe src=https://example.org></iframe>",
    "<link rel=stylesheet href=https://example.org/x.css>",
    "<style>body{display:none}</style>",
    "<base href=https://example.org/>",
    "<meta http-equiv=refresh content=0;url=https://example.org>",
    "<form action=https://example.org><input name=q>",
    "<object data=https://example.org/x>",
    "<embed src=https://example.org/x>",
    "<a href=javascript:alert(8)>press</a>",
    "<details open ontoggle=alert(9)>",
    "<input autofocus onfocus=alert(10)>",
    "<video><source onerror=alert(11)></video>",
    "<body onload=alert(12)>",
    "{{ 7 * 7 }}{% for x in y %}",
    "{{ ''.__class__.__mro__ }}",
    "${alert(13)}",
    "<!-- -->",
    "--><script>alert(14)</script><!--",
    "<![CDATA[<script>alert(15)</script>]]>",
    "&lt;script&gt;alert(16)&lt;/script&gt;",
    "&#60;script&#62;alert(17)&#60;/script&#62;",
    "\u202etxt.exe\u2066<b>\u0000\ufeff",
    "<math><mtext></mtext><mglyph><style><img src onerror=alert(18)>",
    "javascript:alert(19)",
    "x" * 400,
]


def build(desk, course=None, facts=FACTS, declared=None, **more):
    tables = CareTables(desk.caseload, desk.occasions, desk.totals, course, **more)
    return caseload_report(tables, settings=declared or FlagSettings(), facts=facts)


@pytest.fixture
def small(desk, course):
    desk.person("ann", [12, 20, None], [8, 9, 9], item9=[0, 2], as_of=22, local_id="X-ann", therapist="T1")
    desk.person("bob", [12, 12], [9, 9], as_of=15, local_id="X-bob", therapist="T1")
    desk.person("cat", as_of=15, local_id="X-cat", therapist="T2")
    return build(desk, course)


@pytest.fixture
def opened(browser, tmp_path):
    pages = []

    def open_page(html, **size):
        path = tmp_path / f"page{len(pages)}.html"
        path.write_text(html, encoding="utf-8")
        pages.append(browser.open(path, **size))
        return pages[-1]

    yield open_page
    for page in pages:
        page.close()


def test_hostile_strings_do_nothing_anywhere(opened, course):
    assert len(HOSTILE) >= 30
    desk = Desk()
    for number, text in enumerate(HOSTILE):
        desk.person(
            f"{text}{number}", [12, 20], item9=[0, number % 2], as_of=15, therapist=text, local_id=text, team=text
        )
    link = Link(text="</a><script>alert(20)</script>", address="https://example.org/'\"><script>alert(21)</script>")
    declared = FlagSettings(same_day_procedure="<script>alert(22)</script>", guidance=(link,))
    facts = Facts("<img src=x onerror=alert(23)>", "identified", "<b>", "<i>", None, "</dl><script>alert(24)</script>")
    aside = pd.DataFrame({"instrument": "phq9", "item": 9, "answer": 1, "patient_id": HOSTILE})
    report = build(desk, course, facts, declared, quarantined=aside)
    previous = pd.DataFrame({"referral": ["r-x"], "status": ["flag"]})
    for html, title in (
        (caseload_page(report, previous=previous, reader="<script>alert(25)</script>"), "Caseload report"),
        (duty_page(report), "Duty list"),
        (patient_page(report, report.caseload["referral"].iloc[0]), "Patient report"),
        (use_page(report, Use(3)), "Use of the flags"),
    ):
        page = opened(html)
        assert (page.title, page.dialogs, page.requests, page.console) == (title, [], [], [])
        counts = "script,iframe,object,embed,form,base,link,video,math,img,textarea,input[name=q]"
        assert page.evaluate(f"document.querySelectorAll({counts!r}).length") == 0
        handlers = "[...document.querySelectorAll('*')].filter(e => [...e.attributes].some(a => /^on/i.test(a.name)))"
        assert page.evaluate(f"{handlers}.length") == 0
        assert page.evaluate("document.querySelectorAll('style').length") == 1
        assert page.evaluate("document.querySelector('main').getClientRects().length") > 0
        for text in HOSTILE[:3] if title in {"Caseload report", "Duty list"} else ():
            assert text in page.evaluate("document.body.textContent")
        assert page.overflow() == 0


@pytest.mark.parametrize("size", [{"width": 1280, "height": 900}, {"width": 390, "height": 844, "mobile": True}])
def test_page_is_quiet_and_fits_and_can_be_used_by_everyone(opened, small, size):
    page = opened(caseload_page(small), **size)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert (page.console, page.requests, page.dialogs) == ([], [], [])
    assert page.faults() == []
    assert page.overflow() == 0


@pytest.mark.parametrize("media", ["screen", "print"])
def test_axe_finds_nothing_on_any_page(opened, small, media):
    """WCAG 2.2 AA, as far as a machine can see."""
    for html in (caseload_page(small), patient_page(small, "r-ann"), use_page(small, Use(1)), duty_page(small)):
        page = opened(html, width=390, height=844, mobile=True)
        page.media(media)
        assert page.axe() == []
        assert page.overflow() == 0


def test_a_patients_page_holds_that_person_and_what_every_page_says(small):
    html = patient_page(small, "r-ann")
    for words in ("X-ann", "Got worse.", "Talk with them about safety.", *ALWAYS[:3]):
        assert words in html
    assert "X-bob" not in html
    assert html.index("Safety question") < html.index("Why this person is flagged")
    with pytest.raises(DataError, match="not on this caseload") as caught:
        patient_page(small, "r-secret")
    assert "r-secret" not in str(caught.value)


def test_a_patients_page_keeps_its_safety_answer_when_the_rules_fail(desk):
    desk.person("ann", [12, 20], item9=[0, 2], as_of=15)
    report = caseload_report(CareTables(desk.caseload, desk.occasions, None), settings=FlagSettings(), facts=FACTS)
    html = patient_page(report, "r-ann")
    assert "Nobody was judged." in html
    assert "PHQ-9 question 9: above zero" in html


def test_big_text_still_fits_a_phone(opened, small):
    page = opened(caseload_page(small), width=320, height=640)
    assert page.overflow() == 0


def test_filter_works_without_any_script(opened, small):
    before = pd.DataFrame({"referral": ["r-ann", "r-bob"], "status": ["no flag", "no flag"]})
    page = opened(caseload_page(small, previous=before))
    shown = "[...document.querySelectorAll({!r})].filter(e => e.getClientRects().length).length"
    seen = {}
    for button in ("show-all", "show-flag", "show-cannot", "show-none", "show-prompt", "show-news"):
        page.evaluate(f"document.getElementById('{button}').click()")
        rows, sheets = (page.evaluate(shown.format(what)) for what in (".row", ".sheet"))
        assert rows == sheets
        seen[button] = rows
    assert seen == {
        "show-all": 3,
        "show-flag": 1,
        "show-cannot": 1,
        "show-none": 1,
        "show-prompt": 1,
        "show-news": 2,
    }
    page.media("print")
    assert page.evaluate(shown.format(".row")) == 3  # paper always has everybody


def test_list_leads_to_each_sheet_by_keyboard(opened, small):
    """A link in the list opens the folded sheet of somebody who is not flagged: no script is needed for it."""
    page = opened(caseload_page(small))
    folded = "[...document.querySelectorAll('.sheet:not([open])')].length"
    assert page.evaluate(folded) == 2
    page.evaluate("[...document.querySelectorAll('.index a')].find(a => a.textContent == 'X-bob').click()")
    assert page.evaluate(folded) == 1


def test_paper_holds_everybody_and_every_reason(opened, small):
    page = opened(caseload_page(small))
    page.media("print")
    for words in ("X-ann", "X-bob", "X-cat", "Got worse.", "No form filled in yet.", "not an alert system"):
        assert words in page.text
    assert page.pdf().startswith(b"%PDF")
    assert 1 <= page.pages() <= 5


def test_dark_readers_and_forced_colours_still_see_the_drawings(opened, small):
    page = opened(caseload_page(small), scheme="dark")
    page.media(scheme="dark", forced_colors=True)
    assert page.evaluate("getComputedStyle(document.querySelector('svg')).backgroundColor") == "rgb(255, 255, 255)"


ALWAYS = (
    "This page is not an alert system.",
    "same-day safety procedure",
    "No notice does not mean no risk.",
    "No outcome signal; says nothing about safety.",
    "What it must not be used for",
    "abc123",
    "nhs_talking_therapies_v2_1",
    "31 March 2025",
)


@pytest.mark.parametrize("words", ALWAYS)
def test_what_every_page_says(small, words):
    assert words in caseload_page(small)
    assert words in caseload_page(for_reader(small, "T1"), reader="T1")


def test_safety_comes_before_everything_that_was_judged(small):
    html = caseload_page(small)
    assert html.index('id="safety"') < html.index('id="totals"') < html.index('id="people"')


def test_safety_section_says_when_and_never_how_much(small):
    section = re.search(r'<section id="safety".*?</section>', caseload_page(small), re.DOTALL).group()
    assert "X-ann" in section
    assert "above zero" in section
    assert "Not known: 1" in section
    assert not re.search(r"\b(high|medium|low|red|amber|green|severe)\b", section)


def test_older_answers_above_zero_stand_apart_and_are_not_lost(desk, course):
    desk.person("old", [12, 12], item9=[0, 1], as_of=200, local_id="X-old")
    html = caseload_page(build(desk, course))
    assert "Answered above zero in the last 28 days: 0" in html
    section = html[html.index("before that, and not asked since: 1") : html.index("Not known: 0")]
    assert "X-old" in section


def test_flagged_sheets_are_open_and_the_others_folded(desk, course):
    desk.person("worse", [12, 20], as_of=15).person("same", [12, 12], as_of=15)
    html = caseload_page(build(desk, course))
    assert html.count('<details class="sheet status-flag" open>') == 1
    assert html.count('<details class="sheet status-no-flag">') == 1


def test_banner_of_invented_people(desk, course):
    desk.person("p", [12, 12])
    html = {kind: caseload_page(build(desk, course, Facts("S", kind, "h", "e"))) for kind in ("invented", "identified")}
    assert "Invented patients." in html["invented"]
    assert "Invented patients." not in html["identified"]
    assert "Anonymised records." in caseload_page(build(desk, course, Facts("S", "anonymised", "h", "e")))


def test_numbers_add_up_on_the_page(opened, whole_service, course):
    page = opened(caseload_page(build(whole_service(80, seed=2), course)))
    rows = page.evaluate(
        "[...document.querySelectorAll('.numbers tbody tr, .numbers tfoot tr')]"
        ".map(r => [...r.querySelectorAll('td')].map(c => Number(c.textContent)))"
    )
    assert all(sum(row[:3]) == row[3] for row in rows)
    assert [sum(column) for column in zip(*rows[:-1], strict=True)] == rows[-1]
    assert rows[-1][3] == page.evaluate("document.querySelectorAll('.row').length") == 80
    assert page.evaluate("document.querySelectorAll('.sheet').length") == 80


def test_when_the_rules_fail_the_page_says_so_and_keeps_the_safety_answers(opened, desk):
    desk.person("ann", [12, 20], item9=[0, 2], as_of=15, local_id="X-ann")
    report = caseload_report(CareTables(desk.caseload, desk.occasions), settings=FlagSettings(), facts=FACTS)
    page = opened(caseload_page(report))
    assert "Nobody was judged." in page.text
    assert "X-ann" in page.evaluate("document.getElementById('safety').innerText")
    assert page.faults() == []


def test_duty_answers_are_never_on_the_caseload_page(desk, course):
    desk.person("ann", [12, 12], local_id="X-ann")
    aside = pd.DataFrame({"instrument": ["phq9"], "item": [9], "answer": [3], "patient_id": ["X-unsure"]})
    report = build(desk, course, quarantined=aside)
    assert "X-unsure" not in caseload_page(report)
    assert "1 more answer: identity or date not confirmed" in caseload_page(report)
    assert "X-unsure" in duty_page(report)


def test_without_a_model_the_page_says_rules_only(small, desk, course):
    assert "Rules only: no model is switched on." in caseload_page(small)
    without_answers = caseload_page(build(desk, course, declared=FlagSettings(model=MODEL)))
    assert "<strong>Rules only.</strong> The model is switched on, but its answers are not there." in without_answers


def test_without_a_course_the_page_says_so_and_draws_none(desk):
    html = caseload_page(build(desk.person("p", [12, 12])))
    assert "The expected course is not in use" in html
    assert 'class="band"' not in html
    assert "Grey band" not in html


def test_an_empty_caseload_is_a_page(opened, desk, course):
    tables = desk.person("p", [12, 12])
    report = caseload_report(
        CareTables(tables.caseload.iloc[:0], tables.occasions, tables.totals, course),
        settings=FlagSettings(),
        facts=FACTS,
    )
    page = opened(caseload_page(report))
    assert "There are no open referrals." in page.text
    assert page.faults() == []


def test_news_since_the_last_report_is_marked(small):
    before = pd.DataFrame({"referral": ["r-ann", "r-bob", "r-gone"], "status": ["no flag", "flag", "flag"]})
    html = caseload_page(small, previous=before)
    for words in ("newly flagged", "no longer flagged", "new on the caseload", "1 referral has left the caseload"):
        assert words in html
    assert "newly flagged" not in caseload_page(small)


def test_the_pages_own_words_can_be_read_at_twelve(opened, small):
    page = opened(caseload_page(small))
    own = "h2,h3,.notice p,.banner,section > p,section > ul > li,.doubts li,caption,summary"
    said = page.evaluate(
        f"[...document.querySelectorAll({own!r})].map(e => e.textContent.trim().replace(/\\s+/g, ' '))"
    )
    said = [text if text.endswith((".", ":")) else f"{text}." for text in said]
    assert grade(" ".join(said)) <= 6.5
    hard = {text: round(grade(text), 1) for text in said if len(text.split()) > 5 and grade(text) > 10}
    assert hard == {}
    assert not any(word in " ".join(said).lower() for word in FORBIDDEN)


def test_same_report_same_page(small):
    assert caseload_page(small) == caseload_page(small)


def test_policy_allows_the_pages_own_style_and_nothing_else(small):
    html = caseload_page(small)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html).group(1)
    assert policy.startswith("default-src &#39;none&#39;; style-src &#39;sha256-")
    assert "unsafe" not in policy
    assert "<script" not in html
    assert " style=" not in html


@pytest.mark.slow
def test_a_thousand_people_are_drawn_in_seconds_on_a_page_that_opens(opened, whole_service, course):
    started = time.process_time()
    html = caseload_page(build(whole_service(1000), course))
    assert time.process_time() - started < 20
    assert len(html) < 6_000_000
    page = opened(html)
    assert page.evaluate("document.querySelectorAll('.row').length") == 1000
    assert (page.console, page.requests, page.overflow()) == ([], [], 0)
