"""The answers at the top: numbers of released tables, nothing hidden is told, and never a word of fairness shown."""

import numpy as np
import pandas as pd
import pytest

from outcomes.disclosure.gate import Gap, Rate, Statistic, release
from outcomes.fairness.gaps import Tolerance
from outcomes.studies.chapters.answers import (
    change_answer,
    groups_answer,
    pathways_answer,
    people_answer,
    states_answer,
)
from outcomes.studies.chapters.groups_gaps import gap_table


def stages(recovered):
    table = pd.DataFrame(
        {
            "stage": ["Referred", "Assessed", "Completed a course", "Recovered"],
            "n": [999, 700, 399, recovered],
            "referred": [np.nan, 999, 999, 999],
        }
    )
    return release(
        table, labels=["stage"], counts=["n", "referred"], rates={"share_pct": Rate("n", "referred")}, title="Funnel"
    )


def test_the_funnel_is_told_by_its_ends():
    assert people_answer(stages(201)) == (
        "999 referrals; of these 39.9 % completed a course and 20.1 % are known to have recovered."
    )


def test_stages_that_a_feed_cannot_tell_are_left_out_and_nobody_gives_no_answer():
    shown = release(
        pd.DataFrame({"stage": ["Referred"], "n": [99], "referred": [np.nan]}),
        labels=["stage"],
        counts=["n", "referred"],
        rates={"share_pct": Rate("n", "referred")},
        title="Funnel",
    )
    assert people_answer(shown) == "99 referrals."
    nobody = release(
        pd.DataFrame({"stage": pd.Series([], dtype="str"), "n": pd.Series([], dtype="int64")}),
        labels=["stage"],
        counts=["n"],
        title="Funnel",
    )
    assert people_answer(nobody) == ""


def outcomes(numerator, denominator):
    return release(
        pd.DataFrame({"measure": ["Reliable recovery"], "numerator": [numerator], "denominator": [denominator]}),
        labels=["measure"],
        counts=["numerator", "denominator"],
        rates={"rate_pct": Rate("numerator", "denominator", "low_pct", "high_pct")},
        title="Outcomes",
    )


def test_an_outcome_stands_beside_england_only_where_england_is_known():
    shown = outcomes(201, 399)
    assert change_answer(shown, 0) == "Reliable recovery: 50.4 % (45.5 to 55.3)."
    assert change_answer(shown, 0, england_pct=46.96, year="2022-23").endswith("; England 2022-23: 47.0 %).")


def test_what_is_hidden_is_not_told():
    assert change_answer(outcomes(2, 4), 0) == "Reliable recovery: too few."


@pytest.mark.parametrize(
    ("judgements", "converged", "severity", "said"),
    [
        (["highly stable"] * 3, True, "", "3 states, found again among other patients."),
        (
            ["stable", "not to be trusted", "stable"],
            True,
            "no evidence of subtypes beyond severity",
            "3 states, 1 of them not to be trusted among other patients; no evidence of subtypes beyond severity.",
        ),
        ([], True, "", "3 states, their stability not known."),
        (
            ["stable"] * 3,
            False,
            "",
            "3 states, provisional (the fit has not converged), found again among other patients.",
        ),
    ],
)
def test_states_are_told_with_their_doubts(judgements, converged, severity, said):
    assert states_answer(3, converged=converged, judgements=judgements, severity=severity) == said


def test_one_state_is_told_as_one():
    assert states_answer(1, converged=True, judgements=[], severity="").startswith("One state,")


def ranked(n_events=90):
    figures = {"At intake": (0.75, 0.7), "After session 1": (0.8, 0.78), "After session 2": (0.9, 0.9)}
    rows = [
        {"landmark": landmark, "model": model, "n": 300, "n_events": n_events, "auroc": value}
        for landmark, values in figures.items()
        for model, value in zip(("Boosted trees", "PHQ-9 alone"), values, strict=True)
    ]
    return release(
        pd.DataFrame(rows),
        labels=["landmark", "model"],
        counts=["n", "n_events"],
        statistics={"auroc": Statistic("n", "n_events", decimals=2)},
        title="Ranking",
    )


def test_ranking_is_told_at_the_first_and_the_middle_landmark_beside_the_simple_model():
    said = pathways_answer(ranked(), model="Boosted trees", beside=["GAD-7 alone", "PHQ-9 alone"])
    assert said == (
        "AUROC of the boosted trees at intake 0.75 (PHQ-9 alone: 0.70), after session 1 0.80 (PHQ-9 alone: 0.78)."
    )
    assert "(" not in pathways_answer(ranked(), model="Boosted trees", beside=[])


def test_a_hidden_ranking_is_not_told():
    assert pathways_answer(ranked(2), model="Boosted trees", beside=[]) == "Too few people to judge a model."


def gaps(*events):
    main = pd.DataFrame(
        {
            "breakdown": "gender",
            "group": ["Male", *(f"Group {number}" for number in range(len(events)))],
            "events": [3000, *events],
            "n": [6000, *([6000] * len(events))],
            "reference_events": [np.nan, *([3000.0] * len(events))],
            "reference_n": [np.nan, *([6000.0] * len(events))],
        }
    )
    return gap_table(main, "midpoint6", "Recovery", Tolerance(points=5.0, minimum_events=100))


def test_the_widest_gaps_beyond_the_tolerance_are_named_first_and_the_rest_is_counted():
    said = groups_answer(gaps(2001, 1500, 3003, 2400, 99, 1002), measure="Recovery")
    assert said == (
        "Recovery differs by more than the tolerance for Group 5 (−33.3 points), Group 1 (−25.0 points), Group 0 "
        "(−16.6 points) and 1 more; among 6 groups compared: 1 within tolerance, 1 too few to say."
    )


def test_no_gap_shown_is_never_called_fair():
    said = groups_answer(gaps(2800, 99), measure="Recovery")
    assert said == (
        "Recovery is not shown to differ by more than the tolerance for any group; among 2 groups compared: "
        "1 inconclusive, 1 too few to say."
    )
    assert "fair" not in said


def test_gaps_without_a_verdict_end_in_one_clause():
    none = [np.nan]
    shown = release(
        pd.DataFrame({"group": ["a"], "verdict": ["reference"], "events": [99], "n": [300], "e": none, "m": none}),
        labels=["group", "verdict"],
        counts=["events", "n", "e", "m"],
        rates={"gap_points": Gap("events", "n", "e", "m", "low", "high")},
        title="One",
    )
    assert groups_answer(shown, measure="Recovery").endswith("for any group.")
