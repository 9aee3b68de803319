"""What does a kill leave behind? ``python benchmarks/library_kills.py [--kills 100] [--train 10] [--patients 600]``.

A process that takes a feed in, forgets a person or runs a study is killed (signal 9) at a random moment, again and
again. Then: is the snapshot that is read a whole one, is every row there that was acknowledged, does the same command
complete what was begun, and is everything verified clean after it? Two thirds of the kills of intake and erasure come
after the first byte was written; how many fell before the new HEAD was in place is counted.
"""

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from outcomes.errors import OutcomesError
from outcomes.library.intake import folder_source, ingest
from outcomes.library.lineage import note
from outcomes.library.state import open_stores
from outcomes.library.tombstones import intended
from outcomes.library.verify import verify
from outcomes.library.view import research_view
from outcomes.studies.erasing import erase_people
from outcomes.studies.feed import write_invented_feed
from outcomes.studies.opening import Request
from outcomes.studies.whole import run_study
from outcomes.tracking.erasing import runs_of
from outcomes.tracking.opening import Subject, tracker

SEED, STUDY = 7, "kills"
EXPERIMENT = f"""
[study]
name = "{STUDY}"
title = "A service that is killed"
question = "What does a kill leave behind?"
seed = 11

[source]
format = "tidy_wide"
kind = "invented"
reason = "invented to be killed"
seed = {SEED}

[prognosis]
target = {{ kind = "reliable_improvement" }}
landmarks = [0]
folds = 2
resamples = 100
"""
WRITES = os.O_WRONLY | os.O_RDWR
BEGUN, SHOWN, DONE = b"b", b"h", b"d"


class Place:
    """One workspace, and what is done in it."""

    def __init__(self, root: Path, feed: Path) -> None:
        self.root, self.feed = root, feed
        self.request = Request(feed.parent / "experiment.toml", root / "var", root / "reports", source=feed)
        _, self.home = self.request.read()

    def take_in(self) -> None:
        source = folder_source(self.feed, kind="invented", reason="invented to be killed", seed=SEED)
        ingest(source, library=self.home.library, vault=self.home.vault)

    def forget(self, who: str) -> None:
        if intended(self.home.library) is not None:
            erase_people(self.request, ())
        try:
            erase_people(self.request, [who])
        except OutcomesError:  # nobody of that name any longer
            if who in self.people():
                raise

    def train(self) -> None:
        run_study(self.request, tracking=True)

    def people(self) -> set[str]:
        stores = open_stores(self.home.library, self.home.vault, None)
        state = stores.library.head()["vault"]
        return set(stores.vault.tables(state, ("people",))["people"]["patient_id"])

    def snapshot(self) -> str:
        return str(open_stores(self.home.library, self.home.vault, None).library.head()["current"])

    def faults(self) -> tuple[str, ...]:
        return tuple(verify(self.home.library, self.home.vault, self.home.audit).faults)


def child(work: Callable[[], object], tell: int | None = None) -> int:
    """Fork; the child works, tells through a pipe what it has written, and leaves."""
    process = os.fork()
    if process:
        return process
    code = 1
    try:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        if tell is not None:
            watch(tell)
        work()
        code = 0
        if tell is not None:
            os.write(tell, DONE)
    except BaseException as error:  # noqa: BLE001  a child says it by its exit code
        Path(tempfile.gettempdir(), "library_kills_last_error.txt").write_text(f"{type(error).__name__}: {error}")
    os._exit(code)


def watch(tell: int) -> None:
    """Say when the first byte of a store is about to be written, and when HEAD has been replaced."""
    opened, replaced, begun = os.open, Path.replace, []

    def open_(place, flags, *rest, **named):
        name = os.fspath(place)
        if flags & WRITES and not begun and name.endswith(".partial"):
            begun.append(name)
            os.write(tell, BEGUN)
        return opened(place, flags, *rest, **named)

    def replace(self, target):
        done = replaced(self, target)
        if Path(target).name == "HEAD" and Path(target).parent.name == "library":
            os.write(tell, SHOWN)
        return done

    os.open, Path.replace = open_, replace


