"""A person is forgotten everywhere: library, vault, runs, models, reports, caches; the receipt says what and where."""

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

from outcomes.errors import AccessError, ConfigError
from outcomes.library.erase import Erased, Found, erase, find, find_buried, foresee, naming_key
from outcomes.library.lineage import Product, forget
from outcomes.library.state import Stores, open_stores
from outcomes.library.store import HEAD
from outcomes.library.tombstones import folder_of, intended, one_at_a_time, settle_intent, write_whole
from outcomes.library.writers import locked
from outcomes.studies.auditing import note_access
from outcomes.studies.experiment import Experiment
from outcomes.studies.opening import SHEET, Request, seed_of
from outcomes.studies.progress import Progress, silent
from outcomes.studies.workspace import Workspace
from outcomes.tracking.erasing import RunsErased, erase_runs, runs_of, snapshots_of

STEP = "Erasing"
RECEIPT = "receipt_{:04d}.json"
RUNS = "mlflow"
PAGES = "care*"  # folders of caseload pages, of the whole service and of its teams
PURPOSE = "erasure on request"


@dataclass(frozen=True)
class Receipt:
    """What an erasure did, or would do; counts, places and hashes, no identifier.

    Parameters
    ----------
    facts
        Plain JSON.
    place
        Where it was written; None for a dry run.
    """

    facts: Mapping[str, object]
    place: Path | None

    def lines(self) -> tuple[str, ...]:
        """Say it in sentences.

        Returns
        -------
        tuple of str
            For the terminal.
        """
        facts = self.facts
        would = "would be" if self.place is None else "were"
        library, vault = (_counts(facts[name]) for name in ("library_rows", "vault_rows"))
        lines = [
            f"People: {facts['people']} local identifiers {would} erased." if facts["people"] else "Nobody to erase.",
            f"Library: {library or 'no row'}. Vault: {vault or 'no row'}.",
            f"Snapshots dropped: {facts['snapshots_dropped']}. Tracked runs: {facts['runs']}, with {facts['models']} "
            f"model files. Files and folders removed: {len(_list(facts['removed']))}.",
        ]
        if facts["in_care"]:
            lines.append(
                f"Still in care: {facts['in_care']}. Their rows stay in the vault for direct care alone, until it ends."
            )
        lines += [f"Stays, because it is released aggregates: {place}" for place in _list(facts["released"])]
        lines += [f"Train again: {what}" for what in _list(facts["retrain"])]
        if _list(facts.get("pages_removed")):
            lines.append(
                "The caseload pages were removed, because they may name them: write them again (outcomes flags)."
            )
        if self.place is None:
            return (*lines, "This was a dry run: nothing was changed.")
        return (*lines, f"Receipt: {self.place}")


def _counts(rows: object) -> str:
    told = dict(rows) if isinstance(rows, Mapping) else {}
    return ", ".join(f"{count:,} {name}" for name, count in sorted(told.items()) if count)


def _list(found: object) -> list[str]:
    return [str(one) for one in found] if isinstance(found, list) else []


def read_identifiers(text: str) -> tuple[str, ...]:
    """Read identifiers, one a line.

    Parameters
    ----------
    text
        Of a file or the keyboard; never of the command line, where others could see it.

    Returns
    -------
    tuple of str
        As written, without blank lines.

    Raises
    ------
    ConfigError
        If there is none.
    """
    found = tuple(line.strip().removesuffix(",") for line in text.splitlines() if line.strip())
    if not found:
        raise ConfigError("no identifier: give a file with one a line (--who FILE), or - for the keyboard")
    return found


def erase_people(
    request: Request,
    identifiers: Iterable[str],
    *,
    by_nhs_number: bool = False,
    dry_run: bool = False,
    today: date | None = None,
    progress: Progress = silent,
) -> Receipt:
    """Forget people: everything of them, everywhere, for good; or say what that would be.

    Parameters
    ----------
    request
        Experiment file and folders; its keys are the steward's.
    identifiers
        Local identifiers or NHS numbers; empty to complete what was stopped, or to bring a restored backup up to date.
    by_nhs_number
        Which of the two they are.
    dry_run
        Whether to change nothing.
    today
        Date of the receipt; the machine's unless said.
    progress
        Told how far the work is.

    Returns
    -------
    Receipt
        What went and what stays.

    Raises
    ------
    AccessError
        If a key is missing, another writer is at work, or something cannot be removed: calling again completes it.
    DataError
        If an identifier stands for nobody.
    ConfigError
        If the experiment file is wrong.
    """
    experiment, workspace = request.read()
    stores = open_stores(workspace.library, workspace.vault, workspace.keys)
    key = naming_key(stores, workspace.keys, seed=seed_of(experiment, workspace))
    asked = tuple(identifiers)

    def wanted() -> Found:
        return find(stores, asked, domain="nhs_number" if by_nhs_number else "patient")

    if dry_run:
        found = wanted() if asked else find_buried(stores, key)
        return Receipt(_facts(workspace, stores, foresee(stores, found, key), None, today), None)
    with one_at_a_time(workspace.library):
        progress(STEP, 0, 3)
        told = None
        if intended(workspace.library) is not None or not asked:  # what was stopped is completed first
            told = erase(stores, find_buried(stores, key), key)
            receipt = _finish(workspace, experiment, stores, told, today)
        if asked:
            told = erase(stores, wanted(), key)
            progress(STEP, 1, 3)
            receipt = _finish(workspace, experiment, stores, told, today)
        progress(STEP, 3, 3)
    return receipt


