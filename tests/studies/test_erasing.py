"""A canary in a whole study: afterwards no byte of the workspace knows them, and the models are those of the others."""

import base64
import csv
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing, suppress
from pathlib import Path

import pandas as pd
import pytest
from small_study import Place, ran
from stopping import moments, operations, stopped

from outcomes.errors import AccessError, ConfigError, DataError
from outcomes.library.erase import naming_key
from outcomes.library.lineage import note, products
from outcomes.library.parts import to_arrow, to_frame
from outcomes.library.state import open_stores
from outcomes.library.tombstones import intended
from outcomes.library.verify import verify
from outcomes.studies.erasing import erase_people, read_identifiers
from outcomes.studies.opening import open_study
from outcomes.studies.workspace import Workspace

STRIDE = 1 if os.environ.get("EVERY_INSTANT") == "1" else 9
CANARY, NUMBER = "CANARY-PERSON-7", "9998765432"
NAME, INCOME = "Zebedee Quillfeather", "48151623"  # columns that nobody declares never enter, with or without erasure
SMALL = """
[study]
name = "small"
title = "A small service"
question = "Can a person be forgotten?"
seed = 11

[source]
format = "tidy_wide"
kind = "invented"
reason = "invented for a test"
seed = 7

[prognosis]
target = { kind = "reliable_improvement" }
landmarks = [0]
folds = 2
resamples = 100
"""
DISCHARGED = "discharge_date"


def spoken(feed, folder):
    """The small feed, one discharged person of which is the canary; and the same feed without them."""
    tables = {path.stem: pd.read_csv(path, dtype="str", keep_default_na=False) for path in sorted(feed.glob("*.csv"))}
    ended = tables["referrals"].groupby("patient_id")[DISCHARGED].min()
    several = tables["responses"]["patient_id"].value_counts()
    who = next(one for one in sorted(ended[ended.ne("")].index) if several.get(one, 0) > 3)
    for name in ("with", "without"):
        shutil.copytree(feed, folder / name)
    for name, frame in tables.items():
        if "patient_id" not in frame:
            continue
        mine = frame["patient_id"].eq(who)
        frame = frame.assign(patient_id=frame["patient_id"].mask(mine, CANARY))
        if name == "patients":
            frame = frame.assign(nhs_number=[f"9000000{place:03d}" for place in range(len(frame))])
            frame["nhs_number"] = frame["nhs_number"].mask(mine, NUMBER)
            frame["full_name"], frame["income"] = (
                mine.map({True: NAME, False: ""}),
                mine.map({True: INCOME, False: "1"}),
            )
        for kept, folder_name in ((frame, "with"), (frame[~mine], "without")):
            kept.to_csv(folder / folder_name / f"{name}.csv", index=False, quoting=csv.QUOTE_MINIMAL)
    return folder / "with", folder / "without"


@pytest.fixture(scope="module")
def feeds(feed, tmp_path_factory):
    return spoken(feed, tmp_path_factory.mktemp("canary"))


@pytest.fixture(scope="module")
def forgotten(feeds, tmp_path_factory):
    """A study with the canary, tracked; what of it knew them; the erasure; and the study run again."""
    place = Place(tmp_path_factory.mktemp("forgotten"))
    (place.root / "temporary").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(place.root / "temporary"))
        return _forgotten(place, feeds)


def _forgotten(place, feeds):
    ran(place, SMALL, source=feeds[0], tracking=True)
    shelf = open_stores(*_folders(place), None).library
    snapshot = shelf.head()["current"]
    model = place.workspace / "small" / "models" / "landmark_0.json"
    model.parent.mkdir()
    model.write_text('{"made": "from everybody"}')
    note(shelf, what="model", place="workspace/small/models/landmark_0.json", snapshot=snapshot, made_by="a test")
    note(shelf, what="release", place="reports/small/tables", snapshot=snapshot, made_by="a test", released=True)
    before = traces(place)
    dry = erase_people(place.request(SMALL), [CANARY], dry_run=True)
    told = erase_people(place.request(SMALL), [CANARY])
    after = traces(place)
    again = ran(place, SMALL, source=feeds[0], tracking=True)
    return place, before, dry, told, after, again


@pytest.fixture(scope="module")
def never(feeds, tmp_path_factory):
    """The study of a service that never saw them."""
    return ran(Place(tmp_path_factory.mktemp("never")), SMALL, source=feeds[1], tracking=True)


