"""Filters as matrices: taps of one stride each, and the polyphase matrices that they make.

Below the bank, `fibres`, and used by all doors.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from fbtools.validation import ComplexArray, FloatArray

__all__ = ["filters_of", "polar_factor", "polyphase", "tap_matrices", "wrapped"]

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


def polyphase(w: FloatArray, stride: int, angles: FloatArray) -> ComplexArray:
    """Polyphase matrices E[k, j, l] = sum_m w[j, l + d m] exp(-i m angle_k), shape (K, J, d).

    Parameters
    ----------
    w : ndarray of float64, shape (J, T)
        Real filters.
    stride : int
        Stride d.
    angles : ndarray of float64, shape (K,)
        Angles of the fibres, d times a frequency.

    Returns
    -------
    ndarray of complex128, shape (K, J, d)
        One matrix a fibre.

    Examples
    --------
    >>> import numpy as np
    >>> polyphase(np.array([[1.0, 2.0, 3.0]]), 2, np.array([0.0])).real
    array([[[4., 2.]]])
    """
    taps = tap_matrices(w[None], stride)[0]
    phases = np.exp(-1j * np.outer(angles, np.arange(taps.shape[0])))
    matrices = phases @ taps.reshape(taps.shape[0], -1)
    return np.asarray(matrices.reshape(-1, w.shape[0], stride))


def polar_factor(matrices: ComplexArray) -> ComplexArray:
    """Matrices with orthonormal columns that are closest to some of full rank.

    Parameters
    ----------
    matrices : ndarray of complex128, shape (..., n, p)
        Matrices E, n >= p.

    Returns
    -------
    ndarray of complex128, shape (..., n, p)
        E (E* E)^(-1/2).

    Examples
    --------
    >>> import numpy as np
    >>> polar_factor(np.array([[3.0], [4.0]])).round(12).tolist()
    [[0.6], [0.8]]
    """
    u, _, vh = np.linalg.svd(matrices, full_matrices=False)
    return np.asarray(u @ vh)
