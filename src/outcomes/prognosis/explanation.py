"""Why this probability? Contributions that add up to the log-odds, gathered under words that people use."""

import warnings
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

FEWEST = 10
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
    words = explanation.words.to_numpy()
    names = list(explanation.words.columns)
    rows = []
    for person, (pseudonym, referral) in enumerate(explanation.keys[["pseudonym", "referral"]].itertuples(index=False)):
        for direction, sign in (("for", 1), ("against", -1)):
            towards = words[person] * sign
            best = [place for place in np.argsort(-towards, kind="stable")[:most] if towards[place] > NEGLIGIBLE]
            rows += [
                {
                    "pseudonym": pseudonym,
                    "referral": referral,
                    "direction": direction,
                    "rank": rank,
                    "word": names[place],
                    "log_odds": words[person, place],
                    "reason": _told(explanation, person, names[place], sign),
                }
                for rank, place in enumerate(best, start=1)
            ]
    columns = ["pseudonym", "referral", "direction", "rank", "word", "log_odds", "reason"]
    return pd.DataFrame(rows, columns=columns)


def _told(explanation: Explanation, person: int, word: str, sign: int) -> str:
    features = [feature for feature in explanation.table.catalogue if feature.word == word]
    moved = [explanation.contributions[feature.name].iloc[person] * sign for feature in features]
    feature = features[int(np.argmax(moved))]
    return f"{word}: {sentence(feature, explanation.table.frame[feature.name].iloc[person])}"


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
    number = f"{abs(float(value)):g} {feature.unit}".strip()
    if "change" in feature.meaning:
        if value == 0:
            return f"{feature.meaning}: none"
        return f"{feature.meaning}: {'up' if float(value) > 0 else 'down'} {number}"
    return f"{feature.meaning}: {number}"
