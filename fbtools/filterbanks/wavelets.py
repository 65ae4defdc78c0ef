"""Wavelet filterbanks: the orthogonal wavelets of Daubechies, as one bank of FIR filters."""

from __future__ import annotations

from math import comb

import numpy as np

from fbtools.validation import FilterbankError, FloatArray, as_count

__all__ = ["wavelet_filterbank"]

MAX_ORDER = 16


def wavelet_filterbank(n_filters: int, filter_length: int, order: int = 4) -> FloatArray:
    """Undecimated dyadic wavelets of Daubechies, one filter per octave: exactly tight.

    Parameters
    ----------
    n_filters : int
        Number of filters J, at least 2: one low-pass filter and J - 1 wavelets.
    filter_length : int
        Number of taps T, at least ``(2 order - 1)(2**(J - 1) - 1) + 1``.
    order : int
        Number of vanishing moments of the wavelet, from 1 (Haar) to 16.

    Returns
    -------
    ndarray of float64, shape (J, T)
        Low-pass filter, then wavelets from the lowest octave to the highest, each centred among
        its T taps; A = B = 1 for stride 1.

    Raises
    ------
    FilterbankError
        If the longest filter does not fit into T taps, or `order` is out of range.

    Notes
    -----
    The algorithme a trous: H and G are the scaling and the wavelet filter divided by sqrt(2), so
    that ``|H|^2 + |G|^2 = 1``; filter k is H(z) H(z^2) ... G(z^(2^k)), and the low-pass filter
    the product of all H. The squares telescope to 1.

    References
    ----------
    Daubechies (1992), "Ten Lectures on Wavelets", Chapter 6; Mallat (2009), "A Wavelet Tour of
    Signal Processing", Section 5.2.

    Examples
    --------
    >>> import fbtools as fb
    >>> w = wavelet_filterbank(6, 256)
    >>> round(fb.condition_number(w), 9)
    1.0
    """
    count, length = (
        as_count(n_filters, "n_filters", minimum=2),
        as_count(filter_length, "filter_length"),
    )
    moments = as_count(order, "order", maximum=MAX_ORDER)
    needed = (2 * moments - 1) * (2 ** (count - 1) - 1) + 1
    if needed > length:
        octaves = int(np.log2((length - 1) / (2 * moments - 1) + 1))
        remedy = f"{octaves + 1} filters fit" if octaves else "none fit: lower the order"
        raise FilterbankError(
            f"filter_length is {length}: {count} wavelet filters of order {moments} need {needed} "
            f"taps; use longer filters, a lower order, or fewer filters ({remedy})."
        )
    low = daubechies(moments)
    high = low[::-1] * (-1.0) ** np.arange(low.size)
    average, filters = np.ones(1), []
    for octave in range(count - 1):
        filters.append(np.convolve(average, _upsample(high, 2**octave)))
        average = np.convolve(average, _upsample(low, 2**octave))
    return np.array([_centred(f, length) for f in [average, *filters[::-1]]])


def daubechies(order: int) -> FloatArray:
    """Scaling filter of Daubechies of 2 `order` taps and sum 1, of minimum phase.

    Its squared modulus is cos^(2 p)(omega/2) P(sin^2(omega/2)) with P(y) = sum_k C(p-1+k, k) y^k;
    of each pair of roots of P, seen as a polynomial in z, the one inside the circle is kept.
    """
    y = np.roots([comb(order - 1 + k, k) for k in range(order - 1, -1, -1)])
    half_trace = 1 - 2 * y
    z = half_trace + np.sqrt(half_trace**2 - 1)
    inside = np.where(np.abs(z) < 1, z, 1 / z)
    taps = np.real(np.poly(np.concatenate([-np.ones(order), inside])))
    return np.asarray(taps / taps.sum())


def _upsample(taps: FloatArray, factor: int) -> FloatArray:
    """Put factor - 1 zeros between the taps."""
    out = np.zeros((taps.size - 1) * factor + 1)
    out[::factor] = taps
    return out


def _centred(taps: FloatArray, length: int) -> FloatArray:
    before = (length - taps.size) // 2
    return np.pad(taps, (before, length - taps.size - before))
