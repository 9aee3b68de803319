"""Nothing leaves but what was declared, rounded and sealed; every printed percentage follows from printed counts."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.disclosure.gate import Gap, Released, Statistic, release
from outcomes.disclosure.rounding import percentage
from outcomes.errors import ConfigError, DisclosureError
from outcomes.kernel.intervals import newcombe, wilson
from outcomes.reference.policies import disclosure_policies

POLICIES = sorted(disclosure_policies())
PAIRS = st.lists(
    st.integers(0, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=1, max_size=12
)


def groups(pairs):
    events, n = zip(*pairs, strict=True)
    return pd.DataFrame({"group": [f"group {i}" for i in range(len(pairs))], "events": events, "n": n})


def released(pairs, policy="midpoint6"):
    return release(
        groups(pairs),
        labels=["group"],
        counts=["events", "n"],
        rates={"rate_pct": ("events", "n", "low_pct", "high_pct")},
        policy=policy,
        title="Recovery by group",
    )


@settings(deadline=None)
@given(PAIRS)
def test_every_printed_percentage_is_the_function_of_printed_counts(pairs):
    table = released(pairs).table
    shown = table[table["rate_pct"].notna()]
    np.testing.assert_array_equal(shown["rate_pct"], percentage(shown["events"], shown["n"], 1))
    bounds = wilson(shown["events"], shown["n"])
    np.testing.assert_allclose(shown["low_pct"], 100 * bounds.low, atol=0.0500001)
    np.testing.assert_allclose(shown["high_pct"], 100 * bounds.high, atol=0.0500001)


@settings(deadline=None)
@given(PAIRS, st.sampled_from(POLICIES))
def test_neither_none_nor_all_of_a_group_is_printed(pairs, policy):
    table = released(pairs, policy).table
    percentages = table["rate_pct"].dropna()
    if disclosure_policies()[policy].rate_decimals:
        assert not percentages.isin([0, 100]).any()
    true = groups(pairs)
    certain = true["events"].eq(0) | true["events"].eq(true["n"])
    if not policy.startswith("midpoint"):
        assert table.loc[certain, "rate_pct"].isna().all()


@settings(deadline=None)
@given(PAIRS)
def test_midpoint_counts_are_on_the_grid_and_near_the_truth(pairs):
    table, true = released(pairs).table, groups(pairs)
    assert ((table["n"] % 6 == 3) | (table["n"] == 0)).all()
    assert (table["n"] - true["n"]).abs().le(3).all()
    assert (table["events"] - true["events"]).abs().le(6).all()
    assert (table["events"] <= table["n"]).all()


@settings(deadline=None)
@given(st.integers(13, 500), st.integers(0, 6))
def test_none_cannot_be_told_from_a_few_nor_all_from_all_but_a_few(n, few):
    none, some = released([(0, n)]).table, released([(few, n)]).table
    pd.testing.assert_frame_equal(none, some)
    every, most = released([(n, n)]).table, released([(n - few, n)]).table
    pd.testing.assert_frame_equal(every, most)


@settings(max_examples=30, deadline=None)
@given(PAIRS, st.sampled_from(["redact7_round5", "threshold10", "nhs_talking_therapies"]))
def test_small_counts_are_withheld_with_a_reason(pairs, policy):
    out, true = released(pairs, policy), groups(pairs)
    limit = disclosure_policies()[policy].threshold
    small = true["n"].between(1, limit - 1)
    assert out.table.loc[small, "n"].isna().all()
    assert all(out.reasons[row, "n"] for row in np.flatnonzero(small))


def test_nhs_rates_are_whole_percent_of_true_counts_and_starred_with_their_count():
    table = released([(334, 1001), (4, 1001), (997, 1001)], "nhs_talking_therapies").table
    assert table["n"].tolist() == [1000, 1000, 1000]
    assert table["rate_pct"].iloc[0] == 33
    assert table.loc[1:, ["events", "rate_pct"]].isna().all(axis=None)


def test_a_true_count_appears_nowhere():
    out = released([(1237, 4567)])
    whole = repr((out.table.to_dict(), out.columns, out.title, out.notes, out.hidden))
    assert "1237" not in whole
    assert "4567" not in whole


def test_a_row_that_is_too_small_is_still_listed():
    table = pd.DataFrame({"group": ["big", "small"], "n": [500, 9], "mean": [12.3456, 7.0], "sd": [5.0, 2.0]})
    out = release(table, labels=["group"], counts=["n"], statistics={"mean": "n", "sd": "n"}, title="Means")
    assert out.table["group"].tolist() == ["big", "small"]
    assert out.table["mean"].iloc[0] == 12.35
    assert out.reasons == {(1, "mean"): "too few", (1, "sd"): "too few"}


def test_a_statistic_needs_people_with_and_without_the_event():
    table = pd.DataFrame(
        {"model": ["a", "b", "c"], "n": [900, 900, 900], "events": [300, 6, 897], "auc": [0.7, 0.7, 0.7]}
    )
    out = release(table, labels=["model"], counts=["n", "events"], statistics={"auc": ("n", "events")}, title="AUC")
    assert out.table["auc"].notna().tolist() == [True, False, False]


def test_bounds_of_a_statistic_are_hidden_with_it():
    table = pd.DataFrame({"model": ["a", "b"], "n": [90, 3], "auc": [0.7, 0.9], "low": [0.6, 0.8], "high": [0.8, 1.0]})
    statistics = {"auc": Statistic("n", low="low", high="high", decimals=1)}
    out = release(table, labels=["model"], counts=["n"], statistics=statistics, title="AUC")
    assert out.table.loc[1, ["auc", "low", "high"]].isna().all()
    assert out.table.loc[0, "low"] == 0.6


def test_a_gap_follows_from_four_printed_counts():
    table = pd.DataFrame({"group": ["a"], "x": [101], "n": [300], "rx": [402], "rn": [800]})
    gap = Gap("x", "n", "rx", "rn", "low", "high")
    out = release(table, labels=["group"], counts=["x", "n", "rx", "rn"], rates={"gap": gap}, title="Gap").table
    x, n, rx, rn = (float(out[name].iloc[0]) for name in ("x", "n", "rx", "rn"))
    assert out["gap"].iloc[0] == pytest.approx(100 * (x / n - rx / rn), abs=0.05)
    bounds = newcombe(x, n, rx, rn)
    assert out["low"].iloc[0] == pytest.approx(100 * float(bounds.low), abs=0.05)
    assert out["high"].iloc[0] == pytest.approx(100 * float(bounds.high), abs=0.05)


def test_a_chain_of_counts_never_grows():
    table = pd.DataFrame({"group": ["a"], "referred": [455], "assessed": [455], "started": [452]})
    rates = {"assessed_pct": ("assessed", "referred"), "started_pct": ("started", "assessed")}
    out = release(
        table, labels=["group"], counts=["referred", "assessed", "started"], rates=rates, title="Funnel"
    ).table
    assert out[["referred", "assessed", "started"]].iloc[0].tolist() == [453, 450, 447]


def test_the_callers_table_is_not_changed():
    table = groups([(5, 10)])
    before = table.copy()
    release(table, labels=["group"], counts=["events", "n"], rates={"r": ("events", "n")}, title="t")
    pd.testing.assert_frame_equal(table, before)


def test_an_undeclared_column_does_not_leave():
    table = groups([(5, 10)]).assign(pseudonym="abc")
    with pytest.raises(DisclosureError, match=r"not declared as label, count, rate or statistic.*pseudonym"):
        release(table, labels=["group"], counts=["events", "n"], title="t")


@pytest.mark.parametrize(
    "label", ["943 476 5919", "9434765919", "0f" * 16, "2021-03-04", "4/3/2021", "someone@example.org", "word " * 60]
)
def test_a_label_that_could_be_a_person_does_not_leave_and_is_not_quoted(label):
    table = groups([(5, 10)]).assign(group=label)
    with pytest.raises(DisclosureError, match="1 of 1 labels look like") as caught:
        release(table, labels=["group"], counts=["events", "n"], title="t")
    assert label not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": ["group", "n"]}, "declared more than once: n"),
        ({"counts": [], "rates": {}}, "without a count cannot be judged"),
        ({"rates": {"r": ("events", "people")}}, "not declared as counts: people"),
        ({"counts": ["events", "n", "absent"]}, "declared but not in the table: absent"),
        ({"title": " "}, "needs a title"),
        ({"labels": [], "counts": ["events", "n", "group"]}, "group: counts and statistics must be numbers"),
        ({"rates": {"r": ("n", "events")}}, "a numerator must not exceed its denominator"),
        ({"rates": {"r": ("events", "n"), "s": ("n", "events")}}, "numerators of each other"),
    ],
)
def test_a_wrong_declaration_is_refused(change, message):
    asked = {"labels": ["group"], "counts": ["events", "n"], "rates": {"r": ("events", "n")}, "title": "t"} | change
    with pytest.raises(DisclosureError, match=message):
        release(groups([(5, 10)]), **asked)


def test_other_refusals():
    with pytest.raises(DisclosureError, match="must not be negative"):
        release(groups([(-1, 10)]), labels=["group"], counts=["events", "n"], title="t")
    with pytest.raises(DisclosureError, match="a label must be words or whole numbers, got float64"):
        release(groups([(1, 10)]).assign(group=1.5), labels=["group"], counts=["events", "n"], title="t")
    with pytest.raises(ConfigError, match="'none'"):
        release(groups([(1, 10)]), labels=["group"], counts=["events", "n"], policy="none", title="t")


def test_released_is_a_record_of_this_gate():
    assert isinstance(released([(5, 50)]).verify(), Released)
