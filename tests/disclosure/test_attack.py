"""The attacker wins where starring alone protects, and finds nothing that is not so."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from cohorts import cohort, cross, drafts, single_pattern, starred

from outcomes.disclosure import attack as attacking
from outcomes.disclosure.attack import _Component, _components, attack
from outcomes.disclosure.gate import release
from outcomes.disclosure.system import system_of
from outcomes.errors import DisclosureError

SMALL = 8  # counts of 1 to 7 are looked for


def counts(values, labels=None, policy="midpoint6"):
    table = pd.DataFrame({"group": labels or ["All", *"abcdefgh"[: len(values) - 1]], "n": values})
    return {"t": release(table, labels=["group"], counts=["n"], policy=policy, title="t")}


def test_six_ones_under_a_total_of_six_are_told_although_rounded():
    found = attack(counts([6, 1, 1, 1, 1, 1, 1]))
    assert {one.cells[0][1]: one.value for one in found} == {0: 6, **dict.fromkeys(range(1, 7), 1)}


def test_a_two_among_them_leaves_it_open():
    assert attack(counts([7, 2, 1, 1, 1, 1, 1])) == ()


def test_one_withheld_cell_beside_its_total_is_told():
    found = attack(counts([40, 26, 11, 3], policy="threshold10"))
    assert [(one.cells, one.value) for one in found] == [((("t", 3, "n"),), 3)]


def test_two_withheld_cells_beside_their_total_are_not():
    assert attack(counts([50, 36, 7, 7], policy="threshold10")) == ()


def test_everyone_less_one_group_is_a_count_too():
    found = attack(counts([42, 36, 3, 3], policy="threshold10"))
    assert [one.value for one in found] == [6]


def test_few_without_the_event_are_told_by_exact_counts():
    table = pd.DataFrame({"group": ["a"], "events": [48], "n": [50]})
    made = release(table, labels=["group"], counts=["events", "n"], policy="threshold10", title="t")
    assert attack({"t": made}) == ()  # nobody said that one is a part of the other
    rated = release(
        table, labels=["group"], counts=["events", "n"], rates={"p": ("events", "n")}, policy="threshold10", title="t"
    )
    assert rated.table["events"].isna().all()  # all but a few: the gate withholds it already


def test_whole_percentages_from_true_counts_can_tell_a_small_one():
    # 42 % of 8 to 12 people with 5 to 7 events: only 5 of 12 fits
    table = pd.DataFrame({"group": ["a"], "events": [5], "n": [12]})
    made = release(
        table,
        labels=["group"],
        counts=["events", "n"],
        rates={"p": ("events", "n")},
        policy="nhs_talking_therapies",
        title="t",
    )
    assert made.table.to_dict("list") == {"group": ["a"], "events": [5.0], "n": [10.0], "p": [42.0]}
    assert [one.value for one in attack({"t": made})] == [5]


def test_what_is_told_is_true():
    for seed in range(8):
        people = cohort(np.random.default_rng(seed))
        true = cross(people)["n"]
        for one in attack(starred(people)):
            rows = [row for _, row, _ in one.cells]
            differences = {abs(int(true[row]) - int(other)) for row in rows for other in true}
            assert one.value in {int(true[row]) for row in rows} | differences


def test_starring_alone_loses():
    told = sum(len(attack(starred(cohort(np.random.default_rng(seed))))) for seed in range(10))
    assert told > 20


def test_tables_that_cannot_be_of_the_same_people_are_refused():
    one = counts([90, 45, 45])["t"]
    from dataclasses import replace

    from outcomes.disclosure.seal import sealed

    forged = sealed(replace(one, table=one.table.assign(n=[9.0, 45.0, 45.0])))
    with pytest.raises(DisclosureError, match="contradict"):
        attack({"t": forged})


def test_midpoint_rounding_of_ordinary_tables_tells_nothing():
    assert sum(len(attack(drafts(cohort(np.random.default_rng(seed), 150)))) for seed in range(5)) == 0


def test_what_was_asked_before_is_not_asked_again_and_answered_alike(monkeypatch):
    made = single_pattern(np.random.default_rng([20230331, 3, 1]))
    plain, memory = attack(made), {}
    assert attack(made, memory=memory) == plain
    monkeypatch.setattr(attacking, "milp", lambda *_, **__: pytest.fail("asked again"))
    assert attack(made, memory=memory) == plain


def asked_one_by_one(tables):
    """The slow obvious way: the least and the most of every count, a question each."""
    system = system_of(tables)
    for unknowns, targets in _components(system, SMALL):
        component = _Component(system, unknowns)
        for target in targets:
            cost = component.cost(target)
            (least, _), (most, _) = component.solve(cost), component.solve(-cost)
            low, high = int(cost @ least), int(cost @ most)
            if low == high and low < SMALL and (low >= 1 or target.none_counts):
                yield target.withhold, low


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("made", [starred, drafts], ids=["starred", "midpoint6"])
def test_many_counts_asked_together_give_what_each_gives_alone(made, seed):
    tables = made(cohort(np.random.default_rng(seed)))
    found = {one.cells: one.value for one in attack(tables)}
    expected = {}
    for cells, value in asked_one_by_one(tables):
        expected.setdefault(cells, value)
    assert found == expected


def test_what_the_solver_gives_up_on_counts_as_told(monkeypatch):
    asked = []

    def gives_up(cost, **question):
        asked.append(question["options"])
        return SimpleNamespace(status=1, x=None)

    monkeypatch.setattr(attacking, "milp", gives_up)
    found = attack(counts([7, 2, 1, 1, 1, 1, 1]))
    assert found
    assert all(one.open for one in found)
    assert {one["node_limit"] for one in asked} == {attacking.NODES}  # a limit that is the same on every machine
