"""Once a model's flags are shown, what follows teaches no model, except where nobody saw them."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import DataError
from outcomes.studies.experiment import PrognosisSettings, TargetSettings
from outcomes.studies.flagged import flags_until
from outcomes.studies.forecast import forecast
from outcomes.studies.joint_endings import joint_forecast
from outcomes.studies.sections.flags import FlagSettings, ModelSettings

SETTINGS = PrognosisSettings(
    target=TargetSettings(kind="reliable_improvement"), landmarks=(0,), folds=2, ending_folds=2, resamples=100,
    probability_resamples=0, use_states=False,
)  # fmt: skip


def with_flags(materials, shown_from, silent=()):
    words = dict.fromkeys(
        ("silent_validation", "clinical_safety_officer", "dcb0129", "dcb0160", "device_position"), "on record"
    )
    model = ModelSettings(
        version="1", sha256="ab" * 32, trained_on="invented", outcome="recovery", flag_below=0.2,
        shown_from=shown_from, silent_services=silent, **words,
    )  # fmt: skip
    experiment = materials.opened.experiment.model_copy(update={"flags": FlagSettings(model=model)})
    return replace(materials, opened=replace(materials.opened, experiment=experiment))


def test_without_a_models_flags_everything_teaches(materials):
    assert flags_until(materials) is None


def test_no_referral_of_a_later_quarter_teaches(materials):
    until = flags_until(with_flags(materials, date(2022, 7, 1)))
    quarter = materials.episodes["quarter"].astype("str").to_numpy()
    assert (until[quarter >= "2022Q3"] == 0).all()
    assert (until[quarter < "2022Q2"] > 0).all()


def test_a_silent_service_goes_on_teaching_and_an_unknown_one_is_refused(materials):
    mine = materials.episodes["service"].astype("str")
    until = flags_until(with_flags(materials, date(2022, 1, 1), (mine.iloc[0],)))
    assert np.isinf(until[mine.eq(mine.iloc[0]).to_numpy()]).all()
    with pytest.raises(DataError, match="not in the feed"):
        flags_until(with_flags(materials, date(2022, 1, 1), ("nowhere",)))


@pytest.mark.slow
def test_endings_after_flags_reach_no_model(materials):
    shown = with_flags(materials, date(2022, 10, 1))
    until = flags_until(shown)
    late = ~(materials.episodes["end_day"].to_numpy(dtype=float, na_value=np.nan) <= until)
    found = forecast(shown, SETTINGS.model_copy(update={"joint_endings": False}), None, seed=1)
    told = found.validation.predictions.merge(
        materials.episodes[["pseudonym", "referral"]].assign(late=late), on=["pseudonym", "referral"]
    )
    assert told.loc[told["late"], "outcome"].isna().all()
    assert told.loc[~told["late"], "outcome"].notna().any()
    assert found.target.counts["after_flags"] > 0
    assert "after flags were shown are left out" in found.target.rule


@pytest.mark.slow
def test_what_happened_after_flags_changes_nothing_that_the_ways_to_end_learn(materials):
    shown = with_flags(materials, date(2022, 10, 1))
    until = flags_until(shown)
    limit = materials.episodes[["pseudonym", "referral"]].assign(limit=until)
    spoilt = materials.totals.merge(limit, on=["pseudonym", "referral"], how="left")
    later = ~(spoilt["day"].to_numpy(dtype=float, na_value=np.nan) <= spoilt["limit"])
    assert later.any()
    changed = spoilt.assign(phq9=spoilt["phq9"].mask(later, 27)).drop(columns="limit")
    plain, other = (
        joint_forecast(replace(shown, totals=totals), SETTINGS, seed=1) for totals in (materials.totals, changed)
    )
    assert plain.taught is not None
    assert plain.taught.sha256 == other.taught.sha256
    pd.testing.assert_frame_equal(plain.counts, other.counts)
