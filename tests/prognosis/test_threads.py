"""One thread inside, as many as before outside."""

import numpy as np
import threadpoolctl

from outcomes.prognosis.threads import one_thread, single_thread


def threads_of_blas() -> list[int]:
    np.ones((2, 2)) @ np.ones((2, 2))
    return [one["num_threads"] for one in threadpoolctl.threadpool_info() if one["user_api"] == "blas"]


def test_inside_there_is_one_thread_and_outside_as_before():
    with threadpoolctl.threadpool_limits(limits=2):
        before = threads_of_blas()
        with single_thread():
            assert set(threads_of_blas()) == {1}
            assert set(one_thread(threads_of_blas)()) == {1}
        assert threads_of_blas() == before
