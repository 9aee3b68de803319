"""Questions that moved: two steps or more, in the right direction, never a safety question."""

import pandas as pd

from outcomes.flags.moved import moved_items
from outcomes.flags.standing import score_series


def moved(desk, occasions):
    series = score_series(desk.caseload, desk.totals, occasions, ("phq9", "gad7"))
    return moved_items(series, occasions)


def test_largest_changes_first_and_at_most_three(desk):
    desk.person("p", [0, 5, 15])
    occasions = desk.occasions
    for number, (first, last) in {1: (0, 3), 2: (3, 0), 3: (0, 2), 4: (0, 2), 5: (1, 2), 9: (0, 3)}.items():
        occasions.loc[0, f"phq9_{number}"] = first
        occasions.loc[2, f"phq9_{number}"] = last
    occasions.loc[2, ["phq9_6", "phq9_7", "phq9_8"]] = 0
    table = moved(desk, occasions)
    assert table["word"].tolist() == ["interest", "mood", "sleep"]
    assert table[["first", "last"]].to_numpy().tolist() == [[0, 3], [3, 0], [0, 2]]


def test_safety_question_is_never_among_them(desk):
    desk.person("p", [0, 0], item9=[0, 3])
    assert moved(desk, desk.occasions).empty


def test_one_scored_form_or_none_moves_nothing(desk):
    desk.person("a", [12]).person("b", [None]).person("c")
    assert moved(desk, desk.occasions).empty


def test_blank_items_are_not_changes(desk):
    desk.person("p", [16, 16])
    occasions = desk.occasions
    occasions.loc[1, "phq9_1"] = pd.NA
    assert "interest" not in moved(desk, occasions)["word"].tolist()
