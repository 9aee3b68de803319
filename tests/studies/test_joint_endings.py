"""The ways to end in a study: asked for or not, borne by the data or not."""

from dataclasses import replace

import pandas as pd
import pytest

from outcomes.prognosis.kept import Kept, keep
from outcomes.studies.experiment import PrognosisSettings, TargetSettings
from outcomes.studies.joint_endings import joint_forecast

SETTINGS = PrognosisSettings(
    target=TargetSettings(kind="reliable_improvement"),
    landmarks=(0,),
    ending_folds=2,
    resamples=100,
    probability_resamples=0,
)


def test_it_is_left_out_where_it_was_not_asked_for_or_nothing_has_ended(materials):
    quiet = SETTINGS.model_copy(update={"joint_endings": False})
    assert joint_forecast(materials, quiet, seed=1) is None
    endless = replace(materials, episodes=materials.episodes.assign(end_day=None))
    assert joint_forecast(endless, SETTINGS, seed=1) is None
    assert joint_forecast(replace(materials, outcomes=None), SETTINGS, seed=1) is None


def test_a_feed_without_days_gives_the_counts_and_the_reason(materials):
    undated = replace(
        materials, occasions=materials.occasions.drop(columns="day"), totals=materials.totals.drop(columns="day")
    )
    found = joint_forecast(undated, SETTINGS, seed=1)
    assert found.validation is None
    assert "no sitting has a day" in found.lacking
    assert found.counts["n"].sum() == materials.episodes["end_day"].notna().sum()


@pytest.mark.slow
def test_what_was_taught_knows_that_its_people_were_invented_and_the_steps_are_told(materials):
    steps = []
    found = joint_forecast(materials, SETTINGS, seed=1, progress=lambda *step: steps.append(step))
    assert found.taught.trained_on == materials.opened.view.kind == "invented"
    assert found.taught.twins == ()
    assert [step[1] for step in steps] == [0, 1, 2, 3, 4]
    assert found.validation.past["pseudonym"].isin(materials.episodes["pseudonym"]).all()


def test_a_later_period_is_judged_by_what_had_been_recorded_before_it(materials):
    quick = SETTINGS.model_copy(update={"horizon_weeks": 6, "interval_weeks": 6})
    found = joint_forecast(materials, quick, seed=1)
    late = materials.episodes.set_index("referral")["quarter"]
    if found.later is not None:
        first = late.loc[found.later.past["referral"]].min()
        assert (late >= first).mean() >= 0.3
        assert found.later.past["referral"].nunique() < found.validation.past["referral"].nunique()
    undated = replace(materials, episodes=materials.episodes.assign(quarter=None))
    assert joint_forecast(undated, quick, seed=1).later is None


@pytest.mark.slow
def test_one_thread_or_three_teach_and_judge_the_same(materials):
    twice = SETTINGS.model_copy(update={"probability_resamples": 2})
    one, three = (joint_forecast(materials, twice, seed=1, processes=n) for n in (1, 3))
    for name in ("metrics", "shares", "record", "past", "coverage"):
        tables = (getattr(found.validation, name) for found in (one, three))
        pd.testing.assert_frame_equal(*tables, check_exact=True)
    kept = [keep(Kept(found.taught, None, found.validation.record, "snapshot")) for found in (one, three)]
    assert kept[0] == kept[1]
