"""How are tables kept so that they never change? Immutable parts, a manifest, one HEAD replaced at once.

A writer takes the lock, writes parts and manifest, and then replaces HEAD; until then nothing that a reader sees has
changed. Readers take no lock.
"""

import fcntl
import hashlib
import io
import json
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from outcomes.errors import AccessError, DataError

LAYOUT: Final = 1
ROWS_PER_PART: Final = 100_000
SNAPSHOT_DIGITS: Final = 32
HEAD: Final = "HEAD"
LOCK: Final = "writer.lock"
PARTIAL: Final = ".partial"


def content_hash(tables: Mapping[str, pd.DataFrame], label: str) -> str:
    """Name a content by its hash: names, types and cells count, not row labels, time, folder or library versions.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Tables, sorted by their keys.
    label : str
        What else belongs to the content, such as the kind of source.

    Returns
    -------
    str
        32 hexadecimal digits of SHA-256.
    """
    digest = hashlib.sha256(f"layout {LAYOUT}\n{label}\n".encode())
    for name in sorted(tables):
        frame = tables[name]
        digest.update(f"{name} {len(frame)}\n".encode())
        for column in frame.columns:
            array = _array(frame[column])
            digest.update(f"{column} {array.type}\n".encode())
            for piece in _bytes(array):
                digest.update(piece)
    return digest.hexdigest()[:SNAPSHOT_DIGITS]


def _array(column: pd.Series) -> pa.Array:
    array = pa.Array.from_pandas(column)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    return array.cast(pa.string()) if pa.types.is_large_string(array.type) or pa.types.is_null(array.type) else array


def _bytes(array: pa.Array) -> Iterator[bytes]:
    yield np.packbits(pc.is_valid(array).to_numpy(zero_copy_only=False)).tobytes()
    if pa.types.is_string(array.type):
        filled = pc.fill_null(array, "")
        yield pc.binary_length(filled).to_numpy().astype("<i4").tobytes()
        yield "".join(filled.to_pylist()).encode()
    else:
        values = pc.fill_null(array, False if pa.types.is_boolean(array.type) else 0).to_numpy(zero_copy_only=False)
        yield values.astype("<f8" if pa.types.is_floating(array.type) else "<i8").tobytes()


def _parquet(frame: pd.DataFrame) -> bytes:
    table = pa.table({str(name): _array(frame[name]) for name in frame.columns})
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", use_dictionary=True, write_statistics=False)
    return sink.getvalue()


def _pieces(frame: pd.DataFrame) -> Iterator[pd.DataFrame]:
    # One piece, or sixteen by the first digit of the pseudonym, so that rewriting one person rewrites one part.
    if len(frame) <= ROWS_PER_PART or "pseudonym" not in frame:
        yield frame
        return
    first = frame["pseudonym"].str[:1]
    for digit in "0123456789abcdef":
        yield frame[first == digit]


