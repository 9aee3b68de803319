"""How a fitted growth mixture is kept: as `frozen` keeps latent Markov models, without any person's total."""

# ruff: noqa: ANN401  the estimator imports this module, so its type cannot be named here

from typing import Any, Final

import numpy as np

from outcomes.errors import ConfigError
from outcomes.kernel.growth_mixture import GrowthParameters
from outcomes.kernel.latent_markov_starts import Search
from outcomes.subtypes.frozen import listed, seal, tabled, unseal

FORMAT: Final = "outcomes growth mixture 1"
NUMBERS: Final = (
    *("origin_", "unit_", "n_incomplete_", "log_likelihood_", "n_parameters_", "n_persons_", "n_occasions_", "reason_"),
    *("converged_", "starts_at_best_", "class_entropy_", "entropy_r2_"),
)


def freeze_growth(model: Any) -> str:
    """Freeze a fitted growth mixture.

    Parameters
    ----------
    model : GrowthMixture
        Fitted.

    Returns
    -------
    str
        Sealed JSON.
    """
    arguments = model.get_params(deep=False)
    plan = arguments.pop("search")
    return seal(
        {
            "format": FORMAT,
            "kind": type(model).__name__,
            "arguments": {**arguments, "search": None if plan is None else dict(plan.__dict__)},
            "parameters": {name: value.tolist() for name, value in vars(model.parameters_).items()},
            "root_shape": list(model.parameters_.root.shape),
            "path": model.path_.tolist(),
            "starts": listed(model.starts_),
            "numbers": {name: getattr(model, name) for name in NUMBERS},
        }
    )


def thaw_growth(text: str, model: Any) -> Any:
    """Make an estimator what a frozen one was.

    Parameters
    ----------
    text : str
        What `freeze_growth` gave.
    model : GrowthMixture
        A fresh estimator; changed.

    Returns
    -------
    GrowthMixture
        The same estimator, fitted.

    Raises
    ------
    ConfigError
        If the text is not a frozen growth mixture, or not as it was frozen.
    """
    kept = unseal(text, form=FORMAT, kind=type(model).__name__)
    try:
        arguments = dict(kept["arguments"])
        plan = arguments.pop("search")
        model.set_params(**arguments, search=None if plan is None else Search(**plan))
        parts = {name: np.array(value, dtype=np.float64) for name, value in kept["parameters"].items()}
        parts["root"] = parts["root"].reshape(kept["root_shape"])  # without person effects it is empty
        for name in NUMBERS:
            setattr(model, name, kept["numbers"][name])
        model.path_, model.starts_ = np.array(kept["path"], dtype=np.float64), tabled(kept["starts"])
        model.restore(GrowthParameters(**parts))
    except (KeyError, TypeError, ValueError):
        raise ConfigError("the frozen growth mixture is damaged: a field is missing or malformed") from None
    return model
