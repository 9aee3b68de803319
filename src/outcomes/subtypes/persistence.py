"""Do symptoms persist and begin as the model says, or does an item keep a memory that states do not carry."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.subtypes.flow import joint_states
from outcomes.subtypes.latent_markov import LatentMarkov, Source
from outcomes.subtypes.sequences import MISSING, Sequences, sequences

NOTICED = 2.0  # standardised residual from which an item is worth a second look; a convention, not a test


def item_persistence(model: LatentMarkov, X: Source, *, at_least: int = 1) -> pd.DataFrame:
    """How often does each symptom persist and begin from one occasion to the next, observed and implied.

    A symptom is present when its answer is at least ``at_least``. Over all pairs of successive occasions at which the
    item was answered twice, persistence is
    P(present next | present), onset P(present next | absent). The model's share is computed from its own joint
    probability of two successive states
    at the same places of the same sequences, before anything is known about the patient, so that it predicts and does
    not merely echo.

    Parameters
    ----------
    model : LatentMarkov
        A fitted estimator.
    X : Trajectories, DataFrame or 2-D array
        The patients.
    at_least : int, default 1
        Smallest answer that counts as present.

    Returns
    -------
    DataFrame
        item, kind ("persistence" or "onset"), n_pairs, observed, implied, residual (difference over its standard
        error, clustered by sequence),
        noticed (beyond 2 in size).
    """
    data = sequences(X)
    pairs = np.flatnonzero(data.sequence[1:] == data.sequence[:-1])
    joint = joint_states(model, int(data.lengths.max()))[data.position[pairs]] if pairs.size else np.empty((0, 0, 0))
    rows = []
    for item, (p, seen) in enumerate(zip(model.response_, model.answers_, strict=True)):
        present = p[:, seen >= at_least].sum(axis=1)
        rows.extend(_item_rows(data, item, pairs, (joint, present), at_least))
    return pd.DataFrame(rows, columns=["item", "kind", "n_pairs", "observed", "implied", "residual", "noticed"])


def _item_rows(
    data: Sequences,
    item: int,
    pairs: NDArray[np.int64],
    model: tuple[NDArray[np.float64], NDArray[np.float64]],
    at_least: int,
) -> list[dict[str, object]]:
    answers = data.items[:, item]
    answered = (answers[pairs] != MISSING) & (answers[pairs + 1] != MISSING)
    before, after = answers[pairs[answered]] >= at_least, answers[pairs[answered] + 1] >= at_least
    owner = data.sequence[pairs[answered]]
    joint, present = model
    rows: list[dict[str, object]] = []
    for kind, condition, chance in (("persistence", before, present), ("onset", ~before, 1.0 - present)):
        first = np.einsum("nij,i->n", joint[answered], chance)
        both = np.einsum("nij,i,j->n", joint[answered], chance, present)
        implied = _ratio(both.sum(), first.sum())
        observed = _ratio(float((condition & after).sum()), float(condition.sum()))
        error = _clustered_error(condition * (after - observed), owner, float(condition.sum()))
        residual = (observed - implied) / error if error > 0 else np.nan
        rows.append(
            {
                "item": data.columns[item],
                "kind": kind,
                "n_pairs": int(condition.sum()),
                "observed": observed,
                "implied": implied,
                "residual": residual,
                "noticed": bool(abs(residual) > NOTICED),
            }
        )
    return rows


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else float("nan")


def _clustered_error(deviation: NDArray[np.float64], owner: NDArray[np.int64], n: float) -> float:
    if n == 0:
        return float("nan")
    return float(np.sqrt((np.bincount(owner, weights=deviation) ** 2).sum()) / n)
