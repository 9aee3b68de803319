"""Honest figures: nobody is judged by a model that was taught with them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import threadpoolctl

from outcomes.errors import ConfigError, DataError
from outcomes.prognosis.features import features_of
from outcomes.prognosis.models import OneVariable, Prevalence
from outcomes.prognosis.plan import ONE_CHANCE, Contender, OneChance, Plan, contenders
from outcomes.prognosis.splits import BY_PATIENT, BY_SERVICE, BY_TIME
from outcomes.prognosis.timeline import OCCASION
from outcomes.prognosis.validation import validate

QUICK = Plan(landmarks=(0, 2), n_folds=3, validations=(BY_PATIENT,), n_bootstrap=20)
BASELINES = (Contender("phq9_alone", OneVariable("phq9_now")), Contender("prevalence", Prevalence()))


@pytest.fixture(scope="module")
def judged(invented):
    return validate(invented.courses, invented.target, contenders("phq9"), plan=QUICK)


def test_everybody_with_a_known_ending_is_judged_once(invented, judged):
    for landmark in QUICK.landmarks:
        keys = features_of(invented.courses, landmark).keys
        known = invented.courses.episodes.loc[invented.target.notna().to_numpy(), "referral"]
        expected = set(keys["referral"]) & set(known)
        for _, part in judged.predictions.query("landmark == @landmark").groupby("model"):
            assert set(part["referral"]) == expected
            assert not part["referral"].duplicated().any()
            assert part.groupby("pseudonym")["fold"].nunique().max() == 1


def test_counts_say_who_was_left_out(judged):
    for row in judged.counts.to_dict("records"):
        assert row["at_risk"] == row["n"] + row["outcome_unknown"]
        assert row["referrals"] == row["never_treated"] + row["not_reached"] + row["ended_before"] + row["at_risk"]
        assert row["status"] == "fitted"


def test_counts_say_for_whom_the_last_score_was_already_known(invented, judged):
    sat = invented.courses.totals.groupby("referral").size()
    known = invented.courses.episodes.loc[invented.target.notna().to_numpy(), "referral"]
    for row in judged.counts.to_dict("records"):
        assert row["n_without_later_score"] == (sat[known] == row["landmark"] + 1).sum()


def test_counts_say_who_is_too_recent_to_be_judged_by_time(invented):
    quarter = invented.courses.episodes["quarter"]
    episodes = invented.courses.episodes.assign(last_seen_day=np.where(quarter.eq("2023Q2"), 100, 300))
    plan = replace(QUICK, validations=(BY_TIME,), n_bootstrap=0)
    found = validate(replace(invented.courses, episodes=episodes), invented.target, BASELINES, plan=plan)
    recent = set(episodes.loc[quarter.eq("2023Q2") & invented.target.notna(), "referral"])
    for row in found.counts.to_dict("records"):
        reached = set(features_of(invented.courses, row["landmark"]).keys["referral"])
        assert row["n_too_recent"] == len(recent & reached) > 0
    assert len(found.predictions)
    assert not recent & set(found.predictions["referral"])
    assert found.predictions["referral"].isin(episodes.loc[quarter.ge("2022Q4"), "referral"]).all()


def test_one_row_a_landmark_model_validation_and_metric(judged):
    key = ["landmark", "model", "validation", "metric"]
    assert not judged.metrics.duplicated(key).any()
    assert set(judged.metrics["model"]) == {one.name for one in contenders("phq9")}
    assert {"auroc", "brier", "calibration_in_the_large", "calibration_slope", "ici"} <= set(judged.metrics["metric"])
    areas = judged.metrics.query("metric == 'auroc'").set_index(["landmark", "model"])["value"]
    assert areas[2, "boosted_trees"] > 0.7
    assert areas[2, "penalised_logistic"] > 0.7
    assert areas[2, "prevalence"] == 0.5


@pytest.mark.slow
def test_results_do_not_depend_on_workers_threads_or_row_order(invented, judged):
    courses, order = invented.courses, np.random.default_rng(0).permutation(len(invented.courses.episodes))
    shuffled = replace(
        courses, episodes=courses.episodes.iloc[order], occasions=courses.occasions.sample(frac=1, random_state=1)
    )
    with threadpoolctl.threadpool_limits(limits=2):
        again = validate(shuffled, invented.target.iloc[order], contenders("phq9"), plan=replace(QUICK, workers=2))
    pd.testing.assert_frame_equal(again.predictions, judged.predictions, check_exact=True)
    pd.testing.assert_frame_equal(again.metrics, judged.metrics, check_exact=True)


def test_endings_of_the_judged_fold_teach_nothing(invented):
    # flip the ending of the judged: their probabilities must not move
    plan = replace(QUICK, landmarks=(1,), n_bootstrap=0)
    plain = validate(invented.courses, invented.target, BASELINES, plan=plan).predictions
    fold = plain.query("model == 'phq9_alone' and fold == 0")["referral"]
    flipped = invented.target.where(~invented.courses.episodes["referral"].isin(fold), ~invented.target)
    moved = validate(invented.courses, flipped, BASELINES, plan=plan).predictions
    pick = "model == 'phq9_alone' and fold == 0"
    np.testing.assert_array_equal(plain.query(pick)["probability"], moved.query(pick)["probability"])
    assert (plain.query(pick)["outcome"].to_numpy() != moved.query(pick)["outcome"].to_numpy()).all()


def test_by_time_and_by_service(invented):
    plan = Plan(landmarks=(0,), validations=(BY_TIME, BY_SERVICE), n_bootstrap=0)
    found = validate(invented.courses, invented.target, BASELINES, plan=plan)
    late = found.predictions.query("validation == 'by time'").merge(invented.courses.episodes[["referral", "quarter"]])
    assert late["quarter"].min() >= "2022Q4"
    services = found.predictions.query("validation == 'by service' and model == 'prevalence'")
    joined = services.merge(invented.courses.episodes[["referral", "service"]])
    assert joined.groupby("fold")["service"].nunique().eq(1).all()
    assert len(services) == found.counts.loc[0, "n"]


class Averages:
    """A transformer that remembers whom it was taught with."""

    taught: tuple[frozenset, ...] = ()

    def fit(self, occasions):
        self.mean_ = float(occasions["phq9_1"].astype("Float64").mean())
        self.who_ = frozenset(occasions["pseudonym"])
        type(self).taught += (self.who_,)
        return self

    def transform(self, occasions):
        above = occasions["phq9_1"].astype("Float64").sub(self.mean_).clip(0, 1)
        return occasions[OCCASION].assign(above_mean=above)


def test_a_transformer_is_learnt_afresh_from_the_training_patients_of_each_fold(invented):
    Averages.taught = ()
    found = validate(invented.courses, invented.target, BASELINES, plan=QUICK, transformer=Averages())
    assert len(Averages.taught) == QUICK.n_folds
    for fold in range(QUICK.n_folds):
        judged = set(found.predictions.query("fold == @fold")["pseudonym"])
        assert judged
        assert not judged & Averages.taught[fold]


class Leaky(Averages):
    def transform(self, occasions):
        return occasions[OCCASION].assign(state=occasions.groupby("referral")["occasion"].transform("size"))


def test_a_transformer_that_knows_the_ending_is_refused(invented):
    with pytest.raises(ConfigError, match=r"state.*one to one with the number of occasions"):
        validate(invented.courses, invented.target, BASELINES, plan=QUICK, transformer=Leaky())


def test_too_few_people_get_an_honest_answer(invented):
    few = invented.target.mask(np.arange(len(invented.target)) > 20)
    found = validate(invented.courses, few, contenders("phq9"), plan=QUICK)
    assert found.counts["status"].eq("too few to say").all()
    assert len(found.metrics) == len(found.predictions) == 0
    assert {"landmark", "model", "metric", "value"} <= set(found.metrics.columns)


def test_without_sensitive_attributes_the_twin_is_left_out(invented):
    bare = replace(invented.courses, episodes=invented.courses.episodes.drop(columns=["gender", "age_band"]))
    twin = (*BASELINES, Contender("twin", Prevalence(), sensitive=False))
    found = validate(bare, invented.target, twin, plan=QUICK)
    assert "twin" not in set(found.metrics["model"])


def test_progress_is_told(invented):
    steps = []
    validate(
        invented.courses, invented.target, BASELINES, plan=QUICK, progress=lambda done, of: steps.append((done, of))
    )
    assert steps == [(number, 6) for number in range(1, 7)]


def test_wrong_plans_and_targets(invented):
    with pytest.raises(ConfigError, match="validations must be among by patient, by time, by service, got by luck"):
        Plan(validations=("by luck",))
    with pytest.raises(ConfigError, match="landmarks must be 0 or session numbers"):
        Plan(landmarks=(-1,))
    with pytest.raises(ConfigError, match="workers must be at least 1, got 0"):
        Plan(workers=0)
    with pytest.raises(DataError, match="target: 3 values for 400 episodes"):
        validate(invented.courses, invented.target.head(3), BASELINES)


def test_a_model_trained_under_a_constraint_is_judged_at_the_last_landmark_on_the_same_people(invented):
    models = contenders("phq9", one_chance=OneChance("gender", 0.5))
    plan = replace(QUICK, validations=("by patient", "by time"))
    told = validate(invented.courses, invented.target, models, plan=plan).predictions
    constrained = told[told["model"].eq(ONE_CHANCE)]
    plain = told[told["model"].eq("boosted_trees") & told["validation"].eq("by patient")]
    assert constrained["validation"].unique().tolist() == ["by patient"]
    assert constrained["landmark"].unique().tolist() == [QUICK.landmarks[-1]]
    plain = plain[plain["landmark"].eq(QUICK.landmarks[-1])]
    assert set(constrained["referral"]) == set(plain["referral"])


def test_groups_that_are_to_be_treated_alike_must_be_there(invented):
    models = contenders("phq9", one_chance=OneChance("shoe_size", 0.5))
    with pytest.raises(ConfigError, match="the groups of 'shoe_size' alike, which the episodes lack"):
        validate(invented.courses, invented.target, models, plan=QUICK)
