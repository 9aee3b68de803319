"""The second process has one severity, no subtypes, and items that persist on their own."""

import numpy as np
import pytest

from outcomes.simulation.settings import invented
from outcomes.simulation.severity import SeverityProcess

N = 20_000
ALL = np.arange(N)


@pytest.fixture
def process() -> SeverityProcess:
    made = SeverityProcess(invented().severity, np.random.default_rng(3))
    made.start(np.zeros(N), np.zeros(N))
    return made


def test_there_are_no_subtypes(process: SeverityProcess) -> None:
    assert not process.shape().any()


def test_people_get_better_faster_when_they_respond(process: SeverityProcess) -> None:
    half = N // 2
    before = process.burden(ALL).mean()
    for _ in range(4):
        process.advance(ALL[:half], np.full(half, 0.5), np.full(half, -2.0))
        process.advance(ALL[half:], np.full(half, -3.0), np.full(half, -2.0))
    assert process.burden(ALL[:half]).mean() < process.burden(ALL[half:]).mean() - 0.2
    assert process.burden(ALL[:half]).mean() < before


def test_items_keep_their_own_offsets(process: SeverityProcess) -> None:
    first = process.answer(ALL).astype(float)
    process.advance(ALL, np.full(N, -9.0), np.full(N, -9.0))
    second = process.answer(ALL).astype(float)
    rest = [np.delete(answers[:, :9], 2, axis=1).sum(axis=1) for answers in (first, second)]
    residual = [
        answers[:, 2] - np.polyval(np.polyfit(total, answers[:, 2], 1), total)
        for answers, total in zip((first, second), rest, strict=True)
    ]
    assert np.corrcoef(*residual)[0, 1] > 0.12


def test_the_truth_is_the_severity_that_is_answered_from(process: SeverityProcess) -> None:
    truth = process.truth(ALL)
    totals = process.answer(ALL).sum(axis=1)
    assert np.corrcoef(truth["severity"] + truth["anxiety_severity"], totals)[0, 1] > 0.75


def test_a_severity_shift_raises_the_burden(process: SeverityProcess) -> None:
    usual = process.burden(ALL).mean()
    process.start(np.full(N, 0.5), np.full(N, 0.5))
    assert process.burden(ALL).mean() > usual + 0.2
