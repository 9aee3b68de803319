"""The model by group at every landmark, its verdicts, and what remedies would do."""

import pytest

from outcomes.fairness.gaps import REFERENCE, TOO_FEW, Tolerance
from outcomes.studies.chapters.groups_model import (
    WITHOUT,
    model_blocks,
    model_tables,
    predicted,
    quality_blocks,
    remedy_blocks,
)

FIVE = Tolerance(points=5, minimum_events=100)
BY = ["gender", "deprivation_quintile"]


@pytest.fixture(scope="module")
def tables(materials, found):
    return model_tables(materials, found, BY, FIVE, 0.5)


def test_the_event_is_the_unfavourable_ending_of_people_the_model_had_not_seen(materials, found):
    rows = predicted(materials, found, BY)
    assert rows["probability_not_reached"].between(0, 1).all()
    told = found.validation.predictions
    kept = told[told["model"].eq("boosted_trees") & told["validation"].eq("by patient")]
    assert len(rows) == len(kept[kept["landmark"].eq(kept["landmark"].max())])
    assert (rows["not_reached"].astype(float) + rows["outcome"].astype(float)).dropna().eq(1).all()


def test_every_landmark_is_judged_and_small_groups_get_no_verdict(tables, found):
    landmarks = set(found.validation.predictions["landmark"])
    assert set(tables["model_gaps"]["landmark"]) == landmarks
    assert set(tables["model_gaps"]["verdict"]) == {REFERENCE, TOO_FEW}
    assert set(tables["model_gaps"]["criterion"]) == {"equal opportunity", "calibration within the group"}


def test_the_report_shows_the_last_landmark_and_counts_all_verdicts(tables, found):
    blocks = model_blocks(tables, "midpoint6", found, 0.5, FIVE)
    names = [block.name for block in blocks if not isinstance(block, str)]
    assert names == ["model_by_group", "model_calibration_by_group", "model_gaps"]
    assert any(isinstance(block, str) and f"{TOO_FEW}" in block for block in blocks)


def test_remedies_come_with_a_ledger(materials, found):
    blocks, table = remedy_blocks(materials, found, "gender", 0.5, "midpoint6")
    assert "none is in use" in blocks[0]
    assert table.groupby("remedy")["n"].sum().nunique() == 1
    assert blocks[1].released.policy == "midpoint6"


def test_curves_and_the_model_without_sensitive_columns_stand_for_the_same_people(materials, found):
    blocks, internal = quality_blocks(materials, found, BY, 0.5, "midpoint6")
    without = internal["model_without_sensitive"]
    assert [block.name for block in blocks][-1] == "model_without_sensitive"
    assert len(predicted(materials, found, BY)) == len(predicted(materials, found, BY, model=WITHOUT))
    assert without.loc[without["group"].eq("Everyone"), "n"].tolist() == [
        without.groupby("breakdown")["n"].sum().iloc[1]
    ]
