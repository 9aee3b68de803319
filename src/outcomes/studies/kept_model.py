"""The model of the ways to end, from the study that taught it to the page of direct care: kept under its own digest."""

import hashlib
import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pandas as pd

from outcomes.errors import AccessError, DataError
from outcomes.flags.track_record import doubtful_groups, track_record
from outcomes.library.tombstones import refuse_erased
from outcomes.prognosis.kept import Kept, keep, read
from outcomes.prognosis.timeline import KEY
from outcomes.studies.foretelling import one_a_person
from outcomes.studies.joint_endings import JointForecast
from outcomes.studies.materials import Materials
from outcomes.studies.recording import note_product
from outcomes.studies.workspace import Workspace

FOLDER = "models"
PREFIX = "endings-"
SHOWN = 16  # digits of the digest that name the file
OWNER_ONLY = 0o600


def keep_model(
    materials: Materials, found: JointForecast, *, made_on: date | None, seed: int, by: tuple[str, ...] = ()
) -> str:
    """Keep what was learnt in the workspace, owner only, noted for erasure before it is written.

    Parameters
    ----------
    materials
        Settings and research view.
    found
        The second half of the prognosis step.
    made_on
        The last day that it learnt from.
    seed
        Picks the one prediction a person that stands for them in the record.
    by
        Groupings; for each group it is kept whether what was told was off, or told to too few people to know.

    Returns
    -------
    str
        SHA-256 of the file, which a service records when it allows the model; empty where nothing was learnt.

    Raises
    ------
    AccessError
        If it cannot be written.
    """
    if found.taught is None or found.validation is None:
        return ""
    workspace, snapshot = materials.opened.workspace, materials.opened.view.snapshot
    past = one_a_person(found.validation.past, seed)
    unsure = unsure_groups(past, materials.episodes, by)
    content = keep(Kept(found.taught, made_on, track_record(past), snapshot, unsure))
    digest = hashlib.sha256(content).hexdigest()
    final = place_of(workspace, digest)
    note_product(materials, what="model", place=f"workspace/{workspace.study}/{FOLDER}/{final.name}")
    staging = final.with_suffix(".partial")
    try:
        final.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        staging.unlink(missing_ok=True)
        with os.fdopen(os.open(staging, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "wb") as file:
            file.write(content)
        staging.replace(final)
    except OSError as error:
        raise AccessError(f"the model {final.name} cannot be kept ({error.strerror})") from None
    return digest


def unsure_groups(past: pd.DataFrame, episodes: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Say for which groups the numbers were off before, and of which too few people were told any.

    Parameters
    ----------
    past
        Predictions of people whom the model had not seen, one a person and ending.
    episodes
        With the groupings.
    by
        Groupings; those that the feed lacks are left out.

    Returns
    -------
    DataFrame
        by, group, ending, verdict ("off", "too few"); groups for whom the numbers hold are not in it.
    """
    parts = [pd.DataFrame(columns=["by", "group", "ending", "verdict"])]
    for name in (one for one in by if one in episodes.columns):
        beside = past.merge(episodes[[*KEY, name]].astype("str"), on=KEY, how="left")
        found = doubtful_groups(track_record(beside, [name]), name)
        parts.append(found.rename(columns={name: "group"}).assign(by=name)[["by", "group", "ending", "verdict"]])
    return pd.concat(parts, ignore_index=True)


def kept_model(workspace: Workspace, sha256: str) -> Kept | None:
    """Read the model that a service has allowed.

    Parameters
    ----------
    workspace
        Where models are kept.
    sha256
        The digest that the service has recorded.

    Returns
    -------
    Kept or None
        None where no such model is kept, or it was changed: the page then goes by its rules alone, and says so.

    Raises
    ------
    AccessError
        If somebody who taught it was erased since.
    """
    try:
        content = place_of(workspace, sha256).read_bytes()
    except OSError:
        return None
    try:
        found = read(content, sha256)
    except DataError:
        return None
    refuse_erased(workspace.library, found.snapshot)
    return found


def place_of(workspace: Workspace, sha256: str) -> Path:
    """Say where a model lies.

    Parameters
    ----------
    workspace
        Of the study.
    sha256
        Digest of the file.

    Returns
    -------
    Path
        Inside the workspace.
    """
    return workspace.root / workspace.study / FOLDER / f"{PREFIX}{sha256[:SHOWN]}.json"
