"""Which run made this number: one MLflow run a study, and a null twin that keeps the same guard and writes nothing.

`opening` (`tracker`), `run` (what a study may call), `guard` (no patient row gets in), `record` (the same facts as
plain files beside a report), `server` (the page of all runs), `mlflow_run`, `mlflow_store` and `null_run` behind them.
"""

import os

# Read by MLflow when it is imported, which only modules of this room do: nothing about a run leaves the machine.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")
