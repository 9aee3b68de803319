"""What is sealed opens with its key and under its name only, and no changed byte passes."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcomes.errors import AccessError, DataError
from outcomes.library.roles import KeyFile, create_keys
from outcomes.library.sealing import SealingKey, expand, library_key, vault_key

KEY = SealingKey(KeyFile("library", "uk", bytes(range(32))))


def of(purpose="library", region="uk", secret=bytes(range(32))):
    return SealingKey(KeyFile(purpose, region, secret))


@given(st.binary(max_size=200), st.text(max_size=10))
def test_what_is_sealed_opens_again_and_the_same_gives_the_same(plain, name):
    sealed = KEY.seal(plain, name)
    assert sealed == of().seal(plain, name)
    assert KEY.open(sealed, name, what="it") == plain


def test_the_header_is_readable_and_the_content_is_not():
    sealed = KEY.seal(b"secret words", "HEAD")
    assert sealed.startswith(f"outcomes-sealed-2 library uk {KEY.id}\n".encode())
    assert b"secret" not in sealed


def test_every_single_flipped_bit_is_noticed():
    sealed = KEY.seal(b"secret words", "HEAD")
    for place in range(8 * len(sealed)):
        changed = bytearray(sealed)
        changed[place // 8] ^= 1 << place % 8
        with pytest.raises((DataError, AccessError)):
            KEY.open(bytes(changed), "HEAD", what="it")


def test_the_nonce_differs_with_content_and_name():
    seen = {KEY.seal(content, name)[: len(KEY.header) + 12] for content in (b"a", b"b") for name in ("x", "y")}
    assert len(seen) == 4


REFUSED = [  # another key, why
    (of(purpose="vault"), "is sealed for 'library', and the key is for 'vault'"),
    (of(region="us"), "is sealed for region 'uk'; the key is of 'us'. Libraries of two regions do not mix"),
    (of(secret=bytes(32)), "is sealed with key .*, and the key given is"),
    (library_key(None), "is sealed for region 'uk'; no keys were given: give --keys"),
]


@pytest.mark.parametrize(("key", "said"), REFUSED, ids=["purpose", "region", "key", "none"])
def test_another_key_is_refused_in_words(key, said):
    with pytest.raises(AccessError, match=said):
        key.open(KEY.seal(b"x", "HEAD"), "HEAD", what="it")


def test_a_file_in_the_place_of_another_is_noticed():
    with pytest.raises(DataError, match="it is damaged or stands in another's place"):
        KEY.open(KEY.seal(b"x", "manifest a"), "manifest b", what="it")


@pytest.mark.parametrize("old", [b'{"current": 1}', b"PAR1..."])
def test_a_library_from_before_sealing_is_refused_in_words(old):
    with pytest.raises(AccessError, match="was written before libraries were sealed; take its feeds in again"):
        KEY.open(old, "HEAD", what="it")


@pytest.mark.parametrize("broken", [b"", b"outcomes-sealed-2 library\n", KEY.header, KEY.header + b"123"])
def test_what_is_cut_short_is_damaged(broken):
    with pytest.raises(DataError, match="damaged"):
        KEY.open(broken, "HEAD", what="it")


def test_a_key_shows_no_byte_and_is_not_pickled():
    assert repr(KEY) == f"SealingKey(library, uk, {KEY.id})"
    with pytest.raises(TypeError, match="a key is not pickled"):
        pickle.dumps(KEY)


def test_names_are_keyed_and_their_parts_do_not_run_together():
    assert KEY.digest("d", "1", "23") != KEY.digest("d", "12", "3")
    assert KEY.digest("d", "1") != KEY.digest("e", "1")
    assert KEY.digest("d", "1") != of(secret=bytes(32)).digest("d", "1")


def test_keys_of_two_purposes_are_unrelated():
    assert expand(bytes(32), "a") != expand(bytes(32), "b")
    assert len(expand(bytes(32), "a")) == 32


def test_the_keys_of_library_and_vault_come_from_their_files(tmp_path):
    create_keys(tmp_path / "keys", region="us")
    assert (library_key(tmp_path / "keys").region, vault_key(tmp_path / "keys").purpose) == ("us", "vault")
    assert library_key(tmp_path / "keys") == library_key(tmp_path / "keys" / "analyst") != library_key(None)
    with pytest.raises(AccessError, match="this needs the keys of steward or care"):
        vault_key(tmp_path / "keys" / "analyst")
