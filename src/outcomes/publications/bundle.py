"""What does an author send to a journal, and a checker approve? A folder of tables that came through the door."""

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from outcomes.disclosure.door import Passage
from outcomes.errors import ConfigError, DisclosureError
from outcomes.publications.checklists import CHECKLISTS, filled
from outcomes.publications.drawing import Style, drawn_as, pdf, png, svg
from outcomes.publications.grids import plain
from outcomes.publications.latex import as_latex
from outcomes.publications.methods import Step, cited_keys, methods_text
from outcomes.publications.page import Picture, Table
from outcomes.publications.quoted import quoted_numbers
from outcomes.publications.references import bibtex
from outcomes.publications.sheet import Context, checkers_sheet
from outcomes.publications.tables import as_csv, as_markdown
from outcomes.publications.word import as_docx
from outcomes.publications.wording import require_released

MANIFEST = "release.json"


@dataclass(frozen=True)
class Bundle:
    """A release as a folder.

    Parameters
    ----------
    context : Context
        What it is about.
    passage : Passage
        What the door let out.
    tables : tuple of Table
        Tables to write.
    pictures : tuple of Picture
        Figures to draw; their numbers are written as tables too.
    steps : tuple of Step
        Methods.
    settings : mapping of str to str
        What was set.
    style : Style
        What the journal asks of figures.
    vector_points : bool
        Whether SVG is written too; it holds the coordinates of every mark.
    limits : tuple of str
        What the release must not be used for.
    """

    context: Context
    passage: Passage
    tables: tuple[Table, ...]
    pictures: tuple[Picture, ...]
    steps: tuple[Step, ...]
    settings: Mapping[str, str]
    style: Style = Style()  # noqa: RUF009  a style cannot be changed
    vector_points: bool = False
    limits: tuple[str, ...] = ()


def bundle_files(bundle: Bundle, *, key: bytes) -> dict[str, bytes]:
    """Make every file of a release without touching a disk.

    Parameters
    ----------
    bundle : Bundle
        The release.
    key : bytes
        Release key, for the seal over the whole folder.

    Returns
    -------
    dict of str to bytes
        Place below the folder to content; the same bundle gives the same bytes.

    Raises
    ------
    DisclosureError
        If a table or figure is not released, or did not come through this door.
    ConfigError
        If two tables or two figures share a name, or a step cites an unknown source.
    """
    tables = _with_numbers_of_pictures(bundle)
    blocks: tuple[Table | Picture, ...] = (*tables, *bundle.pictures)
    for block in blocks:
        if require_released(block.released).entry != bundle.passage.entry.key:
            raise DisclosureError(
                f"{block.name}: its register entry is not that of this release; let it out through disclosure.door"
            )
    made = dict(_tables(tables))
    made |= dict(_figures(bundle))
    methods = methods_text(
        bundle.context.title, bundle.steps, policy=bundle.passage.entry.policy, settings=bundle.settings
    )
    made["methods.md"] = methods.encode()
    made["references.bib"] = bibtex(cited_keys(bundle.steps, bundle.passage.entry.policy)).encode()
    made["numbers.csv"] = quoted_numbers({table.name: table.released for table in tables}).encode()
    made["captions.md"] = _captions(bundle.pictures, tables).encode()
    places = {place.rpartition(".")[0] for place in made if "/" in place}
    shown = {name: _shown_in(name, bundle, tables) for name in bundle.passage.tables}
    made["checker_sheet.md"] = checkers_sheet(bundle.context, bundle.passage, shown).encode()
    headings = {f"methods.md#{line[3:]}" for line in methods.splitlines() if line.startswith("## ")}
    for name in CHECKLISTS:
        answered = {*places, *headings, "README.md", "checker_sheet.md"}
        made[f"checklists/{name}.md"] = filled(name, answered).encode()
    made["README.md"] = _readme(bundle, tables).encode()
    made[MANIFEST] = _manifest(bundle, made, key)
    return dict(sorted(made.items()))


def check_bundle(files: Mapping[str, bytes], *, key: bytes) -> str:
    """Make sure that a folder is what was released: every file, and no other.

    Parameters
    ----------
    files : mapping of str to bytes
        Everything in the folder, the manifest included.
    key : bytes
        Release key.

    Returns
    -------
    str
        The register entry.

    Raises
    ------
    DisclosureError
        If the manifest is absent or not under this key, or a file was changed, added or taken away.
    """
    if MANIFEST not in files:
        raise DisclosureError(f"no {MANIFEST} there: this folder was not written by a release")
    try:
        told = json.loads(files[MANIFEST])
        seal = str(told.pop("seal"))
    except (KeyError, ValueError, AttributeError):
        raise DisclosureError(f"{MANIFEST} cannot be read; make the release again") from None
    if not hmac.compare_digest(seal, _seal(told, key)):
        raise DisclosureError(f"the seal of {MANIFEST} does not belong to its content, or is under another release key")
    now = {place: _digest(content) for place, content in files.items() if place != MANIFEST}
    changed = sorted(place for place in {*now, *told["files"]} if now.get(place) != told["files"].get(place))
    if changed:
        raise DisclosureError(f"changed, added or taken away since the release: {', '.join(changed)}")
    return str(told["entry"])


