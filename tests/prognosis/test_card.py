"""A card says for whom, how good, what it gives away; what nobody has filled in stays visible."""

import pandas as pd
import pytest

from outcomes.prognosis.card import FOR_A_PERSON, NEVER, PERSONAL, Card
from outcomes.prognosis.probast import pre_checks


@pytest.fixture
def card():
    return Card(
        title="A small study",
        target="reliable recovery",
        data={"Snapshot": "5f5f"},
        people={"Intended use": "supervision", "Owner": " "},
        performance=pd.DataFrame(
            {"after_session": [0, 2], "people": [120, 90], "auroc": ["0.700 (0.650 to 0.750)", "x"]}
        ),
        privacy=pd.DataFrame({"after_session": [0], "membership_auc": [0.5312345], "smallest_leaf": [21]}),
        gates=[("privacy, after session 0", "green", "membership AUC 0.53, limit 0.60")],
        checks=pre_checks({"E4.7": "AUROC | slope"}),
        limits=["people like these"],
    )


def test_what_a_person_must_fill_stays_visible_and_is_listed(card):
    assert card.blanks == ("Owner",)
    text = card.markdown()
    assert f"- **Owner**: {FOR_A_PERSON}" in text
    assert "- **Intended use**: supervision" in text
    assert text.count(FOR_A_PERSON) == 1 + 22  # and the questions of PROBAST+AI that only a person can answer


def test_every_card_carries_the_limits_of_all_models(card):
    text = card.markdown()
    assert NEVER in text
    assert PERSONAL in text
    assert "NG225" in text
    assert "- people like these" in text


def test_tables_are_markdown_and_a_bar_in_a_cell_does_not_break_them(card):
    lines = card.markdown().splitlines()
    assert "| after session | people | auroc |" in lines
    assert "| 0 | 120 | 0.700 (0.650 to 0.750) |" in lines
    assert "| 0 | 0.531 | 21 |" in lines
    (row,) = [line for line in lines if line.startswith("| E4.7")]
    assert row.endswith("| AUROC / slope |")


def test_groups_that_were_not_looked_at_are_said(card):
    assert "Not looked at in this run." in card.markdown()
