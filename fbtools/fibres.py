"""Extremes of the singular values of a strided filterbank over its fibres.

With stride d a fibre is the polyphase matrix E(theta) of J x d numbers, and the frame bounds are
the least and largest eigenvalues of S(theta) = E(theta)* E(theta): a trigonometric polynomial of
degree D = ceil(T/d) - 1 with matrix coefficients. Every v* S(theta) v with |v| = 1 is an ordinary
one, between A and B, so that the inequality of Bernstein bounds all its derivatives: that makes
branch and bound possible for eigenvalues too.
"""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from fbtools.certificate import ehlich_zeller, least_of_parabola, uncovered
from fbtools.validation import ComplexArray, FloatArray

__all__ = ["Fibres", "Found", "extremes_anywhere", "extremes_on_grid", "polyphase"]

CHUNK = 2**20
EPS = float(np.finfo(float).eps)
RELATIVE_WIDTH = 1e-10
OVERSAMPLING = 8
CANDIDATES = 4
NEWTON_STEPS = 6
HALVINGS = 12
MAX_LEVELS = 40
MAX_CELLS = 4096
MAX_WORK = 2**24
FEW_POINTS = 64


class Found(NamedTuple):
    """An extreme eigenvalue: angle theta of the fibre, value there, certified bound."""

    angle: float
    value: float
    bound: float


