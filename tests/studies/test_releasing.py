"""A study is released as one folder: registered, the same bytes again, and refused where somebody was erased since."""

import re
import shutil
from functools import reduce

import pytest
from small_study import INVENTED, Place

from outcomes.disclosure.register import read_register
from outcomes.errors import AccessError, DisclosureError
from outcomes.library.roles import open_key
from outcomes.studies.releasing import check_release, release_study

LEAN = {  # one landmark and one number of states: every figure is still drawn
    "patients = 500": "patients = 300",
    "states = [2, 3]\nstarts = 3": "states = [2]\nstarts = 1\nstability_resamples = 0\nfamilies = false",
    "landmarks = [0, 2]": "landmarks = [0]\njoint_endings = false\nprobability_resamples = 0",
    'by = ["gender", "deprivation_quintile"]': 'by = ["gender"]',
    "folds = 3\nresamples = 100": "folds = 2\nresamples = 100",
}
TEXT = reduce(lambda text, pair: text.replace(*pair), LEAN.items(), INVENTED)
QUICK = re.sub(r"\[(subtypes|prognosis|fairness)\]\n(.+\n)+", "", TEXT)
FIGURES = ("flow", "beside_england", "state_profiles", "state_transitions", "calibration", "decision_curve", "gaps")
TABLES = ("table_one.docx", "standardised_differences.tex", "outcomes.md", "flow.csv", "decision_curve.csv")
pytestmark = pytest.mark.slow


def held(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The one study with states and predictions."""
    place = Place(tmp_path_factory.mktemp("whole"))
    return release_study(place.request(TEXT))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return Place(tmp_path_factory.mktemp("quick"))


@pytest.fixture(scope="module")
def quick(place):
    """The same people without models, for what does not depend on them."""
    return release_study(place.request(QUICK))


def test_it_is_complete(whole):
    files = held(whole.folder)
    assert {f"tables/{name}" for name in TABLES} <= files.keys()
    assert {f"figures/{name}.{kind}" for name in FIGURES for kind in ("pdf", "png")} <= files.keys()
    readme, sheet = files["README.md"].decode(), files["checker_sheet.md"].decode()
    for name in files:
        folder, _, file = name.partition("/")
        if folder in {"tables", "figures"}:
            assert f"`{file.rpartition('.')[0]}`" in readme, name
    assert "Decision curve, at intake" in sheet.split("checked on true counts before rounding")[1]


def test_it_is_registered(place, quick):
    assert not quick.repeated
    (entry,) = read_register(quick.register.read_text(), key=open_key("release").secret)
    assert entry.key == quick.entry
    assert quick.entry in quick.lines()[0]
    assert f"Release {quick.entry}" in check_release(place.request(QUICK), quick.folder)


def test_the_key_figure_and_table_one_count_the_same_people(quick):
    tables = quick.folder / "tables"
    first = (tables / "funnel.csv").read_text().splitlines()[1].split(",")
    people = next(line for line in (tables / "table_one.csv").read_text().splitlines() if line.startswith("Everyone"))
    assert first[0] == "Referred"
    assert first[1] in people.split(",")


def test_made_again_elsewhere_it_is_the_same_bytes(place, quick, tmp_path):
    again = release_study(place.request(QUICK), folder=tmp_path / "again")
    assert again.repeated
    assert again.entry == quick.entry
    assert held(again.folder) == held(quick.folder)
    assert quick.register.read_text().count("\n") == 1


def test_almost_the_same_people_are_refused(place, quick):
    other = Place(place.root / "fewer")
    request = other.request(QUICK.replace("patients = 300", "patients = 299"))
    workspace = request.read()[1]
    (workspace.root / workspace.study / "releases").mkdir(parents=True)
    (workspace.root / workspace.study / "releases" / "register.jsonl").write_text(quick.register.read_text())
    with pytest.raises(DisclosureError, match=quick.entry):
        release_study(request)
    assert not (workspace.reports / "small_release").exists()


def test_a_changed_file_and_an_absent_folder_are_noticed(place, quick, tmp_path):
    request = place.request(QUICK)
    copy = shutil.copytree(quick.folder, tmp_path / "copy")
    (copy / "numbers.csv").write_text("1")
    with pytest.raises(DisclosureError, match=r"numbers\.csv"):
        check_release(request, copy)
    with pytest.raises(AccessError, match="no such folder"):
        check_release(request, tmp_path / "nowhere")
