"""Pictures of states: same table, same bytes; released tables only; what cannot be shown is said."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from outcomes.disclosure.gate import release
from outcomes.errors import DisclosureError
from outcomes.publications.drawing import pdf, png, svg
from outcomes.publications.subtype_figures import selection_curves, stability_bars, state_flow, transition_diagram

STATES = ("1", "2", "3", "4")


def criteria():
    rows = [
        {"states": str(k), "criterion": name, "above_best": float((k - best) ** 2 * 40), "n": 900}
        for name, best in (("AIC", 5), ("BIC", 4), ("ICL", 3))
        for k in range(2, 7)
    ]
    frame = pd.DataFrame(rows)
    return release(frame, labels=["states", "criterion"], counts=["n"], statistics={"above_best": "n"}, title="Choice")


def stability():
    frame = pd.DataFrame(
        {
            "state": STATES,
            "judgement": ["highly stable", "stable", "not to be trusted", "stable"],
            "jaccard": [0.93, 0.8, 0.41, 0.79],
            "n": [300, 200, 90, 4],
        }
    )
    return release(frame, labels=["state", "judgement"], counts=["n"], statistics={"jaccard": "n"}, title="Stability")


def moves():
    p = np.array([[0.9, 0.1, 0, 0], [0.2, 0.6, 0.1, 0.1], [0.02, 0.2, 0.7, 0.08], [0.0, 0.1, 0.2, 0.7]])
    rows = [
        {
            "from_state": a,
            "to_state": b,
            "subtype": "even" if a in "14" else "somatic",
            "people": 300 - 60 * i,
            "p": p[i, j],
        }
        for i, a in enumerate(STATES)
        for j, b in enumerate(STATES)
    ]
    frame = pd.DataFrame(rows).rename(columns={"p": "probability"})
    labels = ["from_state", "to_state", "subtype"]
    return release(frame, labels=labels, counts=["people"], statistics={"probability": "people"}, title="Moves")


def flow():
    rng = np.random.default_rng(0)
    rows = [
        {"occasion": str(t), "from_state": a, "to_state": b, "n": int(rng.integers(0, 80))}
        for t in (1, 2, 3)
        for a in STATES
        for b in (*STATES, "left")
    ]
    return release(pd.DataFrame(rows), labels=["occasion", "from_state", "to_state"], counts=["n"], title="Flow")


DRAWN = {
    "selection": (criteria, partial(selection_curves, chosen="4")),
    "stability": (stability, partial(stability_bars, limits=(0.6, 0.75, 0.85))),
    "diagram": (moves, transition_diagram),
    "flow": (flow, state_flow),
}


@pytest.fixture(params=sorted(DRAWN))
def drawn(request):
    make, draw = DRAWN[request.param]
    return make(), draw


def test_same_table_same_bytes(drawn):
    table, draw = drawn
    assert (svg(draw(table)), pdf(draw(table))) == (svg(draw(table)), pdf(draw(table)))
    assert png(draw(table), dpi=50).startswith(b"\x89PNG")


def test_a_plain_or_changed_table_is_not_drawn(drawn):
    table, draw = drawn
    with pytest.raises(DisclosureError, match="only released tables"):
        draw(table.table)
    table.table.iloc[0, -1] = 1
    with pytest.raises(DisclosureError, match="does not belong"):
        draw(table)


def texts(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_a_doubtful_state_is_hatched_and_a_small_one_is_not_shown():
    figure = DRAWN["stability"][1](stability())
    bars = figure.axes[0].patches
    assert [bar.get_hatch() for bar in bars] == [None, None, "////", None]
    said = texts(figure)
    assert "0.41  not to be trusted" in said
    assert "too few people to show" in said


def test_moves_too_rare_to_draw_have_no_arrow():
    said = texts(transition_diagram(moves()))
    assert ".20" in said
    assert ".02" not in said
    assert {"even", "somatic", "0.90"} <= set(said)


def test_column_heights_of_the_flow_are_the_released_counts():
    table = flow()
    axes = state_flow(table).axes[0]
    heights = sum(bar.get_height() for container in axes.containers for bar in container)
    assert heights == pytest.approx(float(table.table["n"].sum()))
