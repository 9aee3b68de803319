"""Names that a reader can tell apart, and no more of a pseudonym than that needs."""

import pandas as pd

from outcomes.flags.naming import day_zeros, labels


def caseload(**columns):
    size = len(next(iter(columns.values())))
    return pd.DataFrame({"referral": [f"r{n}" for n in range(size)], **columns})


def test_local_identifiers_where_there_are_any():
    table = caseload(pseudonym=["a" * 32, "b" * 32], local_id=["X1", None])
    assert labels(table) == {"r0": "X1", "r1": "b" * 32}


def test_pseudonyms_are_cut_while_they_stay_apart():
    table = caseload(pseudonym=["aaaaaaaa11", "aaaaaaaa22", "cccccccc33"])
    assert labels(table) == {"r0": "aaaaaaaa11", "r1": "aaaaaaaa22", "r2": "cccccccc"}


def test_two_referrals_of_one_person_are_told_apart():
    table = caseload(pseudonym=["p", "p", "q"])
    assert labels(table) == {"r0": "p (referral 1 of 2)", "r1": "p (referral 2 of 2)", "r2": "q"}


def test_dates_only_where_the_care_view_has_them():
    assert day_zeros(caseload(pseudonym=["p"])) == {}
    assert day_zeros(caseload(pseudonym=["p"], day_zero=["2025-01-02"]))["r0"] == pd.Timestamp("2025-01-02")
