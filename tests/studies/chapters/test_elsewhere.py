"""What is said of missing values, optimism, updating and other services."""

from dataclasses import replace

import numpy as np
import pandas as pd

from outcomes.prognosis.splits import BY_PATIENT, BY_TIME
from outcomes.studies.chapters.elsewhere import beyond

RNG = np.random.default_rng(3)


def areas(**values):
    rows = [(0, model, BY_PATIENT, "auroc", value) for model, value in values.items()]
    return pd.DataFrame(rows, columns=["landmark", "model", "validation", "metric", "value"])


def with_metrics(found, metrics):
    return replace(found, validation=replace(found.validation, metrics=metrics))


def later(found, *, pulled):
    """Predictions of a later period whose log-odds are too low by so much."""
    odds = RNG.normal(0, 1, 2000)
    happened = (RNG.random(2000) < 1 / (1 + np.exp(-odds - pulled))).astype(int)
    told = pd.DataFrame(
        {"landmark": 0, "model": "boosted_trees", "validation": BY_TIME, "probability": 1 / (1 + np.exp(-odds))}
    ).assign(outcome=happened)
    return replace(found, validation=replace(found.validation, predictions=told))


def test_two_treatments_of_missing_answers_stand_side_by_side(found):
    both = with_metrics(found, areas(penalised_logistic=0.70, imputed_logistic=0.72))
    assert "differs by +0.020 to +0.020" in beyond(both)[0]
    alone = with_metrics(found, areas(penalised_logistic=0.70))
    assert "used as they are" in beyond(alone)[0]
    assert "`imputations`" in beyond(alone)[0]


def test_models_that_are_too_low_later_are_to_be_shifted(found):
    (said,) = [words for words in beyond(later(found, pulled=0.8)) if words.startswith("Updating")]
    assert "at intake they need their level shifted." in said
    (said,) = [words for words in beyond(later(found, pulled=0.0)) if words.startswith("Updating")]
    assert "can be used as they are" in said


def test_optimism_is_told_where_it_was_asked_for(found):
    rows = pd.DataFrame(
        {"landmark": 0, "metric": ["auroc"], "apparent": 0.8, "optimism": 0.05, "corrected": 0.75, "n_resamples": 20}
    )
    said = " ".join(beyond(replace(found, corrected=rows)))
    assert "AUROC of 0.800; 0.050 of it is optimism" in said
    assert "leaves 0.750" in said
    assert "optimism" not in " ".join(beyond(replace(found, corrected=pd.DataFrame())))
