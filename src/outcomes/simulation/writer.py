"""How does an invented service become a folder that intake reads? CSV tables, a note, and the truth apart from them."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pa_parquet

from outcomes.errors import ConfigError
from outcomes.simulation.dirt import soil
from outcomes.simulation.service import SimulatedService

FEED_TABLES = ("patients", "referrals", "contacts", "responses")
GENERATOR = "outcomes.simulation"


def write_feed(service: SimulatedService, folder: Path, *, dirty: bool = False) -> None:
    """Write an invented service as a folder that intake reads.

    `patients.csv`, `referrals.csv`, `contacts.csv` and `responses.csv` hold the feed, `feed.toml` says what it is, and
    `truth/` holds Parquet tables that no intake reads. The same service gives the same bytes.

    Parameters
    ----------
    service : SimulatedService
        What `simulate` returned.
    folder : Path
        Where to write; made if it is not there, files of the same names are replaced.
    dirty : bool
        Whether to soil the feed as real extracts are soiled; `truth/dirt.csv` then lists every row touched.

    Raises
    ------
    ConfigError
        If the folder cannot be written.
    """
    tables = {name: getattr(service, name) for name in FEED_TABLES}
    truth = folder / "truth"
    try:
        truth.mkdir(parents=True, exist_ok=True)
        if dirty:
            tables, ledger = soil(tables, service.seed, service.settings)
            _write_csv(ledger, truth / "dirt.csv")
        else:
            (truth / "dirt.csv").unlink(missing_ok=True)
        for name, table in tables.items():
            _write_csv(table, folder / f"{name}.csv")
        for name, table in service.truth.items():
            _write_parquet(table, truth / f"{name}.parquet")
        (folder / "feed.toml").write_text(_note(service, tables, dirty=dirty), encoding="utf-8", newline="\n")
    except OSError as fault:
        raise ConfigError(f"the feed cannot be written to folder {folder.name!r}: {fault.strerror}") from None


def _write_csv(table: pd.DataFrame, path: Path) -> None:
    table.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def _write_parquet(table: pd.DataFrame, path: Path) -> None:
    plain = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
    pa_parquet.write_table(plain, path, compression="zstd")


def _note(service: SimulatedService, tables: dict[str, pd.DataFrame], *, dirty: bool) -> str:
    settings = service.settings
    lines = [
        "# An invented service: nothing here is about a person, and nothing is evidence about patients.",
        'kind = "invented"',
        f'generator = "{GENERATOR}"',
        f"seed = {service.seed}",
        f"dirty = {str(dirty).lower()}",
        'format = "tidy_wide"',
        f"n_patients = {settings.n_patients}",
        f'item_process = "{settings.item_process}"',
        f"first_received = {settings.first_received.isoformat()}",
        f"last_received = {settings.last_received.isoformat()}",
        f"extract_date = {settings.extract_date.isoformat()}",
        "",
        "[rows]",
        *[f"{name} = {len(table)}" for name, table in tables.items()],
    ]
    return "\n".join(lines) + "\n"
