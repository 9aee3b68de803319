"""How people were drawn: cycles divided, units told apart by stratum and cycle, whatever is lacking named."""

import pandas as pd
import pytest

from outcomes.cohort.episodes import episodes
from outcomes.cohort.survey import holds_survey, survey_design
from outcomes.errors import ConfigError, DataError


def tables(**columns):
    given = {
        "survey_weight": [100.0, 300.0, 0.0, 40.0],
        "survey_stratum": ["1", "1", "1", "1"],
        "survey_unit": ["1", "2", "1", "2"],
        "survey_cycle": ["2005-2006", "2005-2006", "2007-2008", "2007-2008"],
    } | columns
    people = list("abcd")
    patients = pd.DataFrame({"pseudonym": people, **{k: v for k, v in given.items() if v is not None}})
    referrals = pd.DataFrame({"pseudonym": people, "referral": list("wxyz")})
    return {"patients": patients, "referrals": referrals}


def test_weights_of_two_cycles_are_halved_and_their_strata_are_four_units_of_two():
    found = survey_design(tables())
    assert found.cycles == 2
    assert found.people["weight"].tolist() == [50, 150, 0, 20]
    assert found.people["stratum"].nunique() == 2
    assert found.people["unit"].nunique() == 4
    assert found.freedom == 2
    assert found.clustered


def test_a_unit_is_numbered_within_its_stratum():
    found = survey_design(tables(survey_cycle=None, survey_stratum=["1", "1", "2", "2"]))
    assert found.people["unit"].nunique() == 4
    assert found.people.groupby("unit")["stratum"].nunique().eq(1).all()
    assert found.people["weight"].tolist() == [100, 300, 0, 40]


def test_names_that_run_into_each_other_stay_apart():
    found = survey_design(
        tables(survey_cycle=None, survey_stratum=["1", "11", "1", "11"], survey_unit=["11", "1", "11", "1"])
    )
    assert found.people["unit"].nunique() == 2


def test_weights_alone_are_a_design_of_unequal_chances():
    found = survey_design(tables(survey_stratum=None, survey_unit=None, survey_cycle=None))
    assert not found.clustered
    assert found.freedom == 3
    assert list(found.people) == ["pseudonym", "weight"]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"survey_weight": [1.0, None, 1.0, 1.0]}, "survey_weight: 1 of 4 people have none"),
        ({"survey_weight": [0.0] * 4}, "not all of them 0"),
        ({"survey_weight": [1.0, -1.0, 1.0, 1.0]}, "0 or more"),
        ({"survey_weight": [1.0, float("inf"), 1.0, 1.0]}, "finite"),
        ({"survey_stratum": ["1", None, "1", "1"]}, "survey_stratum: 1 of 4"),
        ({"survey_unit": ["1", None, None, "1"]}, "survey_unit: 2 of 4"),
    ],
)
def test_what_is_lacking_is_named(columns, said):
    with pytest.raises(DataError, match=said):
        survey_design(tables(**columns))


def test_a_person_asked_under_two_referrals_is_refused():
    held = tables()
    again = held["referrals"].assign(referral=list("1234"))
    with pytest.raises(DataError, match="4 people have more than one"):
        survey_design(held | {"referrals": pd.concat([held["referrals"], again])})


def test_half_a_design_and_no_weights_are_refused():
    with pytest.raises(ConfigError, match="map both or neither"):
        survey_design(tables(survey_unit=None))
    none = tables(survey_weight=None)
    assert not holds_survey(none)
    assert holds_survey(tables())
    assert not holds_survey({})
    with pytest.raises(ConfigError, match="holds no survey weights; map survey_weight"):
        survey_design(none)


def test_how_somebody_was_drawn_is_in_no_episode():
    held = tables()
    held["referrals"] = held["referrals"].assign(
        quarter=pd.Series([None] * 4, dtype="str"),
        end_day=pd.array([None] * 4, dtype="Int32"),
        last_seen_day=pd.array([None] * 4, dtype="Int32"),
        **{
            name: pd.Series([None] * 4, dtype="str")
            for name in ("service", "therapist", "referral_source", "problem_descriptor", "end_reason")
        },
    )
    assert not [name for name in episodes(held) if name.startswith("survey")]
