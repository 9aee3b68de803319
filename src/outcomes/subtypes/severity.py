"""Are there subtypes at all, or only more and less of the same: classes against continuous severity.

Several classes in a row of rising severity are no evidence of subtypes. So latent class models compete here with one
and two continuous dimensions for the same rows: the first answered occasion of each person. How many states a model of
whole courses needs is for `selection`.
"""

import warnings
from collections.abc import Iterable
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone

from outcomes.errors import ConfigError, NotConvergedWarning
from outcomes.kernel.graded_response import place
from outcomes.kernel.graded_response_answers import answers
from outcomes.kernel.graded_response_fit import FEWEST_ITEMS, FactorFit, fit_factors
from outcomes.kernel.latent_markov_starts import Search
from outcomes.subtypes.latent_markov import LatentMarkov, Progress, Source
from outcomes.subtypes.sequences import MISSING, Sequences, sequences

CLASSES, CONTINUOUS = "classes", "continuous"
CLEAR = 10.0  # a lead in BIC that counts as very strong (Kass & Raftery 1995, J Am Stat Assoc 90, 773-795, section 4.1)
TWO = 2
FAMILIES = ("nominal", "ordinal")


def first_occasions(X: Source) -> Sequences:
    """Say what each person answered first.

    Parameters
    ----------
    X : Trajectories, DataFrame or 2-D array
        See `outcomes.subtypes.sequences.sequences`. Where a column ``pseudonym`` (of a table, or of the ``keys`` of
        trajectories) tells persons apart, a person with several referrals counts once; else each sequence is a
        person.

    Returns
    -------
    Sequences
        One occasion a person: the first one with an answer, in order of sequences. Persons without any are left out.
    """
    data = sequences(X)
    _, person = np.unique(_persons(X, data), return_inverse=True)
    answered = np.flatnonzero((data.items != MISSING).any(axis=1))
    _, first = np.unique(person.ravel()[data.sequence[answered]], return_index=True)
    rows = np.sort(answered[first])
    return Sequences(data.items[rows], np.arange(rows.size + 1), data.columns, data.rows[rows])


def _persons(X: Source, data: Sequences) -> NDArray[np.generic]:
    # whom each sequence belongs to
    begin = data.starts[:-1]
    if isinstance(X, pd.DataFrame) and "pseudonym" in X.columns:
        return cast("NDArray[np.generic]", X["pseudonym"].to_numpy()[data.rows[begin]].astype(str))
    keys = getattr(X, "keys", None)
    if isinstance(keys, pd.DataFrame) and "pseudonym" in keys.columns and len(keys) == begin.size:
        return cast("NDArray[np.generic]", keys["pseudonym"].to_numpy().astype(str))
    return np.arange(begin.size)


