"""How long does the invented service take, and how much memory? ``benchmarks/simulation.py [patients] [process]``."""

import resource
import sys
import tempfile
import time
from pathlib import Path

from outcomes.simulation.service import simulate
from outcomes.simulation.settings import ServiceSettings
from outcomes.simulation.writer import write_feed


def main() -> None:
    n_patients = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    process = sys.argv[2] if len(sys.argv) > 2 else "states"
    settings = ServiceSettings(n_patients=n_patients, item_process=process)
    wall, busy = time.perf_counter(), time.process_time()
    service = simulate(settings, seed=1)
    print(f"simulate  {time.perf_counter() - wall:6.1f} s wall {time.process_time() - busy:6.1f} s processor")
    rows = {name: len(getattr(service, name)) for name in ("referrals", "contacts", "responses")}
    print("          " + ", ".join(f"{count:,} {name}" for name, count in rows.items()))
    with tempfile.TemporaryDirectory() as folder:
        for dirty in (False, True):
            wall, busy = time.perf_counter(), time.process_time()
            write_feed(service, Path(folder), dirty=dirty)
            name = "write dirty" if dirty else "write"
            print(f"{name:<9} {time.perf_counter() - wall:6.1f} s wall {time.process_time() - busy:6.1f} s processor")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 if sys.platform == "darwin" else 1024) / 1024
    print(f"peak memory {peak if sys.platform != 'darwin' else peak / 1024:.2f} GB")


if __name__ == "__main__":
    main()