def _with_numbers_of_pictures(bundle: Bundle) -> tuple[Table, ...]:
    told = {table.released.seal for table in bundle.tables}
    names = {table.name for table in bundle.tables}
    extra = [
        Table(picture.name if picture.name not in names else f"{picture.name}_figure", picture.released, plain)
        for picture in bundle.pictures
        if picture.released.seal not in told
    ]
    every = (*bundle.tables, *extra)
    _apart([table.name for table in every], "tables")
    _apart([picture.name for picture in bundle.pictures], "figures")
    return every


def _apart(names: Sequence[str], what: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f"{what} of one release need different names; used twice: {', '.join(twice)}")


def _tables(tables: Sequence[Table]) -> Iterator[tuple[str, bytes]]:
    for table in tables:
        yield f"tables/{table.name}.csv", as_csv(table.released).encode()
        yield f"tables/{table.name}.md", as_markdown(table.released, arrange=table.arrange).encode()
        yield f"tables/{table.name}.tex", as_latex(table.released, arrange=table.arrange).encode()
        yield f"tables/{table.name}.docx", as_docx(table.released, arrange=table.arrange)


def _figures(bundle: Bundle) -> Iterator[tuple[str, bytes]]:
    with drawn_as(bundle.style):
        for picture in bundle.pictures:
            figure = picture.figure()
            yield f"figures/{picture.name}.pdf", pdf(figure)
            yield f"figures/{picture.name}.png", png(figure)
            if bundle.vector_points:
                yield f"figures/{picture.name}.svg", svg(figure)


def _captions(pictures: Sequence[Picture], tables: Sequence[Table]) -> str:
    lies = {table.released.seal: table.name for table in tables}
    parts = ["# Captions"]
    for number, picture in enumerate(pictures, start=1):
        said = " ".join((picture.caption, *picture.released.notes))
        parts.append(
            f"**Figure {number}** (`figures/{picture.name}.pdf`). {said}\n\n"
            f"Alternative text: {picture.alt} Numbers: `tables/{lies[picture.released.seal]}.csv`."
        )
    return "\n\n".join(parts) + "\n"


def _shown_in(name: str, bundle: Bundle, tables: Sequence[Table]) -> str:
    seal = bundle.passage.tables[name].seal
    found = [f"tables/{table.name}" for table in tables if table.released.seal == seal]
    found += [f"figures/{picture.name}" for picture in bundle.pictures if picture.released.seal == seal]
    return ", ".join(found) or "not shown"


def _readme(bundle: Bundle, tables: Sequence[Table]) -> str:
    context, style = bundle.context, bundle.style
    limits = "\n".join(f"- {limit}" for limit in bundle.limits)
    drawn = {picture.released.seal for picture in bundle.pictures}
    told = [table for table in tables if table.released.seal not in drawn]
    behind = [table for table in tables if table.released.seal in drawn]
    figures = "\n".join(f"- `{picture.name}`: {picture.released.title}" for picture in bundle.pictures) or "None."
    return (
        f"# {context.title}\n\n{context.question}\n\n{context.statement}\n\n"
        f"Release {bundle.passage.entry.key}, snapshot {context.snapshot}, policy {bundle.passage.entry.policy}.\n\n"
        "| file | what it is |\n|:---|:---|\n"
        "| checker_sheet.md | for the output checker: context, people, what is hidden, attack, earlier releases |\n"
        "| tables/ | each table as CSV, Markdown, LaTeX (its first line names the packages) and Word |\n"
        f"| figures/ | each figure as vector PDF and PNG ({style.dpi} dots per inch), at most {style.width_mm:.0f} mm "
        "wide |\n"
        "| captions.md | captions and alternative texts |\n"
        "| methods.md, references.bib | methods, settings, versions, references |\n"
        "| numbers.csv | every number as a text may quote it |\n"
        "| checklists/ | TRIPOD+AI, GRoLTS, STROBE and RECORD, filled in as far as this folder answers them |\n"
        f"| {MANIFEST} | the digest of each file under the release's seal |\n\n"
        f"## Tables\n\n{_index(told)}\n\n"
        f"## Figures\n\n{figures}\n\n"
        f"## Numbers behind the figures\n\n{_index(behind)}\n\n"
        f"## What it must not be used for\n\n{limits or '- Nothing was said.'}\n"
    )


def _index(tables: Sequence[Table]) -> str:
    return "\n".join(f"- `{table.name}`: {table.released.title}" for table in tables) or "None."


def _manifest(bundle: Bundle, made: Mapping[str, bytes], key: bytes) -> bytes:
    told = {
        "entry": bundle.passage.entry.key,
        "study": bundle.context.study,
        "snapshot": bundle.context.snapshot,
        "policy": bundle.passage.entry.policy,
        "seals": {name: table.seal for name, table in sorted(bundle.passage.tables.items())},
        "files": {place: _digest(content) for place, content in sorted(made.items())},
    }
    return (json.dumps(told | {"seal": _seal(told, key)}, indent=1, sort_keys=True) + "\n").encode()


def _seal(told: Mapping[str, object], key: bytes) -> str:
    return hmac.new(key, b"folder\n" + json.dumps(told, sort_keys=True).encode(), "sha256").hexdigest()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
