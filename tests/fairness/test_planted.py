"""Gaps that are planted are found, each by its own look; the full counts come from benchmarks/fairness.py."""

import importlib.util
from pathlib import Path

import pytest

FILE = Path(__file__).resolve().parents[2] / "benchmarks" / "fairness.py"


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("benchmark_of_fairness", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_planted_gaps_are_found_and_none_is_invented(benchmark):
    counts = benchmark.run(12, 500, seed=4)
    for world in benchmark.LOOKS:
        assert counts[world] >= 7, world  # four of five, and chance
    assert counts["none"] <= 3
