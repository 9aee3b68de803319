"""Every number has a source, and every source is one that somebody can look up."""

import re

import pytest

from outcomes.errors import ConfigError
from outcomes.reference.bibliography import read_source, source, sources
from outcomes.reference.codelists import code_lists
from outcomes.reference.figures import england
from outcomes.reference.groups import groupings
from outcomes.reference.instruments import instruments
from outcomes.reference.loader import FOLDER, Entry
from outcomes.reference.policies import disclosure_policies
from outcomes.reference.rules import rule_editions


def test_an_unknown_source_is_refused() -> None:
    with pytest.raises(ConfigError, match="'hearsay_2020' is not in the bibliography"):
        read_source(Entry({"source": "kroenke_2001; hearsay_2020"}, "test.toml"))
    with pytest.raises(ConfigError, match="add it to bibliography"):
        source("hearsay_2020")


def test_every_record_of_every_registry_names_sources_of_the_bibliography() -> None:
    records = [
        *instruments().values(),
        *groupings().values(),
        *code_lists().values(),
        *disclosure_policies().values(),
        *rule_editions().values(),
    ]
    assert len(records) > 40
    for record in records:
        for key in record.source.split("; "):
            assert source(key).title


def test_every_source_in_the_bibliography_is_used() -> None:
    rooms = FOLDER.parent
    holders = [*FOLDER.rglob("*.toml"), *(rooms / "publications").rglob("*.toml"), *(rooms / "studies").rglob("*.py")]
    holders.append(rooms / "prognosis" / "probast.py")
    text = "\n".join(path.read_text(encoding="utf-8") for path in holders if path.name != "bibliography.toml")
    unused = {key for key in sources() if not re.search(rf"\b{key}\b", text)}
    unused -= set(england()["source"])
    assert not unused


def test_a_citation_names_author_year_title_and_link() -> None:
    words = source("kroenke_2001").citation()
    assert words.startswith("Kroenke K, Spitzer RL, Williams JBW (2001). The PHQ-9")
    assert "https://doi.org/" in words


def test_a_reference_that_was_not_checked_says_so() -> None:
    assert source("nhs_opt_out_check").citation().endswith("(This reference was not checked against its source.)")
    assert "not checked" not in source("kroenke_2001").citation()


def test_open_government_figures_carry_their_attribution() -> None:
    assert "Open Government Licence v3.0" in source("nhs_talking_therapies_annual").licence
