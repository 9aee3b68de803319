"""The tests' own browser: it must see what a page does, or the page tests prove nothing."""

import pytest
from browser import BrowserError, NoBrowser, find_chromium, install_chromium

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>T</title>
<meta name="viewport" content="width=device-width">{head}</head><body><main><h1>Hello</h1>{body}</main></body></html>"""


@pytest.fixture
def write(tmp_path):
    def written(body="", head=""):
        path = tmp_path / "page.html"
        path.write_text(PAGE.format(head=head, body=body), encoding="utf-8")
        return path

    return written


def test_quiet_page_is_quiet(browser, write):
    page = browser.open(write("<p>words</p>"), width=800, height=600)
    assert (page.console, page.requests, page.dialogs, page.faults(), page.title) == ([], [], [], [], "T")
    assert page.text.split() == ["Hello", "words"]
    assert page.evaluate("innerWidth") == 800
    assert page.overflow() == 0
    page.close()


def test_console_errors_and_exceptions_are_seen(browser, write):
    page = browser.open(write("<script>console.error('broken'); throw new Error('thrown')</script>"))
    assert any("broken" in line for line in page.console)
    assert any("thrown" in line for line in page.console)
    page.close()


def test_requests_are_seen_whether_they_succeed_or_not(browser, write, tmp_path):
    (tmp_path / "near.css").write_text("p{color:red}")
    head = '<link rel="stylesheet" href="near.css"><img src="https://example.org/far.png" alt="">'
    page = browser.open(write(head=head))
    assert sorted(address.rsplit("/", 1)[1] for address in page.requests) == ["far.png", "near.css"]
    page.close()


def test_blocked_by_policy_is_seen(browser, write):
    head = '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'">'
    page = browser.open(write("<script>document.title='owned'</script>", head))
    assert page.title == "T"
    assert any("Content Security Policy" in line for line in page.console)
    page.close()


def test_dialogs_are_seen_and_closed(browser, write):
    page = browser.open(write("<script>alert('hello')</script>"))
    assert page.dialogs == ["alert: hello"]
    page.close()


def test_pictures_and_paper(browser, write, tmp_path):
    page = browser.open(write("<p style='break-after:page'>one</p><p>two</p>"), width=400, height=300)
    assert page.screenshot(tmp_path / "p.png").startswith(b"\x89PNG")
    assert page.pdf(tmp_path / "p.pdf").startswith(b"%PDF")
    assert page.pages() == 2
    page.close()


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("<p style='color:#aaa'>pale</p>", "contrast"),
        ("<h3>deep</h3>", "heading jumps"),
        ("<img src='data:,'>", "image without alt"),
        ("<svg><circle r='1'/></svg>", "drawing without name"),
        ("<table><caption>c</caption><tr><th>x</th></tr></table>", "header without scope"),
        ("<table><tr><th scope='col'>x</th></tr></table>", "table without caption"),
        ("<input>", "field without label"),
        ("<a href='#nowhere'>go</a>", "points nowhere"),
    ],
)
def test_faults_are_found(browser, write, body, fault):
    page = browser.open(write(body))
    assert any(fault in line for line in page.faults())
    page.close()


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ("<p style='color:#aaa'>pale</p>", "color-contrast"),
        ("<img src='data:,'>", "image-alt"),
        ("<input>", "label"),
        ("<ul><p>no item</p></ul>", "list"),
    ],
)
def test_axe_finds_faults_even_where_the_page_forbids_scripts(browser, write, body, rule):
    head = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    page = browser.open(write(body, head))
    assert any(line.startswith(f"{rule} (") for line in page.axe())
    page.close()


def test_axe_is_silent_about_a_good_page(browser, write):
    page = browser.open(write("<p>words</p>"))
    assert page.axe() == []
    page.close()


def test_wide_pages_are_seen(browser, write):
    page = browser.open(write("<div style='width:900px'>wide</div>"), width=390, height=844)
    assert page.overflow() > 500
    page.close()


def test_missing_page_is_an_error(browser, tmp_path):
    with pytest.raises(BrowserError, match="did not open"):
        browser.open(tmp_path / "none.html")


def test_wrong_path_is_not_replaced_by_another_browser(monkeypatch):
    monkeypatch.setenv("OUTCOMES_CHROMIUM", "/nowhere/chromium")
    with pytest.raises(NoBrowser, match="OUTCOMES_CHROMIUM"):
        find_chromium()


def test_nothing_is_installed_where_that_is_forbidden(monkeypatch):
    monkeypatch.setenv("OUTCOMES_NO_INSTALL", "1")
    with pytest.raises(NoBrowser, match="forbids"):
        install_chromium()
