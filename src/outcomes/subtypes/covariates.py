"""What makes people begin in a state, and move between states: a latent Markov model with covariates."""

import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2, norm
from sklearn.utils.validation import check_is_fitted

from outcomes.errors import ConfigError, DataError, NotConvergedWarning
from outcomes.kernel.ascent import ascend
from outcomes.kernel.latent_markov import LatentMarkovParameters, pseudo_observations
from outcomes.kernel.latent_markov_covariates import (
    CovariateParameters,
    Design,
    design,
    expect_patterns,
    flat,
    from_homogeneous,
    gradient,
    improver_with_covariates,
    leap_with_covariates,
    n_free,
    pattern_probabilities,
    penalised,
    unflat,
)
from outcomes.kernel.latent_markov_decoding import Chains, Posterior, posterior, viterbi
from outcomes.kernel.latent_markov_information import covariance, observed_information
from outcomes.kernel.latent_markov_packing import Observations, observe
from outcomes.subtypes.answers import answers_seen, coded, people_weights
from outcomes.subtypes.errors_of_states import NORMAL
from outcomes.subtypes.frozen import NUMBERS, freeze, listed, seal, tabled
from outcomes.subtypes.latent_markov import LatentMarkov, Progress, Source, in_order
from outcomes.subtypes.profiles import expected_scores
from outcomes.subtypes.sequences import MISSING, sequences

Table = pd.DataFrame | None
CONSTANT = "constant"
PLACES = ("first state", "moves")
TINY = 1e-300


