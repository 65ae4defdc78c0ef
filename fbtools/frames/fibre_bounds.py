"""Search, one bank: the extreme squared singular values of its fibres, with a certificate.

Between the door, `bounds`, which hands it the bank, and the searches that it sends for them:
`fibre_search` for the eigenvalues of S, and `fibre_singular`.

The search uses S = E* E. A singular value that is small keeps in E the digits that its square loses
in S: where that counts, A is found and certified there.
"""

from __future__ import annotations

import numpy as np

from fbtools.frames.certificate import TIGHT, Found, fold, root_noise
from fbtools.frames.fibre_cells import Survey, grid_points, rounding_of_eigenvalues
from fbtools.frames.fibre_search import Problems
from fbtools.frames.fibre_singular import least_singular_value, squares_at
from fbtools.frames.fibres import Fibres
from fbtools.validation import ComplexArray, FloatArray

__all__ = ["extremes_anywhere", "extremes_on_grid", "is_told", "refined"]

WIDTH = 1e-10
RELATIVE_WIDTH = 1e-6
SMALL = 1e-6
DENSE = 2
CANDIDATES = 4


def extremes_anywhere(fibres: Fibres) -> tuple[Found, Found]:
    """Least and largest eigenvalue of S over the whole circle.

    Parameters
    ----------
    fibres : Fibres
        Of one filterbank.

    Returns
    -------
    tuple of Found
        Each eigenvalue lies between value and bound: apart by 1e-10 of the largest, or by 1e-6 of
        the least where this is less, if the search ends in time. The least one is 0 if J < d.

    Examples
    --------
    >>> import numpy as np
    >>> fibres = Fibres(np.array([[[1.0, 0.0, 0.5], [0.0, 2.0, 0.0]]]), stride=2)
    >>> low, high = extremes_anywhere(fibres)
    >>> round(low.value, 9), round(high.value, 9)
    (0.25, 4.0)
    """
    signs = (-1,) if fibres.shape[0] < fibres.stride else (1, -1)
    problems = Problems(fibres, signs)
    largest = float(problems.survey.ceiling[0])
    least = problems.least_on_circle(np.full(len(signs), WIDTH * largest), RELATIVE_WIDTH)
    rounding = rounding_of_eigenvalues(fibres) * largest
    found = [Found(0.0, 0.0, 0.0)]
    for i, sign in enumerate(signs):
        angle = float(least.at.angle[i])
        value = _energy(fibres.responses(angle)[0] @ least.at.vectors[i, :, 0])
        bound = min(float(least.floor[i]), sign * value) - rounding
        here = Found(angle, value, max(bound, 0.0) if sign > 0 else -bound)
        if sign > 0:
            here = _refined(fibres, problems.survey, here, root_noise(fibres.shape, largest))
        found.append(here._replace(angle=fold(here.angle)))
    return found[-2], found[-1]


def refined(fibres: Fibres, least: Found, largest: float) -> Found:
    """The least eigenvalue from singular values of E, where S has not told it relatively.

    Parameters
    ----------
    fibres : Fibres
        Of one filterbank, J >= d.
    least : Found
        What S tells.
    largest : float
        The largest eigenvalue.

    Returns
    -------
    Found
        What is known then.

    Examples
    --------
    >>> import numpy as np
    >>> fibres = Fibres(np.array([[[1.0, 0.9999]]]), stride=1)
    >>> least = refined(fibres, Found(3.0, 0.02, 0.0), largest=4.0)
    >>> f"{least.value:.6e} {least.bound:.6e}"
    '1.000000e-08 9.999992e-09'
    """
    closer = _refined(fibres, Survey(fibres), least, root_noise(fibres.shape, largest))
    return closer._replace(angle=fold(closer.angle))


def _refined(fibres: Fibres, survey: Survey, least: Found, noise: float) -> Found:
    if is_told(least, float(survey.ceiling[0])) or least.value <= noise**2:
        return least
    closer = least_singular_value(fibres, survey, least.angle, noise)
    if closer.value > least.value:
        closer = Found(least.angle, least.value, closer.bound)
    return closer._replace(bound=min(max(closer.bound, least.bound), closer.value))


def is_told(least: Found, largest: float) -> bool:
    """Whether S has told the least eigenvalue relatively.

    Parameters
    ----------
    least : Found
        What S tells.
    largest : float
        The largest eigenvalue.

    Returns
    -------
    bool
        Whether it is no less than 1e-6 times the largest, and known to 1 %.

    Examples
    --------
    >>> is_told(Found(0.0, 0.5, 0.499), largest=2.0), is_told(Found(0.0, 0.5, 0.4), largest=2.0)
    (True, False)
    """
    return least.value >= SMALL * largest and least.bound >= TIGHT * least.value


def extremes_on_grid(fibres: Fibres, n_fibres: int) -> tuple[Found, Found]:
    """Least and largest eigenvalue of S over the fibres 2 pi k / n_fibres.

    Parameters
    ----------
    fibres : Fibres
        Of one filterbank.
    n_fibres : int
        Number N/d of fibres.

    Returns
    -------
    tuple of Found
        The bound is the value. If J < d, the least is that of E E*, which has J x J numbers.

    Examples
    --------
    >>> import numpy as np
    >>> fibres = Fibres(np.array([[[1.0, 0.0, 0.5], [0.0, 2.0, 0.0]]]), stride=2)
    >>> low, high = extremes_on_grid(fibres, n_fibres=3)
    >>> round(low.value, 9), round(high.value, 9)
    (0.75, 4.0)
    """
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
    return Found(at_low, least, least), Found(at_high, most, most)


def _sharpest(
    fibres: Fibres, angles: FloatArray, values: FloatArray, largest: float, sign: int
) -> tuple[float, float]:
    """Angle and value of the extreme, from singular values where rounding leaves several fibres."""
    least = float(values.min())
    close = np.flatnonzero(values <= least + rounding_of_eigenvalues(fibres) * largest)
    if sign < 0 or least > 1e-4 * largest:
        close = close[np.argsort(values[close], kind="stable")[:CANDIDATES]]
    exact = squares_at(fibres, angles[close], sign)
    at = int(np.argmin(sign * exact))
    return float(angles[close][at]), float(exact[at])


def _energy(response: ComplexArray) -> float:
    """abs(E v)^2: a Rayleigh quotient, right to the square of the error of v."""
    return float(np.vdot(response, response).real)
