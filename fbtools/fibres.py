"""Extreme eigenvalues over all fibres of many strided filterbanks at once.

For a unit vector v, v' G(theta) v is a trigonometric polynomial of degree L - 1, with G the Gram
matrix of the polyphase components and L = ceil(T/d) taps in each. It lies between the bounds A and
B, so that few fibres show where the extremes are when there are many more than L.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.optimize import elementwise

from fbtools.validation import ComplexArray, FloatArray

__all__ = ["fibre_extremes"]

OVERSAMPLING = 8
DENSE = 2
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
        times the largest. Circle: each extreme is polished to 1e-10 in value, relatively to the
        largest, in every interval of a grid of 8 L fibres that could hold it.

    Notes
    -----
    With range [A, B] on the circle, arccos((2 S - A - B)/(B - A)) changes by at most L - 1 a
    radian for each of the polynomials, and so for their minimum and for their maximum.

    References
    ----------
    Szego (1928), "Uber einen Satz des Herrn Serge Bernstein"; Chandrupatla (1998) for polishing.

    Examples
    --------
    >>> import numpy as np
    >>> w = np.array([[[1.0, 0.0, 0.5], [0.0, 2.0, 0.0]]])
    >>> [float(value[0]) for value in fibre_extremes(w, stride=2, n_fibres=4)]
    [0.25, 4.0]
    """
    n, j, t = w.shape
    blocks = -(-t // stride)
    padded = np.zeros((n, j, blocks * stride))
    padded[:, :, :t] = w
    taps = np.moveaxis(padded.reshape(n, j, blocks, stride), 2, 1)
    coarse = 2 * fft.next_fast_len(OVERSAMPLING * blocks // 2, real=True)
    if blocks == 1:
        coarse = n_fibres = 1
    if n_fibres is not None and n_fibres <= DENSE * coarse:
        low, high = _extremes(fft.rfft(taps, n=n_fibres, axis=1))
        return low.min(axis=1), high.max(axis=1)
    if n_fibres is None:
        low, high = _extremes(fft.rfft(taps, n=coarse, axis=1))
        return _polish(taps, low, high, 1), -_polish(taps, -high, -low, -1)
    edges = np.linspace(0, n_fibres // 2 + 1, coarse // 2 + 1).astype(int)
    return _search(taps, edges, n_fibres)


def _extremes(matrices: ComplexArray) -> tuple[FloatArray, FloatArray]:
    """Extreme squared singular values of a stack of matrices, from their smaller Gram matrices."""
    adjoint = np.swapaxes(matrices.conj(), -1, -2)
    wide = matrices.shape[-2] < matrices.shape[-1]
    gram = matrices @ adjoint if wide else adjoint @ matrices
    values = np.linalg.eigvalsh(gram)
    return np.asarray(values[..., 0]), np.asarray(values[..., -1])


def _at(taps: FloatArray, row: Rows, angle: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Extreme eigenvalues of some filterbanks at one fibre each."""
    _, blocks, j, d = taps.shape
    flat = taps.reshape(-1, blocks, j * d)
    low, high = np.empty(row.size), np.empty(row.size)
    step = max(1, EIGENVALUES_CHUNK // flat[0].size)
    for first in range(0, row.size, step):
        part = slice(first, first + step)
        phases = np.exp(-1j * np.outer(angle[part], np.arange(blocks)))[:, None, :]
        own = flat[row[part]]
        matrices = (phases.real @ own + 1j * (phases.imag @ own)).reshape(-1, j, d)
        low[part], high[part] = _extremes(matrices)
    return low, high


def _polish(taps: FloatArray, values: FloatArray, others: FloatArray, sign: int) -> FloatArray:
    """Least of sign * eigenvalue on the circle, from the grid `values` of its lower half.

    `others` is the opposite extreme on the same grid.
    """
    degree = taps.shape[1] - 1
    cells = 2 * (values.shape[1] - 1)
    spacing = 2 * np.pi / cells
    best = values.min(axis=1)
    half = (others.max(axis=1) - best) / 2 / np.cos(np.pi * degree / cells)
    slack = half * (degree * spacing / 2) ** 2 / 2
    mirrored = np.pad(values, ((0, 0), (1, 1)), mode="reflect")
    local = (values <= mirrored[:, :-2]) & (values <= mirrored[:, 2:])
    row, column = np.nonzero(local & (values <= (best + slack)[:, None]))

    def value(angle: FloatArray, rows: FloatArray) -> FloatArray:
        low, high = _at(taps, rows.astype(int).ravel(), angle.ravel())
        return np.asarray(low if sign > 0 else -high).reshape(angle.shape)

    middle = spacing * column
    ends = (middle - spacing, middle, middle + spacing)
    found = elementwise.find_minimum(
        value, ends, args=(row.astype(float),), tolerances={"xatol": 1e-6 / degree, "xrtol": 0.0}
    )
    np.minimum.at(best, row, np.where(np.isfinite(found.f_x), found.f_x, np.inf))
    return np.asarray(best)


def _search(
    taps: FloatArray, edges: NDArray[np.int_], n_fibres: int
) -> tuple[FloatArray, FloatArray]:
    """Extremes over the fibres of Z_N: halve the runs of fibres that may hold them."""
    n, degree = taps.shape[0], taps.shape[1] - 1
    first, last = edges[:-1], edges[1:] - 1
    centre = (first + last) // 2
    row = np.repeat(np.arange(n), centre.size)
    unit = 2 * np.pi / n_fibres
    low, high = (part.reshape(n, -1) for part in _at(taps, row, np.tile(unit * centre, n)))
    # Half a fibre more: the gaps between runs belong to the circle too.
    widest = degree * unit * (float(np.max(last - first)) / 2 + 1)
    top = high.max(axis=1) * 2 / (1 + np.cos(widest))
    return (
        _halve(taps, low, np.zeros(n), top, (first, centre, last), unit, 1),
        -_halve(taps, -high, -top, np.zeros(n), (first, centre, last), unit, -1),
    )


def _halve(
    taps: FloatArray,
    values: FloatArray,
    bottom: FloatArray,
    top: FloatArray,
    runs: tuple[NDArray[np.int_], NDArray[np.int_], NDArray[np.int_]],
    unit: float,
    sign: int,
) -> FloatArray:
    """Least of sign * eigenvalue in [bottom, top], given its values at the centres of the runs."""
    n, degree = taps.shape[0], taps.shape[1] - 1
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
        low, high = _at(taps, row, np.asarray(unit * centre, dtype=np.float64))
        value = low if sign > 0 else -high
        np.minimum.at(best, row, value)
