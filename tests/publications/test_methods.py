"""The methods text: numbered sources, settings, versions, no date."""

import re

import pytest

from outcomes.errors import ConfigError
from outcomes.publications.methods import Step, bibtex, methods_text, software_versions

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


def test_bibtex_has_an_entry_a_source():
    text = bibtex(["kroenke_2001"])
    assert text.startswith("@misc{kroenke_2001,")
    assert text.count("{") == text.count("}")


def test_unknown_sources_are_refused():
    with pytest.raises(ConfigError, match="not in the bibliography: nobody_1900"):
        methods_text("A", [Step("One", "Two.", ("nobody_1900",))], policy="midpoint6", settings={})
