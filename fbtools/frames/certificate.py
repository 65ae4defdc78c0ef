"""Certificates: the inequalities that say what lies between the points where one has looked.

The ground floor of this room: every search for the extremes of S, or of a singular value, rests on
them. The bounds on cells, in `fibre_cells` and `fibre_inverse`, are built of them.
"""

from __future__ import annotations

from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from fbtools.validation import EPS, FilterbankError, FloatArray, as_count

__all__ = [
    "Found",
    "ehlich_zeller",
    "enclosure",
    "fold",
    "half_range",
    "least_of_parabola",
    "root_noise",
    "taylor_floor",
    "uncovered",
]

TIGHT = 0.99

Real = TypeVar("Real", float, FloatArray)


class Found(NamedTuple):
    """An extreme: where it is, what is attained there, and what is certain.

    Attributes
    ----------
    angle : float
        Frequency, or angle of the fibre, in [0, pi].
    value : float
        Value there: the extreme is at least as extreme.
    bound : float
        Certified bound: the extreme lies between value and bound.

    Examples
    --------
    >>> Found(angle=0.0, value=1.0, bound=0.5).times(4.0)
    Found(angle=0.0, value=4.0, bound=2.0)
    """

    angle: float
    value: float
    bound: float

    def times(self, factor: float) -> Found:
        """The same in other units."""
        return Found(self.angle, factor * self.value, factor * self.bound)


def ehlich_zeller(low: float, high: float, degree: int, points: int) -> tuple[float, float]:
    """Enclose a trigonometric polynomial that lies in [low, high] at equispaced points.

    Parameters
    ----------
    low, high : float
        Least and largest value of the polynomial at the points.
    degree : int
        Degree n of the polynomial.
    points : int
        Number M > 2n of equispaced points on the circle.

    Returns
    -------
    tuple of float
        Bounds that hold everywhere: middle -+ half / cos(pi n / M).

    Raises
    ------
    FilterbankError
        If there are too few points for a bound.

    References
    ----------
    Ehlich and Zeller (1964), "Schwankung von Polynomen zwischen Gitterpunkten".

    Examples
    --------
    >>> low, high = ehlich_zeller(-1.0, 1.0, degree=1, points=4)
    >>> round(low, 9), round(high, 9)
    (-1.414213562, 1.414213562)
    """
    if as_count(points, "points") <= 2 * as_count(degree, "degree", minimum=0):
        raise FilterbankError(
            f"points is {points}: a polynomial of degree {degree} can have any size between so "
            f"few points; use at least {2 * degree + 1}."
        )
    return enclosure(float(low), float(high), degree, points)


def enclosure(low: Real, high: Real, degree: int, points: int) -> tuple[Real, Real]:
    """What `ehlich_zeller` returns, of one polynomial or of several, and points enough.

    Parameters
    ----------
    low, high : float or ndarray of float64
        Least and largest value of each polynomial at equispaced points.
    degree, points : int
        Degree n, and number M > 2n of the points.

    Returns
    -------
    tuple of float or ndarray of float64
        Bounds that hold everywhere.

    Examples
    --------
    >>> import numpy as np
    >>> low, high = enclosure(np.array([-1.0, 0.0]), np.array([1.0, 2.0]), degree=1, points=4)
    >>> low.round(3), high.round(3)
    (array([-1.414, -0.414]), array([1.414, 2.414]))
    """
    middle, half = (low + high) / 2, half_range(low, high, degree, points)
    return middle - half, middle + half


def half_range(low: Real, high: Real, degree: int, points: int) -> Real:
    """Half the width of the enclosure of Ehlich and Zeller, of one polynomial or of several.

    Parameters
    ----------
    low, high : float or ndarray of float64
        Least and largest value of each polynomial at equispaced points.
    degree, points : int
        Degree n, and number M > 2n of the points.

    Returns
    -------
    float or ndarray of float64
        (high - low) / 2 over cos(pi n / M): by Bernstein's inequality, n^k times this bounds the
        derivative of order k.

    Examples
    --------
    >>> round(half_range(-1.0, 1.0, degree=1, points=4), 9)
    1.414213562
    """
    return (high - low) / 2 / float(np.cos(np.pi * degree / points))


