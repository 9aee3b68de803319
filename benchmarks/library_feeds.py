"""Does a damaged feed ever break the library? ``python benchmarks/library_feeds.py [feeds] [first seed]``.

Each feed is a small clean one with one to three wounds in one of its files: a flipped bit, a cut, a deleted or repeated
line, swapped fields, a strange character. It is taken in after the clean one. Counted are exceptions other than the
refusal that the library promises, tallies that do not add up, and refused feeds that changed a byte of the library.
"""

import argparse
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from outcomes.library.intake import FeedRefused, IntakeReport, Source, folder_source, ingest
from outcomes.library.view import research_view

SEED = 2026
PATIENTS = 3
FEEDS_A_LIBRARY = 20
TODAY = pd.Timestamp("2023-12-31").date()
STRANGE = (
    *(b'"', b",", b"\n", b"\r", b"\x00", b"\xff", b"\xef\xbb\xbf", b";", b"-", b"NA", b"1e9", b" ", b"\t"),
    *(b"99999999999999999999", "٣".encode(), b'""', b"'", b"2022-02-30", b"0x10", b"\xe2\x80\x8b"),
)
Damage = Callable[[bytes, np.random.Generator], bytes]


def flip(content: bytes, rng: np.random.Generator) -> bytes:
    place = int(rng.integers(len(content)))
    return content[:place] + bytes([content[place] ^ (1 << int(rng.integers(8)))]) + content[place + 1 :]


def cut(content: bytes, rng: np.random.Generator) -> bytes:
    return content[: int(rng.integers(len(content)))]


def delete_line(content: bytes, rng: np.random.Generator) -> bytes:
    lines = content.split(b"\n")
    del lines[int(rng.integers(len(lines)))]
    return b"\n".join(lines)


def repeat_line(content: bytes, rng: np.random.Generator) -> bytes:
    lines = content.split(b"\n")
    place = int(rng.integers(len(lines)))
    return b"\n".join([*lines[:place], lines[place], *lines[place:]])


def swap_fields(content: bytes, rng: np.random.Generator) -> bytes:
    lines = content.split(b"\n")
    place = int(rng.integers(len(lines)))
    cells = lines[place].split(b",")
    one, other = rng.integers(len(cells), size=2)
    cells[one], cells[other] = cells[other], cells[one]
    lines[place] = b",".join(cells)
    return b"\n".join(lines)


def insert(content: bytes, rng: np.random.Generator) -> bytes:
    place = int(rng.integers(len(content)))
    return content[:place] + STRANGE[int(rng.integers(len(STRANGE)))] + content[place:]


DAMAGE: tuple[Damage, ...] = (flip, cut, delete_line, repeat_line, swap_fields, insert)


def write_feed(folder: Path) -> None:
    """Three people, four contacts and four sittings each."""
    rng = np.random.default_rng(SEED)
    people = [f"{place:05d}" for place in range(PATIENTS)]
    visits = [(one, f"2022-04-{day:02d}") for one in people for day in (5, 12, 19, 26)]
    who, days = [one for one, _ in visits], [day for _, day in visits]
    answers = {
        f"{scale}_{item}": rng.integers(0, 4, len(visits))
        for scale, n in (("phq9", 9), ("gad7", 7))
        for item in range(1, n + 1)
    }
    tables = {
        "patients": {"patient_id": people, "birth_date": "1980-02-29", "gender": "1", "deprivation_decile": "4"},
        "referrals": {
            **{"patient_id": people, "episode_id": [f"E{one}" for one in people], "received_date": "2022-04-01"},
            **{"service_id": "S1", "discharge_date": "2022-06-01", "end_code": "46"},
        },
        "contacts": {
            **{"patient_id": who, "episode_id": [f"E{one}" for one in who], "contact_date": days, "attendance": "5"},
            **{"planned": "Y", "appointment_type": "02"},
        },
        "responses": {"patient_id": who, "episode_id": [f"E{one}" for one in who], "session_date": days, **answers},
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, columns in tables.items():
        pd.DataFrame(columns).to_csv(folder / f"{name}.csv", index=False)


def contents(*folders: Path) -> dict[Path, bytes]:
    """Every byte of library and vault, but for the lock."""
    files = (path for folder in folders for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock")
    return {path: path.read_bytes() for path in files}


def wound(whole: dict[str, bytes], rng: np.random.Generator) -> tuple[str, bytes]:
    """One table with one to three wounds."""
    table = sorted(whole)[int(rng.integers(len(whole)))]
    content = whole[table]
    for _ in range(int(rng.integers(1, 4))):
        content = DAMAGE[int(rng.integers(len(DAMAGE)))](content, rng) or b"x"
    return table, content


def attempt(source: Source, library: Path, vault: Path) -> IntakeReport:
    try:
        return ingest(source, library=library, vault=vault, today=TODAY)
    except FeedRefused as error:
        return error.report


def damaged(feeds: int, first: int, root: Path) -> Iterator[tuple[str, str]]:
    """Take the feeds in, one after the other, and say of each what became of it, and the defect if there is one."""
    feed, library, vault = root / "feed", root / "library", root / "vault"
    write_feed(feed)
    source = folder_source(feed, kind="invented", seed=SEED)
    whole = {table: path.read_bytes() for table, (path,) in source.files.items()}
    for seed in range(first, first + feeds):
        if (seed - first) % FEEDS_A_LIBRARY == 0:
            shutil.rmtree(library, ignore_errors=True)
            shutil.rmtree(vault, ignore_errors=True)
            clean = attempt(source, library, vault)
        table, content = wound(whole, np.random.default_rng(seed))
        path = source.files[table][0]
        path.write_bytes(content)
        yield judged(source, library, vault, clean.snapshot)
        path.write_bytes(whole[table])


def judged(source: Source, library: Path, vault: Path, clean: str) -> tuple[str, str]:
    """What became of one feed: refused, partly quarantined, accepted; and the defect, empty where there is none."""
    before = contents(library, vault)
    try:
        report = attempt(source, library, vault)
    except Exception as error:  # noqa: BLE001  what is counted
        return "exception", type(error).__name__
    if not report.adds_up:
        return "tally", "rows read are not accepted + duplicate + quarantined + refused"
    if not report.snapshot:
        return "refused", "" if contents(library, vault) == before else "a refused feed changed a byte"
    if report.tally["refused"].any():
        return "tally", "accepted feed with refused rows"
    if len(research_view(library, snapshot=clean).tables["patients"]) != PATIENTS:
        return "history", "the clean snapshot can no longer be read"
    return "partly quarantined" if len(report.quarantine) else "accepted whole", ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("feeds", nargs="?", type=int, default=2_000)
    parser.add_argument("first", nargs="?", type=int, default=0)
    given = parser.parse_args()
    start = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        told = list(damaged(given.feeds, given.first, Path(folder)))
    print(f"{given.feeds:,} damaged feeds, seeds {given.first} to {given.first + given.feeds - 1}")
    for kind, count in Counter(kind for kind, _ in told).most_common():
        print(f"  {kind:<20}{count:>7,}")
    defects = Counter(defect for _, defect in told if defect)
    print(f"  {'defects':<20}{sum(defects.values()):>7,}  {dict(defects) if defects else ''}")
    print(f"  processor seconds   {time.process_time() - start:>7.1f}")


if __name__ == "__main__":
    main()
