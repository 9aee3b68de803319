"""How much memory does a file take that is made to break a reader? ``python benchmarks/library_bombs.py``.

Gzip and Parquet bombs, 20,000 columns, a cell of 3 MiB: each is taken in by a process of its own, which prints what
became of it, its peak memory, and whether any message, report or byte of library and vault holds the text of the cell.
"""

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from outcomes.errors import OutcomesError
from outcomes.library.intake import FeedRefused, Source, ingest

CELL = "Zz9SecretCell"
HUGE = CELL * (3 * (1 << 20) // len(CELL))
HEAD = "patient_id,session_date,phq9_1\n"
ROW = "A,2022-04-05,1\n"
BLOCK = ROW.encode() * 65_536
MOST_MIB = 1_024


def small_gzip_bomb(folder: Path) -> Path:
    path = folder / "small_gzip_bomb.csv.gz"
    path.write_bytes(gzip.compress(HEAD.encode() + BLOCK * 64))
    return path


def large_gzip_bomb(folder: Path) -> Path:
    path = folder / "large_gzip_bomb.csv.gz"
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(HEAD.encode())
        for _ in range(3_000):
            stream.write(BLOCK)
    return path


def columns_20_000(folder: Path) -> Path:
    path = folder / "columns.csv"
    names = ",".join(f"{CELL}{place}" for place in range(20_000))
    path.write_text(f"{HEAD.strip()},{names}\n{ROW.strip()}{',1' * 20_000}\n")
    return path


def huge_cell(folder: Path) -> Path:
    path = folder / "cell.csv"
    path.write_text(f"{HEAD}{HUGE},2022-04-05,1\n{ROW}")
    return path


def huge_quoted_cell(folder: Path) -> Path:
    path = folder / "quoted_cell.csv"
    path.write_text(f'{HEAD}"{HUGE}, and more",2022-04-05,1\n{ROW}')
    return path


def huge_name(folder: Path) -> Path:
    path = folder / "name.csv"
    path.write_text(f"{HEAD.strip()},{HUGE}\n{ROW.strip()},1\n")
    return path


def huge_cell_meant_half_a_million_times(folder: Path) -> Path:
    path = folder / "dictionary.parquet"
    people = pa.DictionaryArray.from_arrays(pa.array([0] * 500_000, pa.int32()), pa.array([HUGE]))
    pq.write_table(pa.table({"patient_id": people, "phq9_1": pa.array([1] * 500_000)}), path)
    return path


def compressed_parquet_bomb(folder: Path) -> Path:
    path = folder / "packed.parquet"
    table = pa.table({"patient_id": pa.array(["x" * 1_000_000] * 900, pa.large_string()), "phq9_1": [1] * 900})
    pq.write_table(table, path, use_dictionary=False, compression="zstd")
    return path


BOMBS: tuple[Callable[[Path], Path], ...] = (
    small_gzip_bomb,
    large_gzip_bomb,
    columns_20_000,
    huge_cell,
    huge_quoted_cell,
    huge_name,
    huge_cell_meant_half_a_million_times,
    compressed_parquet_bomb,
)


def peak() -> float:
    """Peak memory of this process in MiB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1_024


def take_in(path: Path, root: Path) -> dict[str, object]:
    """Take one file in, and say what became of it."""
    source = Source(
        format="tidy_wide", kind="anonymised", reason="made to break a reader", files={"responses": (path,)}
    )
    try:
        report = ingest(source, library=root / "library", vault=root / "vault")
        said = ""
    except FeedRefused as error:
        report, said = error.report, str(error)
    except OutcomesError as error:
        return {
            "became": f"error: {type(error).__name__}",
            "peak_mib": peak(),
            "echoed": CELL in str(error),
            "adds_up": False,
        }
    said += report.text() + report.quarantine_sheet()
    kept = [place for place in root.rglob("*") if place.is_file() and place != path]
    echoed = CELL in said or any(CELL.encode() in place.read_bytes() for place in kept)
    rules = sorted(set(report.quarantine["rule"]))
    return {
        "became": ("accepted but for " if report.snapshot else "refused: ") + ", ".join(rules),
        "peak_mib": peak(),
        "echoed": echoed,
        "adds_up": report.adds_up,
    }


def apart(path: Path) -> dict[str, object]:
    """Take one file in, in a process of its own."""
    with tempfile.TemporaryDirectory() as root:
        command = [sys.executable, __file__, "--file", str(path), "--root", root]
        return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))  # noqa: S603


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--root", type=Path)
    given = parser.parse_args()
    if given.file:
        print(json.dumps(take_in(given.file, given.root)))
        return
    with tempfile.TemporaryDirectory() as folder:
        for make in BOMBS:
            path = make(Path(folder))
            told = apart(path)
            right = told["adds_up"] and not told["echoed"] and float(str(told["peak_mib"])) < MOST_MIB
            size = path.stat().st_size / (1 << 20)
            print(
                f"{make.__name__:<38}{size:>7.2f} MiB  {told['peak_mib']:>7.0f} MiB at peak  "
                f"{'echoed' if told['echoed'] else 'no echo'}  {told['became']}  {'' if right else 'WRONG'}"
            )


if __name__ == "__main__":
    main()
