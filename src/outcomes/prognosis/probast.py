"""Which sources of bias can a run check by itself? The questions of PROBAST+AI, answered where the run knows.

A pre-check saves the reader's time; it is no rating. Every domain is judged by a person.
"""

from collections.abc import Mapping
from typing import Final

import pandas as pd

from outcomes.errors import ConfigError
from outcomes.reference.bibliography import source

SOURCE: Final = "moons_2025"
EARLIER: Final = "wolff_2019"
COMPARED: Final = (
    "Numbers, domains and meaning of the 16 questions of development and the 18 of evaluation were compared with the "
    "list of 2025 as several public repositories hold it word for word. Questions 1.1 to 3.4 are asked of both, D4 of "
    "the development of a model only, E4 of its evaluation only. The tool of 2019 asked 20 questions."
)
# number, domain, question in our own words, after `SOURCE`
QUESTIONS: Final = (
    ("1.1", "Participants and data", "Were the sources of data suitable?"),
    ("1.2", "Participants and data", "Was the design of the study suitable?"),
    ("1.3", "Participants and data", "Do those who were included and left out make the data representative?"),
    ("2.1", "Predictors", "Were predictors defined and measured in the same way for all?"),
    ("2.2", "Predictors", "Were predictors prepared in the same way for all?"),
    ("2.3", "Predictors", "Were predictors measured without knowing the outcome?"),
    ("2.4", "Predictors", "Are the predictors of the model known at the moment at which it is used?"),
    ("3.1", "Outcome", "Was the outcome defined and determined suitably?"),
    ("3.2", "Outcome", "Was the outcome defined and determined in the same way for all?"),
    ("3.3", "Outcome", "Was the outcome determined without using or knowing the predictors?"),
    ("3.4", "Outcome", "Is the time between predictors and outcome suitable?"),
    ("D4.1", "Analysis", "Is there evidence that the development had enough people?"),
    ("D4.2", "Analysis", "Were continuous and categorical predictors handled well?"),
    ("D4.3", "Analysis", "Were people with missing or censored data handled well?"),
    ("D4.4", "Analysis", "If something was done about class imbalance: was the model recalibrated?"),
    ("D4.5", "Analysis", "Was something done against overfitting?"),
    ("E4.1", "Analysis", "Does the evaluation rest on more than apparent performance?"),
    ("E4.2", "Analysis", "Is there evidence that the evaluation had enough people?"),
    ("E4.3", "Analysis", "Were people with missing or censored data handled well?"),
    ("E4.4", "Analysis", "If something was done about class imbalance: was the evaluation done on data without it?"),
    ("E4.5", "Analysis", "If data were split: is there evidence that nothing leaked between the parts?"),
    ("E4.6", "Analysis", "If data were resampled: was every step of development repeated each time?"),
    ("E4.7", "Analysis", "Was performance judged well (calibration, discrimination, net benefit)?"),
)
BLANK: Final = ""


def pre_checks(answers: Mapping[str, str]) -> pd.DataFrame:
    """Put what a run knows beside the questions that a reviewer asks.

    Parameters
    ----------
    answers : mapping
        Number of a question to what the run knows about it.

    Returns
    -------
    DataFrame
        One row a question: number, domain, question, the_run_knows; blank where a person must answer.

    Raises
    ------
    ConfigError
        If an answer belongs to no question.

    References
    ----------
    Moons KGM, Damen JAA, Kaul T et al. (2025). PROBAST+AI: an updated quality, risk of bias, and applicability
    assessment tool for prediction models using regression or artificial intelligence methods. BMJ 388:e082505.

    Examples
    --------
    >>> int(pre_checks({"E4.7": "AUROC and slope at 5 landmarks"})["the_run_knows"].ne("").sum())
    1
    """
    unknown = sorted(set(answers) - {number for number, _, _ in QUESTIONS})
    if unknown:
        raise ConfigError(f"PROBAST+AI has no question {', '.join(unknown)}")
    return pd.DataFrame(
        [(number, domain, question, answers.get(number, BLANK)) for number, domain, question in QUESTIONS],
        columns=["number", "domain", "question", "the_run_knows"],
    )


def provenance() -> str:
    """Say where the questions come from, and with what they were compared.

    Returns
    -------
    str
        Two references and what stands between them and this list.

    Examples
    --------
    >>> "10.1136/bmj-2024-082505" in provenance()
    True
    """
    return f"{COMPARED} {source(SOURCE).citation()} {source(EARLIER).citation()}"
