"""The families side by side: hidden states, trajectory classes, mixtures, plain groups, and continuous severity.

One table, one row a model. A likelihood says something only beside another likelihood of the same data, so that every
row says of which data its own is, and the smallest BIC is marked within those. What can be compared across all rows is
how surely people are put into groups, how small the smallest group is, and how much of the first and of the last total
the groups explain.
"""

import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import ConfigError, DataError, NotConvergedWarning
from outcomes.kernel.latent_markov_starts import Search
from outcomes.subtypes.growth import GrowthMixture
from outcomes.subtypes.kmeans import TrajectoryKMeans, trajectory_features
from outcomes.subtypes.latent_markov import LatentMarkov, Source
from outcomes.subtypes.mixed import MixedLatentMarkov
from outcomes.subtypes.sequences import sequences

Told = Callable[[str, int, int], None]
ALL, FIRST, TOTALS, FEATURES = "all answers", "first answers", "totals", "course features"
LARGEST_HIDDEN = 16
GROWTH = (("none", "latent class growth"), ("intercept", "growth mixture"))
COLUMNS = (
    "family",
    "model",
    "data",
    "groups",
    "log_likelihood",
    "n_parameters",
    "bic",
    "entropy_r2",
    "smallest_share",
    "explains_first",
    "explains_last",
    "converged",
    "best",
    "note",
)


def compare_families(
    X: Source,
    fitted: LatentMarkov,
    *,
    severity: pd.DataFrame | None = None,
    classes: Iterable[int] = (2, 3),
    states: int | None = None,
    starts: int = 5,
    on_fit: Told | None = None,
) -> pd.DataFrame:
    """How do the families of models look beside each other on the same patients.

    Parameters
    ----------
    X : Trajectories, DataFrame or 2-D array
        The patients.
    fitted : LatentMarkov
        The chosen latent Markov model; its emissions, penalty, seed and threads are used for the others.
    severity : DataFrame, optional
        From `outcomes.subtypes.severity.compare_with_factors`; the best classes and every continuous model of it become
        rows.
    classes : iterable of int, default (2, 3)
        Numbers of trajectory classes to try.
    states : int, optional
        States inside each class of a mixed model; as many as the chosen model has by default. Mixed models of more than
        16 pairs of class and state are left out.
    starts : int, default 5
        Starts of each fit.
    on_fit : callable, optional
        Told (step, done, total).

    Returns
    -------
    DataFrame
        One row a model: family, model, data (whose likelihood it is: "all answers", "first answers", "totals", or
        "course features", which have none), groups, log_likelihood, n_parameters, bic (n is the number of persons),
        entropy_r2 (of groups), smallest_share, explains_first and explains_last (share of the variance of the first and
        the last total between groups, people put into the likeliest one), converged, best (smallest BIC for the same
        data), note (why a row has no numbers, or what its groups are).
    """
    numbers = sorted(set(classes))
    states = fitted.n_states if states is None else states
    several = bool(sequences(X).lengths.max() > 1)
    jobs: list[tuple[str, str, Callable[[], dict[str, object]]]] = []
    if several:
        jobs += [
            ("mixed latent Markov", f"{n} classes, {states} states inside", _mixed(X, fitted, n, states, 0, starts))
            for n in numbers
            if n * states <= LARGEST_HIDDEN
        ]
        jobs.append(("mover-stayer", f"{states} states", _mixed(X, fitted, 2, states, 1, starts)))
        jobs += [("latent classes of courses", f"{n} classes", _courses(X, fitted, n, starts)) for n in numbers]
        for effects, name in GROWTH:
            jobs += [(name, f"{n} classes, straight lines", _growth(X, fitted, n, effects, starts)) for n in numbers]
    jobs += [("k-means on course features", f"{n} groups", _groups(X, fitted, n)) for n in numbers]
    rows = [_row("latent Markov", f"{fitted.n_states} states", ALL, _states(X, fitted))]
    for done, (family, model, fit) in enumerate(jobs, start=1):
        try:
            found = fit()
        except (ConfigError, DataError) as barred:
            found = {"note": str(barred)}
        rows.append(_row(family, model, str(found.pop("data", ALL)), found))
        if on_fit is not None:
            on_fit(f"{family}, {model}", done, len(jobs))
    if severity is not None:
        rows += _severity_rows(severity)
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table["best"] = table["bic"].notna() & table["bic"].eq(table.groupby("data")["bic"].transform("min"))
    return table


def best_growth(X: Source, table: pd.DataFrame, like: LatentMarkov, *, starts: int = 5) -> GrowthMixture | None:
    """Fit the growth model again that a table of families marks as the best of the totals.

    Parameters
    ----------
    X : Trajectories, DataFrame or 2-D array
        The patients of the table.
    table : DataFrame
        From `compare_families`.
    like : LatentMarkov
        The model that the table was made beside; its seed is used.
    starts : int, default 5
        As in `compare_families`.

    Returns
    -------
    GrowthMixture or None
        None where no growth model was fitted.
    """
    rows = table[table["data"].eq(TOTALS) & table["best"]]
    if rows.empty:
        return None
    row = rows.iloc[0]
    effects = next(effects for effects, name in GROWTH if name == row["family"])
    return _growth_fitted(X, like, int(row["groups"]), effects, starts)


def _growth_fitted(X: Source, like: LatentMarkov, n_classes: int, effects: str, starts: int) -> GrowthMixture:
    model = GrowthMixture(
        n_classes,
        degree=1,
        effects=effects,  # type: ignore[arg-type]  # one of the three
        n_starts=starts,
        random_state=like.random_state,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotConvergedWarning)  # the table says it
        return model.fit(X)


