"""An identified source is read for a registered project, its fields and until its end; nothing else is read."""

from datetime import date

import pandas as pd
import pytest

from outcomes.errors import AccessError, ConfigError
from outcomes.library.optout import register_allowlist
from outcomes.library.projects import MINIMUM, PROJECTS, narrowed, parse_register, register_projects
from outcomes.tables.canonical import library_tables

ENTRY = """[[project]]
name = "waits"
purpose = "How long do people wait?"
legal_basis = "service evaluation"
ends = 2024-01-31
tables = ["referrals", "occasions"]
"""


@pytest.fixture
def identified(place, feed):
    place.ingest(feed, kind="identified", keys=place.new_key())
    path = place.root / "allowed.dat"
    path.write_text("".join(f"{number},\n" for number in feed["patients"]["nhs_number"]))
    register_allowlist(path, library=place.library, vault=place.vault, dated=date(2023, 12, 31), keys=place.keys)
    return place


def test_the_minimum_is_read_unless_more_is_named(identified):
    identified.register(ENTRY)
    view = identified.view(project="waits")
    assert set(view.tables) == {"referrals", "occasions"}
    referrals = view.tables["referrals"]
    filled = {name for name in referrals if referrals[name].notna().any()}
    assert filled == {"pseudonym", "referral", "end_day", "end_reason", "last_seen_day"}
    assert "phq9_9" in view.tables["occasions"]
    assert "for project waits: How long do people wait? (service evaluation; until 2024-01-31)" in view.statement


def test_named_fields_come_on_top_and_named_items_stand_for_all(identified):
    fields = '[project.fields]\nreferrals = ["quarter"]\noccasions = ["phq9_1"]\npatients = ["gender"]\n'
    identified.register(ENTRY.replace('"referrals"', '"patients", "referrals"') + fields)
    tables = identified.view(project="waits").tables
    assert tables["referrals"]["quarter"].notna().all()
    assert list(tables["occasions"]) == ["pseudonym", "referral", "occasion", "day", "phq9_1"]
    assert list(tables["patients"]) == ["pseudonym", "gender"]


def test_without_a_project_an_unknown_one_or_an_ended_one_nothing_is_read(identified):
    identified.register(ENTRY)
    with pytest.raises(AccessError, match="read for a registered project: name it"):
        identified.view(project=None)
    with pytest.raises(AccessError, match="project 'other' is not registered; registered are: waits"):
        identified.view(project="other")
    identified.register(ENTRY.replace("2024-01-31", "2023-12-30"))
    with pytest.raises(AccessError, match="project 'waits' ended on 2023-12-30: it may read nothing"):
        identified.view(project="waits")
    identified.register(ENTRY.replace("2024-01-31", "2023-12-31"))
    assert len(identified.view(project="waits").tables["referrals"]) == 7
    identified.shelf.remove_note(PROJECTS)
    with pytest.raises(AccessError, match="registered are: none"):
        identified.view(project="waits")


def test_a_source_without_a_secret_needs_none(place, feed):
    place.ingest(feed)
    assert len(place.view(project=None).tables["patients"]) == 6


FAULTS = [
    ("name = 3", "is not valid TOML|needs at least one"),
    ("", "needs at least one"),
    (ENTRY.replace("purpose", "aim"), "waits: unknown key 'aim'; waits: purpose is missing"),
    (ENTRY.replace("2024-01-31", '"soon"'), "ends must be a date"),
    (ENTRY.replace('"occasions"', '"answers"'), "'answers' is not a table of the library"),
    (ENTRY + '[project.fields]\nreferrals = ["nhs_number"]', "'nhs_number' is not a column of referrals"),
    (
        ENTRY + '[project.fields]\npatients = ["gender"]',
        "fields of patients are named, and the table is not among tables",
    ),
    (ENTRY + ENTRY, "waits: there are two of this name"),
    (ENTRY.replace('"service evaluation"', '" "'), "legal_basis must be words"),
]


@pytest.mark.parametrize(("text", "said"), FAULTS, ids=range(len(FAULTS)))
def test_a_wrong_register_is_refused_with_every_fault(text, said):
    with pytest.raises(ConfigError, match=said):
        parse_register(text)


def test_the_steward_registers(place):
    place.new_key()
    path = place.root / "register.toml"
    path.write_text(ENTRY)
    for role in ("analyst", "release", "care", "auditor"):
        with pytest.raises(AccessError, match="this needs the keys of"):
            register_projects(path, library=place.library, vault=place.vault, keys=place.keys / role)
    (told,) = register_projects(path, library=place.library, vault=place.vault, keys=place.keys / "steward")
    assert told.columns("referrals") == {"pseudonym", "referral", *MINIMUM["referrals"]}
    with pytest.raises(AccessError, match="the register of projects cannot be read"):
        register_projects(place.root / "none", library=place.library, vault=place.vault, keys=place.keys)


def test_no_entry_widens_a_table():
    frames = {name: pd.DataFrame({column: ["x"] for column in table.names}) for name, table in library_tables().items()}
    for table in library_tables():
        (one,) = parse_register(ENTRY.replace('["referrals", "occasions"]', f'["{table}"]'))
        kept = narrowed(frames, one)
        assert set(kept) == {table}
        withheld = set(library_tables()[table].names) - one.columns(table)
        assert all(name not in kept[table] or kept[table][name].isna().all() for name in withheld)
