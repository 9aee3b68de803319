"""Later scores: found where they are, covered as promised, and both estimands."""

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ConfigError, DataError
from outcomes.prognosis.future import ATTENDING, CONTINUED, _quantile, coverage, later_scores, learn_scores
from outcomes.prognosis.stacked import stack
from outcomes.prognosis.timeline import KEY, Courses, sittings


@pytest.fixture(scope="module")
def rows(invented):
    return stack(invented.courses, sessions=(0, 1, 2), weeks=(4,))


def test_the_later_score_is_the_one_that_a_loop_finds(invented, rows):
    found = later_scores(invented.courses, rows, "phq9", 2)
    filled = sittings(invented.courses)
    scores = dict(list(filled[filled["phq9"].notna()].groupby(KEY)))
    for place in range(0, len(rows.rows), 7):
        row = rows.rows.iloc[place]
        mine = scores.get((row["pseudonym"], row["referral"]))
        later = [] if mine is None else mine.loc[mine["day"] > row["day"], "phq9"].tolist()
        assert np.array_equal(found[place], later[1] if len(later) > 1 else np.nan, equal_nan=True)


def crowd(n=3000, seed=0):
    """Everybody falls two points a session; whoever stands high is likelier to stay away after the first."""
    rng = np.random.default_rng(seed)
    first = rng.integers(8, 24, n) * 1.0
    stays = rng.random(n) < 1 / (1 + np.exp((first - 16) / 2))
    who = np.array([f"p{number:05d}" for number in range(n)])
    second = np.clip(first - 2 + rng.integers(-3, 4, n), 0, 27)
    key = {"pseudonym": np.r_[who, who[stays]], "referral": np.r_[who, who[stays]]}
    day = np.r_[np.full(n, 7), np.full(stays.sum(), 14)]
    sat = pd.DataFrame({**key, "occasion": np.r_[np.ones(n, int), np.full(stays.sum(), 2)], "day": day})
    episodes = pd.DataFrame({"pseudonym": who, "referral": who, "end_day": 60, "last_seen_day": 100})
    return Courses(episodes, sat, sat.assign(phq9=np.r_[first, second[stays]])), second


def test_had_treatment_continued_is_not_the_course_of_those_who_stayed():
    courses, second = crowd()
    rows = stack(courses, sessions=(0,), weeks=())
    models = learn_scores(courses, rows, ["phq9"], ahead=(1,))
    told = models.predict(rows).groupby("estimand")["expected"].mean()
    # both follow the line given the first score, so that everybody's mean is met, which the stayers' raw mean is not
    stayed = later_scores(courses, rows, "phq9", 1)
    assert np.nanmean(stayed) < second.mean() - 2
    assert told[CONTINUED] == pytest.approx(second.mean(), abs=0.3)
    assert told[ATTENDING] == pytest.approx(second.mean(), abs=0.6)


def test_intervals_cover_as_often_as_they_promise_for_people_who_did_not_teach():
    courses, _ = crowd(4000, 1)
    rows = stack(courses, sessions=(0,), weeks=())
    half = np.arange(len(rows.rows)) < 2000
    told = learn_scores(courses, rows.take(half), ["phq9"], ahead=(1,), level=0.8).predict(rows.take(~half))
    seen = later_scores(courses, rows.take(~half), "phq9", 1)
    observed = pd.DataFrame({"row": np.arange(seen.size), "instrument": "phq9", "ahead": 1, "observed": seen})
    found = coverage(told, observed).set_index("estimand")
    assert found.loc[ATTENDING, "coverage"] >= 0.77
    assert found.loc[ATTENDING, "coverage"] <= 0.92  # scores are whole: an interval cannot be cut finer
    assert told["low"].le(told["high"]).all()
    assert told[["low", "high"]].isin(range(28)).all(axis=None)


def test_the_quantile_leaves_room_for_one_more_person():
    distance = np.arange(1.0, 10.0)
    assert _quantile(distance, np.ones(9), 0.8) == 8.0  # the smallest k with k / 10 >= .8
    assert _quantile(distance, np.ones(9), 0.95) == 9.0


def test_cells_of_fewer_than_ten_people_have_no_coverage():
    told = pd.DataFrame(
        {
            "row": range(9), "pseudonym": [f"p{k}" for k in range(9)], "instrument": "phq9", "ahead": 1,
            "estimand": ATTENDING, "low": 0.0, "high": 9.0, "level": 0.8,
        }
    )  # fmt: skip
    assert coverage(told, told[["row", "instrument", "ahead"]].assign(observed=3.0)).empty


def test_what_cannot_be_learnt_says_so(invented, rows):
    with pytest.raises(ConfigError, match="totals need a column 'phq8'"):
        later_scores(invented.courses, rows, "phq8", 1)
    with pytest.raises(ConfigError, match="level must be strictly between"):
        learn_scores(invented.courses, rows, ["phq9"], level=1.0)
    with pytest.raises(DataError, match="fewer than 100 patients have a later score"):
        learn_scores(invented.courses, rows.take(np.arange(50)), ["phq9"])
