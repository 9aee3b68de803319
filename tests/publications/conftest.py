"""Small released tables, one for each kind of figure and table."""

import sys
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomes.disclosure.gate import Gap, Released, Statistic, Vertices, release
from outcomes.publications import figures
from outcomes.publications.page import KeyFigure, Picture, Report, Section, Table

sys.path.insert(0, str(Path(__file__).parent))  # so that the small release is found in pytest's importlib mode

EVIL = '<script>alert("1")</script> & $x_1$ "quoted"'


def groups() -> Released:
    frame = pd.DataFrame(
        {
            "breakdown": ["gender", "gender", "gender", "service"],
            "group": ["Female", "Male", "Not stated", EVIL],
            "events": [1465, 733, 2, 100],
            "n": [3000, 1499, 5, 400],
            "reference_events": [np.nan, 1465, 1465, np.nan],
            "reference_n": [np.nan, 3000, 3000, np.nan],
        }
    )
    rates = {
        "rate_pct": ("events", "n", "low_pct", "high_pct"),
        "gap_points": Gap("events", "n", "reference_events", "reference_n", "gap_low", "gap_high"),
    }
    counts = ["events", "n", "reference_events", "reference_n"]
    return release(
        frame, labels=["breakdown", "group"], counts=counts, rates=rates, title="Recovery", notes=["Invented people."]
    )


def stages() -> Released:
    frame = pd.DataFrame(
        {
            "group": ["All"] * 3 + ["Some"] * 3,
            "stage": ["Referred", "Assessed", "Treated"] * 2,
            "n": [500, 321, 123, 50, 31, 13],
            "referred": [np.nan, 500, 500, np.nan, 50, 50],
        }
    )
    return release(
        frame,
        labels=["group", "stage"],
        counts=["n", "referred"],
        rates={"share_pct": ("n", "referred")},
        title="Funnel",
    )


def courses() -> Released:
    frame = pd.DataFrame(
        {
            "class": ["one"] * 3 + ["two"] * 3,
            "session": [1, 2, 3] * 2,
            "mean": [15.0, 12.0, 9.0, 15.5, 15.4, 15.0],
            "low": [14.0, 11.0, 8.0, 15.0, 15.0, 14.0],
            "high": [16.0, 13.0, 10.0, 16.0, 16.0, 16.0],
            "n": [200, 150, 120, 60, 20, 4],
        }
    )
    statistics = {"mean": Statistic("n", low="low", high="high", decimals=1)}
    return release(frame, labels=["class", "session"], counts=["n"], statistics=statistics, title="Courses")


def states() -> Released:
    frame = pd.DataFrame(
        {
            "item": ["sleep", "sleep", "mood", "mood"],
            "state": ["1", "2", "1", "2"],
            "mean": [0.4, 2.6, 0.2, 1.4],
            "n": [300, 200, 300, 5],
        }
    )
    return release(frame, labels=["item", "state"], counts=["n"], statistics={"mean": "n"}, title="States")


def moves() -> Released:
    frame = pd.DataFrame(
        {
            "from_state": ["1", "1", "2", "2"],
            "to_state": ["1", "2", "1", "2"],
            "probability": [0.9, 0.1, 0.3, 0.7],
            "n": [300, 300, 200, 200],
        }
    )
    return release(
        frame, labels=["from_state", "to_state"], counts=["n"], statistics={"probability": "n"}, title="Moves"
    )


def bins() -> Released:
    frame = pd.DataFrame({"bin": [1, 2, 3], "predicted": [20.0, 50.0, 80.0], "n": [150, 160, 170], "x": [31, 79, 140]})
    return release(
        frame,
        labels=["bin"],
        counts=["n", "x"],
        rates={"observed_pct": ("x", "n", "low", "high")},
        statistics={"predicted": "n"},
        vertices=Vertices("n"),
        title="Calibration",
    )


def thresholds() -> Released:
    frame = pd.DataFrame(
        {
            "strategy": ["Model"] * 3 + ["Flag everyone"] * 3,
            "threshold_pct": [10, 30, 50] * 2,
            "net_benefit": [0.4, 0.25, 0.1, 0.38, 0.1, -0.2],
            "n": [900] * 6,
            "events": [400] * 6,
            "flagged": [850, 600, 200, np.nan, np.nan, np.nan],
        }
    )
    return release(
        frame,
        labels=["strategy", "threshold_pct"],
        counts=["n", "events"],
        statistics={"net_benefit": Statistic("n", "events", decimals=3)},
        vertices=Vertices("flagged", ("strategy",), whole="n"),
        title="Decision",
    )


def beside() -> Released:
    frame = pd.DataFrame({"measure": ["Recovery"], "x": [99], "n": [201], "px": [316251], "pn": [634388]})
    rates = {"simulated_pct": ("x", "n"), "published_pct": ("px", "pn")}
    return release(frame, labels=["measure"], counts=["x", "n", "px", "pn"], rates=rates, title="England")


def features() -> Released:
    frame = pd.DataFrame({"feature": ["sleep", "mood", "rare"], "mean_abs_shap": [0.1, 0.4, 0.2], "n": [900, 900, 3]})
    return release(frame, labels=["feature"], counts=["n"], statistics={"mean_abs_shap": "n"}, title="Features")


def steps() -> Released:
    frame = pd.DataFrame(
        {"step": ["referred", "started", "finished"], "reason": ["", "never started", "stopped"], "n": [500, 320, 120]}
    )
    return release(frame, labels=["step", "reason"], counts=["n"], title="Flow")


DRAWN = {
    "flow": (steps, figures.flow_diagram),
    "forest": (groups, figures.forest),
    "gaps": (groups, partial(figures.forest, value="gap_points", reference=0.0)),
    "funnel": (stages, partial(figures.funnel, share="share_pct")),
    "funnel_by_group": (stages, figures.funnel_by_group),
    "trajectories": (courses, figures.trajectories),
    "profile": (states, figures.profile_heat_map),
    "transitions": (moves, figures.transition_matrix),
    "calibration": (bins, partial(figures.calibration_curve, predicted="predicted")),
    "decision": (thresholds, figures.decision_curve),
    "published": (beside, figures.published_beside),
    "bars": (features, figures.bars),
}


@pytest.fixture
def recovery() -> Released:
    """Return a table with rates, gaps, a row that is too small, and a label that would like to be a script."""
    return groups()


@pytest.fixture
def every_drawn():
    """Return the table and drawing function of every figure, by name."""
    return DRAWN


@pytest.fixture(params=sorted(DRAWN))
def drawn(request):
    """Return a released table and the function that draws it, for each figure."""
    make, draw = DRAWN[request.param]
    return make(), draw


@pytest.fixture(scope="session")
def report() -> Report:
    """Return a report with every kind of block."""
    table = groups()
    return Report(
        title=f"A study {EVIL}",
        question="Does it work?",
        statement="Invented.",
        facts=(("Snapshot", "abc"), ("Policy", "midpoint6")),
        key_figures=(KeyFigure("Recovery", "48.9 %", "47.2 to 50.7"),),
        sections=(
            Section("One", (f"A paragraph. {EVIL}", Table("recovery", table))),
            Section("Two", (Picture("funnel", stages(), figures.funnel, "Caption.", f"Alt {EVIL}"),)),
            Section(
                "Three", (Table("states", states()), Picture("profile", states(), figures.profile_heat_map, "C.", "A."))
            ),
        ),
        limits=("Judging one patient.",),
    )
