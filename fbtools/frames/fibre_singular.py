"""Search, small A: the least singular value over all fibres of one filterbank, known relatively.

Above the bounds of `fibre_inverse`; asked by `fibre_bounds` where S does not tell A.

S = E* E loses what is below eps B, and with it a lower frame bound that is as small. A singular
value of E itself has an absolute error of a few eps sqrt(B): its square is known relatively, down
to about 1e-28 B.
"""

from __future__ import annotations

import numpy as np

from fbtools.frames.certificate import TIGHT, Found
from fbtools.frames.fibre_cells import Cells, Survey, rounding_of_eigenvalues
from fbtools.frames.fibre_inverse import floors_by_inverses
from fbtools.frames.fibres import Fibres
from fbtools.validation import TINY, FloatArray

__all__ = ["least_singular_value", "newton", "singular", "squares_at"]

RELATIVE_WIDTH = 1e-6
NEWTON_STEPS = 6
NOISES = 4
CANDIDATES = 4
MANY = 256
MAX_LEVELS = 60
MAX_WORK = 2**35
CHUNK = 2**20


def least_singular_value(fibres: Fibres, survey: Survey, start: float, noise: float) -> Found:
    """Least squared singular value on the whole circle, by branch and bound.

    Parameters
    ----------
    fibres : Fibres
        Of one filterbank, with min(J, d) singular values.
    survey : Survey
        Of the same.
    start : float
        Angle near which it may be.
    noise : float
        Rounding of a singular value.

    Returns
    -------
    Found
        The least one lies between bound and value. They agree to 1e-6, relatively, and to some
        times the noise; to 1 % where so much is known and many cells are left, because all are
        nearly alike; and not even to that if the search has become too long.

    Notes
    -----
    Cells of the circle that may hold less are halved, as long as the bounds of
    `floors_by_inverses` on them are below. Where the least singular value has its zeros at a
    distance r from the circle, cells as wide as r are needed there: log(1/r) levels of few cells.

    Examples
    --------
    >>> import numpy as np
    >>> fibres = Fibres(np.array([[[1.0, 0.0, 0.5, 0.0], [0.0, 1e-9, 0.0, 3e-9]]]), stride=2)
    >>> least = least_singular_value(fibres, Survey(fibres), 3.0, noise=1e-16)
    >>> f"{least.value:.3e} {least.bound:.3e}"
    '4.000e-18 4.000e-18'
    """
    best, lowest, pending, work = newton(fibres, start), np.inf, 0.0, 0
    left, width = _first_cells(survey, fibres, best[1])
    for _ in range(MAX_LEVELS):
        work += left.size * _work_per_cell(fibres)
        if work > MAX_WORK:
            break
        floor, angles, values = floors_by_inverses(
            fibres, left, width, noise, _target(best[1], noise)
        )
        best = _better(fibres, angles, values, best)
        if best[1] <= noise**2:
            return Found(*best, 0.0)
        alive = floor < _target(best[1], noise)
        lowest = min(lowest, float(floor[~alive].min(initial=np.inf)))
        pending, count = float(floor[alive].min(initial=np.inf)), np.count_nonzero(alive)
        if not count or (count > MANY and pending > TIGHT * best[1]):
            break
        left, width = left[alive], width / 2
        left = np.concatenate([left, left + width])
    return Found(*best, min(lowest, pending, best[1]))


def _work_per_cell(fibres: Fibres) -> int:
    """About the number of operations on one cell, ten of them a nanosecond."""
    rows, columns = fibres.taps.shape[2:]
    return int(400_000 + 250 * fibres.taps[0].size + 1500 * rows * columns**2)


def _target(value: float, noise: float) -> float:
    """What is relatively close to a value, or within some times its rounding."""
    return (1 - RELATIVE_WIDTH) * max(float(np.sqrt(value)) - NOISES * noise, 0.0) ** 2


def _better(
    fibres: Fibres, angles: FloatArray, values: FloatArray, best: tuple[float, float]
) -> tuple[float, float]:
    """The best known, or a better one met from where the values are least, up to rounding."""
    some = np.argsort(values, axis=None, kind="stable")[:CANDIDATES]
    some = some[values.flat[some] < best[1]]
    if not some.size:
        return best
    exact = squares_at(fibres, angles.flat[some])
    least = int(np.argmin(exact))
    if exact[least] >= best[1]:
        return best
    return newton(fibres, float(angles.flat[some[least]]))


