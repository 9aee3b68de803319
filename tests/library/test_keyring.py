"""Keys stay in their file; pseudonyms differ by key, domain and part."""

import stat
from pathlib import Path

import pytest

from outcomes.errors import AccessError
from outcomes.library.keyring import PseudonymKey, create_key, read_key, source_key
from outcomes.library.source import Source

KEY = PseudonymKey(bytes(range(32)))


def test_a_pseudonym_is_hmac_sha256_of_length_prefixed_parts():
    import hashlib
    import hmac

    message = (7).to_bytes(4, "big") + b"patient" + (5).to_bytes(4, "big") + b"00123"
    assert KEY.pseudonym("patient", "00123") == hmac.new(bytes(range(32)), message, hashlib.sha256).hexdigest()[:32]


def test_parts_do_not_run_together():
    assert KEY.pseudonym("referral", "1", "23") != KEY.pseudonym("referral", "12", "3")
    assert KEY.pseudonym("patient", "1") != KEY.pseudonym("therapist", "1")
    assert KEY.pseudonym("patient", "00123") != KEY.pseudonym("patient", "123")
    assert KEY.pseudonym("patient", "1") != PseudonymKey(bytes(32)).pseudonym("patient", "1")


def test_many_are_like_one():
    assert KEY.pseudonyms("patient", ["a", "b"]) == [KEY.pseudonym("patient", "a"), KEY.pseudonym("patient", "b")]


def test_a_key_never_shows_itself():
    assert "secret" not in repr(KEY)
    assert KEY.secret.hex()[:8] not in repr(KEY)
    assert KEY.fingerprint != KEY.secret.hex()[:32]


def test_a_new_key_is_private_and_never_overwritten(tmp_path):
    path = tmp_path / "deep" / "key"
    create_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    first = read_key(path)
    with pytest.raises(AccessError, match="a key is never overwritten"):
        create_key(path)
    assert read_key(path) == first


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_key_that_others_may_read_is_refused(tmp_path, mode):
    create_key(tmp_path / "key")
    (tmp_path / "key").chmod(mode)
    with pytest.raises(AccessError, match="others may read this key file"):
        read_key(tmp_path / "key")


@pytest.mark.parametrize("text", ["", "abc", "00" * 31, "zz" * 32])
def test_what_is_no_key_is_refused_and_not_shown(tmp_path, text):
    path = tmp_path / "key"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(AccessError, match="not a key file") as caught:
        read_key(path)
    assert not text or text not in str(caught.value)


def test_a_missing_key_says_what_to_do(tmp_path):
    with pytest.raises(AccessError, match="no key file there; make one"):
        read_key(tmp_path / "none")


def of(kind, **options):
    return Source(format="tidy_wide", kind=kind, files={"responses": (Path("x.csv"),)}, **options)


def test_the_demonstration_key_is_for_invented_feeds_only(tmp_path):
    invented = source_key(of("invented", seed=1), None, [])
    assert invented == source_key(of("invented", seed=1), None, [])
    assert invented != source_key(of("invented", seed=2), None, [])
    with pytest.raises(AccessError, match="the demonstration key is for invented feeds only"):
        source_key(of("identified", reason="1"), None, [])
    assert invented != source_key(of("anonymised", reason="1"), None, [])


def test_an_anonymised_feed_may_have_a_real_key(tmp_path):
    create_key(tmp_path / "key")
    source = of("anonymised", reason="licence")
    assert source_key(source, tmp_path / "key", []) == read_key(tmp_path / "key")
    assert (
        source_key(source, None, [])
        == source_key(source, None, [])
        != source_key(of("anonymised", reason="other"), None, [])
    )


def test_the_key_lies_apart(tmp_path):
    create_key(tmp_path / "vault" / "key")
    with pytest.raises(AccessError, match="must lie outside library and vault"):
        source_key(of("identified", reason="r"), tmp_path / "vault" / "key", [tmp_path / "library", tmp_path / "vault"])
