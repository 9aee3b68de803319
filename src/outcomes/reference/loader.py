"""How does a TOML file become records that can be trusted? Typed reading, and unknown keys are refused."""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TypeVar

from outcomes.errors import ConfigError

FOLDER = Path(__file__).resolve().parent
Record = TypeVar("Record")


def toml_files(folder: Path) -> list[Path]:
    """List the record files of a folder, in alphabetical order.

    Parameters
    ----------
    folder : Path
        A folder with one TOML file a record.

    Returns
    -------
    list of Path
        The `*.toml` files, sorted by name.

    Raises
    ------
    ConfigError
        If the folder does not exist or holds no TOML file.
    """
    files = sorted(folder.glob("*.toml"))
    if not files:
        raise ConfigError(f"no reference records (*.toml) in folder {folder.name!r}")
    return files


def read_toml(path: Path) -> "Entry":
    """Read one TOML file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Entry
        Its top table, ready for typed reading.

    Raises
    ------
    ConfigError
        If the file cannot be read or is not TOML.
    """
    try:
        return Entry(tomllib.loads(path.read_text(encoding="utf-8")), path.name)
    except (OSError, tomllib.TOMLDecodeError) as fault:
        raise ConfigError(f"{path.name} cannot be read as TOML: {fault}") from None