def least_of_parabola(
    slope: FloatArray, curvature: FloatArray, reach: float | FloatArray
) -> FloatArray:
    """Least value of slope t + curvature t^2 / 2 for abs(t) <= reach.

    Parameters
    ----------
    slope, curvature : ndarray of float64
        Coefficients.
    reach : float or ndarray of float64
        Largest abs(t).

    Returns
    -------
    ndarray of float64
        Least values, at most 0.

    Examples
    --------
    >>> import numpy as np
    >>> least_of_parabola(np.array([1.0, 1.0]), np.array([2.0, -2.0]), 1.0)
    array([-0.25, -2.  ])
    """
    ends = curvature * np.square(reach) / 2 - np.abs(slope) * reach
    inside = curvature * reach > np.abs(slope)
    turn = slope / np.where(inside, curvature, np.inf)
    return np.asarray(np.where(inside, -slope * turn / 2, ends))


def taylor_floor(
    value: FloatArray,
    slope: FloatArray,
    curvature: FloatArray,
    third: float | FloatArray,
    reach: float | FloatArray,
) -> FloatArray:
    """Lower bound of a function within a reach of angles where it is known to second order.

    Parameters
    ----------
    value, slope, curvature : ndarray of float64
        The function there, and its derivatives.
    third : float or ndarray of float64
        Bound on its third derivative.
    reach : float or ndarray of float64
        How far the bound holds.

    Returns
    -------
    ndarray of float64
        Least value of a parabola below the function: for abs(t) <= reach the remainder,
        third abs(t)^3 / 6 at most, is no more than what third reach / 3 of curvature takes away.

    Examples
    --------
    >>> import numpy as np
    >>> zero, one = np.zeros(1), np.ones(1)
    >>> taylor_floor(one, zero, zero, third=6.0, reach=0.5)
    array([0.875])
    """
    bend = curvature - third * reach / 3
    return np.asarray(value + least_of_parabola(slope, bend, reach))


def uncovered(
    centre: FloatArray, radius: float, at: float | FloatArray, reach: float | FloatArray
) -> NDArray[np.bool_]:
    """Which cells do not lie within `reach` of an angle or of its mirror images at 0 and pi.

    Parameters
    ----------
    centre : ndarray of float64
        Centres of the cells.
    radius : float
        Their half-width.
    at, reach : float or ndarray of float64
        Middle and half-width of the interval that may cover them, or each of them.

    Returns
    -------
    ndarray of bool
        False where a cell is covered.

    Examples
    --------
    >>> import numpy as np
    >>> uncovered(np.array([0.0, 0.5, 1.0]), 0.1, at=0.4, reach=0.3)
    array([ True, False,  True])
    """
    distance = np.min([np.abs(centre - image) for image in (at, -at, 2 * np.pi - at)], axis=0)
    return np.asarray(distance + radius > reach)


def fold(angle: float) -> float:
    """The same frequency, or fibre, of real filters in [0, pi].

    Parameters
    ----------
    angle : float
        Any angle.

    Returns
    -------
    float
        Its distance to the nearest multiple of 2 pi.

    Examples
    --------
    >>> round(fold(-0.5), 9), round(fold(7.0), 9)
    (0.5, 0.716814693)
    """
    return min(abs(float(np.angle(np.exp(1j * angle)))), np.pi)


def root_noise(shape: tuple[int, ...], largest: float) -> float:
    """Rounding of the roots of eigenvalues, max(J, T) eps sqrt(B): as in the rank of a matrix.

    Parameters
    ----------
    shape : tuple of int
        (J, T).
    largest : float
        B.

    Returns
    -------
    float
        What is zero up to rounding.

    Examples
    --------
    >>> root_noise((4, 64), 4.0) / 2.0**-52
    128.0
    """
    return max(shape) * EPS * float(np.sqrt(largest))
