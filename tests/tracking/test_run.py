"""The protocol is what studies are written against: both runs fulfil it, and each method says what it is for."""

import inspect

from outcomes.tracking.null_run import NullRun
from outcomes.tracking.run import Run


def test_the_protocol_is_fulfilled_and_documented() -> None:
    members = [name for name in vars(Run) if not name.startswith("_")]
    assert {"parameters", "metrics", "tags", "dataset", "table", "figure", "text", "model", "child"} <= set(members)
    for name in members:
        assert hasattr(NullRun(), name)
        assert inspect.getdoc(getattr(Run, name)), name
