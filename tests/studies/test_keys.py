"""Keys, extracts and the audit log, as a person at the command line meets them."""

import json

import pytest
from small_study import FROM_FILES, identified

from outcomes.errors import AccessError, ConfigError
from outcomes.library.lineage import products
from outcomes.library.sealing import library_key
from outcomes.library.store import Store
from outcomes.studies.keys import change_keys, make_keys, read_audit, set_projects, write_extract
from outcomes.studies.opening import ingest_feed

SHORT = FROM_FILES.split("[subtypes]", maxsplit=1)[0] + "[flags]\n"


@pytest.fixture
def taken(place, feed):
    ingest_feed(place.request(SHORT, source=feed))
    return place


def test_new_keys_are_named_by_role_and_not_shown(tmp_path):
    said = make_keys(tmp_path / "keys", region="uk")
    assert "steward/pseudonym.key" in said
    for path in (tmp_path / "keys").glob("*/*"):
        assert path.read_text().splitlines()[1] not in said


def test_an_extract_inside_the_workspace_is_found_by_an_erasure(taken):
    to = taken.workspace / "extracts" / "one"
    said = write_extract(taken.request(SHORT), "one", to)
    assert "An erasure reaches this folder" in said
    (product,) = products(Store(taken.workspace / "small" / "library", key=library_key(None)))
    assert (product.what, product.place, product.made_by) == ("table", "workspace/extracts/one", "export one")
    assert json.loads((to / "extract.json").read_text())["project"] == "one"


def test_an_extract_elsewhere_says_that_no_erasure_reaches_it(taken):
    said = write_extract(taken.request(SHORT), "one", taken.root / "elsewhere")
    assert "an erasure cannot reach it. Delete it when one is announced" in said


def test_a_project_that_is_not_registered_gets_no_extract(place, feed):
    request = place.request(identified(SHORT), source=feed, keys=place.keys(project=True))
    ingest_feed(request)
    with pytest.raises(AccessError):
        write_extract(request, "other", place.root / "extract")
    assert not (place.root / "extract").exists()
    assert "refused" in read_audit(request).splitlines()[-1]


def test_a_register_is_told_by_name_and_end(place):
    request = place.request(identified(SHORT), keys=place.keys(project=True))
    assert set_projects(request, place.root / "projects.toml").startswith("small: until 2099-12-31, tables patients")


def test_a_source_without_a_secret_has_no_key_to_change(taken, tmp_path):
    with pytest.raises(ConfigError, match="this source has no secret"):
        change_keys(taken.request(SHORT), "library", tmp_path)
    with pytest.raises(ConfigError, match="what must be one of library, vault, pseudonym, got 'door'"):
        change_keys(taken.request(SHORT), "door", tmp_path)
    with pytest.raises(AccessError, match="no keys were given: give --keys"):
        change_keys(taken.request(identified(SHORT)), "library", tmp_path)


@pytest.mark.parametrize("what", ["library", "vault", "pseudonym"])
def test_a_changed_key_is_said_with_what_comes_next(place, feed, what):
    request = place.request(identified(SHORT), source=feed, keys=place.keys(project=True))
    ingest_feed(request)
    make_keys(place.root / "new", region="uk")
    said = change_keys(request, what, place.root / "new")
    assert f"Replace the old {what}.key in every role's folder" in said


def test_the_log_is_printed_line_by_line(taken):
    lines = read_audit(taken.request(SHORT)).splitlines()
    assert len(lines) == 1
    assert "  ingest  collection  " in lines[0]
    assert "accepted" in lines[0]
    assert len(read_audit(taken.request(SHORT)).splitlines()) == 2
