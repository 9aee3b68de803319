"""Do people stay within a subtype when they move: states grouped by shape, and the moves within and between groups.

A subtype is a named group of states that share a symptom shape. Shape is what a state shows beyond severity: the
residual from one dimension of severity (`severity.shape_residuals`), because raw shares of a total change with severity
alone.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import ConfigError
from outcomes.subtypes.flow import transition_counts
from outcomes.subtypes.latent_markov import LatentMarkov, Source
from outcomes.subtypes.naming import STANDS_OUT
from outcomes.subtypes.stability import Stability
from outcomes.subtypes.uncertainty import probability_interval

EVEN = "even"
CLEAR_ERRORS = 2.0  # standard errors beyond which a residual is taken for more than noise; a convention


def state_shapes(residuals: pd.DataFrame, domains: Mapping[str, str], widths: Mapping[str, float]) -> pd.DataFrame:
    """Which domain of symptoms stands out in each state beyond severity.

    Parameters
    ----------
    residuals : DataFrame
        From `outcomes.subtypes.severity.shape_residuals`: state, item, residual, standard_error.
    domains : mapping of item to domain
        Such as "somatic".
    widths : mapping of item to float
        Range of the answers of each item.

    Returns
    -------
    DataFrame
        One row a state: state, shape (the domain whose mean residual is largest, if that is at least 5 % of the item
        range and more than two standard errors; else "even"), and for each domain a column with its mean residual as
        a share of the item range.

    Raises
    ------
    ConfigError
        If an item has no domain.
    """
    lost = sorted(set(residuals["item"]) - set(domains))
    if lost:
        raise ConfigError(f"domains: a domain for each item is needed; without one: {', '.join(lost)}")
    table = residuals.assign(
        domain=residuals["item"].map(dict(domains)),
        width=residuals["item"].map(dict(widths)),
        variance=residuals["standard_error"] ** 2,
    )
    sums = table.groupby(["state", "domain"], sort=True)[["residual", "width", "variance"]].sum(min_count=1)
    share = (sums["residual"] / sums["width"]).unstack("domain")
    error = (np.sqrt(sums["variance"]) / sums["width"]).unstack("domain")
    clear = share.ge(STANDS_OUT) & share.gt(CLEAR_ERRORS * error)
    standing = share.where(clear)
    shapes = [str(row.idxmax()) if row.notna().any() else EVEN for _, row in standing.iterrows()]
    return share.assign(shape=shapes).reset_index()[["state", "shape", *share.columns]]


def moves_by_subtype(moves: NDArray[np.float64], shapes: Sequence[str]) -> pd.DataFrame:
    """How do people move between subtypes.

    Parameters
    ----------
    moves : NDArray[np.float64], shape (n_states, n_states)
        Expected moves between states, staying included.
    shapes : sequence of str, length n_states
        Subtype of each state.

    Returns
    -------
    DataFrame
        One row a pair of subtypes: from_subtype, to_subtype, n_expected, n_from, share, n_changes (moves from
        from_subtype to another *state*), share_of_changes (of those, how many go to to_subtype).
    """
    names = list(dict.fromkeys(shapes))
    belongs = np.array([[shape == name for name in names] for shape in shapes], dtype=np.float64)
    together = belongs.T @ moves @ belongs
    changing = belongs.T @ (moves - np.diag(np.diagonal(moves))) @ belongs
    left, changed = together.sum(axis=1), changing.sum(axis=1)
    n = len(names)
    return pd.DataFrame(
        {
            "from_subtype": np.repeat(names, n),
            "to_subtype": names * n,
            "n_expected": together.ravel(),
            "n_from": np.repeat(left, n),
            "share": (together / np.where(left > 0, left, np.nan)[:, None]).ravel(),
            "n_changes": np.repeat(changed, n),
            "share_of_changes": (changing / np.where(changed > 0, changed, np.nan)[:, None]).ravel(),
        }
    )


def crossing(model: LatentMarkov, X: Source, shapes: Sequence[str], stability: Stability | None = None) -> pd.DataFrame:
    """Which share of moves stays within a subtype, and which crosses to another.

    Parameters
    ----------
    model : LatentMarkov
        A fitted estimator.
    X : Trajectories, DataFrame or 2-D array
        The patients.
    shapes : sequence of str, length n_states
        Subtype of each state, such as the column ``shape`` of `state_shapes`.
    stability : Stability, optional
        Bootstrap of patients; gives standard errors and intervals, which hold for these names of the states.

    Returns
    -------
    DataFrame
        First row: from_subtype "any", to_subtype "the same" (share of all moves, and of all changes of state, that
        stay within a subtype); then the rows of `moves_by_subtype`. With share_error, share_low, share_high and the
        same for share_of_changes (NaN without a bootstrap).

    Raises
    ------
    ConfigError
        If there is not one name for each state.
    """
    if len(shapes) != model.n_states:
        raise ConfigError(f"shapes: one for each of the {model.n_states} states is needed, got {len(shapes)}")
    counts = transition_counts(model, X)["n_expected"].to_numpy().reshape(model.n_states, model.n_states)
    table = _with_whole(counts, shapes)
    replicates = [] if stability is None else [_with_whole(each.moves, shapes) for each in stability.resamples]
    for name in ("share", "share_of_changes"):
        error = np.full(len(table), np.nan)
        if len(replicates) > 1:
            error = np.std([each[name].to_numpy() for each in replicates], axis=0, ddof=1)
        low, high = probability_interval(table[name], error)
        table = table.assign(**{f"{name}_error": error, f"{name}_low": low, f"{name}_high": high})
    return table


def _with_whole(counts: NDArray[np.float64], shapes: Sequence[str]) -> pd.DataFrame:
    table = moves_by_subtype(counts, shapes)
    same = table[table["from_subtype"] == table["to_subtype"]]
    moved, changed = float(table["n_expected"].sum()), float((table["n_changes"] * table["share_of_changes"]).sum())
    stayed = float((same["n_changes"] * same["share_of_changes"]).sum())
    whole = {
        "from_subtype": "any",
        "to_subtype": "the same",
        "n_expected": float(same["n_expected"].sum()),
        "n_from": moved,
        "share": float(same["n_expected"].sum()) / moved if moved > 0 else float("nan"),
        "n_changes": changed,
        "share_of_changes": stayed / changed if changed > 0 else float("nan"),
    }
    return pd.concat([pd.DataFrame([whole]), table], ignore_index=True)