def _first_cells(survey: Survey, fibres: Fibres, value: float) -> tuple[FloatArray, float]:
    """Left ends and width of cells that may hold less than a value, as far as S knows.

    For closed forms, the angles of a survey are closer than those of other ones.
    """
    together = 2 if fibres.size <= 2 else 1
    low = survey.low[0] - rounding_of_eigenvalues(fibres) * survey.ceiling[0]
    left = survey.step * np.arange(low.size - 1)
    none = np.zeros(left.size, dtype=np.intp)
    cells = Cells(none, left, survey.step, np.stack([low[:-1], low[1:]]))
    alive = np.unique(np.flatnonzero(cells.floor(survey.second) < value) // together)
    width = together * survey.step
    return np.asarray(width * alive), width


def squares_at(fibres: Fibres, angles: FloatArray, sign: int = 1) -> FloatArray:
    """Least or largest squared singular values of one filterbank at some angles.

    Parameters
    ----------
    fibres : Fibres
        Of one filterbank.
    angles : ndarray of float64, shape (K,)
        Angles of the fibres.
    sign : int
        1 for the least one, -1 for the largest one.

    Returns
    -------
    ndarray of float64, shape (K,)
        Squares, right relatively as far as the roots are.

    Examples
    --------
    >>> import numpy as np
    >>> fibres = Fibres(np.array([[[1.0, 0.0, 1.0, 0.0], [0.0, 1e-9, 0.0, 0.0]]]), stride=2)
    >>> squares_at(fibres, np.array([0.0]))
    array([1.e-18])
    """
    out = np.empty(angles.size)
    step = max(1, CHUNK // (fibres.degree + 1 + fibres.taps[0, 0].size))
    for first in range(0, angles.size, step):
        matrices = fibres.matrices(angles[first : first + step])
        if fibres.size == 1:
            squares = np.sum(matrices.real**2 + matrices.imag**2, axis=(1, 2))
        else:
            column = -1 if sign > 0 else 0
            squares = np.linalg.svd(matrices, compute_uv=False)[:, column] ** 2
        out[first : first + step] = squares
    return out


def newton(fibres: Fibres, angle: float) -> tuple[float, float]:
    """Steps of Newton on the least squared singular value, kept while they improve it.

    Parameters
    ----------
    fibres : Fibres
        Of one filterbank.
    angle : float
        Where to start.

    Returns
    -------
    tuple of float
        Angle and value.

    Examples
    --------
    >>> import numpy as np
    >>> angle, value = newton(Fibres(np.array([[[1.0, 0.5]]]), stride=1), 3.0)
    >>> round(angle, 6), round(value, 9)
    (3.141593, 0.25)
    """
    value, slope, curvature = singular(fibres, angle, 1)
    for _ in range(NEWTON_STEPS):
        if not curvature > 0:
            break
        there = angle - slope / curvature
        trial = singular(fibres, there, 1)
        if not trial[0] < value:
            break
        angle, (value, slope, curvature) = there, trial
    return angle, value


def singular(fibres: Fibres, angle: float, sign: int) -> tuple[float, float, float]:
    """Extreme squared singular value at an angle, and its first two derivatives.

    Parameters
    ----------
    fibres : Fibres
        Of one filterbank.
    angle : float
        Angle of the fibre.
    sign : int
        1 for the least one, -1 for the largest one.

    Returns
    -------
    tuple of float
        Value, first and second derivative.

    Examples
    --------
    >>> import numpy as np
    >>> fibres = Fibres(np.array([[[1.0, 0.5]]]), stride=1)
    >>> [round(x, 9) + 0.0 for x in singular(fibres, 0.0, 1)]
    [2.25, 0.0, -1.0]
    """
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
    apart = np.abs(gaps) > TINY
    pull = np.abs(slopes[1:][apart]) ** 2 / gaps[apart]
    return float(s[0] ** 2), float(slopes[0].real), float(own + 2 * pull.sum())
