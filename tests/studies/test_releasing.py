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

LEAN = {
    "states = [2, 3]": "states = [2]\nstability_resamples = 0\nfamilies = false",
    "landmarks = [0, 2]": "landmarks = [0]\njoint_endings = false\nprobability_resamples = 0",
}
TEXT = reduce(lambda text, pair: text.replace(*pair), LEAN.items(), INVENTED)
FIGURES = ("flow", "beside_england", "state_profiles", "state_transitions", "calibration", "decision_curve", "gaps")
QUICK = re.sub(r"\[(subtypes|prognosis)\]\n(.+\n)+", "", TEXT)
pytestmark = pytest.mark.slow


def held(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return Place(tmp_path_factory.mktemp("released"))


@pytest.fixture(scope="module")
def first(place):
    return release_study(place.request(TEXT))


def test_it_is_registered_and_complete(place, first):
    files = held(first.folder)
    assert not first.repeated
    for name in (
        "tables/table_one.docx",
        "tables/standardised_differences.tex",
        "figures/flow.pdf",
        "checker_sheet.md",
    ):
        assert name in files
    for figure in (
        "flow",
        "beside_england",
        "state_profiles",
        "state_transitions",
        "calibration",
        "decision_curve",
        "gaps",
    ):
        assert {f"figures/{figure}.pdf", f"figures/{figure}.png"} <= files.keys()
    (entry,) = read_register(first.register.read_text(), key=open_key("release").secret)
    assert entry.key == first.entry
    assert first.entry in first.lines()[0]
    assert f"Release {first.entry}" in check_release(place.request(TEXT), first.folder)


def test_made_again_elsewhere_it_is_the_same_bytes(place, first, tmp_path):
    again = release_study(place.request(TEXT), folder=tmp_path / "again")
    assert again.repeated
    assert again.entry == first.entry
    assert held(again.folder) == held(first.folder)
    assert first.register.read_text().count("\n") == 1


def test_almost_the_same_people_are_refused(place, first):
    fewer = QUICK.replace("patients = 500", "patients = 499")
    other = Place(place.root / "fewer")
    request = other.request(fewer)
    workspace = request.read()[1]
    (workspace.root / workspace.study / "releases").mkdir(parents=True)
    (workspace.root / workspace.study / "releases" / "register.jsonl").write_text(first.register.read_text())
    with pytest.raises(DisclosureError, match=first.entry):
        release_study(request)
    assert not (workspace.reports / "small_release").exists()


def test_a_changed_file_and_an_absent_folder_are_noticed(place, first, tmp_path):
    request = place.request(TEXT)
    copy = shutil.copytree(first.folder, tmp_path / "copy")
    (copy / "numbers.csv").write_text("1")
    with pytest.raises(DisclosureError, match=r"numbers\.csv"):
        check_release(request, copy)
    with pytest.raises(AccessError, match="no such folder"):
        check_release(request, tmp_path / "nowhere")
