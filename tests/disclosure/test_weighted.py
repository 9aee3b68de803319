"""A weighted share beside rounded counts says nothing finer than they do."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.disclosure.rounding import rounded, rounded_numerator
from outcomes.disclosure.weighted import STEPS, Weighted, release_weighted
from outcomes.errors import ConfigError, DisclosureError
from outcomes.reference.policies import disclosure_policy

RULE = disclosure_policy("midpoint6")


def one(**changed):
    told = {
        "group": "Female",
        "events": 500,
        "n": 5000,
        "weighted_pct": 9.08,
        "effective_n": 3100.4,
        "design_effect": 2.34,
        "largest_share": 0.0008,
    }
    return pd.DataFrame([told | changed])


def let_out(table, freedom=30, **options):
    return release_weighted(table, labels=["group"], freedom=freedom, title="Depressed", **options)


def printed(freedom=30, **changed):
    return let_out(one(**changed), freedom).table.iloc[0]


def test_by_hand():
    row = printed()
    # 498 of 5,001 are printed as 9.96 % (10.0), weighting takes .92 away: 9.04, in steps of 0.2 (six of 5,001 move .12)
    assert (row["events"], row["n"], row["raw_pct"]) == (501, 5001, 10.0)
    share = 100 * 501 / 5001 + 9.08 - 10
    assert row["weighted_pct"] == pytest.approx(round(share / 0.2) * 0.2) == pytest.approx(9.0)
    assert row["effective_n"] == 3099  # six of it, from 3,097 to 3,102
    assert row["design_effect"] == 2.3
    error = np.sqrt(2.3 * 0.09 * 0.91 / 5001)
    half = 2.0423 * error / (0.09 * 0.91)
    low = 100 / (1 + np.exp(-(np.log(0.09 / 0.91) - half))) - 0.1
    assert row["low_pct"] == pytest.approx(low, abs=0.051)
    assert row["low_pct"] < 9 < row["high_pct"]


@settings(max_examples=30, deadline=None)
@given(st.integers(20, 4000), st.data())
def test_with_equal_weights_it_says_what_the_printed_counts_say(n, data):
    events = data.draw(st.integers(0, n))
    row = printed(
        events=events, n=n, weighted_pct=100 * events / n, effective_n=float(n), design_effect=1.0, largest_share=1 / n
    )
    whole = rounded([n], RULE)
    part = rounded_numerator([events], [n], whole, RULE)
    twins = [
        (other, size)
        for size in range(max(1, int(whole[0]) - 2), int(whole[0]) + 4)
        for other in range(size + 1)
        if rounded([size], RULE)[0] == whole[0]
        and rounded_numerator([other], [size], rounded([size], RULE), RULE)[0] == part[0]
    ]
    for other, size in twins[:: max(1, len(twins) // 3)]:
        again = printed(
            events=other,
            n=size,
            weighted_pct=100 * other / size,
            effective_n=float(size),
            design_effect=1.0,
            largest_share=1 / size,
        )
        for name in ("weighted_pct", "low_pct", "high_pct", "effective_n"):
            assert again[name] == pytest.approx(row[name], nan_ok=True)


def test_a_person_who_changes_the_answer_moves_it_by_a_step_at_most():
    rng = np.random.default_rng(4)
    for _ in range(50):
        n = int(rng.integers(200, 3000))
        weight = rng.lognormal(0, 1, n)
        ill = rng.random(n) < 0.3
        other = ill.copy()
        heaviest = int(weight.argmax())
        other[heaviest] = ~other[heaviest]
        rows = [
            printed(
                events=int(y.sum()),
                n=n,
                weighted_pct=100 * weight @ y / weight.sum(),
                effective_n=weight.sum() ** 2 / (weight**2).sum(),
                design_effect=2.0,
                largest_share=weight.max() / weight.sum(),
            )
            for y in (ill, other)
        ]
        step = next(width for width in STEPS if width >= 100 * max(6 / n, weight.max() / weight.sum()) * 0.98)
        # what weighting adds, in steps, and a rounding step of the count at most
        assert abs(rows[0]["weighted_pct"] - rows[1]["weighted_pct"]) <= 2 * step + 1e-9


def test_too_few_of_either_kind_and_too_heavy_a_person_are_withheld():
    few = let_out(one(events=8))
    assert np.isnan(few.table["weighted_pct"].iloc[0])
    assert {hidden.column for hidden in few.hidden} >= {"design_effect"}
    everybody = printed(events=4995, weighted_pct=99.9)
    assert np.isnan(everybody["weighted_pct"])
    heavy = printed(largest_share=0.2)
    assert np.isnan(heavy["weighted_pct"])
    assert np.isnan(heavy["low_pct"])
    small = printed(events=3, n=8, effective_n=6.0, weighted_pct=40.0)
    assert np.isnan(small["effective_n"])


def test_without_a_degree_of_freedom_there_is_no_interval():
    row = printed(freedom=0)
    assert np.isnan(row["low_pct"])
    assert row["weighted_pct"] == pytest.approx(9.0)


def test_nothing_else_leaves_and_what_is_lacking_is_named():
    out = let_out(one(secret=3.14159, freedom=30.0))
    assert "secret" not in out.table
    assert "largest_share" not in out.table
    assert "no finer than what a rounding step" in " ".join(out.notes)
    with pytest.raises(DisclosureError, match="not in the table: design_effect"):
        let_out(one().drop(columns="design_effect"))
    with pytest.raises(ConfigError, match="no_such_policy"):
        let_out(one(), policy="no_such_policy")


def test_columns_may_have_other_names():
    renamed = one().rename(columns={"events": "ill", "weighted_pct": "share"})
    out = let_out(renamed, columns=Weighted(events="ill", share_pct="share"))
    assert out.table["share"].iloc[0] == pytest.approx(9.0)
