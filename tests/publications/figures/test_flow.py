"""The flow diagram prints released numbers, and those lost as their differences."""

import pandas as pd
import pytest

from outcomes.disclosure.gate import release
from outcomes.errors import DisclosureError
from outcomes.publications.figures.flow import flow_diagram


def flow(values, policy="midpoint6"):
    table = pd.DataFrame(
        {"step": ["referred", "started", "finished"], "reason": ["", "never started", "stopped"], "n": values}
    )
    return release(table, labels=["step", "reason"], counts=["n"], policy=policy, title="Flow")


def said(values, policy="midpoint6"):
    (axes,) = flow_diagram(flow(values, policy)).axes
    return [text.get_text() for text in axes.texts]


def test_boxes_and_those_lost():
    assert said([500, 320, 120]) == [
        "Referred\nn = 501",
        "Started\nn = 321",
        "Never started: n = 180",
        "Finished\nn = 117",
        "Stopped: n = 204",
    ]


@pytest.mark.parametrize("started", [500, 495])
def test_a_small_loss_is_given_as_far_as_the_rounding_tells_it(started):
    assert "Never started: fewer than 12" in said([500, started, 120])


def test_a_withheld_step_is_said():
    assert "Stopped: number not shown" in said([500, 320, 4], "threshold10")


def test_only_released_tables_are_drawn():
    with pytest.raises(DisclosureError, match="only released tables"):
        flow_diagram(pd.DataFrame())
