"""Does something handed in know how the story ends? Then it is an error, not a warning."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from outcomes.errors import ConfigError
from outcomes.prognosis.timeline import KEY, OCCASION
from outcomes.reference.groups import groupings

KNOWN_AT_REFERRAL = ("referral_source",)
PLACES = ("region",)  # a model that has learnt a place is of no use in another one
TOLD_ELSEWHERE = ("referral_route",)  # the source of referral holds it already
COARSER = {"ethnic_group_16": "ethnic_group_5", "deprivation_decile": "deprivation_quintile"}

# Names under which the ending is known. Whatever is measured at an occasion carries an occasion instead.
KNOWN_AT_THE_END = re.compile(
    r"""(^|_)(
      end | ended | ending | discharge[d]? | last | final | completed | finished | dropped | dropout | paired | open
      | recovery | recovered | improvement | deterioration | outcome
      | (n | number | count | total)_(of_)?(sessions|occasions|contacts|appointments|visits)
      | (sessions|occasions|contacts|appointments|visits)(_(attended|total|count))?
    )($|_)""",
    re.VERBOSE,
)
ONE_TO_ONE = 0.999  # correlation above which a column is the thing itself
FEWEST = 10


def background_columns(episodes: pd.DataFrame) -> tuple[str, ...]:
    """Say which columns of the episodes were known at referral.

    Parameters
    ----------
    episodes : DataFrame
        One row a referral.

    Returns
    -------
    tuple of str
        The reference groupings and the referral source, as present; of two versions of a grouping the coarser; no
        place, and no route beside the source that it is read from.
    """
    left_out = (*PLACES, *TOLD_ELSEWHERE)
    present = [name for name in (*groupings(), *KNOWN_AT_REFERRAL) if name in episodes.columns and name not in left_out]
    return tuple(name for name in present if COARSER.get(name) not in present)


def check_background(columns: Sequence[str], episodes: pd.DataFrame) -> None:
    """Refuse background that is not known at referral.

    Parameters
    ----------
    columns : sequence of str
        Columns of `episodes` to be used as features.
    episodes : DataFrame
        One row a referral.

    Raises
    ------
    ConfigError
        If a column is absent, or is not among those known at referral.
    """
    allowed = (*groupings(), *KNOWN_AT_REFERRAL)
    for name in columns:
        if name not in allowed:
            raise ConfigError(
                f"background column {name!r} is not known at referral; allowed are {', '.join(allowed)}. "
                "What is measured later goes into `extra`, with the occasion at which it was known"
            )
        if name not in episodes.columns:
            raise ConfigError(f"background column {name!r} is not in the episodes")


def check_extra(extra: pd.DataFrame, episodes: pd.DataFrame, filled: pd.DataFrame, landmark: int) -> None:
    """Refuse extra columns that know the ending.

    Parameters
    ----------
    extra : DataFrame
        pseudonym, referral, occasion and columns, each known at the occasion of its row.
    episodes : DataFrame
        One row a referral; end_day, last_seen_day and treatment_contacts are read where present.
    filled : DataFrame
        The result of `sittings`: what was filled in when, to the end.
    landmark : int
        Where the prediction is made.

    Raises
    ------
    ConfigError
        If `extra` has no occasion column, repeats an occasion, a name says that a column is known at the end, or
        the values at the landmark move one to one with the number of occasions or contacts, or the day of the end.
    """
    absent = [column for column in OCCASION if column not in extra.columns]
    if absent:
        raise ConfigError(
            f"extra has no column {', '.join(absent)}: without the occasion at which a value was known it cannot be "
            "told whether it was known in time"
        )
    if extra.duplicated(OCCASION).any():
        raise ConfigError("extra has more than one row for an occasion")
    names = [column for column in extra.columns if column not in {*OCCASION, "day"}]
    for name in names:
        if KNOWN_AT_THE_END.search(name):
            raise ConfigError(
                f"extra column {name!r} is known only at the end, later than landmark {landmark}: take it out"
            )
    timed = extra.merge(filled[[*OCCASION, "moment"]], on=OCCASION)
    timed = timed.loc[timed["moment"].le(landmark)].sort_values(OCCASION).groupby(KEY, sort=False).tail(1)
    beside = timed.merge(_endings(episodes, filled), on=KEY, how="left")
    for name in names:
        for ending in ENDINGS:
            if ending in beside.columns and _same(beside[name], beside[ending]):
                raise ConfigError(
                    f"extra column {name!r} moves one to one with {ENDINGS[ending]}, known only at the end and "
                    f"later than landmark {landmark}: take it out"
                )


ENDINGS = {
    "occasions_in_all": "the number of occasions in all",
    "last_occasion": "the number of the last occasion",
    "treatment_contacts": "the number of treatment contacts",
    "end_day": "the day of discharge",
}


def _endings(episodes: pd.DataFrame, filled: pd.DataFrame) -> pd.DataFrame:
    counted = filled.groupby(KEY, as_index=False, sort=False).agg(
        occasions_in_all=("occasion", "size"), last_occasion=("occasion", "max")
    )
    there = [name for name in ("treatment_contacts", "end_day") if name in episodes.columns]
    return episodes[[*KEY, *there]].merge(counted, on=KEY, how="left")


def _same(values: pd.Series, ending: pd.Series) -> bool:
    pair = np.column_stack([column.to_numpy(dtype=float, na_value=np.nan) for column in (values, ending)])
    pair = pair[np.isfinite(pair).all(axis=1)]
    if len(pair) < FEWEST or (pair.std(axis=0) == 0).any():
        return False
    ranks = pd.DataFrame(pair).rank()
    return bool(abs(ranks[0].corr(ranks[1])) > ONE_TO_ONE)
