"""The null twin offers what the recorded run offers, with the same arguments."""

import inspect

import pytest

from outcomes.errors import ConfigError
from outcomes.tracking.mlflow_run import MlflowRun
from outcomes.tracking.null_run import NullRun
from outcomes.tracking.run import Run

METHODS = sorted(name for name, member in vars(Run).items() if inspect.isfunction(member) and not name.startswith("_"))


@pytest.mark.parametrize("name", METHODS)
def test_twins_take_the_same_arguments(name: str) -> None:
    wanted = inspect.signature(getattr(Run, name)).parameters
    for twin in (NullRun, MlflowRun):
        assert inspect.signature(getattr(twin, name)).parameters == wanted


def test_the_null_twin_refuses_wrong_names_too() -> None:
    with pytest.raises(ConfigError, match="lower-case words"):
        NullRun().metrics({"AUC": 1.0})
    with pytest.raises(ConfigError, match="file name"):
        NullRun().text("Methods.docx", "x")
