"""The workshop: who teaches is not judged, rare outcomes are not fitted, and nothing that is put in is changed."""

from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from outcomes.errors import ConfigError
from outcomes.prognosis.bench import FEWEST_EACH, METRICS, PREDICTIONS, Bench
from outcomes.prognosis.features import features_of
from outcomes.prognosis.models import OneVariable, Prevalence
from outcomes.prognosis.plan import Contender, Plan
from outcomes.prognosis.splits import BY_PATIENT, BY_SERVICE, BY_TIME, Split
from outcomes.prognosis.timeline import KEY, OCCASION, sittings

PLAN = Plan(landmarks=(0, 2), n_folds=3, validations=(BY_PATIENT,), n_bootstrap=10)
MODELS = (Contender("phq9_alone", OneVariable("phq9_now")), Contender("prevalence", Prevalence()))


class Witness(BaseEstimator):
    """Remembers what it was shown; foretells the share of the outcome among its teachers."""

    shown: ClassVar[list[dict]] = []

    def fit(self, X, y, *, groups):
        self.shown.append({"X": X, "y": y, "groups": groups})
        self.share_ = y.mean()
        return self

    def predict_proba(self, X):
        self.shown[-1]["judged"] = X
        return np.tile([1 - self.share_, self.share_], (len(X), 1))


class Centre(BaseEstimator):
    """Gives each sitting its distance from the mean of the sittings it learnt from."""

    taught: ClassVar[list[pd.DataFrame]] = []

    def fit(self, occasions):
        self.taught.append(occasions)
        self.mean_ = occasions["phq9_1"].astype(float).mean()
        return self

    def transform(self, occasions):
        return occasions[OCCASION].assign(distance=occasions["phq9_1"].astype(float).fillna(0) - self.mean_)


@pytest.fixture(scope="module")
def bench(invented):
    return Bench(invented.courses, invented.target, MODELS, PLAN)


@pytest.fixture
def witness(invented):
    Witness.shown.clear()
    models = (Contender("all", Witness()), Contender("plain", Witness(), sensitive=False))
    return Bench(invented.courses, invented.target, models, PLAN)


def test_each_row_of_a_table_finds_its_own_episode(invented, bench):
    for landmark, table in bench.tables.items():
        episodes = invented.courses.episodes.iloc[bench.places[landmark]]
        assert episodes["referral"].tolist() == table.keys["referral"].tolist()
        assert episodes["pseudonym"].tolist() == table.keys["pseudonym"].tolist()
        pd.testing.assert_frame_equal(table.frame, features_of(invented.courses, landmark).frame)


def test_an_ending_that_is_not_known_is_neither_yes_nor_no(invented, bench):
    assert np.isnan(bench.outcome).tolist() == invented.target.isna().tolist()
    assert np.nansum(bench.outcome) == invented.target.sum()


def test_later_says_who_filled_in_another_form(invented, bench):
    last = sittings(invented.courses).groupby("referral")["moment"].max()
    for landmark, table in bench.tables.items():
        assert bench.later[landmark].tolist() == (last[table.keys["referral"]] > landmark).tolist()


def test_splits_are_those_of_the_plan_and_nobody_is_on_both_sides(invented):
    plan = Plan(landmarks=(0,), n_folds=4, validations=(BY_PATIENT, BY_TIME, BY_SERVICE))
    splits = Bench(invented.courses, invented.target, MODELS, plan).splits
    names = [split.validation for split in splits]
    assert names == [BY_PATIENT] * 4 + [BY_TIME] * names.count(BY_TIME) + [BY_SERVICE] * 3
    who = invented.courses.episodes["pseudonym"]
    assert all(not set(who[split.training]) & set(who[split.judged]) for split in splits)


def test_a_landmark_with_a_rare_outcome_is_not_fitted(invented):
    rare = pd.Series(pd.array([False] * len(invented.target), dtype="boolean"))
    seen = Bench(invented.courses, rare, MODELS, PLAN).places[0]
    for n, fitted in ((FEWEST_EACH - 1, ()), (FEWEST_EACH, (0,))):
        target = rare.copy()
        target.iloc[seen[:n]] = True
        bench = Bench(invented.courses, target, MODELS, Plan(landmarks=(0,), n_folds=2, validations=(BY_PATIENT,)))
        assert bench.fitted == fitted
        assert bench.counts()["status"].tolist() == (["fitted"] if fitted else ["too few to say"])


def test_models_learn_from_teachers_with_a_known_ending_only(invented, witness):
    split = witness.splits[0]
    found = witness.predict(split, None, 2)
    who = invented.courses.episodes["pseudonym"]
    for seen in Witness.shown:
        assert not set(seen["groups"]) & set(who[split.judged])
        assert set(np.unique(seen["y"])) == {0, 1}
        assert len(seen["X"]) == len(seen["y"]) == len(seen["groups"]) == found["n_training"].iloc[0]
    keys = witness.tables[2].keys
    known = invented.target.notna().to_numpy()[witness.places[2]]
    assert set(found["referral"]) == set(keys["referral"][split.judged[witness.places[2]] & known])
    assert found["probability"].unique().tolist() == [Witness.shown[0]["y"].mean()]


def test_outcomes_beside_the_probabilities_are_the_peoples_own(invented, bench):
    found = bench.predict(bench.splits[1], None, 0)
    truth = pd.Series(invented.target.to_numpy(), index=invented.courses.episodes["referral"])
    assert found["outcome"].tolist() == truth[found["referral"]].astype(int).tolist()
    assert found.columns.tolist() == PREDICTIONS
    assert set(found["model"]) == {"phq9_alone", "prevalence"}
    assert (found["fold"].unique().tolist(), found["landmark"].unique().tolist()) == ([bench.splits[1].fold], [0])


