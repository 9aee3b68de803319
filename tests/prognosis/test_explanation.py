"""Explanations that add up."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xgboost as xgb

from outcomes.errors import ConfigError
from outcomes.prognosis.catalogue import Feature
from outcomes.prognosis.explanation import explain, importance, reasons, sentence
from outcomes.prognosis.features import features_of
from outcomes.prognosis.models import BoostedTrees, Prevalence
from outcomes.prognosis.timeline import KEY


@pytest.fixture(scope="module")
def fitted(invented):
    table = features_of(invented.courses, 2)
    outcome = invented.courses.episodes[KEY].assign(y=invented.target.to_numpy(dtype=float, na_value=np.nan))
    y = table.keys.merge(outcome, on=KEY)["y"].to_numpy()
    known = np.isfinite(y)
    model = BoostedTrees().fit(table.frame.loc[known], y[known].astype(int), groups=table.keys["pseudonym"][known])
    return model, table, explain(model, table)


def test_contributions_add_up_to_the_log_odds_of_the_trees_that_predict(fitted):
    model, table, found = fitted
    matrix = xgb.DMatrix(model.encoding_.apply(table.frame))
    margin = model.booster_.predict(matrix, output_margin=True, iteration_range=(0, model.n_trees_))
    np.testing.assert_allclose(found.contributions.sum(axis=1) + found.base, margin, atol=1e-4)
    np.testing.assert_allclose(found.words.sum(axis=1) + found.base, margin, atol=1e-4)
    np.testing.assert_allclose(1 / (1 + np.exp(-found.margin)), model.predict_proba(table.frame)[:, 1], atol=1e-9)


def test_contributions_agree_with_xgboosts_own(fitted):
    model, table, found = fitted
    theirs = model.booster_.predict(xgb.DMatrix(model.encoding_.apply(table.frame)), pred_contribs=True)
    sources = np.array(model.encoding_.sources)
    for name in ("phq9_now", "phq9_change", "gender"):
        np.testing.assert_allclose(found.contributions[name], theirs[:, :-1][:, sources == name].sum(axis=1), atol=1e-4)


def test_importance_is_an_average_over_many(fitted):
    _, table, found = fitted
    overall = importance(found)
    assert overall["mean_abs_log_odds"].is_monotonic_decreasing
    assert set(overall["word"]) == {feature.word for feature in table.catalogue}
    assert overall["n_features"].sum() == len(table.catalogue)
    assert overall["n"].eq(table.keys["pseudonym"].nunique()).all()
    assert overall.iloc[0]["word"] in {"PHQ-9 total", "GAD-7 total"}


def test_importance_of_a_handful_is_not_told(fitted):
    model, table, _ = fitted
    few = replace(table, frame=table.frame.head(9), keys=table.keys.head(9))
    assert len(importance(explain(model, few))) == 0


def test_reasons_point_the_way_they_say(fitted):
    _, _, found = fitted
    told = reasons(found, most=3)
    assert told.groupby(["referral", "direction"]).size().max() <= 3
    assert told.loc[told["direction"].eq("for"), "log_odds"].gt(0).all()
    assert told.loc[told["direction"].eq("against"), "log_odds"].lt(0).all()
    person = told["referral"].iloc[0]
    mine = told.loc[told["referral"].eq(person) & told["direction"].eq("for")]
    row = found.words.drop(columns="background").loc[found.keys["referral"].eq(person).to_numpy()].iloc[0]
    assert mine["word"].iloc[0] == row.idxmax()
    assert mine["log_odds"].is_monotonic_decreasing


def test_no_reason_is_a_sensitive_attribute(fitted):
    _, _, found = fitted
    loud = found.contributions.assign(gender=5.0)
    told = reasons(replace(found, contributions=loud))
    assert not told["reason"].str.contains("gender").any()
    assert told["log_odds"].max() < 5


def test_no_reason_is_about_safety(fitted):
    told = reasons(fitted[2])
    assert not told["word"].str.contains("self-harm").any()


@pytest.mark.parametrize(
    ("meaning", "unit", "value", "expected"),
    [
        ("tiredness, change since the first", "points", -2.0, "tiredness, change since the first: down 2 points"),
        ("tiredness, change since the first", "points", 0.0, "tiredness, change since the first: none"),
        ("tiredness, now", "points", 3.0, "tiredness, now: 3 points"),
        ("tiredness, now", "points", np.nan, "tiredness, now: not known"),
        ("gender", "", "Female", "gender: Female"),
        ("time since the referral, so far", "weeks", 1.0, "time since the referral, so far: 1 week"),
        (
            "PHQ-9 total score, change per session",
            "points a session",
            -1.0,
            "PHQ-9 total score, change per session: down 1 point a session",
        ),
    ],
)
def test_sentences(meaning, unit, value, expected):
    assert sentence(Feature("x", meaning, unit, 0, "word"), value) == expected


def test_only_trees_are_explained(fitted):
    _, table, _ = fitted
    plain = Prevalence().fit(table.frame, np.arange(len(table.frame)) % 2)
    with pytest.raises(ConfigError, match="only boosted trees are explained by Shapley values, got Prevalence"):
        explain(plain, table)
    with pytest.raises(ConfigError, match="most must be at least 1, got 0"):
        reasons(fitted[2], most=0)


def test_importance_does_not_depend_on_row_order(fitted):
    model, table, found = fitted
    order = np.random.default_rng(0).permutation(len(table.frame))
    moved = replace(
        table, frame=table.frame.iloc[order].reset_index(drop=True), keys=table.keys.iloc[order].reset_index(drop=True)
    )
    pd.testing.assert_frame_equal(importance(explain(model, moved)), importance(found), rtol=1e-9)