def _row(family: str, model: str, data: str, found: dict[str, object]) -> dict[str, object]:
    blank: dict[str, object] = dict.fromkeys(COLUMNS, np.nan)
    return {**blank, "converged": "", "note": "", "family": family, "model": model, "data": data, **found}


def _likelihood(model: LatentMarkov) -> dict[str, object]:
    return {
        "log_likelihood": model.log_likelihood_,
        "n_parameters": model.n_parameters_,
        "bic": model.information_criteria()["bic"],
        "converged": "yes" if model.converged_ else "no",
    }


def _described(X: Source, posterior: NDArray[np.float64]) -> dict[str, object]:
    # what any grouping of people can be compared by
    k = posterior.shape[1]
    entropy = -float(np.sum(posterior * np.log(np.maximum(posterior, 1e-300))) / posterior.shape[0])
    label = posterior.argmax(axis=1)
    features = trajectory_features(X)
    return {
        "groups": k,
        "entropy_r2": 1 - entropy / np.log(k) if k > 1 else 1.0,
        "smallest_share": float(posterior.mean(axis=0).min()),
        "explains_first": explained(features["first"].to_numpy(), label),
        "explains_last": explained(features["last"].to_numpy(), label),
    }


def _states(X: Source, model: LatentMarkov) -> dict[str, object]:
    data = sequences(X)
    first = model.smoothed(data)[data.starts[:-1]]
    return {**_likelihood(model), **_described(data, first), "note": "groups are first states"}


def _mixed(  # noqa: PLR0917  private; one kind of model
    X: Source, like: LatentMarkov, n_classes: int, states: int, stayers: int, starts: int
) -> Callable[[], dict[str, object]]:
    def fit() -> dict[str, object]:
        model = _fitted(MixedLatentMarkov(n_classes, states, stayers=stayers, **_manners(like, starts)), X)
        return {**_likelihood(model), **_described(X, model.classes(X)), "note": "groups are classes"}

    return fit


def _courses(X: Source, like: LatentMarkov, n_classes: int, starts: int) -> Callable[[], dict[str, object]]:
    def fit() -> dict[str, object]:
        data = sequences(X)
        model = _fitted(MixedLatentMarkov(1, n_classes, stayers=1, **_manners(like, starts)), data)
        found = model.smoothed(data)[data.starts[:-1]]
        return {**_likelihood(model), **_described(data, found), "note": "nobody moves"}

    return fit


def _growth(
    X: Source, like: LatentMarkov, n_classes: int, effects: str, starts: int
) -> Callable[[], dict[str, object]]:
    def fit() -> dict[str, object]:
        data = sequences(X)
        model = _growth_fitted(data, like, n_classes, effects, starts)
        likelihood = {
            "log_likelihood": model.log_likelihood_,
            "n_parameters": model.n_parameters_,
            "bic": model.information_criteria()["bic"],
            "converged": "yes" if model.converged_ else "no",
        }
        note = f"groups are classes; {model.n_incomplete_} occasions without a total left out"
        return {**likelihood, **_described(data, model.classes(data)), "data": TOTALS, "note": note}

    return fit


def _groups(X: Source, like: LatentMarkov, n_classes: int) -> Callable[[], dict[str, object]]:
    def fit() -> dict[str, object]:
        data = sequences(X)
        label = TrajectoryKMeans(n_classes, random_state=like.random_state).fit(data).labels_
        known = label > 0
        member = np.eye(n_classes)[np.maximum(label, 1) - 1]
        found = _described(data, np.where(known[:, None], member, 1 / n_classes))
        return {**found, "entropy_r2": np.nan, "data": FEATURES, "note": "no likelihood, no uncertainty"}

    return fit


def _manners(like: LatentMarkov, starts: int) -> dict[str, Any]:
    return {
        "emissions": like.emissions,
        "penalty": like.penalty,
        "random_state": like.random_state,
        "n_jobs": like.n_jobs,
        "n_starts": starts,
        "search": Search(finished=min(2, starts), sweeps=600, tolerance=0.01, score_tolerance=0.1),
    }


def _fitted(model: MixedLatentMarkov, X: Source) -> MixedLatentMarkov:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotConvergedWarning)  # the table says it
        return model.fit(X)


def _severity_rows(severity: pd.DataFrame) -> list[dict[str, object]]:
    kinds = severity["kind"].eq("classes")
    best = severity[kinds].nsmallest(1, "bic")
    rows = []
    for _, each in pd.concat([best, severity[~kinds]]).iterrows():
        found = {name: each[name] for name in ("log_likelihood", "n_parameters", "bic")}
        groups = each["size"] if each["kind"] == "classes" else np.nan
        family = "latent classes of first answers" if each["kind"] == "classes" else "continuous severity"
        extra = {"groups": groups, "converged": "yes" if each["converged"] else "no"}
        rows.append(_row(family, str(each["model"]), FIRST, {**found, **extra}))
    return rows


def explained(values: NDArray[np.float64], label: NDArray[np.int64]) -> float:
    """Which share of the variance of a number lies between groups.

    Parameters
    ----------
    values : NDArray[np.float64], shape (n,)
        NaN where there is none.
    label : NDArray[np.int64], shape (n,)
        Groups from 0.

    Returns
    -------
    float
        Eta squared, 0 to 1; NaN where nothing varies.

    Examples
    --------
    >>> explained(np.array([0.0, 0.0, 1.0, 1.0]), np.array([0, 0, 1, 1]))
    1.0
    """
    known = np.isfinite(values)
    y, group = values[known], label[known]
    whole = float(((y - y.mean()) ** 2).sum()) if y.size else 0.0
    if whole <= 0:
        return float("nan")
    n = np.bincount(group)
    mean = np.bincount(group, weights=y) / np.maximum(n, 1)
    return float((n * (mean - y.mean()) ** 2).sum() / whole)
