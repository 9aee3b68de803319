"""How long does it take to forget one person? ``python benchmarks/library_erasure.py [occasions] [patients] [folder]``.

The invented feed of `benchmarks/library.py`, taken in once. Then, in a process of its own, the erasure of one person
from library and vault: found by NHS number, parts rewritten, history dropped, tombstone set; and a check that nobody
of that number is known any longer. Wall and processor seconds, bytes rewritten.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

from library import SEED, disk, place, take_in, write_feed

from outcomes.library.erase import erase, find, naming_key
from outcomes.library.state import open_stores
from outcomes.library.tombstones import settle_intent

WHO = 4_711  # the row of the patients file whose person is forgotten


def numbers(root: Path) -> dict[str, float]:
    """Erase one person, and say what it took."""
    with (root / "feed" / "patients.csv").open(encoding="utf-8") as lines:
        number = next(line for row, line in enumerate(lines) if row == WHO).split(",")[1].strip('"')
    stores = open_stores(root / "library", root / "vault", None)
    parts = {path for store in (stores.library, stores.vault) for path in store.root.rglob("*.part")}
    start, busy = time.perf_counter(), time.process_time()
    key = naming_key(stores, None, seed=SEED)
    told = erase(stores, find(stores, [number], domain="nhs_number"), key)
    with stores.vault.writing():
        settle_intent(stores.library.root, stores.vault)
    wall, cpu = time.perf_counter() - start, time.process_time() - busy
    fresh = {path for store in (stores.library, stores.vault) for path in store.root.rglob("*.part")} - parts
    left = find(stores, [number], domain="nhs_number")
    assert (told.people, left.unknown) == (1, 1)
    return {
        "wall_s": wall,
        "cpu_s": cpu,
        "rows erased": sum(told.library.values()) + sum(told.vault.values()),
        "parts rewritten": len(fresh),
        "MiB rewritten": sum(path.stat().st_size for path in fresh) / (1 << 20),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("occasions", nargs="?", type=int, default=1_000_000)
    parser.add_argument("patients", nargs="?", type=int, default=100_000)
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--step", action="store_true")
    given = parser.parse_args()
    if given.step:
        print(json.dumps(numbers(Path(given.folder))))
        return
    with place(given.folder) as root:
        if not (root / "feed").is_dir():
            write_feed(root / "feed", given.occasions, given.patients, contacts=False, quoted=False)
        if not (root / "library").is_dir():
            take_in(root)
        print(
            f"{given.occasions:,} occasions of {given.patients:,} patients; library {disk(root / 'library'):.1f} MiB, "
            f"vault {disk(root / 'vault'):.1f} MiB"
        )
        command = [sys.executable, __file__, str(given.occasions), str(given.patients), str(root), "--step"]
        told = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  this file
        said = json.loads(told.stdout)
        print("erase one     " + "  ".join(f"{key} {value:,.2f}" for key, value in said.items()))


if __name__ == "__main__":
    main()
