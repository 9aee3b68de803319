"""Classes against continuous severity: who wins where the truth is known, and what is said about it."""

import types

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ConfigError
from outcomes.kernel.latent_markov_starts import Search
from outcomes.subtypes.latent_markov import LatentMarkov
from outcomes.subtypes.severity import compare_with_factors, first_occasions, in_short, shape_residuals, verdict

SLOPES = np.array([1.0, 1.4, 1.8, 2.2, 2.6, 1.2, 1.6, 2.0, 1.5])
CUTS = np.linspace(0.5, -1.5, 9)[:, None] + np.array([1.2, 0.0, -1.4])
QUICK = LatentMarkov(n_starts=4, search=Search(finished=2))


def graded(theta, seed):
    rng = np.random.default_rng(seed)
    reached = 1 / (1 + np.exp(-(CUTS[None] + (theta[:, None] * SLOPES)[:, :, None])))
    return (rng.random((theta.size, 9, 1)) < reached).sum(axis=2)


def kinds(n, seed):
    # three kinds that raise three items each, and one that raises none
    rng = np.random.default_rng(seed)
    location = np.vstack((np.kron(np.eye(3), np.ones(3)) * 3.0 - 1.5, np.full(9, -2.0)))[rng.integers(4, size=n)]
    reached = 1 / (1 + np.exp(-(location[:, :, None] + np.array([1.0, 0.0, -1.0]))))
    return (rng.random((n, 9, 1)) < reached).sum(axis=2)


@pytest.mark.slow
def test_one_severity_is_no_evidence_of_subtypes():
    codes = graded(np.random.default_rng(0).standard_normal(3000), 1)
    codes[np.random.default_rng(2).random(codes.shape) < 0.05] = -1
    table = compare_with_factors(codes, range(1, 7), estimator=QUICK)
    best = table.loc[table["best"]].iloc[0]
    assert (best["model"], best["bic"]) == ("one dimension, normal", table["bic"].min())
    assert table.loc[table["kind"] == "classes", "bic"].min() > best["bic"] + 100
    assert table["converged"].all()
    said = verdict(table)
    assert said.startswith("There is no evidence of subtypes beyond severity: at the first occasions of 3,000 people")
    assert "not normally" not in said
    assert "provisional" not in said


@pytest.mark.slow
def test_neither_is_a_skewed_or_clustered_severity():
    rng = np.random.default_rng(3)
    clustered = np.where(rng.random(2000) < 0.75, -0.6, 1.8) + 0.2 * rng.standard_normal(2000)
    table = compare_with_factors(graded(clustered, 4), range(1, 5), estimator=QUICK)
    by_name = table.set_index("model")["bic"]
    classes = table.loc[table["kind"] == "classes", "bic"].min()
    assert by_name["one dimension, any distribution"] == table["bic"].min()
    assert classes < by_name["one dimension, normal"]  # what would have been taken for subtypes
    assert "no evidence of subtypes" in verdict(table)
    assert "not normally distributed" in verdict(table)


def test_kinds_of_people_are_found():
    table = compare_with_factors(kinds(1500, 5), range(1, 6), estimator=QUICK)
    best = table.loc[table["best"]].iloc[0]
    assert (best["kind"], best["size"]) == ("classes", 4)
    assert best["rising"] < 1
    said = verdict(table)
    assert said.startswith("Classes describe the answers better than one or two continuous dimensions")
    assert "4 classes" in said
    assert "of the item scores fall" in said


def test_the_table_holds_both_families_of_answers_once_each():
    table = compare_with_factors(kinds(300, 6), (3, 1, 2, 2), estimator=QUICK)
    assert table["size"].tolist() == [1, 2, 2, 3, 3, 1, 1, 2]
    assert table["answers"].tolist() == ["nominal", *["nominal", "ordinal"] * 2, *["graded"] * 3]
    assert table["model"].is_unique
    assert (table["n_persons"] == 300).all()
    deviance = -2 * table["log_likelihood"]
    assert table["bic"].to_numpy() == pytest.approx((deviance + table["n_parameters"] * np.log(300)).to_numpy())
    assert table["aic"].to_numpy() == pytest.approx((deviance + 2 * table["n_parameters"]).to_numpy())
    again = compare_with_factors(kinds(300, 6), (1, 2, 3), estimator=QUICK)
    pd.testing.assert_frame_equal(table, again)


def test_of_two_answers_there_is_no_order_to_compare():
    table = compare_with_factors((kinds(300, 6) > 1).astype(int), (1, 2, 3), estimator=QUICK)
    assert table["answers"].tolist() == ["nominal"] * 3 + ["graded"] * 3


def test_few_items_leave_two_dimensions_out_and_progress_is_told():
    told = []
    table = compare_with_factors(
        kinds(200, 7)[:, [0, 3, 6]], (1, 2), estimator=QUICK, on_progress=lambda *each: told.append(each)
    )
    assert table["model"].tolist()[-2:] == ["one dimension, normal", "one dimension, any distribution"]
    assert {step for step, _, _ in told} == {"1 states", "2 states"}


def test_no_number_of_classes_is_refused():
    with pytest.raises(ConfigError, match="at least one number of classes"):
        compare_with_factors(kinds(50, 8), ())


