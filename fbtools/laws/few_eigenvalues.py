"""Few eigenvalues in place of many: Gauss quadrature of a known spectrum, for fast draws.

The energy ratio is sum_i theta_i G_i, with G_i independent Gamma(J/2) and theta_i = 2 p_i / J,
where the eigenvalues p_i sum to 1. Its cumulants are moments of the measure that puts the mass p_i
on p_i. Gauss quadrature with m nodes t_k and weights v_k preserves 2 m moments; read back, it is
m eigenvalues t_k that count v_k / t_k times each: a sum of m gammas of scales 2 t_k / J and shapes
J v_k / (2 t_k) with the same first 2 m cumulants. `lumping` is for long filters, of whose spectrum
only the largest values and three traces are known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from fbtools.laws.lanczos import lanczos
from fbtools.records import Value
from fbtools.validation import EPS, ComplexArray, FloatArray

__all__ = ["FewEigenvalues", "fewest_eigenvalues"]

NODES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)
FREQUENCIES = 256
CHUNK = 2**20
NEGLIGIBLE = 1e-12


@dataclass(frozen=True, eq=False)
class FewEigenvalues(Value):
    """Few values in place of many eigenvalues, and how far this moves the law of the energy.

    Attributes
    ----------
    values, multiplicities : ndarray of float64, shape (m,)
        Values in descending order, and how many eigenvalues each stands for, a real number.
    distance : float
        Bound of Kolmogorov's distance to the law of all; 0 when nothing was replaced.
    """

    values: FloatArray
    multiplicities: FloatArray
    distance: float


def fewest_eigenvalues(
    values: FloatArray, multiplicities: FloatArray, n_filters: int, tolerance: float
) -> FewEigenvalues:
    """Fewest values with multiplicities whose energy law is within a tolerance of that of many.

    Parameters
    ----------
    values, multiplicities : ndarray of float64, shape (n,)
        Positive eigenvalues of the autocorrelation matrix, and how often each counts; the sum of
        their products is 1.
    n_filters : int
        Number of filters J.
    tolerance : float
        Largest distance accepted between the distribution functions, anywhere.

    Returns
    -------
    FewEigenvalues
        At most 128 values, with all cumulants of the law up to order 2 m; or what was passed, if
        that is not longer, or if no so few values are within the tolerance.

    Notes
    -----
    The distance is bounded by (1/pi) int_0^inf abs(phi(s) - phi_m(s)) ds/s, a difference of
    characteristic functions, which is evaluated for each number of nodes that is tried. 1e-7
    cannot be seen in fewer than about 10^14 draws.

    References
    ----------
    Golub and Welsch (1969) for the nodes; Gil-Pelaez (1951) for the distance.

    Examples
    --------
    >>> import numpy as np
    >>> few = fewest_eigenvalues(np.full(128, 1 / 128), np.ones(128), 10, tolerance=1e-7)
    >>> few.values, few.multiplicities.round(9)
    (array([0.0078125]), array([128.]))
    """
    shape = n_filters / 2
    s = _frequencies(values, multiplicities, shape)
    step = float(np.log(s[1] / s[0]))
    exact = _characteristic_function(s, values / shape, shape * multiplicities)
    for nodes in NODES:
        if nodes >= values.size:
            break
        t, v = _gauss_quadrature(values, multiplicities, nodes)
        lumped = _characteristic_function(s, t / shape, shape * v / t)
        distance = float(step / np.pi * np.abs(exact - lumped).sum())
        if distance < tolerance:
            return FewEigenvalues(t[::-1], (v / t)[::-1], distance)
    return FewEigenvalues(values, multiplicities, 0.0)


def _gauss_quadrature(
    p: FloatArray, counts: FloatArray, nodes: int
) -> tuple[FloatArray, FloatArray]:
    """Nodes and weights for sum_i n_i p_i f(p_i): Lanczos on diag(p), then Golub-Welsch."""
    start = np.sqrt(counts * p)
    diagonal, beside, _ = lanczos(lambda v: p * v, start, nodes, p.size * EPS)
    t, vectors = linalg.eigh_tridiagonal(diagonal, beside[:-1])
    return t, float(np.linalg.norm(start)) ** 2 * vectors[0] ** 2


def _frequencies(p: FloatArray, counts: FloatArray, shape: float) -> FloatArray:
    """Where the characteristic function differs from 1 and from 0, in geometric progression."""
    spread = float(np.sqrt(counts @ p**2 / shape))
    last = 1.0 / spread
    while shape / 2 * (np.log1p((last * p / shape) ** 2) @ counts) < -np.log(NEGLIGIBLE):
        if last > 1e12 / spread:
            break
        last *= 2
    return np.geomspace(1e-3 / spread, last, FREQUENCIES)


def _characteristic_function(s: FloatArray, scales: FloatArray, shapes: FloatArray) -> ComplexArray:
    """E exp(i s Q) = prod_i (1 - i s theta_i)^(-k_i)."""
    log_modulus, angle = np.zeros(s.size), np.zeros(s.size)
    columns = max(1, CHUNK // s.size)
    for first in range(0, scales.size, columns):
        products = np.outer(s, scales[first : first + columns])
        exponents = shapes[first : first + columns]
        log_modulus -= np.log1p(products**2) @ exponents / 2
        angle += np.arctan(products) @ exponents
    return np.asarray(np.exp(log_modulus + 1j * angle))
