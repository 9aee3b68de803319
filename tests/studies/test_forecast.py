"""The prognosis step: endings that are known, models that are judged on others, contributions that are explained."""

from dataclasses import replace

import pandas as pd
import pytest

from outcomes.errors import ConfigError, DataError
from outcomes.prognosis.plan import ONE_CHANCE
from outcomes.studies.experiment import FairnessSettings, PrognosisSettings, TargetSettings
from outcomes.studies.forecast import BOOSTED, aim, forecast


def test_an_ending_is_true_false_or_not_known_for_every_referral(materials):
    goal = aim(materials, TargetSettings(kind="recovery"))
    assert len(goal.values) == len(materials.episodes)
    assert goal.values.isna().sum() >= materials.episodes["open"].sum()
    assert goal.values[materials.episodes["open"].to_numpy(dtype=bool)].isna().all()


def test_remission_counts_add_up_and_the_rule_is_in_words(materials):
    wanted = TargetSettings(kind="remission", instrument="phq9", at_most=4, from_occasion=3)
    goal = aim(materials, wanted)
    parts = goal.counts["true"] + goal.counts["false"] + goal.counts["not_known"]
    assert parts == goal.counts["referrals"] == len(materials.episodes)
    assert "4" in goal.rule
    last = materials.totals[materials.totals["occasion"].ge(3) & materials.totals["phq9"].notna()]
    assert goal.counts["true"] == int(last.sort_values("occasion").groupby("referral")["phq9"].last().le(4).sum())


def test_an_outcome_that_the_feed_does_not_give_is_a_fault_of_the_experiment(materials):
    bare = type(materials)(**{**vars(materials), "outcomes": None})
    with pytest.raises(ConfigError, match=r"'recovery' needs PHQ-9 or an anxiety measure.*use kind = 'remission'"):
        aim(bare, TargetSettings(kind="recovery"))


def test_a_feed_without_questionnaires_bears_no_forecast(materials, told):
    bare = type(materials)(**{**vars(materials), "occasions": materials.occasions.iloc[:0]})
    with pytest.raises(DataError, match="the feed holds no questionnaire"):
        forecast(bare, told, None, seed=1)


def test_fewer_people_than_folds_bear_no_forecast(materials, told):
    few = type(materials)(**{**vars(materials), "episodes": materials.episodes.iloc[:1]})
    few = type(materials)(**{**vars(few), "outcomes": materials.outcomes.iloc[:1]})
    with pytest.raises(DataError, match="1 people cannot be parted into 2 folds"):
        forecast(few, told, None, seed=1)


@pytest.mark.slow
def test_everybody_judged_is_judged_once_by_a_model_that_had_not_seen_them(found):
    kept = found.validation.predictions
    one = kept[kept["model"].eq(BOOSTED) & kept["validation"].eq("by patient")]
    assert not one.duplicated(["referral", "landmark"]).any()
    assert one.groupby("pseudonym")["fold"].nunique().max() == 1
    assert one["probability"].between(0, 1).all()


@pytest.mark.slow
def test_a_landmark_that_nobody_reached_is_counted_and_not_fitted(found):
    status = found.validation.counts.set_index("landmark")["status"]
    assert status[0] == "fitted"
    assert status[9] == "too few to say"
    assert set(found.validation.metrics["landmark"]) == {0}


@pytest.mark.slow
def test_curves_benefits_and_importance_are_of_the_fitted_landmark(found):
    for table in (found.curve, found.benefit):
        assert set(table["landmark"]) == {0}
        assert "prevalence" not in set(table["model"])
    assert found.importance["mean_abs_log_odds"].ge(0).all()
    assert 0.3 < found.membership[0].auroc < 1
    assert found.models[0].content.startswith(b"{")


@pytest.mark.slow
def test_the_same_seed_gives_the_same_numbers_whatever_the_number_of_processes(materials, told, found):
    plain = PrognosisSettings(**{**told.model_dump(), "use_states": False, "landmarks": (0,)})
    plain = plain.model_copy(update={"optimism_resamples": 2})
    one, *more = (forecast(materials, plain, None, seed=5, processes=n) for n in (1, 2, 3))
    for other in more:
        for name in ("curve", "benefit", "importance", "acting", "spread", "needed", "services", "corrected", "moved"):
            pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True)
        for name in ("metrics", "predictions", "counts"):
            tables = (getattr(found.validation, name) for found in (one, other))
            pd.testing.assert_frame_equal(*tables, check_exact=True)
        assert one.models[0].content == other.models[0].content
        assert (one.membership, one.warnings) == (other.membership, other.warnings)


def test_a_remedy_by_a_grouping_is_trained_too_and_stands_in_no_curve(materials, told):
    asked = materials.opened.experiment.model_copy(
        update={"fairness": FairnessSettings(by=("gender",), remedies_by="gender")}
    )
    wanting = replace(materials, opened=replace(materials.opened, experiment=asked))
    quick = told.model_copy(update={"landmarks": (0,), "folds": 2, "resamples": 20, "joint_endings": False})
    found = forecast(wanting, quick, None, seed=1)
    assert ONE_CHANCE in set(found.validation.predictions["model"])
    assert ONE_CHANCE not in set(found.benefit["model"]) | set(found.curve["model"]) | set(found.acting["model"])
