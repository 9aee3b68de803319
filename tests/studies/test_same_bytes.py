"""The same run in another folder, time zone, language, thread count and number of processes gives the same bytes."""

import hashlib
import os
import subprocess
import sys

import pytest
from small_study import INVENTED

HERE = {
    "TZ": "Pacific/Kiritimati",
    "OMP_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "PYTHONHASHSEED": "1",
    "LC_ALL": "C.UTF-8",
}
THERE = {
    "TZ": "America/St_Johns",
    "OMP_NUM_THREADS": "2",
    "NUMBA_NUM_THREADS": "2",
    "PYTHONHASHSEED": "4711",
    "LC_ALL": "C",
    "COLUMNS": "40",
}
TEXT = INVENTED.replace("patients = 500", "patients = 110").replace("landmarks = [0, 2]", "landmarks = [1]")


def digests(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(".receipt.json")  # says where the audit log stood, which grows
    }


def run(folder, world, *options):
    folder.mkdir(parents=True)
    (folder / "experiment.toml").write_text(TEXT, encoding="utf-8")
    code = "import sys; from outcomes.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", code, "run", "experiment.toml", *options],
        cwd=folder,
        env={**os.environ, **world},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_same_run_elsewhere_gives_the_same_report_to_the_byte(tmp_path):
    one = run(tmp_path / "here", HERE, "--processes", "1", "--no-tracking")
    other = run(tmp_path / "quite" / "elsewhere", THERE, "--processes", "2", "--no-tracking")
    here, there = (digests(tmp_path / name / "reports") for name in ("here", "quite/elsewhere"))
    assert len(here) > 50
    assert {name for name in here if here[name] != there.get(name)} == set()
    assert here == there
    assert one == other
    kept = [tmp_path / name / "var" / "small" / "library" for name in ("here", "quite/elsewhere")]
    assert digests(kept[0] / "manifests") == digests(kept[1] / "manifests")
