"""Search, stride 1: the extremes of the Littlewood-Paley sum S of one bank, between grid points.

The filters enter once, through the sum of their autocorrelations: its T numbers make the sum of
power responses a cosine polynomial, which is cheap to evaluate anywhere. Above `certificate`, whose
inequalities bound S on cells of the circle.
"""

from __future__ import annotations

import numpy as np
from scipy import fft

from fbtools.frames.certificate import (
    Found,
    enclosure,
    fold,
    taylor_floor,
    uncovered,
)
from fbtools.validation import EPS, FloatArray

__all__ = ["certified_range", "correlation_sum"]

CHUNK = 2**21
RELATIVE_WIDTH = 1e-12
MAX_LEVELS = 60
OVERSAMPLING = 12
CANDIDATES = 8
NEWTON_STEPS = 6
HALVINGS = 12


def certified_range(w: FloatArray) -> tuple[Found, Found]:
    """Minimum and maximum over the circle of the Littlewood-Paley sum S.

    Parameters
    ----------
    w : ndarray of float64, shape (J, T)
        Real filters.

    Returns
    -------
    tuple of Found
        Minimum and maximum: frequency in radians per sample, value there, certified bound. The
        value is attained, so the extreme lies between value and bound.

    Notes
    -----
    S is the cosine polynomial whose coefficients are the sums of the autocorrelations of the
    filters. Branch and bound on cells of the circle: at a distance t from a centre, S differs
    from its Taylor parabola by at most ``|t|^3 (T - 1)^3 h / 6``, with h the half-range of S, by
    the inequality of Bernstein; Ehlich and Zeller bound h from a grid. On a cell of half-width rho
    that is another parabola, with rho (T - 1)^3 h / 3 taken from the curvature. About a minimum,
    found by Newton, it excludes a whole neighbourhood at once. Squared responses keep the digits
    of a small minimum that a sum of cosines loses, so the last steps of Newton use them.

    For many banks `extremes_of_cosine_sums` is up to twenty times as fast, and says less: values to
    1e-10, without frequencies and bounds.

    Examples
    --------
    >>> import numpy as np
    >>> lowest, highest = certified_range(np.array([[1.0, 0.5]]))
    >>> round(lowest.value, 9), round(highest.value, 9)
    (0.25, 2.25)
    """
    r = correlation_sum(w)
    degree = w.shape[1] - 1
    points = OVERSAMPLING * fft.next_fast_len(w.shape[1], real=True)
    grid = _Taylor.on_grid(r, points)
    low, high = enclosure(float(grid.value.min()), float(grid.value.max()), degree, points)
    third = degree**3 * (high - low) / 2
    slack = RELATIVE_WIDTH * max(high, 0.0)
    rounding = 4 * EPS * max(w.shape) * max(high, 0.0)
    at_low, _, floor = _branch_and_bound(r, grid, third, slack, known=0.0)
    at_high, _, ceiling = _branch_and_bound(-r, grid.negated(), third, slack, known=-high)
    at_low, lowest = _newton(w, at_low, sign=1)
    at_high, highest = _newton(w, at_high, sign=-1)
    return (
        Found(fold(at_low), lowest, max(min(floor, lowest) - rounding, 0.0)),
        Found(fold(at_high), highest, max(-ceiling, highest) + rounding),
    )


