"""What was known at a landmark, and nothing that came later."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ConfigError
from outcomes.prognosis.catalogue import Feature
from outcomes.prognosis.features import features_of, landmark_features
from outcomes.prognosis.timeline import KEY, OCCASION, Courses, sittings


def cut_off(courses: Courses, landmark: int) -> Courses:
    """Give the same tables as they stood at the landmark: nothing later exists in them."""
    early = sittings(courses)
    early = early.loc[early["moment"].le(landmark), [*OCCASION, "day"]]
    last = early.groupby(KEY, as_index=False)["day"].max().rename(columns={"day": "reached"})
    contacts = courses.contacts.merge(last, on=KEY)
    return replace(
        courses,
        occasions=courses.occasions.merge(early[OCCASION], on=OCCASION),
        totals=courses.totals.merge(early[OCCASION], on=OCCASION),
        contacts=contacts.loc[contacts["day"].le(contacts["reached"])].drop(columns="reached"),
    )


@pytest.mark.parametrize("landmark", [0, 1, 2, 3, 4])
def test_features_are_the_same_when_the_future_does_not_exist(invented, landmark):
    whole = features_of(invented.courses, landmark)
    then = features_of(cut_off(invented.courses, landmark), landmark)
    pd.testing.assert_frame_equal(whole.frame, then.frame)
    pd.testing.assert_frame_equal(whole.keys, then.keys)
    assert whole.catalogue == then.catalogue


@pytest.mark.parametrize("landmark", [0, 2])
def test_features_do_not_change_when_the_future_is_shuffled(invented, landmark):
    courses = invented.courses
    rng = np.random.default_rng(5)
    late = courses.totals["occasion"].gt(landmark + 1).to_numpy()
    totals = courses.totals.copy()
    totals.loc[late, "phq9"] = rng.permutation(totals.loc[late, "phq9"].to_numpy())
    occasions = courses.occasions.copy()
    occasions.loc[late, "phq9_3"] = pd.array([3] * int(late.sum()), dtype="Int8")
    moved = features_of(replace(courses, totals=totals, occasions=occasions), landmark)
    pd.testing.assert_frame_equal(moved.frame, features_of(courses, landmark).frame)


def test_row_order_of_the_tables_plays_no_part(invented):
    courses = invented.courses
    shuffled = Courses(
        *(
            table.sample(frac=1, random_state=2)
            for table in (courses.episodes, courses.occasions, courses.totals, courses.contacts)
        )
    )
    pd.testing.assert_frame_equal(features_of(courses, 2).frame, features_of(shuffled, 2).frame)


def test_values_by_hand():
    episodes = pd.DataFrame({"pseudonym": ["a"], "referral": ["r"], "gender": ["Female"]})
    key = {"pseudonym": "a", "referral": "r"}
    totals = pd.DataFrame(
        [{**key, "occasion": n + 1, "day": 14 + 10 * n, "phq9": t} for n, t in enumerate([20, 18, 13, 9])]
    )
    items = pd.DataFrame(
        [{**key, "occasion": n + 1, "day": 14 + 10 * n, "phq9_3": s} for n, s in enumerate([3, None, 1, 0])]
    )
    found = landmark_features(episodes, items, totals, landmark=2).frame.iloc[0]
    assert found["phq9_now"] == 13
    assert found["phq9_first"] == 20
    assert found["phq9_change"] == -7
    assert found["phq9_slope"] == -3.5
    assert found["phq9_swing"] == 3.5
    assert found["phq9_3_change"] == -2
    assert found["weeks_since_referral"] == 4
    assert found["weeks_since_previous"] == 1
    assert found["gender"] == "Female"
    second = landmark_features(episodes, items, totals, landmark=1).frame.iloc[0]
    assert np.isnan(second["phq9_3_now"])
    assert second["items_missing_now"] == 1
    assert "phq9_slope" not in second


def test_appointments_after_the_landmark_are_not_seen():
    episodes = pd.DataFrame({"pseudonym": ["a"], "referral": ["r"]})
    sat = pd.DataFrame(
        {"pseudonym": ["a"] * 2, "referral": ["r"] * 2, "occasion": [1, 2], "day": [10, 30], "phq9": [9.0, 8.0]}
    )
    contacts = pd.DataFrame(
        {
            "pseudonym": "a",
            "referral": "r",
            "day": [10, 20, 30, 40],
            "attendance": ["5", "3", "6", "5"],
            "appointment_type": ["02", "03", "03", "03"],
            "step": ["low", "low", "low", "high"],
        }
    )
    found = landmark_features(episodes, sat[OCCASION], sat, contacts, landmark=1).frame.iloc[0]
    assert found["treatment_so_far"] == 2
    assert found["missed_so_far"] == 1
    assert found["step_so_far"] == "low intensity"
    assert found["weeks_to_treatment"] == 1
    at_intake = landmark_features(episodes, sat[OCCASION], sat, contacts.iloc[1:], landmark=0).frame.iloc[0]
    assert at_intake["step_so_far"] == "no treatment yet"
    assert at_intake["treatment_so_far"] == 0


def test_every_feature_is_declared_and_in_time(invented):
    table = features_of(invented.courses, 3)
    described = table.described()
    assert described["name"].tolist() == list(table.frame.columns)
    assert described["known_at"].le(3).all()
    assert described["meaning"].str.len().gt(0).all()
    assert described["word"].str.len().gt(0).all()
    assert set(described.loc[described["sensitive"], "name"]) == {"gender", "age_band"}


def test_models_can_do_without_sensitive_attributes(invented):
    table = features_of(invented.courses, 1)
    plain = table.without_sensitive()
    assert {"gender", "age_band"} <= set(table.frame.columns)
    assert not {"gender", "age_band"} & set(plain.frame.columns)
    assert len(plain.frame) == len(table.frame)


def test_the_question_about_safety_is_never_a_predictor(invented):
    assert "phq9_9" in invented.courses.occasions.columns
    assert not [name for name in features_of(invented.courses, 4).frame.columns if name.startswith("phq9_9")]


def test_numbers_are_banded(invented):
    table = features_of(invented.courses, 4).frame.select_dtypes("number")
    steps = (table * 2).stack().to_numpy()
    np.testing.assert_allclose(steps, np.round(steps), atol=1e-9)
    assert table["weeks_since_referral"].max() <= 52


def test_missing_background_is_a_level_of_its_own(invented):
    episodes = invented.courses.episodes.assign(gender=pd.array([None] * len(invented.courses.episodes), dtype="str"))
    table = features_of(replace(invented.courses, episodes=episodes), 0)
    assert set(table.frame["gender"]) == {"unknown"}


def test_a_feature_later_than_the_landmark_is_an_error(invented):
    table = features_of(invented.courses, 1)
    late = Feature("phq9_at_4", "PHQ-9 at session 4", "points", 4, "PHQ-9 total")
    with pytest.raises(ConfigError, match="phq9_at_4 is known at 4, later than landmark 1"):
        table.with_features(pd.DataFrame({"phq9_at_4": np.zeros(len(table.frame))}), [late])


def test_extra_columns_are_the_latest_known_and_banded(invented):
    filled = sittings(invented.courses)
    extra = filled[OCCASION].assign(state_severe=filled["moment"] * 0.21)
    table = features_of(invented.courses, 2, extra=extra)
    assert table.frame["state_severe"].unique().tolist() == pytest.approx([0.4])
    assert table.catalogue[-1].known_at == 2


def test_the_feeds_own_session_numbers():
    episodes = pd.DataFrame({"pseudonym": ["a", "b", "c"], "referral": ["a", "b", "c"]})
    sat = pd.DataFrame({"pseudonym": list("aaabc"), "occasion": [0, 2, 7, 3, 5], "dsm5_depression": [9.0, 7, 1, 5, 2]})
    sat.insert(1, "referral", sat["pseudonym"])
    table = landmark_features(episodes, sat[OCCASION], sat, landmark=3, clock="number")
    assert table.keys["referral"].tolist() == ["a", "b"]
    assert table.frame["dsm5_depression_now"].tolist() == [7, 5]
    assert table.counts["not_reached"] == 1
