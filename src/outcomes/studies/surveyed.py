"""The survey step: the chosen classes fitted again with weights, and who of the population is at caseness."""

import warnings
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from outcomes.cohort.survey import SurveyDesign
from outcomes.cohort.trajectories import ItemTrajectories
from outcomes.errors import DataError, NotConvergedWarning
from outcomes.fairness.survey import weighted_shares
from outcomes.reference.instruments import instrument
from outcomes.studies.materials import Materials
from outcomes.studies.progress import Progress, silent
from outcomes.studies.sections.survey import SurveySettings
from outcomes.subtypes.latent_markov import LatentMarkov
from outcomes.subtypes.matching import match_states
from outcomes.subtypes.survey import SurveyFit, design_errors, fit_survey

KEY = ["pseudonym", "referral"]
CASENESS = "_at_caseness"
STEP = "Weighting the classes"


@dataclass(frozen=True)
class WeightedClasses:
    """The classes of a survey, with weights beside without.

    Attributes
    ----------
    table : DataFrame or None
        One row a class, numbered as in the unweighted fit: state, events (people expected in it), n, weighted_pct,
        effective_n, variance_ratio (against as many people drawn at random whose class is known: design, and classes
        that are estimated), design_effect (against as many drawn at random in which classes are estimated, too),
        largest_share.
    furthest : float
        Largest difference between the weighted and the unweighted fit in an expected answer of a class, in points of
        that answer.
    converged : bool
        Whether the weighted fit has.
    freedom : int
        Sampling units less strata.
    because : str
        Why there is none.
    """

    table: pd.DataFrame | None = None
    furthest: float = np.nan
    converged: bool = False
    freedom: int = 0
    because: str = ""


def weighted_classes(
    survey: SurveyDesign,
    sequences: ItemTrajectories,
    model: LatentMarkov,
    settings: SurveySettings,
    *,
    seed: int,
    processes: int = 1,
    progress: Progress = silent,
) -> WeightedClasses:
    """Fit the chosen number of classes again, so that they speak for the population.

    Parameters
    ----------
    survey
        How people were drawn.
    sequences
        Their answers, one occasion each.
    model
        The unweighted fit; it chose the number.
    settings
        Resamples.
    seed
        Seed of the resamples.
    processes
        Threads; the results do not depend on it.
    progress
        Told how far the work is.

    Returns
    -------
    WeightedClasses
        Or the reason why there is none.
    """
    if sequences.lengths.max() > 1:
        return WeightedClasses(because="weights speak for people asked once, and some were asked more than once")
    progress(STEP, 0, 1)
    design = _design(survey, sequences)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotConvergedWarning)  # printed beside the table
            fitted = fit_survey(model, sequences, design["weight"])
        drawing = partial(design_errors, n_resamples=settings.resamples, random_state=seed, n_jobs=processes)
        errors = drawing(fitted, sequences, design)
        alike = drawing(SurveyFit(model, float(len(design))), sequences, _at_random(len(design)))
    except DataError as barred:
        return WeightedClasses(because=str(barred))
    finally:
        progress(STEP, 1, 1)
    twin = match_states(model.parameters_, fitted.model.parameters_)
    beside = errors.iloc[twin].reset_index(drop=True)
    n, weight = len(sequences.keys), design["weight"]
    table = pd.DataFrame(
        {
            "state": np.arange(1, model.n_states + 1),
            "events": model.initial_ * n,
            "n": n,
            "weighted_pct": 100 * beside["share"],
            "effective_n": beside["effective_n"],
            "variance_ratio": beside["design_effect"],
            "design_effect": (beside["standard_error"] / alike["standard_error"]) ** 2,
            "largest_share": float(weight.max() / weight.sum()),
        }
    )
    return WeightedClasses(table, _furthest(model, fitted.model, twin), bool(fitted.model.converged_), survey.freedom)


def _design(survey: SurveyDesign, sequences: ItemTrajectories) -> pd.DataFrame:
    # in the order of the sequences; without strata and units everybody is a unit of one stratum
    people = sequences.keys[["pseudonym"]].merge(survey.people, on="pseudonym", how="left")
    if survey.clustered:
        return people[["weight", "stratum", "unit"]]
    return people[["weight"]].assign(stratum="", unit=np.arange(len(people)))


def _at_random(n: int) -> pd.DataFrame:
    # as if everybody had been drawn one by one with equal chances
    return pd.DataFrame({"weight": np.ones(n), "stratum": "", "unit": np.arange(n)})


def _furthest(model: LatentMarkov, weighted: LatentMarkov, twin: np.ndarray) -> float:
    expected = [
        one.profile().pivot(index="state", columns="item", values="expected_score") for one in (model, weighted)
    ]
    return float(np.abs(expected[0].to_numpy() - expected[1].iloc[twin].to_numpy()).max())


def caseness_flags(materials: Materials, people: pd.DataFrame) -> dict[str, pd.Series]:
    """Say who is at caseness at the first occasion, on each measure that has a threshold.

    Parameters
    ----------
    materials
        Totals and measures.
    people
        pseudonym and referral, in any order.

    Returns
    -------
    dict of str to Series of boolean
        Such as ``phq9_at_caseness``, in the order of `people`; missing where there is no first score.
    """
    first = materials.totals.sort_values([*KEY, "occasion"]).drop_duplicates(KEY)
    flags = {}
    for key in materials.instruments:
        cut = instrument(key).caseness
        if cut is not None:
            scores = people[KEY].merge(first[[*KEY, key]], on=KEY, how="left")[key]
            met = pd.Series(cut.met(scores.to_numpy(dtype=float)), dtype="boolean")
            flags[f"{key}{CASENESS}"] = met.mask(scores.isna().to_numpy())
    return flags


def weighted_caseness(materials: Materials, survey: SurveyDesign, by: list[str]) -> dict[str, pd.DataFrame]:
    """Say which share of each group of the population is at caseness.

    Parameters
    ----------
    materials
        Episodes with the columns of `by`, totals.
    survey
        How people were drawn; those who were not asked stay in the design.
    by
        Breakdowns.

    Returns
    -------
    dict of str to DataFrame
        As `fairness.survey.weighted_shares` gives it, by measure; those at whom nobody was judged are left out.

    Raises
    ------
    DataError
        If a stratum has a single sampling unit.
    """
    people = survey.people.merge(materials.episodes[[*KEY, *by]], on="pseudonym", how="left")
    flags = caseness_flags(materials, people)
    stratum, unit = ("stratum", "unit") if survey.clustered else (None, None)
    known = {name: flag for name, flag in flags.items() if flag.notna().any()}
    return {
        name: weighted_shares(people.assign(**{name: flag}), by, name, weight="weight", stratum=stratum, unit=unit)
        for name, flag in known.items()
    }
