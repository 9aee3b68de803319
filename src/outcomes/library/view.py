"""What may research read? One whole snapshot under pseudonyms, without those whom the opt-out leaves out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from outcomes.errors import AccessError, DataError
from outcomes.library.anchor import check
from outcomes.library.optout import allowed_pseudonyms, only
from outcomes.library.projects import narrowed, project_of
from outcomes.library.sealing import library_key
from outcomes.library.store import Store
from outcomes.library.tombstones import refuse_erased


@dataclass(frozen=True, slots=True)
class ResearchView:
    """What research reads.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        patients, referrals, occasions; contacts and scores where the feed has them.
    snapshot : str
        Content hash of the whole snapshot, before opt-outs.
    kind : str
        "identified", "anonymised" or "invented".
    statement : str
        One or two sentences for every report: which kind of source, and what was left out.
    """

    tables: Mapping[str, pd.DataFrame]
    snapshot: str
    kind: str
    statement: str


def research_view(
    library: Path,
    *,
    snapshot: str | None = None,
    keys: Path | None = None,
    project: str | None = None,
    today: date | None = None,
    max_age_days: int | None = None,
) -> ResearchView:
    """Read what research may: one snapshot under pseudonyms, without those who opted out.

    Parameters
    ----------
    library : Path
        The library's folder.
    snapshot : str, optional
        Which one; the current one unless said.
    keys : Path, optional
        Folder that holds the library's key; none for a source that has no secret.
    project : str, optional
        Entry of the register under which an identified source is read; other sources need none.
    today : date, optional
        Day of the read; the machine's unless said.
    max_age_days : int, optional
        Oldest opt-out list that may be used; that of `reference.governance.opt_out_rule` unless said.

    Returns
    -------
    ResearchView
        The tables and a statement for reports.

    Raises
    ------
    AccessError
        If there is no such snapshot, or the source is identified and the opt-out list is missing, empty or too old, or
        the project is not registered or has ended.

    Examples
    --------
    >>> view = research_view(Path("var/library"))  # doctest: +SKIP
    >>> view.tables["occasions"].head()  # doctest: +SKIP
    """
    shelf = Store(library, key=library_key(keys))
    name, facts, whole = _whole(shelf, snapshot)
    if facts["kind"] != "identified":
        return ResearchView(whole, name, facts["kind"], _statement(facts["kind"], facts["reason"]))
    day = today or datetime.now(tz=UTC).date()
    allowed, dated = allowed_pseudonyms(shelf, today=day, max_age_days=max_age_days)
    entry = project_of(shelf, project, today=day)
    kept = {table: only(frame, allowed) for table, frame in whole.items()}
    gone = int(facts.get("purged", 0))
    left_out = len(whole["patients"]) - len(kept["patients"]) + gone
    statement = (
        f"Identified source, read under pseudonyms ({facts['reason']}) for project {entry.name}: {entry.purpose} "
        f"({entry.legal_basis}; until {entry.ends}). Opt-out list of {dated.isoformat()}: "
        f"{left_out:,} of {len(whole['patients']) + gone:,} people are not on it and were left out."
    )
    return ResearchView(narrowed(kept, entry), name, "identified", statement)


def _whole(shelf: Store, snapshot: str | None) -> tuple[str, dict[str, Any], dict[str, pd.DataFrame]]:
    # One whole snapshot; where a writer has replaced it while it was being read, the new one.
    while True:
        head = shelf.head()
        name = str(shelf.committed(snapshot)["snapshot"])
        refuse_erased(shelf.root, name)
        check(shelf.root)
        try:
            return name, shelf.manifest(name), shelf.tables(name)
        except (AccessError, DataError):
            if shelf.head() == head:
                raise


def _statement(kind: str, reason: str) -> str:
    if kind == "invented":
        return (
            "Invented data: no patient stands behind a row, and nothing here is evidence about patients. "
            "No opt-out list is needed."
        )
    return f"The source was anonymised before it came ({reason}). No opt-out list applies to it."