def test_a_model_that_may_not_see_sensitive_columns_does_not_see_them(witness):
    witness.predict(witness.splits[0], None, 0)
    whole, plain = (set(seen["X"].columns) for seen in Witness.shown)
    assert whole - plain == {"gender", "age_band"}
    assert set(Witness.shown[1]["judged"].columns) == plain


def test_where_nothing_is_sensitive_the_second_model_would_be_the_same_and_is_left_out(invented):
    Witness.shown.clear()
    courses = type(invented.courses)(
        invented.courses.episodes.drop(columns=["gender", "age_band"]), invented.courses.occasions,
        invented.courses.totals,
    )  # fmt: skip
    models = (Contender("all", Witness()), Contender("plain", Witness(), sensitive=False))
    bench = Bench(courses, invented.target, models, PLAN)
    assert set(bench.predict(bench.splits[0], None, 0)["model"]) == {"all"}


def test_the_models_that_are_put_in_stay_unfitted(bench):
    bench.predict(bench.splits[0], None, 0)
    assert not [name for one in bench.models for name in vars(one.model) if name.endswith("_")]


def test_too_few_teachers_or_nobody_to_judge_gives_no_rows(bench):
    split = bench.splits[0]
    n = len(split.training)
    nobody = np.zeros(n, dtype=bool)
    few = nobody.copy()
    few[bench.places[0][:15]] = True
    for strange in (Split(BY_PATIENT, 0, split.training, nobody), Split(BY_PATIENT, 0, few, split.judged)):
        found = bench.predict(strange, None, 0)
        assert found.empty
        assert found.columns.tolist() == PREDICTIONS


def test_a_transformer_learns_from_the_teachers_and_is_applied_to_everybody(invented, bench):
    Centre.taught.clear()
    mine = Centre()
    split = bench.splits[0]
    extra = bench.learnt(mine, split)
    (taught,) = Centre.taught
    assert set(taught["referral"]) <= set(invented.courses.episodes.loc[split.training, "referral"])
    assert len(extra) == len(invented.courses.occasions)
    assert not hasattr(mine, "mean_")


def test_learnt_columns_join_the_others(bench):
    extra = bench.learnt(Centre(), bench.splits[0])
    plain, wider = bench.table(2, None), bench.table(2, extra)
    assert plain is bench.tables[2]
    assert [name for name in wider.frame if name not in plain.frame] == ["distance"]
    pd.testing.assert_frame_equal(wider.frame[plain.frame.columns], plain.frame)


def test_learnt_columns_that_know_the_ending_are_refused(invented, bench):
    ending = invented.courses.episodes[[*KEY, "end_day"]]
    extra = invented.courses.occasions[OCCASION].merge(ending, on=KEY)
    with pytest.raises(ConfigError, match="end_day"):
        bench.table(2, extra)


def predictions(bench, landmark=2):
    parts = pd.concat([bench.predict(split, None, landmark) for split in bench.splits], ignore_index=True)
    return parts[parts["model"] == "phq9_alone"]


def test_figures_are_those_of_the_rows_that_are_judged(bench):
    part = predictions(bench)
    figures = bench.judge(part)
    assert figures.columns.tolist() == METRICS
    assert set(figures["n"]) == {len(part)}
    assert set(figures["n_events"]) == {part["outcome"].sum()}
    assert set(figures["n_training"]) == {part["n_training"].min()}
    assert set(figures["n_at_risk"]) == {len(bench.tables[2].keys)}
    values = figures.set_index("metric")["value"]
    brier = ((part["probability"] - part["outcome"]) ** 2).mean()
    assert values["brier"] == pytest.approx(brier)
    won, pairs = 0.0, 0  # within folds: models of different folds are not compared with each other
    for _, fold in part.groupby("fold"):
        yes, no = (fold.loc[fold["outcome"] == outcome, "probability"].to_numpy() for outcome in (1, 0))
        won += (yes[:, None] > no).sum() + 0.5 * (yes[:, None] == no).sum()
        pairs += yes.size * no.size
    assert values["auroc"] == pytest.approx(won / pairs)


@pytest.mark.parametrize("outcome", [0, 1])
def test_too_rare_an_outcome_is_not_judged(bench, outcome):
    part = predictions(bench)
    rare = part[part["outcome"] == outcome].head(FEWEST_EACH - 1)
    figures = bench.judge(pd.concat([rare, part[part["outcome"] != outcome]]))
    assert figures.empty
    assert figures.columns.tolist() == METRICS


def test_counts_add_up(invented, bench):
    counts = bench.counts()
    assert counts["landmark"].tolist() == [0, 2]
    assert (counts["n"] + counts["outcome_unknown"] == counts["at_risk"]).all()
    assert counts["n_events"].tolist() == [int(np.nansum(bench.outcome[bench.places[s]])) for s in (0, 2)]
    assert (counts["n_without_later_score"] <= counts["n"]).all()


def test_nothing_that_is_put_in_is_changed(invented):
    before = {name: getattr(invented.courses, name).copy() for name in ("episodes", "occasions", "totals", "contacts")}
    target = invented.target.copy()
    bench = Bench(invented.courses, invented.target, MODELS, PLAN)
    bench.judge(predictions(bench))
    for name, table in before.items():
        pd.testing.assert_frame_equal(getattr(invented.courses, name), table)
    pd.testing.assert_series_equal(invented.target, target)
