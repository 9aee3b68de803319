"""Do the items measure the same states in every group: a likelihood-ratio test with the sizes of what differs.

A fairness check: where people in the same state answer an item otherwise because of the group they belong to, a total,
a threshold or a state does not mean the same for them.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2

from outcomes.errors import NotConvergedWarning
from outcomes.kernel.latent_markov import LatentMarkovParameters
from outcomes.subtypes.grouped import GroupedLatentMarkov
from outcomes.subtypes.latent_markov import LatentMarkov, Source
from outcomes.subtypes.profiles import expected_scores
from outcomes.subtypes.refitting import in_order
from outcomes.subtypes.sequences import MISSING, Sequences, sequences
from outcomes.subtypes.simulating import draw_answers, draw_states

Told = Callable[[int, int], None]
UNPENALISED = 1e-4  # pseudo-observations of both fits: next to none, so that their likelihoods may be compared
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
        By chi-squared, or by simulated data sets in which groups answer alike; large samples make every difference
        significant, so read it with the sizes.
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
    simulated : NDArray[np.float64]
        Ratios of the simulated data sets; none where the p-value is by chi-squared.
    """

    ratio: float
    degrees: int
    p_value: float
    bic_gain: float
    table: pd.DataFrame
    items: pd.DataFrame
    converged: bool
    n_groups: dict[str, int]
    simulated: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))

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
        how = f"{self.simulated.size} simulated data sets" if self.simulated.size else "chi-squared"
        return (
            f"{better} better by BIC (likelihood ratio {self.ratio:.1f} on {self.degrees}, {chance} by {how}); {size}."
        )


def measurement_by_group(
    model: LatentMarkov,
    X: Source,
    groups: ArrayLike,
    *,
    n_simulations: int = 0,
    random_state: int = 0,
    n_jobs: int = 1,
    on_simulation: Told | None = None,
) -> Measurement:
    """Test whether groups give the same answers in the same state.

    Both models let groups begin and move in their own way; only the answers of states are shared, or set free. Both are
    fitted with next to no penalty, whatever that of ``model`` is: a penalty pulls the free model more than the shared
    one, and twice the gain would not be a likelihood ratio. Chi-squared counts every probability, also those that end
    at 0, so that it is cautious with few people in a group; simulated data sets are not.

    Parameters
    ----------
    model : LatentMarkov
        A fitted estimator; its states are where the climbs begin.
    X : Trajectories, DataFrame or 2-D array
        The patients it was fitted on.
    groups : array-like of str, shape (n_sequences,)
        Group of each sequence; nobody may be without one.
    n_simulations : int, default 0
        Data sets drawn from the model in which groups answer alike, with the lengths and gaps of the real ones, to
        which both models are fitted again: the p-value is then the share of ratios as large as the real one. 0 takes
        chi-squared; 99 cost about a hundred times as much.
    random_state : int, default 0
        Seed of the simulations.
    n_jobs : int, default 1
        Threads; the result does not depend on it.
    on_simulation : callable, optional
        Told (done, total).

    Returns
    -------
    Measurement
        Test and effect sizes.

    Raises
    ------
    ConfigError
        If there are fewer than two groups.
    DataError
        If groups are missing, or a group never answered an item.

    References
    ----------
    Collins LM, Lanza ST (2010). Latent Class and Latent Transition Analysis. Wiley, chapter 5.
    """
    plain = {name: value for name, value in model.get_params(deep=False).items() if name != "time_varying"}
    plain["penalty"] = UNPENALISED
    data = sequences(X)
    fitted = GroupedLatentMarkov(**plain).fit(data, groups=groups, shared=model)
    ratio = _ratio(fitted)
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
    by_chance = _simulated(
        fitted,
        plain,
        data,
        np.asarray(groups, dtype=object).ravel(),
        n_simulations,
        random_state,
        n_jobs,
        on_simulation,
    )
    names = ["group", "item", "state", "shared", "own", "difference", "share_of_range"]
    return Measurement(
        ratio=ratio,
        degrees=degrees,
        p_value=_p_value(ratio, degrees, by_chance),
        bic_gain=ratio - degrees * float(np.log(model.n_persons_)),
        table=pd.DataFrame(rows, columns=names),
        items=items,
        converged=bool(fitted.converged_invariant_ and fitted.converged_free_),
        n_groups={group: int(n) for group, n in zip(fitted.groups_, fitted.group_sizes_, strict=True)},
        simulated=by_chance,
    )


def _ratio(fitted: GroupedLatentMarkov) -> float:
    return 2 * (fitted.log_likelihood_free_ - fitted.log_likelihood_invariant_)


def _p_value(ratio: float, degrees: int, by_chance: NDArray[np.float64]) -> float:
    if by_chance.size:
        return (1 + int((by_chance >= ratio).sum())) / (1 + by_chance.size)
    return float(chi2.sf(max(ratio, 0.0), degrees)) if degrees else 1.0


def _simulated(  # noqa: PLR0917  private; called once
    fitted: GroupedLatentMarkov,
    plain: dict[str, object],
    data: Sequences,
    groups: NDArray[np.object_],
    n_simulations: int,
    random_state: int,
    n_jobs: int,
    on_simulation: Told | None,
) -> NDArray[np.float64]:
    # likelihood ratios where groups begin and move in their own way but answer alike
    streams = np.random.SeedSequence(random_state).spawn(n_simulations)
    place = np.searchsorted(fitted.groups_, groups.astype(str))

    def one(number: int) -> float:
        rng = np.random.default_rng(streams[number])
        items = np.full_like(data.items, MISSING)
        for group in range(len(fitted.groups_)):
            parameters = LatentMarkovParameters(
                fitted.group_initial_[group], fitted.group_transition_[group][None], tuple(fitted.response_)
            )
            lengths = data.lengths[place == group]
            states = draw_states(parameters, np.concatenate(([0], np.cumsum(lengths))), rng)
            codes = draw_answers(parameters, states, rng)
            drawn = [seen[column] for seen, column in zip(fitted.answers_, codes.T, strict=True)]
            items[np.repeat(place == group, data.lengths)] = np.column_stack(drawn)
        made = replace(data, items=np.where(data.items == MISSING, np.int8(MISSING), items))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotConvergedWarning)
            return _ratio(GroupedLatentMarkov(**plain).fit(made, groups=groups, shared=fitted))  # type: ignore[arg-type]  # arguments by name

    found = []
    for value in in_order(one, range(n_simulations), threads=n_jobs):
        found.append(value)
        if on_simulation is not None:
            on_simulation(len(found), n_simulations)
    return np.array(found)
