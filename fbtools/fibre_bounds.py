"""Extremes of the singular values of one strided filterbank over its fibres, with a certificate.

The search uses S = E* E; a singular value that is small keeps in E the digits that its square loses
in S, and so the last steps are taken there.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fbtools.fibre_cells import grid_points
from fbtools.fibre_search import Problems
from fbtools.fibres import Fibres
from fbtools.validation import ComplexArray, FloatArray

__all__ = ["Found", "extremes_anywhere", "extremes_on_grid"]

EPS = float(np.finfo(float).eps)
RELATIVE_WIDTH = 1e-10
SMALL = 1e-6
DENSE = 2
CANDIDATES = 4
NEWTON_STEPS = 6


class Found(NamedTuple):
    """An extreme eigenvalue: angle theta of the fibre, value there, certified bound."""

    angle: float
    value: float
    bound: float


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
    unit = _unit(w)
    fibres = Fibres(w[None] / unit, stride)
    signs = (-1,) if w.shape[0] < stride else (1, -1)
    problems = Problems(fibres, signs)
    largest = float(problems.survey.ceiling[0])
    least = problems.least_on_circle(np.full(len(signs), RELATIVE_WIDTH * largest))
    rounding = 4 * EPS * max(fibres.taps.shape[2:]) * (fibres.degree + 1) * largest
    found = [Found(0.0, 0.0, 0.0)]
    for i, sign in enumerate(signs):
        angle, value = float(least.at.angle[i]), float(sign * least.at.value[i])
        if sign > 0 and value < SMALL * largest:
            angle, value = _smallest(problems, angle, RELATIVE_WIDTH * largest)
        else:
            value = _energy(fibres.responses(angle)[0] @ least.at.vectors[i, :, 0])
        bound = min(float(least.floor[i]), sign * value) - rounding
        bound = max(bound, 0.0) if sign > 0 else -bound
        found.append(Found(_folded(angle), unit**2 * value, unit**2 * bound))
    return found[-2], found[-1]


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
    unit = _unit(w)
    fibres = Fibres(w[None] / unit, stride)
    if n_fibres <= DENSE * grid_points(fibres):
        low, high = fibres.on_circle(n_fibres)
        index = np.tile(np.arange(n_fibres // 2 + 1, dtype=np.float64), 2)
        values = np.concatenate([low[0], -high[0]])
        lower = np.arange(index.size) < low.size
        largest = float(high.max())
    else:
        problems = Problems(fibres, (1, -1))
        problem, index, values = problems.least_of_fibres(n_fibres)
        lower = problem == 0
        largest = float(problems.survey.ceiling[0])
    angles = 2 * np.pi / n_fibres * index
    at_low, least = _sharpest(fibres, angles[lower], values[lower], largest, 1)
    at_high, most = _sharpest(fibres, angles[~lower], values[~lower], largest, -1)
    least, most = unit**2 * least, unit**2 * most
    return Found(at_low, least, least), Found(at_high, most, most)


def _unit(w: FloatArray) -> float:
    """A power of two near the largest weight: without it, products of eigenvalues overflow."""
    return float(2.0 ** int(np.frexp(np.abs(w).max())[1]))


def _sharpest(
    fibres: Fibres, angles: FloatArray, values: FloatArray, largest: float, sign: int
) -> tuple[float, float]:
    """Angle and value of the extreme, from singular values where rounding leaves several fibres."""
    least = float(values.min())
    close = np.flatnonzero(values <= least + 64 * EPS * fibres.size * largest)
    if sign < 0 or least > 1e-4 * largest:
        close = close[np.argsort(values[close], kind="stable")[:CANDIDATES]]
    squares = [_squares(fibres, float(angle)) for angle in angles[close]]
    exact = np.array([s[-1] if sign > 0 else s[0] for s in squares])
    at = int(np.argmin(sign * exact))
    return float(angles[close][at]), float(exact[at])


def _smallest(problems: Problems, angle: float, noise: float) -> tuple[float, float]:
    """Least squared singular value from its angle in S, and from all others lost in rounding."""
    fibres, starts = problems.fibres, np.array([angle])
    lost = problems.survey.step * np.flatnonzero(problems.values[0] <= noise)
    if lost.size:
        exact = np.array([_squares(fibres, float(t))[-1] for t in lost])
        starts = np.append(starts, lost[np.argsort(exact, kind="stable")[:CANDIDATES]])
    return min((_newton(fibres, float(t)) for t in starts), key=lambda found: found[1])


def _newton(fibres: Fibres, angle: float) -> tuple[float, float]:
    """Steps of Newton on the least squared singular value, kept while they improve it."""
    value, slope, curvature = _singular(fibres, angle, 1)
    for _ in range(NEWTON_STEPS):
        if not curvature > 0:
            break
        there = angle - slope / curvature
        trial = _singular(fibres, there, 1)
        if not trial[0] < value:
            break
        angle, (value, slope, curvature) = there, trial
    return angle, value


def _singular(fibres: Fibres, angle: float, sign: int) -> tuple[float, float, float]:
    """Extreme squared singular value at an angle, and its first two derivatives."""
    matrix, first, second = fibres.responses(angle, orders=3)
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


def _energy(response: ComplexArray) -> float:
    """abs(E v)^2: a Rayleigh quotient, right to the square of the error of v."""
    return float(np.vdot(response, response).real)


def _folded(angle: float) -> float:
    """The same fibre of real filters in [0, pi]."""
    return min(abs(float(np.angle(np.exp(1j * angle)))), np.pi)
