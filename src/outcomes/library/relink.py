"""Who is behind a pseudonym? Answered inside the vault only, for direct care and the data steward."""

from pathlib import Path

import pandas as pd

from outcomes.errors import AccessError
from outcomes.library.store import Store


def identities(library: Path, vault: Path, *, snapshot: str | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Say which person and which referral is behind each pseudonym.

    Parameters
    ----------
    library, vault : Path
        The two folders.
    snapshot : str, optional
        Which one; the current one unless said.

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
    tables = Store(vault, private=True).tables(vault_state(library, vault, snapshot=snapshot))
    return tables["people"], tables["referral_names"]


def vault_state(library: Path, vault: Path, *, snapshot: str | None = None) -> str:
    """Find the state of the vault that belongs to a snapshot.

    Parameters
    ----------
    library, vault : Path
        The two folders.
    snapshot : str, optional
        Which one; the current one unless said.

    Returns
    -------
    str
        Name of the vault's manifest.

    Raises
    ------
    AccessError
        If the vault is not the library's, or there is no such snapshot.
    """
    state = str(Store(library).committed(snapshot)["vault"])
    if not (vault / "manifests" / f"{state}.json").is_file():
        raise AccessError(
            "this vault does not belong to this library: it does not hold the state that the library names"
        )
    return state
