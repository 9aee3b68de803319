"""Numbers for a text come from released cells, each under a name."""

import csv
import io

import pandas as pd
import pytest
from released_bundle import drafts

from outcomes.disclosure.gate import release
from outcomes.errors import DisclosureError
from outcomes.publications.quoted import quoted_numbers


def read(tables):
    return {row["name"]: row["phrase"] for row in csv.DictReader(io.StringIO(quoted_numbers(tables)))}


def test_a_rate_is_quoted_with_its_counts_and_interval():
    said = read(drafts())
    assert said["groups_gender_female_rate_pct"] == "25.0 % (10,005 of 40,005; 95 % CI 24.6 to 25.4)"
    assert said["groups_gender_female_mean"] == "11.50"
    assert said["flow_referred_n"] == "69,999"


def test_what_is_hidden_is_not_quoted():
    table = pd.DataFrame({"g": ["a", "b"], "events": [1, 20], "n": [4, 60]})
    made = release(table, labels=["g"], counts=["events", "n"], rates={"pct": ("events", "n")}, title="t")
    assert "t_a_pct" not in read({"t": made})
    assert "t_b_pct" in read({"t": made})


def test_only_released_tables_are_quoted():
    with pytest.raises(DisclosureError, match="only released tables"):
        quoted_numbers({"t": pd.DataFrame()})
