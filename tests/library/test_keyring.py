"""Keys stay in their file; pseudonyms differ by key, domain and part."""

from pathlib import Path

import pytest

from outcomes.errors import AccessError
from outcomes.library.keyring import PseudonymKey, source_key
from outcomes.library.roles import create_keys, find_key
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
    create_keys(tmp_path / "keys", region="uk")
    source = of("anonymised", reason="licence")
    assert source_key(source, tmp_path / "keys", []).secret == find_key(tmp_path / "keys", "pseudonym").secret
    assert (
        source_key(source, None, [])
        == source_key(source, None, [])
        != source_key(of("anonymised", reason="other"), None, [])
    )


@pytest.mark.parametrize("role", ["analyst", "care", "auditor", "release"])
def test_only_the_steward_holds_the_pseudonym_key(tmp_path, role):
    create_keys(tmp_path / "keys", region="uk")
    with pytest.raises(AccessError, match=r"no pseudonym\.key in the keys folder .*: this needs the keys of steward"):
        source_key(of("identified", reason="r"), tmp_path / "keys" / role, [])


def test_the_key_lies_apart(tmp_path):
    create_keys(tmp_path / "vault" / "keys", region="uk")
    with pytest.raises(AccessError, match="must lie outside library and vault"):
        source_key(of("identified", reason="r"), tmp_path / "vault" / "keys", [tmp_path / "vault"])
