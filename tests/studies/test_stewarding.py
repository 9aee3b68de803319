"""Storage ends with everything that was made from it; corrected values are a new snapshot, both are in the register."""

import json
from datetime import date

import pytest
from small_study import FROM_FILES, Place

from outcomes.errors import AccessError, ConfigError, DataError
from outcomes.library.lineage import note
from outcomes.library.state import open_stores
from outcomes.library.tombstones import folder_of, intended
from outcomes.studies.opening import open_study
from outcomes.studies.stewarding import correct_values, retain_source

UNTIL, AFTER = date(2030, 12, 31), date(2031, 1, 1)


@pytest.fixture
def opened(feed, tmp_path):
    place = Place(tmp_path)
    return place, open_study(place.request(FROM_FILES, source=feed), fresh=True)


def test_storage_ends_with_all_that_was_made_from_it(opened):
    place, study = opened
    home, request = study.workspace, place.request(FROM_FILES)
    model = home.root / "small" / "models" / "tree.json"
    model.parent.mkdir()
    model.write_text("{}")
    shelf = open_stores(home.library, home.vault, None).library
    note(shelf, what="model", place="workspace/small/models/tree.json", snapshot=study.view.snapshot, made_by="a test")
    assert retain_source(request, until=UNTIL, reason="protocol") == ("Storage ends after 2030-12-31 (protocol).",)
    foretold = retain_source(request, dry_run=True, today=AFTER)
    assert foretold[0] == "Storage ends after 2030-12-31. It is over."
    assert "150 people" in foretold[1]
    with pytest.raises(AccessError, match="nothing was removed"):
        retain_source(request, today=UNTIL)
    lines = retain_source(request, today=AFTER)
    assert "150 people" in lines[0]
    assert not model.exists()
    assert not home.intake.exists()
    assert [path for folder in (home.library, home.vault) for path in folder.rglob("*") if path.is_file()] == []
    receipt = json.loads(next(folder_of(home.library).glob("receipt_*.json")).read_text())
    assert receipt["kind"] == "end of storage"
    assert receipt["removed"] == [
        "workspace/small/intake.txt", "workspace/small/models/tree.json", "workspace/small/quarantine.csv"
    ]  # fmt: skip
    assert intended(home.library) is None
    with pytest.raises(AccessError, match="no library there"):
        retain_source(request, today=AFTER)


def test_a_dry_run_registers_nothing(opened):
    place, _ = opened
    request = place.request(FROM_FILES)
    assert "nothing was registered" in retain_source(request, until=UNTIL, reason="protocol", dry_run=True)[0]
    assert retain_source(request, dry_run=True)[0] == "No term of storage is registered."


def test_values_are_put_right_and_both_snapshots_are_told(opened):
    place, study = opened
    request = place.request(FROM_FILES)
    held = open_stores(study.workspace.library, study.workspace.vault, None)
    rows = held.vault.tables(held.library.head()["vault"], ("ledger_patients",))["ledger_patients"]
    who = rows.loc[rows["gender"].eq("1"), "patient_id"].iloc[0]
    text = f"table,patient_id,column,value,reason\npatients,{who},gender,2,asked again\n"
    assert correct_values(request, text, dry_run=True)[0] == "Values to be put right: 1 of patients."
    lines = correct_values(request, text)
    assert lines[0] == "Values put right: 1 of patients."
    after = open_study(place.request(FROM_FILES), fresh=False).view
    assert after.snapshot in lines[1]
    assert study.view.snapshot in lines[1]
    before = study.view.tables["patients"]["gender"].value_counts()
    assert after.tables["patients"]["gender"].value_counts()["2"] == before["2"] + 1
    with pytest.raises(DataError, match="no_such_row") as caught:
        correct_values(request, text.replace(who, "NOBODY-1"))
    assert "NOBODY-1" not in str(caught.value)
    with pytest.raises(ConfigError, match="columns"):
        correct_values(request, "who,what\n1,2\n")
