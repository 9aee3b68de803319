"""One thread inside, as many as before outside."""

import threading
import warnings

import numpy as np
import pytest
import threadpoolctl

from outcomes.prognosis.threads import Unheard, one_thread, single_thread


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


def test_a_warning_is_unheard_until_the_last_of_several_threads_has_ended():
    unheard, inside, leave = Unheard(RuntimeWarning), threading.Barrier(2), threading.Event()

    def other():
        with unheard:
            inside.wait()
            leave.wait()
            warnings.warn("expected", RuntimeWarning, stacklevel=1)

    one = threading.Thread(target=other)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        one.start()
        with unheard:
            inside.wait()
        leave.set()
        one.join()
        assert heard == []
        warnings.warn("not expected", RuntimeWarning, stacklevel=1)
        assert [str(each.message) for each in heard] == ["not expected"]


def test_filters_of_others_stay_as_they_were():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        before = list(warnings.filters)
        with Unheard(RuntimeWarning):
            warnings.simplefilter("error", DeprecationWarning)
        assert warnings.filters[0][0] == "error"
        assert warnings.filters[1:] == before
        with pytest.raises(DeprecationWarning, match="loud"), Unheard(RuntimeWarning):
            warnings.warn("loud", DeprecationWarning, stacklevel=1)
