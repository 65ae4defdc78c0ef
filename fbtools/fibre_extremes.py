"""Extreme eigenvalues over all fibres of many strided filterbanks at once.

For a unit vector v, v' G(theta) v is a trigonometric polynomial of degree L - 1, with G the Gram
matrix of the polyphase components and L = ceil(T/d) taps in each. It lies between the bounds A and
B, so that few fibres show where the extremes are when there are many more than L.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from fbtools.validation import ComplexArray, FloatArray

__all__ = ["fibre_extremes"]

OVERSAMPLING = 8
DENSE = 16
RELATIVE_WIDTH = 1e-9
EIGENVALUES_CHUNK = 2**20

Rows = NDArray[np.intp]


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

    Notes
    -----
    With range [A, B] on the circle, arccos((2 S - A - B)/(B - A)) changes by at most L - 1 a
    radian for each of the polynomials, and so for their minimum and for their maximum. Where one is
    least, its slope is zero, so that it grows by at most (L - 1)^2 (B - A) rho^2 / 4 up to a
    distance rho: cells of the circle are cut in three until this is below 1e-9.

    References
    ----------
    Szego (1928), "Uber einen Satz des Herrn Serge Bernstein"; Ehlich and Zeller (1964).

    Examples
    --------
    >>> import numpy as np
    >>> w = np.array([[[1.0, 0.0, 0.5], [0.0, 2.0, 0.0]]])
    >>> [float(value[0]) for value in fibre_extremes(w, stride=2, n_fibres=4)]
    [0.25, 4.0]
    """
    lags = _gram_lags(w, stride)
    blocks = lags.shape[1]
    coarse = 2 * fft.next_fast_len(OVERSAMPLING * blocks // 2, real=True)
    if blocks == 1:
        coarse = n_fibres = 1
    if n_fibres is not None and n_fibres <= DENSE * coarse:
        low, high = _extremes(fft.rfft(lags, n=n_fibres, axis=1))
        return low.min(axis=1), high.max(axis=1)
    if n_fibres is None:
        low, high = _extremes(fft.rfft(lags, n=coarse, axis=1))
        return (
            _descend(lags, low, high.max(axis=1), 1),
            -_descend(lags, -high, -low.min(axis=1), -1),
        )
    edges = np.linspace(0, n_fibres // 2 + 1, coarse // 2 + 1).astype(int)
    return _search(lags, edges, n_fibres)


def _gram_lags(w: FloatArray, stride: int) -> FloatArray:
    """Coefficients C_l of the Gram matrices G(theta) = M + M', M = sum_l C_l exp(-i l theta).

    Shape (n, L, k, k), with k = min(J, d); C_0 is halved.
    """
    n, j, t = w.shape
    blocks = -(-t // stride)
    padded = np.zeros((n, j, blocks * stride))
    padded[:, :, :t] = w
    taps = np.moveaxis(padded.reshape(n, j, blocks, stride), 2, 1)
    if j < stride:
        taps = np.swapaxes(taps, 2, 3)
    points = fft.next_fast_len(2 * blocks - 1, real=True)
    matrices = fft.rfft(taps, n=points, axis=1)
    grams = np.swapaxes(matrices.conj(), -1, -2) @ matrices
    lags = fft.irfft(grams, n=points, axis=1)[:, :blocks]
    lags[:, 0] /= 2
    return np.asarray(lags)


def _extremes(halves: ComplexArray) -> tuple[FloatArray, FloatArray]:
    """Extreme eigenvalues of M + M' for a stack of matrices M; in closed form up to 2 x 2."""
    size = halves.shape[-1]
    if size <= 2:
        first, last = 2 * halves[..., 0, 0].real, 2 * halves[..., -1, -1].real
        beside = halves[..., 0, -1] + halves[..., -1, 0].conj() if size == 2 else 0.0
        radius = np.hypot((first - last) / 2, np.abs(beside))
        middle = (first + last) / 2
        return np.asarray(middle - radius), np.asarray(middle + radius)
    values = np.linalg.eigvalsh(halves + np.swapaxes(halves.conj(), -1, -2))
    return np.asarray(values[..., 0]), np.asarray(values[..., -1])


def _at(lags: FloatArray, row: Rows, angle: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Extreme eigenvalues of some filterbanks at one fibre each."""
    _, blocks, size, _ = lags.shape
    flat = lags.reshape(-1, blocks, size**2)
    low, high = np.empty(row.size), np.empty(row.size)
    step = max(1, EIGENVALUES_CHUNK // flat[0].size)
    for first in range(0, row.size, step):
        part = slice(first, first + step)
        phases = np.exp(-1j * np.outer(angle[part], np.arange(blocks)))[:, None, :]
        own = flat[row[part]]
        halves = (phases.real @ own + 1j * (phases.imag @ own)).reshape(-1, size, size)
        low[part], high[part] = _extremes(halves)
    return low, high


def _descend(lags: FloatArray, values: FloatArray, top: FloatArray, sign: int) -> FloatArray:
    """Least of sign * eigenvalue on the circle, from the grid `values` of its lower half.

    `top` is the largest value of all eigenvalues, with that sign, on the grid.
    """
    degree = lags.shape[1] - 1
    cells = 2 * (values.shape[1] - 1)
    radius = np.pi / cells
    best = values.min(axis=1)
    half = (top - best) / 2 / np.cos(np.pi * degree / cells)
    row, column = np.nonzero(values < np.inf)
    angle, value = np.asarray(2 * radius * column, dtype=np.float64), values.ravel()
    while True:
        slack = half * (degree * radius) ** 2 / 2
        alive = value < best[row] + slack[row]
        if (degree * radius) ** 2 < RELATIVE_WIDTH:
            return np.asarray(best)
        row, angle, value = row[alive], angle[alive], value[alive]
        radius /= 3
        sides = np.concatenate([angle - 2 * radius, angle + 2 * radius])
        low, high = _at(lags, np.tile(row, 2), sides)
        row, angle = np.tile(row, 3), np.concatenate([angle, sides])
        value = np.concatenate([value, low if sign > 0 else -high])
        np.minimum.at(best, row, value)


def _search(
    lags: FloatArray, edges: NDArray[np.int_], n_fibres: int
) -> tuple[FloatArray, FloatArray]:
    """Extremes over the fibres of Z_N: halve the runs of fibres that may hold them."""
    n, degree = lags.shape[0], lags.shape[1] - 1
    first, last = edges[:-1], edges[1:] - 1
    centre = (first + last) // 2
    row = np.repeat(np.arange(n), centre.size)
    unit = 2 * np.pi / n_fibres
    low, high = (part.reshape(n, -1) for part in _at(lags, row, np.tile(unit * centre, n)))
    # Half a fibre more: the gaps between runs belong to the circle too.
    widest = degree * unit * (float(np.max(last - first)) / 2 + 1)
    top = high.max(axis=1) * 2 / (1 + np.cos(widest))
    return (
        _halve(lags, low, np.zeros(n), top, (first, centre, last), unit, 1),
        -_halve(lags, -high, -top, np.zeros(n), (first, centre, last), unit, -1),
    )


def _halve(
    lags: FloatArray,
    values: FloatArray,
    bottom: FloatArray,
    top: FloatArray,
    runs: tuple[NDArray[np.int_], NDArray[np.int_], NDArray[np.int_]],
    unit: float,
    sign: int,
) -> FloatArray:
    """Least of sign * eigenvalue in [bottom, top], given its values at the centres of the runs."""
    n, degree = lags.shape[0], lags.shape[1] - 1
    middle, half = (top + bottom) / 2, (top - bottom) / 2
    best = values.min(axis=1)
    row = np.repeat(np.arange(n), runs[0].size)
    first, centre, last = (np.tile(part, n) for part in runs)
    value = values.ravel()
    while True:
        reach = degree * unit * np.maximum(last - centre, centre - first)
        cosine = np.clip((value - middle[row]) / half[row], -1.0, 1.0)
        floor = middle[row] + half[row] * np.cos(np.minimum(np.arccos(cosine) + reach, np.pi))
        alive = (floor < best[row]) & (last > first)
        if not alive.any():
            return np.asarray(best)
        row, first, centre, last = (part[alive] for part in (row, first, centre, last))
        row = np.concatenate([row, row])
        first, last = np.concatenate([first, centre + 1]), np.concatenate([centre - 1, last])
        some = first <= last
        row, first, last = row[some], first[some], last[some]
        centre = (first + last) // 2
        low, high = _at(lags, row, np.asarray(unit * centre, dtype=np.float64))
        value = low if sign > 0 else -high
        np.minimum.at(best, row, value)
