"""The ending is data: a latent Markov model in which the state of a session decides whether, and how, somebody leaves.

Recovery causes planned endings, worsening drop-out: what is missing after the end is not missing at random. Here the
ending is observed: at every session a person goes on or leaves in one of several ways, with probabilities that belong
to the state of that session.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2
from sklearn.base import clone

from outcomes.errors import DataError
from outcomes.kernel.latent_markov import Form, LatentMarkovParameters, expect
from outcomes.kernel.latent_markov_decoding import Chains
from outcomes.kernel.latent_markov_information import probability_errors
from outcomes.kernel.latent_markov_packing import Observations, observe
from outcomes.kernel.latent_markov_starts import Climb, Search
from outcomes.subtypes.answers import answers_seen, coded, people_weights
from outcomes.subtypes.errors_of_states import error_table
from outcomes.subtypes.frozen import NUMBERS
from outcomes.subtypes.latent_markov import LatentMarkov, Progress, Source
from outcomes.subtypes.profiles import expected_scores
from outcomes.subtypes.sequences import MISSING, Sequences, sequences

ENDING = "ending"  # the column beside the items
NEVER = 1e-300  # stands for the probability of going on where nobody does


class LatentMarkovWithEndings(LatentMarkov):
    """Which hidden states explain the answers *and* the endings.

    At every session a person in a given state goes on, or leaves in one of the observed ways. An open case has gone on
    until its last session and is not asked about that one.

    Parameters
    ----------
    n_states, emissions, time_varying, penalty, n_starts, random_state, n_jobs, search
        As in `LatentMarkov`; the ending has free probabilities in each state.

    Attributes
    ----------
    endings_ : tuple of str
        The ways to leave that were seen.
    ending_ : NDArray[np.float64], shape (n_states, 1 + n_endings)
        Probability, at each session in a state, of going on (first column) and of each way to leave.
    transition_ : NDArray[np.float64]
        Probability of moving, given that the person goes on.
    log_likelihood_ : float
        Of answers and endings together: compare it with `compare_endings`, not with a fit of answers alone.

    Notes
    -----
    Filtered, smoothed and Viterbi states of patients use the answers and that people went on until then, never how a
    sequence ended: a patient who is being treated has no ending yet. All else is as in `LatentMarkov`.

    References
    ----------
    Bartolucci F, Farcomeni A (2015). A discrete time event-history approach to informative drop-out in mixed latent
    Markov models with covariates. Biometrics 71, 80-89.

    Examples
    --------
    >>> import numpy as np
    >>> from outcomes.subtypes.exits import LatentMarkovWithEndings
    >>> answers = np.array([[0, 0, 0], [0, 0, 1], [3, 3, 3], [3, 2, 3]] * 10)
    >>> model = LatentMarkovWithEndings(n_states=2, n_starts=5)
    >>> model = model.fit(answers, endings=["completed", "completed", "dropped out", "dropped out"] * 10)
    >>> model.ending_table()["probability"].round().tolist()
    [0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    """

    kept_numbers: ClassVar[tuple[str, ...]] = (*NUMBERS, "endings_", "leaving_")

    def fit(  # type: ignore[override]  # an ending is needed
        self,
        X: Source,
        y: None = None,
        *,
        endings: ArrayLike,
        sample_weight: ArrayLike | None = None,
        on_progress: Progress | None = None,
        given: tuple[LatentMarkovParameters, ...] = (),
    ) -> Self:
        """Find the states.

        Parameters
        ----------
        X : Trajectories, DataFrame or 2-D array
            As in `LatentMarkov.fit`.
        y : None
            Not used.
        endings : array-like of str, shape (n_sequences,)
            How each sequence ended, in the order of `sequences`; None, NaN or "" for an open case.
        sample_weight : array-like of float, shape (n_sequences,), optional
            How many people each sequence stands for.
        on_progress : callable, optional
            Told (step, done, total).
        given : tuple of LatentMarkovParameters, optional
            Start values to try besides; the last item is the ending.

        Returns
        -------
        LatentMarkovWithEndings
            This estimator, fitted.

        Raises
        ------
        DataError
            If there is not one ending for each sequence, or every case is open.
        """
        data = sequences(X)
        together, self.endings_ = with_endings(data, endings)
        weights = people_weights(sample_weight, data.starts.size - 1)
        return self._fit(together, weights, on_progress, given)

    def ending_table(self) -> pd.DataFrame:
        """How probable is each way to leave, and going on, at a session in each state.

        Returns
        -------
        DataFrame
            One row a state and ending: state, ending ("goes on" first), probability.
        """
        names = ("goes on", *self.endings_)
        rows = [
            (s + 1, name, float(p)) for s, row in enumerate(self.ending_) for name, p in zip(names, row, strict=True)
        ]
        return pd.DataFrame(rows, columns=["state", "ending", "probability"])

    def standard_errors(  # type: ignore[override]  # an ending is needed
        self,
        X: Source,
        *,
        endings: ArrayLike,
        sample_weight: ArrayLike | None = None,
        on_progress: Progress | None = None,
    ) -> pd.DataFrame:
        """How sure is every probability, endings included.

        Parameters
        ----------
        X : Trajectories, DataFrame or 2-D array
            What the model was fitted to.
        endings : array-like of str, shape (n_sequences,)
            As in the fit.
        sample_weight : array-like of float, shape (n_sequences,), optional
            The weights of the fit.
        on_progress : callable, optional
            Told (step, done, total).

        Returns
        -------
        DataFrame
            As in `LatentMarkov.standard_errors`; rows with item "ending" have 0 for going on, 1, 2 ... for `endings_`.
        """
        data, _ = self._observed(X)
        together, _ = with_endings(data, endings)
        seen = np.flatnonzero(self.ending_.max(axis=0) > 0).astype(np.int8)
        answers, columns = (*self.answers_, seen), (*self.columns_, ENDING)
        weights = people_weights(sample_weight, data.starts.size - 1)
        sizes = [len(each) for each in answers]
        observations = observe(coded(together, answers), together.starts, weights, n_categories=sizes)
        moves = self.transition_ if self.time_varying else self.transition_[None]
        whole = LatentMarkovParameters(self.initial_, moves, (*self.response_, self.ending_[:, seen]))
        step = f"standard errors, {self._named()}"
        errors = probability_errors(
            observations,
            whole,
            self._form(columns),
            on_step=None if on_progress is None else lambda done, total: on_progress(step, done, total),
        )
        return error_table(whole, errors, answers, columns)

    def restore(self, parameters: LatentMarkovParameters) -> None:
        """Take over probabilities, as a thaw or a fit does.

        Parameters
        ----------
        parameters : LatentMarkovParameters
            With endings as last item (of a fit), or with moves that sum to the probability of going on (of a thaw).
        """
        moves, response, given = parameters.transition, parameters.response, parameters
        fresh = self.columns_[-1] == ENDING
        if fresh:
            ending = np.zeros((len(parameters.initial), 1 + len(self.endings_)))
            ending[:, self.answers_[-1]] = response[-1]
            self.leaving_ = ending.tolist()
            self.columns_, self.answers_, response = self.columns_[:-1], self.answers_[:-1], response[:-1]
            self.n_features_in_ = len(self.columns_)
        self.ending_ = np.array(self.leaving_)
        going_on = np.maximum(self.ending_[:, 0], NEVER)
        moves = moves if fresh else moves / going_on[None, :, None]
        joint = LatentMarkovParameters(parameters.initial, moves * going_on[None, :, None], response)
        self.parameters_ = joint if fresh else given
        self.initial_ = parameters.initial
        self.transition_ = moves if self.time_varying else moves[0]
        self.response_ = list(response)

    def own_facts(self) -> dict[str, Any]:
        """Say what a frozen model with endings keeps besides.

        Returns
        -------
        dict
            The moves of those who go on, to the same bits.
        """
        return {"moves": self.transition_.tolist()}

    def take_own_facts(self, facts: Mapping[str, Any]) -> None:
        """Take over what `own_facts` gave.

        Parameters
        ----------
        facts : mapping
            From the frozen text.
        """
        self.transition_ = np.array(facts["moves"], dtype=np.float64)
        self.endings_ = tuple(self.endings_)

    def transitions(self) -> pd.DataFrame:
        """How probable is each move, given that the person goes on.

        Returns
        -------
        DataFrame
            As in `LatentMarkov.transitions`.
        """
        table = super().transitions()
        return table.assign(
            probability=table["probability"] / np.maximum(self.ending_[table["from_state"] - 1, 0], NEVER)
        )

    def _family_names(self, columns: tuple[str, ...]) -> dict[str, str]:
        names = super()._family_names(tuple(column for column in columns if column != ENDING))
        return {**names, ENDING: "nominal"} if ENDING in columns else names

    def _order(self, parameters: LatentMarkovParameters) -> NDArray[np.int64]:
        totals = expected_scores(parameters.response[:-1], self.answers_[:-1]).sum(axis=1)
        return np.argsort(totals, kind="stable")

    def _keep(self, climbs: tuple[Climb, ...], observations: Observations, form: Form) -> None:
        # the model is described as it was fitted, with the ending as an item, and then split
        whole = climbs[0].ascent.parameters
        self._joint = whole.reordered(self._order(whole)), self.columns_, self.answers_
        super()._keep(climbs, observations, form)
        del self._joint

    def _describe(self, observations: Observations, chains: Chains | None = None) -> None:
        split = self.parameters_, self.columns_, self.answers_
        self.parameters_, self.columns_, self.answers_ = self._joint
        super()._describe(observations, chains)
        self.parameters_, self.columns_, self.answers_ = split
        self.constant_items_ = tuple(c for c in self.constant_items_ if c != ENDING)


def with_endings(data: Sequences, endings: ArrayLike) -> tuple[Sequences, tuple[str, ...]]:
    """Put the ending beside the items: 0 at every session after which somebody went on, else how they left.

    Parameters
    ----------
    data : Sequences
        Answers.
    endings : array-like of str, shape (n_sequences,)
        None, NaN or "" for an open case, whose last session is missing.

    Returns
    -------
    together : Sequences
        With the column ``ending`` last.
    kinds : tuple of str
        Ways to leave, in alphabetical order; coded 1, 2 ...

    Raises
    ------
    DataError
        If there is not one ending for each sequence, or every case is open.
    """
    given = np.asarray(endings, dtype=object).ravel()
    n = data.starts.size - 1
    if given.size != n:
        raise DataError(f"endings: one for each of the {n} sequences is needed, got {given.size}")
    open_case = pd.isna(given) | (given == "")
    kinds = tuple(sorted({str(kind) for kind in given[~open_case]}))
    if not kinds:
        raise DataError("endings: every case is open, so there is nothing to learn from how they end")
    column = np.zeros(data.items.shape[0], dtype=np.int8)
    codes = {kind: place + 1 for place, kind in enumerate(kinds)}
    last = [MISSING if left_open else codes[str(kind)] for kind, left_open in zip(given, open_case, strict=True)]
    column[data.starts[1:] - 1] = last
    items = np.column_stack((data.items, column)).astype(np.int8)
    return Sequences(items, data.starts, (*data.columns, ENDING), data.rows), kinds


@dataclass(frozen=True)
class EndingComparison:
    """The fit that takes drop-out as missing at random beside the one in which endings are data.

    Attributes
    ----------
    table : DataFrame
        One row a quantity: quantity ("initial", "transition", "share of sessions", "expected total"), state, to_state
        (0 where it does not apply), missing_at_random, with_endings, difference.
    endings : DataFrame
        One row a state and ending: state, ending, probability at a session in that state.
    at_random, with_endings : LatentMarkov
        The two fits; states of both are numbered from the mildest.
    likelihood_ratio, df, p_value : float
        Do endings depend on the state at all: twice the gain over the same endings in all states.
    """

    table: pd.DataFrame
    endings: pd.DataFrame
    at_random: LatentMarkov
    with_endings: LatentMarkovWithEndings
    likelihood_ratio: float
    df: int
    p_value: float


def compare_endings(
    X: Source,
    endings: ArrayLike,
    *,
    estimator: LatentMarkov | None = None,
    starts: int | None = None,
    search: Search | None = None,
    on_progress: Progress | None = None,
) -> EndingComparison:
    """How much do states, moves and shares change when the ending is data: a check of the missing-at-random fit.

    Parameters
    ----------
    X : Trajectories, DataFrame or 2-D array
        The sequences.
    endings : array-like of str, shape (n_sequences,)
        How each ended; None, NaN or "" for an open case.
    estimator : LatentMarkov, optional
        Its arguments are used for both fits; fitted already, it is taken as the missing-at-random fit.
    starts : int, optional
        New starts of the fit with endings beside the missing-at-random estimates; by default as many as before.
    search : Search, optional
        How hard the fit with endings looks; the estimator's by default.
    on_progress : callable, optional
        Told (step, done, total).

    Returns
    -------
    EndingComparison
        Both fits, side by side.
    """
    data = sequences(X)
    template = LatentMarkov() if estimator is None else estimator
    plain = template if hasattr(template, "parameters_") else clone(template).fit(data, on_progress=on_progress)
    together, _ = with_endings(data, endings)
    answers = answers_seen(together)
    column = together.items[:, -1]
    counts = np.bincount(column[column != MISSING])[answers[-1]]
    share, base = counts / counts.sum(), plain.parameters_
    constant = np.repeat(share[None], plain.n_states, axis=0)
    start = LatentMarkovParameters(base.initial, base.transition, (*base.response, constant))
    joint = LatentMarkovWithEndings(**plain.get_params(deep=False))
    if starts is not None:
        joint.set_params(n_starts=starts)
    if search is not None:
        joint.set_params(search=search)
    joint.fit(data, endings=endings, on_progress=on_progress, given=(start,))
    observations = observe(coded(together, answers), together.starts, n_categories=[len(seen) for seen in answers])
    ratio = 2 * (joint.log_likelihood_ - expect(observations, start).log_likelihood)
    df = (plain.n_states - 1) * (share.size - 1)
    return EndingComparison(
        _side_by_side(plain, joint),
        joint.ending_table(),
        plain,
        joint,
        ratio,
        df,
        float(chi2.sf(max(ratio, 0.0), max(df, 1))),
    )


def _side_by_side(plain: LatentMarkov, joint: LatentMarkov) -> pd.DataFrame:
    rows: list[tuple[str, int, int, float, float]] = []
    totals = [expected_scores(tuple(m.response_), m.answers_).sum(axis=1) for m in (plain, joint)]
    moves = [m.transitions()["probability"].to_numpy() for m in (plain, joint)]
    places = plain.transitions()[["from_state", "to_state"]].to_numpy()
    for state in range(plain.n_states):
        rows.append(("initial", state + 1, 0, plain.initial_[state], joint.initial_[state]))
        rows.append(("share of sessions", state + 1, 0, plain.state_share_[state], joint.state_share_[state]))
        rows.append(("expected total", state + 1, 0, totals[0][state], totals[1][state]))
    for (one, to), before, after in zip(places, *moves, strict=True):
        rows.append(("transition", int(one), int(to), before, after))
    table = pd.DataFrame(rows, columns=["quantity", "state", "to_state", "missing_at_random", "with_endings"])
    table["difference"] = table["with_endings"] - table["missing_at_random"]
    return table.sort_values(["quantity", "state", "to_state"], kind="stable", ignore_index=True)
