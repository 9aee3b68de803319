"""What is a feed? Its files, its kind and the reason why it may be read, its own column names and missing codes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final, Literal, get_args

from outcomes.errors import ConfigError
from outcomes.reference.instruments import instruments
from outcomes.tables.feed import feed_table

Kind = Literal["identified", "anonymised", "invented"]
Format = Literal["tidy_wide", "tidy_long"]
Submission = Literal["additions", "whole"]
ANSWERS: Final = "answers"
ENCODINGS: Final = ("utf-8", "cp1252", "latin-1")
DELIMITERS: Final = (",", ";", "\t", "|")
TABLES: Final = ("patients", "referrals", "contacts", "responses")
ENDINGS: Final = (".parquet", ".csv", ".csv.gz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One feed, as a person declares it.

    Parameters
    ----------
    format : str
        "tidy_wide" (a row a sitting) or "tidy_long" (a row an answer).
    kind : str
        "identified" (confidential patient information: a key and, for research reads, an opt-out allowlist are needed),
        "anonymised" (licence or approval in `reason`) or "invented" (simulated; `seed` says which).
    files : mapping of str to tuple of Path
        Table (patients, referrals, contacts, responses) to its file or files. A library's first feed needs responses.
    reason : str
        Under which licence, approval or legal basis the feed is read; shown in every report.
    columns : mapping of str to mapping of str to str
        Table to canonical column name to the name in the file. Names that are not mapped are expected as they stand.
    constants : mapping of str to mapping of str to str
        Table to canonical column name to one text for all rows, such as an occasion number for a file of one wave.
    missing_codes : mapping of str to tuple of str
        Column, instrument key, or "answers" (every item and total) to codes that mean missing, such as 7 and 9 in
        NHANES.
    versions : mapping of str to tuple of str
        Table to file columns that order resubmissions of a row, most important first; the newest is kept. Without them
        two rows that contradict each other are both quarantined.
    encoding, delimiter, date_format : str
        How text files are written; nothing is guessed.
    extract_date : date, optional
        Day of the extract, up to which open referrals are known; the latest date of the feed unless said.
    seed : int, optional
        Seed of an invented service.
    submission : str
        "additions" (a feed says what is new or changed; what it leaves out stays as it was) or "whole" (each feed is
        the whole extract of its day, so `extract_date` is needed: a table with fewer than half of the rows of the one
        before is refused as cut off, and a referral that is no longer in it is known up to the last one that had it).
    fewer_rows_are_right : bool
        The word that a whole submission with fewer than half of the rows is not cut off.
    """

    format: Format
    kind: Kind
    files: Mapping[str, tuple[Path, ...]]
    reason: str = ""
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    constants: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    missing_codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    versions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    encoding: str = "utf-8"
    delimiter: str = ","
    date_format: str = "%Y-%m-%d"
    extract_date: date | None = None
    seed: int | None = None
    submission: Submission = "additions"
    fewer_rows_are_right: bool = False

    def declaration(self, table: str) -> str:
        """Say which feed table declares the columns of one of the files.

        Parameters
        ----------
        table : str
            Table of the source.

        Returns
        -------
        str
            The same, or "answers" for responses in long form.
        """
        return ANSWERS if table == "responses" and self.format == "tidy_long" else table

    def missing_of(self, column: str) -> frozenset[str]:
        """Say which codes mean missing in a column.

        Parameters
        ----------
        column : str
            Canonical name.

        Returns
        -------
        frozenset of str
            Declared for the column, for its instrument, or for all answers.
        """
        key = column.rpartition("_")[0]
        is_answer = key in instruments() or column == "response"
        names = (column, key, ANSWERS) if is_answer else (column,)
        return frozenset(code for name in names for code in self.missing_codes.get(name, ()))


def folder_source(folder: Path, *, kind: Kind, reason: str = "", seed: int | None = None) -> Source:
    """Find the feed that lies in a folder with files named after their tables.

    Parameters
    ----------
    folder : Path
        Holds responses.csv (or .csv.gz, .parquet) and, where they exist, patients, referrals and contacts.
    kind : str
        "identified", "anonymised" or "invented".
    reason : str
        Licence, approval or legal basis.
    seed : int, optional
        Seed of an invented service.

    Returns
    -------
    Source
        A wide feed with the canonical column names.

    Raises
    ------
    ConfigError
        If the folder holds no responses.
    """
    found = {
        table: tuple(path for ending in ENDINGS if (path := folder / f"{table}{ending}").is_file()) for table in TABLES
    }
    files = {table: paths for table, paths in found.items() if paths}
    if "responses" not in files:
        raise ConfigError(f"{folder.name}: no responses{', responses'.join(ENDINGS)} in this folder")
    return Source(format="tidy_wide", kind=kind, files=files, reason=reason, seed=seed)


def _file_faults(source: Source) -> Iterator[str]:
    if not source.files:
        yield f"files must name at least one of {', '.join(TABLES)}"
    for table, paths in source.files.items():
        if table not in TABLES:
            yield f"files: {table!r} is not a table of a feed; allowed are {', '.join(TABLES)}"
        elif isinstance(paths, str | Path) or not paths:
            yield f"files.{table} must be a tuple of at least one path"


def _column_faults(source: Source) -> Iterator[str]:
    for part, mapping in (("columns", source.columns), ("constants", source.constants), ("versions", source.versions)):
        for table in mapping:
            if table not in source.files:
                yield f"{part}: {table!r} has no files; files are given for {', '.join(source.files)}"
    for table in [table for table in source.files if table in TABLES]:
        known = feed_table(source.declaration(table)).names
        for name in (*source.columns.get(table, {}), *source.constants.get(table, {})):
            if name not in known:
                yield f"columns.{table}: {name!r} is not a column of that table"


def _option_faults(source: Source) -> Iterator[str]:
    options = (
        ("format", source.format, get_args(Format)),
        ("kind", source.kind, get_args(Kind)),
        ("encoding", source.encoding, ENCODINGS),
        ("delimiter", source.delimiter, DELIMITERS),
        ("submission", source.submission, get_args(Submission)),
    )
    for name, value, allowed in options:
        if value not in allowed:
            yield f"{name} must be one of {', '.join(map(repr, allowed))}, got {value!r}"
    if source.submission == "whole" and source.extract_date is None:
        yield "submission = 'whole' needs extract_date, the day of which the feed is the whole extract"
    if source.kind == "invented" and source.seed is None:
        yield "an invented source needs its seed"
    if source.kind != "invented" and source.seed is not None:
        yield f"seed belongs to an invented source, not to one that is {source.kind}"
    if source.kind != "invented" and not source.reason.strip():
        yield f"an {source.kind} source needs a reason: the licence, approval or legal basis under which it is read"


def check_source(source: Source) -> None:
    """Stop where a feed is declared wrongly, with every fault at once.

    Parameters
    ----------
    source : Source
        The declaration.

    Raises
    ------
    ConfigError
        With all faults.
    """
    faults = [*_option_faults(source), *_file_faults(source)]
    faults += list(_column_faults(source))
    if faults:
        raise ConfigError("source: " + "; ".join(faults))
