"""How fast and how compact is the library? ``python benchmarks/library.py [occasions] [patients] [folder]``.

An invented feed (patients, referrals, wide PHQ-9 and GAD-7 answers; ``--contacts`` adds a contact for every sitting,
``--quoted`` puts every cell in quotation marks), and each step in its own process: wall and processor seconds, peak
memory, bytes on disk. Parts are sealed, under the open key of an invented source. The peer is pandas, which reads the
same files with `read_csv` and writes them with `to_parquet`: it checks nothing, makes no pseudonym, joins no versions,
seals nothing and keeps no snapshot.
"""

import argparse
import io
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from outcomes.library.intake import folder_source, ingest
from outcomes.library.state import open_stores
from outcomes.library.verify import store_faults
from outcomes.library.view import research_view

SEED = 2026
ITEMS = (*(f"phq9_{item}" for item in range(1, 10)), *(f"gad7_{item}" for item in range(1, 8)))
FIRST_DAY = np.datetime64("2019-01-01")
MEBIBYTE = 1 << 20
STEPS = ("ingest", "ingest again", "read all", "verify", "peer")


def write(folder: Path, name: str, columns: dict[str, np.ndarray | pa.Array], *, quoted: bool) -> None:
    # Without the marks that the writer puts around every name of the header.
    style = "all_valid" if quoted else "none"
    lines = io.BytesIO()
    pyarrow.csv.write_csv(pa.table(columns), lines, pyarrow.csv.WriteOptions(quoting_style=style))
    head, _, rows = lines.getvalue().partition(b"\n")
    (folder / f"{name}.csv").write_bytes((head if quoted else head.replace(b'"', b"")) + b"\n" + rows)


def write_feed(folder: Path, occasions: int, patients: int, *, contacts: bool, quoted: bool) -> None:
    """Severity walks down from session to session; the items follow it, each with its own noise."""
    rng = np.random.default_rng(SEED)
    folder.mkdir(parents=True, exist_ok=True)
    who = np.char.add("P", np.char.zfill(rng.permutation(10 * patients)[:patients].astype(str), 8))
    received = FIRST_DAY + rng.integers(0, 1_500, patients)
    write(
        folder,
        "patients",
        {
            "patient_id": who,
            "nhs_number": (9_000_000_000 + np.arange(patients)).astype(str),
            "birth_date": (np.datetime64("1940-01-01") + rng.integers(0, 23_000, patients)).astype(str),
            "gender": rng.choice(["1", "2", "X"], patients, p=[0.34, 0.64, 0.02]),
            "ethnic_category": rng.choice(list("ABDHMRZ"), patients, p=[0.7, 0.06, 0.04, 0.06, 0.05, 0.02, 0.07]),
            "deprivation_decile": rng.integers(1, 11, patients).astype(str),
        },
        quoted=quoted,
    )
    episode = np.char.add("E", np.arange(patients).astype(str))
    write(
        folder,
        "referrals",
        {
            "patient_id": who,
            "episode_id": episode,
            "received_date": received.astype(str),
            "service_id": rng.choice(["S1", "S2", "S3"], patients),
            "therapist_id": np.char.add("T", rng.integers(0, 400, patients).astype(str)),
            "referral_source": rng.choice(["A1", "B1"], patients),
            "problem_descriptor": rng.choice(["F320", "F411", "F412"], patients),
            "discharge_date": (received + 200).astype(str),
            "end_code": rng.choice(["46", "47"], patients),
        },
        quoted=quoted,
    )
    place = np.sort(rng.integers(0, patients, occasions))
    number = np.arange(occasions) - np.searchsorted(place, place)
    level = rng.normal(0.6, 1.0, patients)[place] - 0.12 * number + rng.normal(0, 0.5, occasions)
    shown = level[:, None] + rng.normal(0, 0.7, (occasions, len(ITEMS)))
    answers = np.digitize(shown, [-0.8, 0.4, 1.4])
    shuffled = rng.permutation(occasions)
    day = (received[place] + 14 + 7 * number).astype(str)
    columns = {"patient_id": who[place], "episode_id": episode[place], "session_date": day}
    columns |= {item: answers[:, spot].astype(np.int8) for spot, item in enumerate(ITEMS)}
    write(folder, "responses", {name: values[shuffled] for name, values in columns.items()}, quoted=quoted)
    if contacts:
        columns = {"patient_id": who[place], "episode_id": episode[place], "contact_date": day}
        columns["contact_id"] = np.char.add("C", np.arange(occasions).astype(str))
        columns["attendance"] = rng.choice(["5", "6", "3", "2"], occasions, p=[0.8, 0.05, 0.1, 0.05])
        columns["appointment_type"] = np.where(number == 0, "01", "02")
        columns["medium"] = rng.choice(["01", "02", "11"], occasions)
        write(folder, "contacts", {name: values[shuffled] for name, values in columns.items()}, quoted=quoted)


