"""Could this be a patient row? What goes into a run is checked here, whichever tracker is behind it."""

import json
import math
import numbers
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

import pandas as pd

from outcomes.disclosure.gate import Released
from outcomes.errors import ConfigError, DisclosureError
from outcomes.reference.policies import disclosure_policy

PERSONAL_COLUMNS: Final = frozenset(
    {
        "pseudonym", "patient", "patient_id", "person_id", "nhs_number", "local_id", "name", "postcode",
        "referral", "referral_id", "episode", "episode_id", "contact_id", "birth_date", "birth_year", "age_years",
        "received_date", "discharge_date", "contact_date", "session_date", "day_zero",
    }
)  # fmt: skip
# A keyed pseudonym, a digest or a ten-digit number, standing alone in a cell.
LOOKS_LIKE_A_PERSON: Final = re.compile(r"\s*(?:[0-9a-fA-F]{16,}|[A-Z2-7]{16,}|\d{3}[ -]?\d{3}[ -]?\d{4})\s*")
ABSOLUTE_PATH: Final = re.compile(r"(?<![\w.:/<])(?:file://)?(?:~|[A-Za-z]:)?/(?:[^\s/'\",;:]+/)*([^\s/'\",;:]+)/?")
METRIC_NAME: Final = re.compile(r"[a-z0-9_]+(?:/[a-z0-9_]+)*")
FILE_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_.-]*")
FIGURES: Final = {".svg": (b"<svg", b"<?xml"), ".png": (b"\x89PNG\r\n\x1a\n",)}
TEXTS: Final = frozenset({".md", ".txt", ".toml", ".json"})
MODELS: Final = frozenset({".json", ".ubj"})
LONGEST_TAG: Final = 500  # characters that the page of runs shows without folding


@dataclass(frozen=True)
class Artifact:
    """One file of a run, ready to be written.

    Parameters
    ----------
    path : str
        Where it lies inside the run.
    content : bytes
        What it holds.
    note : str
        One line for the index of the run's tables; empty for other files.
    """

    path: str
    content: bytes
    note: str = ""


def plain(value: object) -> str:
    """Write a setting as one short line that says nothing about the machine.

    Parameters
    ----------
    value : object
        A setting or a tag.

    Returns
    -------
    str
        Lists joined by commas, nothing as ``none``, absolute paths cut down to their last part.

    Examples
    --------
    >>> plain(("phq9", "gad7")), plain(None), plain("/home/someone/feeds/2024")
    ('phq9, gad7', 'none', '.../2024')
    """
    if value is None:
        return "none"
    if isinstance(value, (list, tuple)):
        text = ", ".join(plain(item) for item in value)
    else:
        text = _without_folders(str(value))
    return text if len(text) <= LONGEST_TAG else text[: LONGEST_TAG - 3] + "..."


def _without_folders(text: str) -> str:
    return ABSOLUTE_PATH.sub(r".../\1", text)


