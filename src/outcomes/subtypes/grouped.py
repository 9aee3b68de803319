"""Do items measure the same states in every group: a latent Markov model with answers of groups set free.

Groups may differ in where people begin and how they move in both models, so that what is left to tell them apart is how
they answer in the same state. What the difference means is for the reader of `subtypes.measurement`.
"""

import warnings
from collections.abc import Hashable, Sequence
from functools import partial
from typing import ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from outcomes.errors import ConfigError, DataError, NotConvergedWarning
from outcomes.kernel.ascent import Ascent, ascend
from outcomes.kernel.latent_markov import Form, LatentMarkovParameters
from outcomes.kernel.latent_markov_covariates import (
    CovariateParameters,
    Design,
    design,
    expect_patterns,
    from_homogeneous,
    improver_with_covariates,
    leap_with_covariates,
    n_free,
    pattern_probabilities,
)
from outcomes.kernel.latent_markov_packing import Observations, observe
from outcomes.subtypes.answers import answers_seen, coded, people_weights
from outcomes.subtypes.latent_markov import LatentMarkov, Progress, Source
from outcomes.subtypes.profiles import expected_scores
from outcomes.subtypes.sequences import MISSING, Sequences, sequences


class GroupedLatentMarkov(LatentMarkov):
    """Which answers does each group give in the same state.

    Two models are fitted: one in which groups share the answers of states, and one in which the free items have answers
    of each group's own. In both, each group has its own initial and transition probabilities. The second climb begins
    at the top of the first, so that it never ends below it.

    Parameters
    ----------
    free : sequence of str or None, default None
        Items whose answers are free in each group; None for all. With fewer than all the others anchor the states.
    n_states, emissions, penalty, n_starts, random_state, n_jobs, search
        As in `LatentMarkov`. For a likelihood-ratio test take a penalty near 0.
    time_varying : bool, default False
        Must be False.

    Attributes
    ----------
    groups_ : tuple of str
        Names of groups, in order.
    group_sizes_ : NDArray[np.int64]
        Sequences of each.
    shared_ : LatentMarkov
        The fit that knows no groups, where the climbs begin.
    response_ : list of NDArray[np.float64], each of shape (n_states, n_answers)
        Answers when groups share them.
    group_response_ : dict of str to list of NDArray[np.float64]
        Answers of each group when free items are free; shared ones for the other items.
    group_initial_, group_transition_ : NDArray[np.float64], shape (n_groups, n_states[, n_states])
        Of the model with shared answers.
    log_likelihood_invariant_, log_likelihood_free_ : float
        Log-likelihoods without penalty.
    n_parameters_invariant_, n_parameters_free_ : int
        Free parameters; the difference are the degrees of freedom of the test.
    converged_invariant_, converged_free_ : bool
        Whether each climb arrived.

    Notes
    -----
    `filtered`, `profile` and the other methods speak of the model with shared answers, with the mean initial and
    transition probabilities of all groups.
    """

    kept_numbers: ClassVar[tuple[str, ...]] = ()

    def __init__(  # noqa: PLR0913  scikit-learn wants every argument by name
        self,
        n_states: int = 7,
        *,
        free: Sequence[str] | None = None,
        emissions: str | dict[str, str] = "nominal",
        time_varying: bool = False,
        penalty: float = 0.1,
        n_starts: int = 50,
        random_state: int = 0,
        n_jobs: int = 1,
        search: object = None,
    ) -> None:
        super().__init__(
            n_states,
            emissions=emissions,
            time_varying=time_varying,
            penalty=penalty,
            n_starts=n_starts,
            random_state=random_state,
            n_jobs=n_jobs,
            search=search,  # type: ignore[arg-type]
        )
        self.free = free

    def fit(  # type: ignore[override]  # groups are needed
        self,
        X: Source,
        y: None = None,
        *,
        groups: ArrayLike,
        shared: LatentMarkov | None = None,
        sample_weight: ArrayLike | None = None,
        on_progress: Progress | None = None,
    ) -> Self:
        """Fit both models.

        Parameters
        ----------
        X : Trajectories, DataFrame or 2-D array
            As in `LatentMarkov.fit`.
        y : None
            Not used.
        groups : array-like of str, shape (n_sequences,)
            Group of each sequence, in the order of `sequences`; nobody may be without one.
        shared : LatentMarkov, optional
            A fit to the same data that knows no groups, to begin at; made by default.
        sample_weight : array-like of float, shape (n_sequences,), optional
            How many people each sequence stands for.
        on_progress : callable, optional
            Told (step, done, total).

        Returns
        -------
        GroupedLatentMarkov
            This estimator, fitted.

        Raises
        ------
        ConfigError
            If a free item is not among the items, transitions are time-varying, or there are fewer than two groups.
        DataError
            If groups are missing, or a group never answered a free item.
        """
        if self.time_varying:
            raise ConfigError("time_varying must be False when groups are compared")
        data = sequences(X)
        member = self._members(groups, data.starts.size - 1)
        plain = {name: value for name, value in self.get_params(deep=False).items() if name != "free"}
        start = (
            LatentMarkov(**plain).fit(data, sample_weight=sample_weight, on_progress=on_progress)
            if shared is None
            else shared
        )
        self.shared_, self.columns_ = start, data.columns
        self.answers_ = answers_seen(data) if shared is None or shared.columns_ != data.columns else shared.answers_
        self.n_features_in_ = len(data.columns)
        weights = people_weights(sample_weight, data.starts.size - 1)
        codes = coded(data, self.answers_)
        sizes = [len(seen) for seen in self.answers_]
        form = self._form(data.columns)
        together = observe(codes, data.starts, weights, n_categories=sizes)
        plan = _plan_of(together, data, member, len(self.groups_))
        invariant = self._climb(together, form, plan, from_homogeneous(start.parameters_, plan), "shared answers")
        self._keep_invariant(invariant, together, plan, form)
        self._set_free(invariant, codes, data, weights, member, form)
        return self

    def to_json(self) -> str:
        """Refuse: what is fitted here is a test of two models, and neither of them is for scoring.

        Raises
        ------
        ConfigError
            Always. A model whose answers differ by group would give two people with the same answers different states
            for their group alone.
        """
        raise ConfigError(
            "a model with answers of groups tests whether items measure alike and is not kept for scoring: two people "
            "with the same answers would get other states for their group alone; freeze shared_, which knows no groups"
        )

    def _members(self, groups: ArrayLike, n: int) -> NDArray[np.int64]:
        given = pd.Series(np.asarray(groups, dtype=object).ravel())
        if given.size != n or given.isna().any():
            raise DataError(
                f"groups: one for each of the {n} sequences is needed, got {given.size} of which "
                f"{int(given.isna().sum())} are missing; leave such sequences out or name a group for them"
            )
        names, member = np.unique(given.astype(str), return_inverse=True)
        few = 2
        if names.size < few:
            raise ConfigError("groups: at least two are needed, got one")
        self.groups_ = tuple(map(str, names))
        self.group_sizes_ = np.bincount(member.ravel())
        return member.ravel().astype(np.int64)

    def _climb(
        self, observations: Observations, form: Form, plan: Design, start: CovariateParameters, what: str
    ) -> Ascent[CovariateParameters]:
        search = self._plan()
        found = ascend(
            start,
            improver_with_covariates(observations, form, self.n_states, plan),
            tolerance=search.tolerance,
            score_tolerance=search.score_tolerance,
            sweeps=search.sweeps,
            leap=partial(leap_with_covariates, form=form),
        )
        if found.reason != "tolerance":
            warnings.warn(
                f"{self._named()}, {what}: the climb ended at its cap of {found.sweeps} sweeps; raise search.sweeps",
                NotConvergedWarning,
                stacklevel=3,
            )
        return found

    def _keep_invariant(
        self, found: Ascent[CovariateParameters], observations: Observations, plan: Design, form: Form
    ) -> None:
        self.log_likelihood_invariant_ = expect_patterns(observations, found.parameters, plan).log_likelihood
        self.n_parameters_invariant_ = n_free(found.parameters, form, observations)
        self.converged_invariant_ = found.reason == "tolerance"
        totals = expected_scores(found.parameters.response, self.answers_).sum(axis=1)
        self._states = np.argsort(totals, kind="stable")
        best = found.parameters.reordered(self._states)
        initial, moves = pattern_probabilities(best, plan)
        # patterns are sorted by their indicators: find each group's row
        own = [_row_of(plan.initial, group) for group in range(len(self.groups_))]
        self.group_initial_ = initial[own]
        if plan.moves.shape[1] > 1:
            self.group_transition_ = moves[[_row_of(plan.moves, group) for group in range(len(self.groups_))]]
        else:  # nobody has a second occasion: nothing moves and groups cannot move in their own way
            self.group_transition_ = np.repeat(moves[:1], len(own), axis=0)
        weights = plan.initial_share[own]
        shares = plan.move_share if plan.move_share.any() else np.full(len(moves), 1 / len(moves))
        mean = np.einsum("r,rij->ij", shares, moves)[None]
        self.restore(LatentMarkovParameters(weights @ self.group_initial_, mean, best.response))
        self.log_likelihood_, self.n_parameters_ = self.log_likelihood_invariant_, self.n_parameters_invariant_
        self.n_persons_, self.path_entropy_ = self.shared_.n_persons_, float("nan")

    def _set_free(  # noqa: PLR0917
        self,
        start: Ascent[CovariateParameters],
        codes: NDArray[np.int8],
        data: Sequences,
        weights: NDArray[np.float64] | None,
        member: NDArray[np.int64],
        form: Form,
    ) -> None:
        names: tuple[Hashable, ...] = self.columns_ if self.free is None else tuple(self.free)
        strange = [name for name in names if name not in self.columns_]
        if strange or not names:
            raise ConfigError(f"free: {strange or 'no item'} is not among the items {', '.join(self.columns_)}")
        n_groups, row_group = len(self.groups_), np.repeat(member, data.lengths)
        columns, families, response, sizes, place = [], [], [], [], []
        for item, name in enumerate(self.columns_):
            for group in range(n_groups if name in names else 1):
                own = np.where(row_group == group, codes[:, item], MISSING) if name in names else codes[:, item]
                if not (own >= 0).any():
                    raise DataError(f"{name}: never answered in group {self.groups_[group]!r} (rule item_answered)")
                columns.append(own)
                families.append(form.families[item])
                response.append(start.parameters.response[item])
                sizes.append(len(self.answers_[item]))
                place.append((item, group if name in names else -1))
        apart = observe(np.column_stack(columns).astype(np.int8), data.starts, weights, n_categories=sizes)
        wide = Form(tuple(families), penalty=self.penalty)
        plan = _plan_of(apart, data, member, n_groups)
        begin = CovariateParameters(start.parameters.initial, start.parameters.moves, tuple(response))
        found = self._climb(apart, wide, plan, begin, "answers by group")
        self.log_likelihood_free_ = expect_patterns(apart, found.parameters, plan).log_likelihood
        self.n_parameters_free_ = n_free(found.parameters, wide, apart)
        self.converged_free_ = found.reason == "tolerance"
        kept = found.parameters.reordered(self._states).response
        by_group: dict[str, list[NDArray[np.float64]]] = {name: [] for name in self.groups_}
        for (_, group), p in zip(place, kept, strict=True):
            for number, name in enumerate(self.groups_):
                if group in (-1, number):
                    by_group[name].append(p)
        self.group_response_ = by_group


def _plan_of(observations: Observations, data: Sequences, member: NDArray[np.int64], n_groups: int) -> Design:
    indicators = np.eye(n_groups)[member][:, 1:]
    later = None if observations.longest == 1 else np.repeat(indicators, data.lengths, axis=0)
    return design(observations, indicators, later)


def _row_of(patterns: NDArray[np.float64], group: int) -> int:
    wanted = np.eye(patterns.shape[1])[group] if group else np.zeros(patterns.shape[1])
    wanted[0] = 1.0
    return int(np.abs(patterns - wanted).sum(axis=1).argmin())