def _folders(place):
    home = Workspace(place.workspace, place.reports, "small")
    return home.library, home.vault


def contents(place):
    """Bytes and decoded content of every file of workspace and reports."""
    stores = open_stores(*_folders(place), None)
    for path in sorted(place.root.rglob("*")):  # workspace, reports, temporary files
        if not path.is_file():
            continue
        content = path.read_bytes()
        yield path, content.decode("latin-1") + path.name
        store = next((one for one in (stores.library, stores.vault) if path.is_relative_to(one.root)), None)
        if store is not None and path.name != "writer.lock":
            names = {".part": "part", ".manifest": f"manifest {path.stem}", ".note": f"note {path.stem}", "": path.name}
            plain = store.key.open(content, names[path.suffix], what=path.name)
            yield path, to_frame(to_arrow(plain)).to_csv() if path.suffix == ".part" else plain.decode()
        if path.suffix == ".db":
            with closing(sqlite3.connect(path)) as base:
                tables = [row[0] for row in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
                yield path, str([base.execute(f'SELECT * FROM "{one}"').fetchall() for one in tables])  # noqa: S608
        if path.suffix == ".json" and "trees" in content.decode("latin-1"):
            yield (
                path,
                "".join(
                    base64.b64decode(text).decode("latin-1")
                    for text in _texts(json.loads(content))
                    if len(text) > 100 and len(text) % 4 == 0
                ),
            )


def _texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


def traces(place):
    """Which files know the canary, by identifier, number, pseudonym or tombstone aside, or the old snapshot's name."""
    stores = open_stores(*_folders(place), None)
    name = naming_key(stores, None, seed=7).pseudonym("patient", CANARY)
    return {
        str(path.relative_to(place.root))
        for path, text in contents(place)
        if any(w in text for w in (CANARY, NUMBER, NAME, INCOME, name))
    }


def models(place):
    return {path.name: path.read_bytes() for path in (place.workspace / "mlflow").rglob("models/*.json")}


@pytest.mark.slow
def test_before_the_erasure_library_and_vault_know_them(forgotten):
    _, before, *_ = forgotten
    assert {path.split("/")[2] for path in before} >= {"library", "vault"}


@pytest.mark.slow
def test_afterwards_no_byte_and_no_decoded_cell_does(forgotten):
    assert forgotten[4] == set()


@pytest.mark.slow
def test_the_retrained_models_are_those_of_a_service_that_never_saw_them(forgotten, never):
    place, *_, again = forgotten
    assert models(place) == models(never)
    assert len(models(place)) >= 1
    assert again.record.snapshot == never.record.snapshot
    assert (place.report / "metrics.json").read_bytes() == (never.report / "metrics.json").read_bytes()


@pytest.mark.slow
def test_the_next_run_does_not_bring_them_back(forgotten):
    assert traces(forgotten[0]) == set()


@pytest.mark.slow
def test_the_receipt_says_what_went_and_what_stays(forgotten):
    place, _, dry, told, *_ = forgotten
    facts = json.loads(told.place.read_text())
    assert facts["people"] == 1
    assert facts["library_rows"]["patients"] == 1
    assert facts["runs"] >= 2
    assert facts["models"] >= 1
    assert set(facts["retrain"]) == {"a test", "run small"}
    assert "reports/small/tables" in facts["released"]
    assert "workspace/small/models/landmark_0.json" in facts["removed"]
    assert "workspace/small/intake.txt" in facts["removed"]
    assert len(facts["head_sha256"]) == 64
    assert CANARY not in told.place.read_text() + "".join(told.lines())
    assert (dry.facts["library_rows"], dry.facts["runs"]) == (facts["library_rows"], facts["runs"])
    assert dry.place is None
    assert "nothing was changed" in dry.lines()[-1]
    assert (place.report / "tables").is_dir()
    kept = {one.what for one in products(open_stores(*_folders(place), None).library) if one.released}
    assert kept == {"release", "report"}  # made of released tables only


def test_an_erasure_that_was_stopped_is_completed(feeds, tmp_path, monkeypatch):
    place = Place(tmp_path)
    open_study(place.request(SMALL, source=feeds[0]), fresh=True)
    with monkeypatch.context() as broken:
        broken.setattr("outcomes.studies.erasing.erase_runs", _stop)
        with pytest.raises(KeyboardInterrupt):
            erase_people(place.request(SMALL), [CANARY])
    assert intended(_folders(place)[0]) is not None
    with pytest.raises(AccessError, match=r"erase EXPERIMENT\.toml --resume"):
        open_study(place.request(SMALL), fresh=False)
    told = erase_people(place.request(SMALL), ())
    assert intended(_folders(place)[0]) is None
    assert told.facts["people"] == 0
    assert traces(place) == set()
    assert open_study(place.request(SMALL), fresh=False).view.snapshot == told.facts["snapshot"]


def _stop(*_):
    raise KeyboardInterrupt


def test_somebody_unknown_is_not_repeated(feeds, tmp_path):
    place = Place(tmp_path)
    open_study(place.request(SMALL, source=feeds[1]), fresh=True)
    with pytest.raises(DataError, match="stand for nobody") as caught:
        erase_people(place.request(SMALL), [CANARY])
    assert CANARY not in str(caught.value)
    assert erase_people(place.request(SMALL), ()).lines()[0] == "Nobody to erase."


def test_identifiers_are_read_one_a_line():
    assert read_identifiers("A1\n\n 00123 \nB2,\n") == ("A1", "00123", "B2")
    with pytest.raises(ConfigError, match="no identifier"):
        read_identifiers("\n \n")


def test_an_invented_service_without_a_seed_is_refused(feeds, tmp_path):
    place = Place(tmp_path)
    open_study(place.request(SMALL, source=feeds[1]), fresh=True)
    with pytest.raises(ConfigError, match="known by its seed"):
        erase_people(place.request(SMALL.replace("seed = 7", "")), [CANARY])


@pytest.mark.slow
def test_an_erasure_that_is_stopped_anywhere_is_completed_with_its_receipt_and_its_line(feeds, tmp_path):
    """The whole command, register, audit log and receipt among it, stopped at one file operation after the other."""

    def begin(name):
        shutil.rmtree(tmp_path / name, ignore_errors=True)
        shutil.copytree(tmp_path / "base", tmp_path / name)
        return Place(tmp_path / name)

    def forget(place):
        return erase_people(place.request(SMALL), [CANARY])

    base = Place(tmp_path / "base")
    open_study(base.request(SMALL, source=feeds[0]), fresh=True)
    shelf = open_stores(*_folders(base), None).library
    model = base.workspace / "small" / "models" / "landmark_0.json"
    model.parent.mkdir()
    model.write_text("{}")
    note(
        shelf,
        what="model",
        place="workspace/small/models/landmark_0.json",
        snapshot=shelf.head()["current"],
        made_by="x",
    )
    done = begin("done")
    steps = operations(done.root, lambda: forget(done))
    wanted = open_stores(*_folders(done), None).library.head()["current"]
    for at in sorted({*moments(steps, every=False), *moments(steps, every=True)[::STRIDE]}):
        place = begin("again")
        assert stopped(place.root, lambda place=place: forget(place), at), at
        erase_people(place.request(SMALL), ())
        with suppress(DataError):  # nobody of that name any longer
            forget(place)
        home = Workspace(place.workspace, place.reports, "small")
        assert intended(home.library) is None, at
        assert open_stores(home.library, home.vault, None).library.head()["current"] == wanted, at
        assert verify(home.library, home.vault, home.audit).faults == (), at
        assert not (place.workspace / "small" / "models" / "landmark_0.json").exists(), at
        assert list((home.library.parent / "erasures").glob("receipt_*.json")), at
        assert not any(CANARY in text or NUMBER in text for _, text in contents(place)), at


@pytest.mark.slow
def test_nothing_is_half_done_after_six_kills():
    """The full count is in the benchmark; here three kills of an intake and three of an erasure."""
    benchmark = Path(__file__).resolve().parents[2] / "benchmarks" / "library_kills.py"
    words = ["--kills", "6", "--train", "0", "--patients", "80"]
    done = subprocess.run([sys.executable, str(benchmark), *words], capture_output=True, text=True, check=False)
    said = done.stdout.splitlines()[-1]
    assert said.startswith("6 kills, ")
    assert "0 partial snapshots, 0 acknowledged rows lost, 0 read half way" in said
    assert "0 not clean after the next command, 0 not completed" in said
    assert done.returncode == 0