def correlation_sum(w: FloatArray) -> FloatArray:
    """Sum of the autocorrelations of the filters, sum_j sum_n w[j, n] w[j, n + tau].

    Parameters
    ----------
    w : ndarray of float64, shape (J, T)
        Real filters.

    Returns
    -------
    ndarray of float64, shape (T,)
        Coefficients r of ``S(omega) = r[0] + 2 sum_tau r[tau] cos(tau omega)``.

    Examples
    --------
    >>> import numpy as np
    >>> correlation_sum(np.array([[1.0, 1.0], [1.0, -0.5]])).round(12)
    array([3.25, 0.5 ])
    """
    points = fft.next_fast_len(2 * w.shape[1] - 1, real=True)
    power = np.zeros(points // 2 + 1)
    rows = max(1, CHUNK // points)
    for first in range(0, w.shape[0], rows):
        spectra = fft.rfft(w[first : first + rows], n=points, axis=-1)
        power += np.sum(spectra.real**2 + spectra.imag**2, axis=0)
    return np.asarray(fft.irfft(power, n=points)[: w.shape[1]])


class _Taylor:
    """S and its first two derivatives at the centres of cells of one half-width."""

    def __init__(self, centre: FloatArray, derivatives: FloatArray, radius: float) -> None:
        self.centre, self.radius = centre, radius
        self.value, self.slope, self.curvature = derivatives

    @classmethod
    def on_grid(cls, r: FloatArray, points: int) -> _Taylor:
        """Cells around the non-negative frequencies of a grid, by FFT."""
        waves = fft.rfft(_moments(r), n=points, axis=-1)
        centre = 2 * np.pi / points * np.arange(points // 2 + 1, dtype=np.float64)
        derivatives = np.stack([waves[0].real, waves[1].imag, -waves[2].real])
        return cls(centre, derivatives, np.pi / points)

    @classmethod
    def at(cls, r: FloatArray, centre: FloatArray, radius: float) -> _Taylor:
        """Cells around any frequencies, by direct sums."""
        out = np.empty((3, centre.size))
        zeroth, first, second = _moments(r)
        columns = max(1, CHUNK // r.size)
        for start in range(0, centre.size, columns):
            block = slice(start, start + columns)
            phases = np.outer(centre[block], np.arange(r.size))
            cosines = np.cos(phases)
            out[:, block] = cosines @ zeroth, -np.sin(phases) @ first, -cosines @ second
        return cls(centre, out, radius)

    def negated(self) -> _Taylor:
        return _Taylor(
            self.centre, -np.stack([self.value, self.slope, self.curvature]), self.radius
        )

    def lowest_minima(self) -> FloatArray:
        """Centres of the lowest local minima, where the centres lie in order."""
        padded = np.pad(self.value, 1, constant_values=np.inf)
        local = np.flatnonzero((self.value <= padded[:-2]) & (self.value <= padded[2:]))
        order = np.argsort(self.value[local], kind="stable")[:CANDIDATES]
        return np.asarray(self.centre[local[order]])

    def floor(self, third: float) -> FloatArray:
        """Lower bound on each cell: least value of a parabola below S."""
        return taylor_floor(self.value, self.slope, self.curvature, third, self.radius)


def _branch_and_bound(
    r: FloatArray, cells: _Taylor, third: float, slack: float, known: float
) -> tuple[float, float, float]:
    """Minimum >= known of a cosine polynomial: halve the cells that may hold it."""
    at, value = _polish(r, cells.lowest_minima(), cells.radius)
    reach, discarded = _exclude(r, at, value - slack, cells.radius, third)
    for _ in range(MAX_LEVELS):
        floor = np.maximum(cells.floor(third), known)
        alive = (floor < value - slack) & uncovered(cells.centre, cells.radius, at, reach)
        discarded = min(discarded, float(floor[floor >= value - slack].min(initial=np.inf)))
        if not alive.any():
            break
        centre, radius = cells.centre[alive], cells.radius / 2
        cells = _Taylor.at(r, np.concatenate([centre - radius, centre + radius]), radius)
        best = int(np.argmin(cells.value))
        if cells.value[best] < value - slack:
            at, value = _polish(r, cells.centre[best : best + 1], radius)
            reach, least = _exclude(r, at, value - slack, cells.radius, third)
            discarded = min(discarded, least)
    else:
        discarded = min(discarded, float(floor[alive].min()))
    return at, value, discarded


def _exclude(
    r: FloatArray, at: float, target: float, radius: float, third: float
) -> tuple[float, float]:
    """Largest neighbourhood of a minimum where S stays above the target, and its floor."""
    radii = radius / np.exp2(np.arange(-2, HALVINGS, dtype=np.float64))
    here = _Taylor.at(r, np.array([at]), radius)
    floor = taylor_floor(here.value, here.slope, here.curvature, third, radii)
    good = np.flatnonzero(floor >= target)
    return (float(radii[good[0]]), float(floor[good[0]])) if good.size else (0.0, np.inf)


def _polish(r: FloatArray, at: FloatArray, reach: float) -> tuple[float, float]:
    """Lowest of the values that steps of Newton from several frequencies meet."""
    met: list[tuple[float, float]] = []
    for _ in range(NEWTON_STEPS):
        here = _Taylor.at(r, at, reach)
        best = int(np.argmin(here.value))
        met.append((float(here.value[best]), float(at[best])))
        convex = here.curvature > 0
        step = np.where(convex, -here.slope / np.where(convex, here.curvature, 1.0), 0.0)
        at = at + np.clip(step, -reach, reach)
    value, where = min(met)
    return where, value


def _newton(w: FloatArray, at: float, sign: int) -> tuple[float, float]:
    """Steps of Newton on the squared responses, kept while they decrease sign * S."""
    weighted = _weighted(w)
    value, slope, curvature = sign * _responses(weighted, at)
    for _ in range(NEWTON_STEPS):
        if curvature <= 0:
            break
        there = at - slope / curvature
        trial = sign * _responses(weighted, there)
        if not trial[0] < value:
            break
        at, (value, slope, curvature) = float(there), trial
    return at, float(sign * value)


def _moments(r: FloatArray) -> FloatArray:
    """Coefficients of S and of its derivatives: r, tau r and tau^2 r, twice beyond lag 0."""
    lags = np.arange(r.size, dtype=np.float64)
    double = np.where(lags > 0, 2.0, 1.0) * r
    return np.stack([double, lags * double, lags**2 * double])


def _weighted(w: FloatArray) -> FloatArray:
    """Taps times 1, n - c and (n - c)^2, with c the middle tap, which keeps them small."""
    n = np.arange(w.shape[1]) - (w.shape[1] - 1) / 2
    return np.stack([w, n * w, n**2 * w])


def _responses(weighted: FloatArray, at: float) -> FloatArray:
    """S, S' and S'' at one frequency from the responses to the weighted taps."""
    phases = at * np.arange(weighted.shape[-1])
    parts = weighted @ np.stack([np.cos(phases), -np.sin(phases)], axis=-1)
    zeroth, first, second = parts[..., 0] + 1j * parts[..., 1]
    value = np.sum(np.abs(zeroth) ** 2)
    slope = 2 * np.sum((zeroth.conj() * first).imag)
    curvature = 2 * np.sum(np.abs(first) ** 2 - (zeroth.conj() * second).real)
    return np.array([value, slope, curvature])
