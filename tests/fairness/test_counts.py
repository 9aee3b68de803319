"""Published outcomes keep their published denominators; overlapping groups count a person in each."""

import pandas as pd

from outcomes.fairness.counts import group_counts, total_counts
from outcomes.measures.rates import rates
from outcomes.reference.groups import groupings


def course(**flags):
    base = {
        "finished": True, "caseness_threshold_known": True, "change_threshold_known": True, "not_at_caseness": False,
        "recovery": False, "reliable_improvement": False, "reliable_deterioration": False, "no_reliable_change": False,
        "reliable_recovery": False,
    }  # fmt: skip
    return base | flags


def outcome_table():
    rows = [
        course(recovery=True),
        course(),
        course(recovery=pd.NA),
        course(not_at_caseness=True),
        course(finished=False),
    ]
    table = pd.DataFrame(rows).astype("boolean")
    return table.astype(dict.fromkeys(["finished", "caseness_threshold_known", "change_threshold_known"], "bool"))


def test_recovery_divides_by_finished_less_not_at_caseness():
    totals = total_counts(outcome_table()).set_index("measure")
    assert totals.loc["recovery", ["events", "n"]].tolist() == [1, 3]
    assert totals.loc["reliable_improvement", "n"] == 4


def test_groups_agree_with_measures():
    table = outcome_table().assign(service=["A", "A", "B", "B", "B"])
    found = group_counts(table, ["service"])
    published = rates(table, ["service"])
    merged = found.merge(published, left_on=["measure", "group"], right_on=["measure", "service"])
    assert len(merged) == len(published)
    assert merged["events"].eq(merged["numerator"]).all()
    assert merged["n"].eq(merged["denominator"]).all()


def test_overlapping_groups_count_a_person_in_each():
    overlapping = next(key for key, grouping in groupings().items() if grouping.overlapping)
    first, second = groupings()[overlapping].labels[:2]
    table = pd.DataFrame(
        {
            overlapping: [f"{first};{second}", first, None],
            "well": pd.array([True, False, True], dtype="boolean"),
        }
    )
    found = group_counts(table, [overlapping], flags=["well"]).set_index("group")
    assert found.loc[first, ["events", "n"]].tolist() == [1, 2]
    assert found.loc[second, ["events", "n"]].tolist() == [1, 1]
    assert found.loc[groupings()[overlapping].not_known, "n"] == 1
