"""What decided an outcome is listed, and what is not confirmed is said to be so."""

from decimal import Decimal

import pandas as pd

from outcomes.measures.outcomes import outcomes
from outcomes.measures.scoring import totals
from outcomes.measures.thresholds_used import thresholds_used
from outcomes.reference.rules import rule_edition
from outcomes.reference.thresholds import Threshold

Many = tuple[pd.DataFrame, pd.DataFrame]


def test_every_measure_that_judged_is_listed_with_its_courses(many: Many) -> None:
    episodes, occasions = many
    judged = outcomes(episodes, totals(occasions, ["phq9", "gad7", "spin", "cfq"]))
    found = thresholds_used(judged)
    assert found["instrument"].drop_duplicates().tolist() == ["phq9", "cfq", "gad7", "spin"]
    n = found.drop_duplicates("instrument").set_index("instrument")["n_courses"]
    assert n["phq9"] == judged["finished"].sum() == n[["cfq", "gad7", "spin"]].sum()
    assert dict(zip(found["instrument"], found["verified"], strict=True)) == {
        "phq9": True,
        "gad7": True,
        "spin": False,
        "cfq": False,
    }
    assert found.loc[found["instrument"].eq("cfq"), "threshold"].tolist() == ["not known", "not known"]


def test_an_override_is_what_is_listed() -> None:
    own = Threshold(Decimal(4), "at_least", verified=False, source="outcomes_definition")
    edition = rule_edition().with_threshold("cfq", "caseness", own)
    judged = pd.DataFrame({"finished": [True], "anxiety_measure": ["cfq"]})
    found = thresholds_used(judged, edition=edition)
    assert found.loc[found["instrument"].eq("cfq"), "threshold"].tolist() == ["4 or more", "not known"]


def test_nobody_has_the_depression_measure_alone() -> None:
    judged = pd.DataFrame({"finished": [False], "anxiety_measure": ["gad7"]})
    assert thresholds_used(judged)["n_courses"].tolist() == [0, 0]
