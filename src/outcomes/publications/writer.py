"""Where do a report's files lie? The one place of the public door that writes: page, tables, figures, methods."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from matplotlib.figure import Figure

from outcomes.errors import ConfigError
from outcomes.publications.drawing import pdf, png, svg
from outcomes.publications.latex import as_latex
from outcomes.publications.page import Report, study_page
from outcomes.publications.tables import as_csv, as_markdown

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_OWNED = ("tables/*.csv", "tables/*.md", "tables/*.tex", "figures/*.svg", "figures/*.pdf", "figures/*.png")


def write_report(report: Report, folder: Path, *, methods: str | None = None) -> list[Path]:
    """Write a study's report: the page, every table and figure in each format, the methods text.

    The folder is laid out as `report.html`, `methods.md`, `tables/<name>.csv|.md|.tex` and
    `figures/<name>.svg|.pdf|.png`. Each file appears whole or not at all; tables and figures of an earlier run that
    this one does not make are removed; nothing else in the folder is touched.

    Parameters
    ----------
    report : Report
        The study.
    folder : Path
        Where to write; made if it is not there.
    methods : str, optional
        The methods text in Markdown.

    Returns
    -------
    list of Path
        The files written, the page first.

    Raises
    ------
    DisclosureError
        If any table or figure is not released; nothing is written then.
    ConfigError
        If a name cannot be the name of a file, or two tables or pictures share one.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = write_report(Report("A study", "What?", "Invented."), Path(folder))
    >>> [file.name for file in files]
    ['report.html']
    """
    contents = dict(report_files(report, methods=methods))
    kept = {folder / place for place in contents}
    written = write_files(contents, folder)
    for stale in sorted(path for pattern in _OWNED for path in folder.glob(pattern) if path not in kept):
        stale.unlink()
    return written


def write_files(contents: Mapping[str, bytes], folder: Path) -> list[Path]:
    """Write files below a folder, each whole or not at all.

    Parameters
    ----------
    contents : mapping of str to bytes
        Place below the folder, and content.
    folder : Path
        Made if it is not there.

    Returns
    -------
    list of Path
        The files written.
    """
    for place, content in contents.items():
        _write(folder / place, content)
    return [folder / place for place in contents]


def read_files(folder: Path) -> dict[str, bytes]:
    """Read everything below a folder that was written before.

    Parameters
    ----------
    folder : Path
        A folder; one that is not there holds nothing.

    Returns
    -------
    dict of str to bytes
        Place below the folder to content.
    """
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def report_files(report: Report, *, methods: str | None = None) -> Iterator[tuple[str, bytes]]:
    """Make every file of a report without touching a disk.

    Parameters
    ----------
    report : Report
        The study.
    methods : str, optional
        The methods text in Markdown.

    Yields
    ------
    tuple of (str, bytes)
        Place below the folder of the report, and content.

    Raises
    ------
    DisclosureError
        If any table or figure is not released.
    ConfigError
        If a name cannot be the name of a file, or two tables or pictures share one.
    """
    for name in (*(table.name for table in report.tables()), *(picture.name for picture in report.pictures())):
        if not _NAME.fullmatch(name):
            raise ConfigError(f"{name!r} cannot name a file: use small letters, digits, - and _")
    figures = {picture.name: _formats(picture.figure()) for picture in report.pictures()} if report.pictures() else {}
    page = study_page(report, {name: formats["svg"] for name, formats in figures.items()})
    yield "report.html", page.encode()
    if methods is not None:
        yield "methods.md", methods.encode()
    for table in report.tables():
        yield f"tables/{table.name}.csv", as_csv(table.released).encode()
        yield f"tables/{table.name}.md", as_markdown(table.released, arrange=table.arrange).encode()
        yield f"tables/{table.name}.tex", as_latex(table.released, arrange=table.arrange).encode()
    for name, formats in figures.items():
        for kind, content in formats.items():
            yield f"figures/{name}.{kind}", content


def _formats(figure: Figure) -> Mapping[str, bytes]:
    return {"svg": svg(figure), "pdf": pdf(figure), "png": png(figure)}


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(content)
    partial.replace(path)
