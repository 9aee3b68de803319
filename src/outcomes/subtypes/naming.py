"""What a state is called: its number, how much of the scale it fills, and which items stand out for that severity.

A name describes answers. It is not a diagnosis, and two studies' "state 3" need not be the same state.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import ConfigError
from outcomes.subtypes.latent_markov import LatentMarkov, Source
from outcomes.subtypes.profiles import expected_scores
from outcomes.subtypes.sequences import MISSING, sequences

# equal fifths of the scale, a description of position and no published threshold
LEVELS = ("minimal", "mild", "moderate", "marked", "severe")
# a domain stands out when its items lie above those of other people with the same total by so much of the scale
STANDS_OUT = 0.05


def shape_residuals(model: LatentMarkov, X: Source) -> pd.DataFrame:
    """Which items does each state show more or less of than other occasions with the same total score.

    Raw shares of the total differ by severity even where only one severity exists (sleep and fatigue are half of a
    mild score and a quarter of
    a severe one). So each answer is compared with the mean answer of all complete occasions with the same total, and
    the differences are averaged over
    the occasions of a state, weighted by the smoothed probabilities.

    Parameters
    ----------
    model : LatentMarkov
        A fitted estimator.
    X : Trajectories, DataFrame or 2-D array
        The data it was fitted on.

    Returns
    -------
    DataFrame
        state, item, residual (in points of the item), n_occasions (expected complete occasions in the state).
    """
    data = sequences(X)
    smoothed = model.smoothed(data)
    complete = (data.items != MISSING).all(axis=1)
    answers = data.items[complete].astype(np.float64)
    weights = smoothed[complete]
    total = answers.sum(axis=1).astype(np.int64)
    people = np.bincount(total)
    usual = (
        np.column_stack([np.bincount(total, weights=column) for column in answers.T]) / np.maximum(people, 1)[:, None]
    )
    shares = weights.sum(axis=0)
    residual = weights.T @ (answers - usual[total]) / np.where(shares > 0, shares, np.nan)[:, None]
    n_states, n_items = residual.shape
    return pd.DataFrame(
        {
            "state": np.repeat(np.arange(1, n_states + 1), n_items),
            "item": list(data.columns) * n_states,
            "residual": residual.ravel(),
            "n_occasions": np.repeat(shares, n_items),
        }
    )


def severity(model: LatentMarkov) -> NDArray[np.float64]:
    """Which share of the scale does each state fill.

    Parameters
    ----------
    model : LatentMarkov
        A fitted estimator.

    Returns
    -------
    NDArray[np.float64], shape (n_states,)
        Expected total above the lowest, as a share of the range of the answers seen; zero where nothing varies.
    """
    scores = expected_scores(model.response_, model.answers_).sum(axis=1)
    low = sum(float(seen.min()) for seen in model.answers_)
    high = sum(float(seen.max()) for seen in model.answers_)
    return (scores - low) / (high - low) if high > low else np.zeros_like(scores)


def state_names(
    model: LatentMarkov,
    X: Source | None = None,
    *,
    domains: Mapping[str, str] | None = None,
    shapes: Sequence[str] | None = None,
) -> tuple[str, ...]:
    """Name each state by severity and shape.

    The rule: "state", its number, then the fifth of the scale that its expected total lies in (minimal, mild,
    moderate, marked, severe); then, where
    items are sorted into domains, the domain whose mean `shape_residuals` is largest if that is at least 5 % of the
    item range, else "even".

    Parameters
    ----------
    model : LatentMarkov
        A fitted estimator.
    X : Trajectories, DataFrame or 2-D array, optional
        The data it was fitted on; needed with ``domains``.
    domains : mapping of item name to domain, optional
        Every item's domain, such as "somatic".
    shapes : sequence of str, length n_states, optional
        Shapes found elsewhere, such as by `outcomes.subtypes.crossing.state_shapes`, which removes severity by a model
        of it; they are used as they are.

    Returns
    -------
    tuple of str
        Such as ``"state 3: moderate, somatic"``.

    Raises
    ------
    ConfigError
        If domains come without data or do not cover the items, or there is not one shape for each state.
    """
    fifths = np.minimum((severity(model) * len(LEVELS)).astype(np.int64), len(LEVELS) - 1)
    names = [f"state {number}: {LEVELS[fifth]}" for number, fifth in enumerate(fifths, start=1)]
    if shapes is not None:
        if len(shapes) != len(names):
            raise ConfigError(f"shapes: one for each of the {len(names)} states is needed, got {len(shapes)}")
        return tuple(f"{name}, {shape}" for name, shape in zip(names, shapes, strict=True))
    if domains is None:
        return tuple(names)
    lost = [column for column in model.columns_ if column not in domains]
    if X is None or lost:
        raise ConfigError(f"domains: the data and a domain for each item are needed; without one: {lost or 'data'}")
    found = _shapes(model, shape_residuals(model, X), domains)
    return tuple(f"{name}, {shape}" for name, shape in zip(names, found, strict=True))


def _shapes(model: LatentMarkov, residuals: pd.DataFrame, domains: Mapping[str, str]) -> Sequence[str]:
    widths = {c: float(seen.max() - seen.min()) for c, seen in zip(model.columns_, model.answers_, strict=True)}
    table = residuals.assign(domain=residuals["item"].map(dict(domains)), width=residuals["item"].map(widths))
    sums = table.groupby(["state", "domain"], sort=True)[["residual", "width"]].sum()
    share = (sums["residual"] / sums["width"].where(sums["width"] > 0)).unstack("domain")
    return [
        str(row.idxmax()) if row.notna().any() and row.max() >= STANDS_OUT else "even" for _, row in share.iterrows()
    ]
