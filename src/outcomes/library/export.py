"""How does an extract leave for a project? Only its tables and fields, under names that no other extract uses.

Every pseudonym is named anew under a key made from the release key and the project's name (HKDF-SHA256), and rows are
put into the order of the new names: neither names nor places join two extracts, nor an extract and the library. Answers
remain answers: whoever holds two extracts of the same people can still compare rows, which is why an extract stays
inside an agreed environment and is no publication.
"""

import hashlib
import hmac
import io
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from outcomes.errors import AccessError, ConfigError
from outcomes.library.roles import key_for
from outcomes.library.sealing import expand
from outcomes.library.view import ResearchView
from outcomes.tables.canonical import library_tables

RENAMED: Final = ("pseudonym", "referral", "therapist")
DIGITS: Final = 32
FACTS: Final = "extract.json"


@dataclass(frozen=True, slots=True)
class Extract:
    """What was written.

    Parameters
    ----------
    project : str
        For whom.
    rows : mapping of str to int
        Table to rows.
    snapshot : str
        From which state of the library.
    """

    project: str
    rows: Mapping[str, int]
    snapshot: str


def renamed(tables: Mapping[str, pd.DataFrame], project: str, *, keys: Path | None) -> dict[str, pd.DataFrame]:
    """Give everybody the names that they have in one project's extracts.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        What the project may read.
    project : str
        Its name.
    keys : Path or None
        Folder that holds the release key; None for a source that has no secret.

    Returns
    -------
    dict of str to DataFrame
        In the order of the new names.

    Raises
    ------
    AccessError
        If the folder does not hold the release key.
    """
    secret = expand(key_for(keys, "release").secret, f"extract of project {project}")
    return {name: _renamed(name, frame, secret) for name, frame in tables.items()}


def _renamed(table: str, frame: pd.DataFrame, secret: bytes) -> pd.DataFrame:
    columns = {}
    for column in [column for column in RENAMED if column in frame]:
        called = {
            word: hmac.digest(secret, f"{column} {word}".encode(), "sha256").hex()[:DIGITS]
            for word in frame[column].dropna().unique()
        }
        columns[column] = frame[column].map(called).astype(frame[column].dtype)
    order = [name for name in library_tables()[table].key if name in frame]
    return frame.assign(**columns).sort_values(order, ignore_index=True)


def _bytes(frame: pd.DataFrame) -> bytes:
    sink = io.BytesIO()
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    pq.write_table(table, sink, compression="zstd", write_statistics=False)
    return sink.getvalue()


def export(view: ResearchView, project: str, to: Path, *, keys: Path | None) -> Extract:
    """Write the extract of a project: Parquet files and the facts beside them, for their owner only.

    Parameters
    ----------
    view : ResearchView
        What the project may read, opt-outs and fields already applied.
    project : str
        Its name.
    to : Path
        A folder that does not exist yet; it appears whole or not at all.
    keys : Path or None
        Folder that holds the release key; None for a source that has no secret.

    Returns
    -------
    Extract
        Counts.

    Raises
    ------
    ConfigError
        If the folder is there already.
    AccessError
        If the folder cannot be written, or the release key is missing.
    """
    tables = renamed(view.tables, project, keys=keys)
    if to.exists():
        raise ConfigError(f"{to.name}: there is something already; give a folder that does not exist yet")
    partial = to.with_name(f".{to.name}.partial")
    listed = {}
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True, mode=0o700)
        for name, frame in tables.items():
            content = _bytes(frame)
            _write(partial / f"{name}.parquet", content)
            digest = hashlib.sha256(content).hexdigest()
            listed[name] = {"columns": list(frame.columns), "rows": len(frame), "sha256": digest}
        facts = {"project": project, "snapshot": view.snapshot, "statement": view.statement, "tables": listed}
        _write(partial / FACTS, (json.dumps(facts, indent=1, sort_keys=True) + "\n").encode())
        partial.rename(to)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise AccessError(
            f"{to.name}: the extract cannot be written ({error.strerror}); nothing is left of it"
        ) from None
    return Extract(project, {name: len(frame) for name, frame in tables.items()}, view.snapshot)


def _write(place: Path, content: bytes) -> None:
    with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
