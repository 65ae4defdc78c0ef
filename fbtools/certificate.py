"""Certified extremes of a Littlewood-Paley sum on the whole circle, between the grid points."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import fft

from fbtools.validation import FilterbankError, FloatArray, as_count, as_filters

__all__ = ["certified_range", "ehlich_zeller"]

CHUNK = 2**21
EPS = float(np.finfo(float).eps)
RELATIVE_WIDTH = 1e-12
MAX_LEVELS = 60

Extreme = tuple[float, float, float]


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
    middle, half = (low + high) / 2, (high - low) / 2
    stretched = half / np.cos(np.pi * degree / points)
    return float(middle - stretched), float(middle + stretched)


def certified_range(w: ArrayLike) -> tuple[Extreme, Extreme]:
    """Minimum and maximum over the circle of the Littlewood-Paley sum S.

    Parameters
    ----------
    w : array_like, shape (J, T) or (J, 1, T)
        Real filters.

    Returns
    -------
    tuple of two tuples of float
        Of the minimum and of the maximum: frequency in radians per sample, value there, certified
        bound. The value is attained, so the extreme lies between value and bound.

    Raises
    ------
    FilterbankError
        If `w` is not an array of real filters.

    Notes
    -----
    Branch and bound on cells of the circle. On a cell of half-width rho, S differs from its
    Taylor parabola by at most rho^3 (T - 1)^3 h / 6, with h the half-range of S, by the
    inequality of Bernstein; Ehlich and Zeller bound h from a grid.

    Examples
    --------
    >>> import numpy as np
    >>> lowest, highest = certified_range(np.array([[1.0, 0.5]]))
    >>> round(lowest[1], 9), round(highest[1], 9)
    (0.25, 2.25)
    """
    w = as_filters(w)
    degree = w.shape[1] - 1
    points = 16 * fft.next_fast_len(w.shape[1], real=True)
    grid = _Taylor.on_grid(w, points)
    low, high = ehlich_zeller(float(grid.value.min()), float(grid.value.max()), degree, points)
    third = degree**3 * (high - low) / 2
    slack = RELATIVE_WIDTH * max(high, 0.0)
    rounding = 4 * EPS * max(w.shape) * max(high, 0.0)
    at_low, lowest, floor = _branch_and_bound(w, grid, third, slack, known=0.0)
    at_high, highest, ceiling = _branch_and_bound(
        w, grid.negated(), third, slack, known=-high, sign=-1
    )
    return (
        (at_low, lowest, max(min(floor, lowest) - rounding, 0.0)),
        (at_high, -highest, max(-ceiling, -highest) + rounding),
    )


class _Taylor:
    """S and its first two derivatives at the centres of cells of one half-width."""

    def __init__(self, centre: FloatArray, derivatives: FloatArray, radius: float) -> None:
        self.centre, self.radius = centre, radius
        self.value, self.slope, self.curvature = derivatives

    @classmethod
    def on_grid(cls, w: FloatArray, points: int) -> _Taylor:
        """Cells around the non-negative frequencies of a grid, by FFT."""
        total = np.zeros((3, points // 2 + 1))
        rows = max(1, CHUNK // points)
        for first in range(0, w.shape[0], rows):
            weighted = _weighted(w[first : first + rows])
            total += _derivatives(*fft.rfft(weighted, n=points, axis=-1))
        centre = 2 * np.pi / points * np.arange(points // 2 + 1, dtype=np.float64)
        return cls(centre, total, np.pi / points)

    @classmethod
    def at(cls, w: FloatArray, centre: FloatArray, radius: float) -> _Taylor:
        """Cells around any frequencies, by direct sums."""
        out = np.empty((3, centre.size))
        weighted = _weighted(w)
        n = np.arange(w.shape[1])
        columns = max(1, CHUNK // max(w.shape))
        for first in range(0, centre.size, columns):
            waves = np.exp(-1j * np.outer(n, centre[first : first + columns]))
            out[:, first : first + columns] = _derivatives(*(weighted @ waves))
        return cls(centre, out, radius)

    def negated(self) -> _Taylor:
        return _Taylor(
            self.centre, -np.stack([self.value, self.slope, self.curvature]), self.radius
        )

    def lowest_minima(self, count: int = 8) -> NDArray[np.intp]:
        """Indices of the lowest local minima among the centres, which lie in order."""
        padded = np.pad(self.value, 1, constant_values=np.inf)
        local = np.flatnonzero((self.value <= padded[:-2]) & (self.value <= padded[2:]))
        return local[np.argsort(self.value[local], kind="stable")[:count]]

    def floor(self, third: float) -> FloatArray:
        """Lower bound on each cell: least value of the parabola, minus the remainder."""
        r = self.radius
        ends = self.value + self.curvature * r**2 / 2 - np.abs(self.slope) * r
        with np.errstate(divide="ignore", invalid="ignore"):
            turn = -self.slope / self.curvature
            bottom = self.value + self.slope * turn / 2
        inside = (self.curvature > 0) & (np.abs(turn) < r)
        return np.asarray(np.where(inside, bottom, ends) - third * r**3 / 6)


def _branch_and_bound(
    w: FloatArray, cells: _Taylor, third: float, slack: float, known: float, sign: int = 1
) -> Extreme:
    """Minimum of sign * S >= known: halve the cells that may hold it, until bounds meet."""
    starts = cells.lowest_minima()
    polished = [_newton(w, float(cells.centre[i]), float(cells.value[i]), sign) for i in starts]
    at, value = min(polished, key=lambda pair: pair[1])
    discarded = np.inf
    for _ in range(MAX_LEVELS):
        at, value = _newton(w, at, value, sign)
        floor = np.maximum(cells.floor(third), known)
        alive = floor < value - slack
        discarded = min(discarded, float(floor[~alive].min(initial=np.inf)))
        if not alive.any():
            break
        centre, radius = cells.centre[alive], cells.radius / 2
        halves = np.concatenate([centre - radius, centre + radius])
        cells = _Taylor.at(w, halves, radius)
        if sign < 0:
            cells = cells.negated()
        best = int(np.argmin(cells.value))
        if cells.value[best] < value:
            at, value = float(cells.centre[best]), float(cells.value[best])
    else:
        discarded = min(discarded, float(floor.min()))
    return _fold(at), value, discarded


def _newton(w: FloatArray, at: float, value: float, sign: int) -> tuple[float, float]:
    """Newton steps on the derivative, kept while they decrease sign * S."""
    for _ in range(4):
        here = _Taylor.at(w, np.array([at]), 0.0)
        slope, curvature = sign * float(here.slope[0]), sign * float(here.curvature[0])
        if curvature <= 0:
            break
        there = at - slope / curvature
        trial = sign * float(_Taylor.at(w, np.array([there]), 0.0).value[0])
        if not trial < value:
            break
        at, value = there, trial
    return at, value


def _weighted(w: FloatArray) -> FloatArray:
    """Taps times 1, n - c and (n - c)^2, with c the middle tap, which keeps them small."""
    n = np.arange(w.shape[1]) - (w.shape[1] - 1) / 2
    return np.stack([w, n * w, n**2 * w])


def _derivatives(zeroth: np.ndarray, first: np.ndarray, second: np.ndarray) -> FloatArray:
    """S, S' and S'' from the transforms of the weighted taps, up to a common phase."""
    value = np.sum(np.abs(zeroth) ** 2, axis=0)
    slope = 2 * np.sum((zeroth.conj() * first).imag, axis=0)
    curvature = 2 * np.sum(np.abs(first) ** 2 - (zeroth.conj() * second).real, axis=0)
    return np.stack([value, slope, curvature])


def _fold(frequency: float) -> float:
    """The same frequency of a real filter in [0, pi]."""
    wrapped = abs(float(np.angle(np.exp(1j * frequency))))
    return min(wrapped, np.pi)
