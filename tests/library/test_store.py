"""Parts never change, names depend on content only, and a state is the current one in one step."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import AccessError
from outcomes.library import lending, store
from outcomes.library.roles import KeyFile
from outcomes.library.sealing import SealingKey, library_key
from outcomes.library.store import Store
from outcomes.library.verify import verify

KEY = library_key(None)
OTHER = SealingKey(KeyFile("library", "uk", bytes(32)))


def frame(**changes):
    return pd.DataFrame({"pseudonym": ["a", "b"], "n": pd.array([1, None], "Int8"), "x": [0.5, np.nan]}).assign(
        **changes
    )


def named(tables, label, key=KEY):
    return Store(Path("nowhere"), key=key).name(tables, label)


def test_the_name_is_a_keyed_hash_of_content():
    first = named({"t": frame()}, "kind")
    assert first == named({"t": frame().set_axis([7, 9])}, "kind")
    others = [
        named({"t": frame()}, "other"),
        named({"u": frame()}, "kind"),
        named({"t": frame(pseudonym=["ab", ""])}, "kind"),
        named({"t": frame(pseudonym=["a", None])}, "kind"),
        named({"t": frame(n=pd.array([1, 0], "Int8"))}, "kind"),
        named({"t": frame(n=pd.array([1, None], "Int16"))}, "kind"),
        named({"t": frame(x=[0.5, 0.0])}, "kind"),
        named({"t": frame().iloc[::-1]}, "kind"),
        named({"t": frame().rename(columns={"x": "y"})}, "kind"),
        named({"t": frame()}, "kind", OTHER),
    ]
    assert len({first, *others}) == len(others) + 1


def test_what_is_put_is_what_is_read(tmp_path):
    shelf = Store(tmp_path / "s", key=KEY)
    with shelf.writing():
        shelf.put({"t": frame(), "empty": frame().head(0)}, "abc", {"kind": "invented"})
    found = shelf.tables("abc")
    pd.testing.assert_frame_equal(found["t"], frame().astype({"pseudonym": "str"}))
    assert len(found["empty"]) == 0
    assert shelf.manifest("abc")["kind"] == "invented"


def test_large_tables_are_parted_by_person(tmp_path, monkeypatch):
    monkeypatch.setattr(lending, "ROWS_PER_PART", 10)
    names = sorted(f"{place % 16:x}{place:04d}" for place in range(64))
    whole = pd.DataFrame({"pseudonym": names, "n": pd.array(range(64), "Int32")}).astype({"pseudonym": "str"})
    shelf = Store(tmp_path, key=KEY)
    with shelf.writing():
        shelf.put({"t": whole}, "abc", {})
    assert len(shelf.manifest("abc")["tables"]["t"]["parts"]) == 16
    pd.testing.assert_frame_equal(shelf.tables("abc")["t"], whole)
    before = {path.name for path in (tmp_path / "parts").iterdir()}
    with shelf.writing():
        shelf.put({"t": whole.drop(index=0)}, "def", {})
    assert len({path.name for path in (tmp_path / "parts").iterdir()} - before) == 1


def test_one_writer_at_a_time(tmp_path):
    with (
        Store(tmp_path, key=KEY).writing(),
        pytest.raises(AccessError, match="another writer is at work"),
        Store(tmp_path, key=KEY).writing(),
    ):
        pass
    with Store(tmp_path, key=KEY).writing():
        pass


def test_leftovers_are_cleaned_and_committed_states_stay(tmp_path):
    shelf = Store(tmp_path, key=KEY)
    with shelf.writing():
        shelf.put({"t": frame()}, "kept", {})
        shelf.put({"t": frame(n=3)}, "left", {})
    (tmp_path / "parts" / "x.part.partial").write_bytes(b"half")
    with shelf.writing():
        shelf.sweep({"kept"})
    assert [path.name for path in (tmp_path / "manifests").iterdir()] == ["kept.manifest"]
    assert len(list((tmp_path / "parts").iterdir())) == 1
    pd.testing.assert_frame_equal(shelf.tables("kept")["t"], frame().astype({"pseudonym": "str"}))


def test_the_newest_state_of_a_snapshot_is_found(tmp_path):
    shelf = Store(tmp_path / "library", key=KEY)
    with pytest.raises(AccessError, match="library: no library there, or nothing was taken in yet"):
        shelf.committed()
    states = [{"snapshot": "a", "vault": "1"}, {"snapshot": "b", "vault": "2"}, {"snapshot": "a", "vault": "3"}]
    with shelf.writing():
        shelf.commit({"current": "b", "history": states})
    assert shelf.committed() == states[1]
    assert shelf.committed("a") == states[2]
    with pytest.raises(AccessError, match="there is no snapshot 'c' in this library; it has 3, the current one is b"):
        shelf.committed("c")


def test_there_is_no_head_before_the_first_commit(tmp_path):
    shelf = Store(tmp_path, key=KEY)
    assert shelf.head() is None
    with shelf.writing():
        shelf.commit({"current": "a", "history": []})
    assert shelf.head() == {"current": "a", "history": []}


def test_a_library_of_an_earlier_layout_is_refused_in_words(tmp_path, monkeypatch):
    shelf = Store(tmp_path / "library", key=KEY)
    with monkeypatch.context() as earlier, shelf.writing():
        earlier.setattr(store, "LAYOUT", 2)
        shelf.put({"t": frame()}, "abc", {})
    with pytest.raises(AccessError, match="library: it was written in layout 2, and this version reads layout 3; take"):
        shelf.tables("abc")


@pytest.mark.parametrize("name", ["none", "../x", ""])
def test_an_unknown_manifest_is_an_access_error(tmp_path, name):
    with pytest.raises(AccessError, match="there is no snapshot"):
        Store(tmp_path, key=KEY).manifest(name)


def test_a_place_that_is_a_file_is_a_readable_error(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(AccessError, match="cannot be written"), Store(tmp_path / "file" / "library", key=KEY).writing():
        pass


# ---- many at once, and folders that do not take it ------------------------------------------------------------------


WORKER = """
import json, sys, time
from pathlib import Path
import pandas as pd
from outcomes.errors import AccessError
from outcomes.library.state import NOTHING, State, commit, open_stores
from outcomes.library.view import research_view

