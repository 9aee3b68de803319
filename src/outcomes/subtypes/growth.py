"""Which kinds of course do totals take: growth mixtures and latent class growth, the second family of trajectories.

Answers are added up first, so nothing here can tell symptoms apart. Log-likelihoods and BIC compare models of totals
with each other, never with models of answers: the data are not the same.
"""

import warnings
from typing import Literal, Self, cast

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from outcomes.errors import ConfigError, DataError, NotConvergedWarning
from outcomes.kernel.ascent import Ascent, ascend
from outcomes.kernel.growth_information import growth_errors
from outcomes.kernel.growth_mixture import (
    Courses,
    GrowthParameters,
    courses,
    expect_growth,
    growth_improver,
    growth_leap,
    growth_start,
)
from outcomes.kernel.latent_markov_starts import REACHED, Search
from outcomes.subtypes.answers import people_weights
from outcomes.subtypes.errors_of_growth import growth_error_table
from outcomes.subtypes.growth_frozen import freeze_growth, thaw_growth
from outcomes.subtypes.latent_markov import Progress, Source
from outcomes.subtypes.sequences import MISSING, sequences

EFFECTS = {"none": 0, "intercept": 1, "slope": 2}
HIGHEST_DEGREE = 5
FEWEST = 2


class GrowthMixture(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Which classes of growth curves do the totals fall into.

    Parameters
    ----------
    n_classes : int, default 3
        Number of classes.
    degree : int, default 2
        Highest power of time in the curves, 0 to 5.
    effects : {"none", "intercept", "slope"}, default "intercept"
        Person effects within a class: none (latent class growth analysis, in which people of a class differ by error
        alone), a level of one's own, or a level and a slope.
    variances : {"shared", "by_class"}, default "shared"
        Whether error variance and person effects are the same in all classes. With variances by class small classes can
        collapse; the log-likelihood then means nothing.
    n_starts : int, default 20
        Short climbs from different starts; the best few are finished.
    random_state : int, default 0
        Seed of the starts.
    search : outcomes.kernel.latent_markov_starts.Search, optional
        Sweeps, tolerances, number of finished climbs.

    Attributes
    ----------
    share_ : NDArray[np.float64], shape (n_classes,)
        Probability of each class; classes by the total expected at the last time, lowest first.
    coefficients_ : NDArray[np.float64], shape (n_classes, degree + 1)
        Of the powers of time, in the units of the input.
    error_variance_ : NDArray[np.float64], shape (n_classes,)
        Variance around a person's own curve.
    effect_covariance_ : NDArray[np.float64], shape (n_classes, r, r)
        Covariance of person effects, in the units of the input.
    log_likelihood_, n_parameters_, n_persons_, n_occasions_, entropy_r2_ : float
        As in `LatentMarkov`; persons are those with a total.
    n_incomplete_ : int
        Occasions left out because an item (or the total) was missing.
    path_, reason_, converged_, starts_, starts_at_best_
        As in `LatentMarkov`.
    smallest_class_ : float
        Share of the smallest class.

    References
    ----------
    Muthén B, Shedden K (1999). Finite mixture modeling with mixture outcomes using the EM algorithm. Biometrics 55,
    463-469. Nagin DS (2005). Group-Based Modeling of Development. Harvard University Press.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from outcomes.subtypes.growth import GrowthMixture
    >>> rng = np.random.default_rng(0)
    >>> person, week = np.repeat(np.arange(60), 4), np.tile(np.arange(4), 60)
    >>> score = np.rint(20 - np.where(person < 30, 5, 0) * week + rng.normal(0, 1, 240)).clip(0)
    >>> table = pd.DataFrame({"pseudonym": person, "occasion": week, "score": score})
    >>> model = GrowthMixture(2, degree=1, effects="none", n_starts=5).fit(table)
    >>> model.coefficients_.round().tolist()
    [[20.0, -5.0], [20.0, -0.0]]
    """

    def __init__(
        self,
        n_classes: int = 3,
        *,
        degree: int = 2,
        effects: Literal["none", "intercept", "slope"] = "intercept",
        variances: Literal["shared", "by_class"] = "shared",
        n_starts: int = 20,
        random_state: int = 0,
        search: Search | None = None,
    ) -> None:
        self.n_classes = n_classes
        self.degree = degree
        self.effects = effects
        self.variances = variances
        self.n_starts = n_starts
        self.random_state = random_state
        self.search = search

    def fit(
        self,
        X: Source,
        y: None = None,
        *,
        time: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        on_progress: Progress | None = None,
    ) -> Self:
        """Find the classes.

        Parameters
        ----------
        X : Trajectories, DataFrame or 2-D array
            As in `LatentMarkov.fit`; answers are added up, one column is a total already. Occasions with a missing
            answer are left out and counted.
        y : None
            Not used.
        time : array-like of float, shape (n_occasions,), optional
            When, in the order of the rows of ``X``; by default the number of the occasion, from 0.
        sample_weight : array-like of float, shape (n_sequences,), optional
            How many people each sequence stands for.
        on_progress : callable, optional
            Told (step, done, total).

        Returns
        -------
        GrowthMixture
            This estimator, fitted.

        Raises
        ------
        ConfigError
            If an argument is not allowed.
        DataError
            If fewer people than classes have a total, or totals do not vary.

        Warns
        -----
        NotConvergedWarning
            If the kept climb ended at its cap.
        """
        self._check_arguments()
        totals, when, starts, kept = self._laid(X, time)
        self.n_incomplete_ = sequences(X).items.shape[0] - totals.size
        if totals.size == 0:
            raise DataError("no occasion is complete, so there is no total to follow")
        self.origin_, self.unit_ = float(when.min()), max(float(np.ptp(when)), np.finfo(float).tiny)
        self.unit_ = self.unit_ if np.ptp(when) > 0 else 1.0
        weights = _kept_weights(sample_weight, kept)
        data = courses(totals, (when - self.origin_) / self.unit_, starts, self.degree, weights)
        if data.n.size < max(self.n_classes, FEWEST):
            raise DataError(f"{data.n.size} people have a total, which is too few for {self.n_classes} classes")
        if data.variance <= 0:
            raise DataError("the totals do not vary, so there are no classes to find")
        if np.linalg.matrix_rank(data.xx.sum(axis=0)) <= self.degree:
            raise ConfigError(f"degree is {self.degree}, but there are too few different times for such a curve")
        climbs = self._climbs(data, on_progress)
        self._keep(climbs, data)
        if not self.converged_:
            warnings.warn(
                f"{self.n_classes} growth classes: the kept start ended at its cap of {climbs[0][1].sweeps} sweeps; "
                "raise search.sweeps or choose fewer classes",
                NotConvergedWarning,
                stacklevel=2,
            )
        return self

    def classes(self, X: Source, *, time: ArrayLike | None = None) -> NDArray[np.float64]:
        """Which class does each person belong to.

        Parameters
        ----------
        X : Trajectories, DataFrame or 2-D array
            Patients of the fit or new ones.
        time : array-like of float, shape (n_occasions,), optional
            As in `fit`.

        Returns
        -------
        NDArray[np.float64], shape (n_sequences, n_classes)
            Probabilities; those of the whole sample for a person without any total.
        """
        check_is_fitted(self)
        totals, when, starts, kept = self._laid(X, time)
        found = np.repeat(self.share_[None], kept.size, axis=0)
        if totals.size:
            data = courses(totals, (when - self.origin_) / self.unit_, starts, self.degree)
            found[kept] = expect_growth(data, self.parameters_).member
        return found

    def curves(self, time: ArrayLike | None = None) -> pd.DataFrame:
        """How does each class fare.

        Parameters
        ----------
        time : array-like of float, optional
            When to look; by default eleven times over the range of the fit.

        Returns
        -------
        DataFrame
            One row a class and time: class, share, time, expected_total.
        """
        check_is_fitted(self)
        when = (
            np.linspace(self.origin_, self.origin_ + self.unit_, 11) if time is None else np.asarray(time, dtype=float)
        )
        powers = ((when - self.origin_) / self.unit_)[:, None] ** np.arange(self.degree + 1)
        rows = [
            (k + 1, float(self.share_[k]), float(t), float(v))
            for k, beta in enumerate(self.parameters_.beta)
            for t, v in zip(when, powers @ beta, strict=True)
        ]
        return pd.DataFrame(rows, columns=["class", "share", "time", "expected_total"])

    def standard_errors(
        self,
        X: Source,
        *,
        time: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        robust: bool = False,
    ) -> pd.DataFrame:
        """How sure are the shares, the curves and the variances of the classes.

        Parameters
        ----------
        X : Trajectories, DataFrame or 2-D array
            What the model was fitted to.
        time : array-like of float, shape (n_occasions,), optional
            As in the fit.
        sample_weight : array-like of float, shape (n_sequences,), optional
            The weights of the fit.
        robust : bool, default False
            Sandwich errors, which stay right where people of a class are not quite as the model says (a bounded total,
            errors that go on from session to session), in place of those of the observed information.

        Returns
        -------
        DataFrame
            One row a quantity: part ("share", "coefficient", "error_variance", "effect_covariance"), class (0 where
            classes share it), term (power of time), estimate, standard_error, low, high (95 % bounds). Missing where an
            estimate lies on the edge (a share or a variance of about 0) or the data do not say; the number of classes
            is taken as known.

        References
        ----------
        Louis TA (1982). Finding the observed information matrix when using the EM algorithm. Journal of the Royal
        Statistical Society B 44, 226-233. White H (1982). Maximum likelihood estimation of misspecified models.
        Econometrica 50, 1-25.
        """
        check_is_fitted(self)
        totals, when, starts, kept = self._laid(X, time)
        weights = _kept_weights(sample_weight, kept)
        data = courses(totals, (when - self.origin_) / self.unit_, starts, self.degree, weights)
        powers = _untimed(self.degree, self.origin_, self.unit_)
        r, by_class = self.parameters_.root.shape[1], self.variances == "by_class"
        errors = growth_errors(data, self.parameters_, powers, by_class=by_class, robust=robust)
        root = powers[:r, :r].T @ self.parameters_.root
        told = GrowthParameters(self.share_, self.coefficients_, root, self.error_variance_)
        return growth_error_table(told, errors, by_class=by_class)

    def information_criteria(self) -> dict[str, float]:
        """How good is the fit for its size, among models of the same totals (smaller is better).

        Returns
        -------
        dict of str to float
            aic, bic (n is the number of persons), sample_size_adjusted_bic, icl.
        """
        check_is_fitted(self)
        deviance, adjusted = -2 * self.log_likelihood_, (self.n_persons_ + 2) / 24
        bic = deviance + self.n_parameters_ * float(np.log(self.n_persons_))
        return {
            "aic": deviance + 2 * self.n_parameters_,
            "bic": bic,
            "sample_size_adjusted_bic": deviance + self.n_parameters_ * float(np.log(adjusted)),
            "icl": bic + 2 * self.class_entropy_,
        }

    def to_json(self) -> str:
        """Freeze the fitted model as text that thaws to the same bits.

        Returns
        -------
        str
            JSON without any person's total.
        """
        check_is_fitted(self)
        return freeze_growth(self)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Thaw a frozen model.

        Parameters
        ----------
        text : str
            What `to_json` returned.

        Returns
        -------
        GrowthMixture
            A fitted estimator that puts people into classes as the frozen one did.
        """
        return cast("Self", thaw_growth(text, cls()))

    def restore(self, parameters: GrowthParameters) -> None:
        """Take over parameters, as a thaw or a fit does; origin and unit of time are there.

        Parameters
        ----------
        parameters : GrowthParameters
            Classes already in their order.
        """
        self.parameters_ = parameters
        self.share_, self.error_variance_ = parameters.share, parameters.variance
        powers = _untimed(self.degree, self.origin_, self.unit_)
        self.coefficients_ = parameters.beta @ powers
        r = parameters.root.shape[1]
        self.effect_covariance_ = powers[:r, :r].T @ parameters.covariance @ powers[:r, :r]
        self.smallest_class_ = float(self.share_.min())

    def _check_arguments(self) -> None:
        if self.n_classes < 1 or self.n_starts < 1:
            raise ConfigError(
                f"n_classes and n_starts must be at least 1, got {self.n_classes!r} and {self.n_starts!r}"
            )
        if not 0 <= self.degree <= HIGHEST_DEGREE:
            raise ConfigError(f"degree must be between 0 and {HIGHEST_DEGREE}, got {self.degree!r}")
        if self.effects not in EFFECTS or EFFECTS[self.effects] > self.degree + 1:
            raise ConfigError(f"effects must be one of {', '.join(EFFECTS)}, and a slope needs a degree of at least 1")
        if self.variances not in {"shared", "by_class"}:
            raise ConfigError(f"variances must be shared or by_class, got {self.variances!r}")

    def _laid(
        self, X: Source, time: ArrayLike | None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64], NDArray[np.bool_]]:
        # totals and times of complete occasions, bounds of the people who have one, and who they are
        data = sequences(X)
        if time is None:
            when = data.position.astype(np.float64)
        else:
            given = np.asarray(time, dtype=np.float64)
            if given.shape != (data.items.shape[0],) or not np.isfinite(given).all():
                raise DataError(f"time: one finite value for each of the {data.items.shape[0]} occasions is needed")
            when = given[data.rows]
        complete = (data.items != MISSING).all(axis=1)
        counts = np.bincount(data.sequence[complete], minlength=data.starts.size - 1)
        starts = np.concatenate(([0], np.cumsum(counts[counts > 0])))
        return data.items[complete].sum(axis=1).astype(np.float64), when[complete], starts, counts > 0

    def _climbs(self, data: Courses, on_progress: Progress | None) -> list[tuple[int, Ascent[GrowthParameters], bool]]:
        plan = Search() if self.search is None else self.search
        improve = growth_improver(data, by_class=self.variances == "by_class")
        n_starts = self.n_starts if self.n_classes > 1 else 1
        streams, done, found = np.random.SeedSequence(self.random_state).spawn(n_starts), 0, []
        total = n_starts + min(plan.finished, n_starts)

        def climb(start: GrowthParameters, sweeps: int) -> Ascent[GrowthParameters]:
            nonlocal done
            ascent = ascend(
                start,
                improve,
                tolerance=plan.tolerance,
                score_tolerance=plan.score_tolerance,
                sweeps=sweeps,
                leap=growth_leap,
            )
            done += 1
            if on_progress is not None:
                on_progress(f"{self.n_classes} growth classes", done, total)
            return ascent

        for number, stream in enumerate(streams):
            rng = np.random.default_rng(stream) if number else None
            start = growth_start(data, self.n_classes, EFFECTS[self.effects], rng)
            found.append((number, climb(start, plan.short_sweeps), False))
        found.sort(key=lambda each: (-each[1].path[-1], each[0]))
        finished = [(n, climb(a.parameters, plan.sweeps), True) for n, a, _ in found[: plan.finished]]
        finished.sort(key=lambda each: (-each[1].path[-1], each[0]))
        return [*finished, *found[plan.finished :]]

    def _keep(self, climbs: list[tuple[int, Ascent[GrowthParameters], bool]], data: Courses) -> None:
        best = climbs[0][1]
        order = np.argsort(best.parameters.beta.sum(axis=1), kind="stable")  # time runs from 0 to 1
        self.restore(best.parameters.reordered(order))
        found = expect_growth(data, self.parameters_)
        self.log_likelihood_ = float(data.weights @ found.log_likelihood)
        self.n_parameters_ = self.parameters_.n_parameters(by_class=self.variances == "by_class")
        self.n_persons_, self.n_occasions_ = float(data.weights.sum()), int(data.n.sum())
        self.path_, self.reason_, self.converged_ = best.path, best.reason, best.reason == "tolerance"
        top = best.path[-1]
        self.starts_ = pd.DataFrame(
            [
                {
                    "start": number,
                    "objective": float(ascent.path[-1]),
                    "sweeps": ascent.sweeps,
                    "gap": ascent.gap,
                    "finished": whole,
                    "converged": whole and ascent.reason == "tolerance",
                    "reached_best": whole and float(ascent.path[-1]) >= top - REACHED,
                }
                for number, ascent, whole in climbs
            ]
        )
        self.starts_at_best_ = int(self.starts_["reached_best"].sum())
        logs = np.log(np.maximum(found.member, np.finfo(float).tiny))
        self.class_entropy_ = -float(data.weights @ (found.member * logs).sum(axis=1))
        most = self.n_persons_ * np.log(self.n_classes)
        self.entropy_r2_ = float(1 - self.class_entropy_ / most) if self.n_classes > 1 else 1.0


def _untimed(degree: int, origin: float, unit: float) -> NDArray[np.float64]:
    # row j: ((t - origin) / unit) ** j as powers of t
    rows = np.zeros((degree + 1, degree + 1))
    power = np.ones(1)
    for j in range(degree + 1):
        rows[j, : power.size] = power
        power = np.convolve(power, [-origin / unit, 1 / unit])
    return rows


def _kept_weights(sample_weight: ArrayLike | None, kept: NDArray[np.bool_]) -> NDArray[np.float64] | None:
    weights = people_weights(sample_weight, kept.size)
    if weights is not None and weights[kept].sum() <= 0:
        raise DataError("weights: nobody with a total has one above 0 (rule weight_known)")
    return None if weights is None else weights[kept]
