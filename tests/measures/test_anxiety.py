"""The disorder-specific measure counts when it is paired, and only then."""

import numpy as np
import pandas as pd

from outcomes.measures.anxiety import choose_anxiety_measure, specific_measure
from outcomes.measures.pairs import FirstLast
from outcomes.reference.rules import rule_edition


def scores(first: list[float], last: list[float]) -> FirstLast:
    zeros = np.zeros(len(first))
    return FirstLast(np.array(first), np.array(last), zeros, zeros + 7, np.zeros(len(first), dtype=np.int64))


def test_problem_decides_and_pairing_confirms() -> None:
    problems = ["F401", "F401", "F320", None, "F42", "f40.1"]
    n = len(problems)
    episodes = pd.DataFrame({"problem_descriptor": pd.array(problems, dtype="str")})
    spin = scores([30.0] * n, [20.0, np.nan, 20.0, 20.0, 20.0, 20.0])
    chosen = choose_anxiety_measure(episodes, {"gad7": scores([15.0] * n, [5.0] * n), "spin": spin}, rule_edition())
    assert chosen.measure.tolist() == ["spin", "gad7", "gad7", "gad7", "gad7", "spin"]
    assert chosen.scores.first.tolist() == [30, 15, 15, 15, 15, 30]
    assert chosen.scores.last.tolist() == [20, 5, 5, 5, 5, 20]


def test_without_problem_column_the_general_measure_counts() -> None:
    chosen = choose_anxiety_measure(
        pd.DataFrame(index=[0, 1]), {"gad7": scores([1.0, 2.0], [0.0, 0.0])}, rule_edition()
    )
    assert chosen.measure.tolist() == ["gad7", "gad7"]


def test_the_edition_decides_the_measure_of_post_traumatic_stress() -> None:
    problem = pd.Series(["F431"])
    assert specific_measure(problem, rule_edition()).tolist() == ["pcl5"]
    assert specific_measure(problem, rule_edition("iapt_v1_5")).tolist() == ["iesr"]
