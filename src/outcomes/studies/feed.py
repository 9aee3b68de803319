"""An invented service written as a feed, so that everything else reads it as it would read a real one."""

from pathlib import Path

from outcomes.errors import AccessError
from outcomes.simulation.service import simulate
from outcomes.simulation.settings import ServiceSettings
from outcomes.simulation.writer import FEED_TABLES, write_feed
from outcomes.studies.progress import Progress, silent


def write_invented_feed(
    folder: Path,
    *,
    patients: int,
    seed: int,
    item_process: str = "states",
    dirty: bool = False,
    progress: Progress = silent,
) -> tuple[str, ...]:
    """Write the feed of an invented service, with the truth beside it.

    Parameters
    ----------
    folder
        A new folder, an empty one, or one that holds an earlier invented feed.
    patients
        How many people.
    seed
        Same seed, same bytes.
    item_process
        ``states`` (hidden states) or ``severity`` (one continuous severity, no subtypes).
    dirty
        Whether to add the dirt of real feeds.
    progress
        Told how far the work is.

    Returns
    -------
    tuple of str
        What was written, in sentences.

    Raises
    ------
    AccessError
        If the folder holds something else: an invented feed never mixes with other files.
    ConfigError
        If a setting is not allowed or the folder cannot be written.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / "feed.toml").is_file():
        raise AccessError(f"folder {folder.name!r} holds files that are not an invented feed; name a new folder")
    step = "Inventing a service"
    progress(step, 0, 2)
    service = simulate(ServiceSettings(n_patients=patients, item_process=item_process), seed=seed)
    progress(step, 1, 2)
    write_feed(service, folder, dirty=dirty)
    progress(step, 2, 2)
    rows = ", ".join(f"{len(getattr(service, name)):,} {name}" for name in FEED_TABLES)
    return (
        f"An invented service is in {folder}: {rows}.",
        "Nobody stands behind a row, and nothing found in it is evidence about patients (docs/simulated_service.md).",
    )
