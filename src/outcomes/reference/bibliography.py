"""Where does a published number come from? One list of sources; no reference record loads without an entry here."""

from dataclasses import dataclass
from functools import cache

from outcomes.errors import ConfigError
from outcomes.reference.loader import FOLDER, Entry, read_toml


@dataclass(frozen=True, slots=True)
class Source:
    """One published source.

    Parameters
    ----------
    key : str
        How records refer to it.
    authors, title, where : str
        Who wrote it, what it is called and where it appeared.
    year : int
        Year of publication (of the edition used).
    link : str
        DOI or address; empty where there is none.
    licence : str
        Licence and attribution wording where the source asks for one; else empty.
    entry : str
        "book" or "proceedings" where it is one; empty for all else.
    verified : bool
        False where title, place or pages could not be compared with the source or with another reference to it.
    """

    key: str
    authors: str
    title: str
    where: str
    year: int
    link: str
    licence: str
    entry: str
    verified: bool

    def citation(self) -> str:
        """Write the source as in a reference list.

        Returns
        -------
        str
            Authors, year, title, place and link in one line; a reference that nobody could check says so.
        """
        doubt = "" if self.verified else "(This reference was not checked against its source.)"
        place = f"{self.where}." if self.where else ""
        parts = [f"{self.authors} ({self.year}). {self.title}.", place, self.link, doubt]
        return " ".join(part for part in parts if part)


@cache
def sources() -> dict[str, Source]:
    """List the sources that the reference records rest on.

    Returns
    -------
    dict
        Key to source, in the order of the file.

    Raises
    ------
    ConfigError
        If a key stands twice.
    """
    found: dict[str, Source] = {}
    top = read_toml(FOLDER / "bibliography.toml")
    for entry in top.tables("sources"):
        one = Source(
            key=entry.text("key"),
            authors=entry.text("authors"),
            title=entry.text("title"),
            where=entry.text("where", ""),
            year=entry.whole("year"),
            link=entry.text("link", ""),
            licence=entry.text("licence", ""),
            entry=entry.text("entry", ""),
            verified=entry.flag("verified", default=True),
        )
        entry.done()
        if one.entry not in {"", "book", "proceedings"}:
            raise ConfigError(f"bibliography.toml: entry of {one.key!r} must be book or proceedings, got {one.entry!r}")
        if one.key in found:
            raise ConfigError(f"bibliography.toml: source {one.key!r} stands twice")
        found[one.key] = one
    top.done()
    return found


def source(key: str) -> Source:
    """Say what stands behind a source key.

    Parameters
    ----------
    key : str
        Key of the bibliography.

    Returns
    -------
    Source
        The entry.

    Raises
    ------
    ConfigError
        If the bibliography does not know the key.
    """
    try:
        return sources()[key]
    except KeyError:
        raise ConfigError(f"source {key!r} is not in the bibliography; add it to bibliography.toml first") from None


def read_source(entry: Entry, key: str = "source") -> str:
    """Read the source key of a record, and refuse the record when the bibliography does not know it.

    Parameters
    ----------
    entry : Entry
        The record's table.
    key : str
        Name of the value that holds the source key; several keys are separated by "; ".

    Returns
    -------
    str
        The source key or keys as written.

    Raises
    ------
    ConfigError
        If the value is missing, or a key is not in the bibliography.
    """
    value = entry.text(key)
    unknown = [part for part in value.split("; ") if part not in sources()]
    if unknown:
        raise ConfigError(f"{entry.where}: source {unknown[0]!r} is not in the bibliography")
    return value
