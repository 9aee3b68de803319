"""A reviewer's questions stand there in full; what the run does not know stays blank."""

import pytest

from outcomes.errors import ConfigError
from outcomes.prognosis.probast import QUESTIONS, pre_checks, provenance


def test_all_twenty_questions_in_four_domains():
    table = pre_checks({})
    assert len(table) == 20
    assert table.groupby("domain", sort=False).size().to_dict() == {
        "Participants": 2,
        "Predictors": 3,
        "Outcome": 6,
        "Analysis": 9,
    }
    assert table["the_run_knows"].eq("").all()
    assert [number for number, _, _ in QUESTIONS] == [
        "1.1", "1.2", "2.1", "2.2", "2.3", "3.1", "3.2", "3.3", "3.4", "3.5", "3.6",
        "4.1", "4.2", "4.3", "4.4", "4.5", "4.6", "4.7", "4.8", "4.9",
    ]  # fmt: skip


def test_the_list_says_where_it_comes_from_and_that_there_is_a_newer_one():
    assert "Wolff RF" in provenance()
    assert "Moons KGM" in provenance()
    assert "16 questions of the development of a model and 18" in provenance()


def test_an_answer_stands_beside_its_question_and_nowhere_else():
    table = pre_checks({"4.1": "120 with the outcome"}).set_index("number")["the_run_knows"]
    assert table["4.1"] == "120 with the outcome"
    assert table.drop("4.1").eq("").all()


def test_an_answer_to_no_question_is_refused():
    with pytest.raises(ConfigError, match=r"PROBAST has no question 5\.1"):
        pre_checks({"5.1": "?"})