def compare_with_factors(
    X: Source,
    n_states: Iterable[int] = range(1, 8),
    *,
    estimator: LatentMarkov | None = None,
    on_progress: Progress | None = None,
) -> pd.DataFrame:
    """Do classes describe the answers better than continuous severity does.

    Only the first answered occasion of each person is used, so that rows are independent and every model has the same
    likelihood to raise. Classes compete with free answer probabilities and with ordered ones, because the continuous
    models (graded response, one and two dimensions) spend fewer parameters on ordered answers and would else win by
    thrift alone.

    Parameters
    ----------
    X : Trajectories, DataFrame or 2-D array
        See `first_occasions`.
    n_states : iterable of int, default 1 to 7
        Numbers of classes to try.
    estimator : LatentMarkov, optional
        Its arguments, apart from ``n_states`` and ``time_varying``, are used for the classes; by default ten starts of
        which three are finished. Emissions given by item are kept as they are; else both families compete.
    on_progress : callable, optional
        Told (step, done, total).

    Returns
    -------
    DataFrame
        One row a model: model, kind ("classes" or "continuous"), size (classes or dimensions), answers ("nominal",
        "ordinal", "by item" or "graded"), log_likelihood, n_parameters, aic, bic (n is the number of persons),
        n_persons, starts_at_best, converged, best (the smallest BIC). Two dimensions are left out below five items
        that vary.

    Raises
    ------
    ConfigError
        If there is no number of classes to try, or more classes than the first occasions can tell apart.
    DataError
        If an item was never answered at a first occasion, or fewer than three items vary.
    """
    numbers = sorted(set(n_states))
    if not numbers:
        raise ConfigError("n_states: at least one number of classes is needed, got none")
    first = first_occasions(X)
    template = LatentMarkov(n_starts=10, search=Search(finished=3)) if estimator is None else estimator
    families = FAMILIES if isinstance(template.emissions, str) else (template.emissions,)
    rows = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotConvergedWarning)
        for k in numbers:
            # one class has free answers in either family
            for emissions in families[:1] if k == 1 else families:
                model = cast("LatentMarkov", clone(template))
                model.set_params(n_states=k, emissions=emissions, time_varying=False)
                rows.append(_class_row(model.fit(first, on_progress=on_progress)))
    codes = _numbered(first)
    seed = template.random_state
    rows.append(_factor_row(fit_factors(codes)))
    if (codes.max(axis=0) > 0).sum() >= FEWEST_ITEMS[1]:
        told = None if on_progress is None else lambda done, total: on_progress("two dimensions", done, total)
        rows.append(_factor_row(fit_factors(codes, TWO, rng=np.random.default_rng(seed), on_climb=told)))
    table = pd.DataFrame(rows)
    table["best"] = table.index == int(table["bic"].to_numpy().argmin())
    return table


def _numbered(first: Sequences) -> NDArray[np.int8]:
    # answers numbered from 0 among those given
    codes = np.full(first.items.shape, MISSING, dtype=np.int8)
    for item, column in enumerate(first.items.T):
        given = column != MISSING
        codes[given, item] = np.unique(column[given], return_inverse=True)[1].ravel()
    return codes


def _class_row(model: LatentMarkov) -> dict[str, object]:
    criteria = model.information_criteria()
    family = model.emissions if isinstance(model.emissions, str) else "by item"
    words = {"nominal": " with free answers", "ordinal": " with ordered answers"}.get(family, "")
    return {
        "model": "1 class" if model.n_states == 1 else f"{model.n_states} classes{words}",
        "kind": CLASSES,
        "size": model.n_states,
        "answers": family,
        "log_likelihood": model.log_likelihood_,
        "n_parameters": model.n_parameters_,
        "aic": criteria["aic"],
        "bic": criteria["bic"],
        "n_persons": model.n_persons_,
        "starts_at_best": model.starts_at_best_,
        "converged": model.converged_,
    }


def _factor_row(fit: FactorFit) -> dict[str, object]:
    deviance = -2 * fit.log_likelihood
    return {
        "model": "one dimension" if fit.model.n_dimensions == 1 else "two dimensions",
        "kind": CONTINUOUS,
        "size": fit.model.n_dimensions,
        "answers": "graded",
        "log_likelihood": fit.log_likelihood,
        "n_parameters": fit.n_parameters,
        "aic": deviance + 2 * fit.n_parameters,
        "bic": deviance + fit.n_parameters * float(np.log(fit.n_persons)),
        "n_persons": fit.n_persons,
        "starts_at_best": fit.starts_at_best,
        "converged": fit.converged,
    }


def verdict(table: pd.DataFrame) -> str:
    """Say in words what the comparison found.

    The smallest BIC decides between kinds of models. The lead over the best model of the other kind is named, and
    below 10 it is called unclear.

    Parameters
    ----------
    table : DataFrame
        What `compare_with_factors` returned.

    Returns
    -------
    str
        One to four sentences. They speak of first occasions only.

    Raises
    ------
    ConfigError
        If the table does not hold both kinds of models.
    """
    if set(table["kind"]) != {CLASSES, CONTINUOUS}:
        raise ConfigError("table: classes and continuous models are both needed; take it from compare_with_factors")
    best = _smallest(table)
    rival = _smallest(table[table["kind"] != best["kind"]])
    lead = float(rival["bic"] - best["bic"])
    parts = [_statement(best, rival, lead, f"{best['n_persons']:,.0f} people")]
    if lead < CLEAR:
        parts.append(f"A lead below {CLEAR:g} is not clear: either kind of model may be right.")
    sizes = table.loc[table["kind"] == CLASSES, "size"]
    if best["kind"] == CLASSES and best["size"] == sizes.max() and sizes.max() > 1:
        parts.append("No more classes were tried; more might do better still.")
    stopped = [str(row["model"]) for row in (best, rival) if not row["converged"]]
    if stopped:
        parts.append(f"Not converged, so only provisional: {', '.join(stopped)}.")
    return " ".join(parts)


