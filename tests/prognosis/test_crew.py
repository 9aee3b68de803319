"""Many threads or one: the same results in the same order, never more at work than was said, and failures are told."""

import threading
import time

import numpy as np
import pytest
import threadpoolctl
from hypothesis import given
from hypothesis import strategies as st

from outcomes.errors import ConfigError, DataError
from outcomes.prognosis.crew import Crew, StoppedError


class Gauge:
    """How many are at work together."""

    def __init__(self) -> None:
        self.lock, self.now, self.most = threading.Lock(), 0, 0

    def __enter__(self) -> None:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)

    def __exit__(self, *_: object) -> None:
        with self.lock:
            self.now -= 1


@given(tasks=st.lists(st.integers(), max_size=30), workers=st.integers(1, 4))
def test_results_stand_in_the_order_of_the_tasks(tasks, workers):
    assert Crew(workers).map(lambda task: task + 1, tasks) == [task + 1 for task in tasks]


@given(tree=st.recursive(st.integers(0, 9), lambda inner: st.lists(inner, max_size=4), max_leaves=25))
def test_nested_work_gives_the_same_on_any_number_of_threads(tree):
    def total(crew: Crew, node: int | list) -> int:
        return node if isinstance(node, int) else 1 + sum(crew.map(lambda one: total(crew, one), node))

    assert len({total(Crew(workers), tree) for workers in (1, 2, 3)}) == 1


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_never_more_are_at_work_than_was_said_however_the_work_is_nested(workers):
    crew, gauge = Crew(workers), Gauge()

    def leaf(_: int) -> None:
        with gauge:
            time.sleep(0.002)

    def branch(number: int) -> None:
        leaf(number)
        crew.map(leaf, range(number))
        leaf(number)

    for _ in range(3):
        crew.map(branch, [5, 0, 7, 1, 9])
    assert gauge.most == workers


def test_who_has_nothing_left_to_do_helps_with_the_work_of_others():
    crew, names = Crew(2), set()

    def leaf(_: int) -> None:
        names.add(threading.get_ident())
        time.sleep(0.01)

    def branch(number: int) -> None:
        crew.map(leaf, range(number))

    crew.map(branch, [0, 12])  # the second one is alone with its twelve at the beginning only
    assert len(names) == 2


def test_who_is_done_begins_what_nobody_has_begun_elsewhere():
    """Two leaves of the first branch, one long: the second branch begins before the long leaf has ended."""
    crew, over, begun = Crew(2), threading.Event(), threading.Event()

    def leaf(long: bool) -> bool:
        return begun.wait(10) if long else over.set() or True

    def branch(number: int) -> bool:
        if number:
            begun.set()
            return True
        return all(crew.map(leaf, [True, False]))

    assert crew.map(branch, [0, 1]) == [True, True]
    assert over.is_set()


def test_one_worker_starts_no_thread():
    here = threading.get_ident()
    assert set(Crew(1).map(lambda _: threading.get_ident(), range(5))) == {here}


def test_the_first_failure_in_the_order_of_the_tasks_is_raised_and_nothing_is_begun_after_it():
    begun = []

    def fails(number: int) -> None:
        begun.append(number)
        time.sleep(0.01 if number else 0.03)
        raise DataError(f"task {number}")

    with pytest.raises(DataError, match="task 0"):
        Crew(2).map(fails, range(50))
    assert len(begun) <= 3
    assert threading.active_count() == 1 or not any(one.name == "crew" for one in threading.enumerate())


def test_a_crew_goes_on_after_a_failure():
    crew = Crew(2)
    with pytest.raises(ZeroDivisionError, match="division"):
        crew.map(lambda number: 1 / number, [1, 0])
    assert crew.map(abs, [-1, -2, -3]) == [1, 2, 3]


def test_whoever_stops_the_program_stops_all_of_it():
    crew, begun, failures = Crew(2), [], []

    def leaf(number: int) -> None:
        begun.append(number)
        time.sleep(0.01)

    def branch(stop: bool) -> None:
        if stop:
            time.sleep(0.03)
            raise KeyboardInterrupt
        try:
            crew.map(leaf, range(500))
        except StoppedError as stopped:
            failures.append(stopped)
            raise

    with pytest.raises(KeyboardInterrupt):
        crew.map(branch, [True, False])
    assert 0 < len(begun) < 100
    assert len(failures) == 1
    assert not any(one.name == "crew" for one in threading.enumerate())


def test_progress_is_told_once_a_task_and_ends_with_all():
    told = []
    Crew(3).map(abs, range(8), done=lambda *step: told.append(step))
    assert told == [(number, 8) for number in range(1, 9)]


def test_everybody_has_one_thread_of_linear_algebra_also_after_a_helper_has_left():
    def threads(pause: float) -> set[int]:
        time.sleep(pause)
        np.ones((2, 2)) @ np.ones((2, 2))
        return {one["num_threads"] for one in threadpoolctl.threadpool_info()}

    with threadpoolctl.threadpool_limits(limits=2):
        crew = Crew(2)
        found = crew.map(lambda pauses: crew.map(threads, pauses), [[0.01, 0.0], [0.0, 0.02, 0.02]])
        assert set().union(*(one for part in found for one in part)) == {1}


@pytest.mark.parametrize("workers", [0, -1])
def test_nobody_is_no_crew(workers):
    with pytest.raises(ConfigError, match="workers must be at least 1"):
        Crew(workers)


def test_a_crew_may_be_named_by_its_size():
    crew = Crew(2)
    assert Crew.of(crew) is crew
    assert Crew.of(3).workers == 3
