"""A headless Chromium for tests: find or install it, open a page, and say what the page did and looked like.

Speaks the DevTools protocol over a pair of pipes (null-separated JSON), so nothing but the standard library is needed.
"""

from __future__ import annotations

import base64
import fcntl
import itertools
import json
import os
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.resources import files
from pathlib import Path
from typing import Any

AUDIT = Path(__file__).with_name("audit.js")
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-proxy-server",
    "--remote-debugging-pipe",
    "about:blank",
)
INSTALL_TIMEOUT_SECONDS = 900
ANSWER_TIMEOUT_SECONDS = 60

# The browser reads commands on file 3 and writes answers on file 4; both ends arrive here with numbers above 9.
LAUNCHER = """import os, sys
os.dup2(int(sys.argv[1]), 3)
os.dup2(int(sys.argv[2]), 4)
os.execv(sys.argv[3], sys.argv[3:])"""


class NoBrowser(Exception):  # noqa: N818
    """No Chromium was found and none could be installed; the text says what was tried."""


class BrowserError(Exception):
    """The browser refused a command, crashed, or did not answer in time."""


def find_chromium() -> str | None:
    """Return the path of a Chromium on this machine: OUTCOMES_CHROMIUM first, then the usual names and places."""
    named = os.environ.get("OUTCOMES_CHROMIUM")
    if named:
        if not os.access(named, os.X_OK):
            raise NoBrowser("OUTCOMES_CHROMIUM is set, but there is no program at that path")
        return named
    found = (shutil.which(name) for name in NAMES)
    return next((path for path in (*found, *MAC) if path and os.access(path, os.X_OK)), None)


