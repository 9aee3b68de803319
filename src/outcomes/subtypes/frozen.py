"""How a fitted model is kept: JSON that thaws to the same bits, holds no patient's row and runs no code."""

# ruff: noqa: ANN401  the estimator imports this module, so its type cannot be named here

import json
from typing import Any

import numpy as np
import pandas as pd

from outcomes.errors import ConfigError
from outcomes.kernel.latent_markov import LatentMarkovParameters
from outcomes.kernel.latent_markov_starts import Search

FORMAT = "outcomes latent Markov 1"
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


def freeze(model: Any) -> dict[str, Any]:
    """Which facts must be kept to use a fitted model again.

    Parameters
    ----------
    model : LatentMarkov
        A fitted estimator.

    Returns
    -------
    dict
        Only text, numbers and lists; Python writes every float so that it reads back to the same bits.
    """
    arguments = model.get_params(deep=False)
    plan = arguments.pop("search")
    return {
        "format": FORMAT,
        "arguments": {**arguments, "search": None if plan is None else dict(plan.__dict__)},
        "initial": model.parameters_.initial.tolist(),
        "transition": model.parameters_.transition.tolist(),
        "response": [p.tolist() for p in model.parameters_.response],
        "answers": [seen.tolist() for seen in model.answers_],
        "columns": list(model.columns_),
        "constant_items": list(model.constant_items_),
        "path": model.path_.tolist(),
        "state_share": model.state_share_.tolist(),
        "starts": model.starts_.to_dict(orient="list"),
        "numbers": {name: getattr(model, name) for name in model.kept_numbers},
    }


def thaw(text: str, model: Any) -> Any:
    """Make an estimator what a frozen one was.

    Parameters
    ----------
    text : str
        JSON of `freeze`.
    model : LatentMarkov
        A fresh estimator; changed.

    Returns
    -------
    LatentMarkov
        The same estimator, fitted.

    Raises
    ------
    ConfigError
        If the text is not a frozen model of this format.
    """
    try:
        kept = json.loads(text)
    except json.JSONDecodeError:
        raise ConfigError("the text is not JSON, so it is not a frozen latent Markov model") from None
    if not isinstance(kept, dict) or kept.get("format") != FORMAT:
        raise ConfigError(f"a frozen model of format {FORMAT!r} is needed")
    try:
        arguments = dict(kept["arguments"])
        plan = arguments.pop("search")
        model.set_params(**arguments, search=None if plan is None else Search(**plan))
        model.answers_ = tuple(np.array(seen, dtype=np.int8) for seen in kept["answers"])
        model.columns_ = tuple(kept["columns"])
        model.constant_items_ = tuple(kept["constant_items"])
        model.path_ = np.array(kept["path"], dtype=np.float64)
        model.state_share_ = np.array(kept["state_share"], dtype=np.float64)
        model.starts_ = pd.DataFrame(kept["starts"])
        for name in model.kept_numbers:
            setattr(model, name, kept["numbers"][name])
        response = tuple(np.array(p, dtype=np.float64) for p in kept["response"])
        initial, transition = (np.array(kept[name], dtype=np.float64) for name in ("initial", "transition"))
        model.restore(LatentMarkovParameters(initial, transition, response))
    except (KeyError, TypeError, ValueError):
        raise ConfigError(
            f"the frozen model is damaged: a field of format {FORMAT!r} is missing or malformed"
        ) from None
    return model
