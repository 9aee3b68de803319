"""How is a model kept without a pickle? As one JSON text with a digest that is checked before anything is read."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from outcomes.errors import ConfigError, DataError
from outcomes.prognosis.encoding import Encoding
from outcomes.prognosis.forecaster import Forecaster
from outcomes.prognosis.models import BoostedTrees, OneVariable, PenalisedLogistic, Prevalence
from outcomes.prognosis.multiclass import MulticlassTrees

FORMAT = "outcomes.prognosis.model/1"
KINDS: dict[str, type[Forecaster]] = {
    one.kind: one for one in (BoostedTrees, MulticlassTrees, PenalisedLogistic, OneVariable, Prevalence)
}


@dataclass(frozen=True)
class PackedModel:
    """A fitted model as bytes (JSON; boosted trees inside as UBJSON in base 64) and their SHA-256."""

    content: bytes
    sha256: str


def pack(model: Forecaster) -> PackedModel:
    """Turn a fitted model into bytes that hold no row of anybody.

    Split points, coefficients, medians and category labels with at least ten people each; still personal data in law.

    Parameters
    ----------
    model : Forecaster
        Fitted.

    Returns
    -------
    PackedModel
        Same model, same bytes.

    Raises
    ------
    ConfigError
        If the model is of no kind that can be kept.
    """
    if model.kind not in KINDS:
        raise ConfigError(f"a model of kind {model.kind!r} cannot be kept; kinds are {', '.join(KINDS)}")
    document = {
        "format": FORMAT,
        "kind": model.kind,
        "parameters": model.get_params(),
        "classes": [_plain(one) for one in model.classes_],
        "columns": list(getattr(model, "feature_names_in_", [])),
        "levels": [
            [name, levels if levels is None else list(levels)] for name, levels in model.encoding_.levels.items()
        ],
        "state": model.state(),
    }
    content = json.dumps(document, sort_keys=True, allow_nan=False, indent=1).encode("utf-8")
    return PackedModel(content, hashlib.sha256(content).hexdigest())


def unpack(content: bytes, sha256: str) -> Forecaster:
    """Turn bytes back into a model, if they are the bytes that were kept.

    Parameters
    ----------
    content : bytes
        `PackedModel.content`.
    sha256 : str
        The digest that was recorded elsewhere when the model was kept.

    Returns
    -------
    Forecaster
        Gives the same probabilities as the one that was packed.

    Raises
    ------
    DataError
        If the digest differs, or the bytes are no model of this format.
    """
    if hashlib.sha256(content).hexdigest() != sha256:
        raise DataError(
            "model file: its SHA-256 is not the one recorded at training; it was changed, nothing was loaded"
        )
    document = json.loads(content)
    if document.get("format") != FORMAT or document.get("kind") not in KINDS:
        raise DataError(f"model file: not of the format {FORMAT}")
    kind = KINDS[document["kind"]]
    parameters = {
        name: tuple(value) if isinstance(value, list) else value for name, value in document["parameters"].items()
    }
    model = kind(**parameters)
    model.classes_ = np.array(document["classes"])
    model.encoding_ = Encoding({name: None if found is None else tuple(found) for name, found in document["levels"]})
    model.n_features_in_ = len(document["levels"])
    if document["columns"]:
        model.feature_names_in_ = np.array(document["columns"], dtype=object)
    model.restore(document["state"])
    return model


def _plain(value: Any) -> Any:  # noqa: ANN401  a class label is whatever the caller used
    return value.item() if isinstance(value, np.generic) else value
