"""The idle time of a kernel, in which the pictures that a reader may ask for next are drawn.

A kernel runs cells and answers sliders from one asyncio event loop. `when_idle` takes turns with
them on that loop: one step, a pause in which the kernel turns to whatever has arrived, the next
step. Nothing waits longer than one step. Where no loop runs, as in a script, no step is made.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import weakref
from collections.abc import Callable, Iterator

PAUSE = 0.02
"""Seconds between two steps: enough for a message to get from the socket to its handler."""

DRAWING = threading.RLock()
"""Held while a frame is drawn. pyplot has one list of figures for all threads, and JupyterLab
answers sliders in a thread of their own (a subshell), beside the one that runs cells."""


def when_idle(step: Callable[[], bool]) -> None:
    """Call a method again and again, with pauses, until it returns False.

    Parameters
    ----------
    step : callable
        A bound method, which must not raise. Its object is not kept alive: when that is gone, the
        calls end.

    Examples
    --------
    >>> import asyncio
    >>> from fbtools import idle
    >>> class Countdown:
    ...     n = 3
    ...     def step(self):
    ...         self.n -= 1
    ...         return self.n > 0
    >>> async def cell():
    ...     countdown = Countdown()
    ...     idle.when_idle(countdown.step)
    ...     print("the cell goes first:", countdown.n)
    ...     await asyncio.sleep(10 * idle.PAUSE)
    ...     print("then the loop:", countdown.n)
    >>> asyncio.run(cell())
    the cell goes first: 3
    then the loop: 0
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return
    method = weakref.WeakMethod(step)

    def turn() -> None:
        alive = method()
        if alive is not None and alive():
            loop.call_later(PAUSE, turn)

    loop.call_later(PAUSE, turn)


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Draw without a trace: no output, no error, no figure for the notebook, rcParams as before.

    What is drawn in idle time belongs to no cell, so that its output would appear under the cell
    that ran last. An error is dropped here because the same drawing raises it again when asked for.

    Examples
    --------
    >>> from fbtools import idle
    >>> with idle.quietly():
    ...     print("not seen")
    ...     1 / 0
    """
    import matplotlib as mpl
    import matplotlib.pyplot as plt
    from IPython.utils.capture import capture_output

    with DRAWING, contextlib.suppress(Exception), capture_output(), plt.ioff(), mpl.rc_context():
        yield
