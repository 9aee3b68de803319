"""PDF is made of the page alone: the same bytes, nothing fetched, whatever the page asks for."""

import builtins
import re
import socket

import pytest

from outcomes.errors import ConfigError
from outcomes.flags.paper import Refusal, pdf

pytest.importorskip("weasyprint")

PAGE = (
    '<!doctype html><html lang="en-GB"><head><title>Caseload report</title></head>'
    "<body><h1>One</h1><p>Two</p>{}</body></html>"
)


def test_same_page_same_bytes_and_tagged_for_screen_readers():
    once = pdf(PAGE)
    assert once == pdf(PAGE)
    assert once.startswith(b"%PDF")
    assert re.search(rb"/StructTreeRoot|/MarkInfo|ObjStm", once)


def test_nothing_is_fetched(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(socket.socket, "connect", lambda *where: asked.append(where))
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    hostile = (
        f'<img src="http://example.org/x.png"><img src="file://{secret}"><link rel=stylesheet href="https://a.b/c">'
    )
    assert pdf(PAGE.format(hostile)).startswith(b"%PDF")
    assert asked == []
    with pytest.raises(ValueError, match="nothing is fetched") as caught:
        Refusal()("http://example.org/X-ann")
    assert "X-ann" not in str(caught.value)


def test_without_the_extra_it_says_what_to_do(monkeypatch):
    real = builtins.__import__

    def without(name, *more, **options):
        if name == "weasyprint":
            raise ImportError
        return real(name, *more, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigError, match=r"outcomes\[pdf\]"):
        pdf(PAGE)