def wait(process: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def run(work: Callable[[], object]) -> None:
    if wait(child(work)) != 0:
        raise SystemExit(Path(tempfile.gettempdir(), "library_kills_last_error.txt").read_text())


def timed(work: Callable[[], object]) -> tuple[float, float, float]:
    """Seconds from the start to the first byte, to the new HEAD, and to the end of a process that is not killed."""
    seen, sending = os.pipe()
    start, times = time.monotonic(), {}
    process = child(work, sending)
    os.close(sending)
    while said := os.read(seen, 1):
        times.setdefault(said, time.monotonic() - start)
    os.close(seen)
    wait(process)
    end = time.monotonic() - start
    return times.get(BEGUN, end), times.get(SHOWN, end), end


def killed(work: Callable[[], object], *, after: float, of: bytes) -> set[bytes]:
    """Kill a process some seconds after it has said something (or was started), and say how far it was."""
    seen, sending = os.pipe()
    process = child(work, sending)
    os.close(sending)
    said = set()
    while of and of not in said and (one := os.read(seen, 1)):
        said.add(one)
    time.sleep(after)
    os.kill(process, signal.SIGKILL)
    wait(process)
    while one := os.read(seen, 1):
        said.add(one)
    os.close(seen)
    return said


def halves(root: Path, patients: int) -> tuple[Path, Path]:
    """A feed, and one with the rows of its first half of the people only."""
    whole, half = root / "whole", root / "half"
    write_invented_feed(whole, patients=patients, seed=SEED)
    shutil.rmtree(whole / "truth", ignore_errors=True)
    shutil.copytree(whole, half)
    people = pd.read_csv(whole / "patients.csv", dtype="str")["patient_id"]
    early = set(people[: len(people) // 2])
    for path in half.glob("*.csv"):
        rows = pd.read_csv(path, dtype="str", keep_default_na=False)
        if "patient_id" in rows:
            rows[rows["patient_id"].isin(early)].to_csv(path, index=False)
    return whole, half


def prepared(root: Path, feed: Path, *, tracked: bool) -> Place:
    """A library, a tracked run and a model that were made from it."""
    place = Place(root, feed)
    run(place.take_in)
    if tracked:
        run(lambda: track(place))
    return place


def track(place: Place) -> None:
    view = research_view(place.home.library)
    about = Subject(STUDY, "Does it run?", view.snapshot, "invented", "nhs_talking_therapies_v2_1", "midpoint6", {})
    with tracker(about, store=place.home.mlflow) as record:
        record.model("model.json", '{"made": "from everybody"}')
        stores = open_stores(place.home.library, place.home.vault, None)
        note(stores.library, what="run", place=f"mlflow/{record.run_id}", snapshot=view.snapshot, made_by="a benchmark")


def check_intake(place: Place, said: set[bytes], known: dict[str, set[str]], tally: Counter) -> None:
    now = place.snapshot()
    tally["partial snapshots"] += now not in known
    tally["acknowledged rows lost"] += not known["before"] <= place.people()
    tally["acknowledged rows lost"] += DONE in said and place.people() != known["after"]
    rows = research_view(place.home.library).tables
    tally["partial snapshots"] += len(rows["patients"]) != len(known.get(now, ()))


def check_erasure(place: Place, who: str, known: dict[str, set[str]], tally: Counter) -> None:
    begun = intended(place.home.library) is not None
    here = who in place.people()
    tally["partial snapshots"] += place.snapshot() not in known
    tally["acknowledged rows lost"] += not known["before"] - {who} <= place.people()
    tally["untouched"] += here and not begun
    tally["begun, readers refused"] += begun
    if begun:
        try:
            research_view(place.home.library)
        except OutcomesError:
            return
        tally["read half way"] += 1


def clean(place: Place, tally: Counter) -> None:
    found = place.faults()
    if found:
        print("    not clean: " + "; ".join(found), flush=True)
    tally["not clean after the next command"] += found != ()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=90, help="of intake and erasure together")
    parser.add_argument("--train", type=int, default=10)
    parser.add_argument("--patients", type=int, default=600)
    parser.add_argument("--seed", type=int, default=2026)
    given = parser.parse_args()
    dice = random.Random(given.seed)  # noqa: S311  moments, not secrets
    tally: Counter = Counter()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "experiment.toml").write_text(EXPERIMENT)
        whole, half = halves(root, given.patients)
        kills = {"ingest": given.kills // 2, "erase": given.kills - given.kills // 2, "train": given.train}
        for what, count in kills.items():
            if count:
                told = rounds(what, count, root, (whole, half), dice)
                print(f"{what:<8}" + "  ".join(f"{name} {number}" for name, number in sorted(told.items())), flush=True)
                tally += told
    wrong = (
        "partial snapshots",
        "acknowledged rows lost",
        "read half way",
        "not clean after the next command",
        "not completed",
    )
    print(
        f"{tally['kills']} kills, {tally['between first byte and new HEAD']} between the first byte and the new HEAD: "
        + ", ".join(f"{tally[name]} {name}" for name in wrong)
    )
    sys.exit(1 if any(tally[name] for name in wrong) else 0)


def rounds(what: str, count: int, root: Path, feeds: tuple[Path, Path], dice: random.Random) -> Counter:
    """Kill one kind of work, some times."""
    whole, half = feeds
    base = root / what / "base"
    first = prepared(base, half if what == "ingest" else whole, tracked=what == "erase")
    who = sorted(first.people())[3]
    known = {"before": first.people(), first.snapshot(): first.people()}

    def begin(number: int) -> tuple[Place, Callable[[], object]]:
        shutil.rmtree(root / what / "again", ignore_errors=True)
        shutil.copytree(base, root / what / "again")
        place = Place(root / what / "again", whole)
        moved(base, root / what / "again")
        return place, {"ingest": place.take_in, "erase": lambda: place.forget(who), "train": place.train}[what]

    place, work = begin(-1)
    marks = timed(work)
    known |= {"after": place.people(), place.snapshot(): place.people()}
    print(
        f"{what:<8}first byte after {marks[0]:.2f} s, new HEAD after {marks[1]:.2f} s, end after {marks[2]:.2f} s",
        flush=True,
    )
    tally: Counter = Counter()
    for number in range(count):
        place, work = begin(number)
        inside = number % 3 != 0 and what != "train"
        of, longest = (BEGUN, marks[1] - marks[0]) if inside else (b"", marks[2])
        said = killed(work, after=dice.uniform(0, longest), of=of)
        tally["kills"] += 1
        tally["between first byte and new HEAD"] += BEGUN in said and SHOWN not in said and what != "train"
        tally["had ended"] += DONE in said
        if what == "ingest":
            check_intake(place, said, known, tally)
        elif what == "erase":
            check_erasure(place, who, known, tally)
        else:
            tally["half a report"] += place.home.report.exists() and not (place.home.report / "metrics.json").is_file()
            tally["partial snapshots"] += place.snapshot() not in known
        if what != "train" or number == count - 1:
            run(work)  # the same command again
        tally["not completed"] += what != "train" and (
            place.snapshot() not in known or place.people() != known["after"]
        )
        if what == "erase":
            tally["not completed"] += bool(runs_of(place.home.mlflow, {first.snapshot()}))
        clean(place, tally)
    return tally


def moved(old: Path, new: Path) -> None:
    """Tell the copied MLflow store where it lies now."""
    base = new / "var" / "mlflow" / "mlflow.db"
    if base.is_file():
        import sqlite3  # noqa: PLC0415

        with sqlite3.connect(base) as rows:
            for table, column in (("runs", "artifact_uri"), ("experiments", "artifact_location")):
                rows.execute(f"UPDATE {table} SET {column} = replace({column}, ?, ?)", (str(old), str(new)))  # noqa: S608
        rows.close()


if __name__ == "__main__":
    main()
