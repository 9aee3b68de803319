"""Does the library keep what it promises, at full counts? ``python benchmarks/library_security.py [--small]``.

1. 50 of 500 people opt out: every research output (run, measures, export) before any purge is compared, byte for byte,
   with that of a library that never held them; and once more with the filter taken out, when it has to differ.
2. 200 flipped bits anywhere in library, vault and audit log; lines removed, reordered and cut off, a library put back.
3. Keys: every window of eight bytes of every key (raw, hexadecimal, base64) is looked for in arguments and environment
   of a command at work, in library, vault, audit log, reports, tracking store and output.
4. A dictionary of a million plain identifiers, plain and under unkeyed hashes, against every name in the library.
5. A key given in the wrong place: region, role, purpose.
"""

import argparse
import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from outcomes.cli import main as command_line
from outcomes.library import audit, view
from outcomes.library.roles import create_keys
from outcomes.library.sealing import library_key
from outcomes.library.store import Store
from outcomes.library.verify import verify
from outcomes.library.view import research_view
from outcomes.studies.feed import write_invented_feed
from outcomes.tables.canonical import library_tables

EXPERIMENT = """
[study]
name = "service"
title = "A service of five hundred people"
question = "Does nobody who opted out stand behind a number?"
seed = 11
project = "all"

[source]
format = "tidy_wide"
kind = "identified"
reason = "made for a benchmark"

[fairness]
by = ["gender"]
"""
WINDOW = 8


def project() -> str:
    names = {table: list(one.names) for table, one in library_tables().items()}
    fields = "\n".join(f"{table} = {json.dumps(columns)}" for table, columns in names.items())
    return (
        f'[[project]]\nname = "all"\npurpose = "benchmark"\nlegal_basis = "none needed"\nends = 2099-12-31\n'
        f"tables = {json.dumps(list(names))}\n[project.fields]\n{fields}\n"
    )


class Site:
    """One workspace with its keys, projects and experiment."""

    def __init__(self, root: Path, keys: Path) -> None:
        self.root, self.keys = root, keys
        root.mkdir(parents=True)
        (root / "experiment.toml").write_text(EXPERIMENT)
        (root / "projects.toml").write_text(project())
        self.workspace = root / "var"
        self.library, self.vault, self.log = (
            self.workspace / "service" / name for name in ("library", "vault", "audit")
        )

    def ask(self, *words: object, role: str = "steward", expect: int = 0) -> None:
        reports = ("--reports", self.root / "reports") if words[0] == "run" else ()
        said = (*words, *reports, "--workspace", self.workspace, "--keys", self.keys / role)
        code = command_line([str(words[0]), str(self.root / "experiment.toml"), *map(str, said[1:])])
        assert code == expect, (words[0], code)

    def fill(self, feed: Path, allowed: Iterable[str]) -> None:
        answer = self.root / f"X26HC036-{datetime.now(tz=UTC):%d%m%y}-0001.dat"
        answer.write_text("".join(f"{number},\n" for number in allowed))
        self.ask("projects", "--register", self.root / "projects.toml")
        self.ask("ingest", "--source", feed)
        self.ask("optout", "--allowlist", answer)

    def outputs(self) -> dict[str, bytes]:
        """Every file of the reports and of the extract; what says the state of the library said alike."""
        self.ask("run", "--no-tracking", role="analyst")
        self.ask("export", "--project", "all", "--to", self.root / "extract", role="release")
        found = {}
        for folder in (self.root / "reports", self.root / "extract"):
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    found[str(path.relative_to(self.root))] = alike(path.read_bytes())
        return found


def alike(content: bytes) -> bytes:
    for pattern in (rb"\b[0-9a-f]{32,64}\b", rb"[\d,]+ of [\d,]+ people are not on it", rb'"(number|log)": [^,}]+'):
        content = re.sub(pattern, b"", content)
    return content