def _finish(workspace: Workspace, experiment: Experiment, stores: Stores, told: Erased, today: date | None) -> Receipt:
    # Remove what was made from the old snapshots, write the receipt and the audit line, and close the matter.
    runs = erase_runs(workspace.mlflow, *_runs(workspace, told))
    removed = remove_files(workspace, told.products)
    if told.people or told.doomed:
        removed += remove_caches(workspace, experiment)
    pages = [name for place in _pages(workspace, told) if (name := _remove(place, _named(workspace, place)))]
    removed += pages
    facts = _facts(workspace, stores, told, runs, today) | {"removed": sorted(removed), "pages_removed": sorted(pages)}
    place = write_receipt(workspace, facts)
    counts = {"people": told.people, "rows": sum(told.library.values()), "runs": runs.runs, "models": runs.models}
    note_access(workspace, "erase", PURPOSE, snapshot=told.snapshot, counts=counts, anchor=True)
    with locked(stores):
        forget(stores.library, tuple(one for one in told.products if not one.released))
        settle_intent(workspace.library, stores.vault)
    return Receipt(facts, place)


def _pages(workspace: Workspace, told: Erased) -> list[Path]:
    # A caseload page that was written while their care was open names them still; whoever is in care stays on theirs.
    if told.in_care and told.in_care == told.people:
        return []
    return sorted(workspace.report.glob(PAGES)) if told.people or told.doomed else []


def remove_files(workspace: Workspace, products: Iterable[Product]) -> list[str]:
    """Remove files and folders that were made from snapshots that are gone; what is released stays.

    Parameters
    ----------
    workspace
        The folders.
    products
        As the lineage lists them.

    Returns
    -------
    list of str
        What was there and is not any longer.
    """
    files = [one for one in products if not one.released and one.root != RUNS]
    return [name for one in files if (name := _remove(one.below(_roots(workspace)), one.place))]


def remove_caches(workspace: Workspace, experiment: Experiment) -> list[str]:
    """Remove what can be made again: the last intake's lists, a stopped run's leftovers, the feed invented here.

    Parameters
    ----------
    workspace
        The folders.
    experiment
        Whether the feed is invented by the study itself; a feed of somebody else's is never touched.

    Returns
    -------
    list of str
        What was there and is not any longer.
    """
    lists = [workspace.intake, workspace.intake.with_name(SHEET)]
    beside = [workspace.report.with_name(f".{workspace.study}.{end}") for end in ("partial", "old")]
    own = [workspace.feed] if experiment.source.simulate is not None else []
    return [name for place in (*lists, *beside, *own) if (name := _remove(place, _named(workspace, place)))]


def write_receipt(workspace: Workspace, facts: Mapping[str, object]) -> Path:
    """Write a numbered receipt into the register beside the library.

    Parameters
    ----------
    workspace
        The folders.
    facts
        Plain JSON without identifiers.

    Returns
    -------
    Path
        The receipt.
    """
    folder = folder_of(workspace.library)
    number = len(list(folder.glob("receipt_*.json"))) + 1
    place = folder / RECEIPT.format(number)
    write_whole(place, (json.dumps({"receipt": number, **facts}, indent=2, sort_keys=True) + "\n").encode())
    return place


def _runs(workspace: Workspace, told: Erased) -> tuple[frozenset[str], tuple[str, ...]]:
    # Snapshots and names of the runs to delete; a run of this study that nobody noted down is known by its snapshot.
    named = tuple(one.inside for one in told.products if one.root == RUNS and not one.released)
    if not told.people:
        return told.doomed, named
    return told.doomed | (snapshots_of(workspace.mlflow, workspace.study) - told.spared - {told.snapshot}), named


def _roots(workspace: Workspace) -> dict[str, Path]:
    return {"workspace": workspace.root, "reports": workspace.reports}


def _named(workspace: Workspace, place: Path) -> str:
    below = next((name for name, root in _roots(workspace).items() if place.is_relative_to(root)), "workspace")
    return f"{below}/{place.relative_to(_roots(workspace)[below])}"


def _remove(place: Path, name: str) -> str:
    if not place.exists():
        return ""
    try:
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        else:
            place.unlink()
    except OSError as error:
        raise AccessError(
            f"{name}: cannot be removed ({error.strerror}); when it can, complete the erasure: "
            "outcomes erase EXPERIMENT.toml --resume"
        ) from None
    return name


def _facts(
    workspace: Workspace, stores: Stores, told: Erased, runs: RunsErased | None, today: date | None
) -> dict[str, object]:
    released = {one.place for one in told.products if one.released}
    if workspace.report.exists():
        released.add(f"reports/{workspace.study}")
    if runs is None:
        runs = RunsErased(len(runs_of(workspace.mlflow, *_runs(workspace, told))), 0, 0)
    head = workspace.library / HEAD
    return {
        "kind": "erasure",
        "date": (today or datetime.now(tz=UTC).date()).isoformat(),
        "study": workspace.study,
        "people": told.people,
        "library_rows": dict(told.library),
        "vault_rows": dict(told.vault),
        "in_care": told.in_care,
        "snapshot": told.snapshot,
        "head_sha256": sha256(head.read_bytes()).hexdigest() if head.is_file() else "",
        "counter": int((stores.library.head() or {}).get("counter", 0)),
        "snapshots_dropped": told.dropped,
        "snapshots_erased": sorted(told.doomed),
        "runs": runs.runs,
        "models": runs.models,
        "run_files": runs.files,
        "removed": sorted(one.place for one in told.products if not one.released and one.root != RUNS),
        "released": sorted(released),
        "retrain": sorted({one.made_by for one in told.products if one.what in ("model", "run")}),
    }