class CovariateLatentMarkov(LatentMarkov):
    """Which covariates go with the first state, and which with moving from one state to another.

    The first state is a multinomial logit against state 1 (the mildest); a move from each state a multinomial logit
    against staying. The climb begins at the best fit without covariates, of which ``n_starts`` and ``search`` speak.

    Parameters
    ----------
    n_states, emissions, penalty, n_starts, random_state, n_jobs, search
        As in `LatentMarkov`. The penalty spreads over covariate patterns as people do and draws slopes towards zero.
    time_varying : bool, default False
        Must be False: let time, or an indicator of each session, be a covariate of moves instead.

    Attributes
    ----------
    coefficients_ : DataFrame
        One row a coefficient: part ("initial" or "move"), from_state (0 for initial), to_state, covariate ("constant"
        first), coefficient (log-odds), standard_error, z, p_value, odds_ratio, low, high (95 % bounds of the odds
        ratio). Standard errors from the observed information, penalty included; NaN where the data do not say.
    without_ : LatentMarkov
        The best fit without covariates.
    likelihood_ratio_, likelihood_ratio_df_, likelihood_ratio_p_ : float
        Twice the gain over ``without_``, the coefficients behind it, and the chi-square p-value.
    initial_, transition_ : NDArray[np.float64]
        Mean probabilities over the people, and over the moves, of the fit.
    response_, log_likelihood_, n_parameters_, path_, reason_, converged_, n_persons_ ...
        As in `LatentMarkov`.

    Notes
    -----
    A covariate known only later than the move it explains (number of sessions, ending) makes coefficients meaningless.
    Every different row of covariates has its own transition matrix in memory (0.5 kB with up to 8 states, thrice).

    References
    ----------
    Bartolucci F, Farcomeni A, Pennoni F (2013). Latent Markov Models for Longitudinal Data. Chapman & Hall, chapter 5.
    """

    kept_numbers: ClassVar[tuple[str, ...]] = (
        *(name for name in NUMBERS if name != "starts_at_best_"),
        "likelihood_ratio_",
        "likelihood_ratio_df_",
        "likelihood_ratio_p_",
    )

    def fit(  # type: ignore[override]  # covariates belong to the data
        self,
        X: Source,
        y: None = None,
        *,
        initial: Table = None,
        moves: Table = None,
        sample_weight: ArrayLike | None = None,
        on_progress: Progress | None = None,
    ) -> Self:
        """Find the states and what goes with them.

        Parameters
        ----------
        X : Trajectories, DataFrame or 2-D array
            As in `LatentMarkov.fit`.
        y : None
            Not used.
        initial : DataFrame, optional
            One row a sequence, in the order of `sequences`; numbers only (code categories as indicators).
        moves : DataFrame, optional
            One row an occasion, in the order of the rows of ``X``: what may change the move *into* it. Rows of first
            occasions are not looked at, and may be missing.
        sample_weight : array-like of float, shape (n_sequences,), optional
            How many people each sequence stands for.
        on_progress : callable, optional
            Told (step, done, total).

        Returns
        -------
        CovariateLatentMarkov
            This estimator, fitted.

        Raises
        ------
        ConfigError
            If neither table is given, or transitions are time-varying.
        DataError
            If covariates are missing, not numbers, or collinear.

        Warns
        -----
        NotConvergedWarning
            If the climb ended at its cap.
        """
        if initial is None and moves is None:
            raise ConfigError("initial, moves: at least one table of covariates is needed")
        if self.time_varying:
            raise ConfigError("time_varying must be False: let time be a covariate of moves")
        data = sequences(X)
        plain: LatentMarkov = LatentMarkov(**self.get_params(deep=False))
        self.without_ = plain.fit(data, sample_weight=sample_weight, on_progress=on_progress)
        weights = people_weights(sample_weight, data.starts.size - 1)
        self.answers_, self.columns_ = answers_seen(data), data.columns
        self.n_features_in_ = len(data.columns)
        n_categories = [len(seen) for seen in self.answers_]
        observations = observe(coded(data, self.answers_), data.starts, weights, n_categories=n_categories)
        if hasattr(self, "logits_"):
            del self.logits_
        self.covariates_ = tuple([] if t is None else list(map(str, t.columns)) for t in (initial, moves))
        plan = self._design(observations, data.rows, initial, moves)
        self._climb(observations, plan)
        return self

    def filtered(self, X: Source, *, initial: Table = None, moves: Table = None) -> NDArray[np.float64]:
        """Which state is each occasion in, given its answers and earlier ones only.

        Parameters
        ----------
        X : Trajectories, DataFrame or 2-D array
            Patients of the fit or new ones.
        initial, moves : DataFrame, optional
            The covariates of the fit, for these patients.

        Returns
        -------
        NDArray[np.float64], shape (n_occasions, n_states)
            Probabilities, in the order of the rows that were put in.
        """
        rows, found = self._with_covariates(X, initial, moves)
        return in_order(found.filtered, rows)

    def smoothed(self, X: Source, *, initial: Table = None, moves: Table = None) -> NDArray[np.float64]:
        """Which state was each occasion in, seen from the end of the sequence.

        Parameters
        ----------
        X : Trajectories, DataFrame or 2-D array
            Patients of the fit or new ones.
        initial, moves : DataFrame, optional
            The covariates of the fit, for these patients.

        Returns
        -------
        NDArray[np.float64], shape (n_occasions, n_states)
            Probabilities that use later answers too.
        """
        rows, found = self._with_covariates(X, initial, moves)
        return in_order(found.smoothed, rows)

    def viterbi(self, X: Source, *, initial: Table = None, moves: Table = None) -> NDArray[np.int64]:
        """Which path of states is the likeliest as a whole.

        Parameters
        ----------
        X : Trajectories, DataFrame or 2-D array
            Patients of the fit or new ones.
        initial, moves : DataFrame, optional
            The covariates of the fit, for these patients.

        Returns
        -------
        NDArray[np.int64], shape (n_occasions,)
            Numbers of states from 1.
        """
        data, observations = self._observed(X)
        chains = self._chains(self._design(observations, data.rows, initial, moves))
        return in_order(viterbi(observations, self.parameters_, chains) + 1, data)

    def log_likelihood(self, X: Source, *, initial: Table = None, moves: Table = None) -> NDArray[np.float64]:
        """How likely is each sequence under the fitted model.

        Parameters
        ----------
        X : Trajectories, DataFrame or 2-D array
            Patients of the fit or new ones.
        initial, moves : DataFrame, optional
            The covariates of the fit, for these patients.

        Returns
        -------
        NDArray[np.float64], shape (n_sequences,)
            Log-likelihoods in the order of `sequences`.
        """
        return self._with_covariates(X, initial, moves)[1].log_sequence

    def probabilities(self, initial: Table = None, moves: Table = None) -> dict[str, NDArray[np.float64]]:
        """Which probabilities has somebody with these covariates.

        Parameters
        ----------
        initial, moves : DataFrame, optional
            Rows of covariates of first states and of moves.

        Returns
        -------
        dict of str to NDArray
            "initial", shape (n_rows, n_states), and "moves", shape (n_rows, n_states, n_states), for what was given.
        """
        check_is_fitted(self, "coefficients_")
        found = {}
        for place, (name, table) in enumerate((("initial", initial), ("moves", moves))):
            if table is not None:
                rows = np.column_stack((np.ones(len(table)), self._numbers_of(table, place)))
                empty = np.zeros(0, dtype=np.int64)
                plan = Design(rows, empty, rows, empty, np.zeros(0), np.zeros(0))
                one = self.logits_
                like = CovariateParameters(
                    one.initial if place == 0 else np.zeros((self.n_states, rows.shape[1])),
                    one.moves if place == 1 else np.zeros((self.n_states, self.n_states, rows.shape[1])),
                    one.response,
                )
                found[name] = pattern_probabilities(like, plan)[place]
        return found

    def score(self, X: Source, y: None = None, *, initial: Table = None, moves: Table = None) -> float:
        """How well does the model foretell these patients: log-likelihood per answered occasion.

        Parameters
        ----------
        X : Trajectories, DataFrame or 2-D array
            Patients that were held out, to be honest.
        y : None
            Not used.
        initial, moves : DataFrame, optional
            The covariates of the fit, for these patients.

        Returns
        -------
        float
            Mean log-likelihood per occasion with at least one answer.

        Raises
        ------
        DataError
            If nothing was answered at all.
        """
        answered = int((sequences(X).items != MISSING).any(axis=1).sum())
        if answered == 0:
            raise DataError("no occasion holds an answer, so there is nothing to score")
        return float(self.log_likelihood(X, initial=initial, moves=moves).sum() / answered)

    def standard_errors(
        self, X: Source, *, sample_weight: ArrayLike | None = None, on_progress: Progress | None = None
    ) -> pd.DataFrame:
        """Refuse: the standard errors of this model stand in ``coefficients_``.

        Parameters
        ----------
        X, sample_weight, on_progress
            Not used.

        Raises
        ------
        ConfigError
            Always.
        """
        raise ConfigError("standard errors of a model with covariates stand in coefficients_; others in without_")

    def own_facts(self) -> dict[str, Any]:
        """Say what a frozen model with covariates keeps besides: names, coefficients, the fit without covariates.

        Returns
        -------
        dict
            Text, numbers and lists; nobody's covariates.
        """
        check_is_fitted(self, "coefficients_")
        return {
            "covariates": [list(names) for names in self.covariates_],
            "initial_logits": self.logits_.initial.tolist(),
            "move_logits": self.logits_.moves.tolist(),
            "coefficients": listed(self.coefficients_),
            "without": freeze(self.without_),
        }

    def take_own_facts(self, facts: Mapping[str, Any]) -> None:
        """Take over what `own_facts` gave.

        Parameters
        ----------
        facts : mapping
            From the frozen text.

        Raises
        ------
        ValueError
            If the coefficients have not the size that states and names ask for.
        """
        first, later = facts["covariates"]
        initial, moves = (np.array(facts[name], dtype=np.float64) for name in ("initial_logits", "move_logits"))
        n = self.n_states
        if initial.shape != (n, 1 + len(first)) or moves.shape != (n, n, 1 + len(later)):
            raise ValueError("coefficients do not fit the names of covariates")
        self.covariates_ = (list(first), list(later))
        self.logits_: CovariateParameters = CovariateParameters(initial, moves, self.parameters_.response)
        self.coefficients_ = tabled(facts["coefficients"])
        self.without_ = LatentMarkov.from_json(seal(facts["without"]))

    def _climb(self, observations: Observations, plan: Design) -> None:
        form = self._form(self.columns_)
        start = from_homogeneous(self.without_.parameters_, plan)
        search = self._plan()
        found = ascend(
            start,
            improver_with_covariates(observations, form, self.n_states, plan),
            tolerance=search.tolerance,
            score_tolerance=search.score_tolerance,
            sweeps=search.sweeps,
            leap=partial(leap_with_covariates, form=form),
        )
        totals = expected_scores(found.parameters.response, self.answers_).sum(axis=1)
        best = found.parameters.reordered(np.argsort(totals, kind="stable"))
        self.logits_, self.path_, self.reason_ = best, found.path, found.reason
        self.converged_ = found.reason == "tolerance"
        pseudo = pseudo_observations(observations, form.penalty, self.n_states)
        at = flat(best, form)

        def score(values: NDArray[np.float64]) -> NDArray[np.float64]:
            here = unflat(values, best, form)
            return gradient(penalised(observations, here, plan, pseudo)[0], here, plan, form, pseudo)

        spread = covariance(observed_information(score, at))
        self.coefficients_ = self._coefficients(at, np.sqrt(np.diag(spread)))
        expected = expect_patterns(observations, best, plan)
        self.log_likelihood_, self.n_parameters_ = expected.log_likelihood, n_free(best, form, observations)
        self._averages(best, plan)
        self._expected_, self._patterns_ = expected, pattern_probabilities(best, plan)
        self._describe(observations, self._chains(plan))
        del self._expected_, self._patterns_
        self.likelihood_ratio_ = 2 * (self.log_likelihood_ - self.without_.log_likelihood_)
        self.likelihood_ratio_df_ = self.n_parameters_ - self.without_.n_parameters_
        self.likelihood_ratio_p_ = float(chi2.sf(max(self.likelihood_ratio_, 0.0), self.likelihood_ratio_df_))
        if not self.converged_:
            warnings.warn(
                f"{self._named()} with covariates: the climb ended at its cap of {found.sweeps} sweeps; raise "
                "search.sweeps or choose fewer states",
                NotConvergedWarning,
                stacklevel=3,
            )

    def _averages(self, best: CovariateParameters, plan: Design) -> None:
        initial, moves = pattern_probabilities(best, plan)
        mean = LatentMarkovParameters(
            plan.initial_share @ initial, np.einsum("r,rij->ij", plan.move_share, moves)[None], best.response
        )
        self.restore(mean)

    def _describe_paths(self, observations: Observations) -> None:
        expected, (initial, moves) = self._expected_, self._patterns_
        complete = (expected.initial * np.log(np.maximum(initial, TINY))).sum()
        complete += (expected.moves * np.log(np.maximum(moves, TINY)).transpose(1, 0, 2)).sum()
        pairs = zip(expected.response, self.logits_.response, strict=True)
        complete += sum((counts * np.log(np.maximum(p, TINY))).sum() for counts, p in pairs)
        self.path_entropy_ = max(float(expected.log_likelihood - complete), 0.0)

    def _decoded(self, observations: Observations, chains: Chains | None = None) -> Posterior:
        if chains is None:
            raise DataError(
                f"covariates {', '.join(name for names in self.covariates_ for name in names)} are needed: give "
                "initial= and moves= to filtered, smoothed, viterbi or log_likelihood"
            )
        return posterior(observations, self.parameters_, chains)

    def _coefficients(self, at: NDArray[np.float64], error: NDArray[np.float64]) -> pd.DataFrame:
        first, later = ([CONSTANT, *names] for names in self.covariates_)
        states = range(1, self.n_states + 1)
        rows: list[tuple[Any, ...]] = [("initial", 0, to, name) for to in states if to > 1 for name in first]
        rows += [("move", one, to, name) for one in states for to in states if to != one for name in later]
        table = pd.DataFrame(rows, columns=["part", "from_state", "to_state", "covariate"])
        value, wrong = at[: len(rows)], error[: len(rows)]
        table["coefficient"], table["standard_error"] = value, wrong
        table["z"] = value / wrong
        table["p_value"] = 2 * norm.sf(np.abs(table["z"]))
        with np.errstate(over="ignore"):
            table["odds_ratio"] = np.exp(value)
            table["low"], table["high"] = np.exp(value - NORMAL * wrong), np.exp(value + NORMAL * wrong)
        return table

    def _numbers(self, table: Table, place: int) -> NDArray[np.float64] | None:
        names = self.covariates_[place]
        if table is None and names:
            raise DataError(f"covariates {', '.join(names)} were in the fit and are needed here (rule covariate_given)")
        return None if table is None else self._numbers_of(table, place)

    def _numbers_of(self, table: pd.DataFrame, place: int) -> NDArray[np.float64]:
        names = list(self.covariates_[place])
        given = table.set_axis(list(map(str, table.columns)), axis=1)
        check_names(names, list(given.columns), PLACES[place])
        try:
            numbers: NDArray[np.float64] = given[names].to_numpy(dtype=np.float64, na_value=np.nan)
        except (TypeError, ValueError):
            raise DataError(
                f"covariates {', '.join(names)}: numbers are needed (rule covariate_numeric); code categories as 0, 1"
            ) from None
        return numbers

    def _design(self, observations: Observations, rows: NDArray[np.int64], initial: Table, moves: Table) -> Design:
        first, later = self._numbers(initial, 0), self._numbers(moves, 1)
        for what, found, size in (("sequence", first, observations.n_sequences), ("occasion", later, rows.size)):
            if found is not None and len(found) != size:
                raise DataError(f"covariates: one row for each {what} is needed, {size}, got {len(found)}")
        return design(observations, first, None if later is None else later[rows], fitted=hasattr(self, "logits_"))

    def _chains(self, plan: Design) -> Chains:
        initial, moves = pattern_probabilities(self.logits_, plan)
        return Chains(initial, plan.initial_pattern, moves, plan.move_pattern)

    def _with_covariates(self, X: Source, initial: Table, moves: Table) -> tuple[Any, Posterior]:
        data, observations = self._observed(X)
        chains = self._chains(self._design(observations, data.rows, initial, moves))
        return data, posterior(observations, self.parameters_, chains)


def check_names(wanted: Sequence[str], given: Sequence[str], what: str) -> None:
    """Refuse covariates that are not those of the fit, in whatever order they come.

    Parameters
    ----------
    wanted : sequence of str
        Names of the fit.
    given : sequence of str
        Names that were put in.
    what : str
        What they are covariates of, for the message.

    Raises
    ------
    DataError
        If one is missing, unknown or given twice; names are told, no value is.
    """
    missing = [name for name in wanted if name not in given]
    unknown = [name for name in given if name not in wanted]
    twice = sorted({name for name in given if list(given).count(name) > 1})
    faults = [
        f"{word} {', '.join(names)}"
        for word, names in (("missing", missing), ("unknown", unknown), ("twice", twice))
        if names
    ]
    if faults:
        had = ", ".join(wanted) or "none"
        raise DataError(
            f"covariates of the {what}: {'; '.join(faults)}; the fit had {had} (rule covariates_of_the_fit)"
        )
