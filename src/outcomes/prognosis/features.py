"""Say what a forecaster knows at intake and after each session.

Features have a meaning, a unit and the moment at which they become known. `predictors` sees `Known` only, which holds
no row after the landmark; what is handed in beside it is checked in `guard`.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.prognosis.catalogue import Feature, FeatureTable
from outcomes.prognosis.guard import background_columns, check_background, check_extra
from outcomes.prognosis.predictors import (
    Columns,
    background_features,
    band,
    item_features,
    missing_features,
    total_features,
    treatment_features,
    waiting_features,
)
from outcomes.prognosis.timeline import KEY, OCCASION, Courses, known_at, sittings

PROBABILITY_BAND = 0.05


def landmark_features(
    episodes: pd.DataFrame,
    occasions: pd.DataFrame,
    totals: pd.DataFrame,
    contacts: pd.DataFrame | None = None,
    *,
    landmark: int,
    extra: pd.DataFrame | None = None,
    background: Sequence[str] | None = None,
    clock: str = "order",
) -> FeatureTable:
    """Say what was known at a landmark about everyone who was at risk then.

    Parameters
    ----------
    episodes, occasions, totals, contacts : DataFrame
        See `outcomes.prognosis.timeline.Courses`.
    landmark : int
        0 is intake (the first questionnaire and what the referral said), s the sth session after it.
    extra : DataFrame, optional
        pseudonym, referral, occasion and number columns, each known at the occasion of its row: filtered state
        probabilities, for example. The last row up to the landmark is taken.
    background : sequence of str, optional
        Columns of `episodes` known at referral; by default the reference groupings and the referral source, as present.
    clock : {"order", "number"}
        Whether landmarks count filled questionnaires or are the feed's own occasion numbers.

    Returns
    -------
    FeatureTable
        One row a referral at risk, sorted by pseudonym and referral.

    Raises
    ------
    ConfigError
        If something handed in knows the ending: a column without an occasion, one named after a thing that is known at
        the end, or one that moves one to one with the number of occasions or the day of discharge.
    DataError
        If a key column is missing or a sitting occurs twice.

    Examples
    --------
    >>> episodes = pd.DataFrame({"pseudonym": ["a"], "referral": ["r"]})
    >>> sat = pd.DataFrame({"pseudonym": ["a"] * 2, "referral": ["r"] * 2, "occasion": [1, 2], "phq9": [12.0, 9.0]})
    >>> table = landmark_features(episodes, sat[["pseudonym", "referral", "occasion"]], sat, landmark=1)
    >>> table.frame["phq9_change"].tolist()
    [-3.0]
    """
    courses = Courses(episodes, occasions, totals, contacts, clock)
    return features_of(courses, landmark, extra=extra, background=background)


def features_of(
    courses: Courses,
    landmark: int,
    *,
    extra: pd.DataFrame | None = None,
    background: Sequence[str] | None = None,
    filled: pd.DataFrame | None = None,
) -> FeatureTable:
    """Say the same as `landmark_features`, from tables that are already together.

    Parameters
    ----------
    courses : Courses
        The tables and the clock.
    landmark : int
        0 is intake, s the sth session after it.
    extra : DataFrame, optional
        Further columns with an occasion.
    background : sequence of str, optional
        Columns of the episodes known at referral.
    filled : DataFrame, optional
        The result of `sittings(courses)`, to spare its making at every landmark.

    Returns
    -------
    FeatureTable
        One row a referral at risk.
    """
    answered = sittings(courses) if filled is None else filled
    chosen = background_columns(courses.episodes) if background is None else tuple(background)
    check_background(chosen, courses.episodes)
    known = known_at(courses, landmark, filled=answered)
    columns: Columns = {}
    for part in (item_features, total_features, waiting_features, missing_features, treatment_features):
        columns |= part(known)
    columns |= background_features(known, chosen)
    table = FeatureTable(
        frame=pd.DataFrame({name: values.to_numpy() for name, (values, _) in columns.items()}),
        keys=known.referrals[KEY],
        catalogue=tuple(feature for _, feature in columns.values()),
        landmark=landmark,
        counts=known.counts,
    )
    if extra is None:
        return table
    check_extra(extra, courses.episodes, answered, landmark)
    return table.with_features(*extra_features(extra, table.keys, answered, landmark))


def extra_features(
    extra: pd.DataFrame, keys: pd.DataFrame, filled: pd.DataFrame, landmark: int
) -> tuple[pd.DataFrame, tuple[Feature, ...]]:
    """Say what columns with an occasion were last seen to be, up to a landmark.

    Parameters
    ----------
    extra : DataFrame
        pseudonym, referral, occasion and number columns.
    keys : DataFrame
        pseudonym, referral of those at risk.
    filled : DataFrame
        The result of `sittings`, for the moment of each occasion.
    landmark : int
        Rows with a later moment are not seen.

    Returns
    -------
    frame : DataFrame
        One row a row of `keys`; shares in bands of .05, other numbers rounded.
    catalogue : tuple of Feature
        One entry a column.
    """
    names = [column for column in extra.columns if column not in {*OCCASION, "day"}]
    timed = extra.merge(filled[[*OCCASION, "moment"]], on=OCCASION)
    timed = timed.loc[timed["moment"].le(landmark)].sort_values(OCCASION)
    latest = keys.merge(timed.groupby(KEY, sort=False).tail(1), on=KEY, how="left")
    frame = pd.DataFrame({name: band_extra(latest[name]) for name in names}, index=keys.index)
    return frame, tuple(Feature(name, name.replace("_", " "), "", landmark, "pattern of symptoms") for name in names)


def band_extra(values: pd.Series) -> NDArray[np.float64]:
    """Round a column handed in beside the tables: shares in bands of .05, other numbers to whole ones.

    Parameters
    ----------
    values : Series of numbers
        Missing values stay.

    Returns
    -------
    ndarray of float
        Banded.
    """
    numbers = pd.Series(values.to_numpy(dtype=float, na_value=np.nan))
    shares = bool(numbers.dropna().between(0, 1).all())
    return band(numbers, PROBABILITY_BAND if shares else 1.0).to_numpy()
