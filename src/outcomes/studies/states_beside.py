"""What stands beside the states of people: their characteristics, their groups, and how their referrals ended."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.cohort.trajectories import ItemTrajectories
from outcomes.errors import DataError
from outcomes.kernel.latent_markov_starts import Search
from outcomes.prognosis.endings import ending_of
from outcomes.studies.materials import Materials
from outcomes.studies.progress import Progress, silent
from outcomes.studies.sections.subtypes import SubtypeSettings
from outcomes.subtypes.exits import EndingComparison, compare_endings
from outcomes.subtypes.following import membership
from outcomes.subtypes.gaps import StepComparison, compare_steps
from outcomes.subtypes.latent_markov import LatentMarkov
from outcomes.subtypes.measurement import Measurement, measurement_by_group

KEY = ["pseudonym", "referral"]
FEWEST_IN_GROUP = 100  # smaller groups are compared together
FEWEST_ENDINGS = 30  # rarer ways to end stand together
TOLD_APART = ("planned", "dropped_out", "referred_on")
OTHERWISE = "otherwise"
STARTS = 10  # of a fit of another kind, beside the estimates of the chosen model
ROUGH = Search(finished=3, sweeps=600, tolerance=0.01, score_tolerance=0.1)


def first_state_odds(materials: Materials, sequences: ItemTrajectories, model: LatentMarkov) -> pd.DataFrame:
    """Say how the characteristics that an experiment compares go with the first state.

    Parameters
    ----------
    materials
        Episodes and settings.
    sequences
        What the states were found in.
    model
        The chosen model.

    Returns
    -------
    pandas.DataFrame
        As `outcomes.subtypes.following.membership` gives it, with n (people in the fit).

    Raises
    ------
    DataError
        If no characteristics were asked for, or nobody has all of them.
    """
    fairness = materials.opened.experiment.fairness
    if fairness is None or not fairness.by:
        raise DataError("no characteristics were asked for: [fairness] by names them")
    columns = list(fairness.by)
    people = sequences.keys[KEY].merge(materials.episodes[[*KEY, *columns]], on=KEY, how="left")
    table, n = membership(model, sequences, people[columns])
    return table.assign(n=n)


def measured_by(
    materials: Materials,
    sequences: ItemTrajectories,
    model: LatentMarkov,
    settings: SubtypeSettings,
    *,
    seed: int,
    processes: int = 1,
    progress: Progress = silent,
) -> dict[str, Measurement]:
    """Test whether people in the same state answer alike, by each grouping that was asked for.

    Parameters
    ----------
    materials
        Episodes.
    sequences
        What the states were found in.
    model
        The chosen model.
    settings
        Which groupings; how many simulated data sets.
    seed
        Seed of the simulations.
    processes
        Threads; the results do not depend on it.
    progress
        Told how far the work is.

    Returns
    -------
    dict of str to Measurement
        By grouping.

    Raises
    ------
    DataError
        If the feed does not tell a grouping, somebody has no group, or there are not two groups of 100 people.
    """
    found = {}
    for key in settings.measurement_by:
        if key not in materials.episodes:
            raise DataError(f"measurement_by: this feed does not tell {key}")
        of = sequences.keys[KEY].merge(materials.episodes[[*KEY, key]], on=KEY, how="left")[key].astype(object)
        counts = of.value_counts()
        large = of.where(of.isin(counts.index[counts >= FEWEST_IN_GROUP]), "others")
        if large.nunique() < 2:  # noqa: PLR2004  one group has no other
            raise DataError(f"measurement_by: fewer than two groups by {key} have at least {FEWEST_IN_GROUP} people")
        step = f"Comparing what items measure by {key}"
        progress(step, 0, 1)
        found[key] = measurement_by_group(
            model,
            sequences,
            large.to_numpy(),
            n_simulations=settings.measurement_simulations,
            random_state=seed,
            n_jobs=processes,
            on_simulation=lambda done, total, step=step: progress(step, done, total),  # type: ignore[misc]
        )
        progress(step, 1, 1)
    return found


def endings_of(materials: Materials, sequences: ItemTrajectories) -> NDArray[np.object_]:
    """Say how each referral ended, as the states may know it.

    Parameters
    ----------
    materials
        Episodes: end_day and end_reason.
    sequences
        Whose endings, in which order.

    Returns
    -------
    ndarray of str or None, shape (n_sequences,)
        "planned", "dropped_out", "referred_on" or "otherwise" (all other reasons, none recorded, and ways to end of
        fewer than 30 people); None for open cases.

    Raises
    ------
    DataError
        If the feed tells of no end, or everybody ended in the same way.
    """
    episodes = materials.episodes
    if "end_reason" not in episodes or episodes["end_day"].isna().all():
        raise DataError("the feed does not tell how referrals ended")
    of = sequences.keys[KEY].merge(episodes[[*KEY, "end_day", "end_reason"]], on=KEY, how="left")
    kind = ending_of(of["end_reason"].astype("str")).astype(object)
    kind = kind.where(kind.isin(TOLD_APART), OTHERWISE).where(of["end_day"].notna(), None)
    counts = kind.value_counts()
    rare = counts.index[counts < FEWEST_ENDINGS]
    kind = kind.where(~kind.isin(rare), OTHERWISE)
    if kind.dropna().nunique() < 2:  # noqa: PLR2004  one way to end tells nothing apart
        raise DataError(f"too few referrals ended in more than one way (at least {FEWEST_ENDINGS} of each are needed)")
    return np.array([None if pd.isna(each) else each for each in kind], dtype=object)


def endings_as_data(materials: Materials, sequences: ItemTrajectories, model: LatentMarkov) -> EndingComparison:
    """Fit the states again with the ending as data, beside the fit that takes it as missing at random.

    Parameters
    ----------
    materials
        Episodes.
    sequences
        What the states were found in.
    model
        The chosen model, which is where the second fit begins.

    Returns
    -------
    EndingComparison
        Both, side by side.

    Raises
    ------
    DataError
        If the feed does not tell how referrals ended.
    """
    endings = endings_of(materials, sequences)
    return compare_endings(sequences, endings, estimator=model, starts=STARTS, search=ROUGH)


def time_as_steps(sequences: ItemTrajectories, model: LatentMarkov, step_days: int) -> StepComparison:
    """Fit the states again with steps of equal time, beside the fit whose steps are questionnaires.

    Parameters
    ----------
    sequences
        What the states were found in, with the day of each questionnaire, or at least its session number.
    model
        The chosen model, which is where the second fit begins.
    step_days
        Length of a step; one session number where no day is known.

    Returns
    -------
    StepComparison
        Both, side by side; its `steps.unit` is 1 where session numbers had to do.

    Raises
    ------
    DataError
        If no day is known and no session number is missing, so that time tells nothing more.
    """
    if np.isfinite(sequences.day).any():
        return compare_steps(model, sequences, sequences.day, unit=step_days, starts=STARTS, search=ROUGH)
    inner = np.ones(sequences.occasion.size, dtype=bool)
    inner[sequences.starts[:-1]] = False
    if (np.diff(sequences.occasion, prepend=0)[inner] == 1).all():
        raise DataError("no questionnaire has a date, and none is missing between two others")
    return compare_steps(model, sequences, sequences.occasion, unit=1, starts=STARTS, search=ROUGH)
