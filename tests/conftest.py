"""What every test may use: where the shared data lie, where they are there at all, and a real browser."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # so that `browser` below is found in pytest's importlib mode

from browser import Browser, NoBrowser

NO_BROWSER: list[str] = []


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """Return the folder beside the project that holds real data and other people's numbers, or skip."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip("../shared is not there: tests against real data and outside numbers are left out")
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return a headless Chromium, installed where that may be done; without one skip, and in CI fail.

    `page = browser.open(path, width=390, height=844)` gives `page.console`, `page.requests`, `page.dialogs`,
    `page.title`, `page.text`, `page.evaluate(js)`, `page.screenshot(path)`, `page.pdf(path)`, `page.pages()`,
    `page.overflow()`, `page.faults()` (accessibility) and `page.close()`.
    """
    try:
        started = Browser()
    except NoBrowser as why:
        if os.environ.get("CI", "").lower() in {"1", "true", "yes"}:
            pytest.fail(f"browser tests may not be left out in CI: {why}", pytrace=False)
        NO_BROWSER.append(str(why))
        pytest.skip(f"NO BROWSER TESTS: {why}")
    with started:
        yield started


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that opens a page, so that `-m "not browser"` leaves it out."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly at the end that pages were not looked at."""
    for why in NO_BROWSER:
        terminalreporter.section("BROWSER TESTS WERE SKIPPED", sep="!", red=True, bold=True)
        terminalreporter.write_line(f"No page was opened: {why}")