def opted_out(root: Path, people: int, gone: int) -> tuple[Site, Path]:
    keys, feed, less = root / "keys", root / "feed", root / "less"
    create_keys(keys, region="uk")
    write_invented_feed(feed, patients=people, seed=7)
    patients = pd.read_csv(feed / "patients.csv", dtype=str, keep_default_na=False)
    leaving = set(patients["patient_id"].iloc[:: people // gone].head(gone))
    less.mkdir()
    last_day = []
    for path in feed.glob("*.csv"):
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        last_day += [table[name].max() for name in table if name.endswith("_date") and name != "birth_date"]
        table[~table["patient_id"].isin(leaving)].to_csv(less / path.name, index=False)
    declared = EXPERIMENT.replace("[fairness]", f"extract_date = {max(last_day)[:10]}\n\n[fairness]")
    sites = {"with": Site(root / "with", keys), "without": Site(root / "without", keys)}
    allowed = patients.loc[~patients["patient_id"].isin(leaving), "nhs_number"]
    for name, site in sites.items():
        (site.root / "experiment.toml").write_text(declared)
        site.fill(feed if name == "with" else less, allowed)
    held = Store(sites["with"].library, key=library_key(keys))
    everybody = held.tables(held.committed()["snapshot"])["patients"]
    one, other = (site.outputs() for site in sites.values())
    seen = research_view(sites["with"].library, keys=keys, project="all").tables
    names = set(everybody["pseudonym"]) - set(
        research_view(sites["without"].library, keys=keys, project="all").tables["patients"]["pseudonym"]
    )
    rows = sum(int(frame["pseudonym"].isin(list(names)).sum()) for frame in seen.values())
    differing = sorted(name for name in {*one, *other} if one.get(name) != other.get(name))
    print(f"opted out: {len(names)} of {len(everybody)}, all still in the library (no purge yet)")
    print(f"  rows of theirs in the research view: {rows}")
    print(
        f"  files of run and export that differ from a library without them: {len(differing)} of {len(one)} {differing}"
    )
    kept = view.only
    view.only = lambda frame, _allowed: frame
    shutil.rmtree(sites["with"].root / "extract")
    mutated = sites["with"].outputs()
    view.only = kept
    red = sum(mutated.get(name) != other.get(name) for name in other)
    print(f"  with the filter taken out: {red} of {len(other)} files differ (has to be more than 0)")
    assert (len(names), rows, differing) == (gone, 0, [])
    assert red > 0
    return sites["with"], feed


def faults(site: Site) -> int:
    return len(verify(site.library, site.vault, site.log, keys=site.keys).faults)


def tampered(site: Site, flips: int) -> None:
    rng, found = np.random.default_rng(5), 0
    folders = (site.library, site.vault, site.log)
    known = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file() and path.stat().st_size)
    sizes = np.array([path.stat().st_size for path in known])
    assert faults(site) == 0
    for number in range(flips):  # half of them by weight of bytes, half by file
        weights = sizes / sizes.sum() if number % 2 else None
        path = known[int(rng.choice(len(known), p=weights))]
        content = path.read_bytes()
        changed = bytearray(content)
        changed[int(rng.integers(len(content)))] ^= 1 << int(rng.integers(8))
        path.write_bytes(bytes(changed))
        found += faults(site) > 0
        path.write_bytes(content)
    print(f"flipped bits found: {found} of {flips} (in {len(known)} files)")
    assert found == flips
    assert faults(site) == 0
    found, log = 0, site.log / audit.LOG
    lines = log.read_text().splitlines(keepends=True)
    for kept in (
        [*lines[:2], *lines[3:]],
        [*lines[:2], lines[3], lines[2], *lines[4:]],
        lines[:-2],
    ):
        log.write_text("".join(kept))
        found += faults(site) > 0
    log.write_text("".join(lines))
    copy = site.root / "copy"
    shutil.copytree(site.library, copy)
    answer = next(site.root.glob("*.dat"))
    site.ask("ingest", "--source", site.root.parent / "less")
    site.ask("optout", "--allowlist", answer)
    later = site.root / "later"
    site.library.rename(later)
    copy.rename(site.library)
    found += faults(site) > 0
    shutil.rmtree(site.library)
    later.rename(site.library)
    print(f"audit line removed, reordered, cut off; library put back: {found} of 4 found")
    assert found == 4
    assert faults(site) == 0


def windows(keys: Path) -> dict[str, set[bytes]]:
    """Every window of a key, raw and as it would look in hexadecimal and base64."""
    secrets = {base64.b64decode(path.read_text().splitlines()[1]) for path in keys.glob("*/*.key")}
    raw = {secret[place : place + WINDOW] for secret in secrets for place in range(len(secret) - WINDOW + 1)}
    text = {base64.b64encode(secret)[place : place + 11] for secret in secrets for place in range(0, 33)}
    return {"raw": raw, "hexadecimal": {one.hex().encode() for one in raw}, "base64": text}


def holds(content: bytes, wanted: dict[str, set[bytes]]) -> int:
    found = 0
    for kind, needles in wanted.items():
        size = len(next(iter(needles)))
        found += (
            len({content[place : place + size] for place in range(len(content) - size + 1)} & needles)
            if (kind == "raw")
            else sum(needle in content for needle in needles)
        )
    return found


def leaked(site: Site) -> None:
    wanted, said = windows(site.keys), []
    program = "import sys; from outcomes.cli import main; sys.exit(main(sys.argv[1:]))"
    words = ["run", str(site.root / "experiment.toml"), "--reports", str(site.root / "tracked")]
    words += ["--workspace", str(site.workspace), "--keys", str(site.keys / "steward")]
    worker = subprocess.Popen(  # noqa: S603  our own program
        [sys.executable, "-c", program, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ}
    )
    arguments = set[bytes]()
    while worker.poll() is None:
        for name in ("cmdline", "environ"):
            try:
                arguments.add(Path(f"/proc/{worker.pid}/{name}").read_bytes())
            except OSError:
                break
        time.sleep(0.2)
        if worker.stdout is not None and len(arguments) > 50:
            break
    output = worker.communicate()[0]
    assert worker.returncode == 0, output.decode()
    files = [path for path in site.root.rglob("*") if path.is_file()]
    contents = [*arguments, output, *(path.read_bytes() for path in files), *(path.name.encode() for path in files)]
    said = sum(holds(content, wanted) for content in contents)
    control = holds(next(site.keys.glob("*/*.key")).read_bytes(), wanted)
    print(
        f"keys: {said} windows found in arguments, environment, output and {len(files)} files "
        f"({sum(map(len, contents)):,} bytes); in a key file itself {control}"
    )
    assert said == 0
    assert control > 0


def dictionary(site: Site, feed: Path, size: int) -> None:
    shelf = Store(site.library, key=library_key(site.keys))
    known = set[str]()
    for table in shelf.tables(shelf.committed()["snapshot"]).values():
        for name in ("pseudonym", "referral", "therapist"):
            if name in table:
                known |= set(table[name].dropna())
    known |= {path.stem[:32] for path in site.library.rglob("*") if path.is_file()}
    patients = pd.read_csv(feed / "patients.csv", dtype=str, keep_default_na=False)
    real = [*patients["patient_id"], *patients["nhs_number"]]
    guesses = [
        *real,
        *(f"P{number:07d}" for number in range(size // 2)),
        *(str(9_990_000_000 + n) for n in range(size // 2)),
    ]
    matches = 0
    for guess in guesses:
        plain = guess.encode()
        matches += guess in known
        for name in ("md5", "sha1", "sha256"):
            matches += hashlib.new(name, plain).hexdigest()[:32] in known
    print(f"dictionary: {len(guesses):,} plain identifiers against {len(known):,} names: {matches} matches")
    assert matches == 0


def wrong_keys(site: Site, root: Path) -> None:
    create_keys(root / "us", region="us")
    create_keys(root / "others", region="uk")
    refused = 0
    for keys in (root / "us", root / "others", site.keys / "care", site.keys / "auditor"):
        try:
            research_view(site.library, keys=keys, project="all")
        except Exception as error:  # noqa: BLE001  whatever it is, it has to be ours
            refused += type(error).__name__ == "AccessError"
    print(f"keys of another region, another set, care, auditor: {refused} of 4 refused")
    assert refused == 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="a tenth of the counts")
    small = parser.parse_args().small
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        site, feed = opted_out(root, *((200, 20) if small else (500, 50)))
        tampered(site, 20 if small else 200)
        dictionary(site, feed, 100_000 if small else 1_000_000)
        wrong_keys(site, root)
        leaked(site)


if __name__ == "__main__":
    main()
