"""Where a study's things lie: one folder that is never committed, one report folder, nothing hidden elsewhere."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from outcomes.errors import AccessError


@dataclass(frozen=True)
class Workspace:
    """The folders of one study under one root (``var/`` unless told otherwise) and one report folder.

    Parameters
    ----------
    root
        Holds feeds, libraries, vaults and the MLflow store.
    reports
        Holds one folder a study with what people read.
    study
        The study's name.
    keys
        Folder of keys; None for an invented service, which has no secret.
    """

    root: Path
    reports: Path
    study: str
    keys: Path | None = None

    @property
    def feed(self) -> Path:
        """The invented feed that this study wrote for itself."""
        return self.root / self.study / "feed"

    @property
    def library(self) -> Path:
        """De-identified snapshots."""
        return self.root / self.study / "library"

    @property
    def vault(self) -> Path:
        """Identifiers and day zero, apart from the library."""
        return self.root / self.study / "vault"

    @property
    def audit(self) -> Path:
        """Who did what with library and vault, apart from both."""
        return self.root / self.study / "audit"

    @property
    def intake(self) -> Path:
        """What happened to every row of the last feed: files, row numbers, rules, counts, never a value."""
        return self.root / self.study / "intake.txt"

    @property
    def mlflow(self) -> Path:
        """The MLflow store that all studies of this root share."""
        return self.root / "mlflow"

    @property
    def report(self) -> Path:
        """What people read."""
        return self.reports / self.study


@contextmanager
def staged(final: Path, *, private: bool = False) -> Iterator[Path]:
    """Write a folder so that it appears whole or not at all.

    What a run that was killed left behind is cleaned first, and the finished folder that it had put aside comes back;
    the new folder replaces the old one at the end. If the writing fails or is stopped, nothing of it stays.

    Parameters
    ----------
    final
        The folder as people will open it.
    private
        Whether only its owner may enter.

    Yields
    ------
    Path
        An empty folder beside it to write into.

    Raises
    ------
    AccessError
        If the folder cannot be written or replaced.
    """
    staging = final.with_name(f".{final.name}.partial")
    old = final.with_name(f".{final.name}.old")
    with _within_reach(final):
        _clean(final, staging, old)
        staging.mkdir(parents=True, mode=0o700 if private else 0o777)
    try:
        yield staging
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    with _within_reach(final):
        if final.exists():
            final.rename(old)
        staging.rename(final)
        if old.exists():
            shutil.rmtree(old)


def _clean(final: Path, staging: Path, old: Path) -> None:
    if old.exists() and not final.exists():  # killed between the two renames: the old folder was still the good one
        old.rename(final)
    for leftover in (staging, old):
        if leftover.exists():
            shutil.rmtree(leftover)


@contextmanager
def _within_reach(final: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise AccessError(
            f"cannot write beside {final.name!r} ({error.strerror}); check the folder's permissions"
        ) from None
