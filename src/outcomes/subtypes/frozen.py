"""How a fitted model is kept: JSON that thaws to the same bits, holds no patient's row and runs no code.

The text names its format and kind of model and carries a SHA-256 of all the rest, so that a damaged or edited file is
refused, and a service can record which file it validated.
"""

# ruff: noqa: ANN401  the estimators import this module, so their types cannot be named here

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from outcomes.errors import ConfigError
from outcomes.kernel.latent_markov import LatentMarkovParameters
from outcomes.kernel.latent_markov_starts import Search

FORMAT: Final = "outcomes latent Markov 2"
DIGEST: Final = "sha256"
NUMBERS = (
    "log_likelihood_",
    "n_parameters_",
    "n_persons_",
    "n_sequences_",
    "n_blank_sequences_",
    "n_occasions_",
    "entropy_r2_",
    "path_entropy_",
    "starts_at_best_",
    "reason_",
    "converged_",
    "n_features_in_",
)


def seal(kept: Mapping[str, Any]) -> str:
    """Write what is kept of a model, with its digest.

    Parameters
    ----------
    kept : mapping
        Text, numbers and lists, with "format" and "kind".

    Returns
    -------
    str
        JSON; Python writes every float so that it reads back to the same bits.
    """
    return json.dumps({**kept, DIGEST: _digest(kept)}, indent=1, sort_keys=True)


def unseal(text: str, *, form: str, kind: str) -> dict[str, Any]:
    """Read what was kept of a model, if it is what it says.

    Parameters
    ----------
    text : str
        JSON of `seal`.
    form : str
        Format that is wanted.
    kind : str
        Name of the estimator that is wanted.

    Returns
    -------
    dict
        What was sealed.

    Raises
    ------
    ConfigError
        If the text is no JSON, of another format or kind, or not as it was sealed.
    """
    try:
        kept = json.loads(text)
    except json.JSONDecodeError:
        raise ConfigError("the text is not JSON, so it is not a frozen model") from None
    if not isinstance(kept, dict) or kept.get("format") != form:
        raise ConfigError(f"a frozen model of format {form!r} is needed; freeze the fitted model again")
    if kept.get("kind") != kind:
        raise ConfigError(f"the text holds a {kept.get('kind')!s}, not a {kind}; thaw it with that class's from_json")
    stated = kept.pop(DIGEST, None)
    if stated != _digest(kept):
        raise ConfigError(f"the frozen model is damaged: it is not what its {DIGEST} says; use the file as it was kept")
    return kept


def digest_of(text: str) -> str:
    """Say which frozen model a text is.

    Parameters
    ----------
    text : str
        What `to_json` returned.

    Returns
    -------
    str
        Its SHA-256, for a service's record.

    Raises
    ------
    ConfigError
        If the text is no frozen model.

    Examples
    --------
    >>> digest_of(seal({"format": "x", "kind": "y"}))[:8]
    'df7f6571'
    """
    try:
        kept = json.loads(text)
        return str(kept[DIGEST])
    except (json.JSONDecodeError, KeyError, TypeError):
        raise ConfigError("the text is not a frozen model: it has no digest") from None


def _digest(kept: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(dict(kept), sort_keys=True).encode()).hexdigest()


def listed(table: pd.DataFrame) -> list[list[Any]]:
    """Write a table as lists that keep the order of its columns.

    Parameters
    ----------
    table : DataFrame
        Text and numbers.

    Returns
    -------
    list
        A name and its values, column by column.
    """
    return [[str(name), table[name].tolist()] for name in table.columns]


def tabled(columns: list[list[Any]]) -> pd.DataFrame:
    """Read what `listed` gave.

    Parameters
    ----------
    columns : list
        A name and its values, column by column.

    Returns
    -------
    DataFrame
        The table.
    """
    return pd.DataFrame({name: values for name, values in columns})  # noqa: C416  pairs are lists here


def freeze(model: Any) -> dict[str, Any]:
    """Which facts must be kept to use a fitted model again.

    Parameters
    ----------
    model : LatentMarkov
        A fitted estimator.

    Returns
    -------
    dict
        Only text, numbers and lists; what only one kind of model has stands under "own".
    """
    arguments = model.get_params(deep=False)
    plan = arguments.pop("search")
    return {
        "format": FORMAT,
        "kind": type(model).__name__,
        "arguments": {**arguments, "search": None if plan is None else dict(plan.__dict__)},
        "initial": model.parameters_.initial.tolist(),
        "transition": model.parameters_.transition.tolist(),
        "response": [p.tolist() for p in model.parameters_.response],
        "answers": [seen.tolist() for seen in model.answers_],
        "columns": list(model.columns_),
        "constant_items": list(model.constant_items_),
        "path": model.path_.tolist(),
        "state_share": model.state_share_.tolist(),
        "starts": listed(model.starts_) if hasattr(model, "starts_") else None,
        "numbers": {name: getattr(model, name) for name in model.kept_numbers},
        "own": model.own_facts(),
    }


def thaw(text: str, model: Any) -> Any:
    """Make an estimator what a frozen one was.

    Parameters
    ----------
    text : str
        JSON of `seal`, of what `freeze` gave.
    model : LatentMarkov
        A fresh estimator of the same kind; changed.

    Returns
    -------
    LatentMarkov
        The same estimator, fitted.

    Raises
    ------
    ConfigError
        If the text is not a frozen model of this format and kind, or not as it was frozen.
    """
    kept = unseal(text, form=FORMAT, kind=type(model).__name__)
    try:
        arguments = dict(kept["arguments"])
        plan = arguments.pop("search")
        model.set_params(**arguments, search=None if plan is None else Search(**plan))
        model.answers_ = tuple(np.array(seen, dtype=np.int8) for seen in kept["answers"])
        model.columns_ = tuple(kept["columns"])
        model.constant_items_ = tuple(kept["constant_items"])
        model.path_ = np.array(kept["path"], dtype=np.float64)
        model.state_share_ = np.array(kept["state_share"], dtype=np.float64)
        if kept["starts"] is not None:
            model.starts_ = tabled(kept["starts"])
        for name in model.kept_numbers:
            setattr(model, name, kept["numbers"][name])
        response = tuple(np.array(p, dtype=np.float64) for p in kept["response"])
        initial, transition = (np.array(kept[name], dtype=np.float64) for name in ("initial", "transition"))
        model.restore(LatentMarkovParameters(initial, transition, response))
        model.take_own_facts(kept["own"])
    except (KeyError, TypeError, ValueError):
        raise ConfigError(
            f"the frozen model is damaged: a field of format {FORMAT!r} is missing or malformed"
        ) from None
    return model
