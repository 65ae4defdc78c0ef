"""Spectra of symmetric Toeplitz matrices: exact when short, and with an error bound when long.

A product with a Toeplitz matrix Q costs two FFTs, and the traces of Q, Q^2 and Q^3 a few more, so
that much of its spectrum is known without the matrix. The method of Lanczos finds the eigenvalues
that stand out; in the basis of cosines what is left is nearly diagonal, and diagonal blocks give
the other eigenvalues.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft, linalg

from fbtools.laws.lanczos import lanczos
from fbtools.records import Value
from fbtools.validation import EPS, FloatArray

__all__ = ["LeadingEigenvalues", "eigenvalues", "leading_eigenvalues", "power_traces"]

EXACT_LENGTH = 4096
LANCZOS_STEPS = 192
CONVERGED = 1e-8
BLOCK = 512
SEED = 0


@dataclass(frozen=True, eq=False)
class LeadingEigenvalues(Value):
    """Eigenvalues that Lanczos has found, and what it says of those that it has not.

    Attributes
    ----------
    values : ndarray of float64, shape (m,)
        Converged eigenvalues, in descending order: all above the ceiling, some below it.
    vectors : ndarray of float64, shape (T, m)
        Their eigenvectors.
    ceiling : float
        What the others cannot exceed, judging by Lanczos: the largest value that has not
        converged, plus its residual.
    floor : float
        Smallest value that Lanczos has met, an upper bound on the smallest eigenvalue.
    """

    values: FloatArray
    vectors: FloatArray
    ceiling: float
    floor: float


def eigenvalues(column: FloatArray) -> FloatArray:
    """Eigenvalues of a positive semi-definite symmetric Toeplitz matrix, largest first.

    Parameters
    ----------
    column : ndarray of float64, shape (T,)
        First column.

    Returns
    -------
    ndarray of float64, shape (T,)
        Exact to rounding for T <= 4096. Beyond, approximate values l with the trace of Q, and

            sum_i (lambda_i - l_i)^2 <= tr Q^2 - sum_i l_i^2,

        where those that stand out are accurate to about 1e-8 of the largest.

    Notes
    -----
    A symmetric Toeplitz matrix commutes with the reversal of time, so its eigenvectors are even
    or odd: two problems of half the size, a quarter of the work. When T is large, eigenvalues
    that Lanczos finds are lowered, and what remains is replaced by its diagonal blocks in the
    basis of cosines; the inequality above is that of Wielandt and Hoffman for this replacement.

    References
    ----------
    Cantoni and Butler (1976), "Eigenvalues and eigenvectors of symmetric centrosymmetric
    matrices"; Hoffman and Wielandt (1953), "The variation of the spectrum of a normal matrix".

    Examples
    --------
    >>> import numpy as np
    >>> eigenvalues(np.array([2.0, 1.0])).round(12)
    array([3., 1.])
    """
    if column.size <= EXACT_LENGTH:
        values = np.concatenate([linalg.eigvalsh(part) for part in _halves(column) if part.size])
    else:
        leading = leading_eigenvalues(column)
        values = np.concatenate([leading.values, _rest(column, leading)])
    return np.asarray(np.maximum(np.sort(values)[::-1], 0.0))


def power_traces(column: FloatArray) -> FloatArray:
    """Traces of Q^0, Q, Q^2 and Q^3, in O(T log T).

    Parameters
    ----------
    column : ndarray of float64, shape (T,)
        First column of the symmetric Toeplitz matrix Q.

    Returns
    -------
    ndarray of float64, shape (4,)
        T, tr Q, tr Q^2, tr Q^3.

    Notes
    -----
    Along a diagonal, Q^2 changes by R(i+1) R(j+1) - R(T-1-i) R(T-1-j) from (i, j) to the next
    entry. Summed, its diagonal at lag tau is (T - tau) (Q R)(tau) + sum_m (T - tau - 2m)
    R(m) R(m + tau), with m from 1 to T - 1 - tau; and tr Q^3 sums these against R.

    Examples
    --------
    >>> import numpy as np
    >>> power_traces(np.array([2.0, 1.0])).round(9)
    array([ 2.,  4., 10., 28.])
    """
    length = column.size
    lags = np.arange(length, dtype=np.float64)
    twice = np.where(lags > 0, 2.0, 1.0)
    positive = np.where(lags > 0, column, 0.0)
    points = fft.next_fast_len(2 * length - 1, real=True)
    spectrum = fft.rfft(positive, n=points)

    def correlate(other: FloatArray) -> FloatArray:
        product = np.conj(fft.rfft(other, n=points)) * spectrum
        return np.asarray(fft.irfft(product, n=points)[:length])

    plain, weighted = correlate(positive), correlate(lags * positive)
    diagonals = (length - lags) * (_Product(column)(column) + plain) - 2 * weighted
    counts = twice * (length - lags)
    second, third = counts @ column**2, (twice * column) @ diagonals
    return np.array([length, length * column[0], second, third])


def leading_eigenvalues(column: FloatArray) -> LeadingEigenvalues:
    """Largest eigenvalues and eigenvectors of a symmetric Toeplitz matrix, by Lanczos.

    Parameters
    ----------
    column : ndarray of float64, shape (T,)
        First column of a positive semi-definite symmetric Toeplitz matrix.

    Returns
    -------
    LeadingEigenvalues
        Those whose residual is below 1e-8 of the largest after a fixed number of steps in the
        even and as many in the odd vectors; at least one.

    References
    ----------
    Golub and Van Loan (2013), "Matrix Computations", chapter 10.

    Examples
    --------
    >>> import numpy as np
    >>> found = leading_eigenvalues(np.ones(100))
    >>> round(float(found.values[0]), 9), round(float(abs(found.vectors[:, 0]).min()), 9)
    (100.0, 0.1)
    """
    product = _Product(column)
    parts = [_ritz(product, column.size, sign) for sign in (1, -1) if column.size + sign > 0]
    largest = max(float(ritz[-1]) for ritz, _, _ in parts)
    values, vectors, ceiling = [], [], 0.0
    for sign, (ritz, residuals, basis) in zip((1, -1), parts, strict=False):
        found = residuals <= CONVERGED * np.sqrt(largest * np.maximum(ritz, 0.0))
        found &= ritz > 128 * EPS * largest
        values.append(ritz[found])
        vectors.append(_lift(basis[:, found], column.size, sign))
        ceiling = max(ceiling, float(np.max((ritz + residuals)[~found], initial=0.0)))
    order = np.argsort(np.concatenate(values))[::-1]
    floor = max(min(float(ritz[0]) for ritz, _, _ in parts), 0.0)
    joined = np.concatenate(vectors, axis=1)[:, order]
    return LeadingEigenvalues(np.concatenate(values)[order], joined, ceiling, floor)


class _Product:
    """Product with a symmetric Toeplitz matrix, by FFT."""

    def __init__(self, column: FloatArray) -> None:
        self.points = fft.next_fast_len(2 * column.size - 1, real=True)
        circulant = np.zeros(self.points)
        circulant[: column.size] = column
        circulant[self.points - column.size + 1 :] = column[:0:-1]
        self.symbol = fft.rfft(circulant).real

    def __call__(self, v: FloatArray) -> FloatArray:
        transform = fft.rfft(v, n=self.points) * self.symbol
        return np.asarray(fft.irfft(transform, n=self.points)[: v.size])


def _ritz(product: _Product, length: int, sign: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Ritz values (ascending), residuals and vectors in the even (1) or odd (-1) vectors."""
    size = (length + (sign > 0)) // 2
    start = np.random.default_rng(SEED).standard_normal(size)
    diagonal, beside, basis = lanczos(
        lambda v: _drop(product(_lift(v, length, sign)), sign),
        start,
        min(LANCZOS_STEPS, size),
        64 * EPS,
    )
    ritz, rotation = linalg.eigh_tridiagonal(diagonal, beside[:-1])
    return ritz, beside[-1] * np.abs(rotation[-1]), basis.T @ rotation


