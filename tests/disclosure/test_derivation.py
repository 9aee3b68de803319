"""Printed columns follow from printed counts, whichever rates share a count."""

import pandas as pd
import pytest

from outcomes.disclosure.derivation import Derivation
from outcomes.disclosure.layout import layout
from outcomes.reference.policies import disclosure_policy


@pytest.mark.parametrize("whole", ["n", "m"])
def test_a_count_with_two_denominators_fits_both_and_never_is_all_of_either(whole):
    wholes = {"n": 300, "m": 300} | {whole: 100}
    table = pd.DataFrame({"x": range(90, 101), "n": wholes["n"], "m": wholes["m"]})
    declared = layout([], ["x", "n", "m"], {"a": ("x", "n"), "b": ("x", "m")}, {})
    derived = Derivation(table, declared, disclosure_policy("midpoint6"))
    assert (derived.count("x") < derived.count("n")).all()
    assert (derived.count("x") < derived.count("m")).all()
    assert (derived.count("x") == derived.count("x")[-1]).sum() == 4


def test_a_count_without_its_whole_is_a_plain_count():
    table = pd.DataFrame({"x": [100, 40], "n": [None, 100]}).astype({"n": "float"})
    declared = layout([], ["x", "n"], {"a": ("x", "n")}, {})
    derived = Derivation(table, declared, disclosure_policy("midpoint6"))
    assert derived.count("x").tolist() == [99, 39]
