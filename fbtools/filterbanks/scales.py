"""Auditory scales of frequency: mel, ERB and Bark, and the widths of their bands."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from fbtools.validation import (
    FilterbankError,
    FloatArray,
    as_choice,
    as_count,
    as_real,
    as_real_array,
)

__all__ = ["erb_frequencies", "hz_to_scale", "scale_to_hz", "scale_width"]


def erb_frequencies(n_filters: int, fmin: float, fmax: float) -> FloatArray:
    """Frequencies equispaced on the scale of equivalent rectangular bandwidths (ERB).

    Parameters
    ----------
    n_filters : int
        Number of frequencies J.
    fmin, fmax : float
        First and last frequency, in Hz.

    Returns
    -------
    ndarray of float64, shape (J,)
        Frequencies in Hz, increasing.

    Raises
    ------
    FilterbankError
        If `fmin` is not below `fmax`, or either is not positive.

    References
    ----------
    Glasberg and Moore (1990), "Derivation of auditory filter shapes from notched-noise data".

    Examples
    --------
    >>> erb_frequencies(3, 100, 8000).round(1)
    array([ 100. , 1416.1, 8000. ])
    """
    count = as_count(n_filters, "n_filters")
    low = as_real(fmin, "fmin", 0.0)
    high = as_real(fmax, "fmax", low)
    steps = np.linspace(hz_to_erb(low), hz_to_erb(high), count)
    return np.asarray((10 ** (steps / 21.4) - 1) / 0.00437)


def hz_to_erb(frequency: float) -> float:
    return float(21.4 * np.log10(1 + 0.00437 * frequency))


def erb_width(frequency: FloatArray) -> FloatArray:
    return 24.7 * (1 + 0.00437 * frequency)


SCALES = ("mel", "erb", "bark")


def hz_to_scale(frequency: ArrayLike, scale: str = "mel") -> FloatArray:
    """Frequencies on an auditory scale.

    Parameters
    ----------
    frequency : array_like
        Frequencies in Hz, not negative.
    scale : {"mel", "erb", "bark"}
        2595 log10(1 + f/700); 21.4 log10(1 + 0.00437 f); 26.81 f/(1960 + f) - 0.53.

    Returns
    -------
    ndarray of float64, shape of `frequency`
        Mel, ERB number, or Bark.

    Raises
    ------
    FilterbankError
        If a frequency is negative, or the scale is unknown.

    References
    ----------
    O'Shaughnessy (1987) for mel, as in HTK; Glasberg and Moore (1990) for ERB; Traunmueller
    (1990) for Bark.

    Examples
    --------
    >>> [float(hz_to_scale(1000.0, scale).round(2)) for scale in ("mel", "erb", "bark")]
    [999.99, 15.62, 8.53]
    """
    hertz = _not_negative(frequency, "frequency")
    kind = as_choice(scale, "scale", SCALES)
    if kind == "mel":
        return np.asarray(2595 * np.log10(1 + hertz / 700))
    if kind == "erb":
        return np.asarray(21.4 * np.log10(1 + 0.00437 * hertz))
    return np.asarray(26.81 * hertz / (1960 + hertz) - 0.53)


def scale_to_hz(value: ArrayLike, scale: str = "mel") -> FloatArray:
    """Inverse of `hz_to_scale`.

    Parameters
    ----------
    value : array_like
        Points on the scale, between those of 0 Hz and of infinity.
    scale : {"mel", "erb", "bark"}
        As in `hz_to_scale`.

    Returns
    -------
    ndarray of float64, shape of `value`
        Frequencies in Hz.

    Raises
    ------
    FilterbankError
        If no frequency has such a value, or the scale is unknown.

    Examples
    --------
    >>> scale_to_hz([0.0, 1000.0, 2840.0], "mel").round(1)
    array([   0. , 1000. , 7999.8])
    """
    points = as_real_array(value, "value")
    kind = as_choice(scale, "scale", SCALES)
    lowest, highest = (-0.53, 26.28) if kind == "bark" else (0.0, np.inf)
    if points.min() < lowest or points.max() >= highest:
        raise FilterbankError(
            f"value ranges from {points.min():g} to {points.max():g}: on the {kind} scale "
            f"frequencies have values from {lowest:g} to {highest:g}."
        )
    if kind == "mel":
        return np.asarray(700 * (10 ** (points / 2595) - 1))
    if kind == "erb":
        return np.asarray((10 ** (points / 21.4) - 1) / 0.00437)
    return np.asarray(1960 * (points + 0.53) / (26.28 - points))


def scale_width(frequency: ArrayLike, scale: str = "mel") -> FloatArray:
    """Width in Hz of one unit of an auditory scale: one over its derivative.

    Parameters
    ----------
    frequency : array_like
        Frequencies in Hz, not negative.
    scale : {"mel", "erb", "bark"}
        As in `hz_to_scale`.

    Returns
    -------
    ndarray of float64, shape of `frequency`
        Hz a unit. For "erb" it is the equivalent rectangular bandwidth 24.7 (1 + 0.00437 f), up
        to the rounding of the published 21.4; for "bark" the critical bandwidth of Traunmueller.

    Raises
    ------
    FilterbankError
        If a frequency is negative, or the scale is unknown.

    Examples
    --------
    >>> scale_width([0.0, 1000.0], "erb").round(1)
    array([ 24.6, 132.2])
    """
    hertz = _not_negative(frequency, "frequency")
    kind = as_choice(scale, "scale", SCALES)
    if kind == "mel":
        return np.asarray((700 + hertz) * np.log(10) / 2595)
    if kind == "erb":
        return np.asarray((1 + 0.00437 * hertz) * np.log(10) / (21.4 * 0.00437))
    return np.asarray((1960 + hertz) ** 2 / (26.81 * 1960))


def _not_negative(frequency: ArrayLike, name: str) -> FloatArray:
    hertz = as_real_array(frequency, name)
    if hertz.min() < 0:
        raise FilterbankError(f"{name} is {hertz.min():g}: pass frequencies in Hz of at least 0.")
    return hertz
