"""Who computes at the same time? A few threads that share all work, however it is nested; results keep their order.

Trees, linear algebra and sorting let other threads run meanwhile. Every fit has one thread of its own, so results do
not depend on how many there are.
"""

from collections.abc import Callable, Iterable
from operator import call
from threading import Lock, Semaphore, Thread
from typing import Any, Generic, TypeAlias, TypeVar

from outcomes.errors import ConfigError
from outcomes.prognosis.threads import single_thread

T = TypeVar("T")
R = TypeVar("R")
Done: TypeAlias = Callable[[int, int], None]


class StoppedError(Exception):
    """Work was left because the program is being stopped (Ctrl-C)."""


class Crew:
    """So many threads at a time over all that is given to them, also where one piece of work hands out others.

    Whoever calls `map` works too. Others join between two tasks, as long as fewer than `workers` compute in the whole
    crew; who waits for others makes room, and who has nothing left to do goes to any list with tasks that nobody has
    begun. So a long list of tasks gets the threads that a shorter one no longer needs.

    Parameters
    ----------
    workers : int
        Threads that compute at a time; 1 starts none.

    Raises
    ------
    ConfigError
        If `workers` is below 1.

    Examples
    --------
    >>> Crew(2).map(lambda number: number**2, [3, 1, 2])
    [9, 1, 4]
    """

    def __init__(self, workers: int = 1) -> None:
        if workers < 1:
            raise ConfigError(f"workers must be at least 1, got {workers}")
        self.workers = workers
        self._free = Semaphore(workers - 1)
        self._stopped = False
        self._jobs: list[_Job[Any, Any]] = []  # what is being done, the outermost first

    @classmethod
    def of(cls, workers: "Crew | int") -> "Crew":
        """Give a crew, where either it or its size may be named.

        Parameters
        ----------
        workers : Crew or int
            Threads at a time, or the crew that has others to do too.

        Returns
        -------
        Crew
            The one given, or a new one.
        """
        return workers if isinstance(workers, Crew) else cls(workers)

    def map(self, function: Callable[[T], R], tasks: Iterable[T], *, done: Done | None = None) -> list[R]:
        """Do the same to every task.

        Tasks are begun in their order: put the longest first. Once one has failed none is begun any more, and the
        first failure in the order of the tasks is raised.

        Parameters
        ----------
        function : callable
            Takes a task; must not change what others read.
        tasks : iterable
            What is to be done.
        done : callable, optional
            Told how many are done, and of how many, after each; from the thread that did it.

        Returns
        -------
        list
            Results in the order of the tasks.

        Raises
        ------
        StoppedError
            If the program is being stopped.
        """
        job = _Job(function, list(tasks), done)
        self._jobs.append(job)
        with single_thread():  # held here as long as anybody works: a helper that leaves does not lift it for others
            try:
                self._work(job)
                self._wait(job)
            except BaseException:  # Ctrl-C: nobody begins another task, of this work or of any other
                self._stopped = True
                self._wait(job)
                raise
            finally:
                self._jobs.remove(job)
        if self._stopped:
            raise StoppedError
        return job.results()

    def together(self, parts: Iterable[Callable[[], Any]], *, done: Done | None = None) -> list[Any]:
        """Do different things side by side.

        Parameters
        ----------
        parts : iterable of callable
            What is to be done, the longest first.
        done : callable, optional
            As in `map`.

        Returns
        -------
        list
            What each gave, in their order.

        Examples
        --------
        >>> Crew(2).together([lambda: 1, lambda: "two"])
        [1, 'two']
        """
        return self.map(call, parts, done=done)

    def _work(self, job: "_Job[T, R]") -> None:
        while not self._stopped and (place := job.take()) is not None:
            if job.waiting and self._free.acquire(blocking=False) and not self._send(job):
                self._free.release()
            job.do(place)

    def _send(self, job: "_Job[Any, Any]") -> bool:
        return job.join(Thread(target=self._help, args=(job,), name="crew"))

    def _help(self, job: "_Job[T, R]") -> None:
        try:
            with single_thread():
                self._work(job)
        finally:
            if self._stopped or not any(self._send(other) for other in tuple(self._jobs)):
                self._free.release()  # else the place went with the one who was sent

    def _wait(self, job: "_Job[T, R]") -> None:
        while (helper := job.helper()) is not None:  # a helper may have called another one
            self._free.release()
            try:
                helper.join()
            finally:
                self._free.acquire()
            job.left(helper)


class _Job(Generic[T, R]):
    # the tasks of one map: which is next, what came of each, who helps

    def __init__(self, function: Callable[[T], R], tasks: list[T], done: Done | None) -> None:
        self._function, self._tasks, self._done = function, tasks, done
        self._found: dict[int, R] = {}
        self._failed: dict[int, Exception] = {}
        self._begun, self._lock = 0, Lock()
        self._helpers: list[Thread] = []

    @property
    def waiting(self) -> bool:
        return self._begun < len(self._tasks) and not self._failed

    def take(self) -> int | None:
        with self._lock:
            if not self.waiting:
                return None
            self._begun += 1
            return self._begun - 1

    def join(self, helper: Thread) -> bool:
        with self._lock:  # whoever asked for the work waits for all who joined while a task was left
            if self.waiting:
                helper.start()
                self._helpers.append(helper)
                return True
        return False

    def helper(self) -> Thread | None:
        with self._lock:
            return self._helpers[-1] if self._helpers else None

    def left(self, helper: Thread) -> None:
        with self._lock:
            self._helpers.remove(helper)

    def do(self, place: int) -> None:
        try:
            found = self._function(self._tasks[place])
            with self._lock:
                self._found[place] = found
                if self._done is not None:
                    self._done(len(self._found), len(self._tasks))
        except Exception as failure:  # noqa: BLE001  raised where the work was asked for, see `results`
            self._failed[place] = failure

    def results(self) -> list[R]:
        if self._failed:
            raise self._failed[min(self._failed)]
        return [self._found[place] for place in range(len(self._tasks))]
