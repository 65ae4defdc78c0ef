"""Under a stride: exact laws of the extreme eigenvalues of E* E, E a J x d Gaussian matrix.

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

from fbtools.validation import TINY, FloatArray

NODES = 160
CACHE = 2**17
DEEPEST = -700.0


def complex_log_probability(
    levels: FloatArray, n_rows: int, n_columns: int, below: bool
) -> tuple[FloatArray, FloatArray]:
    """Log P(all eigenvalues below, or all above, each level), and its derivative's modulus."""
    order = n_rows - n_columns
    log_probability, hazard = np.empty(levels.size), np.empty(levels.size)
    for block in _blocks(levels.size, n_columns):
        t, weight = _nodes(levels[block], n_rows, n_columns, below)
        functions = laguerre_functions(t, n_columns, order)
        gram, vectors = np.linalg.eigh((functions * weight[:, None]) @ functions.mT)
        gram = np.clip(gram, TINY, 1.0)
        log_probability[block] = np.maximum(np.log(gram).sum(axis=1), DEEPEST)
        at_level = laguerre_functions(levels[block, None], n_columns, order).mT @ vectors
        hazard[block] = (at_level[:, 0] ** 2 / gram).sum(axis=1)
    return log_probability, hazard


def real_log_probability(
    levels: FloatArray, n_rows: int, n_columns: int, below: bool
) -> FloatArray:
    """Log P(all eigenvalues below, or all above, each level) of a real matrix."""
    highest = np.array([ceiling(n_rows, n_columns)])
    everything = _log_pfaffian(n_rows, n_columns, highest, below=True)
    inside = [
        _log_pfaffian(n_rows, n_columns, levels[block], below)
        for block in _blocks(levels.size, n_columns)
    ]
    return np.clip(np.concatenate([np.empty(0), *inside]) - everything, DEEPEST, 0.0)


def laguerre_functions(t: FloatArray, count: int, order: int) -> FloatArray:
    """Orthonormal functions p_k(t) t^(order/2) exp(-t/2) on (0, inf), in the last axis but one.

    Of shape (..., count, n) for t of shape (..., n).
    """
    out = np.empty((*t.shape[:-1], count, t.shape[-1]))
    out[..., 0, :] = np.exp((special.xlogy(order, t) - t - special.gammaln(order + 1)) / 2)
    if count > 1:
        out[..., 1, :] = (1 + order - t) / np.sqrt(1 + order) * out[..., 0, :]
    for k in range(1, count - 1):
        step = (2 * k + 1 + order - t) * out[..., k, :]
        step -= np.sqrt(k * (k + order)) * out[..., k - 1, :]
        out[..., k + 1, :] = step / np.sqrt((k + 1) * (k + 1 + order))
    return out


def _blocks(n_levels: int, n_columns: int) -> list[slice]:
    """Levels taken together: as many as the processor's cache holds the functions of."""
    size = max(1, CACHE // (n_columns * _n_nodes(n_columns)))
    return [slice(first, first + size) for first in range(0, n_levels, size)]


def ceiling(n_rows: int, n_columns: int) -> float:
    """A level above which no eigenvalue lies, but for a probability below 1e-30."""
    return float((np.sqrt(n_rows) + np.sqrt(n_columns) + np.sqrt(140.0)) ** 2)


def _interval(
    levels: FloatArray, n_rows: int, n_columns: int, below: bool
) -> tuple[FloatArray, FloatArray]:
    """Square roots of the ends of (0, level), or of (level, infinity)."""
    end = np.maximum(ceiling(n_rows, n_columns), levels + 140)
    return (np.zeros_like(levels), np.sqrt(levels)) if below else (np.sqrt(levels), np.sqrt(end))


def _n_nodes(n_columns: int) -> int:
    return NODES + 3 * n_columns


def _nodes(
    levels: FloatArray, n_rows: int, n_columns: int, below: bool
) -> tuple[FloatArray, FloatArray]:
    """Gauss-Legendre in the square root of t, where functions of half-integer order are smooth.

    Nodes and weights of shape (n_levels, n_nodes).
    """
    low, high = (end[:, None] for end in _interval(levels, n_rows, n_columns, below))
    u, weight = _legendre(_n_nodes(n_columns))
    u, weight = (low + high) / 2 + (high - low) / 2 * u, (high - low) / 2 * weight
    return u**2, 2 * u * weight


def _log_pfaffian(n_rows: int, n_columns: int, levels: FloatArray, below: bool) -> FloatArray:
    """Half the log-determinant of the integrals over s < t of f_k(s) f_l(t) - f_l(s) f_k(t)."""
    t, weight = _nodes(levels, n_rows, n_columns, below)
    order = n_rows - n_columns - 1
    masses = laguerre_functions(t, n_columns, max(order, 0))
    masses *= (t ** (min(order, 0) / 2) * weight)[:, None]
    pairs = masses @ _cumulative(t.shape[1]).T @ masses.mT
    size = n_columns + n_columns % 2
    matrix = np.zeros((levels.size, size, size))
    matrix[:, :n_columns, :n_columns] = pairs - pairs.mT
    if n_columns % 2:
        matrix[:, :-1, -1] = masses.sum(axis=2)
        matrix[:, -1, :-1] = -matrix[:, :-1, -1]
    with np.errstate(divide="ignore"):
        return np.asarray(np.linalg.slogdet(matrix)[1] / 2)


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
