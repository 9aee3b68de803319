"""How many states are there: the whole table over k, the choice by BIC, and an override with its reason."""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd
from sklearn.base import clone

from outcomes.errors import ConfigError, NotConvergedWarning
from outcomes.subtypes.latent_markov import LatentMarkov, Progress, Source
from outcomes.subtypes.sequences import sequences


@dataclass(frozen=True)
class Selection:
    """The candidates and the choice.

    Attributes
    ----------
    table : DataFrame
        One row a number of states: k, log_likelihood, n_parameters, aic, bic, sample_size_adjusted_bic, icl,
        entropy_r2, smallest_state
        (share of answered occasions), starts_at_best, n_finished, converged, chosen.
    models : dict of int to LatentMarkov
        The fitted candidates.
    chosen : int
        Number of states that was chosen.
    best_by_bic : int
        Number of states with the smallest BIC.
    reason : str
        Why the choice is what it is.
    """

    table: pd.DataFrame
    models: dict[int, LatentMarkov]
    chosen: int
    best_by_bic: int
    reason: str

    @property
    def model(self) -> LatentMarkov:
        """Return the chosen model."""
        return self.models[self.chosen]


def select_states(
    X: Source,
    n_states: Iterable[int] = range(1, 9),
    *,
    estimator: LatentMarkov | None = None,
    override: int | None = None,
    reason: str | None = None,
    on_progress: Progress | None = None,
) -> Selection:
    """How many states do the data call for.

    The smallest BIC wins, counted with persons (sequences with an answer), not rows. The whole table is returned
    because criteria disagree
    and because an analyst may prefer another number; the override and its reason are part of the record.

    Parameters
    ----------
    X : Trajectories, DataFrame or 2-D array
        See `outcomes.subtypes.sequences.sequences`.
    n_states : iterable of int, default 1 to 8
        Numbers of states to try.
    estimator : LatentMarkov, optional
        Its arguments, apart from ``n_states``, are used for every candidate.
    override : int, optional
        Number of states to choose against the BIC.
    reason : str, optional
        Why; required with ``override``.
    on_progress : callable, optional
        Told (step, done, total).

    Returns
    -------
    Selection
        Table, models, choice.

    Raises
    ------
    ConfigError
        If there is nothing to try, or an override has no reason or was not tried.

    Warns
    -----
    NotConvergedWarning
        If the chosen model ended at its cap; for the other candidates the table says so.
    """
    numbers = sorted(set(n_states))
    if not numbers:
        raise ConfigError("n_states: at least one number of states is needed, got none")
    if override is not None and (override not in numbers or not (reason or "").strip()):
        raise ConfigError(f"override must be one of {numbers} and come with a reason, got {override!r} and {reason!r}")
    data = sequences(X)
    template = LatentMarkov() if estimator is None else estimator
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotConvergedWarning)
        models = {
            k: cast("LatentMarkov", clone(template).set_params(n_states=k)).fit(data, on_progress=on_progress)
            for k in numbers
        }
    table = pd.DataFrame([_row(model) for model in models.values()])
    best = numbers[int(table["bic"].to_numpy().argmin())]
    chosen = best if override is None else override
    table["chosen"] = table["k"] == chosen
    why = f"smallest BIC among k = {', '.join(map(str, numbers))}" if override is None else str(reason)
    if not models[chosen].converged_:
        warnings.warn(
            f"the chosen model with {chosen} states ended at its cap of sweeps; raise search.sweeps",
            NotConvergedWarning,
            stacklevel=2,
        )
    return Selection(table, models, chosen, best, why)


def _row(model: LatentMarkov) -> dict[str, object]:
    return {
        "k": model.n_states,
        "log_likelihood": model.log_likelihood_,
        "n_parameters": model.n_parameters_,
        **model.information_criteria(),
        "entropy_r2": model.entropy_r2_,
        "smallest_state": float(np.min(model.state_share_)),
        "starts_at_best": model.starts_at_best_,
        "n_finished": int(model.starts_["finished"].sum()),
        "converged": model.converged_,
    }
