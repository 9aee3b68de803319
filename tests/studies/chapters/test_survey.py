"""What a survey's chapter prints: the population beside the sample, and the reason where it cannot."""

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import DataError
from outcomes.studies.chapters.survey import (
    class_blocks,
    classes_released,
    group_blocks,
    survey_figures,
    survey_metrics,
    survey_step,
)
from outcomes.studies.surveyed import WeightedClasses

NAMES = pd.DataFrame({"state": [1, 2], "name": ["1 mild", "2 severe"]})


def classes(**changed):
    table = pd.DataFrame(
        {
            "state": [1, 2],
            "events": [701.2, 298.8],
            "n": 1000,
            "weighted_pct": [80.04, 19.96],
            "effective_n": 640.0,
            "variance_ratio": [4.0, 4.2],
            "design_effect": [1.6, 1.7],
            "largest_share": 0.003,
        }
    )
    return WeightedClasses(**({"table": table, "furthest": 0.04, "converged": True, "freedom": 30} | changed))


def test_classes_stand_beside_their_twins():
    said, table = class_blocks(classes(), NAMES, "midpoint6")
    assert "chosen without weights" in said
    assert "0.0 points" in said
    assert "has not converged" not in said
    shown = table.released.table.set_index("name")
    assert shown.loc["2 severe", "raw_pct"] == pytest.approx(29.7)
    assert shown.loc["2 severe", "weighted_pct"] == 20.0
    assert shown.loc["2 severe", "variance_ratio"] == 4.2
    assert shown.loc["1 mild", "design_effect"] == 1.6
    # the interval is that of the variance ratio: about twice the one of a random sample
    half = (shown.loc["2 severe", "high_pct"] - shown.loc["2 severe", "low_pct"]) / 2
    assert half == pytest.approx(100 * 2.04 * np.sqrt(4.2 * 0.2 * 0.8 / 1000) + 0.5, abs=0.3)
    grid = table.arrange(table.released)
    assert "Variance ratio" in grid.header
    assert "People expected" in grid.header


def test_a_capped_fit_and_a_missing_one_are_said():
    assert "stopped at its cap" in class_blocks(classes(converged=False), NAMES, "midpoint6")[0]
    none = classes(table=None, because="a reason")
    assert class_blocks(none, NAMES, "midpoint6") == [
        "Classes with survey weights were asked for and were not possible: a reason."
    ]
    with pytest.raises(DataError, match="a reason"):
        classes_released(none, NAMES, "midpoint6")


def test_where_there_is_no_survey_nothing_is_said(materials):
    assert class_blocks(None, NAMES, "midpoint6") == []
    assert group_blocks(materials, ["gender"], "midpoint6") == ([], {})
    assert survey_step(materials) == ()
    assert survey_figures([]) == ()
    assert survey_metrics(["words"]) == {}


def test_metrics_of_classes_carry_their_number():
    told = survey_metrics(class_blocks(classes(), NAMES, "midpoint6"))
    assert told["survey/classes/weighted_pct/class_2"] == 20.0
    assert told["survey/classes/effective_n/class_1"] == 639.0
