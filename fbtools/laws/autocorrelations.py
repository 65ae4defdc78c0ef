"""The one matrix that explains everything: autocorrelation, its spectrum, its effective rank."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import fft, linalg

from fbtools.laws import toeplitz
from fbtools.validation import EPS, FloatArray, as_filter_length, as_signal

__all__ = [
    "autocorrelation",
    "autocorrelation_matrix",
    "autocorrelation_spectrum",
    "effective_rank",
]


def autocorrelation(x: ArrayLike) -> FloatArray:
    """Circular autocorrelation R(tau) = sum_n x[n] x[n + tau].

    Parameters
    ----------
    x : array_like, shape (N,)
        Real signal.

    Returns
    -------
    ndarray of float64, shape (N,)
        R(0), ..., R(N - 1); R(0) is the energy of x and R(tau) = R(N - tau).

    Raises
    ------
    FilterbankError
        If x is not a real, finite, non-zero signal.

    See Also
    --------
    autocorrelation_matrix, effective_rank

    Examples
    --------
    >>> print(autocorrelation([1, 1, 0, 0]).round(12) + 0.0)
    [2. 1. 0. 1.]
    """
    signal = as_signal(x)
    power = np.abs(fft.rfft(signal)) ** 2
    return np.asarray(fft.irfft(power, n=signal.size))


def autocorrelation_matrix(x: ArrayLike, filter_length: int) -> FloatArray:
    """Toeplitz matrix Q[m, n] = R(m - n), such that ||x * w||^2 = w' Q w.

    Parameters
    ----------
    x : array_like, shape (N,)
        Real signal.
    filter_length : int
        Number of taps T, at most N.

    Returns
    -------
    ndarray of float64, shape (T, T)
        Symmetric positive semi-definite matrix of trace T ||x||^2.

    Raises
    ------
    FilterbankError
        If x is not a real, finite, non-zero signal, or T > N.

    See Also
    --------
    autocorrelation, autocorrelation_spectrum

    Examples
    --------
    >>> autocorrelation_matrix([1, 1, 0, 0], filter_length=2)
    array([[2., 1.],
           [1., 2.]])
    """
    signal = as_signal(x)
    length = as_filter_length(filter_length, signal.size)
    return np.asarray(linalg.toeplitz(autocorrelation(signal)[:length]))


def autocorrelation_spectrum(x: ArrayLike, filter_length: int) -> FloatArray:
    """Eigenvalues of the autocorrelation matrix of x, largest first.

    Parameters
    ----------
    x : array_like, shape (N,)
        Real signal.
    filter_length : int
        Number of taps T, at most N.

    Returns
    -------
    ndarray of float64, shape (T,)
        Eigenvalues in descending order; their sum is T ||x||^2. Those that rounding cannot tell
        from zero (below 128 units of rounding of the largest) are exactly zero. Beyond T = 4096
        they are approximate, see the notes.

    Raises
    ------
    FilterbankError
        If x is not a real, finite, non-zero signal, or T > N.

    See Also
    --------
    autocorrelation_matrix, effective_rank, EnergyLaw

    Notes
    -----
    Up to T = 4096 all eigenvalues are those of the matrix, to rounding. Beyond, no matrix is
    built: Lanczos finds those that stand out, and diagonal blocks in the basis of cosines give
    the others. Then ``sum_i (lambda_i - l_i)^2 <= tr(Q^2) - sum_i l_i^2`` for the values l
    returned, and tr(Q^2) = (T ||x||^2)^2 / `effective_rank` is known exactly. On recordings the
    error of each is below 1e-2 of the largest, most often far below; their sum falls short of
    T ||x||^2 by less than 1e-3. `EnergyLaw` is more precise, because it keeps the traces.

    References
    ----------
    Cantoni and Butler (1976), "Eigenvalues and eigenvectors of symmetric centrosymmetric
    matrices"; Hoffman and Wielandt (1953), "The variation of the spectrum of a normal matrix".

    Examples
    --------
    >>> autocorrelation_spectrum([1, 1, 0, 0], filter_length=2).round(12)
    array([3., 1.])
    """
    signal = as_signal(x)
    length = as_filter_length(filter_length, signal.size)
    eigenvalues = toeplitz.eigenvalues(autocorrelation(signal)[:length])
    eigenvalues[eigenvalues < 128 * EPS * eigenvalues[0]] = 0.0
    return eigenvalues


def effective_rank(x: ArrayLike, filter_length: int) -> float:
    """Effective rank r = (tr Q)^2 / tr(Q^2) of the autocorrelation matrix.

    Parameters
    ----------
    x : array_like, shape (N,)
        Real signal.
    filter_length : int
        Number of taps T, at most N.

    Returns
    -------
    float
        Between 1 (constant signal) and T (impulse); close to 2 for a sinusoid. The energy ratio
        of J random filters has variance 2 / (J r).

    Raises
    ------
    FilterbankError
        If x is not a real, finite, non-zero signal, or T > N.

    See Also
    --------
    autocorrelation_spectrum, EnergyLaw

    Notes
    -----
    Computed from the autocorrelation alone, in O(N log N): no matrix is built.

    Examples
    --------
    >>> effective_rank([1, 0, 0, 0, 0, 0, 0, 0], filter_length=4)
    4.0
    >>> effective_rank([1, 1, 1, 1, 1, 1, 1, 1], filter_length=4)
    1.0
    """
    signal = as_signal(x)
    length = as_filter_length(filter_length, signal.size)
    correlation = autocorrelation(signal)[:length] / float(signal @ signal)
    counts = 2.0 * (length - np.arange(length))
    counts[0] = length
    rank = length**2 / float(counts @ correlation**2)
    return min(max(rank, 1.0), float(length))
