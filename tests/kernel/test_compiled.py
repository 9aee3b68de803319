"""Compiled loops are kept on disk where that is possible and still run where it is not."""

import numba
import pytest

from outcomes.kernel.compiled import compiled
from outcomes.kernel.latent_markov_passes import sweep


def double(x: float) -> float:
    return 2 * x


def test_a_compiled_function_gives_the_same_answer():
    assert compiled(double)(1.5) == double(1.5)


def test_without_a_place_for_the_cache_it_is_compiled_anew(monkeypatch):
    plain, asked = numba.njit, []

    def refuse_cache(**options):
        asked.append(options)
        if options.get("cache"):
            raise RuntimeError("no locator available")
        return plain(**options)

    monkeypatch.setattr(numba, "njit", refuse_cache)
    assert compiled(double)(2.0) == 4.0
    assert [bool(options.get("cache")) for options in asked] == [True, False]


def test_the_costly_pass_is_kept():
    assert sweep.stats.cache_path, "the machine code of the sweep is not kept on disk"


def test_relaxed_arithmetic_keeps_not_a_number():
    assert compiled(double)(float("nan")) != pytest.approx(0)
