"""Keys stay in their files, for their owner only; a folder of keys is a role."""

import stat

import pytest

from outcomes.errors import AccessError, ConfigError
from outcomes.library.roles import FILES, ROLES, KeyFile, check_apart, create_keys, find_key, key_for, read_key_file


@pytest.fixture
def keys(tmp_path):
    create_keys(tmp_path / "keys", region="uk")
    return tmp_path / "keys"


def test_every_role_has_its_own_folder_of_private_files(tmp_path):
    made = create_keys(tmp_path / "deep" / "keys", region="us")
    assert set(made) == {f"{role}/{FILES[purpose]}" for role, purposes in ROLES.items() for purpose in purposes}
    for one in made:
        path = tmp_path / "deep" / "keys" / one
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert "region=us" in path.read_text().splitlines()[0]


def test_a_key_is_never_overwritten(keys):
    first = find_key(keys, "library")
    with pytest.raises(AccessError, match="a key is never overwritten"):
        create_keys(keys, region="uk")
    assert find_key(keys, "library") == first


def test_a_region_is_known(tmp_path):
    with pytest.raises(ConfigError, match="region must be one of uk, us, got 'eu'"):
        create_keys(tmp_path / "keys", region="eu")


def test_keys_differ_by_purpose_and_set(tmp_path, keys):
    create_keys(tmp_path / "more", region="uk")
    secrets = {find_key(folder, one).secret for folder in (keys, tmp_path / "more") for one in FILES}
    assert len(secrets) == 2 * len(FILES)


def test_copies_of_one_key_are_one_key_and_two_sets_are_refused(tmp_path, keys):
    assert find_key(keys, "library") == find_key(keys / "steward", "library")
    create_keys(tmp_path / "more", region="uk")
    (tmp_path / "more" / "analyst").rename(keys / "another")
    with pytest.raises(AccessError, match=r"several library\.key that differ"):
        find_key(keys, "library")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_key_that_others_may_read_is_refused(keys, mode):
    (keys / "analyst" / "library.key").chmod(mode)
    with pytest.raises(AccessError, match="others may read this key file"):
        find_key(keys / "analyst", "library")


HEADER = "outcomes-key purpose=library region=uk id=00000000"
NO_KEY = ["", "abc", HEADER, f"{HEADER}\nzz", f"{HEADER}\nAAAA", f"{HEADER}\n{'A' * 43}=", f"other words\n{'A' * 43}="]


@pytest.mark.parametrize("text", NO_KEY)
def test_what_is_no_key_is_refused_and_not_shown(tmp_path, text):
    path = tmp_path / "library.key"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(AccessError, match="not a key file") as caught:
        read_key_file(path, "library")
    assert "AAAA" not in str(caught.value)


def test_a_key_for_something_else_is_refused(keys):
    path = keys / "steward" / "vault.key"
    with pytest.raises(AccessError, match="this key is for 'vault', one for 'library' is needed"):
        read_key_file(path, "library")


def test_a_missing_key_says_whose_it_is(tmp_path, keys):
    with pytest.raises(
        AccessError, match=r"no vault\.key in the keys folder 'analyst': this needs the keys of steward or care"
    ):
        find_key(keys / "analyst", "vault")
    with pytest.raises(AccessError, match="no key file there"):
        read_key_file(tmp_path / "none", "library")


def test_a_key_never_shows_itself(keys):
    key = find_key(keys, "library")
    assert "secret" not in repr(key)
    assert key.id not in key.secret.hex()


def test_a_source_without_a_secret_has_keys_that_everybody_can_make():
    assert key_for(None, "library") == key_for(None, "library") != key_for(None, "vault")
    assert key_for(None, "library").region == "open"


def test_keys_lie_apart_from_what_they_open(tmp_path, keys):
    check_apart(keys, [tmp_path / "library", tmp_path / "vault"])
    check_apart(None, [tmp_path])
    for inside in (keys.parent, keys / "analyst"):
        with pytest.raises(AccessError, match="must lie outside library and vault"):
            check_apart(keys, [inside])


def test_a_name_of_a_key_says_nothing_about_it():
    assert KeyFile("library", "uk", bytes(32)).id != KeyFile("library", "uk", bytes(31) + b"1").id
