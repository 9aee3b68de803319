"""By group: calibration, net benefit, and the model with and without the sensitive attributes."""

import numpy as np
import pandas as pd
import pytest
from fairlearn.metrics import MetricFrame, selection_rate, true_positive_rate

from outcomes.fairness.models import Predictions, model_breakdown
from outcomes.studies.chapters.groups_quality import believed_table, beside_without, calibration_picture

LAST = ("landmark", "After session 4")
TOLD = Predictions("worse", "probability", 0.4)


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(12)
    n = 3000
    probability = rng.uniform(0.05, 0.95, n)
    gender = rng.choice(["Female", "Male"], n)
    # women are told too much
    happened = rng.random(n) < np.where(gender == "Female", probability**2, probability)
    return pd.DataFrame({"gender": gender, "probability": probability, "worse": pd.array(happened, dtype="boolean")})


def test_the_group_that_is_told_too_much_has_the_larger_calibration_error(rows):
    found = model_breakdown(rows, ["gender"], TOLD).assign(landmark=LAST[1])
    table = believed_table(found, found, "midpoint6", 0.4, only=LAST).released.table.set_index("group")
    assert table.loc["Female", "calibration_error"] > 0.1
    assert table.loc["Male", "calibration_error"] < 0.05
    assert table.loc["Female", "calibration_high"] < 0
    assert table.loc["Male", "calibration_low"] < 0 < table.loc["Male", "calibration_high"]
    assert table.loc["Female", "net_benefit"] < table.loc["Male", "net_benefit"]


def test_each_group_has_a_curve_and_tiny_groups_have_none(rows):
    few = pd.concat([rows, rows.head(30).assign(gender="Indeterminate")], ignore_index=True)
    picture = calibration_picture(few, "gender", TOLD, "midpoint6")
    table = picture.released.table
    assert set(table["group"]) == {"Female", "Male"}
    assert table.groupby("group").size().tolist() == [5, 5]
    men = table.loc[table["group"].eq("Male")]
    assert (men["observed_pct"] - men["predicted_pct"]).abs().max() < 10
    assert len(picture.figure().axes) == 2
    assert calibration_picture(rows.head(20), "gender", TOLD, "midpoint6") is None


def test_both_models_stand_side_by_side_with_the_values_of_fairlearn(rows):
    rng = np.random.default_rng(3)
    other = rows.assign(probability=np.clip(rows["probability"] + rng.normal(0, 0.2, len(rows)), 0, 1))
    block, internal = beside_without(rows, other, ["gender"], TOLD, "threshold10")
    table = block.released.table.set_index("group")
    for which, told in (("", rows), ("_without", other)):
        frame = MetricFrame(
            metrics={"flag_rate": selection_rate, "tpr": true_positive_rate},
            y_true=told["worse"].to_numpy(dtype=bool),
            y_pred=told["probability"].to_numpy() >= TOLD.threshold,
            sensitive_features=told["gender"].to_numpy(dtype=object),
        )
        for name in ("flag_rate", "tpr"):
            for group, value in frame.by_group[name].items():
                assert table.loc[group, f"{name}{which}_pct"] == pytest.approx(100 * value, abs=0.05001)
    assert table.loc["Everyone", "auroc"] > table.loc["Everyone", "auroc_without"]
    assert internal["n"].iloc[0] == len(rows)


def test_four_of_four_flagged_is_no_certainty():
    four = pd.DataFrame({"gender": ["Male"] * 4 + ["Female"] * 40, "probability": 0.9, "worse": True})
    found = model_breakdown(four.astype({"worse": "boolean"}), ["gender"], TOLD).set_index("group")
    assert found.loc["Male", "tpr_pct"] == 100
    assert found.loc["Male", "tpr_low"] == pytest.approx(51.0, abs=0.1)
    found = found.reset_index().assign(landmark=LAST[1])
    shown = believed_table(found, found, "midpoint6", 0.4, only=LAST).released.table.set_index("group")
    assert shown.loc["Male", ["calibration_error", "net_benefit"]].isna().all()
