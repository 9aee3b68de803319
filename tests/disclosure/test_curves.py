"""A released curve has no step for a single person."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.disclosure.curves import check_vertices, thin_curve
from outcomes.disclosure.gate import Vertices, release
from outcomes.errors import DisclosureError
from outcomes.reference.policies import disclosure_policies, disclosure_policy


@settings(deadline=None)
@given(st.lists(st.integers(0, 15), min_size=1, max_size=60))
def test_every_step_stands_for_ten_people(steps):
    kept = thin_curve(pd.DataFrame({"flagged": np.cumsum(steps)}), reached="flagged")["flagged"].to_numpy()
    assert (np.diff(kept) >= 10).all()
    assert kept[0] == steps[0]


def test_falling_curves_and_several_curves_keep_their_order():
    table = pd.DataFrame(
        {
            "model": ["a", "b", "a", "b", "a", "b"],
            "left": [100, 50, 95, 39, 80, 38],
        }
    )
    kept = thin_curve(table, reached="left", by=["model"])
    assert kept.to_dict("list") == {"model": ["a", "b", "b", "a"], "left": [100, 50, 39, 80]}


def test_without_ends_the_first_vertex_is_not_kept():
    assert thin_curve(pd.DataFrame({"n": [0, 5, 20]}), reached="n", ends=False)["n"].tolist() == [20]


def test_a_curve_without_counts_is_refused():
    with pytest.raises(DisclosureError, match="not in the curve: n"):
        thin_curve(pd.DataFrame({"x": [1]}), reached="n")
    with pytest.raises(DisclosureError, match="every vertex has its count"):
        thin_curve(pd.DataFrame({"n": [1.0, np.nan]}), reached="n")


ROC = pd.DataFrame({"threshold": [10, 20, 30, 40], "flagged": [90, 60, 51, 20], "n": [100] * 4})


def released(curve, vertices, policy="midpoint6"):
    return release(
        curve, labels=["threshold"], counts=["flagged", "n"], vertices=vertices, policy=policy, title="ROC curve"
    )


@pytest.mark.parametrize("policy", sorted(disclosure_policies()))
def test_a_curve_with_a_nine_person_vertex_is_refused_and_passes_when_thinned(policy):
    vertices = Vertices("flagged", whole="n")
    with pytest.raises(DisclosureError, match=r"flagged: 1 of 4 vertices of the curve stand for fewer than 10 people"):
        released(ROC, vertices, policy)
    thinned = thin_curve(ROC, reached="flagged", whole="n", policy=policy)
    assert thinned["flagged"].tolist() == [90, 60, 20]
    assert released(thinned, vertices, policy).vertices == 10


@pytest.mark.parametrize(
    ("flagged", "few"),
    [
        ([100, 60, 20, 0], 0),  # everybody, nobody: no person is told apart
        ([91, 60, 20, 0], 1),  # nine who are not flagged
        ([100, 60, 20, 9], 1),  # nine who are
        ([100, 60, 60, 0], 1),  # the same people at two thresholds
    ],
)
def test_ends_of_a_curve_are_looked_at_too(flagged, few):
    curve = ROC.assign(flagged=flagged)
    kept = thin_curve(curve, reached="flagged", whole="n")
    assert len(kept) == len(curve) - few
    check_vertices(kept, Vertices("flagged", whole="n"), disclosure_policy())
    if few:
        with pytest.raises(DisclosureError, match="1 of 4 vertices"):
            check_vertices(curve, Vertices("flagged", whole="n"), disclosure_policy())


def test_a_bin_of_nine_people_is_refused_though_the_policy_would_show_its_mean():
    bins = pd.DataFrame({"bin": [1, 2], "n": [40, 9]})
    with pytest.raises(DisclosureError, match="n: 1 of 2 vertices"):
        release(
            bins, labels=["bin"], counts=["n"], vertices=Vertices("n"), policy="nhs_talking_therapies", title="Bins"
        )


def test_the_step_from_one_curve_to_the_next_is_no_step_and_the_count_need_not_be_printed():
    two = pd.DataFrame({"model": ["a", "a", "b"], "threshold": [1, 2, 1], "flagged": [50, 30, 32], "n": [90] * 3})
    out = release(
        two,
        labels=["model", "threshold"],
        counts=["n"],
        vertices=Vertices("flagged", ("model",), whole="n"),
        title="Decision curve",
    )
    assert list(out.table.columns) == ["model", "threshold", "n"]
    with pytest.raises(DisclosureError, match="1 of 3 vertices"):
        check_vertices(two, Vertices("flagged", whole="n"), disclosure_policy())


def test_a_vertex_about_nobody_apart_passes_and_an_absent_column_does_not():
    curve = ROC.assign(flagged=[np.nan, 60.0, np.nan, 20.0])
    check_vertices(curve, Vertices("flagged", whole="n"), disclosure_policy())
    with pytest.raises(DisclosureError, match="not in the curve: alerts"):
        check_vertices(curve, Vertices("alerts"), disclosure_policy())
