"""What were the first and last scores of a course? Each measure is paired on its own, from eligible occasions only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import DataError
from outcomes.reference.codelists import code_list
from outcomes.reference.rules import RuleEdition, rule_edition

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

EPISODE_KEY: Final = ("pseudonym", "referral")


@dataclass(frozen=True, slots=True)
class FirstLast:
    """First and last score of one measure, one entry an episode.

    Parameters
    ----------
    first, last : ndarray of float
        Scores; NaN where there is none. `last` is NaN unless it comes from a second, different occasion.
    first_day, last_day : ndarray of float
        Days since receipt; NaN where undated or absent.
    n_imputed : ndarray of int
        Imputed items in the two scores together.
    """

    first: Floats
    last: Floats
    first_day: Floats
    last_day: Floats
    n_imputed: NDArray[np.int64]

    @property
    def paired(self) -> NDArray[np.bool_]:
        """True where there is a first and a different last score."""
        return ~np.isnan(self.last)


def episode_rows(frame: pd.DataFrame, episodes: pd.DataFrame) -> Rows:
    """Find the episode of every row of a table.

    Parameters
    ----------
    frame : DataFrame
        A table with pseudonym and referral.
    episodes : DataFrame
        One row an episode, with pseudonym and referral.

    Returns
    -------
    ndarray of int
        Position in `episodes`, -1 where the episode is not there.

    Raises
    ------
    DataError
        If an episode stands twice.
    """
    known = episodes[list(EPISODE_KEY)]
    if twice := int(known.duplicated().sum()):
        raise DataError(f"episodes: {twice:,} rows repeat pseudonym and referral (rule unique_episode)")
    place = known.assign(_row=np.arange(len(known)))
    found = frame[list(EPISODE_KEY)].merge(place, on=list(EPISODE_KEY), how="left")["_row"]
    return found.to_numpy(dtype=np.float64, na_value=-1.0).astype(np.int64)


def _days(frame: pd.DataFrame, column: str) -> Floats:
    if column not in frame.columns:
        return np.full(len(frame), np.nan)
    return frame[column].to_numpy(dtype=np.float64, na_value=np.nan)


def eligible_occasions(
    totals: pd.DataFrame, episodes: pd.DataFrame, *, edition: RuleEdition, contacts: pd.DataFrame | None = None
) -> NDArray[np.bool_]:
    """Say which occasions may give a first or last score.

    From receipt of the referral to its end, and not on a day whose only contacts are follow-up or employment support.
    An undated occasion is eligible.

    Parameters
    ----------
    totals : DataFrame
        One row an occasion: pseudonym, referral, day.
    episodes : DataFrame
        One row an episode: pseudonym, referral, end_day (optional).
    edition : RuleEdition
        The rules.
    contacts : DataFrame, optional
        pseudonym, referral, day, appointment_type, therapy; without it no occasion is left out for its appointment.

    Returns
    -------
    ndarray of bool
        One entry a row of `totals`; False also where the episode is not in `episodes`.
    """
    rows, day = episode_rows(totals, episodes), _days(totals, "day")
    ends = np.append(_days(episodes, "end_day"), np.nan)
    inside = ~(day < 0) & ~(day > ends[rows]) & (rows >= 0)
    if contacts is None or contacts.empty:
        return inside
    return inside & ~_only_excluded_contacts(rows, day, contacts, episodes, edition)


def _only_excluded_contacts(
    rows: Rows, day: Floats, contacts: pd.DataFrame, episodes: pd.DataFrame, edition: RuleEdition
) -> NDArray[np.bool_]:
    kinds = code_list("appointment_type").clean(contacts["appointment_type"])
    excluded = kinds.isin(edition.excluded_score_appointment_types)
    if "therapy" in contacts.columns:
        excluded |= code_list("therapy").clean(contacts["therapy"]).isin(edition.employment_support_therapies)
    of_contact = pd.DataFrame({"row": episode_rows(contacts, episodes), "day": _days(contacts, "day")})
    of_contact["excluded"] = excluded.to_numpy(dtype=bool)
    per_day = of_contact.dropna().groupby(["row", "day"], as_index=False)["excluded"].min()
    seen = pd.DataFrame({"row": rows, "day": day}).merge(per_day, on=["row", "day"], how="left")["excluded"]
    return seen.eq(other=True).to_numpy(dtype=bool, na_value=False)


def first_last_of(
    values: Floats, n_imputed: NDArray[np.int64], rows: Rows, day: Floats, *, n_episodes: int, minimum_scores: int
) -> FirstLast:
    """Pick first and last scores from occasions that stand in order.

    Parameters
    ----------
    values : ndarray of float, shape (n,)
        Scores; NaN where none or not eligible.
    n_imputed : ndarray of int, shape (n,)
        Imputed items of each score.
    rows : ndarray of int, shape (n,)
        Episode of each occasion, ascending; occasions of one episode in time order.
    day : ndarray of float, shape (n,)
        Days since receipt; NaN where undated.
    n_episodes : int
        Number of episodes.
    minimum_scores : int
        Scores that make a pair.

    Returns
    -------
    FirstLast
        One entry an episode.
    """
    scored = np.flatnonzero(~np.isnan(values))
    of_episode = rows[scored]
    start = np.searchsorted(of_episode, np.arange(n_episodes), side="left")
    stop = np.searchsorted(of_episode, np.arange(n_episodes), side="right")
    # One more entry stands for "no such occasion": NaN, and nothing imputed.
    nowhere = len(values)
    index = np.append(scored, nowhere)
    values, day, n_imputed = np.append(values, np.nan), np.append(day, np.nan), np.append(n_imputed, 0)
    at_first = np.where(stop > start, index[np.minimum(start, len(scored))], nowhere)
    at_last = np.where(stop - start >= minimum_scores, index[np.maximum(stop, 1) - 1], nowhere)
    same_day = day[at_first] == day[at_last]
    at_last = np.where(same_day, nowhere, at_last)
    return FirstLast(
        values[at_first], values[at_last], day[at_first], day[at_last], n_imputed[at_first] + n_imputed[at_last]
    )


def first_last(
    episodes: pd.DataFrame,
    totals: pd.DataFrame,
    keys: Sequence[str],
    *,
    edition: RuleEdition | None = None,
    contacts: pd.DataFrame | None = None,
) -> dict[str, FirstLast]:
    """Give the first and last scores of every episode on several measures.

    Parameters
    ----------
    episodes : DataFrame
        One row an episode: pseudonym, referral, end_day (optional).
    totals : DataFrame
        As `scoring.totals` returns them.
    keys : sequence of str
        Keys of the instruments; one without a column in `totals` has no scores.
    edition : RuleEdition, optional
        The rules; by default the current edition.
    contacts : DataFrame, optional
        Contacts, by which follow-up occasions are left out.

    Returns
    -------
    dict
        Key to `FirstLast`, entries in the order of `episodes`.
    """
    rules = edition or rule_edition()
    rows = episode_rows(totals, episodes)
    eligible = eligible_occasions(totals, episodes, edition=rules, contacts=contacts)
    order = np.lexsort((totals["occasion"].to_numpy(dtype=np.float64), rows))
    order = order[eligible[order]]
    rows, day = rows[order], _days(totals, "day")[order]
    found = {}
    for key in keys:
        values = _days(totals, key)[order]
        imputed = np.nan_to_num(_days(totals, f"{key}_n_imputed")[order]).astype(np.int64)
        found[key] = first_last_of(
            values, imputed, rows, day, n_episodes=len(episodes), minimum_scores=rules.minimum_scores
        )
    return found
