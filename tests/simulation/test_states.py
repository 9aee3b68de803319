"""The hidden-state process keeps the laws that it declares."""

import numpy as np
import pytest

from outcomes.simulation.settings import invented
from outcomes.simulation.states import StateProcess

N = 40_000
ALL = np.arange(N)


@pytest.fixture
def process() -> StateProcess:
    made = StateProcess(invented().states, np.random.default_rng(8))
    made.start(np.zeros(N), np.zeros(N))
    return made


def test_people_start_in_the_declared_shares(process: StateProcess) -> None:
    declared = np.array(invented().states.initial)
    found = np.bincount(process.state, minlength=len(declared)) / N
    np.testing.assert_allclose(found, declared / declared.sum(), atol=0.01)


def test_a_severity_shift_raises_the_burden(process: StateProcess) -> None:
    usual = process.burden(ALL).mean()
    process.start(np.full(N, 0.5), np.full(N, 0.5))
    assert process.burden(ALL).mean() > usual + 0.2


def test_one_session_moves_as_the_hazards_say(process: StateProcess) -> None:
    numbers = invented().states
    typical = numbers.names.index("typical")
    process.state[:] = typical
    process.advance(ALL, np.zeros(N), np.zeros(N))
    total = numbers.improve[typical] + numbers.worsen[typical] + numbers.lateral[typical]
    better = (1 - np.exp(-total)) * numbers.improve[typical] / total
    lower = np.array(numbers.improve_to[typical]) > 0
    assert abs(lower[process.state].mean() - better) < 0.01
    assert set(np.unique(process.state)) <= set(np.flatnonzero(lower)) | {typical, numbers.names.index("severe")}


def test_the_response_multiplies_improvement(process: StateProcess) -> None:
    process.state[:] = invented().states.names.index("moderate somatic")
    before = process.burden(ALL).mean()
    process.advance(ALL[: N // 2], np.full(N // 2, 1.0), np.zeros(N // 2))
    process.advance(ALL[N // 2 :], np.full(N // 2, -2.0), np.zeros(N // 2))
    fast, slow = (before - process.burden(rows).mean() for rows in (ALL[: N // 2], ALL[N // 2 :]))
    assert fast > 2 * slow > 0


def test_rows_that_are_not_moved_stay(process: StateProcess) -> None:
    before = process.truth(ALL)
    process.advance(ALL[:100], np.full(100, 2.0), np.zeros(100))
    after = process.truth(ALL)
    for name, values in before.items():
        assert (values[100:] == after[name][100:]).all()


def test_answers_have_the_probabilities_of_the_state(process: StateProcess) -> None:
    severe = len(invented().states.names) - 1
    process.state[:] = severe
    answers = process.answer(ALL)
    np.testing.assert_allclose((answers[:, 8] >= 1).mean(), process.phq9[severe, 8, 0], atol=0.01)
    np.testing.assert_allclose(answers[:, :9].mean(axis=0), process.phq9[severe].sum(axis=1), atol=0.03)


def test_answers_are_independent_given_state_and_level(process: StateProcess) -> None:
    process.state[:] = 3
    process.anxiety[:] = 2
    correlations = np.corrcoef(process.answer(ALL).T)
    np.fill_diagonal(correlations, 0.0)
    assert np.abs(correlations).max() < 0.03


def test_the_shape_is_that_of_the_first_state(process: StateProcess) -> None:
    names = np.array(["none", "cognitive-affective", "somatic"])
    declared = np.array(invented().states.shape)[process.state]
    process.advance(ALL, np.full(N, 2.0), np.zeros(N))
    assert (names[process.shape()] == declared).all()