def flat(settings: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    """Turn nested settings into dotted names and short texts.

    Parameters
    ----------
    settings : mapping
        Settings, nested at will.
    prefix : str
        What stands before every name.

    Returns
    -------
    dict
        Name to text, in the order given.

    Examples
    --------
    >>> flat({"study": {"seed": 1}, "by": ["gender"]})
    {'study.seed': '1', 'by': 'gender'}
    """
    found: dict[str, str] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = plain(value)
    return found


def numbers_of(values: Mapping[str, float | None]) -> tuple[dict[str, float], list[str]]:
    """Part metrics that are numbers from those that could not be estimated.

    Parameters
    ----------
    values : mapping
        Metric name to number, or to None or NaN where it could not be estimated.

    Returns
    -------
    tuple of dict and list
        The finite ones, and the names of the others.

    Raises
    ------
    ConfigError
        If a name is not lower-case words joined by ``_`` and ``/``, or a value is not a number.
    """
    known: dict[str, float] = {}
    unknown: list[str] = []
    for name, value in values.items():
        if not METRIC_NAME.fullmatch(name):
            raise ConfigError(
                f"metric {name!r} must be lower-case words such as 'prognosis/auc_low', the same in every run"
            )
        if value is not None and (isinstance(value, bool) or not isinstance(value, numbers.Real)):
            raise ConfigError(f"metric {name!r} must be a number or None, got {type(value).__name__}")
        if value is None or not math.isfinite(value):
            unknown.append(name)
        else:
            known[name] = float(value)
    return known, unknown


def table_file(name: str, table: pd.DataFrame | Released, denominator: str | int | None) -> Artifact:
    """Turn an aggregate into a CSV file, or refuse it.

    Parameters
    ----------
    name : str
        Name of the table, without ending.
    table : DataFrame or Released
        A sealed table; or a frame of aggregates.
    denominator : str or int or None
        For a frame: the column that counts the people (courses, occasions) behind each row, or one number behind all.

    Returns
    -------
    Artifact
        UTF-8, comma-separated, ten significant digits.

    Raises
    ------
    DisclosureError
        If the seal is broken, a column or a cell could be a person, or rows rest on too few.
    ConfigError
        If the name or the denominator is wrong.
    """
    _check_name(name + ".csv", frozenset({".csv"}))
    if isinstance(table, Released):
        table.verify()
        frame, note = table.table, f"{table.title} (released under {table.policy}). {' '.join(table.notes)}".strip()
    else:
        _check_frame(name, table)
        note = _check_denominator(name, table, denominator)
        frame = table
    text = frame.to_csv(index=False, lineterminator="\n", float_format="%.10g")
    return Artifact(f"tables/{name}.csv", text.encode(), note)


def _check_frame(name: str, frame: pd.DataFrame) -> None:
    if frame.empty:
        raise ConfigError(f"table {name!r} has no rows; leave it out and say why in a text")
    if frame.index.nlevels > 1 or frame.index.name is not None or not pd.api.types.is_integer_dtype(frame.index):
        raise ConfigError(f"table {name!r} must carry its row labels as columns (reset_index), not as an index")
    personal = sorted(str(c) for c in frame.columns if str(c).strip().lower().replace(" ", "_") in PERSONAL_COLUMNS)
    if personal:
        raise DisclosureError(
            f"table {name!r} may not be tracked: columns {', '.join(personal)} belong to patient rows"
        )
    for column in frame.columns:
        values = frame[column]
        if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
            continue
        if pd.api.types.is_datetime64_any_dtype(values):
            raise DisclosureError(
                f"table {name!r} may not be tracked: column {column!r} holds dates; use quarters or days"
            )
        cells = values.dropna()
        if not all(isinstance(cell, (str, numbers.Real)) for cell in cells):
            raise DisclosureError(
                f"table {name!r} may not be tracked: cells of column {column!r} hold more than one value"
            )
        count = sum(bool(LOOKS_LIKE_A_PERSON.fullmatch(str(cell))) for cell in cells)
        if count:
            raise DisclosureError(
                f"table {name!r} may not be tracked: {count} cells of column {column!r} look like identifiers"
            )


def _check_denominator(name: str, frame: pd.DataFrame, denominator: str | int | None) -> str:
    fewest = disclosure_policy().minimum_n_for_statistics
    advice = "pass it through disclosure.gate.release and track the Released"
    if isinstance(denominator, bool) or not isinstance(denominator, (str, int)):
        raise DisclosureError(
            f"table {name!r} may not be tracked without its denominator: name the column that counts the people behind "
            f"each row, or give the one number behind all rows, or {advice}"
        )
    if isinstance(denominator, int):
        if denominator < fewest or len(frame) >= denominator:
            raise DisclosureError(
                f"table {name!r} has {len(frame)} rows on {denominator} people; an aggregate rests on {fewest} or more "
                f"and has fewer rows than people: {advice}"
            )
        return f"{len(frame)} rows on {denominator} people"
    if denominator not in frame.columns:
        raise ConfigError(f"table {name!r} has no column {denominator!r} to be its denominator")
    counts = frame[denominator]
    if not pd.api.types.is_numeric_dtype(counts) or counts.isna().any() or (counts < 0).any():
        raise ConfigError(
            f"column {denominator!r} of table {name!r} must count people in every row: whole numbers, none missing"
        )
    few = int(((counts > 0) & (counts < fewest)).sum())
    if few:
        raise DisclosureError(
            f"table {name!r}: {few} of {len(frame)} rows rest on fewer than {fewest} people; {advice}"
        )
    return f"{len(frame)} rows, people counted in {denominator}"


def figure_file(name: str, content: bytes | str) -> Artifact:
    """Take a figure in, if it is one.

    Parameters
    ----------
    name : str
        File name with ending ``.svg`` or ``.png``.
    content : bytes or str
        The file.

    Returns
    -------
    Artifact
        Under ``figures/``.

    Raises
    ------
    ConfigError
        If the ending is another, or the content does not begin as such a file does.
    """
    suffix = _check_name(name, frozenset(FIGURES))
    raw = content.encode() if isinstance(content, str) else bytes(content)
    if not raw.lstrip().startswith(FIGURES[suffix]):
        raise ConfigError(f"figure {name!r} does not begin like a {suffix} file")
    return Artifact(f"figures/{name}", raw)


def text_file(name: str, content: str) -> Artifact:
    """Take a text in, without the folders of this machine.

    Parameters
    ----------
    name : str
        File name with ending ``.md``, ``.txt``, ``.toml`` or ``.json``; pages (HTML) stay beside the reports, since the
        caseload page is one of them.
    content : str
        The text.

    Returns
    -------
    Artifact
        At the top of the run.

    Raises
    ------
    ConfigError
        If the ending is another.
    """
    _check_name(name, TEXTS)
    return Artifact(name, _without_folders(content).encode())


def model_file(name: str, content: bytes | str) -> Artifact:
    """Take a fitted model in, if it holds parameters and no rows.

    Parameters
    ----------
    name : str
        File name with ending ``.json`` or ``.ubj``.
    content : bytes or str
        The model in its own portable format.

    Returns
    -------
    Artifact
        Under ``models/``.

    Raises
    ------
    ConfigError
        If the ending is another (a pickle runs code and may hold training rows), or JSON is not JSON.
    DisclosureError
        If a name inside it belongs to patient rows.
    """
    suffix = _check_name(name, MODELS)
    raw = content.encode() if isinstance(content, str) else bytes(content)
    if suffix == ".json":
        try:
            json.loads(raw)
        except ValueError:
            raise ConfigError(f"model {name!r} is not valid JSON") from None
    personal = sorted(word for word in PERSONAL_COLUMNS - {"name"} if f'"{word}"'.encode() in raw)
    if personal:
        raise DisclosureError(
            f"model {name!r} may not be tracked: it names {', '.join(personal)}, which belong to patient rows"
        )
    return Artifact(f"models/{name}", raw)


def _check_name(name: str, endings: frozenset[str]) -> str:
    suffix = PurePosixPath(name).suffix
    if not FILE_NAME.fullmatch(name) or suffix not in endings:
        raise ConfigError(
            f"file name {name!r} must be lower case without folders and end in {', '.join(sorted(endings))}"
        )
    return suffix