class Store:
    """A folder of immutable parts and manifests.

    Parameters
    ----------
    root : Path
        The folder.
    private : bool
        Whether only the owner may enter (a vault).
    """

    def __init__(self, root: Path, *, private: bool = False) -> None:
        self.root = root
        self.private = private

    def prepare(self) -> None:
        """Return make the folder where it is not there, and remove what a writer that was stopped has left."""
        mode = 0o700 if self.private else 0o755
        for folder in (self.root, self.root / "parts", self.root / "manifests"):
            folder.mkdir(parents=True, exist_ok=True, mode=mode)
            if self.private:
                folder.chmod(mode)
        for leftover in self.root.rglob(f"*{PARTIAL}"):
            leftover.unlink()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the writer's lock.

        Yields
        ------
        None
            While the lock is held.

        Raises
        ------
        AccessError
            If another writer holds it, or the folder cannot be written.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700 if self.private else 0o755)
            lock = os.fdopen(os.open(self.root / LOCK, os.O_WRONLY | os.O_CREAT, 0o600 if self.private else 0o644), "w")
        except OSError as error:
            raise AccessError(f"{self.root.name}: cannot be written ({error.strerror})") from None
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise AccessError(
                    f"{self.root.name}: another writer is at work; try again when it has finished"
                ) from None
            self.prepare()
            yield

    def write(self, place: Path, content: bytes) -> None:
        """Write one file so that it is there whole or not at all.

        Parameters
        ----------
        place : Path
            Where it goes.
        content : bytes
            Its bytes.

        Raises
        ------
        AccessError
            If it cannot be written.
        """
        partial = place.with_name(place.name + PARTIAL)
        try:
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600 if self.private else 0o644)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            partial.replace(place)
            _sync_folder(place.parent)
        except OSError as error:
            raise AccessError(f"{self.root.name}: cannot be written ({error.strerror}); nothing was changed") from None

    def put(self, tables: Mapping[str, pd.DataFrame], name: str, facts: Mapping[str, Any]) -> None:
        """Write tables and their manifest; nothing that exists is touched.

        Parameters
        ----------
        tables : mapping of str to DataFrame
            Tables, sorted by their keys.
        name : str
            Name of the manifest: the content hash.
        facts : mapping
            What else the manifest says; plain JSON.
        """
        place = self.root / "manifests" / f"{name}.json"
        listed = {
            table: {"rows": len(frame), "parts": [self._part(piece) for piece in _pieces(frame)]}
            for table, frame in tables.items()
        }
        text = json.dumps({"layout": LAYOUT, "name": name, **facts, "tables": listed}, indent=1, sort_keys=True) + "\n"
        self.write(place, text.encode())

    def _part(self, frame: pd.DataFrame) -> dict[str, Any]:
        content = _parquet(frame)
        digest = hashlib.sha256(content).hexdigest()
        place = self.root / "parts" / f"{digest}.parquet"
        if not place.exists():
            self.write(place, content)
        return {"sha256": digest, "rows": len(frame)}

    def has(self, name: str) -> bool:
        """Say whether there is a manifest of this name.

        Parameters
        ----------
        name : str
            Its content hash.

        Returns
        -------
        bool
            Whether it is there.
        """
        return name.isalnum() and (self.root / "manifests" / f"{name}.json").is_file()

    def manifest(self, name: str) -> dict[str, Any]:
        """Read a manifest.

        Parameters
        ----------
        name : str
            Its content hash.

        Returns
        -------
        dict
            Facts and tables.

        Raises
        ------
        AccessError
            If there is none.
        """
        place = self.root / "manifests" / f"{name}.json"
        if not self.has(name):
            raise AccessError(f"{self.root.name}: there is no snapshot {name!r}")
        return dict(json.loads(place.read_text(encoding="utf-8")))

    def tables(self, name: str) -> dict[str, pd.DataFrame]:
        """Read the tables of a manifest.

        Parameters
        ----------
        name : str
            Its content hash.

        Returns
        -------
        dict of str to DataFrame
            Whole tables.

        Raises
        ------
        DataError
            If a part is missing or its bytes are not those that the manifest names.
        """
        found = {}
        for table, entry in self.manifest(name)["tables"].items():
            pieces = []
            for part in entry["parts"]:
                place = self.root / "parts" / f"{part['sha256']}.parquet"
                content = place.read_bytes() if place.is_file() else b""
                if hashlib.sha256(content).hexdigest() != part["sha256"]:
                    raise DataError(
                        f"{self.root.name}: a part of table {table} is missing or damaged; restore it from a copy"
                    )
                pieces.append(pq.read_table(pa.BufferReader(content), use_threads=False))
            found[table] = _frame(pa.concat_tables(pieces))
        return found

    def sweep(self, names: Collection[str]) -> None:
        """Remove manifests and parts that belong to no committed state.

        Parameters
        ----------
        names : collection of str
            Manifests to keep.
        """
        wanted = set[str]()
        for place in sorted((self.root / "manifests").glob("*.json")):
            if place.stem in names:
                wanted |= {
                    part["sha256"] for entry in self.manifest(place.stem)["tables"].values() for part in entry["parts"]
                }
            else:
                place.unlink()
        for place in (self.root / "parts").glob("*.parquet"):
            if place.stem not in wanted:
                place.unlink()

    def head(self) -> dict[str, Any] | None:
        """Say which state is the current one.

        Returns
        -------
        dict or None
            `current`, and `history` (list of states, oldest first); None where nothing was ever committed.
        """
        place = self.root / HEAD
        return dict(json.loads(place.read_text(encoding="utf-8"))) if place.is_file() else None

    def committed(self, snapshot: str | None = None) -> dict[str, Any]:
        """Find the newest state that holds a snapshot.

        Parameters
        ----------
        snapshot : str, optional
            Which one; the current one unless said.

        Returns
        -------
        dict
            The state as the history has it: `snapshot`, `vault` and what else was committed with it.

        Raises
        ------
        AccessError
            If nothing was ever committed, or there is no such snapshot.
        """
        head = self.head()
        if head is None:
            raise AccessError(f"{self.root.name}: no library there, or nothing was taken in yet")
        name = snapshot or head["current"]
        states = [state for state in head["history"] if state["snapshot"] == name]
        if not states:
            raise AccessError(
                f"there is no snapshot {name!r} in this library; it has {len(head['history'])}, "
                f"the current one is {head['current']}"
            )
        return dict(states[-1])

    def commit(self, head: Mapping[str, Any]) -> None:
        """Make a state the current one, in one step.

        Parameters
        ----------
        head : mapping
            As `head` returns it.
        """
        self.write(self.root / HEAD, (json.dumps(head, indent=1, sort_keys=True) + "\n").encode())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _frame(table: pa.Table) -> pd.DataFrame:
    # Back to the types of the declarations: str, Int8, Int32, float64.
    columns = {}
    for name in table.column_names:
        column = table.column(name)
        if pa.types.is_integer(column.type):
            valid = pc.is_valid(column).to_numpy(zero_copy_only=False)
            values = pc.fill_null(column, 0).to_numpy()
            columns[name] = pd.Series(pd.arrays.IntegerArray(values.copy(), ~valid))
        elif pa.types.is_string(column.type):
            text = pd.StringDtype(na_value=np.nan)
            # An empty column has no chunk, and pandas cannot merge on an array without one.
            filled = column if column.num_chunks else pa.array([], pa.string())
            columns[name] = filled.to_pandas(types_mapper={pa.string(): text}.get)
        else:
            columns[name] = column.to_pandas()
    return pd.DataFrame(columns)
