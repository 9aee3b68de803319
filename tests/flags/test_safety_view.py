"""What is said of a safety answer: when, what came later, and no number of any kind."""

from datetime import date

import pandas as pd
import pytest

from outcomes.flags.report import CareTables, Facts, caseload_report
from outcomes.flags.safety_view import safety_state, safety_view
from outcomes.flags.settings import FlagSettings


@pytest.mark.parametrize(
    ("state", "day", "later", "known", "said"),
    [
        ("above zero", 3, "", 3, "above zero, 12 May 2024."),
        ("above zero", 3, "zero", 9, "above zero, 12 May 2024; zero on a later form."),
        ("above zero", 3, "blank", 3, "above zero, 12 May 2024; left blank on a later form."),
        ("zero", 3, "", 3, "zero, 12 May 2024."),
        ("not known", pd.NA, "", pd.NA, "not known."),
        ("not known", pd.NA, "", 3, "not known; last answered 12 May 2024."),
        ("above zero", pd.NA, "", pd.NA, "above zero, date not known."),
    ],
)
def test_states_in_words(state, day, later, known, said):
    row = {"state": state, "day": day, "later": later, "last_known_day": known}
    assert safety_state(row, date(2024, 5, 9)) == said


def test_everybody_is_in_one_of_the_lists(desk):
    desk.person("now", [12], item9=[1], as_of=8).person("old", [12], item9=[1], as_of=300)
    desk.person("zero", [12], item9=[0], as_of=8).person("none", as_of=8)
    report = caseload_report(
        CareTables(desk.caseload, desk.occasions, desk.totals),
        settings=FlagSettings(),
        facts=Facts("S", "invented", "h", "e"),
    )
    view = safety_view(report)
    assert [prompt.label for prompt in view.prompts] == ["now"]
    assert [prompt.label for prompt in view.earlier] == ["old"]
    assert [label for _, label, _ in view.unknown] == ["none"]
    assert (view.n_zero, view.n_people) == (1, 4)
