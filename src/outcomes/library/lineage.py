"""What was made from which snapshot? One sealed note a product: an erasure walks from a person to all of them.

A note names a place inside the workspace, never a person.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Final, Literal

from outcomes.errors import AccessError, ConfigError
from outcomes.library.store import Store
from outcomes.library.tombstones import refuse_erased

What = Literal["table", "model", "run", "report", "release"]
KINDS: Final[tuple[str, ...]] = ("table", "model", "run", "report", "release")
ROOTS: Final[tuple[str, ...]] = ("workspace", "reports", "mlflow")
PREFIX: Final = "lineage-"
ENDING: Final = ".note"
NAME_DIGITS: Final = 16
TRIES: Final = 3


@dataclass(frozen=True, slots=True, order=True)
class Product:
    """Something that was made from a snapshot.

    Parameters
    ----------
    what : str
        table, model, run, report or release.
    place : str
        Where it is, below one of the roots: ``workspace/...``, ``reports/...``, ``mlflow/RUN_ID``.
    snapshot : str
        What it was made from.
    made_by : str
        Command or study.
    released : bool
        Whether it went through the disclosure gate: aggregates of nobody, which an erasure lists and leaves.
    """

    what: str
    place: str
    snapshot: str
    made_by: str
    released: bool = False

    @property
    def root(self) -> str:
        """The first word of the place."""
        return self.place.split("/", 1)[0]

    @property
    def inside(self) -> str:
        """The place below its root."""
        return self.place.split("/", 1)[1]

    def below(self, roots: Mapping[str, Path]) -> Path:
        """Find the file or folder.

        Parameters
        ----------
        roots : mapping of str to Path
            Folder of each root.

        Returns
        -------
        Path
            Inside its root.

        Raises
        ------
        AccessError
            If the root is not given, or a link leads out of it.
        """
        if self.root not in roots:
            raise AccessError(f"lineage: no folder is given for places below {self.root!r}")
        home = roots[self.root]
        place = home / self.inside
        if place.exists() and not place.resolve().is_relative_to(home.resolve()):
            raise AccessError(f"lineage: a place below {self.root!r} leads out of it; nothing there is touched")
        return place


def _check(product: Product) -> None:
    if product.what not in KINDS:
        raise ConfigError(f"what must be one of {', '.join(KINDS)}, got {product.what!r}")
    parts = PurePosixPath(product.place).parts
    if len(parts) < 2 or parts[0] not in ROOTS or ".." in parts:  # noqa: PLR2004  a root and something in it
        raise ConfigError(f"place must be below {', '.join(f'{root}/' for root in ROOTS)}, got {product.place!r}")


def note(store: Store, *, what: What, place: str, snapshot: str, made_by: str, released: bool = False) -> None:
    """Write down that something was made from a snapshot; to be called before it is put in its place.

    Parameters
    ----------
    store : Store
        The library.
    what : str
        table, model, run, report or release.
    place : str
        ``workspace/...``, ``reports/...`` or ``mlflow/RUN_ID``.
    snapshot : str
        What it was made from.
    made_by : str
        Command or study.
    released : bool, default False
        Whether it holds released aggregates only.

    Raises
    ------
    AccessError
        If the snapshot held somebody who was erased while it was being read (what was made is not to be kept), or the
        library cannot be written.
    ConfigError
        If the kind or the place is not one.

    Examples
    --------
    >>> note(shelf, what="run", place="mlflow/0a1b", snapshot=view.snapshot, made_by="run demo")  # doctest: +SKIP
    """
    product = Product(what, place, snapshot, made_by, released)
    _check(product)
    refuse_erased(store.root, snapshot)
    for attempt in range(TRIES):
        try:
            store.put_note(_name(product), asdict(product))
        except AccessError:
            # A writer that begins clears unfinished files away, and may have taken this one along.
            if attempt == TRIES - 1:
                raise
        else:
            return


def _name(product: Product) -> str:
    said = json.dumps(asdict(product), sort_keys=True)
    return PREFIX + hashlib.sha256(said.encode()).hexdigest()[:NAME_DIGITS]


def products(store: Store) -> tuple[Product, ...]:
    """List what was made from this library.

    Parameters
    ----------
    store : Store
        The library.

    Returns
    -------
    tuple of Product
        Sorted; a note whose bytes have changed is a DataError.
    """
    names = [place.name.removesuffix(ENDING) for place in store.root.glob(f"{PREFIX}*{ENDING}")]
    return tuple(sorted(Product(**said) for name in names if (said := store.note(name)) is not None))


def forget(store: Store, gone: tuple[Product, ...]) -> None:
    """Remove the notes of products that are there no longer.

    Parameters
    ----------
    store : Store
        The library.
    gone : tuple of Product
        As `products` lists them.
    """
    for product in gone:
        store.remove_note(_name(product))
