"""Taps as matrices of one stride each, and sequences wrapped around a circle.

Below the bank, `fibres`, and used by the doors.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from fbtools.validation import ComplexArray, FloatArray

__all__ = ["filters_of", "tap_matrices", "wrapped"]

Numbers = TypeVar("Numbers", FloatArray, ComplexArray)


def tap_matrices(w: FloatArray, stride: int) -> FloatArray:
    """Taps as matrices of one stride each, with zeros after the last.

    Parameters
    ----------
    w : ndarray of float64, shape (n, J, T)
        Real filters.
    stride : int
        Stride d.

    Returns
    -------
    ndarray of float64, shape (n, ceil(T/d), J, d)
        C[m, j, l] = w[j, l + d m] of each filterbank.

    Examples
    --------
    >>> import numpy as np
    >>> tap_matrices(np.array([[[1.0, 2.0, 3.0]]]), 2).tolist()
    [[[[1.0, 2.0]], [[3.0, 0.0]]]]
    """
    n, n_filters, length = w.shape
    count = -(-length // stride)
    padded = np.zeros((n, n_filters, count * stride))
    padded[..., :length] = w
    return np.ascontiguousarray(np.swapaxes(padded.reshape(n, n_filters, count, stride), 1, 2))


def filters_of(taps: FloatArray) -> FloatArray:
    """Filters of one filterbank from its taps as matrices: the inverse of `tap_matrices`.

    Parameters
    ----------
    taps : ndarray of float64, shape (M, J, d)
        Matrices C.

    Returns
    -------
    ndarray of float64, shape (J, M d)
        Filters.

    Examples
    --------
    >>> import numpy as np
    >>> filters_of(np.array([[[1.0, 2.0]], [[3.0, 0.0]]])).tolist()
    [[1.0, 2.0, 3.0, 0.0]]
    """
    return np.ascontiguousarray(np.swapaxes(taps, 0, 1).reshape(taps.shape[1], -1))


def wrapped(values: Numbers, points: int) -> Numbers:
    """Sequences along axis 1 wrapped around a circle, where they look the same to a transform.

    Parameters
    ----------
    values : ndarray of float64 or complex128, shape (n, M, ...)
        Sequences of any length.
    points : int
        Number of points of the circle.

    Returns
    -------
    ndarray, shape (n, points, ...)
        Sums over what falls on one point.

    Examples
    --------
    >>> import numpy as np
    >>> wrapped(np.array([[1.0, 2.0, 3.0, 4.0, 5.0]]), 3)
    array([[5., 7., 3.]])
    """
    folds = -(-values.shape[1] // points)
    padded = np.zeros((values.shape[0], folds * points, *values.shape[2:]), dtype=values.dtype)
    padded[:, : values.shape[1]] = values
    return np.asarray(padded.reshape(-1, folds, points, *values.shape[2:]).sum(axis=1))
