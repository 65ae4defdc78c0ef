"""One thread for the linear algebra of a draw: its rounding must not depend on their number.

A threaded matrix product cuts its sums, or picks its kernels, by the number of threads.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
import weakref
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

import scipy.linalg  # noqa: F401  # loads the libraries whose threads are set here
from threadpoolctl import ThreadpoolController

__all__ = ["one_thread_of_linear_algebra"]


@contextmanager
def one_thread_of_linear_algebra() -> Iterator[None]:
    """Let BLAS and LAPACK use one thread while this block is open; also a decorator.

    Notes
    -----
    Some libraries count threads by process, others by the thread that calls them: both are set.
    The first block that opens in a process sets its number to one, the last that closes sets it
    back, in whatever order blocks of several threads come and go, and whatever interrupts them; a
    forked process starts with the number its parent had before. Libraries whose threads cannot be
    set (Accelerate, on macOS) are left as they are.

    Examples
    --------
    >>> import numpy as np
    >>> with one_thread_of_linear_algebra():
    ...     np.ones((2, 2)) @ np.ones(2)
    array([2., 2.])
    """
    # Ctrl-C may come anywhere, even before the block below begins: then the block's end is told by
    # the end of this object.
    block = _Block()
    try:
        _process.open(block)
        with _process.limit():
            yield
    finally:
        _process.close(block)


class _Block:
    """An open block, and the reference that is told when it is gone."""

    told: weakref.ref[_Block] | None = None


class _Process:
    """The limit of this process: held while there is a block, by a thread that does only that.

    Where the limit is the process's, only the thread that has set it can set it back.
    """

    def __init__(self) -> None:
        self.blocks: set[weakref.ref[_Block] | None] = set()
        self.lock = threading.Lock()
        self.controller: ThreadpoolController | None = None
        self.held: AbstractContextManager[Any] | None = None
        self.start()

    def start(self) -> None:
        """Begin without the thread, as a forked process does."""
        self.questions: queue.SimpleQueue[threading.Event | weakref.ref[_Block]] = (
            queue.SimpleQueue()
        )
        self.owner: threading.Thread | None = None

    def limit(self) -> AbstractContextManager[Any]:
        """A limit to one thread; finding the libraries takes milliseconds, once."""
        if self.controller is None:
            self.controller = ThreadpoolController()
        context: AbstractContextManager[Any] = self.controller.limit(limits=1, user_api="blas")
        return context

    def open(self, block: _Block) -> None:
        """Hold the limit, before anything is computed."""
        # The end of a block is told without a line of Python: a Ctrl-C that comes while a finalizer
        # runs would be lost.
        block.told = weakref.ref(block, self.questions.put)
        with self.lock:
            self.blocks.add(block.told)
            held = self.held is not None
        if not held:
            self.wait(self.look())

    def close(self, block: _Block) -> None:
        """Release the limit, unless another block wants it."""
        with self.lock:
            self.blocks.discard(block.told)
            block.told = None
            last = not self.blocks
        if last:
            self.wait(self.look())

    def look(self) -> threading.Event:
        """Ask the owner to hold the limit or to release it, by the blocks that there are."""
        done = threading.Event()
        self.questions.put(done)
        return done

    def wait(self, done: threading.Event) -> None:
        """Wait for the owner; at the end of the interpreter there may be none, and no limit."""
        with self.lock:
            if self.owner is None or not self.owner.is_alive():
                owner = threading.Thread(target=self.answer, name="fbtools-threads", daemon=True)
                try:
                    owner.start()
                except RuntimeError:
                    return
                self.owner = owner
            owner = self.owner
        while not (done.wait(1.0) or sys.is_finalizing() or not owner.is_alive()):
            pass

    def answer(self) -> None:
        """What the owner does, as long as the process lives."""
        while True:
            question = self.questions.get()
            with self.lock:
                if isinstance(question, weakref.ref):
                    self.blocks.discard(question)
                if self.blocks and self.held is None:
                    held = self.limit()
                    held.__enter__()
                    self.held = held
                elif not self.blocks and self.held is not None:
                    self.release()
            if isinstance(question, threading.Event):
                question.set()

    def release(self) -> None:
        """Set the threads back."""
        held, self.held = self.held, None
        if held is not None:
            held.__exit__(None, None, None)

    def fork(self) -> None:
        """In the child: the blocks, and the thread that held the limit, are its parent's."""
        self.blocks = set()
        self.start()
        with suppress(Exception):
            self.release()
        self.lock.release()


_process = _Process()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=lambda: _process.lock.acquire(),  # the owner is then at rest
        after_in_parent=lambda: _process.lock.release(),
        after_in_child=lambda: _process.fork(),
    )
