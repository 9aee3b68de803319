"""A release is attacked, registered and sealed; the cohort minus one person is identical or refused."""

import numpy as np
import pytest
from cohorts import cohort, drafts

from outcomes.disclosure.attack import attack
from outcomes.disclosure.door import let_out
from outcomes.disclosure.links import Links
from outcomes.disclosure.sameness import BEFORE
from outcomes.errors import DisclosureError

KEY = b"a key of a test, of thirty-two b"
PAIRS = 10  # benchmarks/disclosure.py takes 200


def out(people, *, snapshot="one", register=(), study="trial", policy="midpoint6", **kept):
    tables = drafts(people, policy)
    wanted = {name: tables[name] for name in kept.get("names", tables)}
    return let_out(wanted, study=study, snapshot=snapshot, register=register, key=KEY)


def outcome(people, first):
    try:
        return "", out(people, snapshot="two", register=first.register)
    except DisclosureError as refusal:
        return str(refusal), None


def test_what_leaves_carries_its_entry_and_no_links():
    passage = out(cohort(np.random.default_rng(1), 200))
    for table in passage.tables.values():
        assert table.verify().entry == passage.entry.key
        assert table.links == Links()
    assert passage.register == (passage.entry,)


def test_the_same_release_again_is_the_same_and_is_not_registered_twice():
    people = cohort(np.random.default_rng(1), 200)
    first = out(people)
    again = out(people, register=first.register)
    assert again.entry.key == first.entry.key
    assert again.register == first.register
    assert {name: table.seal for name, table in again.tables.items()} == {
        name: table.seal for name, table in first.tables.items()
    }


def test_the_cohort_minus_one_person_is_identical_or_refused():
    identical = refused = 0
    for seed in range(PAIRS):
        people = cohort(np.random.default_rng(seed))
        first = out(people)
        said, second = outcome(people.iloc[1:], first)
        if second is None:
            assert first.entry.key in said
            refused += 1
        else:
            for name, table in second.tables.items():
                assert table.table.equals(first.tables[name].table)
            identical += 1
    assert identical
    assert refused


def test_many_more_people_are_let_out_and_related():
    people = cohort(np.random.default_rng(2), 400)
    first = out(people.iloc[:200])
    second = out(people, snapshot="two", register=first.register)
    ((entry, how),) = second.related
    assert entry.key == first.entry.key
    assert "many more" in how
    assert len(second.register) == 2


def test_another_study_is_not_related():
    people = cohort(np.random.default_rng(3), 200)
    first = out(people)
    assert out(people.iloc[1:], snapshot="two", register=first.register, study="other").related == ()


def test_more_tables_of_the_same_people_are_attacked_together_with_the_first():
    people = cohort(np.random.default_rng(8), 60)
    first = out(people, policy="nhs_talking_therapies", names=["outcome"])
    second = out(people, policy="nhs_talking_therapies", names=["cross"], register=first.register)
    before = {f"{first.entry.key}{BEFORE}{name}": table for name, table in first.entry.tables.items()}
    assert len(attack({**before, **second.attacked.tables})) <= len(attack(before))
    assert "same people" in second.related[0][1]


def test_two_roundings_of_the_same_people_are_attacked_together():
    people = cohort(np.random.default_rng(4), 90)
    first = out(people)
    second = out(people, policy="redact7_round5", register=first.register)
    before = {f"{first.entry.key}{BEFORE}{name}": table for name, table in first.entry.tables.items()}
    assert attack({**before, **second.attacked.tables}) == ()


def test_one_release_has_one_policy():
    people = cohort(np.random.default_rng(4), 90)
    mixed = {"a": drafts(people)["cross"], "b": drafts(people, "redact7_round5")["outcome"]}
    with pytest.raises(DisclosureError, match="one policy"):
        let_out(mixed, study="trial", snapshot="s", key=KEY)


def test_nothing_is_no_release():
    with pytest.raises(DisclosureError, match="nothing to release"):
        let_out({}, study="trial", snapshot="s", key=KEY)
