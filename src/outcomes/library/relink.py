"""Who is behind a pseudonym? Answered inside the vault only, for direct care and the data steward."""

from pathlib import Path

import pandas as pd

from outcomes.errors import AccessError
from outcomes.library.sealing import vault_key
from outcomes.library.state import anchored
from outcomes.library.store import Store


def identities(
    library: Path, vault: Path, *, snapshot: str | None = None, keys: Path | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Say which person and which referral is behind each pseudonym.

    Parameters
    ----------
    library, vault : Path
        The two folders.
    snapshot : str, optional
        Which one; the current one unless said.
    keys : Path, optional
        Folder that holds the vault's key; none for a source that has no secret.

    Returns
    -------
    people : DataFrame
        patient_id, pseudonym, and nhs_number, birth_date (days since 1970-01-01) where the feed has them.
    referrals : DataFrame
        patient_id, episode_id, pseudonym, referral, received (days since 1970-01-01), therapist_id where there is one.

    Raises
    ------
    AccessError
        If the vault is not the library's, or there is no such snapshot.
    """
    safe = Store(vault, key=vault_key(keys), private=True)
    tables = safe.tables(vault_state(library, vault, snapshot=snapshot, keys=keys), ("people", "referral_names"))
    people, referrals = tables["people"], tables["referral_names"]
    order = ["pseudonym", "referral"]
    return people.sort_values(order[:1], ignore_index=True), referrals.sort_values(order, ignore_index=True)


def vault_state(library: Path, vault: Path, *, snapshot: str | None = None, keys: Path | None = None) -> str:
    """Find the state of the vault that belongs to a snapshot.

    Parameters
    ----------
    library, vault : Path
        The two folders.
    snapshot : str, optional
        Which one; the current one unless said.
    keys : Path, optional
        Folder that holds the vault's key; none for a source that has no secret.

    Returns
    -------
    str
        Name of the vault's manifest.

    Raises
    ------
    AccessError
        If the vault is not the library's, or there is no such snapshot.
    """
    safe = Store(vault, key=vault_key(keys), private=True)
    head = anchored(library, safe)
    name = snapshot or head["current"]
    states = [state["vault"] for state in head["history"] if state["snapshot"] == name]
    if not states:
        raise AccessError(f"there is no snapshot {name!r} in this library; the current one is {head['current']}")
    return str(states[-1])
