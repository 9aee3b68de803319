"""The chapter says whom the model leaves without a probability, at every landmark, through the door only."""

from dataclasses import replace

import numpy as np
import pytest

from outcomes.disclosure.rounding import percentage
from outcomes.fairness.gaps import NO_REFERENCE, REFERENCE, TOO_FEW, Tolerance
from outcomes.publications.wording import NOT_APPLICABLE
from outcomes.studies.chapters.elsewhere import landmark_name
from outcomes.studies.chapters.groups_abstention import (
    BECAUSE,
    NAME,
    SILENT,
    abstention_blocks,
    abstention_metrics,
    abstention_table,
)
from outcomes.studies.chapters.groups_model import model_tables
from outcomes.studies.recording import by_session

FIVE = Tolerance(points=5, minimum_events=100)
BY = ["gender", "deprivation_quintile"]


@pytest.fixture(scope="module")
def table(materials, found):
    return model_tables(materials, found, BY, FIVE, 0.5)[NAME]


@pytest.fixture(scope="module")
def shown(table):
    return abstention_blocks(table, "midpoint6", FIVE, {}, 40)[1]


def test_every_landmark_counts_everyone_who_had_the_session(materials, found, table):
    assert set(table["landmark"]) == set(found.validation.predictions["landmark"])
    at_risk = found.validation.counts.set_index("landmark")["at_risk"]
    every = table.loc[table["breakdown"].eq("everyone")].set_index("landmark")
    scored = every["n"] - every["events"]
    assert scored.le(at_risk[scored.index]).all()
    assert every["n"].ge(at_risk[every.index]).all()
    for landmark in every.index:
        part = table.loc[table["landmark"].eq(landmark)]
        for breakdown in BY:
            own = part.loc[part["breakdown"].eq(breakdown)]
            assert own[["n", "events"]].sum().tolist() == every.loc[landmark, ["n", "events"]].tolist()


def test_printed_shares_follow_from_printed_counts_and_gaps_from_four_of_them(shown):
    printed = shown.released.table
    known = printed.dropna(subset=["abstention_pct"])
    assert (known["abstention_pct"] == percentage(known[SILENT], known["n"], 1)).all()
    for name in BECAUSE:
        there = printed.dropna(subset=[f"{name}_pct"])
        assert (there[f"{name}_pct"] == percentage(there[name], there["n"], 1)).all()
    gaps = printed.dropna(subset=["gap_points"])
    wanted = 100 * (gaps[SILENT] / gaps["n"] - gaps["reference_events"] / gaps["reference_n"])
    assert np.allclose(gaps["gap_points"], wanted, atol=0.051)
    assert set(printed["n"].dropna() % 6) <= {0, 3}


def test_small_groups_get_no_verdict_and_everyone_needs_none(shown):
    printed = shown.released.table
    every = printed["group"].eq("Everyone")
    assert printed.loc[every, "verdict"].eq(NOT_APPLICABLE).all()
    assert set(printed.loc[~every, "verdict"]) <= {REFERENCE, NO_REFERENCE, TOO_FEW}


def test_the_page_shows_all_landmarks_side_by_side(shown, table):
    grid = shown.arrange(shown.released)
    landmarks = [landmark_name(int(one)) for one in sorted(set(table["landmark"]))]
    assert landmarks[0] == "At intake"
    assert grid.header[1 : 1 + len(landmarks)] == ("Intake", *(name.split()[-1] for name in landmarks[1:]))
    named = [row[0].text for row in grid.rows if row[0].indent]
    assert named.count("Everyone") == 1
    assert {"Female", "Male"} <= set(named)
    assert all(len(row) == len(grid.header) for row in grid.rows)
    assert grid.notes[0].startswith("Gaps and verdicts: a")


def test_the_share_of_everyone_is_said_in_words_from_the_printed_table(table):
    words, block = abstention_blocks(table, "midpoint6", FIVE, {}, 40)
    every = block.released.table.loc[block.released.table["group"].eq("Everyone"), "abstention_pct"]
    assert f"at intake {every.iloc[0]:.1f} %" in words


def test_runs_are_compared_by_one_name_with_the_session_as_step(table):
    told = abstention_metrics(table)
    every = table.loc[table["breakdown"].eq("everyone")].set_index("landmark")["rate_pct"]
    stepped = by_session(told)
    assert set(stepped) == set(every.index)
    for landmark, values in stepped.items():
        assert values["fairness/abstention_pct"] == pytest.approx(every[landmark])
        assert values["fairness/abstention_pct_low"] <= values["fairness/abstention_pct"]
        assert values["fairness/abstention/widest_gap_points/gender"] >= 0


def test_a_step_that_fitted_nothing_gives_no_row(materials, found):
    nothing = replace(found.validation, predictions=found.validation.predictions.head(0))
    assert abstention_table(materials, replace(found, validation=nothing), BY, FIVE, {}).empty
