"""Certified extremes of a Littlewood-Paley sum on the whole circle, between the grid points."""

from __future__ import annotations

import numpy as np
from scipy import fft

from fbtools.validation import FloatArray

CHUNK = 2**21
EPS = float(np.finfo(float).eps)
RELATIVE_WIDTH = 1e-12
MAX_LEVELS = 60

Extreme = tuple[float, float, float]


def ehlich_zeller(low: float, high: float, degree: int, points: int) -> tuple[float, float]:
    """Enclose a trigonometric polynomial that lies in [low, high] at equispaced points.

    If |p - m| <= h at M > 2n equispaced points, then |p - m| <= h / cos(pi n / M) everywhere.
    """
    middle, half = (low + high) / 2, (high - low) / 2
    stretched = half / np.cos(np.pi * degree / points)
    return float(middle - stretched), float(middle + stretched)


def certified_range(w: FloatArray) -> tuple[Extreme, Extreme]:
    """Minimum and maximum of S over the circle: (frequency, value, certified bound) of each.

    The value is attained, so the extreme lies between value and bound.
    """
    degree = w.shape[1] - 1
    points = 16 * fft.next_fast_len(w.shape[1], real=True)
    grid = _Taylor.on_grid(w, points)
    low, high = ehlich_zeller(float(grid.value.min()), float(grid.value.max()), degree, points)
    third = degree**3 * (high - low) / 2
    slack = RELATIVE_WIDTH * max(high, 0.0)
    rounding = 4 * EPS * max(w.shape) * max(high, 0.0)
    at_low, lowest, floor = _branch_and_bound(w, grid, third, slack)
    at_high, highest, ceiling = _branch_and_bound(w, grid.negated(), third, slack, sign=-1)
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
    w: FloatArray, cells: _Taylor, third: float, slack: float, sign: int = 1
) -> Extreme:
    """Minimum of sign * S: halve the cells that may hold it, until floor and value meet."""
    best = int(np.argmin(cells.value))
    at, value = float(cells.centre[best]), float(cells.value[best])
    discarded = np.inf
    for _ in range(MAX_LEVELS):
        at, value = _newton(w, at, value, sign)
        floor = cells.floor(third)
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
