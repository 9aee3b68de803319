"""Two measures held against thresholds: every combination, by brute force."""

import itertools

import numpy as np
import pytest

from outcomes.measures.anxiety import AnxietyChoice
from outcomes.measures.judging import course_flags, judge_measure, three_valued
from outcomes.measures.pairs import FirstLast
from outcomes.reference.rules import rule_edition

EDITION = rule_edition()


def scores(first: np.ndarray, last: np.ndarray) -> FirstLast:
    return FirstLast(first, last, np.zeros(len(first)), np.ones(len(first)), np.zeros(len(first), dtype=np.int64))


def test_three_values() -> None:
    found = three_valued(np.array([True, False, True]), np.array([True, True, False]))
    assert found.to_numpy(dtype=object, na_value=None).tolist() == [True, False, None]


def test_unknown_thresholds_judge_nobody_and_say_so() -> None:
    found = judge_measure(scores(np.array([33.0]), np.array([0.0])), "cfq", EDITION)
    assert not found.case_first.any()
    assert not found.improved.any()
    assert not found.caseness_known.any()
    assert not found.change_known.any()


@pytest.mark.parametrize("counted", [True, False])
def test_every_combination_of_scores_agrees_with_the_rule_in_words(counted: bool) -> None:
    phq = [0.0, 9.0, 10.0, 15.0, 16.0, 21.0, np.nan]
    gad = [0.0, 4.0, 7.0, 8.0, 11.0, 12.0, np.nan]
    grid = list(itertools.product(phq, phq, gad, gad))
    p1, p2, g1, g2 = (np.array(column) for column in zip(*grid, strict=True))
    choice = AnxietyChoice(np.full(len(grid), "gad7", dtype=object), scores(g1, g2))
    flags = course_flags(scores(p1, p2), choice, np.full(len(grid), counted), EDITION)
    for row, (a, b, c, d) in enumerate(grid):
        found = {
            name: None if column[row] is None or column.isna()[row] else bool(column[row])
            for name, column in flags.items()
            if hasattr(column, "isna")
        }
        assert found == expected(a, b, c, d, counted=counted), (a, b, c, d)


def expected(a: float, b: float, c: float, d: float, *, counted: bool) -> dict[str, bool | None]:
    names = ("paired", "at_caseness", "not_at_caseness", "recovery", "reliable_improvement")
    names += ("reliable_deterioration", "no_reliable_change", "reliable_recovery")
    out: dict[str, bool | None] = dict.fromkeys(names)
    if not counted:
        return out
    firsts, paired = not np.isnan([a, c]).any(), not np.isnan([b, d]).any()
    out["paired"] = paired
    if firsts:
        out["at_caseness"] = a >= 10 or c >= 8
        out["not_at_caseness"] = not out["at_caseness"]
    if paired:
        # The reading of a pair without its first score does not arise: a last score needs a first one.
        down, up = a - b >= 6 or c - d >= 4, b - a >= 6 or d - c >= 4
        out["reliable_improvement"] = down and not up
        out["reliable_deterioration"] = up and not down
        out["no_reliable_change"] = down == up
    if firsts and paired and out["at_caseness"]:
        out["recovery"] = b < 10 and d < 8
        out["reliable_recovery"] = bool(out["recovery"] and out["reliable_improvement"])
    return out
