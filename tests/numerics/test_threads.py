"""One thread within the block, as many as before after it."""

import numpy as np
import pytest
import threadpoolctl
from threadpoolctl import threadpool_info, threadpool_limits

from sklearn_sparseeval.numerics import threads
from sklearn_sparseeval.numerics.threads import one_thread

np.ones((2, 2)) @ np.ones((2, 2))


def n_threads():
    return [library["num_threads"] for library in threadpool_info()]


def test_there_is_one_thread_and_then_as_many_as_before():
    with threadpool_limits(2):
        before = n_threads()
        with one_thread():
            assert set(n_threads()) == {1}
            with one_thread():
                assert set(n_threads()) == {1}
            assert set(n_threads()) == {1}
        assert n_threads() == before


def test_an_error_ends_the_limit_too():
    with threadpool_limits(2):
        before = n_threads()
        with pytest.raises(KeyError), one_thread():
            raise KeyError
        assert n_threads() == before


def test_the_libraries_are_searched_for_again_only_after_an_import(monkeypatch):
    searches = []

    class Controller(threadpoolctl.ThreadpoolController):
        def __init__(self):
            searches.append(self)
            super().__init__()

    monkeypatch.setattr(threads, "ThreadpoolController", Controller)
    monkeypatch.setattr(threads, "_known", None)
    for _ in range(3):
        with one_thread():
            pass
    assert len(searches) == 1
    monkeypatch.setitem(threads.sys.modules, "a_module_that_was_imported_since", threads)
    with one_thread():
        pass
    assert len(searches) == 2
