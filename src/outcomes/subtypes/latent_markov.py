"""Which states do patients move through: the latent Markov estimator.

Validates and translates; `outcomes.kernel.latent_markov` computes. States are numbered 1.. by the total score expected
in them, so state 1 is
always the mildest. Filtered, smoothed and Viterbi states are three methods: only the filtered ones may be used to
predict.
"""

import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, ClassVar, Self, cast

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from outcomes.errors import ConfigError, DataError, NotConvergedWarning
from outcomes.kernel.emissions import family
from outcomes.kernel.latent_markov import Form, LatentMarkovParameters, expect
from outcomes.kernel.latent_markov_decoding import Chains, Posterior, posterior, viterbi
from outcomes.kernel.latent_markov_information import probability_errors
from outcomes.kernel.latent_markov_packing import Observations, observe
from outcomes.kernel.latent_markov_starts import REACHED, Climb, Search, search
from outcomes.subtypes.answers import answers_seen, coded, people_weights
from outcomes.subtypes.errors_of_states import error_table
from outcomes.subtypes.frozen import NUMBERS, freeze, seal, thaw
from outcomes.subtypes.profiles import expected_scores, profile_table, response_table, transition_table
from outcomes.subtypes.sequences import MISSING, Sequences, Trajectories, sequences

Source = Trajectories | pd.DataFrame | NDArray[np.generic]
Progress = Callable[[str, int, int], None]

FEWEST_SEQUENCES = 2
ENOUGH_ROWS = 10_000  # rows in which different answers are looked for first; all of them only where these are too alike
PART = 20_000  # sequences described at a time, so that a million need no more memory than their answers
LARGEST_N_STATES = 64


