"""Standardised differences equal tableone's on exact counts, and in a release come from printed cells only."""

import warnings

import numpy as np
import pandas as pd
import pytest
from tableone import TableOne

from outcomes.disclosure.balance import difference_of_means, difference_of_shares, standardised_differences
from outcomes.disclosure.gate import release

PRINTED = 0.0005001  # tableone prints three places


@pytest.fixture(scope="module")
def people():
    generator = np.random.default_rng(7)
    n = 500
    group = generator.choice(["first", "second"], n)
    return pd.DataFrame(
        {
            "group": group,
            "age": generator.normal(40, 12, n) + 3 * (group == "second"),
            "score": generator.integers(0, 28, n).astype(float),
            "ethnic": generator.choice(list("abcde"), n, p=[0.5, 0.2, 0.15, 0.1, 0.05]),
            "gender": np.where(generator.random(n) < 0.6 + 0.1 * (group == "first"), "F", "M"),
        }
    )


@pytest.fixture(scope="module")
def theirs(people):
    columns = {"columns": ["age", "score", "ethnic", "gender"], "categorical": ["ethnic", "gender"]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tableone's own way with pandas
        made = TableOne(people, **columns, groupby="group", smd=True)
    column = next(name for name in made.tableone.columns if "SMD" in name[1])
    printed = made.tableone[column]
    return {name.split(",")[0]: float(value) for (name, _), value in printed.items() if str(value).strip()}


@pytest.mark.parametrize("name", ["age", "score"])
def test_differences_of_means_equal_tableones(people, theirs, name):
    parts = [people.loc[people["group"].eq(of), name] for of in ("first", "second")]
    ours = difference_of_means([part.mean() for part in parts], [part.std(ddof=1) for part in parts])
    assert ours == pytest.approx(theirs[name], abs=PRINTED)


@pytest.mark.parametrize("name", ["ethnic", "gender"])
def test_differences_of_categories_equal_tableones(people, theirs, name):
    table = pd.crosstab(people[name], people["group"])
    assert difference_of_shares(table["first"], table["second"]) == pytest.approx(theirs[name], abs=PRINTED)


def test_nobody_varies_is_no_number():
    assert np.isnan(difference_of_means([1, 2], [0, 0]))
    assert np.isnan(difference_of_shares([10, 0], [10, 0]))
    assert np.isnan(difference_of_shares([0, 0], [10, 5]))
    assert np.isnan(difference_of_shares([10], [10]))


def one(sizes):
    rows = []
    for group, n in {"Everyone": sum(sizes.values()), **sizes}.items():
        rows.append((group, "People", "", n, np.nan, np.nan, np.nan))
        rows.append((group, "Score, mean (SD)", "", n, np.nan, 10 + n / 100, 4.0))
        levels = {"F": int(n * 0.6), "M": int(n * 0.4)}
        rows += [(group, "Gender", level, of, n, np.nan, np.nan) for level, of in levels.items()]
    frame = pd.DataFrame(rows, columns=["group", "characteristic", "level", "n", "of", "mean", "sd"])
    return release(
        frame,
        labels=["group", "characteristic", "level"],
        counts=["n", "of"],
        rates={"share_pct": ("n", "of")},
        statistics={"mean": "n", "sd": "n"},
        title="Table 1",
    )


def test_each_group_is_compared_with_the_largest_and_small_ones_say_too_few():
    made = standardised_differences(one({"a": 300, "b": 100, "c": 5}))
    assert set(made.table["compared"]) == {"b with a", "c with a"}
    score = made.table[made.table["characteristic"].eq("Score")].set_index("compared")["standardised_difference"]
    assert score["b with a"] == pytest.approx(-0.5)
    assert np.isnan(score["c with a"])
    assert "too few" in {cell.reason for cell in made.hidden}
    assert made.verify().entry == ""


def test_one_group_has_nothing_to_be_compared_with():
    assert standardised_differences(one({"a": 300})) is None