def install_chromium() -> str:
    """Install Debian's Chromium where this process may (root and apt-get) and return its path."""
    if os.environ.get("OUTCOMES_NO_INSTALL"):
        raise NoBrowser("no Chromium found, and OUTCOMES_NO_INSTALL forbids installing one")
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        raise NoBrowser("no Chromium found; install one (Debian: apt-get install chromium) or set OUTCOMES_CHROMIUM")
    with Path(tempfile.gettempdir(), "outcomes-chromium.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if path := find_chromium():
            return path
        wanted = ["chromium", "fonts-liberation", "fonts-dejavu-core"]
        for command in ([apt, "update"], [apt, "install", "-y", "--no-install-recommends", *wanted]):
            done = subprocess.run(
                command,
                env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
                capture_output=True,
                text=True,
                timeout=INSTALL_TIMEOUT_SECONDS,
                check=False,
            )
            if done.returncode:
                raise NoBrowser(f"`{' '.join(command[1:])}` failed: {(done.stderr or done.stdout).strip()[-300:]}")
    path = find_chromium()
    if path is None:
        raise NoBrowser("Chromium was installed but is not on the path")
    return path


def chromium() -> str:
    """Return the path of a Chromium, installing Debian's if there is none; raise NoBrowser where neither works."""
    return find_chromium() or install_chromium()


class Browser:
    """One headless Chromium with a fresh profile; `open` gives a page, `close` ends it and removes the profile."""

    def __init__(self, executable: str | None = None) -> None:
        self._profile = tempfile.TemporaryDirectory(prefix="outcomes-chromium-", ignore_cleanup_errors=True)
        self._ids = itertools.count(1)
        self._buffer = b""
        self._pages: dict[str, Page] = {}
        self._start(executable or chromium())
        self.version = str(self.call("Browser.getVersion")["product"])

    def _start(self, executable: str) -> None:
        ends = (*os.pipe(), *os.pipe())
        high = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in ends]
        for end in ends:
            os.close(end)
        theirs_in, self._out, self._in, theirs_out = high
        home = {**os.environ, "HOME": self._profile.name, "TZ": "Europe/London"}
        launch = [sys.executable, "-c", LAUNCHER, str(theirs_in), str(theirs_out)]
        self._process = subprocess.Popen(
            [*launch, executable, f"--user-data-dir={self._profile.name}", *FLAGS],
            pass_fds=(theirs_in, theirs_out),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=home,
            start_new_session=True,
        )
        os.close(theirs_in)
        os.close(theirs_out)

    def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Send one command and return its result; events that arrive meanwhile reach their page."""
        number = next(self._ids)
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        self._send(message)
        until = time.monotonic() + ANSWER_TIMEOUT_SECONDS
        while True:
            answer = self._receive(until, method)
            if answer.get("id") == number:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error'].get('message')}")
                return answer["result"]
            self._dispatch(answer)

    def wait(self, ready: Any, what: str) -> None:
        """Read events until `ready()` is true; raise BrowserError when that takes too long."""
        until = time.monotonic() + ANSWER_TIMEOUT_SECONDS
        while not ready():
            self._dispatch(self._receive(until, what))

    def post(self, method: str, session: str, **parameters: Any) -> None:
        """Send one command without waiting for its answer."""
        self._send({"id": next(self._ids), "method": method, "params": parameters, "sessionId": session})

    def _send(self, message: dict[str, Any]) -> None:
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._out, data) :]

    def _receive(self, until: float, what: str) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            readable, _, _ = select.select([self._in], [], [], max(0.0, until - time.monotonic()))
            if not readable:
                raise BrowserError(f"{what}: no answer within {ANSWER_TIMEOUT_SECONDS} s")
            chunk = os.read(self._in, 1 << 20)
            if not chunk:
                raise BrowserError(f"{what}: the browser has ended")
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(line)

    def _dispatch(self, event: dict[str, Any]) -> None:
        page = self._pages.get(event.get("sessionId", ""))
        if page is not None and "method" in event:
            page.record(event["method"], event.get("params", {}))

    def open(
        self,
        source: str | Path,
        *,
        width: int = 1280,
        height: int = 900,
        scale: float = 1.0,
        mobile: bool = False,
        media: str = "",
        scheme: str = "light",
    ) -> Page:
        """Open a file (or an http address) in a window of the given size and return the page after it has loaded.

        `media` is "", "screen" or "print"; `scheme` is "light" or "dark".
        """
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self._pages[session] = Page(self, session, target, context)
        for domain in ("Page", "Runtime", "Network", "Log"):
            page.call(f"{domain}.enable")
        page.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=mobile
        )
        page.media(media, scheme=scheme)
        text = str(source)
        page.go(text if re.match(r"(https?|file|data):", text) else Path(source).resolve().as_uri())
        return page

    def forget(self, page: Page) -> None:
        """Close one page and the context in which it lived."""
        if self._pages.pop(page.session, None) is not None:
            self.call("Target.closeTarget", targetId=page.target)
            self.call("Target.disposeBrowserContext", browserContextId=page.context)

    def close(self) -> None:
        """End the browser and remove its profile."""
        try:
            self._send({"id": next(self._ids), "method": "Browser.close", "params": {}})
            self._process.wait(timeout=10)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait(timeout=10)
        finally:
            os.close(self._out)
            os.close(self._in)
            self._profile.cleanup()

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Page:
    """One opened page: what it said (`console`), asked for (`requests`), popped up (`dialogs`), and how it looks."""

    def __init__(self, browser: Browser, session: str, target: str, context: str) -> None:
        self.browser, self.session, self.target, self.context = browser, session, target, context
        self.console: list[str] = []
        self.requests: list[str] = []
        self.dialogs: list[str] = []
        self.address = ""
        self._loaded = False

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send one DevTools command to this page and return its result."""
        return self.browser.call(method, self.session, **parameters)

    def record(self, method: str, parameters: dict[str, Any]) -> None:
        """Keep what an event says: console lines, exceptions, security violations, requests, dialogs, load."""
        if method == "Runtime.consoleAPICalled":
            said = " ".join(str(a.get("value", a.get("description", ""))) for a in parameters["args"])
            self.console.append(f"{parameters['type']}: {said}")
        elif method == "Runtime.exceptionThrown":
            details = parameters["exceptionDetails"]
            thrown = details.get("exception", {}).get("description", details.get("text"))
            self.console.append(f"exception: {thrown}")
        elif method == "Log.entryAdded":
            entry = parameters["entry"]
            self.console.append(f"{entry['level']}: {entry['text']}")
        elif method == "Network.requestWillBeSent":
            address = parameters["request"]["url"]
            if address.partition("#")[0] != self.address.partition("#")[0] and not address.startswith("data:"):
                self.requests.append(address)
        elif method == "Page.javascriptDialogOpening":
            self.dialogs.append(f"{parameters['type']}: {parameters['message']}")
            self.browser.post("Page.handleJavaScriptDialog", self.session, accept=False)
        elif method == "Page.loadEventFired":
            self._loaded = True

    def go(self, address: str) -> None:
        """Load an address and wait until everything in it is there and has been drawn once."""
        self.address, self._loaded = address, False
        answer = self.call("Page.navigate", url=address)
        if answer.get("errorText"):
            raise BrowserError(f"the page did not open: {answer['errorText']}")
        self.browser.wait(lambda: self._loaded, "load")
        self.evaluate("document.fonts.ready.then(() => new Promise(done => setTimeout(done, 50)))")

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression (a promise is awaited), as plain Python data."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise BrowserError(details.get("exception", {}).get("description", details["text"]))
        return answer["result"].get("value")

    def media(self, kind: str = "", *, scheme: str = "light", forced_colors: bool = False) -> None:
        """Show the page as on "screen" or "print", light or dark, with or without forced (high contrast) colours."""
        features = [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "forced-colors", "value": "active" if forced_colors else "none"},
        ]
        self.call("Emulation.setEmulatedMedia", media=kind, features=features)

    @property
    def title(self) -> str:
        """The title as the window shows it."""
        return str(self.evaluate("document.title"))

    @property
    def html(self) -> str:
        """The document after loading."""
        return str(self.evaluate("document.documentElement.outerHTML"))

    @property
    def text(self) -> str:
        """The words that a reader sees."""
        return str(self.evaluate("document.body.innerText"))

    def overflow(self) -> int:
        """Return by how many pixels the page is wider than its window (0: nothing to scroll sideways)."""
        root = "document.documentElement"
        return int(self.evaluate(f"Math.max(0, {root}.scrollWidth - {root}.clientWidth)"))

    def screenshot(self, path: str | Path | None = None, *, full: bool = True) -> bytes:
        """Return a PNG of the whole page (or, with full=False, of the window); write it to `path` if one is given."""
        answer = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=full)
        if full:
            size = self.call("Page.getLayoutMetrics")["cssContentSize"]
            clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
            answer = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        return _kept(base64.b64decode(answer["data"]), path)

    def pdf(self, path: str | Path | None = None, *, landscape: bool = False, background: bool = False) -> bytes:
        """Return the page as an A4 PDF, by default without backgrounds, as most printers leave them out."""
        answer = self.call(
            "Page.printToPDF",
            paperWidth=8.27,
            paperHeight=11.69,
            landscape=landscape,
            printBackground=background,
            preferCSSPageSize=True,
        )
        return _kept(base64.b64decode(answer["data"]), path)

    def pages(self) -> int:
        """Return how many sheets of A4 the page takes on paper."""
        return len(re.findall(rb"/Type\s*/Page\b(?!s)", self.pdf()))

    def faults(self) -> list[str]:
        """Return accessibility faults that a machine can see: names, headings, tables, language, contrast."""
        return list(self.evaluate(AUDIT.read_text(encoding="utf-8")))

    def axe(self) -> list[str]:
        """Return what axe-core finds against WCAG 2.2 AA and its best practices: rule, gravity, first elements.

        The page's content policy forbids scripts; DevTools evaluates axe past it without loosening it. It is evaluated
        afresh for each call, so call `media` before to look at the page as it is printed or in the dark.
        """
        self.evaluate(files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8") + "\n;true")
        return list(
            self.evaluate(
                """axe.run(document, {resultTypes: ["violations"]}).then(found => found.violations.map(fault => {
                    const places = fault.nodes.slice(0, 3).map(node => node.target.join(" ")).join("; ");
                    return `${fault.id} (${fault.impact}): ${places}`;
                }))"""
            )
        )

    def close(self) -> None:
        """Close this page."""
        self.browser.forget(self)


def _kept(content: bytes, path: str | Path | None) -> bytes:
    if path is not None:
        Path(path).write_bytes(content)
    return content
