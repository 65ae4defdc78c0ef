"""The idle time of a kernel, in which the pictures that a reader may ask for next are drawn.

A kernel runs cells and answers sliders from one asyncio event loop. `when_idle` takes turns with
them on that loop: one step, a pause in which the kernel turns to whatever has arrived, the next
step. Nothing waits longer than one step. Where no loop runs, as in a script, no step is made.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from fbtools.display.style import notebook_shell
from fbtools.extras import needs

PAUSE = 0.02
"""Seconds between two steps: enough for a message to get from the socket to its handler."""

DRAWING = threading.RLock()
"""Held while a frame is drawn. pyplot has one list of figures for all threads, and JupyterLab
answers sliders in a thread of their own (a subshell), beside the one that runs cells."""

_QUEUES: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, list[Callable[[], bool]]] = (
    weakref.WeakKeyDictionary()
)


def when_idle(step: Callable[[], bool]) -> None:
    """Call a method again and again, with pauses, until it returns False.

    Parameters
    ----------
    step : callable
        A bound method, which must not raise. Its object is not kept alive: when that is gone, the
        calls end. What it prints appears under the cell that runs now.

    Examples
    --------
    >>> import asyncio
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from fbtools.display import idle
    >>> class Countdown:
    ...     n = 3
    ...     def step(self):
    ...         self.n -= 1
    ...         return self.n > 0
    >>> async def cell():
    ...     countdown = Countdown()
    ...     idle.when_idle(countdown.step)
    ...     seen = [countdown.n]
    ...     while countdown.n:
    ...         await asyncio.sleep(idle.PAUSE)
    ...     return [*seen, countdown.n]
    >>> with ThreadPoolExecutor(1) as pool:  # a kernel has a loop already
    ...     pool.submit(asyncio.run, cell()).result()
    [3, 0]
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return
    method = weakref.WeakMethod(step)
    shell = notebook_shell()
    cell = shell.get_parent() if shell else None

    def turn() -> bool:
        alive = method()
        if alive is None:
            return False
        with _output_under(cell, shell) if shell else contextlib.nullcontext():
            return alive()

    queue = _QUEUES.setdefault(loop, [])
    queue.append(functools.partial(contextvars.copy_context().run, turn))
    if len(queue) == 1:
        loop.call_later(PAUSE, _next_turn, loop)


def _next_turn(loop: asyncio.AbstractEventLoop) -> None:
    """Make one step of what came last: that is what the reader looks at."""
    queue = _QUEUES[loop]
    turn = queue[-1]
    if not turn():
        queue.remove(turn)
    if queue:
        loop.call_later(PAUSE, _next_turn, loop)


@contextlib.contextmanager
def _output_under(cell: Any, shell: Any) -> Iterator[None]:
    """Let output appear under a cell that has run, not under the one that ran last.

    Streams are not redirected: they belong to all threads, and others may be answering a slider.
    Newer kernels keep the cell in a context variable, so that nothing is left to do.
    """
    last = shell.get_parent()
    if last == cell:
        yield
        return
    shell.set_parent(cell)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        shell.set_parent(last)


@contextlib.contextmanager
def left_as_it_was() -> Iterator[None]:
    """Draw without an error, and without a change of rcParams.

    An error in idle time is nobody's: the same drawing raises it again when it is asked for.

    Examples
    --------
    >>> from fbtools.display import idle
    >>> with idle.left_as_it_was():
    ...     1 / 0
    """
    with needs("display"):
        import matplotlib as mpl

    with DRAWING, contextlib.suppress(Exception), mpl.rc_context():
        yield
