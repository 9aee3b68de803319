"""What does direct care read? The whole caseload with local identifiers: research opt-outs do not touch it.

A separate purpose with its own view; nothing of it may feed research. Only the caseload page uses it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from outcomes.library.derive import derive
from outcomes.library.ledger import HELD, PREFIX, SAFETY, SAFETY_HELD
from outcomes.library.names import Names
from outcomes.library.relations import settle
from outcomes.library.relink import vault_state
from outcomes.library.resolve import OLD
from outcomes.library.sealing import vault_key
from outcomes.library.state import anchored
from outcomes.library.still_in_care import with_kept
from outcomes.library.store import Store


@dataclass(frozen=True, slots=True)
class CareView:
    """What direct care reads.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        The library's tables; patients carry `patient_id`, referrals `patient_id`, `episode_id`, `therapist_id` and
        `day_zero` (a date).
    safety : DataFrame
        Answers above zero to safety questions in rows that were quarantined, and such answers that could not be read:
        patient_id, episode_id, session_date, occasion, instrument, item, answer (missing where unreadable), rule.
    snapshot : str
        Content hash of the library's snapshot that was taken in together.
    """

    tables: Mapping[str, pd.DataFrame]
    safety: pd.DataFrame
    snapshot: str


def _dates(days: pd.Series) -> pd.Series:
    return pd.to_datetime(days.astype("Int64"), unit="D", origin="unix")


def care_view(library: Path, vault: Path, *, snapshot: str | None = None, keys: Path | None = None) -> CareView:
    """Read what direct care needs: the caseload with day zero and local identifiers.

    Made from the vault's own rows, so that an opt-out from research, or an erasure from the research library, does not
    make a patient vanish from supervision.

    Parameters
    ----------
    library : Path
        The library, which names the vault's state.
    vault : Path
        The vault; who cannot read it has no care view.
    snapshot : str, optional
        Which one; the current one unless said.
    keys : Path, optional
        Folder that holds the vault's key (the library's is not needed); none for a source that has no secret.

    Returns
    -------
    CareView
        The caseload, and the safety answers of quarantined rows.

    Raises
    ------
    AccessError
        If the vault is not the library's, or there is no such snapshot.
    """
    safe = Store(vault, key=vault_key(keys), private=True)
    state = vault_state(library, vault, snapshot=snapshot, keys=keys)
    held = with_kept(safe, safe.tables(state))
    pools = {
        name.removeprefix(PREFIX): frame.drop(columns=HELD).assign(**{OLD: True})
        for name, frame in held.items()
        if name.startswith(PREFIX)
    }
    # The vault is in the order of local identifiers, the library in that of pseudonyms.
    people = held["people"].sort_values("pseudonym", ignore_index=True)
    local = held["referral_names"].sort_values(["pseudonym", "referral"], ignore_index=True)
    names = Names(people, local.rename(columns={"episode_id": "_episode"}))
    tables = dict(derive(settle(pools).accepted, names, safe.manifest(state)["extract_day"]).tables)
    tables["patients"] = tables["patients"].assign(patient_id=names.people["patient_id"])
    known = {name: local[name] for name in ("patient_id", "episode_id", "therapist_id") if name in local}
    tables["referrals"] = tables["referrals"].assign(**known, day_zero=_dates(local["received"]))
    safety = pd.concat(
        [frame for frame in (held[SAFETY], held[SAFETY_HELD]) if len(frame)] or [held[SAFETY]], ignore_index=True
    )
    safety = safety.assign(session_date=_dates(safety["session_date"])).drop_duplicates(ignore_index=True)
    current = snapshot or anchored(library, safe)["current"]
    return CareView(tables, safety.sort_values(["patient_id", "session_date"], ignore_index=True), current)
