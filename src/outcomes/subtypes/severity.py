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
from outcomes.kernel.graded_response import probabilities
from outcomes.kernel.graded_response_fit import FEWEST_ITEMS, FactorFit, fit_factors
from outcomes.kernel.latent_markov_starts import Search
from outcomes.subtypes.answers import answers_seen
from outcomes.subtypes.latent_markov import LatentMarkov, Progress, Source
from outcomes.subtypes.profiles import expected_scores
from outcomes.subtypes.sequences import MISSING, Sequences, sequences

CLASSES, CONTINUOUS = "classes", "continuous"
CLEAR = 10.0  # a lead in BIC that counts as very strong (Kass & Raftery 1995, J Am Stat Assoc 90, 773-795, section 4.1)
TWO = 2
LEVELS = 7  # values of a severity of any distribution; with more BIC seldom gained on skewed, clustered or real answers
SIMULATED = 20_000  # people drawn to see what severity alone would show
NORMAL, ANY = "one dimension, normal", "one dimension, any distribution"
FAMILIES = ("nominal", "ordinal")
BINARY = 2  # answers of an item that is there or not


def first_occasions(X: Source) -> Sequences:
    """Say what each person answered first.

    Parameters
    ----------
    X : Trajectories, DataFrame or 2-D array
        See `outcomes.subtypes.sequences.sequences`. Where a column ``pseudonym`` (of a table, or of the ``keys`` of
        trajectories) tells persons apart, a person with several referrals counts once, with the first of them in the
        order of sequences; else each sequence is a person.

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
    models (graded response) spend fewer parameters on ordered answers and would else win by thrift alone. One dimension
    competes as a normal one and as one of any distribution (seven levels with free probabilities), because classes
    would else win wherever severity is skewed or clustered.

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
        One row a model: model (its name), kind ("classes" or "continuous"), size (classes or dimensions), answers
        ("nominal", "ordinal", "by item" or "graded"), log_likelihood, n_parameters, aic, bic (n is the number of
        persons), n_persons, starts_at_best, converged, rising (classes: share of item scores that do not fall from one
        class to the next of higher total; 1 where classes are mere levels; NaN for dimensions), best (the smallest
        BIC). Two dimensions are left out below five items that vary.

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
    families: tuple[str | dict[str, str], ...]
    families = FAMILIES if isinstance(template.emissions, str) else (template.emissions,)
    if all(len(seen) <= BINARY for seen in answers_seen(first)):
        families = families[:1]  # of two answers every order is free
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
    rows.extend(_factor_row(fit_factors(codes, levels=levels)) for levels in (None, LEVELS))
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
    scores = expected_scores(model.response_, model.answers_)
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
        "rising": float((np.diff(scores, axis=0) >= 0).mean()) if model.n_states > 1 else 1.0,
    }


def _factor_row(fit: FactorFit) -> dict[str, object]:
    deviance = -2 * fit.log_likelihood
    one = NORMAL if fit.model.prior is None else ANY
    return {
        "model": one if fit.model.n_dimensions == 1 else "two dimensions",
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
        "rising": float("nan"),
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
    best, rival, lead = _compared(table)
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


def in_short(table: pd.DataFrame) -> str:
    """Say in a few words what the comparison found, for the top of a report.

    Parameters
    ----------
    table : DataFrame
        What `compare_with_factors` returned.

    Returns
    -------
    str
        A clause; `verdict` says the rest.

    Raises
    ------
    ConfigError
        If the table does not hold both kinds of models.
    """
    best, _, lead = _compared(table)
    if lead < CLEAR:
        return "classes and continuous severity describe first answers about equally well"
    if best["kind"] == CONTINUOUS:
        return f"no evidence of subtypes beyond {'severity' if best['size'] == 1 else 'two kinds of severity'}"
    if best["size"] == 1:
        return "first answers share neither a severity nor classes"
    if best["rising"] == 1:
        return "levels of one severity, no evidence of subtypes"
    return "classes describe first answers better than continuous severity"


def _compared(table: pd.DataFrame) -> tuple[pd.Series, pd.Series, float]:
    if set(table["kind"]) != {CLASSES, CONTINUOUS}:
        raise ConfigError("table: classes and continuous models are both needed; take it from compare_with_factors")
    best = _smallest(table)
    rival = _smallest(table[table["kind"] != best["kind"]])
    return best, rival, float(rival["bic"] - best["bic"])


def _smallest(table: pd.DataFrame) -> pd.Series:
    return table.iloc[int(table["bic"].to_numpy().argmin())]


def _statement(best: pd.Series, rival: pd.Series, lead: float, people: str) -> str:
    behind = f"BIC lower by {lead:,.1f} than that of {rival['model']}, the best of the other kind"
    if best["kind"] == CONTINUOUS and best["size"] == 1:
        shape = (
            "" if best["model"] == NORMAL else " Severity is not normally distributed, which is not a subtype either."
        )
        return (
            f"There is no evidence of subtypes beyond severity: at the first occasions of {people} one dimension "
            f"describes the answers better than classes ({behind}).{shape}"
        )
    if best["kind"] == CONTINUOUS:
        return (
            "There is no evidence of subtypes beyond two kinds of severity: two continuous dimensions describe the "
            f"answers better than classes at the first occasions of {people} ({behind}). People seem to differ in more "
            "than severity, but by degree rather than in kind."
        )
    if best["size"] == 1:
        return f"The answers at the first occasions of {people} share neither a severity nor classes ({behind})."
    parts = [
        f"Classes describe the answers better than one or two continuous dimensions at the first occasions of {people}:"
        f" {best['model']} ({behind})."
    ]
    if best["rising"] == 1:
        parts.append(
            "But every item rises from each class to the next: levels of one severity, no evidence of subtypes."
        )
    else:
        share = f"{1 - best['rising']:.0%}"
        parts.append(f"From each class to the next of higher total, {share} of the item scores fall.")
    return " ".join(parts)


def shape_residuals(model: LatentMarkov, X: Source, *, random_state: int = 0) -> pd.DataFrame:
    """In which items does each state depart from what severity alone would show.

    States are found from the same answers, so even where nothing but severity exists the states differ in every item,
    and by other amounts than severity given all answers leads to expect. The comparison is therefore with people
    simulated from one dimension of severity (normal or of any distribution, whichever has the smaller BIC), with the
    same answers missing, who are given states by the same model. A residual is what the real people of a state show
    beyond the simulated ones.

    Parameters
    ----------
    model : LatentMarkov
        A fitted estimator of states (or classes).
    X : Trajectories, DataFrame or 2-D array
        See `first_occasions`; with the items of the model.
    random_state : int, default 0
        Seed of the simulated people.

    Returns
    -------
    DataFrame
        One row a state and item: state, item, n (expected people who answered), observed and expected (mean score),
        residual, standard_error (of the residual; the two models taken as known). NaN where nobody is expected.

    Raises
    ------
    DataError
        If the model does not know the items or answers, or fewer than three items vary.
    """
    first = first_occasions(X)
    codes = _numbered(first)
    fits = [fit_factors(codes, levels=levels) for levels in (None, LEVELS)]
    fit = min(fits, key=lambda each: each.n_parameters * np.log(each.n_persons) - 2 * each.log_likelihood)
    drawn = _draw(fit, first, np.random.default_rng(random_state))
    real, made = (_filtered(model, items, first.columns) for items in (first.items, drawn))
    rows = []
    for state in range(model.n_states):
        for item, name in enumerate(first.columns):
            n, observed, error = _mean(real[:, state], first.items[:, item])
            _, expected, noise = _mean(made[:, state], drawn[:, item])
            means = {"observed": observed, "expected": expected, "residual": observed - expected}
            row = {"state": state + 1, "item": name, "n": n, **means, "standard_error": float(np.hypot(error, noise))}
            rows.append(row)
    return pd.DataFrame(rows)


def _draw(fit: FactorFit, first: Sequences, rng: np.random.Generator) -> NDArray[np.int8]:
    # people of one severity, with the missing answers of real ones
    places = rng.choice(fit.grid.prior.size, SIMULATED, p=fit.model.over(fit.grid))
    pattern = rng.integers(first.items.shape[0], size=SIMULATED)
    drawn = np.full((SIMULATED, first.items.shape[1]), MISSING, dtype=np.int8)
    for item, p in enumerate(probabilities(fit.model, fit.grid.nodes)):
        column = first.items[:, item]
        scores = np.unique(column[column != MISSING])
        reached = rng.random(SIMULATED) > p.cumsum(axis=0)[:-1, places]
        drawn[:, item] = np.where(column[pattern] != MISSING, scores[reached.sum(axis=0)], MISSING)
    return drawn


def _filtered(model: LatentMarkov, items: NDArray[np.int8], columns: tuple[str, ...]) -> NDArray[np.float64]:
    n = items.shape[0]
    return model.filtered(Sequences(items, np.arange(n + 1), columns, np.arange(n)))


def _mean(weight: NDArray[np.float64], scores: NDArray[np.int8]) -> tuple[float, float, float]:
    # summed weights, mean and its standard error, over those who answered
    given = scores != MISSING
    share, score = weight[given], scores[given].astype(np.float64)
    n = float(share.sum())
    if n <= 0:
        return n, float("nan"), float("nan")
    mean = float(share @ score) / n
    return n, mean, float(np.sqrt(((share * (score - mean)) ** 2).sum())) / n
