"""The ledger keeps what may still be of use, and safety answers are found wherever a row stops."""

import pandas as pd

from outcomes.library.ledger import moved, pool, safety_answers, to_keep


def new(**columns):
    return pd.DataFrame(
        {"patient_id": ["a"], "phq9_9": pd.array([2], "Int8"), "_version": "", "_faulty": False, "_input": 0, "_row": 2}
        | columns
    ).astype({"patient_id": "str", "_version": "str"})


def test_columns_that_one_side_lacks_are_missing_not_zero():
    old = to_keep(pool("responses", None, [new()]), pd.Series(["accepted"]))
    both = pool("responses", old, [new(phq9_1=pd.array([0], "Int8"))])
    assert both["_old"].tolist() == [True, False]
    assert both["phq9_1"].isna().tolist() == [True, False]
    assert str(both["phq9_1"].dtype) == "Int8"


def test_what_is_kept():
    rows = pool("responses", None, [new()] * 5)
    states = pd.Series(["accepted", "same_row", "superseded", "no_referral", "contradicts_another_row"])
    kept = to_keep(rows, states)
    assert kept["_held"].tolist() == [False, True, True]


def test_moves_are_counted():
    kept = to_keep(pool("responses", None, [new()] * 2), pd.Series(["accepted", "no_referral"]))
    rows = pool("responses", kept, [])
    assert moved(rows, pd.Series(["contradicts_another_row", "accepted"])) == {
        "earlier_row_released": 1,
        "earlier_row_withdrawn": 1,
    }


def test_safety_answers():
    rows = pool("responses", None, [new(), new(phq9_9=pd.array([0], "Int8")), new(phq9_9=pd.array([None], "Int8"))])
    rules = pd.Series(["x", "y", "z"], dtype="str")
    assert safety_answers(rows, rules)["rule"].tolist() == ["x"]
    strange = {"phq9_9": rules.eq("z").to_numpy()}
    assert safety_answers(rows, rules, strange)["rule"].tolist() == ["x", "z"]
    assert safety_answers(rows.head(0), rules.head(0)).empty
