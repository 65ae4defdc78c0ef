"""Aliasing terms of a strided filterbank: which frequencies it confuses, and how strongly.

With stride d, the frame operator sends the frequency omega to itself and to its d - 1 aliases,
omega - 2 pi l / d. The weight of each passage is a sum over filters, the aliasing term G_l. A door
of its own, beside `bounds`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import fft

from fbtools.filterbanks.random import FAMILIES, Family
from fbtools.frames.taps import wrapped
from fbtools.validation import ComplexArray, FloatArray, as_choice, as_count, as_filters

__all__ = ["aliasing_moments", "aliasing_terms"]

EXCESS_KURTOSIS = dict(zip(FAMILIES, (0.0, -1.2, -2.0, 3.0), strict=True))
CHUNK = 2**22


def aliasing_terms(w: ArrayLike, *, stride: int, n_freqs: int) -> ComplexArray:
    """Aliasing terms of a filterbank on [0, pi].

    Parameters
    ----------
    w : array_like, shape (J, T) or (J, 1, T)
        Real filters.
    stride : int
        Stride d.
    n_freqs : int
        Number of equispaced frequencies, at least 2; the first is 0 and the last pi.

    Returns
    -------
    ndarray of complex128, shape (d, n_freqs)
        ``G_l(omega) = (1/d) sum_j W_j(omega) conj(W_j(omega - 2 pi l / d))`` for l = 0 to d - 1.
        The first row is the Littlewood-Paley sum over d.

    Raises
    ------
    FilterbankError
        If `w` is not an array of real filters, d < 1 or `n_freqs` < 2.

    Notes
    -----
    For real signals of any length the spectrum of Phi* Phi x is sum_l conj(G_l) X(. - 2 pi l / d).
    All terms but the first vanish, and the first is constant, if and only if the filterbank is
    tight.

    References
    ----------
    Haider, Lostanlen, Ehler, Holighaus and Balazs (2025), "Aliasing in convnets".

    Examples
    --------
    >>> terms = aliasing_terms([[1.0, 0.0], [0.0, 1.0]], stride=2, n_freqs=3)
    >>> np.abs(terms).round(12)
    array([[1., 1., 1.],
           [0., 0., 0.]])
    """
    filters, d = as_filters(w), as_count(stride, "stride")
    n = as_count(n_freqs, "n_freqs", minimum=2)
    terms = np.zeros((d, n), dtype=np.complex128)
    shifts = np.exp(2j * np.pi * np.outer(np.arange(d), np.arange(filters.shape[1])) / d)
    rows = max(1, CHUNK // (2 * n + filters.shape[1]))
    for first in range(0, filters.shape[0], rows):
        block = filters[first : first + rows].astype(np.complex128)
        responses = _responses(block, n)
        for alias, shift in enumerate(shifts):
            terms[alias] += np.sum(responses * _responses(block * shift, n).conj(), axis=0)
    return terms / d


def aliasing_moments(
    n_filters: int,
    filter_length: int,
    *,
    stride: int,
    n_freqs: int,
    distribution: Family = "normal",
) -> tuple[ComplexArray, FloatArray]:
    """Mean and variance of the aliasing terms of a random filterbank.

    Parameters
    ----------
    n_filters : int
        Number of filters J.
    filter_length : int
        Number of taps T.
    stride : int
        Stride d; the weights have variance d/(J T).
    n_freqs : int
        Number of equispaced frequencies on [0, pi], at least 2.
    distribution : {"normal", "uniform", "rademacher", "laplace"}
        Family of the weights, as in `random_filterbank`.

    Returns
    -------
    mean : ndarray of complex128, shape (d, n_freqs)
        1 for l = 0; for other l the mean over n < T of exp(-2 pi i l n / d), which is 0 if d
        divides T.
    variance : ndarray of float64, shape (d, n_freqs)
        E ``|G_l - E G_l|^2``: 1/J plus 1/J times the squared modulus of the mean over n < T of
        exp(-i (2 omega - 2 pi l/d) n),
        plus k_4/(J T) with the excess kurtosis k_4 of the weights.

    Raises
    ------
    FilterbankError
        If a count is not a positive integer, `n_freqs` < 2, or the family is unknown.

    References
    ----------
    Isserlis (1918) for the Gaussian moments; Haider, Lostanlen, Ehler, Holighaus and Balazs
    (2025) for the statement.

    Examples
    --------
    >>> mean, variance = aliasing_moments(n_filters=10, filter_length=64, stride=4, n_freqs=5)
    >>> np.abs(mean[:, 0]).round(12)
    array([1., 0., 0., 0.])
    >>> variance[:, 0]
    array([0.2, 0.1, 0.1, 0.1])
    """
    j, t = as_count(n_filters, "n_filters"), as_count(filter_length, "filter_length")
    d, n = as_count(stride, "stride"), as_count(n_freqs, "n_freqs", minimum=2)
    kurtosis = EXCESS_KURTOSIS[as_choice(distribution, "distribution", FAMILIES)]
    shift = 2 * np.pi * np.arange(d)[:, None] / d
    omega = np.linspace(0, np.pi, n)
    mean = np.broadcast_to(_mean_phasor(shift, t), (d, n)).copy()
    square = np.abs(_mean_phasor(2 * omega - shift, t)) ** 2
    return mean, (1 + square + kurtosis / t) / j


def _mean_phasor(angle: FloatArray, length: int) -> ComplexArray:
    """Mean over n < T of exp(-i angle n), exactly 0 or 1 where it should be."""
    half = np.mod(angle, 2 * np.pi) / 2
    near = np.minimum(half, np.pi - half) < 1e-12
    ratio = np.sin(length * half) / (length * np.where(near, 1.0, np.sin(half)))
    return np.asarray(np.where(near, 1.0, ratio * np.exp(-1j * (length - 1) * half)))


def _responses(w: ComplexArray, n_freqs: int) -> ComplexArray:
    """Frequency responses on [0, pi], also when there are fewer frequencies than taps."""
    return np.asarray(fft.fft(wrapped(w, 2 * (n_freqs - 1)), axis=-1)[:, :n_freqs])
