"""Do the items measure the same states in every group: a likelihood-ratio test with the sizes of what differs.

A fairness check: where people in the same state answer an item otherwise because of the group they belong to, a total,
a threshold or a state does not mean the same for them.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import chi2

from outcomes.errors import DataError
from outcomes.subtypes.grouped import GroupedLatentMarkov
from outcomes.subtypes.latent_markov import LatentMarkov, Source
from outcomes.subtypes.profiles import expected_scores
from outcomes.subtypes.sequences import sequences

NOTICEABLE = 0.1  # share of the item range by which expected answers differ; a convention of ours, not a test


@dataclass(frozen=True)
class Measurement:
    """What a comparison of groups found.

    Attributes
    ----------
    ratio : float
        Twice the gain in log-likelihood when every group answers in its own way.
    degrees : int
        Parameters behind it.
    p_value : float
        By chi-squared; large samples make every difference significant, so read it with the sizes.
    bic_gain : float
        How much the BIC falls (positive) when answers are set free; below zero shared answers describe better.
    table : DataFrame
        One row a group, item and state: group, item, state, shared (expected answer when groups share them), own,
        difference, share_of_range.
    items : DataFrame
        One row an item: item, largest (difference between two groups, as a share of the item range, averaged over
        states as people are in them), noticeable (at least a tenth).
    converged : bool
        Whether both climbs arrived; if not, the test is not to be used.
    n_groups : dict of str to int
        Sequences of each group.
    """

    ratio: float
    degrees: int
    p_value: float
    bic_gain: float
    table: pd.DataFrame
    items: pd.DataFrame
    converged: bool
    n_groups: dict[str, int]

    def said(self) -> str:
        """Say the result in words.

        Returns
        -------
        str
            One or two sentences.
        """
        if not self.converged:
            return "The comparison of groups did not converge and says nothing."
        noticed = self.items.loc[self.items["noticeable"], "item"].tolist()
        better = "Answers that differ by group describe" if self.bic_gain > 0 else "Shared answers describe"
        size = (
            f"differences of a tenth of the range or more: {', '.join(noticed)}"
            if noticed
            else "no item differs by a tenth of its range"
        )
        if noticed and self.bic_gain <= 0:
            size += ", which by BIC are not told from chance (the widest of several groups is wide by construction)"
        chance = "p < 0.001" if self.p_value < 0.001 else f"p = {self.p_value:.3f}"  # noqa: PLR2004  smallest printed
        return f"{better} better by BIC (likelihood ratio {self.ratio:.1f} on {self.degrees}, {chance}); {size}."


def measurement_by_group(model: LatentMarkov, X: Source, groups: ArrayLike) -> Measurement:
    """Test whether groups give the same answers in the same state.

    Both models let groups begin and move in their own way; only the answers of states are shared, or set free.

    Parameters
    ----------
    model : LatentMarkov
        A fitted estimator; its states are where the climbs begin.
    X : Trajectories, DataFrame or 2-D array
        The patients it was fitted on.
    groups : array-like of str, shape (n_sequences,)
        Group of each sequence; nobody may be without one.

    Returns
    -------
    Measurement
        Test and effect sizes.

    Raises
    ------
    ConfigError
        If there are fewer than two groups.
    DataError
        If groups are missing, a group never answered an item, or nobody has more than one occasion.

    References
    ----------
    Collins LM, Lanza ST (2010). Latent Class and Latent Transition Analysis. Wiley, chapter 5.
    """
    plain = {name: value for name, value in model.get_params(deep=False).items() if name != "time_varying"}
    data = sequences(X)
    if data.lengths.max() == 1:
        raise DataError("groups are compared over courses; somebody must have more than one occasion")
    fitted = GroupedLatentMarkov(**plain).fit(data, groups=groups, shared=model)
    ratio = 2 * (fitted.log_likelihood_free_ - fitted.log_likelihood_invariant_)
    degrees = int(fitted.n_parameters_free_ - fitted.n_parameters_invariant_)
    shared = expected_scores(fitted.response_, fitted.answers_)
    width = np.array([max(float(np.ptp(seen)), 1.0) for seen in fitted.answers_])
    own = {group: expected_scores(fitted.group_response_[group], fitted.answers_) for group in fitted.groups_}
    weight = model.state_share_ / model.state_share_.sum()
    stacked = np.stack(list(own.values()))
    spread = weight @ (stacked.max(axis=0) - stacked.min(axis=0)) / width
    items = pd.DataFrame({"item": fitted.columns_, "largest": spread, "noticeable": spread >= NOTICEABLE})
    rows = []
    for group, scores in own.items():
        for (state, item), value in np.ndenumerate(scores):
            gap = float(value - shared[state, item])
            rows.append(
                (
                    group,
                    fitted.columns_[item],
                    state + 1,
                    float(shared[state, item]),
                    float(value),
                    gap,
                    gap / width[item],
                )
            )
    names = ["group", "item", "state", "shared", "own", "difference", "share_of_range"]
    return Measurement(
        ratio=ratio,
        degrees=degrees,
        p_value=float(chi2.sf(max(ratio, 0.0), degrees)) if degrees else 1.0,
        bic_gain=ratio - degrees * float(np.log(model.n_persons_)),
        table=pd.DataFrame(rows, columns=names),
        items=items,
        converged=bool(fitted.converged_invariant_ and fitted.converged_free_),
        n_groups={group: int(n) for group, n in zip(fitted.groups_, fitted.group_sizes_, strict=True)},
    )
