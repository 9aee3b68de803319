"""How are tables kept so that they never change? Sealed immutable parts, a sealed manifest, one HEAD replaced at once.

A writer takes the lock, writes parts and manifest, and then replaces HEAD; until then nothing that a reader sees has
changed. Readers take no lock.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from outcomes.errors import AccessError, DataError
from outcomes.library.lending import families, in_order, lend, lender_of, parted, restored
from outcomes.library.parts import (
    as_arrow,
    content,
    leave_out,
    person_column,
    pieces,
    to_arrow,
    to_bytes,
    to_frame,
    touched,
)
from outcomes.library.sealing import SealingKey

LAYOUT: Final = 3
SNAPSHOT_DIGITS: Final = 32
HEAD: Final = "HEAD"
LOCK: Final = "writer.lock"
PARTIAL: Final = ".partial"
PART: Final = ".part"
MANIFEST: Final = ".manifest"
NOTE: Final = ".note"
NEXT: Final = ".next"
Opened = dict[str, pa.Table]  # lenders' parts of one manifest that were opened already, by their hash


class Store:
    """A folder of sealed, immutable parts and manifests.

    Parameters
    ----------
    root : Path
        The folder.
    key : SealingKey
        Seals and opens everything in it; `sealing.library_key` or `sealing.vault_key` finds it.
    private : bool
        Whether only the owner may enter (a vault).
    """

    def __init__(self, root: Path, *, key: SealingKey, private: bool = False) -> None:
        self.root = root
        self.key = key
        self.private = private

    def prepare(self) -> None:
        """Make the folder where it is not there, and remove what a writer that was stopped has left."""
        mode = 0o700 if self.private else 0o755
        for folder in (self.root, self.root / "parts", self.root / "manifests"):
            folder.mkdir(parents=True, exist_ok=True, mode=mode)
            if self.private:
                folder.chmod(mode)
        for leftover in self.root.rglob(f"*{PARTIAL}"):
            leftover.unlink()
        self.adopt_notes()

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
            If another writer holds it, the folder cannot be written, or it is sealed with another key.
        """
        self.head()  # a folder that this key does not open is not touched
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
            try:
                self.prepare()
            except OSError as error:
                raise AccessError(f"{self.root.name}: cannot be written ({error.strerror})") from None
            yield

    def write(self, place: Path, plain: bytes, name: str) -> bytes:
        """Seal one file and write it so that it is there whole or not at all.

        Parameters
        ----------
        place : Path
            Where it goes.
        plain : bytes
            Its bytes before they are sealed.
        name : str
            What it is; it opens under this name only.

        Returns
        -------
        bytes
            The sealed bytes.

        Raises
        ------
        AccessError
            If it cannot be written; nothing was changed.
        """
        sealed = self.key.seal(plain, name)
        self._write(place, sealed)
        return sealed

    def _write(self, place: Path, sealed: bytes) -> None:
        partial = place.with_name(place.name + PARTIAL)
        try:
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600 if self.private else 0o644)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(sealed)
                stream.flush()
                os.fsync(stream.fileno())
            partial.replace(place)
            _sync_folder(place.parent)
        except OSError as error:
            if os.access(partial.parent, os.W_OK):
                partial.unlink(missing_ok=True)
            raise AccessError(f"{self.root.name}: cannot be written ({error.strerror}); nothing was changed") from None

    def name(self, tables: Mapping[str, pd.DataFrame], label: str) -> str:
        """Name a content by a keyed hash: nobody without the key can tell what is in a snapshot from its name.

        Parameters
        ----------
        tables : mapping of str to DataFrame
            Tables, sorted by their keys.
        label : str
            What else belongs to the content, such as the kind of source.

        Returns
        -------
        str
            32 hexadecimal digits of HMAC-SHA256.
        """
        apart = parted({table: len(frame) for table, frame in tables.items()})
        contents = {
            table: [content(part) for _, part in pieces(frame, parted=table in apart)]
            for table, frame in tables.items()
        }
        return self._name(contents, label)

    def _name(self, contents: Mapping[str, list[str]], label: str) -> str:
        words = [word for table in sorted(contents) for word in (table, str(len(contents[table])), *contents[table])]
        return self.key.digest("snapshot", str(LAYOUT), label, *words)[:SNAPSHOT_DIGITS]

    def put(self, tables: Mapping[str, pd.DataFrame], name: str, facts: Mapping[str, Any]) -> None:
        """Write tables and their manifest; nothing that exists is touched.

        Parameters
        ----------
        tables : mapping of str to DataFrame
            Tables, sorted by their keys.
        name : str
            Name of the manifest, as `name` gives it.
        facts : mapping
            What else the manifest says; plain JSON.
        """
        self._list(self._entries(tables), name, facts)

    def _list(self, listed: Mapping[str, Any], name: str, facts: Mapping[str, Any]) -> None:
        text = json.dumps({**facts, "layout": LAYOUT, "name": name, "tables": listed}, sort_keys=True)
        self.write(self.root / "manifests" / f"{name}{MANIFEST}", text.encode(), f"manifest {name}")

    def _entries(self, tables: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
        # Lenders are written first, so that those who borrow find them.
        apart = parted({table: len(frame) for table, frame in tables.items()})
        listed, opened = dict[str, Any](), Opened()
        columns = {table: list(frame.columns) for table, frame in tables.items()}
        for table in in_order(tables):
            frame = tables[table]
            entry = {"rows": len(frame), "by": person_column(frame), "lent": lender_of(table, columns)}
            parts = [
                self._part(bucket, piece, self._lender(listed, entry, bucket, opened))
                for bucket, piece in pieces(frame, parted=table in apart)
            ]
            listed[table] = {**entry, "parts": parts}
        return listed

    def _lender(
        self, entries: Mapping[str, Any], entry: Mapping[str, Any], bucket: int, opened: Opened
    ) -> tuple[pa.Table, list[str]] | None:
        # The lender's part of the same people, and the keys that it lends.
        if entry["lent"] is None:
            return None
        table = entry["lent"]["table"]
        part = next(one for one in entries[table]["parts"] if one["bucket"] == bucket)
        if part["sha256"] not in opened:
            opened[part["sha256"]] = self._open_part(entries, table, part, opened)
        return opened[part["sha256"]], entry["lent"]["columns"]

    def _part(self, bucket: int, frame: pd.DataFrame, lender: tuple[pa.Table, list[str]] | None) -> dict[str, Any]:
        table = as_arrow(frame)
        sealed = self.key.seal(to_bytes(table if lender is None else lend(table, *lender)), "part")
        digest = hashlib.sha256(sealed).hexdigest()
        place = self.root / "parts" / f"{digest}{PART}"
        if not place.exists():
            self._write(place, sealed)
        return {"sha256": digest, "rows": len(frame), "bucket": bucket, "content": content(frame)}

    def without(
        self, name: str, people: Mapping[str, Collection[str]], *, label: str, facts: Mapping[str, Any] | None = None
    ) -> str:
        """Write the manifest of the same tables without some people; a large table has one part rewritten for each.

        Nothing that exists is touched: `commit` and `sweep` make the old rows go.

        Parameters
        ----------
        name : str
            The manifest to start from.
        people : mapping of str to collection of str
            Column ("pseudonym", "patient_id") to those who leave; tables with neither column stay as they are.
        label : str
            As for `name`.
        facts : mapping, optional
            What the new manifest says, over what the old one says.

        Returns
        -------
        str
            Name of the new manifest: the same as if the tables had been put without them.
        """
        old = self.manifest(name)
        listed = self._entries_without(old["tables"], people)
        said = {key: value for key, value in old.items() if key not in ("tables", "name", "layout")} | dict(facts or {})
        new = self._name({table: [part["content"] for part in one["parts"]] for table, one in listed.items()}, label)
        self._list(listed, new, said)
        return new

    def of(
        self, name: str, people: Mapping[str, Collection[str]], wanted: Collection[str] | None = None
    ) -> dict[str, pd.DataFrame]:
        """Read the rows of some people; of a large table only the parts that may hold them are opened.

        Parameters
        ----------
        name : str
            The manifest.
        people : mapping of str to collection of str
            Column ("pseudonym", "patient_id") to their names in it; a row is theirs if either says so.
        wanted : collection of str, optional
            Only these tables.

        Returns
        -------
        dict of str to DataFrame
            Tables that have one of the columns, with their rows only.
        """
        found, entries, opened = {}, self.manifest(name)["tables"], Opened()
        for table, entry in entries.items():
            if (wanted is not None and table not in wanted) or not entry["by"]:
                continue
            hit = touched(entry["by"], people[entry["by"]]) if entry["by"] in people else None
            parts = [part for part in entry["parts"] if hit is None or part["bucket"] in hit]
            frames = [to_frame(self._open_part(entries, table, part, opened)) for part in parts or entry["parts"][:1]]
            theirs = [frame.drop(index=leave_out(frame, people).index) for frame in frames]
            found[table] = pd.concat(theirs, ignore_index=True)
        return found

    def _entries_without(
        self, entries: Mapping[str, Any], people: Mapping[str, Collection[str]]
    ) -> dict[str, dict[str, Any]]:
        listed, opened = dict[str, dict[str, Any]](), (Opened(), Opened())
        for table in in_order(entries):
            listed[table] = self._entry_without(table, (entries, listed), opened, people)
        was, now = (parted({table: one[table]["rows"] for table in one}) for one in (entries, listed))
        for family in families(listed):
            if was & set(family) and not now & set(family):  # they have become small enough for one part each
                listed |= self._entries({table: self._table(listed, table, opened[1]) for table in family})
        return listed

    def _entry_without(
        self,
        table: str,
        states: tuple[Mapping[str, Any], Mapping[str, Any]],
        opened: tuple[Opened, Opened],
        people: Mapping[str, Collection[str]],
    ) -> dict[str, Any]:
        entries, listed = states
        entry, parts = entries[table], []
        # A table that is parted by a column whose names are not given has to be looked at whole.
        hit = touched(entry["by"], people[entry["by"]]) if entry["by"] in people else None
        for part in entry["parts"]:
            bucket = part["bucket"]
            moved = self._moved(entries, listed, entry, bucket)
            if not moved and (not entry["by"] or (hit is not None and bucket not in hit)):
                parts.append(part)
                continue
            frame = to_frame(self._open_part(entries, table, part, opened[0]))
            left = leave_out(frame, people)
            same = len(left) == len(frame) and not moved
            lender = self._lender(listed, entry, bucket, opened[1])
            parts.append(part if same else self._part(bucket, left, lender))
        return {**entry, "rows": sum(part["rows"] for part in parts), "parts": parts}

    @staticmethod
    def _moved(entries: Mapping[str, Any], listed: Mapping[str, Any], entry: Mapping[str, Any], bucket: int) -> bool:
        # Whether the places in the lender's part are other ones now.
        if entry["lent"] is None:
            return False
        old, new = (
            [part["sha256"] for part in one[entry["lent"]["table"]]["parts"] if part["bucket"] == bucket]
            for one in (entries, listed)
        )
        return old != new

    def _open_part(self, entries: Mapping[str, Any], table: str, part: Mapping[str, Any], opened: Opened) -> pa.Table:
        place = self.root / "parts" / f"{part['sha256']}{PART}"
        sealed = place.read_bytes() if place.is_file() else b""
        what = f"{self.root.name}: a part of table {table}"
        if hashlib.sha256(sealed).hexdigest() != part["sha256"]:
            raise DataError(f"{what} is missing or damaged; restore it from a copy")
        found = to_arrow(self.key.open(sealed, "part", what=what))
        lender = self._lender(entries, entries[table], part["bucket"], opened)
        return found if lender is None else restored(found, *lender)

    def _table(self, entries: Mapping[str, Any], table: str, opened: Opened) -> pd.DataFrame:
        parts = [self._open_part(entries, table, part, opened) for part in entries[table]["parts"]]
        return to_frame(pa.concat_tables(parts))

    def has(self, name: str) -> bool:
        """Say whether there is a manifest of this name.

        Parameters
        ----------
        name : str
            Its name.

        Returns
        -------
        bool
            Whether it is there.
        """
        return name.isalnum() and (self.root / "manifests" / f"{name}{MANIFEST}").is_file()

    def manifest(self, name: str) -> dict[str, Any]:
        """Read a manifest.

        Parameters
        ----------
        name : str
            Its name.

        Returns
        -------
        dict
            Facts and tables.

        Raises
        ------
        AccessError
            If there is none, or the key does not open it.
        """
        place = self.root / "manifests" / f"{name}{MANIFEST}"
        if not self.has(name):
            raise AccessError(f"{self.root.name}: there is no snapshot {name!r}")
        what = f"{self.root.name}: the manifest of a snapshot"
        said = dict(json.loads(self.key.open(place.read_bytes(), f"manifest {name}", what=what)))
        if said["layout"] != LAYOUT:
            raise AccessError(
                f"{self.root.name}: it was written in layout {said['layout']}, and this version reads layout {LAYOUT}; "
                "take its feeds in again, into a new folder"
            )
        return said

    def tables(self, name: str, wanted: Collection[str] | None = None) -> dict[str, pd.DataFrame]:
        """Read the tables of a manifest.

        Parameters
        ----------
        name : str
            Its name.
        wanted : collection of str, optional
            Only these tables.

        Returns
        -------
        dict of str to DataFrame
            Whole tables; a part that is missing, or whose bytes are not those that the manifest names, is a DataError.
        """
        entries = self.manifest(name)["tables"]
        opened = Opened()
        return {table: self._table(entries, table, opened) for table in entries if wanted is None or table in wanted}

    def put_note(self, name: str, said: Mapping[str, Any]) -> None:
        """Keep something small beside the tables, sealed: a list, a register.

        Parameters
        ----------
        name : str
            What it is called.
        said : mapping
            Plain JSON.
        """
        self.write(self.root / f"{name}{NOTE}", _plain(said), f"note {name}")

    def stage_note(self, name: str, said: Mapping[str, Any]) -> None:
        """Lay a note ready that is to replace another one together with HEAD (`adopt_notes`).

        Parameters
        ----------
        name : str
            What it is called.
        said : mapping
            Plain JSON.
        """
        self.write(self.root / f"{name}{NOTE}{NEXT}", _plain(said), f"note {name}")

    def adopt_notes(self) -> None:
        """Put notes that were laid ready into their places; those of a HEAD that never came are removed."""
        for staged in sorted(self.root.glob(f"*{NOTE}{NEXT}")):
            if staged.read_bytes().startswith(self.key.header):
                staged.replace(staged.with_suffix(""))
            else:
                staged.unlink()

    def sealed_here(self) -> bool:
        """Say whether the current state is sealed with this key; nothing is opened.

        Returns
        -------
        bool
            False where there is none, or it is sealed with another key.
        """
        place = self.root / HEAD
        return place.is_file() and place.read_bytes().startswith(self.key.header)

    def note(self, name: str) -> dict[str, Any] | None:
        """Read what was kept beside the tables.

        Parameters
        ----------
        name : str
            What it is called.

        Returns
        -------
        dict or None
            As it was put; None where there is none.
        """
        place = self.root / f"{name}{NOTE}"
        if not place.is_file():
            return None
        return dict(json.loads(self.key.open(place.read_bytes(), f"note {name}", what=f"{self.root.name}: {name}")))

    def remove_note(self, name: str) -> None:
        """Remove what was kept beside the tables, if it is there.

        Parameters
        ----------
        name : str
            What it is called.
        """
        (self.root / f"{name}{NOTE}").unlink(missing_ok=True)

    def sweep(self, names: Collection[str]) -> None:
        """Remove manifests and parts that belong to no committed state.

        Parameters
        ----------
        names : collection of str
            Manifests to keep.
        """
        wanted = set[str]()
        for place in sorted((self.root / "manifests").glob(f"*{MANIFEST}")):
            if place.stem in names:
                tables = self.manifest(place.stem)["tables"].values()
                wanted |= {part["sha256"] for entry in tables for part in entry["parts"]}
            else:
                place.unlink()
        for place in (self.root / "parts").glob(f"*{PART}"):
            if place.stem not in wanted:
                place.unlink()

    def head(self) -> dict[str, Any] | None:
        """Say which state is the current one.

        Returns
        -------
        dict or None
            As it was committed: for a library `current`, `vault`, `counter` and `history` (list of states, oldest
            first); None where nothing was ever committed.
        """
        place = self.root / HEAD
        if not place.is_file():
            return None
        return dict(json.loads(self.key.open(place.read_bytes(), HEAD, what=f"{self.root.name}: its HEAD")))

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
        self.write(self.root / HEAD, _plain(head), HEAD)

    def head_digest(self, head: Mapping[str, Any]) -> str:
        """Say how the file HEAD will be called by its bytes once a state is committed.

        Parameters
        ----------
        head : mapping
            As for `commit`.

        Returns
        -------
        str
            SHA-256 of the sealed file.
        """
        return hashlib.sha256(self.key.seal(_plain(head), HEAD)).hexdigest()


def taken_in(root: Path) -> bool:
    """Say whether anything was ever committed there; needs no key.

    Parameters
    ----------
    root : Path
        A library's folder.

    Returns
    -------
    bool
        Whether there is a HEAD.
    """
    return (root / HEAD).is_file()


def _plain(said: Mapping[str, Any]) -> bytes:
    return (json.dumps(said, sort_keys=True) + "\n").encode()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
