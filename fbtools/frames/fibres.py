"""The bank: fibres of strided filterbanks, polyphase matrices and polynomials of Gram matrices.

The door makes `Fibres` of the filters; the searches and their bounds see these, and no filters.

With stride d a fibre is the polyphase matrix E(theta) of J x d numbers. The frame bounds are the
least and largest eigenvalues of S(theta) = E(theta)* E(theta), a trigonometric polynomial of degree
D = ceil(T/d) - 1 whose coefficients are real p x p matrices, p = min(J, d): they make S cheap to
evaluate at any angle, for one filterbank as for many.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from fbtools.frames.taps import tap_matrices, wrapped
from fbtools.validation import ComplexArray, FloatArray

__all__ = ["Fibres", "extreme_eigenvalues", "hermitian", "polar_factor", "polyphase"]

CHUNK = 2**20
MATRIX_ROWS = 32

Rows = NDArray[np.intp]


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


def hermitian(halves: ComplexArray) -> ComplexArray:
    """Matrices M + M*.

    Parameters
    ----------
    halves : ndarray of complex128, shape (..., p, p)
        Matrices M.

    Returns
    -------
    ndarray of complex128, shape (..., p, p)
        Hermitian matrices.

    Examples
    --------
    >>> import numpy as np
    >>> hermitian(np.array([[0.5, 2j], [0.0, 1.0]])).tolist()
    [[(1+0j), 2j], [-2j, (2+0j)]]
    """
    out = np.swapaxes(halves, -1, -2).conj()
    out += halves
    return np.asarray(out)


def extreme_eigenvalues(halves: ComplexArray) -> tuple[FloatArray, FloatArray]:
    """Least and largest eigenvalue of M + M*, in closed form up to 2 x 2.

    Parameters
    ----------
    halves : ndarray of complex128, shape (..., p, p)
        Matrices M.

    Returns
    -------
    tuple of ndarray of float64, shape (...)
        Least and largest eigenvalues.

    Examples
    --------
    >>> import numpy as np
    >>> low, high = extreme_eigenvalues(np.array([[1.0, 2j], [0.0, 1.0]]))
    >>> float(low), float(high)
    (0.0, 4.0)
    """
    size = halves.shape[-1]
    if size <= 2:
        first, last = 2 * halves[..., 0, 0].real, 2 * halves[..., -1, -1].real
        beside = halves[..., 0, -1] + halves[..., -1, 0].conj() if size == 2 else 0.0
        radius = np.hypot((first - last) / 2, np.abs(beside))
        middle = (first + last) / 2
        return np.asarray(middle - radius), np.asarray(middle + radius)
    values = np.linalg.eigvalsh(hermitian(halves))
    return np.asarray(values[..., 0]), np.asarray(values[..., -1])


class Fibres:
    """Polyphase matrices of n filterbanks, and the coefficients of their Gram polynomials.

    ``S(theta) = M(theta) + M(theta)*`` with ``M(theta) = sum_k lags_k exp(-i k theta)``.

    Parameters
    ----------
    w : ndarray of float64, shape (n, J, T)
        Real filters.
    stride : int
        Stride d. If J < d the matrices are transposed, and have the same singular values.

    Attributes
    ----------
    shape : tuple of int
        (J, T).
    stride : int
        d.
    taps : ndarray of float64, shape (n, D + 1, max(J, d), min(J, d))
        Coefficients of E.
    lags : ndarray of float64, shape (n, D + 1, p, p), p = min(J, d)
        Coefficients of M.
    degree, size : int
        D and p.

    Examples
    --------
    >>> import numpy as np
    >>> fibres = Fibres(np.array([[[1.0, 0.0, 0.5], [0.0, 2.0, 0.0]]]), stride=2)
    >>> low, high = fibres.on_circle(4)
    >>> low, high
    (array([[2.25, 1.25, 0.25]]), array([[4., 4., 4.]]))
    """

    def __init__(self, w: FloatArray, stride: int) -> None:
        self.shape, self.stride = w.shape[1:], stride
        taps = tap_matrices(w, stride)
        self.taps = taps if w.shape[1] >= stride else np.swapaxes(taps, 2, 3)
        self.degree, self.size = self.taps.shape[1] - 1, self.taps.shape[3]
        points = fft.next_fast_len(2 * self.degree + 1, real=True)
        spectra = _transform(self.taps, points)
        grams = np.swapaxes(spectra.conj(), -1, -2) @ spectra
        self.lags = fft.irfft(grams, n=points, axis=1)[:, : self.degree + 1]
        self.lags[:, 0] /= 2

    @classmethod
    def in_units(cls, w: FloatArray, stride: int) -> tuple[Fibres, float]:
        """Fibres of one filterbank over a unit, and the unit: a power of two near its largest tap.

        Without it products of eigenvalues overflow; a power of two changes no digit.
        """
        unit = float(2.0 ** int(np.frexp(np.abs(w).max())[1]))
        return cls(w[None] / unit, stride), unit

    def halves_on_circle(self, points: int, order: int = 0) -> ComplexArray:
        """M, or its derivative of even order, at 2 pi k / points, k <= points / 2."""
        k = np.arange(self.degree + 1)
        lags = self.lags
        if order:
            lags = (-1.0) ** (order // 2) * (k**order)[:, None, None] * lags
        if k.size > points:
            lags = wrapped(lags, points)
        return _transform(lags, points)

    def on_circle(self, points: int) -> tuple[FloatArray, FloatArray]:
        """Extreme eigenvalues of S at 2 pi k / points, k <= points / 2: shape (n, K) each."""
        return extreme_eigenvalues(self.halves_on_circle(points))

    def halves_at(self, bank: Rows, angle: FloatArray, orders: int = 1) -> ComplexArray:
        """M and its next derivatives of one filterbank at one angle each, (orders, K, p, p)."""
        k = np.arange(self.degree + 1, dtype=np.float64)
        phases = np.exp(-1j * np.multiply.outer(angle, k))[:, None, :]
        if orders > 1:
            phases = phases * (-1j * k) ** np.arange(orders)[:, None]
        own = self.lags.reshape(-1, k.size, self.size**2)
        own = own[bank] if own.shape[0] > 1 else own[0]
        rows = phases if own.ndim > 2 else phases.reshape(-1, k.size)
        halves = np.empty((*rows.shape[:-1], self.size**2), dtype=complex)
        halves.real = np.ascontiguousarray(rows.real) @ own
        halves.imag = np.ascontiguousarray(rows.imag) @ own
        return np.swapaxes(halves.reshape(-1, orders, self.size, self.size), 0, 1)

    def at(self, bank: Rows, angle: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Extreme eigenvalues of S of one filterbank at one angle each, shape (K,)."""
        low, high = np.empty(angle.size), np.empty(angle.size)
        step = max(1, CHUNK // (self.lags[0].size + self.degree + 1))
        for first in range(0, angle.size, step):
            part = slice(first, first + step)
            low[part], high[part] = extreme_eigenvalues(self.halves_at(bank[part], angle[part])[0])
        return low, high

    def matrices(self, angles: FloatArray) -> ComplexArray:
        """E of the first filterbank at some angles, shape (K, max(J, d), min(J, d))."""
        phases = np.outer(angles, np.arange(self.degree + 1))
        taps = self.taps[0].reshape(self.degree + 1, -1)
        out = np.empty((angles.size, taps.shape[1]), dtype=complex)
        out.real, out.imag = np.cos(phases) @ taps, -np.sin(phases) @ taps
        return out.reshape(-1, *self.taps.shape[2:])

    def responses(self, angle: float, orders: int = 1) -> ComplexArray:
        """E of the first filterbank and its next derivatives at an angle, stacked."""
        m = -1j * np.arange(self.degree + 1)
        weights = np.stack([m**order for order in range(orders)]) * np.exp(m * angle)
        taps = self.taps[0].reshape(m.size, -1)
        parts = np.concatenate([weights.real, weights.imag]) @ taps
        responses = parts[:orders] + 1j * parts[orders:]
        return np.asarray(responses.reshape(orders, *self.taps.shape[2:]))


def _transform(values: FloatArray, points: int) -> ComplexArray:
    """Transforms along axis 1 at half a circle of points: by matrices where they are small."""
    n, count = values.shape[:2]
    if count > MATRIX_ROWS or count > values[0, 0].size:
        return np.asarray(fft.rfft(values, n=points, axis=1))
    half = points // 2 + 1
    turns = np.outer(np.arange(half), np.arange(count)) % points
    roots = np.exp(-2j * np.pi / points * np.arange(points))[turns]
    parts = np.concatenate([roots.real, roots.imag]) @ values.reshape(n, count, -1)
    out = np.empty((n, half, parts.shape[2]), dtype=complex)
    out.real, out.imag = parts[:, :half], parts[:, half:]
    return out.reshape(n, half, *values.shape[2:])