def polyphase(w: FloatArray, stride: int, angles: FloatArray) -> ComplexArray:
    """Polyphase matrices E[k, j, l] = sum_m w[j, l + d m] exp(-i m angle_k), shape (K, J, d).

    Parameters
    ----------
    w : ndarray of float64, shape (J, T)
        Real filters.
    stride : int
        Stride d.
    angles : ndarray of float64, shape (K,)
        Angles of the fibres, d times a frequency.

    Returns
    -------
    ndarray of complex128, shape (K, J, d)
        One matrix a fibre.

    Examples
    --------
    >>> import numpy as np
    >>> polyphase(np.array([[1.0, 2.0, 3.0]]), 2, np.array([0.0])).real
    array([[[4., 2.]]])
    """
    n_filters, length = w.shape
    blocks = _blocks(w, stride)
    phases = np.exp(-1j * np.outer(angles, np.arange(-(-length // stride))))
    matrices = phases @ blocks.reshape(blocks.shape[0], -1)
    return np.asarray(matrices.reshape(-1, n_filters, stride))


def extremes_anywhere(w: FloatArray, stride: int) -> tuple[Found, Found]:
    """Least and largest eigenvalue of S over the whole circle.

    Parameters
    ----------
    w : ndarray of float64, shape (J, T)
        Real filters.
    stride : int
        Stride d.

    Returns
    -------
    tuple of Found
        Each eigenvalue lies between value and bound. The least one is 0 if J < d.

    Examples
    --------
    >>> import numpy as np
    >>> low, high = extremes_anywhere(np.array([[1.0, 0.0, 0.5], [0.0, 2.0, 0.0]]), stride=2)
    >>> round(low.value, 9), round(high.value, 9)
    (0.25, 4.0)
    """
    fibres = Fibres(w, stride)
    points = OVERSAMPLING * fibres.points
    values = fibres.on_circle(points)
    singular = w.shape[0] < stride
    least = Found(0.0, 0.0, 0.0) if singular else _extreme(fibres, values, points, 1)
    return least, _extreme(fibres, values, points, -1)


def extremes_on_grid(w: FloatArray, stride: int, n_fibres: int) -> tuple[Found, Found]:
    """Least and largest eigenvalue of S over the fibres 2 pi k / n_fibres.

    Parameters
    ----------
    w : ndarray of float64, shape (J, T)
        Real filters.
    stride : int
        Stride d.
    n_fibres : int
        Number N/d of fibres.

    Returns
    -------
    tuple of Found
        The bound is the value. If J < d, the least is that of E E*, which has J x J numbers.

    Examples
    --------
    >>> import numpy as np
    >>> low, high = extremes_on_grid(np.array([[1.0, 0.0, 0.5], [0.0, 2.0, 0.0]]), 2, n_fibres=3)
    >>> round(low.value, 9), round(high.value, 9)
    (0.75, 4.0)
    """
    fibres = Fibres(w, stride)
    points = OVERSAMPLING * fibres.points
    if n_fibres <= 2 * points:
        values = fibres.on_circle(n_fibres)
        every = np.arange(n_fibres // 2 + 1)
        both = [(every, values[:, 0]), (every, -values[:, -1])]
    else:
        values = fibres.on_circle(points)
        both = [_contenders(fibres, values, points, n_fibres, sign) for sign in (1, -1)]
    largest = float(values.max())
    first, last = (
        _sharpest(fibres, index, value, n_fibres, largest, sign)
        for (index, value), sign in zip(both, (1, -1), strict=True)
    )
    return first, last


class Fibres:
    """Polyphase matrices of a filterbank, and the coefficients of their Gram polynomial.

    Parameters
    ----------
    w : ndarray of float64, shape (J, T)
        Real filters.
    stride : int
        Stride d. If J < d the matrices are transposed, and have the same singular values.

    Attributes
    ----------
    taps : ndarray of float64, shape (D + 1, max(J, d), min(J, d))
        Coefficients of E.
    even, odd : ndarray of float64, shape (D + 1, p^2), p = min(J, d)
        ``S = sum_k even_k cos(k theta) + i odd_k sin(k theta)``.
    points : int
        A number of angles, at least 2 D + 1, that determines S.
    """

    def __init__(self, w: FloatArray, stride: int) -> None:
        blocks = _blocks(w, stride)
        self.taps = blocks if w.shape[0] >= stride else blocks.transpose(0, 2, 1)
        self.degree, self.size = self.taps.shape[0] - 1, self.taps.shape[2]
        self.points = fft.next_fast_len(2 * self.degree + 1)
        spectra = fft.rfft(self.taps, n=self.points, axis=0)
        gram = spectra.conj().transpose(0, 2, 1) @ spectra
        lags = fft.irfft(gram, n=self.points, axis=0)[: self.degree + 1]
        # The transform has exp(-i k theta), so the coefficient of exp(i k theta) is transposed.
        forward, backward = lags.transpose(0, 2, 1), lags
        halves = np.where(np.arange(self.degree + 1) > 0, 1.0, 0.5)[:, None, None]
        self.even = (halves * (forward + backward)).reshape(self.degree + 1, -1)
        self.odd = (halves * (forward - backward)).reshape(self.degree + 1, -1)

    def on_circle(self, points: int) -> FloatArray:
        """Eigenvalues of S at 2 pi k / points, k <= points / 2, ascending: shape (K, p)."""
        folded = np.zeros((points, self.size**2))
        k = np.arange(self.degree + 1)
        np.add.at(folded, k % points, (self.even + self.odd) / 2)
        np.add.at(folded, -k % points, (self.even - self.odd) / 2)
        matrices = points * fft.ifft(folded, axis=0)[: points // 2 + 1]
        return np.linalg.eigvalsh(matrices.reshape(-1, self.size, self.size))

    def at(self, angles: FloatArray) -> list[ComplexArray]:
        """S, S' and S'' at any angles, each of shape (K, p, p)."""
        k = np.arange(self.degree + 1, dtype=np.float64)
        phases = np.outer(angles, k)
        cosine, sine = np.cos(phases), np.sin(phases)
        parts = [
            (cosine @ self.even) + 1j * (sine @ self.odd),
            (-k * sine @ self.even) + 1j * (k * cosine @ self.odd),
            (-(k**2) * cosine @ self.even) - 1j * (k**2 * sine @ self.odd),
        ]
        return [part.reshape(-1, self.size, self.size) for part in parts]

    def responses(self, angle: float) -> list[ComplexArray]:
        """E, E' and E'' at one angle, each of shape (max(J, d), min(J, d))."""
        m = -1j * np.arange(self.degree + 1)
        phases = np.exp(m * angle)
        return [np.tensordot(m**order * phases, self.taps, axes=1) for order in range(3)]


class _Cells:
    """The least eigenvalue of sign * S on cells: at the ends, and expanded about the centre."""

    def __init__(
        self,
        centre: FloatArray,
        radius: float,
        ends: FloatArray,
        value: FloatArray,
    ) -> None:
        self.centre, self.radius, self.ends, self.value = centre, radius, ends, value
        self.slope = self.own = np.zeros_like(value)
        self.cross = self.others = np.zeros((value.size, 0))
        self.curve = np.zeros_like(value)

    @classmethod
    def on_grid(cls, values: FloatArray, points: int) -> Self:
        """Cells about every second point of a grid, with the points between as ends."""
        centre = np.arange(1, values.size - 1, 2, dtype=np.intp)
        ends = np.stack([values[centre - 1], values[centre + 1]])
        step = 2 * np.pi / points
        return cls(np.asarray(step * centre, dtype=np.float64), step, ends, values[centre])

    def expand(self, fibres: Fibres, sign: int) -> None:
        """Eigenvalues at the centres, and S', S'' between the least one's vector and the rest."""
        matrices = fibres.at(self.centre)
        values, vectors = np.linalg.eigh(sign * matrices[0])
        least = vectors[:, :, :1]
        adjoint = vectors.conj().transpose(0, 2, 1)
        first, second = (sign * (adjoint @ matrix @ least)[:, :, 0] for matrix in matrices[1:])
        self.value, self.others = values[:, 0], values[:, 1:]
        self.slope, self.own = first[:, 0].real, second[:, 0].real
        self.cross = np.abs(first[:, 1:])
        self.curve = np.linalg.norm(second[:, 1:], axis=1)

    def floor(self, degree: int, half_range: float) -> FloatArray:
        """Lower bound on each cell: the better of a chord and of a parabola, less a remainder."""
        r = self.radius
        corners = np.minimum(self.value, self.ends.min(axis=0))
        chord = corners - degree**2 * half_range * (r / 2) ** 2 / 2
        if not self.cross.size:
            return np.asarray(chord)
        rise = r * np.abs(self.slope) + r**2 / 2 * np.abs(self.own)
        drop = half_range * (degree * r + (degree * r) ** 2 / 2)
        gap = self.others[:, 0] - self.value - drop - rise
        coupling = np.linalg.norm(self.cross, axis=1) + r / 2 * self.curve
        curvature = self.own - 2 * coupling**2 / np.where(gap > 0, gap, np.inf)
        curvature = curvature - half_range * degree**3 * r / 3
        parabola = self.value + least_of_parabola(self.slope, curvature, r)
        return np.asarray(np.where(gap > 0, np.maximum(chord, parabola), chord))

    def halves(self, alive: NDArray[np.bool_]) -> Self:
        """Both halves of the cells that are alive, not yet expanded."""
        centre, radius, value = self.centre[alive], self.radius / 2, self.value[alive]
        left, right = self.ends[:, alive]
        ends = np.stack([np.concatenate([left, value]), np.concatenate([value, right])])
        centres = np.concatenate([centre - radius, centre + radius])
        return type(self)(centres, radius, ends, np.minimum(*ends))


def _extreme(fibres: Fibres, values: FloatArray, points: int, sign: int) -> Found:
    """Least (sign 1) or largest (-1) eigenvalue on the circle, by branch and bound."""
    half_range, largest, known = _prior(fibres, values, points, sign)
    least = sign * values[:, 0 if sign > 0 else -1]
    start = _lowest(least, points, fibres.degree**2 * half_range)
    angle, best = _polish(fibres, start, 2 * np.pi / points, sign)
    cells = _Cells.on_grid(least, points)
    slack = RELATIVE_WIDTH * largest
    reach, discarded = _exclude(fibres, angle, best - slack, cells.radius, half_range, sign)
    most = min(MAX_CELLS, 64 + MAX_WORK // fibres.size**3)
    for _ in range(MAX_LEVELS):
        floor = np.maximum(cells.floor(fibres.degree, half_range), known)
        alive = (floor < best - slack) & uncovered(cells.centre, cells.radius, angle, reach)
        discarded = min(discarded, float(floor[floor >= best - slack].min(initial=np.inf)))
        if not alive.any() or np.count_nonzero(alive) > most:
            break
        cells = cells.halves(alive)
        cells.expand(fibres, sign)
        at = int(np.argmin(cells.value))
        if cells.value[at] < best - slack:
            angle, best = _polish(fibres, cells.centre[at : at + 1], cells.radius, sign)
            reach, least_there = _exclude(
                fibres, angle, best - slack, cells.radius, half_range, sign
            )
            discarded = min(discarded, least_there)
    if alive.any():
        discarded = min(discarded, float(floor[alive].min()))
    starts = np.array([angle])
    if best < RELATIVE_WIDTH * largest and sign > 0:
        starts = np.append(starts, _smallest(fibres, least, points, RELATIVE_WIDTH * largest))
    angle, value = min((_newton(fibres, float(t), sign) for t in starts), key=lambda f: sign * f[1])
    rounding = 4 * EPS * max(fibres.taps.shape[1:]) * (fibres.degree + 1) * largest
    bound = min(discarded, sign * value) - rounding
    return Found(angle, value, max(bound, 0.0) if sign > 0 else -bound)


def _exclude(
    fibres: Fibres, angle: float, target: float, radius: float, half_range: float, sign: int
) -> tuple[float, float]:
    """Largest neighbourhood of a minimum where sign * S stays above the target, and its floor."""
    here = _Cells(np.array([angle]), radius, np.full((2, 1), -np.inf), np.zeros(1))
    here.expand(fibres, sign)
    for halvings in range(-1, HALVINGS):
        here.radius = radius / 2.0**halvings
        floor = float(here.floor(fibres.degree, half_range)[0])
        if floor >= target:
            return here.radius, floor
    return 0.0, np.inf


def _contenders(
    fibres: Fibres, values: FloatArray, points: int, n_fibres: int, sign: int
) -> tuple[NDArray[np.intp], FloatArray]:
    """Indices of the fibres that may hold the extreme, and sign * the eigenvalue there."""
    half_range, largest, _ = _prior(fibres, values, points, sign)
    least = sign * values[:, 0 if sign > 0 else -1]
    angles = _lowest(least, points, fibres.degree**2 * half_range)
    near = np.unique(np.rint(angles * n_fibres / (2 * np.pi))).astype(int)
    best = float(_at_fibres(fibres, near, n_fibres, sign).min())
    cells = _Cells.on_grid(least, points)
    step = 2 * np.pi / n_fibres
    margin = 64 * EPS * fibres.size * largest
    for _ in range(MAX_LEVELS):
        alive = cells.floor(fibres.degree, half_range) < best + margin
        first = np.ceil((cells.centre[alive] - cells.radius) / step - 1e-6)
        last = np.floor((cells.centre[alive] + cells.radius) / step + 1e-6)
        first, last = np.maximum(first, 0), np.minimum(last, n_fibres // 2)
        if np.sum(last - first + 1) <= max(FEW_POINTS, 4 * first.size):
            break
        cells = cells.halves(alive)
        cells.expand(fibres, sign)
    spans = [np.arange(a, b + 1) for a, b in zip(first, last, strict=True)]
    index = np.unique(np.concatenate([*spans, near])).astype(np.intp)
    return index, _at_fibres(fibres, index, n_fibres, sign)


def _sharpest(
    fibres: Fibres,
    index: NDArray[np.intp],
    values: FloatArray,
    n_fibres: int,
    largest: float,
    sign: int,
) -> Found:
    """The extreme among fibres, from singular values where rounding leaves several."""
    least = float(values.min())
    close = np.flatnonzero(values <= least + 64 * EPS * fibres.size * largest)
    if sign < 0 or least > 1e-4 * largest:
        close = close[np.argsort(values[close], kind="stable")[:CANDIDATES]]
    squares = [_squares(fibres, 2 * np.pi * i / n_fibres) for i in index[close]]
    exact = np.array([s[-1] if sign > 0 else s[0] for s in squares])
    at = int(np.argmin(sign * exact))
    value = float(exact[at])
    return Found(2 * np.pi * float(index[close][at]) / n_fibres, value, value)


def _prior(
    fibres: Fibres, values: FloatArray, points: int, sign: int
) -> tuple[float, float, float]:
    """Half the range of all eigenvalues, bound on the largest, known bound on sign * S."""
    low, high = float(values.min()), float(values.max())
    floor, ceiling = ehlich_zeller(low, high, fibres.degree, points)
    floor = max(floor, 0.0)
    return (ceiling - floor) / 2, ceiling, floor if sign > 0 else -ceiling


def _lowest(values: FloatArray, points: int, second: float) -> FloatArray:
    """Angles of local minima on a grid near which the lowest may be; `second` bounds S''."""
    step = 2 * np.pi / points
    padded = np.pad(values, 1, constant_values=np.inf)
    local = np.flatnonzero((values <= padded[:-2]) & (values <= padded[2:]))
    local = local[values[local] <= values.min() + second * step**2 / 8]
    return np.asarray(step * local[np.argsort(values[local], kind="stable")[:CANDIDATES]])


def _polish(fibres: Fibres, angles: FloatArray, reach: float, sign: int) -> tuple[float, float]:
    """Lowest of the values that steps of Newton from several angles meet."""
    met: list[tuple[float, float]] = []
    for _ in range(NEWTON_STEPS):
        here = _Cells(angles, 0.0, np.zeros((2, angles.size)), np.zeros(angles.size))
        here.expand(fibres, sign)
        at = int(np.argmin(here.value))
        met.append((float(here.value[at]), float(angles[at])))
        gaps = np.maximum(here.others - here.value[:, None], np.finfo(float).tiny)
        with np.errstate(over="ignore"):
            curvature = here.own - 2 * np.sum(here.cross**2 / gaps, axis=1)
        convex = np.isfinite(curvature) & (curvature > 0)
        step = np.where(convex, -here.slope / np.where(convex, curvature, 1.0), 0.0)
        angles = angles + np.clip(step, -reach, reach)
        if np.abs(step).max() < 1e-8:
            break
    value, angle = min(met)
    return angle, value


def _smallest(fibres: Fibres, values: FloatArray, points: int, noise: float) -> FloatArray:
    """Angles of the smallest singular values on a grid, where their squares may be rounding."""
    angles = 2 * np.pi / points * np.flatnonzero(values <= noise)
    exact = np.array([_squares(fibres, float(t))[-1] for t in angles])
    return np.asarray(angles[np.argsort(exact, kind="stable")[:CANDIDATES]])


def _newton(fibres: Fibres, angle: float, sign: int) -> tuple[float, float]:
    """Steps of Newton on a squared singular value, kept while they improve it.

    A small singular value keeps here the digits that its square loses in S.
    """
    angle = abs(float(np.angle(np.exp(1j * angle))))
    value, slope, curvature = _singular(fibres, angle, sign)
    for _ in range(NEWTON_STEPS):
        if not sign * curvature > 0:
            break
        there = angle - slope / curvature
        trial = _singular(fibres, there, sign)
        if not sign * trial[0] < sign * value:
            break
        angle, (value, slope, curvature) = there, trial
    return min(abs(float(np.angle(np.exp(1j * angle)))), np.pi), value


def _singular(fibres: Fibres, angle: float, sign: int) -> tuple[float, float, float]:
    """Extreme squared singular value at an angle, and its first two derivatives."""
    matrix, first, second = fibres.responses(angle)
    u, s, vh = np.linalg.svd(matrix, full_matrices=False)
    if sign > 0:
        u, s, vh = u[:, ::-1], s[::-1], vh[::-1]
    v = vh.conj().T
    moved = first @ v
    slopes = s[0] * (moved.conj().T @ u[:, 0]) + s * (u.conj().T @ moved[:, 0])
    own = 2 * np.vdot(moved[:, 0], moved[:, 0]).real
    own += 2 * s[0] * np.vdot(u[:, 0], second @ v[:, 0]).real
    gaps = s[0] ** 2 - s[1:] ** 2
    apart = np.abs(gaps) > np.finfo(float).tiny
    pull = np.abs(slopes[1:][apart]) ** 2 / gaps[apart]
    return float(s[0] ** 2), float(slopes[0].real), float(own + 2 * pull.sum())


def _squares(fibres: Fibres, angle: float) -> FloatArray:
    """Squared singular values of one fibre, descending."""
    return np.asarray(np.linalg.svd(fibres.responses(angle)[0], compute_uv=False) ** 2)


def _at_fibres(fibres: Fibres, index: NDArray[np.intp], n_fibres: int, sign: int) -> FloatArray:
    """The extreme eigenvalue of S times sign at fibres of a grid."""
    out = np.empty(index.size)
    rows = max(1, CHUNK // (fibres.size**2 + fibres.degree + 1))
    for first in range(0, index.size, rows):
        block = index[first : first + rows]
        matrices = fibres.at(2 * np.pi * block / n_fibres)[0]
        out[first : first + rows] = np.linalg.eigvalsh(sign * matrices)[:, 0]
    return out


def _blocks(w: FloatArray, stride: int) -> FloatArray:
    """Taps as blocks of one stride, shape (ceil(T/d), J, d)."""
    n_filters, length = w.shape
    count = -(-length // stride)
    padded = np.zeros((n_filters, count * stride))
    padded[:, :length] = w
    return np.ascontiguousarray(padded.reshape(n_filters, count, stride).transpose(1, 0, 2))
