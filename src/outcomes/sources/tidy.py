"""Which reader opens a file of a tidy feed? The name's ending decides, and nothing else."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from outcomes.errors import ConfigError
from outcomes.sources import columnar, delimited
from outcomes.sources.raw import Dialect, Limits, RawTable, refused

TEXT_ENDINGS: Final = (".csv", ".csv.gz", ".tsv", ".txt")
COLUMNAR_ENDINGS: Final = (".parquet",)


def read(
    path: Path, wanted: Mapping[str, str], *, dialect: Dialect | None = None, limits: Limits | None = None
) -> RawTable:
    """Read the wanted columns of one file of a tidy feed as text.

    Parameters
    ----------
    path : Path
        A file ending in .csv, .csv.gz, .tsv, .txt or .parquet.
    wanted : mapping of str to str
        Name in the feed table to name in the file.
    dialect : Dialect, optional
        Encoding and delimiter of text files.
    limits : Limits, optional
        Size caps.

    Returns
    -------
    RawTable
        Cells as text, or the rule that refuses the file.

    Raises
    ------
    ConfigError
        If the ending is none of those.
    """
    if not path.is_file():
        return refused("file_not_found", 0)
    name = path.name.lower()
    if name.endswith(TEXT_ENDINGS):
        return delimited.read(path, wanted, dialect=dialect, limits=limits)
    if name.endswith(COLUMNAR_ENDINGS):
        return columnar.read(path, wanted, limits=limits)
    raise ConfigError(f"{path.name}: a feed file ends in one of {', '.join(TEXT_ENDINGS + COLUMNAR_ENDINGS)}")