def _smallest(table: pd.DataFrame) -> pd.Series:
    return table.iloc[int(table["bic"].to_numpy().argmin())]


def _statement(best: pd.Series, rival: pd.Series, lead: float, people: str) -> str:
    behind = f"BIC lower by {lead:,.1f} than that of {rival['model']}, the best of the other kind"
    if best["kind"] == CONTINUOUS and best["size"] == 1:
        return (
            f"There is no evidence of subtypes beyond severity: at the first occasions of {people} one continuous "
            f"dimension describes the answers better than classes ({behind})."
        )
    if best["kind"] == CONTINUOUS:
        return (
            f"Two continuous dimensions describe the answers better than classes at the first occasions of {people} "
            f"({behind}): people differ in more than severity, but by degree and not in kind."
        )
    if best["size"] == 1:
        return f"The answers at the first occasions of {people} share neither a severity nor classes ({behind})."
    return (
        f"Classes describe the answers better than one or two continuous dimensions at the first occasions of {people}:"
        f" {best['model']} ({behind}). That they differ in more than severity is for their shapes to show."
    )


def shape_residuals(model: LatentMarkov, X: Source) -> pd.DataFrame:
    """In which items does each state depart from what its severity alone would lead to expect.

    A one-dimensional model is fitted to the first occasions. Each person's item scores are compared with those expected
    given where all their answers place them, and the differences are averaged over people by their probability of
    each state. Because an item helps to place its own person, differences are drawn slightly towards zero.

    Parameters
    ----------
    model : LatentMarkov
        A fitted estimator of states (or classes).
    X : Trajectories, DataFrame or 2-D array
        See `first_occasions`; with the items of the model.

    Returns
    -------
    DataFrame
        One row a state and item: state, item, n (expected people who answered), observed and expected (mean score),
        residual, standard_error (severity and states taken as known). NaN where nobody is expected.

    Raises
    ------
    DataError
        If the model does not know the items or answers, or fewer than three items vary.
    """
    first = first_occasions(X)
    states = model.filtered(Sequences(first.items, first.starts, first.columns, np.arange(first.items.shape[0])))
    codes = _numbered(first)
    fit = fit_factors(codes)
    scores = tuple(np.unique(column[column != MISSING]).astype(np.float64) for column in first.items.T)
    _, expected = place(fit.data, fit.model, fit.grid, scores)
    expected = expected[answers(codes).pattern]
    rows = []
    for state in range(states.shape[1]):
        for item, name in enumerate(first.columns):
            given = first.items[:, item] != MISSING
            observed = first.items[given, item].astype(np.float64)
            rows.append(
                {"state": state + 1, "item": name, **_mean(states[given, state], observed, expected[given, item])}
            )
    return pd.DataFrame(rows)


def _mean(
    weight: NDArray[np.float64], observed: NDArray[np.float64], expected: NDArray[np.float64]
) -> dict[str, float]:
    n = float(weight.sum())
    if n <= 0:
        return {"n": n, **dict.fromkeys(("observed", "expected", "residual", "standard_error"), float("nan"))}
    difference = observed - expected
    residual = float(weight @ difference) / n
    error = float(np.sqrt((weight * (difference - residual)) @ (weight * (difference - residual)))) / n
    means = {"observed": float(weight @ observed) / n, "expected": float(weight @ expected) / n}
    return {"n": n, **means, "residual": residual, "standard_error": error}
