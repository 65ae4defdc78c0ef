"""Auditory scales of frequency: mel, ERB and Bark, and the widths of their bands.

Each scale is one formula, with its inverse, its derivative and the inverse of that. ERB has a
width of its own beside: Glasberg and Moore publish the bandwidth and the scale, whose derivative
it is but for the rounding of 21.4 (24.62 against 24.7 Hz at 0 Hz).
"""

from __future__ import annotations

from typing import Literal, get_args

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

Scale = Literal["mel", "erb", "bark"]
SCALES: tuple[Scale, ...] = get_args(Scale)
# Units a decade, and where it begins (for ERB, one over that), as published. For Bark: the range of
# the scale, the frequency of half of it, the value at 0 Hz and that at infinity.
MEL, MEL_CORNER = 2595, 700
ERB, ERB_SLOPE, ERB_WIDTH = 21.4, 0.00437, 24.7
BARK, BARK_CORNER, BARK_LOWEST, BARK_HIGHEST = 26.81, 1960, -0.53, 26.28


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
    first, last = to_scale(np.array([low, high]), "erb")
    return from_scale(np.linspace(first, last, count), "erb")


def erb_width(frequency: FloatArray) -> FloatArray:
    """Equivalent rectangular bandwidth in Hz, as published."""
    return ERB_WIDTH * (1 + ERB_SLOPE * frequency)


def hz_to_scale(frequency: ArrayLike, scale: Scale = "mel") -> FloatArray:
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
    return to_scale(hertz, as_choice(scale, "scale", SCALES))


def scale_to_hz(value: ArrayLike, scale: Scale = "mel") -> FloatArray:
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
    lowest, highest = (BARK_LOWEST, BARK_HIGHEST) if kind == "bark" else (0.0, np.inf)
    if points.min() < lowest or points.max() >= highest:
        raise FilterbankError(
            f"value ranges from {points.min():g} to {points.max():g}: on the {kind} scale "
            f"frequencies have values from {lowest:g} to {highest:g}."
        )
    return from_scale(points, kind)


def scale_width(frequency: ArrayLike, scale: Scale = "mel") -> FloatArray:
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
    return unit_width(hertz, as_choice(scale, "scale", SCALES))


def to_scale(hertz: FloatArray | float, scale: Scale) -> FloatArray:
    """Points on a scale."""
    if scale == "mel":
        return np.asarray(MEL * np.log10(1 + hertz / MEL_CORNER))
    if scale == "erb":
        return np.asarray(ERB * np.log10(1 + ERB_SLOPE * hertz))
    return np.asarray(BARK * hertz / (BARK_CORNER + hertz) + BARK_LOWEST)


def from_scale(points: FloatArray, scale: Scale) -> FloatArray:
    """Frequencies in Hz: the inverse."""
    if scale == "mel":
        return np.asarray(MEL_CORNER * (10 ** (points / MEL) - 1))
    if scale == "erb":
        return np.asarray((10 ** (points / ERB) - 1) / ERB_SLOPE)
    return np.asarray(BARK_CORNER * (points - BARK_LOWEST) / (BARK_HIGHEST - points))


def unit_width(hertz: FloatArray | float, scale: Scale) -> FloatArray:
    """Width in Hz of one unit of a scale: one over the derivative of `to_scale`."""
    if scale == "mel":
        return np.asarray((MEL_CORNER + hertz) * np.log(10) / MEL)
    if scale == "erb":
        return np.asarray((1 + ERB_SLOPE * hertz) * np.log(10) / (ERB * ERB_SLOPE))
    return np.asarray((BARK_CORNER + hertz) ** 2 / (BARK * BARK_CORNER))


def frequency_of_width(width: float, scale: Scale) -> float:
    """Frequency at which one unit of a scale is so wide; 0 if it is wider everywhere."""
    if scale == "mel":
        frequency = width * MEL / np.log(10) - MEL_CORNER
    elif scale == "erb":
        frequency = width * ERB / np.log(10) - 1 / ERB_SLOPE
    else:
        frequency = np.sqrt(width * BARK * BARK_CORNER) - BARK_CORNER
    return max(0.0, float(frequency))


def _not_negative(frequency: ArrayLike, name: str) -> FloatArray:
    hertz = as_real_array(frequency, name)
    if hertz.min() < 0:
        raise FilterbankError(f"{name} is {hertz.min():g}: pass frequencies in Hz of at least 0.")
    return hertz
