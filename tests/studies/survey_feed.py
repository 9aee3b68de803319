"""An invented survey: the ill are drawn three times as often, in two cycles of ten strata of two units."""

import numpy as np
import pandas as pd

SURVEY = """
[study]
name = "small"
title = "An invented survey"
question = "How common is it in the population, and in which classes do answers fall?"
seed = 11

[source]
format = "tidy_wide"
kind = "anonymised"
reason = "invented for a test"

[source.files]
responses = "people.csv"
patients = "people.csv"

[source.columns.patients]
survey_weight = "w"
survey_stratum = "s"
survey_unit = "u"
survey_cycle = "c"

[survey]
resamples = 10

[measures]
instruments = ["phq9"]

[subtypes]
instruments = ["phq9"]
states = [2]
starts = 3
stability_resamples = 0
families = false

[fairness]
by = ["gender"]
"""
SENTINEL = 4321.98765


def people(n=800, seed=3):
    """Of the population a fifth is ill; of the sample nearly a half is."""
    rng = np.random.default_rng(seed)
    ill = rng.random(n) < 0.43
    answers = rng.binomial(3, np.where(ill, 0.6, 0.08)[:, None], (n, 9))
    unit = np.arange(n) % 40
    weight = np.where(ill, 1000.0, 3000.0)
    weight[0] = SENTINEL
    frame = pd.DataFrame(
        {
            "patient_id": [f"n{place}" for place in range(n)],
            "gender": rng.choice(["1", "2"], n),
            "w": weight,
            "s": unit // 4 + 1,
            "u": unit % 2 + 1,
            "c": np.where(unit // 2 % 2, "2005-2006", "2007-2008"),
            **{f"phq9_{item + 1}": answers[:, item] for item in range(9)},
        }
    )
    return frame, ill


def write_survey(folder, **changed):
    """Write the feed; a column that is None is left out."""
    folder.mkdir(parents=True, exist_ok=True)
    frame, _ = people()
    for name, values in changed.items():
        frame = frame.drop(columns=name) if values is None else frame.assign(**{name: values})
    frame.to_csv(folder / "people.csv", index=False)
    return folder
