"""Nobody teaches and is judged."""

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ConfigError
from outcomes.prognosis.splits import as_recorded, by_patient, by_service, by_time


def test_folds_of_patients(invented):
    episodes = invented.courses.episodes
    folds = by_patient(episodes["pseudonym"], 5, 1)
    assert np.sum([fold.judged for fold in folds], axis=0).tolist() == [1] * len(episodes)
    for fold in folds:
        there = set(episodes.loc[fold.training, "pseudonym"])
        assert not there & set(episodes.loc[fold.judged, "pseudonym"])


def test_row_order_plays_no_part():
    who = pd.Series([f"p{k % 40}" for k in range(100)])
    plain = by_patient(who, 4, 0)
    moved = by_patient(who[::-1], 4, 0)
    for fold, other in zip(plain, moved, strict=True):
        np.testing.assert_array_equal(fold.judged, other.judged[::-1])


# quarter | end_day | pseudonym | side | reason (judged from 2022Q4 on)
TIMES = """
2022Q1 | 100 | a | training | ended within two whole quarters
2022Q1 | 180 | b | training | ended on the last day that is sure
2022Q1 | 181 | c | neither  | perhaps ended after the split: it could not be known
2022Q3 | 10  | d | neither  | received on the last day of its quarter for all one knows
2022Q2 |     | e | neither  | still open
2022Q1 | 50  | z | neither  | the same patient is judged later
2022Q4 | 30  | f | judged   | referred after the split
2023Q1 | 30  | z | judged   | referred after the split
2022Q4 |     | g | judged   | open, judged if the ending becomes known
       | 30  | h | neither  | quarter not known
"""


def test_only_what_was_recorded_by_then_teaches():
    rows = [[part.strip() for part in line.split("|")] for line in TIMES.strip("\n").splitlines()]
    frame = pd.DataFrame(
        {
            "quarter": pd.array([row[0] or None for row in rows], dtype="str"),
            "end_day": pd.array([int(row[1]) if row[1] else None for row in rows], dtype="Int32"),
            "pseudonym": [row[2] for row in rows],
        }
    )
    (split,) = by_time(frame, judged_share=0.33)
    side = np.where(split.training, "training", np.where(split.judged, "judged", "neither"))
    assert side.tolist() == [row[3] for row in rows]


def test_without_quarters_there_is_no_split_by_time():
    assert by_time(pd.DataFrame({"pseudonym": ["a"], "end_day": [3]})) == []
    assert by_time(pd.DataFrame({"pseudonym": ["a"], "end_day": [3], "quarter": ["2022Q1"]})) == []


def test_services_are_left_out_in_turn(invented):
    episodes = invented.courses.episodes
    splits = by_service(episodes)
    assert len(splits) == 3
    for split, service in zip(splits, "ABC", strict=True):
        assert set(episodes.loc[split.judged, "service"]) == {service}
        assert not set(episodes.loc[split.training, "pseudonym"]) & set(episodes.loc[split.judged, "pseudonym"])
    assert by_service(episodes.assign(service="A")) == []


def test_fewer_patients_than_folds_are_not_split():
    assert by_patient(["a", "a", "b"], 3, 0) == []


def test_impossible_splits():
    with pytest.raises(ConfigError, match="n_folds must be at least 2, got 1"):
        by_patient(["a"], 1, 0)
    with pytest.raises(ConfigError, match="judged_share must be strictly between 0 and 1, got 1"):
        by_time(pd.DataFrame(), judged_share=1)


def test_for_models_of_time_everybody_referred_before_teaches_up_to_what_was_recorded():
    rows = [[part.strip() for part in line.split("|")] for line in TIMES.strip("\n").splitlines()]
    frame = pd.DataFrame(
        {
            "quarter": pd.Series([row[0] or None for row in rows], dtype="str"),
            "end_day": pd.array([int(row[1]) if row[1] else pd.NA for row in rows], dtype="Int32"),
            "pseudonym": [row[2] for row in rows],
        }
    )
    split, until = as_recorded(frame)
    assert frame.loc[split.training, "pseudonym"].tolist() == ["a", "b", "c", "d", "e"]
    assert until[:5].tolist() == [180, 180, 180, 0, 90]  # the open and the perhaps open teach until then
    assert not (split.training & split.judged).any()
    assert as_recorded(frame.drop(columns="end_day")) is None


# quarter | end_day | last_seen_day | side | reason (mature: followed for 24 weeks, 168 days; judged from 2022Q2 on)
FOLLOWED = """
2021Q1 | 90  | 700 | training   | ended long before
2022Q1 | 30  | 400 | neither    | perhaps received on the last day of its quarter
2022Q2 | 30  | 300 | judged     | referred after the split
2022Q3 |     | 168 | judged     | open after 24 weeks: judged if the ending becomes known
2022Q3 | 20  | 200 | judged     | of the same quarter
2022Q4 | 20  | 170 | too recent | ended early, but others of its quarter have not had the time
2022Q4 |     | 167 | too recent | a day short of 24 weeks
2023Q1 | 15  | 60  | too recent | only early endings can be known
"""


def test_a_quarter_is_judged_when_all_its_referrals_have_been_followed_long_enough():
    rows = [[part.strip() for part in line.split("|")] for line in FOLLOWED.strip("\n").splitlines()]
    frame = pd.DataFrame(
        {
            "quarter": pd.array([row[0] for row in rows], dtype="str"),
            "end_day": pd.array([int(row[1]) if row[1] else None for row in rows], dtype="Int32"),
            "last_seen_day": pd.array([int(row[2]) for row in rows], dtype="Int32"),
            "pseudonym": [f"p{place}" for place in range(len(rows))],
        }
    )
    (split,) = by_time(frame, judged_share=0.5)
    flags = [split.training, split.judged, split.too_recent]
    side = np.select(flags, ["training", "judged", "too recent"], "neither")
    assert side.tolist() == [row[3] for row in rows]
    recorded, _ = as_recorded(frame)
    assert recorded.judged.tolist() == [row[0] >= "2022Q3" for row in rows]  # judged row by row later
    (patient,) = by_time(frame, judged_share=0.5, mature_weeks=8)  # every quarter is old enough for that
    assert not patient.too_recent.any()
    assert by_time(frame, mature_weeks=60) == []  # one quarter is as old as that
