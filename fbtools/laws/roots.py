"""Roots of increasing functions, many at a time: Newton's method that never leaves its bracket."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from fbtools.validation import FloatArray

__all__ = ["increasing_root"]

NEWTON_STEPS = 30
STEPS = 100

Index = NDArray[np.intp]


def increasing_root(
    function: Callable[[FloatArray, Index], tuple[FloatArray, FloatArray]],
    start: FloatArray,
    low: FloatArray,
    high: FloatArray,
    tolerance: float,
) -> FloatArray:
    """Root of each of n increasing functions between two bounds.

    Parameters
    ----------
    function : callable
        ``function(t, index)`` returns the values and the derivatives of the functions of these
        numbers, each at its own t.
    start : ndarray of float64, shape (n,)
        First guesses.
    low, high : ndarray of float64, shape (n,)
        Finite bounds of the roots.
    tolerance : float
        A root is accepted after a step that is not larger. The step itself is still made: by
        Newton's method, so that the error left is about its square.

    Returns
    -------
    ndarray of float64, shape (n,)
        The roots.

    Notes
    -----
    A step that leaves the bracket, or that cannot be computed, halves it instead, and so does
    every step after the 30th. So no function can hold up the others, nor fail.

    Examples
    --------
    >>> import numpy as np
    >>> squares = np.array([2.0, 9.0])
    >>> zeros, tens = np.zeros(2), np.full(2, 10.0)
    >>> increasing_root(lambda t, i: (t**2 - squares[i], 2 * t), tens, zeros, tens, 1e-7)
    array([1.41421356, 3.        ])
    """
    low, high = low.copy(), high.copy()
    t = np.clip(start, low, high)
    todo = np.arange(t.size)
    for step in range(STEPS):
        if todo.size == 0:
            break
        here = t[todo]
        value, slope = function(here, todo)
        low[todo] = np.where(value <= 0, here, low[todo])
        high[todo] = np.where(value >= 0, here, high[todo])
        with np.errstate(all="ignore"):
            new = here - value / slope
        inside = (new >= low[todo]) & (new <= high[todo]) & (step < NEWTON_STEPS)
        t[todo] = np.where(inside, new, low[todo] / 2 + high[todo] / 2)
        todo = todo[np.abs(t[todo] - here) > tolerance]
    return t