what, root, rounds = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
told = {"done": 0, "waited": 0, "torn": 0}
def frame(number, people=300):
    return pd.DataFrame({"pseudonym": pd.Series([f"{n:032x}" for n in range(people)], dtype="str"),
                         "n": pd.array([number % 100] * people, "Int32")})
def write():
    stores = open_stores(root / "library", root / "vault", None)
    with stores.library.writing(), stores.vault.writing():
        head = stores.library.head() or NOTHING
        number = int(head["counter"]) + 1
        facts = {"kind": "invented", "reason": "", "key": "k"}
        tables = {"patients": frame(number), "occasions": frame(number)}
        commit(stores, State(head, {}, None), tables=tables, facts=facts,
               vault={"people": frame(number)}, extract_day=None, forget=number % 3 == 0)
while told["done"] < rounds:
    try:
        if what == "write":
            write()
        else:
            view = research_view(root / "library")
            seen = {n for table in view.tables.values() for n in table["n"].unique()}
            told["torn"] += len(seen) != 1 or any(len(table) != 300 for table in view.tables.values())
        told["done"] += 1
    except AccessError as error:
        assert "another writer is at work" in str(error) or "nothing was taken in yet" in str(error), error
        told["waited"] += 1
        time.sleep(0.002)
print(json.dumps(told))
"""


@pytest.mark.slow
def test_two_writers_and_four_readers_see_whole_states_only(tmp_path):
    words = ["write", "write", "read", "read", "read", "read"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, word, tmp_path, "8"], stdout=subprocess.PIPE, text=True, env=environment
        )
        for word in words
    ]
    told = [json.loads(worker.communicate(timeout=120)[0]) for worker in workers]
    assert all(worker.returncode == 0 for worker in workers)
    assert [one["done"] for one in told] == [8] * 6
    assert sum(one["torn"] for one in told) == 0
    assert verify(tmp_path / "library", tmp_path / "vault", tmp_path / "audit").faults == ()
    assert Store(tmp_path / "library", key=KEY).head()["counter"] == 16


FULL = """
import os, resource, sys
from pathlib import Path
import numpy as np, pandas as pd
from outcomes.errors import AccessError
from outcomes.library.sealing import library_key
from outcomes.library.store import Store
root = Path(sys.argv[1])
if sys.argv[2] == "full":
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
elif os.geteuid() == 0:  # root may write anywhere: let somebody else try
    os.seteuid(65534)
big = pd.DataFrame({"pseudonym": pd.Series([f"{n:032x}" for n in range(9000)], dtype="str"),
                    "x": np.random.default_rng(1).random(9000)})
shelf = Store(root, key=library_key(None))
try:
    with shelf.writing():
        shelf.put({"t": big}, "new", {})
        shelf.commit({"current": "new", "history": [{"snapshot": "new", "vault": ""}]})
except AccessError as error:
    print(error)
"""


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(("case", "said"), [("full", "File too large"), ("read-only", "Permission denied")])
def test_a_full_disk_or_a_read_only_folder_is_said_and_changes_nothing(case, said):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        refused(Path(folder) / "library", case, said)


def refused(root, case, said):
    shelf = Store(root, key=KEY)
    with shelf.writing():
        shelf.put({"t": frame()}, "old", {})
        shelf.commit({"current": "old", "history": [{"snapshot": "old", "vault": ""}]})
    before = contents(root)
    if case == "read-only":
        for folder in (root, root / "parts", root / "manifests"):
            folder.chmod(0o555)
    done = subprocess.run([sys.executable, "-c", FULL, root, case], capture_output=True, text=True, check=False)
    for folder in (root, root / "parts", root / "manifests"):
        folder.chmod(0o755)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"library: cannot be written ({said})")
    assert contents(root) == before
    assert shelf.committed()["snapshot"] == "old"
    pd.testing.assert_frame_equal(shelf.tables("old")["t"], frame().astype({"pseudonym": "str"}))
