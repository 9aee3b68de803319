"""How does a reference manager want the sources? As BibTeX: articles with volume and pages, books, the rest."""

import re
from collections.abc import Mapping, Sequence

from outcomes.errors import ConfigError
from outcomes.reference.bibliography import Source, sources

ARTICLE = re.compile(r"(?P<journal>.+?) (?P<volume>\d+)(?:\((?P<number>[^)]+)\))?:(?P<pages>\w+(?:-\w+)?)")
PERSON = re.compile(r"(?P<family>.+?) (?P<initials>[A-Z]{1,4})(?: (?P<younger>Jr|Sr))?")
PROCEEDINGS = re.compile(r"(?P<booktitle>.+), (?P<pages>\d+-\d+)")
DOI = "https://doi.org/"
SPECIAL = re.compile(r"([&%#_$])")


def known(keys: Sequence[str]) -> list[Source]:
    """Look sources up.

    Parameters
    ----------
    keys : sequence of str
        Keys of the bibliography.

    Returns
    -------
    list of Source
        In the order asked for.

    Raises
    ------
    ConfigError
        If a key is not in the bibliography.
    """
    every = sources()
    strangers = [key for key in keys if key not in every]
    if strangers:
        raise ConfigError(f"not in the bibliography: {', '.join(strangers)}; add it to reference/bibliography.toml")
    return [every[key] for key in keys]


def bibtex(keys: Sequence[str]) -> str:
    """Write sources for a reference manager.

    Parameters
    ----------
    keys : sequence of str
        Keys of the bibliography.

    Returns
    -------
    str
        One entry a source, in the order asked for: an article where the place is a journal with volume and pages, a
        book or a paper in proceedings where the bibliography says so, otherwise `@misc`.

    Raises
    ------
    ConfigError
        If a key is not in the bibliography.

    Examples
    --------
    >>> print(bibtex(["kroenke_2001"]).splitlines()[0])
    @article{kroenke_2001,
    """
    return "\n".join(_entry(source) for source in known(keys))


def _entry(source: Source) -> str:
    kind, place = _placed(source)
    doi = source.link.removeprefix(DOI) if source.link.startswith(DOI) else ""
    fields = {
        "author": _authors(source.authors),
        "title": f"{{{_plain(source.title)}}}",
        **place,
        "year": str(source.year),
        "doi": doi,
        "url": "" if doi else source.link,
    }
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    return f"@{kind}{{{source.key},\n" + ",\n".join(lines) + "\n}\n"


def _placed(source: Source) -> tuple[str, Mapping[str, str]]:
    if source.entry == "book":
        return "book", {"publisher": _plain(source.where)}
    if source.entry == "proceedings":
        paged = PROCEEDINGS.fullmatch(source.where)
        return "inproceedings", _ranged(paged.groupdict() if paged else {"booktitle": source.where})
    article = ARTICLE.fullmatch(source.where)
    if article is not None:
        return "article", _ranged(article.groupdict())
    return "misc", {"howpublished": _plain(source.where)}


def _ranged(found: Mapping[str, str | None]) -> dict[str, str]:
    told = {name: _plain(value) for name, value in found.items() if value}
    return told | ({"pages": told["pages"].replace("-", "--")} if "pages" in told else {})


def _authors(listed: str) -> str:
    # "Jacobson NS, Truax P" are people; a body keeps its words together
    people = [PERSON.fullmatch(name) for name in listed.split(", ")]
    if all(people):
        return " and ".join(_person(one) for one in people if one)
    return " and ".join(f"{{{_plain(body)}}}" for body in listed.split("; "))


def _person(name: re.Match[str]) -> str:
    initials = " ".join(f"{letter}." for letter in name["initials"])
    return ", ".join([_plain(name["family"]), *([name["younger"]] if name["younger"] else []), initials])


def _plain(text: str) -> str:
    return SPECIAL.sub(r"\\\1", text)
