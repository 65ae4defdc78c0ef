"""Extreme eigenvalues over all fibres of many strided filterbanks at once."""

from __future__ import annotations

import numpy as np

from fbtools.frames.fibre_cells import grid_points
from fbtools.frames.fibre_search import Problems
from fbtools.frames.fibres import Fibres
from fbtools.validation import EPS, FloatArray

__all__ = ["fibre_extremes"]

DENSE = 2
DENSE_IN_CLOSED_FORM = 16
RELATIVE_WIDTH = 1e-9


def fibre_extremes(
    w: FloatArray, stride: int, n_fibres: int | None = None
) -> tuple[FloatArray, FloatArray]:
    """Least and largest squared singular value of the polyphase matrices of each filterbank.

    Parameters
    ----------
    w : ndarray of float64, shape (n, J, T)
        Filterbanks.
    stride : int
        Stride d.
    n_fibres : int or None
        N/d, at least T/d, on Z_N; None for the whole circle of fibres.

    Returns
    -------
    tuple of ndarray of float64, shape (n,)
        Least and largest, over min(J, d) singular values. Z_N: exact up to rounding of 1e-15
        times the largest. Circle: certified to 1e-9 times their half-difference.

    Examples
    --------
    >>> import numpy as np
    >>> w = np.array([[[1.0, 0.0, 0.5], [0.0, 2.0, 0.0]]])
    >>> [float(value[0]) for value in fibre_extremes(w, stride=2, n_fibres=4)]
    [0.25, 4.0]
    """
    fibres = Fibres(w, stride)
    if fibres.degree == 0:
        n_fibres = 1
    dense = DENSE_IN_CLOSED_FORM if fibres.size <= 2 else DENSE
    if n_fibres is not None and n_fibres <= dense * grid_points(fibres):
        low, high = fibres.on_circle(n_fibres)
        return low.min(axis=1), high.max(axis=1)
    problems = Problems(fibres, (1, -1))
    if n_fibres is None:
        low, high = problems.survey.floor, problems.survey.ceiling
        slack = (RELATIVE_WIDTH / 2 * (high - low) + 64 * EPS * high)[problems.bank]
        values = problems.least_on_circle(slack).at.value
    else:
        problem, _, found = problems.least_of_fibres(n_fibres)
        values = np.full(problems.bank.size, np.inf)
        np.minimum.at(values, problem, found)
    low, high = np.split(values, 2)
    return low, -high
