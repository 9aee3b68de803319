"""The model by group at every landmark, its verdicts, and what remedies would do."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from outcomes.fairness.gaps import REFERENCE, TOO_FEW, Tolerance
from outcomes.fairness.mitigation import CONSTRAINED
from outcomes.kernel.intervals import newcombe
from outcomes.prognosis.plan import ONE_CHANCE
from outcomes.studies.chapters.elsewhere import landmark_name
from outcomes.studies.chapters.groups_model import (
    WITHOUT,
    family_size,
    model_blocks,
    model_tables,
    predicted,
    quality_blocks,
    remedy_blocks,
    remedy_metrics,
)

FIVE = Tolerance(points=5, minimum_events=100)
BY = ["gender", "deprivation_quintile"]


@pytest.fixture(scope="module")
def tables(materials, found):
    return model_tables(materials, found, BY, FIVE, 0.5)


def test_the_event_is_the_unfavourable_ending_of_people_the_model_had_not_seen(materials, found):
    rows = predicted(materials, found, BY)
    assert rows["probability_unfavourable"].between(0, 1).all()
    told = found.validation.predictions
    kept = told[told["model"].eq("boosted_trees") & told["validation"].eq("by patient")]
    assert len(rows) == len(kept[kept["landmark"].eq(kept["landmark"].max())])
    assert (rows["unfavourable"].astype(float) + rows["outcome"].astype(float)).dropna().eq(1).all()


def test_where_the_target_is_itself_the_adverse_ending_its_own_probability_flags(materials, found):
    drop_out = replace(found, target=replace(found.target, adverse=True))
    rows, other = predicted(materials, drop_out, BY), predicted(materials, found, BY)
    assert rows["unfavourable"].astype(float).equals(rows["outcome"].astype(float))
    assert np.allclose(rows["probability_unfavourable"], 1 - other["probability_unfavourable"])
    tables = model_tables(materials, drop_out, BY, FIVE, 0.5)
    notes = [block.released.notes for block in model_blocks(tables, "midpoint6", drop_out, 0.5, FIVE)[1:2]]
    assert "the unfavourable ending: reliable" in str(notes)


def test_every_landmark_is_judged_and_small_groups_get_no_verdict(tables, found):
    landmarks = set(found.validation.predictions["landmark"])
    assert set(tables["model_gaps"]["landmark"]) == landmarks
    assert set(tables["model_gaps"]["verdict"]) == {REFERENCE, TOO_FEW}
    assert set(tables["model_gaps"]["criterion"]) == {"equal opportunity", "calibration within the group"}


def test_the_report_shows_the_last_landmark_and_counts_all_verdicts(tables, found):
    blocks = model_blocks(tables, "midpoint6", found, 0.5, FIVE)
    names = [block.name for block in blocks if not isinstance(block, str)]
    assert names == ["model_by_group", "model_calibration_by_group", "model_gaps", "abstention_by_group"]
    assert any(isinstance(block, str) and f"{TOO_FEW}" in block for block in blocks)


def test_the_files_hold_every_landmark_and_the_page_the_last(tables, found):
    landmarks = sorted(set(found.validation.predictions["landmark"]))
    for block in model_blocks(tables, "midpoint6", found, 0.5, FIVE):
        if not isinstance(block, str):
            assert set(block.released.table["landmark"]) == {landmark_name(landmark) for landmark in landmarks}
            printed = block.arrange(block.released)
            assert "Landmark" not in printed.header
            groups = [row[0].text for row in printed.rows if row[0].indent]
            per_group = 2 if block.name == "model_gaps" else 1
            assert groups.count("Female") == per_group


def test_simultaneous_intervals_hold_for_the_whole_declared_family(tables):
    gaps, silent = tables["model_gaps"], tables["abstention_by_group"]
    size = family_size(gaps, silent)
    assert size == gaps["gap_points"].notna().sum() + silent["gap_points"].notna().sum()
    assert family_size(gaps) < size
    for table in (gaps, silent):
        known = table.loc[table["gap_points"].notna()]
        wider = known["simultaneous_high"] - known["simultaneous_low"] > known["gap_high"] - known["gap_low"]
        assert wider.all()
        assert known["simultaneous_low"].le(known["gap_low"]).all()
        assert known["simultaneous_high"].ge(known["gap_high"]).all()
    row = silent.loc[silent["gap_points"].notna()].iloc[0]
    bounds = newcombe(row["events"], row["n"], row["reference_events"], row["reference_n"], level=1 - 0.05 / size)
    assert 100 * float(bounds.low) == pytest.approx(row["simultaneous_low"])


def test_remedies_come_with_a_ledger(materials, found):
    blocks, table = remedy_blocks(materials, found, "gender", 0.5, "midpoint6")
    assert "none is in use" in blocks[0]
    assert table.groupby("remedy")["n"].sum().nunique() == 1
    assert blocks[1].released.policy == "midpoint6"
    assert CONSTRAINED not in set(table["remedy"])


def test_training_under_the_constraint_is_a_remedy_where_it_was_tried(materials, found):
    told = found.validation.predictions
    plain = told[told["model"].eq("boosted_trees") & told["validation"].eq("by patient")]
    tried = pd.concat([told, plain.assign(model=ONE_CHANCE)], ignore_index=True)
    beside = replace(found, validation=replace(found.validation, predictions=tried))
    _, table = remedy_blocks(materials, beside, "gender", 0.5, "midpoint6")
    rows = table[table["remedy"].eq(CONSTRAINED)]
    assert len(rows) == table["group"].nunique()
    assert rows[["newly_flagged", "no_longer_flagged"]].to_numpy().sum() == 0  # the same probabilities
    tracked = remedy_metrics(table.assign(events=60))
    assert tracked["fairness/remedies/none/widest_tpr_gap_points"] == pytest.approx(
        tracked["fairness/remedies/constrained_training/widest_tpr_gap_points"]
    )


def test_curves_and_the_model_without_sensitive_columns_stand_for_the_same_people(materials, found):
    blocks, internal = quality_blocks(materials, found, BY, 0.5, "midpoint6")
    without = internal["model_without_sensitive"]
    assert [block.name for block in blocks][-1] == "model_without_sensitive"
    assert len(predicted(materials, found, BY)) == len(predicted(materials, found, BY, model=WITHOUT))
    assert without.loc[without["group"].eq("Everyone"), "n"].tolist() == [
        without.groupby("breakdown")["n"].sum().iloc[1]
    ]
