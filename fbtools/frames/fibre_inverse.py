"""Bounds on cells: how small a singular value of the fibres is, by polynomial left inverses.

Above `fibres`, whose matrices E they use; for what S cannot tell.

If X E = 1 + R with a norm of R of rho at most, then sigma_min(E) >= (1 - rho) / norm of X. The
pseudo-inverse is smooth where E keeps its rank, however small its last singular value, and however
fast its singular vectors turn: a polynomial through it at a few angles of a cell is such an X.
"""

from __future__ import annotations

import numpy as np
from numpy.polynomial import chebyshev

from fbtools.frames.fibres import Fibres
from fbtools.validation import TINY, ComplexArray, FloatArray

__all__ = ["floors_by_inverses"]

NODES = 12
POINTS = 48
SINGULAR = 1e-30
CHUNK = 2**20


def _interpolation(nodes: int, points: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """From values at Chebyshev's nodes: the nodes; values, slopes and bends at extremal points."""
    angle = np.pi * (np.arange(nodes) + 0.5) / nodes
    coefficients = 2 / nodes * np.cos(np.outer(np.arange(nodes), angle))
    coefficients[0] /= 2
    at = np.cos(np.pi * np.arange(points + 1) / points)
    orders = [chebyshev.chebder(coefficients, k) if k else coefficients for k in range(3)]
    return np.cos(angle), at, np.stack([chebyshev.chebval(at, c).T for c in orders])


NODE, POINT, WEIGHTS = _interpolation(NODES, POINTS)
# Ehlich and Zeller: what squares of polynomials of some degree may exceed their values at points.
BESIDE = np.array([0.5 + 0.5 / np.cos(np.pi * k / POINTS) for k in (NODES - 1, 2 * NODES - 2)])


def floors_by_inverses(
    fibres: Fibres, left: FloatArray, width: float, noise: float, target: float = np.inf
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Lower bounds on the least squared singular value in cells of one width.

    Parameters
    ----------
    fibres : Fibres
        Of one filterbank.
    left : ndarray of float64, shape (K,)
        Left ends of the cells.
    width : float
        Their width, at most 1.1/D.
    noise : float
        Rounding of a singular value.
    target : float
        Bounds that are above it may be less tight, which is faster.

    Returns
    -------
    tuple of ndarray of float64
        Lower bounds, shape (K,); angles of nodes, and least squared singular values there, up to
        rounding, shape (K, n), infinite in cells whose bounds are above the target.

    Notes
    -----
    X is a polynomial of degree n - 1 = 11 through left inverses at Chebyshev's nodes, and E one of
    the same degree up to 2 (D width / 8)^n / n! sqrt(B), which is less than its rounding. Their
    products are bounded at 49 points, and in between by the inequality of Ehlich and Zeller. The
    largest eigenvalue of X X* is below its chords plus h^2 / 8 times a bound on (X X*)''.

    References
    ----------
    Ehlich and Zeller (1964).

    Examples
    --------
    >>> import numpy as np
    >>> fibres = Fibres(np.array([[[1.0, 0.99]]]), stride=1)
    >>> floor, _, values = floors_by_inverses(fibres, np.array([np.pi - 0.0001]), 0.0002, 1e-15)
    >>> f"{floor[0]:.8f} {values.min():.8f}"
    '0.00010000 0.00010000'
    """
    floors = np.empty(left.size)
    angles = left[:, None] + width / 2 * (1 + NODE)
    values = np.full(angles.shape, np.inf)
    step = max(1, CHUNK // (POINTS * fibres.taps[0, 0].size))
    for first in range(0, left.size, step):
        part = slice(first, first + step)
        centre = left[part] + width / 2
        inverse = _left_inverses(_centred(fibres, angles[part], centre))
        floors[part] = _floors(fibres, inverse, centre, width, noise, target)
        low = floors[part] < target
        values[part][low] = 1 / _squared_norms(inverse[low])
    return floors, angles, values


def _centred(fibres: Fibres, angles: FloatArray, centre: FloatArray) -> ComplexArray:
    """E exp(i D (t - c) / 2): the same singular values, half the degree; shape (K, n, R, p)."""
    matrices = fibres.matrices(angles.ravel()).reshape(*angles.shape, *fibres.taps.shape[2:])
    turns = np.exp(0.5j * fibres.degree * (angles - centre[:, None]))
    return np.asarray(matrices * turns[..., None, None])


def _left_inverses(matrices: ComplexArray) -> ComplexArray:
    """Left inverses of R x p matrices, R >= p; huge ones where there is none."""
    square, turned = matrices, None
    if matrices.shape[-2] > matrices.shape[-1]:
        q, square = np.linalg.qr(matrices)
        turned = np.swapaxes(q.conj(), -1, -2)
    try:
        inverse = np.linalg.inv(square)
    except np.linalg.LinAlgError:
        u, s, vh = np.linalg.svd(matrices, full_matrices=False)
        scaled = np.swapaxes(vh.conj(), -1, -2) / np.maximum(s, SINGULAR)[..., None, :]
        return np.asarray(scaled @ np.swapaxes(u.conj(), -1, -2))
    return np.asarray(inverse if turned is None else inverse @ turned)


def _floors(
    fibres: Fibres,
    inverse: ComplexArray,
    centre: FloatArray,
    width: float,
    noise: float,
    target: float,
) -> FloatArray:
    """Lower bounds on the least squared singular value in some cells."""
    count, _, p, rows = inverse.shape
    flat = inverse.reshape(count, NODES, -1).view(np.float64)
    x, first, second = (
        (weights @ flat).view(np.complex128).reshape(count, -1, p, rows)
        for weights in WEIGHTS * (2 / width) ** np.arange(3)[:, None, None]
    )
    rest = x @ _centred(fibres, centre[:, None] + width / 2 * POINT, centre) - np.eye(p)
    most, slope, bend = (BESIDE[0] * _squares(part).max(axis=1) for part in (x, first, second))
    rho = np.sqrt(BESIDE[1] * _squares(rest).max(axis=1)) + noise * np.sqrt(most)
    known = np.maximum(1 - rho, 0.0) ** 2
    open_ = known < target * most
    gap = width / 2 * np.pi / POINTS
    between = gap**2 / 4 * (np.sqrt(bend[open_] * most[open_]) + slope[open_])
    most[open_] = np.minimum(most[open_], _squared_norms(x[open_]).max(axis=1) + between)
    return np.asarray(known / np.maximum(most, TINY))


def _squares(matrices: ComplexArray) -> FloatArray:
    """Squared Frobenius norms."""
    return np.asarray(np.sum(matrices.real**2 + matrices.imag**2, axis=(-2, -1)))


def _squared_norms(matrices: ComplexArray) -> FloatArray:
    """Squared spectral norms of p x R matrices."""
    gram = matrices @ np.swapaxes(matrices.conj(), -1, -2)
    if gram.shape[-1] == 1:
        return np.asarray(gram[..., 0, 0].real)
    return np.asarray(np.linalg.eigvalsh(gram)[..., -1])
