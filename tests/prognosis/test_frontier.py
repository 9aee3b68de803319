"""Outside the training data: numbers, categories and combinations that nobody had."""

from dataclasses import replace

import pytest

from outcomes.errors import DataError
from outcomes.prognosis.encoding import Encoding
from outcomes.prognosis.frontier import Frontier
from outcomes.prognosis.stacked import stack


@pytest.fixture(scope="module")
def learnt(invented):
    table = stack(invented.courses, sessions=(0, 1, 2), weeks=(4,)).table
    return table, Frontier.learn(table, Encoding.learn(table.frame))


def changed(table, **columns):
    return replace(table, frame=table.frame.assign(**columns))


def test_few_of_those_who_taught_are_outside(learnt):
    table, frontier = learnt
    found = frontier.outside(table)
    assert found["outside"].mean() < 0.08
    assert found.loc[~found["outside"], "because"].eq("").all()


def test_a_number_far_beyond_everybodys_is_named_and_not_shown(learnt):
    table, frontier = learnt
    found = frontier.outside(changed(table, weeks_since_last_contact=51.0))
    assert found["outside"].all()
    assert found["because"].str.contains("time since the last contact").all()
    assert not found["because"].str.contains("51").any()


def test_a_category_that_was_not_learnt_is_outside_and_a_missing_one_is_not(learnt):
    table, frontier = learnt
    assert frontier.outside(changed(table, gender="Never seen"))["because"].str.contains("gender not met").all()
    inside = frontier.outside(changed(table, gender=None))["because"]
    assert not inside.str.contains("gender").any()


def test_limits_are_of_ten_people(learnt):
    table, frontier = learnt
    for name, (low, high) in frontier.limits.items():
        people = table.keys["pseudonym"]
        assert people[table.frame[name].ge(high).to_numpy()].nunique() >= 10
        assert people[table.frame[name].le(low).to_numpy()].nunique() >= 10


def test_fewer_than_ten_people_teach_no_limits(learnt):
    table, _ = learnt
    few = replace(table, keys=table.keys.head(9), frame=table.frame.head(9))
    with pytest.raises(DataError, match="patients taught; at least 10"):
        Frontier.learn(few, Encoding.learn(few.frame))
