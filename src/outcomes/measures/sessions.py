"""How do scores go, session by session? Means over those who answered then, which is not everyone who began."""

from collections.abc import Sequence

import pandas as pd

from outcomes.kernel.intervals import mean_interval


def session_means(totals: pd.DataFrame, keys: Sequence[str], *, last_session: int) -> pd.DataFrame:
    """Give the mean score at each session among those who answered then.

    Later sessions describe those still attending, who are not a random part of those who began: a falling line is not
    what one person can expect.

    Parameters
    ----------
    totals : DataFrame
        As `scoring.totals` returns them.
    keys : sequence of str
        Keys of the instruments.
    last_session : int
        Sessions after the first up to which means are given.

    Returns
    -------
    DataFrame
        instrument, session (0 is the first scored one), n (referrals), mean, low, high (95 %, normal), sd; sessions
        that nobody reached are absent.

    Examples
    --------
    >>> rows = pd.DataFrame({"pseudonym": ["a", "a", "b"], "referral": ["r", "r", "s"], "occasion": [1, 2, 1],
    ...                      "phq9": [12.0, 8.0, 10.0]})
    >>> session_means(rows, ["phq9"], last_session=5)[["session", "n", "mean"]].to_dict("list")
    {'session': [0, 1], 'n': [2, 1], 'mean': [11.0, 8.0]}
    """
    parts = [_one(totals, key, last_session) for key in keys]
    return pd.concat(parts, ignore_index=True)


def _one(totals: pd.DataFrame, key: str, last_session: int) -> pd.DataFrame:
    scored = totals.loc[totals[key].notna(), ["pseudonym", "referral", "occasion", key]]
    scored = scored.sort_values(["pseudonym", "referral", "occasion"])
    session = scored.groupby(["pseudonym", "referral"], sort=False).cumcount()
    kept = scored.assign(session=session)[session.le(last_session).to_numpy()]
    table = kept.groupby("session")[key].agg(n="size", mean="mean", sd="std").reset_index()
    around = mean_interval(table["mean"], table["sd"], table["n"])
    found = table.assign(instrument=key, low=around.low, high=around.high)
    return found[["instrument", "session", "n", "mean", "low", "high", "sd"]]
