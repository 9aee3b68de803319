"""Which sources of bias can a run check by itself? The signalling questions of PROBAST, answered where the run knows.

A pre-check saves the reader's time; it is no rating. Every domain is judged by a person.
"""

from collections.abc import Mapping
from typing import Final

import pandas as pd

from outcomes.errors import ConfigError
from outcomes.reference.bibliography import source

SOURCE: Final = "wolff_2019"
NEWER: Final = "moons_2025"
COMPARED: Final = (
    "Numbers, domains and meaning of the 20 questions of 2019 were compared with several public repositories that hold "
    "them word for word. PROBAST+AI (2025), which may replace it, asks 16 questions of the development of a model and "
    "18 of its evaluation; these are not filled in here."
)
# number, domain, question in our own words, after `SOURCE`
QUESTIONS: Final = (
    ("1.1", "Participants", "Do the data come from a suitable source (cohort, trial, nested case-control)?"),
    ("1.2", "Participants", "Were people included and left out for good reasons only?"),
    ("2.1", "Predictors", "Were predictors defined and measured in the same way for all?"),
    ("2.2", "Predictors", "Were predictors measured without knowing the outcome?"),
    ("2.3", "Predictors", "Are all predictors known at the moment at which the model is used?"),
    ("3.1", "Outcome", "Was the outcome determined by a suitable method?"),
    ("3.2", "Outcome", "Is the outcome's definition a standard one, or fixed beforehand?"),
    ("3.3", "Outcome", "Are predictors no part of the outcome's definition?"),
    ("3.4", "Outcome", "Was the outcome defined and determined in the same way for all?"),
    ("3.5", "Outcome", "Was the outcome determined without knowing the predictors?"),
    ("3.6", "Outcome", "Is the time between predictors and the determination of the outcome suitable?"),
    ("4.1", "Analysis", "Were there enough people with the outcome?"),
    ("4.2", "Analysis", "Were continuous and categorical predictors handled well?"),
    ("4.3", "Analysis", "Was everybody who was enrolled analysed?"),
    ("4.4", "Analysis", "Were missing values handled well?"),
    ("4.5", "Analysis", "Were predictors chosen otherwise than one by one by their own association?"),
    ("4.6", "Analysis", "Were complexities (censoring, competing endings, sampling of controls) accounted for?"),
    ("4.7", "Analysis", "Were the measures of performance that matter (discrimination, calibration) evaluated?"),
    ("4.8", "Analysis", "Were overfitting, underfitting and optimism accounted for?"),
    ("4.9", "Analysis", "Do predictors and weights of the final model agree with the analysis that is reported?"),
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
    Wolff RF, Moons KGM, Riley RD et al. (2019). PROBAST: a tool to assess the risk of bias and applicability of
    prediction model studies. Annals of Internal Medicine 170, 51-58.

    Examples
    --------
    >>> int(pre_checks({"4.7": "AUROC and slope at 5 landmarks"})["the_run_knows"].ne("").sum())
    1
    """
    unknown = sorted(set(answers) - {number for number, _, _ in QUESTIONS})
    if unknown:
        raise ConfigError(f"PROBAST has no question {', '.join(unknown)}")
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
    >>> "10.7326/M18-1376" in provenance()
    True
    """
    return f"{COMPARED} {source(SOURCE).citation()} {source(NEWER).citation()}"
