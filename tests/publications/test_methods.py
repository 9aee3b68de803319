"""The methods text: numbered sources, settings, versions, no date."""

import re

import pytest

from outcomes.errors import ConfigError
from outcomes.publications.methods import Step, cited_keys, methods_text, software_versions

STEPS = [
    Step("Outcomes", "Recovery was judged.", ("kroenke_2001", "spitzer_2006")),
    Step("Again", "Yes.", ("kroenke_2001",)),
]


def test_sources_are_numbered_once_in_order_of_citation():
    text = methods_text("A study", STEPS, policy="midpoint6", settings={"seed": "7"})
    assert "Recovery was judged. [1, 2]" in text
    assert "Yes. [1]" in text
    assert text.count("The PHQ-9: validity") == 1
    assert "- seed: 7" in text
    assert "steps of 6 (0, 3, 9, 15" in text
    assert re.search(r"- numpy: \d+\.\d+", text)
    assert text == methods_text("A study", STEPS, policy="midpoint6", settings={"seed": "7"})


def test_versions_leave_out_what_is_not_installed():
    assert list(software_versions(["numpy", "no-such-distribution"])) == ["Python", "numpy"]


def test_a_source_is_cited_where_the_sentence_names_it():
    inside = Step(
        "Trust", "Similarity [@hennig_2007; @hennig_2008] and strength [@tibshirani_walther_2005].", ("clark_2018",)
    )
    assert inside.keys == ("hennig_2007", "hennig_2008", "tibshirani_walther_2005", "clark_2018")
    text = methods_text("A study", [STEPS[0], inside], policy="midpoint6", settings={})
    assert "Similarity [3, 4] and strength [5]. [6]" in text
    assert "[@" not in text
    assert cited_keys([inside], "midpoint6")[:4] == list(inside.keys)


def test_unknown_sources_are_refused():
    with pytest.raises(ConfigError, match="not in the bibliography: nobody_1900"):
        methods_text("A", [Step("One", "Two.", ("nobody_1900",))], policy="midpoint6", settings={})
