"""A reviewer's questions stand there in full; what the run does not know stays blank."""

import pytest

from outcomes.errors import ConfigError
from outcomes.prognosis.probast import QUESTIONS, pre_checks, provenance


def test_sixteen_questions_of_development_and_eighteen_of_evaluation():
    numbers = [number for number, _, _ in QUESTIONS]
    assert numbers == [
        "1.1", "1.2", "1.3", "2.1", "2.2", "2.3", "2.4", "3.1", "3.2", "3.3", "3.4",
        "D4.1", "D4.2", "D4.3", "D4.4", "D4.5", "E4.1", "E4.2", "E4.3", "E4.4", "E4.5", "E4.6", "E4.7",
    ]  # fmt: skip
    assert sum(number[0] != "E" for number in numbers) == 16
    assert sum(number[0] != "D" for number in numbers) == 18


def test_four_domains_and_nothing_answered_by_itself():
    table = pre_checks({})
    assert table.groupby("domain", sort=False).size().to_dict() == {
        "Participants and data": 3,
        "Predictors": 4,
        "Outcome": 4,
        "Analysis": 12,
    }
    assert table["the_run_knows"].eq("").all()


def test_the_list_says_where_it_comes_from_and_that_there_is_an_earlier_one():
    assert "Wolff RF" in provenance()
    assert "Moons KGM" in provenance()
    assert "16 questions of development and the 18 of evaluation" in provenance()


def test_an_answer_stands_beside_its_question_and_nowhere_else():
    table = pre_checks({"D4.1": "120 with the outcome"}).set_index("number")["the_run_knows"]
    assert table["D4.1"] == "120 with the outcome"
    assert table.drop("D4.1").eq("").all()


def test_an_answer_to_no_question_is_refused():
    with pytest.raises(ConfigError, match=r"PROBAST\+AI has no question 5\.1"):
        pre_checks({"5.1": "?"})