def peak() -> float:
    # Of this process alone: what `getrusage` says is inherited from the process that started it.
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def disk(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / MEBIBYTE


def take_in(root: Path) -> dict[str, float]:
    report = ingest(
        folder_source(root / "feed", kind="invented", seed=SEED), library=root / "library", vault=root / "vault"
    )
    return {"rows accepted": int(report.tally["accepted"].sum())}


def read_all(root: Path) -> dict[str, float]:
    view = research_view(root / "library")
    return {"occasions": len(view.tables["occasions"])}


def check(root: Path) -> dict[str, float]:
    stores = open_stores(root / "library", root / "vault", None)
    faults = [*store_faults(stores.library, "snapshot"), *store_faults(stores.vault, "vault")]
    return {"files at fault": len(faults)}


def peer(root: Path) -> dict[str, float]:
    (root / "peer").mkdir(exist_ok=True)
    for path in sorted((root / "feed").glob("*.csv")):
        pd.read_csv(path).to_parquet(root / "peer" / f"{path.stem}.parquet")
    return {}


def step(name: str, root: Path) -> dict[str, float]:
    work: dict[str, Callable[[Path], dict[str, float]]] = {
        "ingest": take_in,
        "ingest again": take_in,
        "read all": read_all,
        "verify": check,
        "peer": peer,
    }
    start, busy = time.perf_counter(), time.process_time()
    found = work[name](root)
    return {
        "wall_s": time.perf_counter() - start,
        "cpu_s": time.process_time() - busy,
        "peak_mib": peak(),
        **found,
    }


@contextmanager
def place(folder: str | None) -> Iterator[Path]:
    if folder:
        yield Path(folder)
        return
    with tempfile.TemporaryDirectory() as temporary:
        yield Path(temporary)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("occasions", nargs="?", type=int, default=1_000_000)
    parser.add_argument("patients", nargs="?", type=int, default=100_000)
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--contacts", action="store_true")
    parser.add_argument("--quoted", action="store_true")
    parser.add_argument("--step", choices=STEPS)
    given = parser.parse_args()
    if given.step:
        print(json.dumps(step(given.step, Path(given.folder))))
        return
    with place(given.folder) as root:
        if not (root / "feed").is_dir():
            write_feed(root / "feed", given.occasions, given.patients, contacts=given.contacts, quoted=given.quoted)
        print(
            f"{given.occasions:,} occasions of {given.patients:,} patients; feed {disk(root / 'feed'):.1f} MiB as CSV"
        )
        for name in STEPS:
            command = [sys.executable, __file__, str(given.occasions), str(given.patients), str(root), "--step", name]
            said = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)  # noqa: S603
            print(f"{name:<14}" + "  ".join(f"{key} {value:,.2f}" for key, value in said.items()), flush=True)
        for name in ("library", "vault", "peer"):  # every file: parts, manifests, HEAD, notes
            size, other = disk(root / name) * MEBIBYTE, disk(root / "peer") * MEBIBYTE
            print(f"{name:<14}{size:12,.0f} bytes on disk, {size / other:.2f} of what the peer takes")


if __name__ == "__main__":
    main()
