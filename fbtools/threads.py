"""One thread for the linear algebra of a draw: its rounding must not depend on their number.

A threaded matrix product cuts its sums, or picks its kernels, by the number of threads.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import scipy.linalg  # noqa: F401  # loads SciPy's own BLAS, which is to be found below
from threadpoolctl import ThreadpoolController

__all__ = ["one_thread_of_linear_algebra"]


@contextmanager
def one_thread_of_linear_algebra() -> Iterator[None]:
    """Let BLAS and LAPACK use one thread while this block is open; also a decorator.

    Notes
    -----
    Some libraries count threads by process, others by the thread that calls them: both are set.
    The first block that opens in a process sets its number to one, the last that closes sets it
    back, in whatever order blocks of several threads come and go. Libraries whose threads cannot be
    set (Accelerate, on macOS) are left as they are.

    Examples
    --------
    >>> import numpy as np
    >>> with one_thread_of_linear_algebra():
    ...     np.ones((2, 2)) @ np.ones(2)
    array([2., 2.])
    """
    _process.open()
    try:
        with _process.limit():
            yield
    finally:
        _process.close()


class _Process:
    """The limit of this process, and how many blocks want it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.blocks = 0
        self.controller: ThreadpoolController | None = None
        # Where the limit is the process's, only the thread that has set it can set it back.
        self.owner = ThreadPoolExecutor(1, thread_name_prefix="fbtools-threads")
        self.held: AbstractContextManager[Any] | None = None

    def limit(self) -> AbstractContextManager[Any]:
        """A limit to one thread; finding the libraries takes milliseconds, once."""
        if self.controller is None:
            self.controller = ThreadpoolController()
        context: AbstractContextManager[Any] = self.controller.limit(limits=1, user_api="blas")
        return context

    def open(self) -> None:
        """One block more."""
        with self.lock:
            if self.blocks == 0:
                self.owner.submit(self._hold).result()
            self.blocks += 1

    def close(self) -> None:
        """One block less."""
        with self.lock:
            self.blocks -= 1
            if self.blocks == 0:
                self.owner.submit(self._release).result()

    def _hold(self) -> None:
        self.held = self.limit()
        self.held.__enter__()

    def _release(self) -> None:
        assert self.held is not None
        self.held.__exit__(None, None, None)


def _start_anew() -> None:
    """In a forked process, which has none of the threads of its parent."""
    global _process
    _process = _Process()


_process = _Process()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)
