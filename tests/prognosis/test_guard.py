"""A planted leak is refused."""

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ConfigError
from outcomes.prognosis.features import features_of
from outcomes.prognosis.guard import KNOWN_AT_THE_END, background_columns
from outcomes.prognosis.timeline import KEY, OCCASION, sittings


@pytest.fixture
def planted(invented):
    """Return a table in which every occasion of a referral carries the number of its occasions, by an innocent name."""
    filled = sittings(invented.courses)
    whole = filled.groupby(KEY)["occasion"].transform("size")
    return filled[OCCASION].assign(engagement=whole)


@pytest.mark.parametrize("landmark", [0, 1, 3])
def test_number_of_sessions_attended_is_refused_under_any_name(invented, planted, landmark):
    with pytest.raises(ConfigError, match=r"engagement.*one to one with the number of occasions in all.*take it out"):
        features_of(invented.courses, landmark, extra=planted)


def test_a_curve_of_the_number_of_sessions_is_refused_too(invented, planted):
    bent = planted.assign(engagement=-np.log(planted["engagement"]))
    with pytest.raises(ConfigError, match="one to one"):
        features_of(invented.courses, 1, extra=bent)


def test_day_of_discharge_is_refused(invented):
    end = invented.courses.episodes[[*KEY, "end_day"]]
    extra = sittings(invented.courses)[OCCASION].merge(end, on=KEY).rename(columns={"end_day": "calendar"})
    with pytest.raises(ConfigError, match="one to one with the day of discharge"):
        features_of(invented.courses, 1, extra=extra)


@pytest.mark.parametrize(
    "name", ["end_reason", "phq9_last", "n_sessions", "sessions_attended", "completed", "reliable_recovery", "end_day"]
)
def test_names_that_know_the_ending_are_refused(invented, name):
    extra = sittings(invented.courses)[OCCASION].assign(**{name: 0.5})
    with pytest.raises(ConfigError, match=f"{name}.*known only at the end, later than landmark 1"):
        features_of(invented.courses, 1, extra=extra)


@pytest.mark.parametrize("name", ["state_severe", "phq9_slope", "probability_class_2", "trend", "stopped_tablets"])
def test_honest_names_pass(name):
    assert KNOWN_AT_THE_END.search(name) is None


def test_a_column_without_an_occasion_is_refused(invented):
    extra = invented.courses.episodes[KEY].assign(something=1.0)
    with pytest.raises(ConfigError, match="extra has no column occasion"):
        features_of(invented.courses, 1, extra=extra)


def test_an_occasion_twice_is_refused(invented):
    extra = sittings(invented.courses)[OCCASION].assign(state=0.1)
    with pytest.raises(ConfigError, match="more than one row for an occasion"):
        features_of(invented.courses, 1, extra=pd.concat([extra, extra]))


@pytest.mark.parametrize("name", ["treatment_contacts", "end_reason", "completed"])
def test_background_that_is_known_later_is_refused(invented, name):
    with pytest.raises(ConfigError, match=f"'{name}' is not known at referral"):
        features_of(invented.courses, 0, background=["gender", name])


def test_absent_background_is_refused(invented):
    with pytest.raises(ConfigError, match="'religion' is not in the episodes"):
        features_of(invented.courses, 0, background=["religion"])


def test_a_place_is_not_learnt_from():
    known = background_columns(pd.DataFrame(columns=["gender", "region", "deprivation_decile"]))
    assert set(known) == {"gender", "deprivation_decile"}


def test_of_two_versions_of_a_grouping_the_coarser_is_used():
    columns = pd.DataFrame(columns=["ethnic_group_16", "ethnic_group_5", "deprivation_decile", "end_reason"])
    assert set(background_columns(columns)) == {"ethnic_group_5", "deprivation_decile"}
    both = columns.assign(deprivation_quintile="")
    assert "deprivation_decile" not in background_columns(both)


def test_the_route_of_referral_is_not_learnt_beside_the_source_that_it_is_read_from():
    episodes = pd.DataFrame({"referral_source": ["A1"], "referral_route": ["Primary care"], "gender": ["Male"]})
    assert background_columns(episodes) == ("gender", "referral_source")