def test_only_the_first_answered_occasion_of_each_person_counts():
    occasions = pd.DataFrame(
        {
            "pseudonym": ["b", "a", "a", "b", "c", "a"],
            "referral": ["r3", "r1", "r1", "r3", "r4", "r2"],
            "occasion": [1, 2, 1, 2, 1, 1],
            "phq9_1": pd.array([pd.NA, 1, 0, 3, pd.NA, 2], dtype="Int8"),
            "phq9_2": pd.array([pd.NA, 1, pd.NA, 2, pd.NA, 2], dtype="Int8"),
        }
    )
    first = first_occasions(occasions)
    assert first.items.tolist() == [[0, -1], [3, 2]]
    assert first.rows.tolist() == [2, 3]
    assert first.starts.tolist() == [0, 1, 2]


def test_keys_of_trajectories_tell_persons_apart():
    keys = pd.DataFrame({"pseudonym": ["a", "a", "b"], "referral": ["r", "s", "t"]})
    ragged = types.SimpleNamespace(
        items=np.array([[1], [2], [3], [4]], dtype=np.int8),
        starts=np.array([0, 2, 3, 4]),
        columns=("phq9_1",),
        keys=keys,
    )
    assert first_occasions(ragged).items.ravel().tolist() == [1, 4]
    del ragged.keys
    assert first_occasions(ragged).items.ravel().tolist() == [1, 3, 4]


def rows(**changes):
    table = pd.DataFrame(
        {
            "model": ["1 class", "2 classes with free answers", "one dimension, normal", "two dimensions"],
            "kind": ["classes", "classes", "continuous", "continuous"],
            "size": [1, 2, 1, 2],
            "bic": [400.0, 300.0, 200.0, 250.0],
            "n_persons": 1234.0,
            "converged": True,
            "rising": [1.0, 0.5, np.nan, np.nan],
        }
    )
    return table.assign(**changes)


@pytest.mark.parametrize(
    ("changes", "said", "unsaid"),
    [
        ({}, "no evidence of subtypes beyond severity: at the first occasions of 1,234 people", "not clear"),
        ({"bic": [400, 209.9, 200, 250]}, "below 10 is not clear", "Classes describe"),
        ({"bic": [400, 210.0, 200, 250]}, "BIC lower by 10.0", "not clear"),
        (
            {"bic": [400, 300, 200, 150]},
            "no evidence of subtypes beyond two kinds of severity: two cont",
            "Classes desc",
        ),
        ({"bic": [400, 100, 200, 250]}, "50% of the item scores fall. No more classes were tried", "no evidence"),
        ({"bic": [400, 100, 200, 250], "rising": 1.0}, "levels of one severity, no evidence", "scores fall"),
        ({"bic": [100, 300, 200, 250]}, "share neither a severity nor classes", "No more classes"),
        ({"converged": [True, False, True, False]}, "only provisional: 2 classes with free answers.", "two dim"),
    ],
)
def test_what_is_said(changes, said, unsaid):
    assert said in verdict(rows(**changes))
    assert unsaid not in verdict(rows(**changes))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "no evidence of subtypes beyond severity"),
        ({"bic": [400, 209.9, 200, 250]}, "classes and continuous severity describe first answers about equally well"),
        ({"bic": [400, 300, 200, 150]}, "no evidence of subtypes beyond two kinds of severity"),
        ({"bic": [400, 100, 200, 250]}, "classes describe first answers better than continuous severity"),
        ({"bic": [400, 100, 200, 250], "rising": 1.0}, "levels of one severity, no evidence of subtypes"),
        ({"bic": [100, 300, 200, 250]}, "first answers share neither a severity nor classes"),
    ],
)
def test_what_is_said_in_short(changes, said):
    assert in_short(rows(**changes)) == said


@pytest.mark.parametrize("words", [verdict, in_short])
def test_a_verdict_needs_both_kinds(words):
    with pytest.raises(ConfigError, match="both needed"):
        words(rows(kind="classes"))


def test_states_that_are_mere_levels_show_no_shape():
    codes = graded(np.random.default_rng(9).standard_normal(1500), 10)
    codes[np.random.default_rng(11).random(codes.shape) < 0.1] = -1
    table = shape_residuals(LatentMarkov(n_states=3, n_starts=4).fit(codes), codes)
    standardised = table["residual"] / table["standard_error"]
    assert len(table) == 27
    assert standardised.abs().max() < 3.5
    assert table.groupby("item")["n"].sum().to_numpy() == pytest.approx((codes >= 0).sum(axis=0))


def test_states_of_kinds_show_theirs():
    codes = kinds(1500, 12)
    model = LatentMarkov(n_states=4, n_starts=6, search=Search(finished=2)).fit(codes)
    table = shape_residuals(model, codes)
    standardised = (table["residual"] / table["standard_error"]).to_numpy().reshape(4, 9)
    assert ((standardised > 5).sum(axis=1) == 3).sum() >= 2  # a kind stands out in its own three items
    pd.testing.assert_frame_equal(table, shape_residuals(model, codes))


@pytest.mark.shared
@pytest.mark.slow
def test_real_answers_of_a_community_give_a_sane_table(shared_dir):
    path = shared_dir / "data" / "phq9_gad7_two_waves" / "phq9_gad7_items_long.csv"
    waves = pd.read_csv(path).rename(columns={"patient": "pseudonym", "wave": "occasion"})
    table = compare_with_factors(waves, range(1, 5), estimator=QUICK)
    one, two = (table.loc[table["model"] == name].iloc[0] for name in ("one dimension, normal", "two dimensions"))
    assert table["n_persons"].unique().tolist() == [403.0]
    assert two["log_likelihood"] > one["log_likelihood"]
    assert one["log_likelihood"] > table.loc[table["size"].eq(1) & table["kind"].eq("classes"), "log_likelihood"].max()
    assert table["bic"].notna().all()
    assert "403 people" in verdict(table)
