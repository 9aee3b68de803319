"""From lessons to the clinical page: open cases only, each with its bounds, and nothing real from the invented."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ConfigError
from outcomes.flags.track_record import track_record
from outcomes.prognosis.kept import Kept
from outcomes.studies.experiment import PrognosisSettings, TargetSettings
from outcomes.studies.foretelling import foretelling, one_a_person
from outcomes.studies.joint_endings import joint_forecast

TODAY = date(2023, 6, 30)
SETTINGS = PrognosisSettings(
    target=TargetSettings(kind="reliable_improvement"),
    landmarks=(0, 1),
    ending_folds=2,
    resamples=100,
    probability_resamples=2,
)


@pytest.fixture(scope="module")
def learnt(materials):
    return joint_forecast(materials, SETTINGS, seed=1)


@pytest.fixture(scope="module")
def tables(materials):
    """The tables of a care view: those of the research view with the day on which each referral was received."""
    view = materials.opened.view.tables
    return {**view, "referrals": view["referrals"].assign(day_zero=date(2023, 2, 1))}


@pytest.fixture(scope="module")
def kept(learnt):
    return Kept(learnt.taught, TODAY, track_record(one_a_person(learnt.validation.past, 1)), "5f" * 16)


@pytest.mark.slow
def test_open_cases_get_numbers_with_bounds_reasons_and_a_record(kept, tables, materials):
    told = foretelling(kept, "ab" * 32, tables, materials.opened.experiment, as_of=TODAY)
    still = materials.episodes.loc[materials.episodes["open"].astype(bool), "referral"]
    assert len(told.endings)
    assert told.endings["referral"].isin(still).all()
    assert told.endings["probability"].between(told.endings["low"] - 1e-9, told.endings["high"] + 1e-9).all()
    assert set(told.endings["ending"]) == {
        "recovery", "reliable_recovery", "reliable_improvement", "reliable_deterioration", "dropped_out"
    }  # fmt: skip
    assert not set(told.cautions["referral"]) & set(told.endings["referral"])
    assert told.record.groupby("ending")["n"].sum().max() <= materials.episodes["pseudonym"].nunique()
    assert (told.weeks, told.trained_on, len(told.sha256)) == (24, "invented", 64)


@pytest.mark.slow
def test_cautions_about_groups_reach_the_frames_of_the_page(kept, tables, materials):
    everyone = pd.DataFrame(
        {"by": "gender", "group": ["Female", "Male"], "ending": "recovery", "verdict": ["off", "too few"]}
    )
    told = foretelling(replace(kept, unsure=everyone), "ab" * 32, tables, materials.opened.experiment, as_of=TODAY)
    mine = materials.episodes.assign(referral=materials.episodes["referral"].astype("str")).set_index("referral")
    cautioned = told.cautions.loc[told.cautions["words"].str.contains("gender, ")]
    named = mine["gender"].reindex(told.endings["referral"].unique()).isin(["Female", "Male"])
    assert named.any()
    assert set(cautioned["referral"]) == set(named.index[named])


@pytest.mark.slow
def test_real_people_hear_nothing_from_an_invented_model(kept, tables, materials):
    experiment = materials.opened.experiment
    real = experiment.model_copy(update={"source": experiment.source.model_copy(update={"kind": "identified"})})
    with pytest.raises(ConfigError, match="taught by an invented service"):
        foretelling(kept, "ab" * 32, tables, real, as_of=TODAY)


def test_the_person_that_stands_for_a_prediction_is_not_picked_by_how_it_ended():
    """True chances of stopping early, judged at up to five sessions: those who stopped reach fewer of them.

    Drawing among the sessions that somebody reached would find a third too many who stopped.
    """
    rng = np.random.default_rng(5)
    stops = rng.geometric(0.25, 20_000)  # the session after which each person stops
    rows = [
        pd.DataFrame({"pseudonym": np.flatnonzero(stops > number), "kind": "session", "number": number})
        for number in range(5)
    ]
    past = pd.concat(rows, ignore_index=True).assign(referral="r", ending="dropped_out", probability=0.4375)
    past["happened"] = stops[past["pseudonym"]] <= past["number"] + 2  # within the next two sessions: 1 - .75 squared
    one = one_a_person(past.assign(pseudonym=past["pseudonym"].astype("str")), 1)
    assert not one.duplicated(["pseudonym", "ending"]).any()
    assert one["happened"].mean() == pytest.approx(0.4375, abs=0.02)
    among_reached = past.sample(frac=1, random_state=1).drop_duplicates("pseudonym")
    assert among_reached["happened"].mean() > 0.5