class Entry:
    """One table of a record file: every value is asked for by type, and what nobody asked for is an error.

    Parameters
    ----------
    values : Mapping
        The parsed table.
    where : str
        How a message names this table, such as `phq9.toml: items[3]`.
    """

    def __init__(self, values: Mapping[str, object], where: str) -> None:
        self._left = dict(values)
        self.where = where

    def has(self, key: str) -> bool:
        """Say whether the key is there and not read yet.

        Parameters
        ----------
        key : str
            Name of the value.

        Returns
        -------
        bool
            True where the key can still be read.
        """
        return key in self._left

    def _take(self, key: str, kinds: tuple[type, ...], default: object) -> object:
        if key not in self._left:
            if default is ...:
                raise ConfigError(f"{self.where}: {key!r} is missing")
            return default
        value = self._left.pop(key)
        wrong_bool = isinstance(value, bool) and bool not in kinds
        if wrong_bool or not isinstance(value, kinds):
            allowed = " or ".join(kind.__name__ for kind in kinds)
            raise ConfigError(f"{self.where}: {key!r} must be {allowed}, got {value!r}")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        """Read a text.

        Parameters
        ----------
        key : str
            Name of the value.
        default : str, optional
            What a missing key means; without it a missing key is an error.

        Returns
        -------
        str
            The text.
        """
        return str(self._take(key, (str,), ... if default is None else default))

    def optional_text(self, key: str) -> str | None:
        """Read a text that may be absent.

        Parameters
        ----------
        key : str
            Name of the value.

        Returns
        -------
        str or None
            The text, None where the key is absent.
        """
        return self.text(key) if self.has(key) else None

    def whole(self, key: str, default: int | None = None) -> int:
        """Read a whole number.

        Parameters
        ----------
        key : str
            Name of the value.
        default : int, optional
            What a missing key means; without it a missing key is an error.

        Returns
        -------
        int
            The number.
        """
        value = self._take(key, (int,), ... if default is None else default)
        return value if isinstance(value, int) else 0

    def flag(self, key: str, *, default: bool | None = None) -> bool:
        """Read true or false.

        Parameters
        ----------
        key : str
            Name of the value.
        default : bool, optional
            What a missing key means; without it a missing key is an error.

        Returns
        -------
        bool
            The value.
        """
        return bool(self._take(key, (bool,), ... if default is None else default))

    def decimal(self, key: str) -> Decimal:
        """Read an exact decimal, written as text ("0.73") or as a whole number, never as a binary fraction.

        Parameters
        ----------
        key : str
            Name of the value.

        Returns
        -------
        Decimal
            The number, exactly as written.

        Raises
        ------
        ConfigError
            If the text is not a number.
        """
        value = self._take(key, (str, int), ...)
        try:
            return Decimal(str(value))
        except InvalidOperation:
            raise ConfigError(f"{self.where}: {key!r} must be a decimal written as text, got {value!r}") from None

    def day(self, key: str) -> date | None:
        """Read a calendar date that may be absent.

        Parameters
        ----------
        key : str
            Name of the value.

        Returns
        -------
        date or None
            The date, None where the key is absent.
        """
        value = self._take(key, (date,), None)
        return value if isinstance(value, date) else None

    def texts(self, key: str, default: Sequence[str] | None = None) -> tuple[str, ...]:
        """Read a list of texts.

        Parameters
        ----------
        key : str
            Name of the value.
        default : sequence of str, optional
            What a missing key means; without it a missing key is an error.

        Returns
        -------
        tuple of str
            The texts in their order.

        Raises
        ------
        ConfigError
            If something else than text stands in the list.
        """
        value = self._take(key, (list,), ... if default is None else list(default))
        members = value if isinstance(value, list) else []
        if not all(isinstance(member, str) for member in members):
            raise ConfigError(f"{self.where}: {key!r} must be a list of texts, got {members!r}")
        return tuple(str(member) for member in members)

    def wholes(self, key: str, default: Sequence[int] | None = None) -> tuple[int, ...]:
        """Read a list of whole numbers.

        Parameters
        ----------
        key : str
            Name of the value.
        default : sequence of int, optional
            What a missing key means; without it a missing key is an error.

        Returns
        -------
        tuple of int
            The numbers in their order.

        Raises
        ------
        ConfigError
            If something else than a whole number stands in the list.
        """
        value = self._take(key, (list,), ... if default is None else list(default))
        members = value if isinstance(value, list) else []
        if not all(isinstance(member, int) and not isinstance(member, bool) for member in members):
            raise ConfigError(f"{self.where}: {key!r} must be a list of whole numbers, got {members!r}")
        return tuple(int(member) for member in members)

    def table(self, key: str) -> "Entry":
        """Read a table inside this one; an absent table is an empty one.

        Parameters
        ----------
        key : str
            Name of the table.

        Returns
        -------
        Entry
            The inner table.
        """
        value = self._take(key, (dict,), {})
        return Entry(value if isinstance(value, dict) else {}, f"{self.where}: {key}")

    def tables(self, key: str) -> list["Entry"]:
        """Read a list of tables; an absent list is an empty one.

        Parameters
        ----------
        key : str
            Name of the list.

        Returns
        -------
        list of Entry
            The inner tables in their order.

        Raises
        ------
        ConfigError
            If something else than a table stands in the list.
        """
        value = self._take(key, (list,), [])
        members = value if isinstance(value, list) else []
        if not all(isinstance(member, dict) for member in members):
            raise ConfigError(f"{self.where}: {key!r} must be a list of tables")
        return [Entry(member, f"{self.where}: {key}[{place}]") for place, member in enumerate(members, start=1)]

    def mapping(self, key: str) -> dict[str, str]:
        """Read a table of texts; an absent table is an empty one.

        Parameters
        ----------
        key : str
            Name of the table.

        Returns
        -------
        dict
            Text to text, in the order of the file.
        """
        value = self._take(key, (dict,), {})
        members = value if isinstance(value, dict) else {}
        inner = Entry(members, f"{self.where}: {key}")
        return {name: inner.text(name) for name in members}

    def done(self) -> None:
        """Refuse what nobody asked for.

        Raises
        ------
        ConfigError
            If keys are left over: misspelt, or of another edition of this format.
        """
        if self._left:
            raise ConfigError(f"{self.where}: unknown keys {sorted(self._left)}")


def read_key(top: Entry, path: Path) -> str:
    """Read the key of a record, and refuse a record that stands in a file of another name.

    Parameters
    ----------
    top : Entry
        The record's table.
    path : Path
        Its file.

    Returns
    -------
    str
        The key, equal to the name of the file.

    Raises
    ------
    ConfigError
        If key and file name differ.
    """
    key = top.text("key")
    if key != path.stem:
        raise ConfigError(f"{path.name}: key {key!r} must equal the name of the file")
    return key


def record(known: Mapping[str, Record], key: str, what: str) -> Record:
    """Find a record by its key, or say which keys there are.

    Parameters
    ----------
    known : Mapping
        Key to record.
    key : str
        The one that is asked for.
    what : str
        What the records are, in the singular.

    Returns
    -------
    Record
        The one of this key.

    Raises
    ------
    ConfigError
        If there is none.
    """
    if key not in known:
        raise ConfigError(f"{what} {key!r} is not known; known are {', '.join(known)}")
    return known[key]
