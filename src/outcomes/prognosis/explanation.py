"""Why this probability? Contributions that add up to the log-odds, gathered under words that people use."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import ConfigError
from outcomes.prognosis.catalogue import Feature, FeatureTable
from outcomes.prognosis.models import BoostedTrees

with warnings.catch_warnings():
    # the palettes that shap loads call something that matplotlib is retiring
    warnings.simplefilter("ignore", PendingDeprecationWarning)
    import shap

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

FEWEST = 10
SINGULAR = {
    "points": "point",
    "points a session": "point a session",
    "weeks": "week",
    "questions": "question",
    "sessions": "session",
    "appointments": "appointment",
}
NEGLIGIBLE = 0.02  # log-odds below which a word is no reason (about half a percentage point)


@dataclass(frozen=True)
class Explanation:
    """What moved each probability, in log-odds.

    `base` is where everybody starts; `contributions` has one row a referral and one column a feature, and with `base`
    they add up to `margin`. `words` gathers them under plain words. `keys` says whose row it is.
    """

    base: float
    contributions: pd.DataFrame
    words: pd.DataFrame
    margin: Floats
    keys: pd.DataFrame
    table: FeatureTable


def explain(model: BoostedTrees, table: FeatureTable) -> Explanation:
    """Say how much each feature and word moved each probability away from the usual.

    Exact Shapley values of the trees (TreeSHAP), of the trees that predict and no others.

    Parameters
    ----------
    model : BoostedTrees
        Fitted on the columns of `table`.
    table : FeatureTable
        Whose probabilities are explained.

    Returns
    -------
    Explanation
        Contributions in log-odds; positive speaks for the outcome.

    Raises
    ------
    ConfigError
        If the model is not one of boosted trees, or the contributions do not add up to its log-odds.

    References
    ----------
    Lundberg SM et al. (2020). From local explanations to global understanding with explainable AI for trees. Nature
    Machine Intelligence 2, 56-67.
    """
    if not isinstance(model, BoostedTrees):
        raise ConfigError(f"only boosted trees are explained by Shapley values, got {type(model).__name__}")
    encoded = model.encoding_.apply(table.frame)
    explainer = shap.TreeExplainer(model.booster_[: model.n_trees_])
    values = np.asarray(explainer.shap_values(encoded), dtype=float)
    base = float(np.ravel(explainer.expected_value)[0])
    margin = model.decision_function(table.frame)
    apart = float(np.abs(values.sum(axis=1) + base - margin).max(initial=0.0))
    tolerance = 1e-3
    if apart > tolerance:
        raise ConfigError(f"contributions and log-odds are up to {apart:.4f} apart: they are not of the same trees")
    sources = np.array(model.encoding_.sources)
    by_feature = pd.DataFrame(
        {feature.name: values[:, sources == feature.name].sum(axis=1) for feature in table.catalogue}
    )
    of_word = {feature.name: feature.word for feature in table.catalogue}
    ordered = list(dict.fromkeys(of_word.values()))
    by_word = pd.DataFrame(
        {
            word: by_feature[[name for name, its in of_word.items() if its == word]].sum(axis="columns")
            for word in ordered
        }
    )
    return Explanation(base, by_feature, by_word, margin, table.keys.reset_index(drop=True), table)


def importance(explanation: Explanation) -> pd.DataFrame:
    """Say which words matter most over all, as an average in which nobody can be seen.

    Parameters
    ----------
    explanation : Explanation
        Of at least ten people.

    Returns
    -------
    DataFrame
        word, mean_abs_log_odds, n (people), n_features; most important first. Empty where there are fewer than ten
        people.
    """
    people = explanation.keys["pseudonym"].nunique()
    features: dict[str, int] = {}
    for feature in explanation.table.catalogue:
        features[feature.word] = features.get(feature.word, 0) + 1
    mean = explanation.words.abs().mean()
    table = pd.DataFrame(
        {
            "word": mean.index.astype("str"),
            "mean_abs_log_odds": mean.to_numpy(),
            "n": people,
            "n_features": [features[word] for word in mean.index],
        }
    )
    table = table.sort_values(["mean_abs_log_odds", "word"], ascending=[False, True], ignore_index=True)
    return table if people >= FEWEST else table.head(0)


def reasons(explanation: Explanation, *, most: int = 3) -> pd.DataFrame:
    """Say for each person which words speak most for and against the outcome, in plain words.

    The words with the largest contributions; each is told by the feature of that word that moved most in its direction.
    Sensitive attributes are never given as a reason.

    Parameters
    ----------
    explanation : Explanation
        See `explain`.
    most : int
        Most reasons a person and direction.

    Returns
    -------
    DataFrame
        One row a person and reason: pseudonym, referral, direction ("for" or "against"), rank, word, log_odds, reason.
        Patient level: for direct care only.

    Raises
    ------
    ConfigError
        If `most` is below 1.
    """
    if most < 1:
        raise ConfigError(f"most must be at least 1, got {most}")
    features = [feature for feature in explanation.table.catalogue if not feature.sensitive]
    moved = explanation.contributions[[feature.name for feature in features]].to_numpy()
    names = list(dict.fromkeys(feature.word for feature in features))
    of_word = [[place for place, feature in enumerate(features) if feature.word == word] for word in names]
    words = np.column_stack([moved[:, places].sum(axis=1) for places in of_word])
    parts = []
    for direction, sign in (("for", 1), ("against", -1)):
        towards = words * sign
        order = np.argsort(-towards, axis=1, kind="stable")[:, :most]
        person, rank = np.nonzero(np.take_along_axis(towards, order, axis=1) > NEGLIGIBLE)
        place = order[person, rank]
        chosen = _moved_most(moved * sign, person, place, of_word)
        parts.append(
            pd.DataFrame(
                {
                    "person": person,
                    "direction": direction,
                    "rank": rank + 1,
                    "word": np.array(names, dtype=object)[place],
                    "log_odds": words[person, place],
                    "reason": _told(explanation.table.frame, features, person, chosen),
                }
            )
        )
    rows = pd.concat(parts, ignore_index=True).sort_values("person", kind="stable", ignore_index=True)
    keys = explanation.keys[["pseudonym", "referral"]].iloc[rows["person"].to_numpy()].reset_index(drop=True)
    return pd.concat([keys, rows.drop(columns="person")], axis="columns")


def _moved_most(moved: Floats, person: Integers, place: Integers, of_word: Sequence[Sequence[int]]) -> Integers:
    # the feature of each chosen word that moved most in its direction
    chosen = np.zeros(person.size, dtype=np.int64)
    for word, its in enumerate(of_word):
        mine = np.flatnonzero(place == word)
        columns = np.array(its, dtype=np.int64)
        chosen[mine] = columns[np.argmax(moved[np.ix_(person[mine], columns)], axis=1)] if mine.size else 0
    return chosen


def _told(frame: pd.DataFrame, features: Sequence[Feature], person: Integers, chosen: Integers) -> NDArray[np.object_]:
    # each value of a feature is put into words once, however many people have it
    told = np.empty(person.size, dtype=object)
    for place, feature in enumerate(features):
        mine = np.flatnonzero(chosen == place)
        codes, values = pd.factorize(frame[feature.name].iloc[person[mine]], use_na_sentinel=False)
        sentences = [f"{feature.word}: {sentence(feature, value)}" for value in values.tolist()]
        told[mine] = np.array(sentences, dtype=object)[codes] if mine.size else ""
    return told


def sentence(feature: Feature, value: object) -> str:
    """Say a feature's value as a person would.

    Parameters
    ----------
    feature : Feature
        What it means, and in which unit.
    value : object
        A number, NaN or a label.

    Returns
    -------
    str
        "tiredness, change since the first: down 2 points".

    Examples
    --------
    >>> sentence(Feature("phq9_4_change", "tiredness, change since the first", "points", 1, "energy"), -2.0)
    'tiredness, change since the first: down 2 points'
    """
    if not isinstance(value, (int, float, np.number)):
        return f"{feature.meaning}: {value}"
    if np.isnan(float(value)):
        return f"{feature.meaning}: not known"
    unit = SINGULAR.get(feature.unit, feature.unit) if abs(float(value)) == 1 else feature.unit
    number = f"{abs(float(value)):g} {unit}".strip()
    if "change" in feature.meaning:
        if value == 0:
            return f"{feature.meaning}: none"
        return f"{feature.meaning}: {'up' if float(value) > 0 else 'down'} {number}"
    return f"{feature.meaning}: {number}"
