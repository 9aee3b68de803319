"""A kept model says the same about everybody, is read only if it is the one that is meant, and holds no row."""

import hashlib
import json
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ConfigError, DataError
from outcomes.prognosis.endings import ended
from outcomes.prognosis.individual import Lessons, foretell, teach
from outcomes.prognosis.kept import FORMAT, Kept, keep, read
from outcomes.prognosis.timeline import KEY

RECORD = pd.DataFrame(
    {"ending": ["recovery"] * 2, "told": ["about 7 in 10", "about 1 in 10"], "n": [120, 9], "n_true": [81, 1]}
)


@pytest.fixture(scope="module")
def cases(invented):
    """The invented service with an extract day: tables, the open cases of that day, how referrals ended."""
    episodes = invented.courses.episodes.assign(last_seen_day=200)
    recovered = invented.outcomes["reliable_recovery"]
    flags = invented.outcomes.assign(
        recovery=recovered,
        reliable_improvement=recovered,
        no_reliable_change=~recovered,
        reliable_deterioration=recovered & False,
    )
    still = episodes.loc[episodes["open"], KEY]
    days = still.assign(day=np.where(np.arange(len(still)) % 4, 70, 199))
    return replace(invented.courses, episodes=episodes), days, ended(episodes, flags)


@pytest.fixture(scope="module")
def taught(cases):
    courses, _, endings = cases
    lessons = Lessons(sessions=(0, 1, 2), weeks=(4,), horizon_weeks=12, interval_weeks=4, resamples=2)
    return teach(courses, endings, trained_on="invented", lessons=lessons)


@pytest.fixture(scope="module")
def kept(taught):
    return Kept(taught, date(2023, 3, 31), RECORD, "5f" * 16)


@pytest.fixture(scope="module")
def content(kept):
    return keep(kept)


def digest(content):
    return hashlib.sha256(content).hexdigest()


def test_read_back_it_says_the_same_of_every_open_case(kept, content, cases):
    back = read(content, digest(content))
    courses, days, endings = cases
    before, after = (foretell(one.taught, courses, days, endings, kind="invented") for one in (kept, back))
    for name in ("status", "endings", "course", "reasons"):
        pd.testing.assert_frame_equal(getattr(after, name), getattr(before, name), check_exact=True)
    assert len(before.endings)
    assert (back.made_on, back.snapshot, back.taught.trained_on) == (date(2023, 3, 31), "5f" * 16, "invented")


def test_the_same_model_gives_the_same_bytes_and_keeping_it_again_changes_nothing(kept, content):
    assert keep(kept) == content
    assert keep(read(content, digest(content))) == content


def test_one_flipped_byte_and_nothing_is_read(content):
    spoilt = bytearray(content)
    spoilt[len(spoilt) // 2] ^= 1
    with pytest.raises(DataError, match="SHA-256 is not the recorded one"):
        read(bytes(spoilt), digest(content))


def test_it_holds_no_row_and_no_line_of_a_few_people(content, cases):
    courses, _, _ = cases
    people = courses.episodes["pseudonym"].astype(str)
    text = content.decode()
    assert not [one for one in people if one in text]
    document = json.loads(text)
    assert [line["told"] for line in document["record"]] == ["about 7 in 10"]
    assert document["format"] == FORMAT


def test_another_file_is_no_model():
    other = b'{"format": "something else"}'
    with pytest.raises(DataError, match=f"not of the format {FORMAT}"):
        read(other, digest(other))


def test_a_record_must_say_how_many(taught):
    with pytest.raises(ConfigError, match="needs the columns n, n_true"):
        keep(Kept(taught, None, RECORD[["ending", "told"]], "5f" * 16))


def test_a_model_of_unknown_age_stays_one(taught):
    content = keep(Kept(taught, None, RECORD.head(0), "5f" * 16))
    back = read(content, digest(content))
    assert back.made_on is None
    assert back.record.empty
    assert np.isfinite(back.taught.frontier.within)
