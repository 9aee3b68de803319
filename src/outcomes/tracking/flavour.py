"""How does MLflow know our models? By a file beside each: columns, digest, and on whose data it was fitted.

MLflow's page shows the columns, and ``mlflow.pyfunc.load_model`` reads the model back without a pickle.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from mlflow.models import Model, ModelSignature
from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema

from outcomes.errors import AccessError, ConfigError
from outcomes.library.tombstones import refuse_erased
from outcomes.prognosis.forecaster import Forecaster
from outcomes.prognosis.packing import unpack
from outcomes.tracking.mlflow_store import ARTIFACTS, SNAPSHOT_TAG

DESCRIPTION = "MLmodel"
DIGEST = "sha256"
FOLDER = "mlflow"  # of the store, in a workspace
SOURCE_KIND = "source_kind"
INVENTED = "invented"
KINDS = ("double", "string")


def description(
    file: str, content: bytes, columns: Mapping[str, str], *, run_id: str, source_kind: str, snapshot: str = ""
) -> bytes:
    """Write what MLflow wants to know about a model file.

    Parameters
    ----------
    file : str
        Name of the model file in the same folder.
    content : bytes
        The file.
    columns : mapping
        Feature to ``double`` or ``string``, in the model's order.
    run_id : str
        The run that fitted it.
    source_kind : str
        identified, anonymised or invented: on whose data it was fitted.
    snapshot : str
        What it was fitted from; a model of somebody who was erased since is not loaded.

    Returns
    -------
    bytes
        The file ``MLmodel`` (YAML); no example of an input, which would be a patient row.

    Raises
    ------
    ConfigError
        If a column is of another kind.
    """
    wrong = sorted({kind for kind in columns.values() if kind not in KINDS})
    if wrong:
        raise ConfigError(f"columns of a model are {' or '.join(KINDS)}, got {', '.join(wrong)}")
    inputs = Schema([ColSpec(kind, name, required=False) for name, kind in columns.items()])
    outputs = Schema([ColSpec("double", "probability")])
    params = ParamSchema([ParamSpec(SOURCE_KIND, "string", default="identified")])
    model = Model(
        artifact_path="models",
        run_id=run_id,
        signature=ModelSignature(inputs=inputs, outputs=outputs, params=params),
        metadata={DIGEST: hashlib.sha256(content).hexdigest(), SOURCE_KIND: source_kind, SNAPSHOT_TAG: snapshot},
    )
    model.add_flavor("python_function", loader_module=__name__, data=file)
    return str(model.to_yaml()).encode()


class LoadedModel:
    """A model of one landmark, as MLflow calls it.

    Parameters
    ----------
    model : Forecaster
        Unpacked after its digest was checked.
    source_kind : str
        On whose data it was fitted.
    """

    def __init__(self, model: Forecaster, source_kind: str) -> None:
        self._model = model
        self._source_kind = source_kind

    def predict(self, model_input: pd.DataFrame, params: Mapping[str, str] | None = None) -> pd.DataFrame:
        """Give the probability of the target for each row of features.

        Parameters
        ----------
        model_input : DataFrame, shape (n, n_features)
            Features known at the landmark, numbers as float, categories as text.
        params : mapping, optional
            ``source_kind`` of these rows; identified unless said otherwise.

        Returns
        -------
        DataFrame
            One column, ``probability`` (0 to 1), in the order of the rows.

        Raises
        ------
        AccessError
            If a model of the invented service is asked about anybody who is not invented.
        """
        asked = (params or {}).get(SOURCE_KIND, "identified")
        if self._source_kind == INVENTED and asked != INVENTED:
            raise AccessError(
                f"this model was fitted on the invented service and must not score {asked} patients; for invented ones "
                "say so: predict(frame, params={'source_kind': 'invented'})"
            )
        chances = self._model.predict_proba(model_input)[:, 1]
        return pd.DataFrame({"probability": chances}, index=model_input.index)


def _load_pyfunc(path: str) -> LoadedModel:
    # called by MLflow with the path of the model file
    file = Path(path)
    known = Model.load(str(file.parent / DESCRIPTION)).metadata or {}
    content = file.read_bytes()
    if known.get(DIGEST) != hashlib.sha256(content).hexdigest():
        raise AccessError(f"model {file.name!r} is not the one that was recorded (SHA-256 differs); do not use it")
    _refuse_erased(file, str(known.get(SNAPSHOT_TAG, "")))
    return LoadedModel(unpack(content, str(known[DIGEST])), str(known[SOURCE_KIND]))


def _refuse_erased(file: Path, snapshot: str) -> None:
    # WORKSPACE/mlflow/artifacts/STUDY/... belongs to WORKSPACE/STUDY/library; a file that was copied elsewhere to none.
    parts = file.resolve().parts
    homes = [place for place in range(1, len(parts) - 2) if parts[place : place + 2] == (FOLDER, ARTIFACTS)]
    if homes:
        refuse_erased(Path(*parts[: homes[-1]], parts[homes[-1] + 2], "library"), snapshot)
