"""A file that is encrypted to one reader is opened by that reader's key and by no other."""

import pytest
from pyrage import DecryptError, decrypt
from pyrage.x25519 import Identity

from outcomes.errors import ConfigError
from outcomes.flags.sealed import read_readers, sealed


def test_only_the_readers_key_opens_it():
    mine, other = Identity.generate(), Identity.generate()
    content = sealed(b"X-ann", "T1", {"T1": str(mine.to_public())})
    assert b"X-ann" not in content
    assert decrypt(content, [mine]) == b"X-ann"
    with pytest.raises(DecryptError):
        decrypt(content, [other])


def test_a_reader_without_a_key_gets_nothing_in_the_clear():
    with pytest.raises(ConfigError, match="reader 'T2' has no key"):
        sealed(b"x", "T2", {"T1": str(Identity.generate().to_public())})


def test_readers_are_read(tmp_path):
    key = str(Identity.generate().to_public())
    path = tmp_path / "readers.toml"
    path.write_text(f'[readers]\nsupervisor = "{key}"\nT1 = "{key}"\n')
    assert read_readers(path) == {"supervisor": key, "T1": key}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not toml [", "is not a TOML file"),
        ("", "needs a table"),
        ('[readers]\nT1 = "age1x"\n', "needs a table"),
        ('[readers]\nsupervisor = "AGE-SECRET-KEY-1"\n', "not an age public key"),
    ],
)
def test_a_wrong_file_is_refused_and_no_key_is_quoted(tmp_path, text, words):
    path = tmp_path / "readers.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=words) as caught:
        read_readers(path)
    assert "AGE-SECRET" not in str(caught.value)
    with pytest.raises(ConfigError, match="is not a TOML file"):
        read_readers(tmp_path / "none.toml")
