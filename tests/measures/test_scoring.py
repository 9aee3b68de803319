"""Totals follow from answers: strict unless asked, and every imputed item is counted."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.errors import ConfigError, DataError
from outcomes.measures.scoring import disagreements, totals
from outcomes.reference.instruments import instrument

ANSWER = st.one_of(st.none(), st.integers(0, 3))


def occasions(key: str, rows: list[list[float | None]]) -> pd.DataFrame:
    one = instrument(key)
    answers = pd.DataFrame(rows, columns=list(one.item_columns), dtype="Float64").astype("Int8")
    n = len(rows)
    keys = pd.DataFrame({"pseudonym": "p", "referral": "r", "occasion": range(1, n + 1), "day": range(n)})
    return keys.join(answers)


def total(key: str, row: list[float | None], missing: str = "strict") -> float:
    return float(totals(occasions(key, [row]), [key], missing=missing)[key].iloc[0])


def test_cases_of_the_manual(manual: Callable[[str], list[dict[str, str]]]) -> None:
    cases, wrong = manual("scoring"), []
    for case in cases:
        row = [None if answer == "-" else int(answer) for answer in case["answers"].split()]
        strict = totals(occasions("phq9", [row]), ["phq9"])
        prorated = totals(occasions("phq9", [row]), ["phq9"], missing="prorate")
        found = {
            "strict": f"{strict['phq9'].iloc[0]:g}".replace("nan", "none"),
            "prorate": f"{prorated['phq9'].iloc[0]:g}".replace("nan", "none"),
            "imputed": str(prorated["phq9_n_imputed"].iloc[0]),
        }
        if found != {name: case[name] for name in found}:
            wrong.append((case, found))
    assert wrong == []
    assert len(cases) >= 10


def test_backward_items_count_backward() -> None:
    lowest = [5 if item.reverse else 1 for item in instrument("pswq").items]
    assert total("pswq", lowest) == 16
    assert total("pswq", [6 - code for code in lowest]) == 80


def test_work_that_does_not_apply_adds_nothing_and_is_counted() -> None:
    scored = totals(occasions("wsas", [[9, 4, 4, 4, 4], [0, 4, 4, 4, 4], [None, 4, 4, 4, 4]]), ["wsas"])
    assert scored["wsas"].iloc[:2].tolist() == [16, 16]
    assert np.isnan(scored["wsas"].iloc[2])
    assert scored["wsas_n_not_applicable"].tolist() == [1, 0, 0]


def test_a_mean_scale_keeps_two_decimals_half_up() -> None:
    assert total("mobility_alone", [2] * 26) == 2.0
    assert total("mobility_alone", [3] * 8 + [2] * 18) == 2.31  # 60 / 26 = 2.3077
    assert total("mobility_alone", [1] * 25 + [4]) == 1.12  # 29 / 26 = 1.1154


def test_an_answer_that_is_no_code_is_located_and_not_shown() -> None:
    table = occasions("gad7", [[0] * 7, [3] * 7])
    table.loc[1, ["gad7_2", "gad7_5"]] = 7
    with pytest.raises(DataError, match=r"rule item_range\), of 2 rows: gad7_2 1, gad7_5 1"):
        totals(table, ["gad7"])


def test_text_answers_and_missing_columns_are_refused() -> None:
    table = occasions("gad7", [[0] * 7])
    with pytest.raises(DataError, match=r"occasions\.gad7_3: item answers must be numbers"):
        totals(table.assign(gad7_3="1"), ["gad7"])
    with pytest.raises(ConfigError, match="item columns gad7_3 are not in the table"):
        totals(table.drop(columns="gad7_3"), ["gad7"])
    with pytest.raises(ConfigError, match="missing must be one of"):
        totals(table, ["gad7"], missing="guess")
    with pytest.raises(DataError, match="columns occasion are missing"):
        totals(table.drop(columns="occasion"), ["gad7"])


def test_repeated_occasions_are_refused() -> None:
    table = occasions("gad7", [[0] * 7, [1] * 7])
    with pytest.raises(DataError, match="1 rows repeat pseudonym, referral and occasion"):
        totals(table.assign(occasion=1), ["gad7"])


def test_totals_without_items_join_and_items_win() -> None:
    table = occasions("gad7", [[1] * 7, [None] * 7])
    scores = pd.DataFrame(
        {
            "pseudonym": "p",
            "referral": "r",
            "occasion": [1, 2, 3, 1],
            "day": [0, 1, 2, 0],
            "instrument": ["gad7", "gad7", "gad7", "spin"],
            "total": [9.0, 11.0, 12.0, 40.0],
        }
    )
    joined = totals(table, ["gad7", "spin"], scores=scores)
    assert joined["gad7"].tolist() == [7, 11, 12]
    assert joined["spin"].iloc[0] == 40
    assert joined["spin"].isna().tolist() == [False, True, True]
    assert joined["day"].tolist() == [0, 1, 2]
    found = disagreements(totals(table, ["gad7"]), scores).iloc[0]
    assert (found["instrument"], found["n_both"], found["n_different"], found["largest_difference"]) == (
        "gad7",
        1,
        1,
        2,
    )


def test_repeated_scores_are_refused() -> None:
    scores = pd.DataFrame(
        {"pseudonym": "p", "referral": "r", "occasion": [1, 1], "day": 0, "instrument": "spin", "total": [1.0, 2.0]}
    )
    with pytest.raises(DataError, match="rule unique_score"):
        totals(occasions("gad7", [[0] * 7]), ["spin"], scores=scores)


def test_the_callers_table_is_left_alone_and_rows_keep_their_order() -> None:
    table = occasions("gad7", [[1] * 7, [2] * 7]).iloc[::-1]
    before = table.copy()
    assert totals(table, ["gad7"])["gad7"].tolist() == [14, 7]
    pd.testing.assert_frame_equal(table, before)


def test_nobody_is_no_error() -> None:
    assert totals(occasions("phq9", []), ["phq9"]).empty


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.lists(ANSWER, min_size=9, max_size=9), min_size=1, max_size=40))
def test_both_rules_agree_with_their_plain_definition(rows: list[list[float | None]]) -> None:
    table = occasions("phq9", rows)
    strict, prorated = totals(table, ["phq9"])["phq9"], totals(table, ["phq9"], missing="prorate")["phq9"]
    for place, row in enumerate(rows):
        answered = [answer for answer in row if answer is not None]
        n_missing = 9 - len(answered)
        np.testing.assert_equal(strict[place], float(sum(answered)) if not n_missing else np.nan)
        if n_missing > 2 or row[8] is None:
            assert np.isnan(prorated[place])
        else:
            assert prorated[place] == pytest.approx(sum(answered) * 9 / len(answered))
