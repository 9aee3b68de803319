"""How did a referral end, and what had changed by then? A partition: every finished one is in exactly one class."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import DataError
from outcomes.prognosis.targets import below_caseness
from outcomes.prognosis.timeline import KEY
from outcomes.reference.codelists import code_list

ENDINGS: Final[Mapping[str, str]] = {
    "planned": "ended as planned or by agreement",
    "dropped_out": "stopped coming before the planned end",
    "referred_on": "referred or signposted elsewhere",
    "died_or_other": "died, or ended for another reason",
    "unknown": "ended, reason not recorded",
}
CHANGES: Final[Mapping[str, str]] = {
    "reliable_recovery": "reliable recovery",
    "recovery_only": "recovery without reliable improvement",
    "improvement_only": "reliable improvement without recovery",
    "no_reliable_change": "no reliable change",
    "reliable_deterioration": "reliable deterioration",
    "not_assessable": "change not assessable",
}
RECOVERED: Final = ("reliable_recovery", "recovery_only")  # only where somebody was at caseness at the start
OF_KIND: Final[Mapping[str, str]] = {
    "planned": "planned",
    "agreed_without_treatment": "planned",
    "dropped_out": "dropped_out",
    "incomplete_assessment": "dropped_out",
    "declined": "dropped_out",
    "referred_on": "referred_on",
    "not_suitable": "referred_on",
    "died": "died_or_other",
    "ended_by_service": "died_or_other",
    "not_assessed": "died_or_other",
    "unknown": "unknown",
    "retired": "unknown",
}
JOINT: Final = tuple((ending, change) for ending in ENDINGS for change in CHANGES)
STILL_OPEN: Final = "still_open"


def ending_of(end_reason: pd.Series) -> pd.Series:
    """Say in which of the five ways each finished referral ended.

    Parameters
    ----------
    end_reason : Series of str
        Reason for the end of the care spell, as the feed wrote it.

    Returns
    -------
    Series of str
        A key of `ENDINGS`; blank, unknown, retired and illegal reasons are "unknown".

    Examples
    --------
    >>> ending_of(pd.Series(["46", "47", None, "??"], dtype="str")).tolist()
    ['planned', 'dropped_out', 'unknown', 'unknown']
    """
    listed = code_list("end_code")
    return listed.kind(listed.clean(end_reason)).map(OF_KIND).astype("str").fillna("unknown")


def change_of(outcomes: pd.DataFrame) -> pd.Series:
    """Say what had become of the scores; the first of the classes that holds.

    Parameters
    ----------
    outcomes : DataFrame
        Nullable booleans reliable_recovery, recovery, reliable_improvement, no_reliable_change, reliable_deterioration.

    Returns
    -------
    Series of str
        A key of `CHANGES`: reliable recovery; else recovery (whatever the reliable change); else reliable improvement;
        else no reliable change; else reliable deterioration; else not assessable.

    Raises
    ------
    DataError
        If a column is missing.
    """
    order = {
        "reliable_recovery": "reliable_recovery",
        "recovery": "recovery_only",
        "reliable_improvement": "improvement_only",
        "no_reliable_change": "no_reliable_change",
        "reliable_deterioration": "reliable_deterioration",
    }
    absent = [name for name in order if name not in outcomes.columns]
    if absent:
        raise DataError(f"outcomes: column {', '.join(absent)} is missing (rule changes)")
    flags = [outcomes[name].astype("boolean").fillna(value=False).to_numpy(dtype=bool) for name in order]
    found = np.select(flags, list(order.values()), default="not_assessable")
    return pd.Series(found, index=outcomes.index, dtype="str")


@dataclass(frozen=True)
class Ended:
    """How each referral ended, one row an episode in their order.

    `table`: pseudonym, referral, ending and change (missing while open), end_day, seen_until (last day on which the
    referral was known to be open or not), below_caseness (bool: known to be so on both measures at the start).
    `counts`: finished referrals by ending and change.
    """

    table: pd.DataFrame

    @property
    def counts(self) -> pd.DataFrame:
        """Give ending, change and n of finished referrals; every class, also the empty ones."""
        found = self.table.dropna(subset=["ending"]).groupby(["ending", "change"]).size()
        every = pd.MultiIndex.from_tuples(JOINT, names=["ending", "change"])
        return found.reindex(every, fill_value=0).rename("n").reset_index()

    def known_by(self, days: NDArray[np.float64]) -> "Ended":
        """Give what had been recorded by a day of each referral's own: whoever ended later was still open.

        Parameters
        ----------
        days : ndarray of float, shape (n_episodes,)
            Days since the referral.

        Returns
        -------
        Ended
            Censored there.
        """
        later = ~(self.table["end_day"].to_numpy(dtype=float) <= days)
        return Ended(
            self.table.assign(
                ending=self.table["ending"].mask(later),
                change=self.table["change"].mask(later),
                end_day=self.table["end_day"].mask(later),
                seen_until=np.fmin(self.table["seen_until"].to_numpy(dtype=float), days),
            )
        )


def ended(episodes: pd.DataFrame, outcomes: pd.DataFrame) -> Ended:
    """Say for each referral how and when it ended; open ones are censored, never left out.

    Parameters
    ----------
    episodes : DataFrame
        pseudonym, referral, end_day; end_reason and last_seen_day are read where present.
    outcomes : DataFrame
        As `outcomes.measures.outcomes.outcomes` returns them, one row a referral.

    Returns
    -------
    Ended
        One row an episode.

    Raises
    ------
    DataError
        If a column is missing or a referral has more than one row of outcomes.
    """
    if "end_day" not in episodes.columns:
        raise DataError("episodes: column end_day is missing (rule day of the end)")
    repeated = int(outcomes.duplicated(KEY).sum())
    if repeated:
        raise DataError(f"outcomes: {repeated} rows repeat a referral (rule one row a referral)")
    beside = episodes[KEY].merge(outcomes, on=KEY, how="left")
    end_day = _floats(episodes, "end_day")
    over = np.isfinite(end_day)
    reason = episodes["end_reason"] if "end_reason" in episodes.columns else pd.Series(np.nan, index=episodes.index)
    table = episodes[KEY].reset_index(drop=True)
    last = np.fmax(_floats(episodes, "last_seen_day"), end_day)
    return Ended(
        table.assign(
            ending=ending_of(reason.astype("str")).reset_index(drop=True).where(over),
            change=change_of(beside).where(over),
            end_day=end_day,
            seen_until=last,
            below_caseness=below_caseness(beside).to_numpy(dtype=bool),
        )
    )


def possible(below_caseness: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Say which changes are possible: nobody recovers from what was not a case.

    Parameters
    ----------
    below_caseness : ndarray of bool, shape (n,)
        Known to have been below caseness on both measures at the start.

    Returns
    -------
    ndarray of bool, shape (n, n_changes)
        One column a key of `CHANGES`.

    Examples
    --------
    >>> possible(np.array([True, False])).sum(axis=1).tolist()
    [4, 6]
    """
    recovery = np.array([change in RECOVERED for change in CHANGES])
    return np.asarray(~(below_caseness[:, None] & recovery[None, :]), dtype=np.bool_)


def _floats(table: pd.DataFrame, column: str) -> NDArray[np.float64]:
    if column not in table.columns:
        return np.full(len(table), np.nan)
    return table[column].to_numpy(dtype=float, na_value=np.nan)
