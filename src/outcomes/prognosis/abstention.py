"""Who is left without a probability after a session, and why? Everyone who had the session counts."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.cohort.episodes import took_place
from outcomes.errors import DataError
from outcomes.prognosis.catalogue import FeatureTable
from outcomes.prognosis.encoding import Encoding
from outcomes.prognosis.features import features_of
from outcomes.prognosis.frontier import Frontier
from outcomes.prognosis.individual import OUTSIDE
from outcomes.prognosis.splits import Split
from outcomes.prognosis.stacked import SESSION, Stack, stack
from outcomes.prognosis.timeline import KEY, OCCASION, Courses, sittings
from outcomes.reference.rules import rule_edition

NO_QUESTIONNAIRE: Final = "no questionnaire yet"
TOO_FEW_SCORES: Final = "fewer questionnaires than sessions"
REASONS: Final = (NO_QUESTIONNAIRE, TOO_FEW_SCORES, OUTSIDE)


def abstentions(
    courses: Courses, landmarks: Sequence[int], splits: Sequence[Split], *, rows: Stack | None = None
) -> pd.DataFrame:
    """Say of everyone who had a session whether there is a probability before the next one, by the caseload's rule.

    Had the session: treatment begun, and either that many sessions were attended while the referral was open, or the
    landmark was reached by questionnaires. Sessions are days with an attended appointment; in a feed without
    appointments, or with session numbers of its own, they are its sittings, blank ones too.

    Parameters
    ----------
    courses : Courses
        The tables.
    landmarks : sequence of int
        0 is the first session.
    splits : sequence of Split
        Folds of patients: everyone is held against the limits of those who are not judged with them.
    rows : Stack, optional
        Rows after these sessions and at dates, where they have been made already.

    Returns
    -------
    DataFrame
        One row a landmark and referral: landmark, pseudonym, referral, no_probability (bool), because: empty, "no
        questionnaire yet", "fewer questionnaires than sessions" (a probability, if any, is one of an earlier session)
        or "outside the training data" (`Frontier`, learnt from rows after these sessions and, where the feed has
        days, at dates). Sorted.

    Raises
    ------
    DataError
        If a sitting occurs twice, or fewer than ten patients are in the other folds.
    """
    answered = sittings(courses)
    judged = _judged(courses, landmarks, splits, rows)
    return pd.concat([_abstained(courses, one, judged[one], answered) for one in landmarks], ignore_index=True)


def _judged(
    courses: Courses, landmarks: Sequence[int], splits: Sequence[Split], made: Stack | None
) -> dict[int, pd.DataFrame]:
    # landmark -> pseudonym, referral, outside of everyone at risk
    try:
        rows = stack(courses, sessions=landmarks) if made is None else made
    except DataError:  # a feed without days has no rows at dates: each landmark is held against its own
        found = {}
        for landmark in landmarks:
            table = features_of(courses, landmark)
            keys = table.keys[KEY].astype("str").reset_index(drop=True)
            found[landmark] = keys.assign(outside=_outside(table, courses, splits))
        return found
    judged = rows.rows.assign(outside=_outside(rows.table, courses, splits))
    after = judged.loc[judged["kind"].eq(SESSION)]
    return {landmark: after.loc[after["number"].eq(landmark), [*KEY, "outside"]] for landmark in landmarks}


def _abstained(courses: Courses, landmark: int, judged: pd.DataFrame, answered: pd.DataFrame) -> pd.DataFrame:
    sessions, clock = _sessions(courses)
    had = _had_session(courses, sessions, landmark)
    table = had.merge(judged.assign(at_risk=True), on=KEY, how="outer")
    by_then = answered[[*KEY, "moment", clock]].merge(table[[*KEY, "next"]], on=KEY)
    if courses.clock == "number":  # the feed says itself which session a questionnaire belongs to
        by_then = by_then.loc[by_then["moment"].le(landmark)]
    else:
        by_then = by_then.loc[~by_then[clock].ge(by_then["next"])]
    reached = by_then.loc[by_then["moment"].eq(landmark)] if courses.clock == "order" else by_then
    told, in_time = (pd.MultiIndex.from_frame(part[KEY]) for part in (by_then, reached))
    who = pd.MultiIndex.from_frame(table[KEY])
    scored = table["at_risk"].eq(other=True).to_numpy(dtype=bool) & who.isin(in_time)
    because = np.select(
        [scored & table["outside"].eq(other=True).to_numpy(dtype=bool), scored, ~who.isin(told)],
        [OUTSIDE, "", NO_QUESTIONNAIRE],
        TOO_FEW_SCORES,
    )
    found = table[KEY].assign(no_probability=because != "", because=pd.array(because, dtype="str"))
    found.insert(0, "landmark", landmark)
    return found.sort_values(KEY, ignore_index=True)


def _had_session(courses: Courses, sessions: pd.DataFrame, landmark: int) -> pd.DataFrame:
    # pseudonym, referral, next (when the session after this one was) of those still open when the session was over
    of = sessions.loc[sessions["number"].ge(landmark)].drop_duplicates(KEY)
    then = sessions.loc[sessions["number"].gt(landmark)].drop_duplicates(KEY).rename(columns={"at": "next"})
    episodes = courses.episodes.assign(**{name: courses.episodes[name].astype("str") for name in KEY})
    table = of.merge(episodes, on=KEY, suffixes=("", "_of_episode")).merge(then[[*KEY, "next"]], on=KEY, how="left")
    ended = _number(table, "end_day").le(table["day"])
    started = _number(table, "started").ne(0)
    return table.loc[started & ~ended, [*KEY, "next"]]


def _sessions(courses: Courses) -> tuple[pd.DataFrame, str]:
    # one row a session, in order: key, day, number from 0 (or the feed's own), at; and what `at` tells: day or occasion
    contacts = courses.contacts
    counted = courses.clock == "order" and contacts is not None and "attendance" in contacts
    if contacts is not None and counted and contacts["day"].notna().any():
        held = contacts.loc[took_place(contacts, rule_edition()) & contacts["day"].notna(), [*KEY, "day"]]
        days = held.astype({"pseudonym": "str", "referral": "str", "day": float}).drop_duplicates()
        days = days.sort_values([*KEY, "day"], ignore_index=True)
        return days.assign(number=days.groupby(KEY, sort=False).cumcount(), at=days["day"]), "day"
    parts = [part[OCCASION].assign(day=_number(part, "day")) for part in (courses.occasions, courses.totals)]
    sat = pd.concat(parts).astype({"pseudonym": "str", "referral": "str", "occasion": "int64"})
    sat = sat.sort_values([*OCCASION, "day"]).drop_duplicates(OCCASION, ignore_index=True)
    order = sat["occasion"] if courses.clock == "number" else sat.groupby(KEY, sort=False).cumcount()
    return sat[[*KEY, "day"]].assign(number=order, at=sat["occasion"]), "occasion"


def _outside(table: FeatureTable, courses: Courses, splits: Sequence[Split]) -> NDArray[np.bool_]:
    seen = table.without_sensitive()
    place = courses.episodes[KEY].astype("str").assign(place=np.arange(len(courses.episodes)))
    at = seen.keys[KEY].astype("str").merge(place, on=KEY, how="left")["place"].to_numpy()
    outside = np.zeros(len(at), dtype=bool)
    for split in splits:
        here, others = split.judged[at], _rows(seen, split.training[at])
        if here.any():
            frontier = Frontier.learn(others, Encoding.learn(others.frame))
            outside[here] = frontier.outside(_rows(seen, here))["outside"].to_numpy(dtype=bool)
    return outside


def _rows(table: FeatureTable, chosen: NDArray[np.bool_]) -> FeatureTable:
    return replace(
        table, frame=table.frame.loc[chosen].reset_index(drop=True), keys=table.keys.loc[chosen].reset_index(drop=True)
    )


def _number(table: pd.DataFrame, name: str) -> pd.Series:
    if name not in table.columns:
        return pd.Series(np.nan, index=table.index, dtype=float)
    return pd.Series(table[name].to_numpy(dtype=float, na_value=np.nan), index=table.index)
