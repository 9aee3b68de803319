"""A small release of invented people whose true counts are told apart from every printed number."""

from functools import partial

import numpy as np
import pandas as pd

from outcomes.disclosure.door import let_out
from outcomes.disclosure.gate import Rate, Statistic, release
from outcomes.publications.bundle import Bundle
from outcomes.publications.drawing import Style
from outcomes.publications.figures.flow import flow_diagram
from outcomes.publications.figures.groups import forest
from outcomes.publications.grids import under_headings
from outcomes.publications.methods import Step
from outcomes.publications.page import Picture, Table
from outcomes.publications.sheet import Context

KEY = b"the key of a test is no key, no."
SENTINELS = (70001, 40004, 29998, 20002, 10007, 8008, 12012)  # none is printed as it is under any rounding to 6


def drafts():
    flow = pd.DataFrame(
        {
            "step": ["referred", "started", "finished"],
            "reason": ["", "never started", "stopped"],
            "n": [70001, 40004, 20002],
            "of": [np.nan, 70001, 70001],
        }
    )
    groups = pd.DataFrame(
        {
            "breakdown": ["gender"] * 3,
            "group": ["Everyone", "Female", "Male"],
            "events": [20002, 10007, 8008],
            "n": [70001, 40004, 29998],
            "mean": [12.125, 11.5, 13.25],
        }
    )
    return {
        "flow": release(
            flow,
            labels=["step", "reason"],
            counts=["n", "of"],
            rates={"share_pct": ("n", "of")},
            title="Flow of referrals",
        ),
        "groups": release(
            groups,
            labels=["breakdown", "group"],
            counts=["events", "n"],
            rates={"rate_pct": Rate("events", "n", "low_pct", "high_pct")},
            statistics={"mean": Statistic("n", decimals=2)},
            title="Recovery & more, by_group",
        ),
    }


def bundle(style=None, **options):
    passage = let_out(drafts(), study="trial", snapshot="s1", key=KEY)
    flow, groups = passage.tables["flow"], passage.tables["groups"]
    return Bundle(
        context=Context("trial", "A trial", "Does it work?", "Invented people.", "s1"),
        passage=passage,
        tables=(Table("groups", groups, partial(under_headings, by="breakdown")),),
        pictures=(
            Picture("flow", flow, flow_diagram, "Who was counted.", "Boxes."),
            Picture("forest", groups, partial(forest, by="breakdown"), "By group.", "Lines."),
        ),
        steps=(Step("Outcomes", "As published.", ("kroenke_2001",)),),
        settings={"seed": "1"},
        style=style or Style(),
        limits=("Judging one patient.",),
        **options,
    )
