"""The checker's sheet says how much was withheld, where, and which earlier releases relate."""

import numpy as np
import pandas as pd

from outcomes.disclosure.door import let_out
from outcomes.disclosure.gate import Vertices, release
from outcomes.publications.sheet import Context, checkers_sheet
from outcomes.reference.bibliography import source

KEY = b"the key of a test is no key, no."
CONTEXT = Context("trial", "A trial", "Does it work?", "Invented people.", "s1")


def who(values, policy="midpoint6"):
    table = pd.DataFrame({"g": ["All", *"abcdef"][: len(values)], "n": values})
    return release(table, labels=["g"], counts=["n"], policy=policy, title="Who")


def test_withheld_counts_are_counted_and_placed():
    passage = let_out({"who": who([6, 1, 1, 1, 1, 1, 1])}, study="trial", snapshot="s1", key=KEY)
    sheet = checkers_sheet(CONTEXT, passage, {"who": "tables/who"})
    assert "It could tell 7. 7 counts were withheld" in sheet
    assert "(7 in who); after 2 rounds it could tell none" in sheet
    assert "| Who | tables/who | 7 | – | – | 7 withheld |" in sheet


def test_nothing_withheld_is_said_too():
    passage = let_out({"who": who([100, 60, 40])}, study="trial", snapshot="s1", key=KEY)
    assert "It could tell none; nothing was withheld" in checkers_sheet(CONTEXT, passage, {})


def test_earlier_releases_are_named():
    first = let_out({"who": who([100, 60, 40])}, study="trial", snapshot="s1", key=KEY)
    second = let_out({"who": who([300, 200, 100])}, study="trial", snapshot="s2", register=first.register, key=KEY)
    said = checkers_sheet(CONTEXT, second, {})
    assert f"- {first.entry.key} (snapshot s1, policy midpoint6): other people, or many more" in said


def test_the_policy_is_dated_by_its_sources():
    passage = let_out({"who": who([100, 60, 40])}, study="trial", snapshot="s1", key=KEY)
    said = checkers_sheet(CONTEXT, passage, {})
    assert (
        f"`midpoint6`; published 2024, recorded here on 2026-11-22; {source('opensafely_disclosure').authors}" in said
    )


def test_curves_that_were_checked_are_named():
    bins = release(
        pd.DataFrame({"bin": [1, 2], "n": [40, 50]}), labels=["bin"], counts=["n"], vertices=Vertices("n"), title="Bins"
    )
    said = checkers_sheet(CONTEXT, let_out({"who": who([100]), "bins": bins}, study="t", snapshot="s", key=KEY), {})
    assert "stand for at least 10 people each (checked on true counts before rounding: Bins)" in said


def test_stars_do_not_become_emphasis():
    passage = let_out({"who": who([40, 31, 9, np.nan], "nhs_talking_therapies")}, study="t", snapshot="s", key=KEY)
    assert " *" not in checkers_sheet(CONTEXT, passage, {}).replace("\\*", "")