def _lift(u: FloatArray, length: int, sign: int) -> FloatArray:
    """Even or odd vectors of this length from their first halves, norms kept."""
    half = length // 2
    first = u[:half] / np.sqrt(2)
    middle = u[half:] if sign > 0 else np.zeros((length % 2, *u.shape[1:]))
    return np.concatenate([first, middle, sign * first[::-1]])


def _drop(v: FloatArray, sign: int) -> FloatArray:
    """First half of an even or odd vector, norm kept: undoes `_lift`."""
    half = v.size // 2
    first = (v[:half] + sign * v[: v.size - half - 1 : -1]) / np.sqrt(2)
    return np.concatenate([first, v[half : v.size - half]]) if sign > 0 else first


def _rest(column: FloatArray, leading: LeadingEigenvalues) -> FloatArray:
    """Eigenvalues of diagonal blocks of Q without its leading part, in the basis of cosines.

    The leading eigenvalues are lowered to the bottom of the spectrum, and as many of the smallest
    values are then dropped.
    """
    vectors = fft.dct(leading.vectors, norm="ortho", axis=0)
    excess = leading.values - leading.floor
    sines, diagonal = _cosine_sums(column)
    parts = []
    for parity in (0, 1):
        for first in range(parity, column.size, 2 * BLOCK):
            index = np.arange(first, min(first + 2 * BLOCK, column.size), 2)
            known = vectors[index]
            block = _cosine_block(sines, diagonal, index) - (known * excess) @ known.T
            parts.append(linalg.eigvalsh(block))
    values = np.sort(np.concatenate(parts))
    return values[leading.values.size :]


def _cosine_sums(column: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Sines sum_tau R(tau) sin(pi k tau / T), and the diagonal of Q in the basis of cosines."""
    length = column.size
    twice = np.where(np.arange(length) > 0, 2.0, 1.0) * column
    taper = 1 - np.arange(length) / length
    sines = -fft.rfft(column, n=2 * length).imag[:length]
    fejer = fft.rfft(taper * twice, n=2 * length).real[:length]
    steps = length * np.sin(np.pi * np.arange(length) / length)
    fejer[1:] -= 2 * sines[1:] / steps[1:]
    return sines, fejer


def _cosine_block(sines: FloatArray, diagonal: FloatArray, index: NDArray[np.intp]) -> FloatArray:
    """Entries of Q between cosines of one parity: sums and differences of sines, over gaps."""
    half = np.pi * index / (2 * sines.size)
    scale = np.where(index > 0, 1.0, np.sqrt(0.5))
    s = sines[index]
    identity = np.eye(index.size)
    gaps = np.sin(half[:, None] - half) + identity
    sums = np.sin(half[:, None] + half) + identity
    block = (s - s[:, None]) / gaps - (s + s[:, None]) / sums
    block *= scale[:, None] * scale / sines.size
    np.fill_diagonal(block, diagonal[index])
    return np.asarray(block)


def _halves(column: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The matrix on the even and on the odd vectors."""
    half = column.size // 2
    reverse = column[::-1]
    near = linalg.toeplitz(column[:half]) if half else np.zeros((0, 0))
    far = linalg.hankel(reverse[:half], reverse[half - 1 : 2 * half - 1]) if half else near
    even, odd = near + far, near - far
    if column.size % 2:
        border = np.sqrt(2) * column[half:0:-1, None]
        even = np.block([[even, border], [border.T, column[:1, None]]])
    return even, odd
