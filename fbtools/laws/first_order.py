"""First-order laws of the frame bounds, by which one can think: roots, edges, order statistics."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from fbtools.laws.extreme_law import ExtremeLaw
from fbtools.laws.level_probabilities import IndependentBins
from fbtools.validation import LARGEST_LENGTH, as_count

NEAR_BRANCH_POINT = (
    1e-6  # of Lambert's W, where its argument is rounded to the square of what counts
)

__all__ = [
    "marchenko_pastur_bounds",
    "order_statistic_bounds",
    "scaling_law_bounds",
    "square_root_bounds",
]


def marchenko_pastur_bounds(n_filters: int, *, stride: int) -> tuple[float, float]:
    """First-order law of A and B under a stride: the edges (1 -+ sqrt(d/J))^2.

    Parameters
    ----------
    n_filters : int
        Number of filters J.
    stride : int
        Stride d.

    Returns
    -------
    tuple of float
        The first is 0 when J <= d; with fewer filters than d a layer is never a frame.

    Raises
    ------
    FilterbankError
        If J or d is not a positive integer.

    See Also
    --------
    frame_bound_laws, scaling_law_bounds

    Notes
    -----
    These are the limits of the extreme eigenvalues of one fibre, a J x d matrix of independent
    Gaussian entries of variance 1/J, as J and d grow in proportion. `frame_bound_laws` with a
    stride has the law for finite J and d, over all fibres.

    References
    ----------
    Marchenko and Pastur (1967), "Distribution of eigenvalues for some sets of random matrices".

    Examples
    --------
    >>> marchenko_pastur_bounds(64, stride=16)
    (0.25, 2.25)
    """
    j, d = as_count(n_filters, "n_filters"), as_count(stride, "stride")
    ratio = np.sqrt(d / j)
    return float(max(1 - ratio, 0.0) ** 2), float((1 + ratio) ** 2)


def scaling_law_bounds(n_filters: int, filter_length: int) -> tuple[float, float]:
    """First-order law of A and B for many taps: the roots of s - 1 - log s = log(T)/J.

    Parameters
    ----------
    n_filters : int
        Number of filters J.
    filter_length : int
        Number of taps T.

    Returns
    -------
    tuple of float
        a = -W_0(-exp(-1 - c)) and b = -W_{-1}(-exp(-1 - c)) with c = log(T)/J and W Lambert's
        function; 0 < a <= 1 <= b.

    Raises
    ------
    FilterbankError
        If J or T is not a positive integer.

    See Also
    --------
    frame_bound_laws, square_root_bounds

    Examples
    --------
    >>> a, b = scaling_law_bounds(40, 1024)
    >>> f"{a:.3f} {b:.3f}"
    '0.521 1.709'
    """
    c = _log_length_per_filter(n_filters, filter_length)
    if c < NEAR_BRANCH_POINT:
        return _near_one(-math.sqrt(2 * c)), _near_one(math.sqrt(2 * c))
    argument = -math.exp(-1 - c)
    return float(-special.lambertw(argument, 0).real), float(-special.lambertw(argument, -1).real)


def square_root_bounds(n_filters: int, filter_length: int) -> tuple[float, float]:
    """The approximation 1 -+ 2 sqrt(log(T)/J) of A and B.

    Parameters
    ----------
    n_filters : int
        Number of filters J.
    filter_length : int
        Number of taps T.

    Returns
    -------
    tuple of float
        The first is negative when J < 4 log(T), which no frame bound is.

    Raises
    ------
    FilterbankError
        If J or T is not a positive integer.

    See Also
    --------
    scaling_law_bounds, order_statistic_bounds

    References
    ----------
    Haider, Lostanlen, Ehler and Balazs (2024), Section III.

    Examples
    --------
    >>> a, b = square_root_bounds(10, 1024)
    >>> f"{a:.3f} {b:.3f}"
    '-0.665 2.665'
    """
    deviation = 2 * np.sqrt(_log_length_per_filter(n_filters, filter_length))
    return float(1 - deviation), float(1 + deviation)


def order_statistic_bounds(n_filters: int, filter_length: int) -> tuple[float, float]:
    """Means of the lowest and the highest of T independent chi2_J / J variables.

    Parameters
    ----------
    n_filters : int
        Number of filters J.
    filter_length : int
        Number of taps T.

    Returns
    -------
    tuple of float
        The two means. S has twice the degrees of freedom away from DC and Nyquist, so they lie
        outside of the means of A and B on Z_T.

    Raises
    ------
    FilterbankError
        If J or T is not a positive integer.

    See Also
    --------
    frame_bound_laws, square_root_bounds

    References
    ----------
    Haider, Lostanlen, Ehler and Balazs (2024), Section III.

    Examples
    --------
    >>> a, b = order_statistic_bounds(40, 1024)
    >>> f"{a:.3f} {b:.3f}"
    '0.429 1.890'
    """
    j = as_count(n_filters, "n_filters")
    t = as_count(filter_length, "filter_length", maximum=LARGEST_LENGTH)
    values = IndependentBins(j, n_real=t, n_complex=0)
    lower = ExtremeLaw(values, j, t, t, 1, is_upper=False)
    upper = ExtremeLaw(values, j, t, t, 1, is_upper=True)
    return lower.mean(), upper.mean()


def _log_length_per_filter(n_filters: int, filter_length: int) -> float:
    j = as_count(n_filters, "n_filters")
    t = as_count(filter_length, "filter_length", maximum=LARGEST_LENGTH)
    return float(math.log(t) / j)


def _near_one(s: float) -> float:
    """Root of b - 1 - log b = s^2 / 2 on the side of 1 where s points, up to s^6 / 17010."""
    return 1 + s + s**2 / 3 + s**3 / 36 - s**4 / 270 + s**5 / 4320