class LatentMarkov(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Which hidden states explain the item answers, and how do patients move between them.

    Each occasion belongs to one of ``n_states`` hidden states; answers to the items are independent given the state;
    states follow a first-order
    Markov chain. Sequences may have any length. Missing answers, and occasions without any answer, are summed out of
    the likelihood,
    which takes them as missing at random. Time is counted in occasions, not days.

    Parameters
    ----------
    n_states : int, default 7
        Number of states, 1 to 64.
    emissions : {"nominal", "ordinal", "graded"} or dict of item name to one of them, default "nominal"
        Free answer probabilities, or ordered answers with one location a state and item and steps shared by states:
        by adjacent-category ("ordinal") or cumulative logits ("graded").
    time_varying : bool, default False
        Whether every step between occasions has transition probabilities of its own.
    penalty : float, default 0.1
        Pseudo-observations added to each probability vector to keep estimates off zero (see
        `outcomes.kernel.latent_markov.Form`); 0 is
        plain maximum likelihood.
    n_starts : int, default 50
        Short climbs from different starts; the best few are finished.
    random_state : int, default 0
        Seed of the starts; the same seed gives the same fit on any number of threads.
    n_jobs : int, default 1
        Threads.
    search : outcomes.kernel.latent_markov_starts.Search, optional
        Sweeps, tolerances and the number of finished climbs; ``n_starts`` overrides its number of starts.

    Attributes
    ----------
    initial_ : NDArray[np.float64], shape (n_states,)
        Probability of each state at the first occasion.
    transition_ : NDArray[np.float64], shape (n_states, n_states), or (n_steps, n_states, n_states) when time-varying
        Probability of moving from (rows) to (columns).
    response_ : list of NDArray[np.float64], each of shape (n_states, n_answers)
        Probability of each answer of each item.
    answers_ : tuple of NDArray[np.int8]
        The scored answers of each item that the columns of ``response_`` stand for: those seen in the fit.
    columns_ : tuple of str
        Item names.
    log_likelihood_ : float
        Log-likelihood of the data, without the penalty.
    path_ : NDArray[np.float64]
        Objective (log-likelihood plus penalty) at each sweep of the kept climb.
    reason_ : {"tolerance", "sweeps"}
        Why the kept climb ended.
    converged_ : bool
        Whether ``reason_`` is "tolerance"; the cap is never called convergence.
    starts_ : DataFrame
        One row a start: start, kind, objective, sweeps, gap, score, finished, converged, reached_best.
    starts_at_best_ : int
        Finished climbs whose limit is within 0.01 log units of the best.
    n_parameters_ : int
        Free probabilities.
    n_persons_ : float
        Summed weights of the sequences with at least one answer: the n of `bic`.
    n_sequences_, n_blank_sequences_, n_occasions_ : int
        Sequences, those without any answer (which tell nothing), occasions with at least one answer.
    constant_items_ : tuple of str
        Items with one answer only: the same in all states, no parameters.
    state_share_ : NDArray[np.float64], shape (n_states,)
        Expected share of answered occasions in each state.
    entropy_r2_ : float
        1 - mean entropy of the smoothed states / log(n_states); 1 is certain, 0 a guess.
    path_entropy_ : float
        Entropy of the whole hidden paths given the data, in log units: what `icl` adds to `bic`.

    Notes
    -----
    Not meant for diagnosis: states describe answer patterns. An item that keeps a persistence of its own beyond the
    states shows in
    `outcomes.subtypes.items`.

    References
    ----------
    Bartolucci F, Farcomeni A, Pennoni F (2013). Latent Markov Models for Longitudinal Data. Chapman & Hall.

    Examples
    --------
    >>> import numpy as np
    >>> from outcomes.subtypes.latent_markov import LatentMarkov
    >>> answers = np.array([[0, 0, 0], [0, 0, 1], [3, 3, 3], [3, 2, 3]] * 5)
    >>> model = LatentMarkov(n_states=2, n_starts=5).fit(answers)
    >>> model.viterbi(answers[:4]).tolist()
    [1, 1, 2, 2]
    """

    kept_numbers: ClassVar[tuple[str, ...]] = NUMBERS

    def __init__(
        self,
        n_states: int = 7,
        *,
        emissions: str | dict[str, str] = "nominal",
        time_varying: bool = False,
        penalty: float = 0.1,
        n_starts: int = 50,
        random_state: int = 0,
        n_jobs: int = 1,
        search: Search | None = None,
    ) -> None:
        self.n_states = n_states
        self.emissions = emissions
        self.time_varying = time_varying
        self.penalty = penalty
        self.n_starts = n_starts
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.search = search

    def fit(
        self,
        X: Source,
        y: None = None,
        *,
        sample_weight: ArrayLike | None = None,
        on_progress: Progress | None = None,
        given: tuple[LatentMarkovParameters, ...] = (),
    ) -> Self:
        """Find the states.

        Parameters
        ----------
        X : Trajectories, DataFrame or 2-D array
            See `outcomes.subtypes.sequences.sequences`; a table whose key columns have other names goes through that
            function first.
        y : None
            Not used.
        sample_weight : array-like of float, shape (n_sequences,), optional
            How many people each sequence stands for, in the order of `sequences`.
        on_progress : callable, optional
            Told (step, done, total).
        given : tuple of LatentMarkovParameters, optional
            Start values to try besides, for instance ``parameters_`` of another fit to the same answers.

        Returns
        -------
        LatentMarkov
            This estimator, fitted.

        Raises
        ------
        ConfigError
            If a constructor argument is not allowed, or there are more states than the data can tell apart.
        DataError
            If the answers cannot be used.

        Warns
        -----
        NotConvergedWarning
            If the kept climb ended at the cap.
        """
        data = sequences(X)
        return self._fit(data, people_weights(sample_weight, data.starts.size - 1), on_progress, given)

    def _fit(
        self,
        data: Sequences,
        weights: NDArray[np.float64] | None,
        on_progress: Progress | None,
        given: tuple[LatentMarkovParameters, ...] = (),
    ) -> Self:
        self._check_arguments()
        answers = answers_seen(data)
        observations = observe(coded(data, answers), data.starts, weights, n_categories=[len(seen) for seen in answers])
        form = self._form(data.columns)
        self._check_size(observations, form)
        step = self._named()
        climbs = search(
            observations,
            form,
            self._n_hidden,
            self._plan(),
            seed=np.random.SeedSequence(self.random_state),
            given=given,
            workers=self.n_jobs,
            on_climb=None if on_progress is None else lambda done, total: on_progress(step, done, total),
        )
        self.answers_ = answers
        self.columns_ = data.columns
        self.n_features_in_ = len(data.columns)
        self._keep(climbs, observations, form)
        if not self.converged_:
            warnings.warn(
                f"{step}: the kept start ended at its cap of {climbs[0].ascent.sweeps} sweeps, "
                f"an estimated {climbs[0].ascent.gap:.3g} log units below its limit; raise search.sweeps or choose "
                "fewer states",
                NotConvergedWarning,
                stacklevel=3,
            )
        return self

    @property
    def _n_hidden(self) -> int:
        # hidden states of the chain, which may be more than the states that answer in their own way
        return self.n_states

    def _named(self) -> str:
        return f"{self.n_states} states"

    def filtered(self, X: Source) -> NDArray[np.float64]:
        """Which state is each occasion in, given its answers and earlier ones only.

        Parameters
        ----------
        X : Trajectories, DataFrame or 2-D array
            Patients of the fit or new ones.

        Returns
        -------
        NDArray[np.float64], shape (n_occasions, n_states)
            Probabilities, in the order of the rows that were put in. The only ones that prediction and flags may use.
        """
        data, found = self._posterior(X)
        return in_order(self._by_state(found.filtered), data)

    def smoothed(self, X: Source) -> NDArray[np.float64]:
        """Which state was each occasion in, seen from the end of the sequence.

        Parameters
        ----------
        X : Trajectories, DataFrame or 2-D array
            Patients of the fit or new ones.

        Returns
        -------
        NDArray[np.float64], shape (n_occasions, n_states)
            Probabilities that use later answers too: for description, never for prediction.
        """
        data, found = self._posterior(X)
        return in_order(self._by_state(found.smoothed), data)

    def viterbi(self, X: Source) -> NDArray[np.int64]:
        """Which path of states is the likeliest as a whole.

        Parameters
        ----------
        X : Trajectories, DataFrame or 2-D array
            Patients of the fit or new ones.

        Returns
        -------
        NDArray[np.int64], shape (n_occasions,)
            Numbers of states from 1, as in every table of this room; uses later answers too.
        """
        data, observations = self._observed(X)
        return in_order(self._path(observations) + 1, data)

    def transform(self, X: Source) -> NDArray[np.float64]:
        """Turn occasions into state probabilities that a predictor may use: the filtered ones.

        Parameters
        ----------
        X : Trajectories, DataFrame or 2-D array
            Patients of the fit or new ones.

        Returns
        -------
        NDArray[np.float64], shape (n_occasions, n_states)
            The same as `filtered`.
        """
        return self.filtered(X)

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:
        """Name the columns of `transform`.

        Parameters
        ----------
        input_features : object, optional
            Not used.

        Returns
        -------
        NDArray[np.object_], shape (n_states,)
            ``state_1``, ``state_2`` ...
        """
        check_is_fitted(self)
        return np.array([f"state_{number + 1}" for number in range(self.n_states)], dtype=object)

    def log_likelihood(self, X: Source) -> NDArray[np.float64]:
        """How likely is each sequence under the fitted model.

        Parameters
        ----------
        X : Trajectories, DataFrame or 2-D array
            Patients of the fit or new ones.

        Returns
        -------
        NDArray[np.float64], shape (n_sequences,)
            Log-likelihoods in the order of `sequences`; zero for a sequence without any answer.
        """
        return self._posterior(X)[1].log_sequence

    def score(self, X: Source, y: None = None) -> float:
        """How well does the model foretell these patients: log-likelihood per answered occasion.

        Parameters
        ----------
        X : Trajectories, DataFrame or 2-D array
            Patients that were held out, to be honest.
        y : None
            Not used.

        Returns
        -------
        float
            Mean log-likelihood per occasion with at least one answer.

        Raises
        ------
        DataError
            If nothing was answered at all.
        """
        data, found = self._posterior(X)
        answered = int((data.items != MISSING).any(axis=1).sum())
        if answered == 0:
            raise DataError("no occasion holds an answer, so there is nothing to score")
        return float(found.log_sequence.sum() / answered)

    def profile(self) -> pd.DataFrame:
        """Show what each state looks like, item by item.

        Returns
        -------
        DataFrame
            One row a state and item: state, item, expected_score, at_least_1, at_least_2 ... (NaN where the item has
            no such answer).
        """
        check_is_fitted(self)
        return profile_table(tuple(self.response_), self.answers_, self.columns_)

    def responses(self) -> pd.DataFrame:
        """How probable is each answer in each state.

        Returns
        -------
        DataFrame
            One row a state, item and answer: state, item, answer, probability.
        """
        check_is_fitted(self)
        return response_table(tuple(self.response_), self.answers_, self.columns_)

    def transitions(self) -> pd.DataFrame:
        """How probable is each move.

        Returns
        -------
        DataFrame
            One row a step and pair of states: step (0 when all steps are alike), from_state, to_state, probability.
        """
        check_is_fitted(self)
        return transition_table(self.parameters_.transition, time_varying=self.time_varying)

    def standard_errors(
        self, X: Source, *, sample_weight: ArrayLike | None = None, on_progress: Progress | None = None
    ) -> pd.DataFrame:
        """How sure is every probability.

        Parameters
        ----------
        X : Trajectories, DataFrame or 2-D array
            What the model was fitted to; it keeps no patient's row itself.
        sample_weight : array-like of float, shape (n_sequences,), optional
            The weights of the fit.
        on_progress : callable, optional
            Told (step, done, total).

        Returns
        -------
        DataFrame
            One row a probability: part ("initial", "transition", "response"), step, from_state, state, item, answer,
            probability, standard_error, low, high (95 %, on the scale of log-odds). From the observed information,
            penalty included. NaN where a probability is within 0.00001 of 0 or 1, or the data do not say.
        """
        data, observations = self._observed(X, sample_weight)
        step = f"standard errors, {self._named()}"
        errors = probability_errors(
            observations,
            self.parameters_,
            self._form(data.columns),
            on_step=None if on_progress is None else lambda done, total: on_progress(step, done, total),
        )
        return error_table(self.parameters_, errors, self.answers_, self.columns_)

    def information_criteria(self) -> dict[str, float]:
        """How good is the fit for its size, by the usual criteria (smaller is better).

        Returns
        -------
        dict of str to float
            aic, bic (n is the number of persons, that is sequences with an answer, not rows),
            sample_size_adjusted_bic, icl.
        """
        check_is_fitted(self)
        deviance, adjusted = -2 * self.log_likelihood_, (self.n_persons_ + 2) / 24
        bic = deviance + self.n_parameters_ * float(np.log(self.n_persons_))
        return {
            "aic": deviance + 2 * self.n_parameters_,
            "bic": bic,
            "sample_size_adjusted_bic": deviance + self.n_parameters_ * float(np.log(adjusted)),
            "icl": bic + 2 * self.path_entropy_,
        }

    def to_json(self) -> str:
        """Freeze the fitted model as text that thaws to the same bits.

        Returns
        -------
        str
            JSON without any patient's row.
        """
        check_is_fitted(self)
        return seal(freeze(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Thaw a frozen model.

        Parameters
        ----------
        text : str
            What `to_json` returned.

        Returns
        -------
        LatentMarkov
            A fitted estimator that scores as the frozen one did.
        """
        return cast("Self", thaw(text, cls()))

    def own_facts(self) -> dict[str, Any]:
        """Say what a frozen model of this kind keeps besides what all kinds keep.

        Returns
        -------
        dict
            Text, numbers and lists; nothing for the plain model.
        """
        return {}

    def take_own_facts(self, facts: Mapping[str, Any]) -> None:
        """Take over what `own_facts` gave, as the last step of a thaw.

        Parameters
        ----------
        facts : mapping
            From the frozen text.
        """

    def _check_arguments(self) -> None:
        if not 1 <= self.n_states <= LARGEST_N_STATES:
            raise ConfigError(f"n_states must be between 1 and {LARGEST_N_STATES}, got {self.n_states!r}")
        if self.n_starts < 1:
            raise ConfigError(f"n_starts must be at least 1, got {self.n_starts!r}")
        if not (np.isfinite(self.penalty) and self.penalty >= 0):
            raise ConfigError(f"penalty must be a finite number of at least 0, got {self.penalty!r}")
        if not isinstance(self.random_state, (int, np.integer)) or self.random_state < 0:
            raise ConfigError(f"random_state must be a whole number of at least 0, got {self.random_state!r}")

    def _check_size(self, observations: Observations, form: Form) -> None:
        answered = (observations.codes >= 0).any(axis=1)
        with_answer = np.logical_or.reduceat(answered, observations.starts[:-1])
        people = int(with_answer.sum())
        if people < FEWEST_SEQUENCES:
            raise DataError(f"at least {FEWEST_SEQUENCES} sequences with an answer are needed, got {people}")
        some = observations.codes[np.flatnonzero(answered)[:ENOUGH_ROWS]]
        distinct = len(np.unique(some, axis=0))
        if self.n_states > distinct:
            distinct = len(np.unique(observations.codes[answered], axis=0))
        if self.n_states > min(distinct, people):
            raise ConfigError(
                f"n_states is {self.n_states}, but the data hold {people} sequences and {distinct} different rows of "
                f"answers; at most {min(distinct, people)} states could be told apart"
            )
        asked, told = form.n_parameters(observations, self._n_hidden), int((observations.codes >= 0).sum())
        if asked > told:
            raise ConfigError(f"n_states is {self.n_states}: {asked:,} free probabilities, {told:,} answers: too few")

    def borne_by(self, X: Source) -> bool:
        """Say whether data could bear a fit with these arguments at all, without making it.

        Parameters
        ----------
        X : Trajectories, DataFrame or 2-D array
            The sequences.

        Returns
        -------
        bool
            False where there are fewer people, or fewer different rows of answers, than states, or more free
            probabilities than answers. True is no recommendation.
        """
        data = sequences(X)
        answers = answers_seen(data)
        observations = observe(coded(data, answers), data.starts, n_categories=[len(seen) for seen in answers])
        with suppress(ConfigError, DataError):
            self._check_size(observations, self._form(data.columns))
            return True
        return False

    def _form(self, columns: tuple[str, ...]) -> Form:
        names = self._family_names(columns)
        if set(names) != set(columns):
            raise ConfigError(f"emissions: one family for each of {columns} is needed, got {tuple(names)}")
        families = tuple(family(names[column]) for column in columns)
        return Form(families, time_varying=self.time_varying, penalty=self.penalty)

    def _family_names(self, columns: tuple[str, ...]) -> dict[str, str]:
        return dict.fromkeys(columns, self.emissions) if isinstance(self.emissions, str) else dict(self.emissions)

    def _plan(self) -> Search:
        plan = Search() if self.search is None else self.search
        return Search(**{**plan.__dict__, "starts": self.n_starts})

    def _keep(self, climbs: tuple[Climb, ...], observations: Observations, form: Form) -> None:
        best = climbs[0]
        self.restore(best.ascent.parameters.reordered(self._order(best.ascent.parameters)))
        self.path_ = best.ascent.path
        self.reason_ = best.ascent.reason
        self.converged_ = self.reason_ == "tolerance"
        self.starts_ = _starts_table(climbs)
        self.starts_at_best_ = int(self.starts_["reached_best"].sum())
        self.n_parameters_ = form.n_parameters(observations, self._n_hidden)
        self._describe(observations)

    def _order(self, parameters: LatentMarkovParameters) -> NDArray[np.int64]:
        # the mildest state first
        totals = expected_scores(parameters.response, self.answers_).sum(axis=1)
        return np.argsort(totals, kind="stable")

    def restore(self, parameters: LatentMarkovParameters) -> None:
        """Take over probabilities, as a thaw or a fit does.

        Parameters
        ----------
        parameters : LatentMarkovParameters
            States already in their order.
        """
        self.parameters_ = parameters
        self.initial_ = parameters.initial
        self.transition_ = parameters.transition if self.time_varying else parameters.transition[0]
        self.response_ = list(parameters.response)

    def _describe(self, observations: Observations, chains: Chains | None = None) -> None:
        answered = (observations.codes >= 0).any(axis=1)
        with_answer = np.logical_or.reduceat(answered, observations.starts[:-1])
        self.n_persons_ = float(observations.weights[with_answer].sum())
        self.n_sequences_ = observations.n_sequences
        self.n_blank_sequences_ = int((~with_answer).sum())
        self.n_occasions_ = int(answered.sum())
        self.constant_items_ = tuple(c for c, seen in zip(self.columns_, self.answers_, strict=True) if len(seen) == 1)
        share, entropy = np.zeros(self.n_states), 0.0
        for first in range(0, observations.n_sequences, PART):
            last = min(first + PART, observations.n_sequences)
            part = observations.part(first, last)
            occasions = slice(observations.starts[first], observations.starts[last])
            own = None if chains is None else chains.part(slice(first, last), occasions)
            smoothed = self._by_state(self._decoded(part, own).smoothed)
            weights = part.occasion_weights * (part.codes >= 0).any(axis=1)
            share += weights @ smoothed
            entropy -= float(_x_log_y(smoothed, smoothed).sum(axis=1) @ weights)
        self.state_share_ = share / share.sum()
        self.entropy_r2_ = float(1 - entropy / share.sum() / np.log(self.n_states)) if self.n_states > 1 else 1.0
        self._describe_paths(observations)

    def _describe_paths(self, observations: Observations) -> None:
        expected = expect(observations, self.parameters_)
        self.log_likelihood_ = expected.log_likelihood
        complete = _x_log_y(expected.initial, self.parameters_.initial).sum()
        complete += _x_log_y(expected.transition, self.parameters_.transition).sum()
        responses = zip(expected.response, self.parameters_.response, strict=True)
        complete += sum(_x_log_y(counts, p).sum() for counts, p in responses)
        self.path_entropy_ = max(float(expected.log_likelihood - complete), 0.0)

    def _by_state(self, hidden: NDArray[np.float64]) -> NDArray[np.float64]:
        # probabilities of hidden states as those of states that answer in their own way
        return hidden

    def _path(self, observations: Observations) -> NDArray[np.int64]:
        return viterbi(observations, self.parameters_)

    def _decoded(self, observations: Observations, chains: Chains | None = None) -> Posterior:
        return posterior(observations, self.parameters_, chains)

    def _observed(self, X: Source, sample_weight: ArrayLike | None = None) -> tuple[Sequences, Observations]:
        check_is_fitted(self)
        data = sequences(X)
        names = self.columns_ if isinstance(X, np.ndarray) else data.columns
        if data.items.shape[1] != len(names) or not set(self.columns_) <= set(names):
            raise DataError(f"the model was fitted on items {', '.join(self.columns_)}; not all of them were put in")
        places = [names.index(column) for column in self.columns_]
        data = Sequences(data.items[:, places], data.starts, self.columns_, data.rows)
        codes = coded(data, self.answers_)
        weights = people_weights(sample_weight, data.starts.size - 1)
        return data, observe(codes, data.starts, weights, n_categories=[len(seen) for seen in self.answers_])

    def _posterior(self, X: Source) -> tuple[Sequences, Posterior]:
        data, observations = self._observed(X)
        return data, self._decoded(observations)


def in_order(values: NDArray[Any], data: Sequences) -> NDArray[Any]:
    """Put what was computed for occasions into the order of the rows that were put in.

    Parameters
    ----------
    values : NDArray, shape (n_occasions, ...)
        In the order of sequences.
    data : Sequences
        Says which row each occasion came from.

    Returns
    -------
    NDArray, shape (n_occasions, ...)
        In the order of rows.
    """
    ordered = np.empty_like(values)
    ordered[data.rows] = values
    return ordered


def _starts_table(climbs: tuple[Climb, ...]) -> pd.DataFrame:
    best = climbs[0].limit
    rows = [
        {
            "start": climb.number,
            "kind": climb.kind,
            "objective": climb.objective,
            "sweeps": climb.ascent.sweeps,
            "gap": climb.ascent.gap,
            "score": climb.ascent.score,
            "finished": climb.finished,
            "converged": climb.finished and climb.ascent.reason == "tolerance",
            "reached_best": climb.finished and climb.limit >= best - REACHED,
        }
        for climb in climbs
    ]
    return pd.DataFrame(rows)


def _x_log_y(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(x > 0, x * np.log(np.where(y > 0, y, 1.0)), 0.0)
