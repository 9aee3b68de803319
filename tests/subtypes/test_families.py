"""All families in one table: the right one wins where the truth is known; nothing is compared that cannot be."""

import numpy as np
import pytest

from outcomes.subtypes.families import ALL, COLUMNS, TOTALS, best_growth, compare_families, explained
from outcomes.subtypes.latent_markov import LatentMarkov
from outcomes.subtypes.sequences import Sequences
from outcomes.subtypes.severity import compare_with_factors


def of_one_kind(n, seed, occasions=4):
    # two kinds of people who never change
    rng = np.random.default_rng(seed)
    kind = np.repeat(rng.random(n) < 0.5, occasions)
    items = (rng.random((n * occasions, 5)) < np.where(kind, 0.8, 0.2)[:, None]).astype(np.int8)
    return Sequences(items, np.arange(0, n * occasions + 1, occasions), tuple("abcde"), np.arange(n * occasions))


@pytest.fixture(scope="module")
def table():
    data = of_one_kind(300, 0)
    fitted = LatentMarkov(2, n_starts=3).fit(data)
    severity = compare_with_factors(data, (1, 2), estimator=LatentMarkov(n_starts=2))
    return compare_families(data, fitted, severity=severity, classes=(2,), states=2, starts=3)


def test_people_who_never_change_are_latent_classes(table):
    best = table[table["best"] & table["data"].eq(ALL)]
    assert best["family"].tolist() == ["latent classes of courses"]
    assert (best["groups"] == 2).all()


def test_every_family_has_its_row_and_likelihoods_stay_with_their_data(table):
    assert list(table.columns) == list(COLUMNS)
    assert {
        "latent Markov",
        "mixed latent Markov",
        "mover-stayer",
        "latent classes of courses",
        "latent class growth",
        "growth mixture",
        "k-means on course features",
        "continuous severity",
    } <= set(table["family"])
    assert table.groupby("data")["best"].sum().to_dict() == {
        "all answers": 1,
        "first answers": 1,
        "totals": 1,
        "course features": 0,
    }
    assert (
        table.loc[table["family"].str.startswith("k-means"), ["log_likelihood", "bic", "entropy_r2"]]
        .isna()
        .all(axis=None)
    )


def test_what_groups_explain_is_a_share(table):
    groups = table[table["explains_last"].notna()]
    assert len(groups) == 7
    assert groups[["explains_first", "explains_last", "smallest_share"]].apply(lambda c: c.between(0, 1)).all(axis=None)


def test_a_family_that_the_data_do_not_bear_says_why():
    data = of_one_kind(12, 1, occasions=2)
    fitted = LatentMarkov(1, n_starts=1).fit(data)
    table = compare_families(data, fitted, classes=(60,), states=30, starts=1)
    barred = table[table["note"].str.contains("at most|too few|different courses|could be told apart|must be")]
    assert len(barred) == len(table) - 1
    assert barred["bic"].isna().all()


@pytest.mark.parametrize(
    ("values", "label", "share"),
    [
        ([0, 0, 1, 1], [0, 0, 1, 1], 1.0),
        ([0, 1, 0, 1], [0, 0, 1, 1], 0.0),
        ([0, 2, 1, 3, np.nan], [0, 0, 1, 1, 1], 0.2),  # 1 of 5
        ([1, 1, 1, 1], [0, 0, 1, 1], np.nan),
    ],
)
def test_explained_by_hand(values, label, share):
    assert explained(np.array(values, dtype=float), np.array(label)) == pytest.approx(share, nan_ok=True)


def test_the_best_growth_model_is_the_one_of_the_table(table):
    data = of_one_kind(300, 0)
    like = LatentMarkov(2, n_starts=3)
    model = best_growth(data, table, like, starts=3)
    row = table[table["data"].eq(TOTALS) & table["best"]].iloc[0]
    assert model.log_likelihood_ == row["log_likelihood"]
    assert model.n_classes == row["groups"]
    assert best_growth(data, table[table["data"].ne(TOTALS)], like) is None
