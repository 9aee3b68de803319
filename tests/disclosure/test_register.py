"""The register holds what was printed and nothing else, and notices any change."""

import numpy as np
import pytest
from cohorts import cohort, drafts

from outcomes.disclosure.register import entry_of, read_register, register_text
from outcomes.errors import DisclosureError

KEY = b"a key of a test, of thirty-two b"


def entries():
    made = [drafts(cohort(np.random.default_rng(seed), 150)) for seed in (1, 2)]
    return [entry_of("trial", f"snapshot {place}", "midpoint6", tables, key=KEY) for place, tables in enumerate(made)]


def test_a_register_comes_back_as_it_was_written():
    text = register_text(entries(), key=KEY)
    again = read_register(text, key=KEY)
    assert register_text(again, key=KEY) == text
    assert [entry.key for entry in again] == [entry.key for entry in entries()]
    assert again[0].tables["outcome"].table.equals(entries()[0].tables["outcome"].table)


def test_the_same_release_has_the_same_entry_and_another_key_another():
    assert entries()[0].key == entries()[0].key
    assert entry_of("trial", "snapshot 0", "midpoint6", entries()[0].tables, key=b"other").key != entries()[0].key


def test_no_true_count_and_no_mark_is_in_the_register():
    people = cohort(np.random.default_rng(5), 353)  # 353 prints as 351
    text = register_text([entry_of("trial", "s", "midpoint6", drafts(people), key=KEY)], key=KEY)
    assert "353" not in text.replace("353.0", "353")
    assert not any(mark in text for marks in drafts(people)["cross"].links.marks.values() for mark in marks)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("midpoint6", "midpoint7", 1),
        lambda text: "".join(text.splitlines(keepends=True)[1:]),
        lambda text: "".join(reversed(text.splitlines(keepends=True))),
        lambda text: "{}\n" + text,
        lambda text: "not a register\n",
        lambda text: "[]\n",
    ],
    ids=["changed", "first line taken out", "reordered", "put in", "no JSON", "no entry"],
)
def test_a_register_that_was_touched_is_refused(spoil):
    text = register_text(entries(), key=KEY)
    with pytest.raises(DisclosureError, match="register of releases: line 1"):
        read_register(spoil(text), key=KEY)


def test_another_key_reads_nothing():
    with pytest.raises(DisclosureError, match="another release key"):
        read_register(register_text(entries(), key=KEY), key=b"other")
