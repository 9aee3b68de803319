"""What a reference manager reads: people, journals, volumes and pages in their own fields."""

import re

import pytest

from outcomes.errors import ConfigError
from outcomes.publications.references import bibtex
from outcomes.reference.bibliography import sources

KROENKE = """@article{kroenke_2001,
  author = {Kroenke, K. and Spitzer, R. L. and Williams, J. B. W.},
  title = {{The PHQ-9: validity of a brief depression severity measure}},
  journal = {Journal of General Internal Medicine},
  volume = {16},
  number = {9},
  pages = {606--613},
  year = {2001},
  doi = {10.1046/j.1525-1497.2001.016009606.x}
}
"""


def entry(key):
    return dict(re.findall(r"^  (\w+) = \{(.*)\},?$", bibtex([key]), re.MULTILINE))


def test_an_article_has_its_fields():
    assert bibtex(["kroenke_2001"]) == KROENKE


def test_a_body_is_one_author_and_its_page_is_an_address():
    found = entry("nhs_talking_therapies_metadata")
    assert bibtex(["nhs_talking_therapies_metadata"]).startswith("@misc{")
    assert found["author"] == "{NHS England}"
    assert found["url"].startswith("https://github.com")
    assert "doi" not in found


def test_a_younger_one_keeps_the_word_between_name_and_initials():
    assert "and Harrell, Jr, F. E. and" in entry("riley_2019")["author"]


def test_two_bodies_are_two_authors():
    assert entry("iapt_v2_1_output")["author"] == "{NHS England} and {wnl-icb-analytics}"


def test_what_latex_would_read_as_a_command_is_escaped():
    assert entry("hennig_2007")["journal"] == r"Computational Statistics \& Data Analysis"


def test_books_and_proceedings_are_called_so():
    assert bibtex(["bartolucci_2013"]).startswith("@book{")
    assert entry("bartolucci_2013")["publisher"]
    assert bibtex(["chen_guestrin_2016"]).startswith("@inproceedings{")
    assert entry("chen_guestrin_2016")["pages"] == "785--794"


@pytest.mark.parametrize("key", sources())
def test_every_source_can_be_written(key):
    text = bibtex([key])
    assert text.count("{") == text.count("}")
    assert entry(key)["author"]
    assert entry(key)["year"].isdigit()
    assert not re.search(r"(?<!\\)[&%$#]", text.split("  doi")[0].split("  url")[0])


def test_unknown_sources_are_refused():
    with pytest.raises(ConfigError, match="not in the bibliography: nobody_1900"):
        bibtex(["nobody_1900"])
