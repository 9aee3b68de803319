"""The other duties of a data steward: an end to storage, and values put right."""

from datetime import UTC, date, datetime

from outcomes.errors import AccessError
from outcomes.library.correction import correct, read_corrections
from outcomes.library.erase import naming_key
from outcomes.library.retention import Ended, Term, end_storage, foresee_end, set_term, term_of
from outcomes.library.state import Stores, open_stores
from outcomes.library.tombstones import intended, one_at_a_time, settle_beside
from outcomes.studies.auditing import note_access
from outcomes.studies.erasing import remove_caches, remove_files, write_receipt
from outcomes.studies.experiment import Experiment
from outcomes.studies.opening import Request, seed_of
from outcomes.studies.workspace import Workspace
from outcomes.tracking.erasing import erase_runs, runs_of, snapshots_of

END = "end of storage"


def _today(today: date | None) -> date:
    return today or datetime.now(tz=UTC).date()


def retain_source(
    request: Request, *, until: date | None = None, reason: str = "", dry_run: bool = False, today: date | None = None
) -> tuple[str, ...]:
    """Register until when a library is kept; or, where that day is past, remove it and all that was made from it.

    Parameters
    ----------
    request
        Experiment file and folders; its keys are the steward's.
    until
        The last day, to be registered.
    reason
        What it follows from.
    dry_run
        Whether to change nothing.
    today
        The machine's day unless said.

    Returns
    -------
    tuple of str
        What was registered or removed.

    Raises
    ------
    AccessError
        If there is no library, no term, or the term is not over.
    ConfigError
        If no reason is given with a day.
    """
    experiment, workspace = request.read()
    stores = open_stores(workspace.library, workspace.vault, workspace.keys)
    if stores.library.head() is None and intended(workspace.library) is None:
        raise AccessError(f"{workspace.study}: no library there, or nothing was taken in yet")
    if until is not None:
        return _register(workspace, stores, Term(until, reason), dry_run=dry_run)
    if dry_run:
        return _foretold(workspace, stores, _today(today))
    with one_at_a_time(workspace.library):
        return _removed(workspace, experiment, stores, _today(today))


def _register(workspace: Workspace, stores: Stores, term: Term, *, dry_run: bool) -> tuple[str, ...]:
    before = term_of(stores) if dry_run else set_term(stores, term)
    said = f"Storage ends after {term.until.isoformat()} ({term.reason})."
    was = "" if before is None else f" Before, it was {before.until.isoformat()} ({before.reason})."
    if dry_run:
        return (f"{said}{was} This was a dry run: nothing was registered.",)
    note_access(workspace, "retain", "term of storage", anchor=True)
    return (said + was,)


def _foretold(workspace: Workspace, stores: Stores, today: date) -> tuple[str, ...]:
    term, told = term_of(stores), foresee_end(stores)
    when = "No term of storage is registered." if term is None else f"Storage ends after {term.until.isoformat()}."
    over = "It is over" if term is not None and term.over(today) else "It is not over"
    runs = runs_of(workspace.mlflow, told.snapshots | snapshots_of(workspace.mlflow, workspace.study))
    return (
        when if term is None else f"{when} {over}.",
        f"With it go {told.people:,} people, {told.files:,} files of library and vault, {len(runs):,} tracked runs.",
        "This was a dry run: nothing was changed.",
    )


def _removed(workspace: Workspace, experiment: Experiment, stores: Stores, today: date) -> tuple[str, ...]:
    if term_of(stores) is None and stores.library.head() is None:  # stopped after the last file was gone
        told = Ended(0, 0, frozenset(), ())
    else:
        told = end_storage(stores, today)
    begun = intended(workspace.library)
    snapshots = told.snapshots | (begun.snapshots if begun else frozenset())
    named = [one.inside for one in told.products if one.root == "mlflow" and not one.released]
    runs = erase_runs(workspace.mlflow, snapshots | snapshots_of(workspace.mlflow, workspace.study), named)
    removed = remove_files(workspace, told.products) + remove_caches(workspace, experiment)
    facts = {
        "kind": END,
        "date": today.isoformat(),
        "study": workspace.study,
        "people": told.people,
        "files": told.files,
        "snapshots_erased": sorted(snapshots),
        "runs": runs.runs,
        "models": runs.models,
        "removed": sorted(removed),
        "released": sorted(one.place for one in told.products if one.released),
    }
    place = write_receipt(workspace, facts)
    note_access(workspace, "retain", END, counts={"people": told.people, "files": told.files, "runs": runs.runs})
    settle_beside(workspace.library)
    return (
        f"Storage has ended: {told.people:,} people, {told.files:,} files of library and vault, {runs.runs:,} runs.",
        f"Receipt: {place}",
    )


def correct_values(request: Request, text: str, *, dry_run: bool = False, today: date | None = None) -> tuple[str, ...]:
    """Put values right as a new version of the library.

    Parameters
    ----------
    request
        Experiment file and folders; its keys are the steward's.
    text
        The list of corrections, CSV.
    dry_run
        Whether to change nothing.
    today
        The machine's day unless said.

    Returns
    -------
    tuple of str
        How many values of which table, and both snapshots.

    Raises
    ------
    AccessError
        If a key is missing or another writer is at work.
    ConfigError
        If the list has other columns.
    DataError
        If a row is not found or a value breaks a rule: nothing is changed.
    """
    experiment, workspace = request.read()
    listed = read_corrections(text)
    stores = open_stores(workspace.library, workspace.vault, workspace.keys)
    key = naming_key(stores, workspace.keys, seed=seed_of(experiment, workspace))
    told = correct(stores, listed, key, today=_today(today), dry_run=dry_run)
    counts = ", ".join(f"{count:,} of {table}" for table, count in sorted(told.values.items()))
    if dry_run:
        return (f"Values to be put right: {counts}.", "This was a dry run: nothing was changed.")
    note_access(workspace, "correct", "a value was wrong", snapshot=told.after, counts=dict(told.values), anchor=True)
    return (
        f"Values put right: {counts}.",
        f"Snapshot {told.after}; the old values are in snapshot {told.before} and in the vault's register.",
    )
