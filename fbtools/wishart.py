"""Exact laws of the extreme eigenvalues of E* E, E a J x d matrix of independent Gaussians.

Under a stride d, such a matrix stands in the place of the Littlewood-Paley sum at each frequency:
complex in general, real at the two fibres that are their own mirror images. The probability that
all eigenvalues lie in an interval is the determinant (complex) or the Pfaffian (real) of a d x d
matrix of integrals of orthonormal Laguerre functions, which keeps it well conditioned.

Levels are in units of the variance of an entry, E|e|^2 = 1.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import special

from fbtools.validation import FloatArray

NODES = 160
TINY = np.finfo(float).tiny
DEEPEST = -700.0


def complex_log_probability(
    levels: FloatArray, n_rows: int, n_columns: int, below: bool
) -> tuple[FloatArray, FloatArray]:
    """Log P(all eigenvalues below, or all above, each level), and its derivative's modulus."""
    order = n_rows - n_columns
    log_probability, hazard = np.empty(levels.size), np.empty(levels.size)
    for i, level in enumerate(levels):
        t, weight = _nodes(level, n_rows, n_columns, below)
        functions = laguerre_functions(t, n_columns, order)
        gram, vectors = np.linalg.eigh((functions * weight) @ functions.T)
        gram = np.clip(gram, TINY, 1.0)
        log_probability[i] = max(np.log(gram).sum(), DEEPEST)
        at_level = laguerre_functions(np.array([level]), n_columns, order)[:, 0] @ vectors
        hazard[i] = (at_level**2 / gram).sum()
    return log_probability, hazard


def real_log_probability(
    levels: FloatArray, n_rows: int, n_columns: int, below: bool
) -> FloatArray:
    """Log P(all eigenvalues below, or all above, each level) of a real matrix."""
    everything = _log_pfaffian(n_rows, n_columns, _ceiling(n_rows, n_columns), below=True)
    inside = [_log_pfaffian(n_rows, n_columns, level, below) for level in levels]
    return np.clip(np.array(inside) - everything, DEEPEST, 0.0)


def laguerre_functions(t: FloatArray, count: int, order: int) -> FloatArray:
    """Orthonormal functions p_k(t) t^(order/2) exp(-t/2) on (0, inf), shape (count, t.size)."""
    out = np.empty((count, t.size))
    out[0] = np.exp((special.xlogy(order, t) - t - special.gammaln(order + 1)) / 2)
    if count > 1:
        out[1] = (1 + order - t) / np.sqrt(1 + order) * out[0]
    for k in range(1, count - 1):
        step = (2 * k + 1 + order - t) * out[k] - np.sqrt(k * (k + order)) * out[k - 1]
        out[k + 1] = step / np.sqrt((k + 1) * (k + 1 + order))
    return out


def _ceiling(n_rows: int, n_columns: int) -> float:
    """A level above which no eigenvalue lies, but for a probability below 1e-30."""
    return float((np.sqrt(n_rows) + np.sqrt(n_columns) + np.sqrt(140.0)) ** 2)


def _interval(level: float, n_rows: int, n_columns: int, below: bool) -> tuple[float, float]:
    """Square roots of the ends of (0, level), or of (level, infinity)."""
    end = max(_ceiling(n_rows, n_columns), level + 140)
    return (0.0, np.sqrt(level)) if below else (np.sqrt(level), np.sqrt(end))


def _nodes(level: float, n_rows: int, n_columns: int, below: bool) -> tuple[FloatArray, FloatArray]:
    """Gauss-Legendre in the square root of t, where functions of half-integer order are smooth."""
    low, high = _interval(level, n_rows, n_columns, below)
    u, weight = _legendre(NODES + 3 * n_columns)
    u, weight = (low + high) / 2 + (high - low) / 2 * u, (high - low) / 2 * weight
    return u**2, 2 * u * weight


def _log_pfaffian(n_rows: int, n_columns: int, level: float, below: bool) -> float:
    """Half the log-determinant of the integrals over s < t of f_k(s) f_l(t) - f_l(s) f_k(t)."""
    t, weight = _nodes(level, n_rows, n_columns, below)
    order = n_rows - n_columns - 1
    functions = laguerre_functions(t, n_columns, max(order, 0)) * t ** (min(order, 0) / 2)
    masses = functions * weight
    before = masses @ _cumulative(t.size).T
    pairs = before @ masses.T
    matrix = pairs - pairs.T
    if n_columns % 2:
        total = masses.sum(axis=1)[:, None]
        matrix = np.block([[matrix, total], [-total.T, np.zeros((1, 1))]])
    with np.errstate(divide="ignore"):
        return float(np.linalg.slogdet(matrix)[1] / 2)


@lru_cache(maxsize=16)
def _legendre(size: int) -> tuple[FloatArray, FloatArray]:
    nodes, weights = np.polynomial.legendre.leggauss(size)
    return nodes, weights


@lru_cache(maxsize=16)
def _cumulative(size: int) -> FloatArray:
    """From values times Gauss-Legendre weights to the integral up to each node."""
    nodes, _ = _legendre(size)
    powers = np.polynomial.legendre.legvander(nodes, size)
    degree = np.arange(size)
    integrals = np.empty((size, size))
    integrals[:, 0] = nodes + 1
    integrals[:, 1:] = (powers[:, 2:] - powers[:, :-2]) / (2 * degree[1:] + 1)
    return np.asarray(integrals @ (powers[:, :-1] * (2 * degree + 1) / 2).T)
