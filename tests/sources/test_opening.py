"""Bytes are capped before they are parsed, and text is what it was declared to be."""

import gzip
import hashlib

from outcomes.sources.opening import as_utf8, fingerprint, read_bytes
from outcomes.sources.raw import Limits


def test_plain_and_gzip_give_the_same_bytes(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    (tmp_path / "b").write_bytes(gzip.compress(b"abc"))
    assert read_bytes(tmp_path / "a", Limits()) == read_bytes(tmp_path / "b", Limits()) == (b"abc", "")


def test_the_fingerprint_is_that_of_the_file(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert fingerprint(tmp_path / "a") == hashlib.sha256(b"abc").hexdigest()


def test_there_is_no_fallback_of_encodings():
    assert as_utf8("é".encode("latin-1"), "utf-8") == (b"", "encoding")
    assert as_utf8("é".encode("latin-1"), "latin-1") == ("é".encode(), "")
    assert as_utf8(b"\xef\xbb\xbfx", "utf-8") == (b"x", "")
    assert as_utf8(b"a\x00b", "utf-8") == (b"", "nul_byte")
    assert as_utf8(b"\x81", "cp1252") == (b"", "encoding")


def test_a_large_bomb_is_refused_as_early_as_a_small_one(tmp_path):
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(bytes(64 << 20), compresslevel=1) * 4)
    watched = Limits(max_ratio=150, ratio_from_bytes=1 << 20, max_bytes=40 << 20)
    assert read_bytes(path, watched) == (b"", "compression_ratio")
