"""Quantiles of a weighted sum of gamma variables, from tiny probabilities of either tail."""

from __future__ import annotations

import numpy as np
from scipy import special

from fbtools.laws.contour import TINY, log_integral
from fbtools.laws.gamma_sums import GammaSum
from fbtools.laws.roots import Index, increasing_root
from fbtools.validation import FloatArray

__all__ = ["lower_quantile", "upper_quantile"]

# Of the standard deviation: the last step of Newton's method is less, its error about the square.
TOLERANCE = 1e-7


def lower_quantile(gammas: GammaSum, log_p: FloatArray) -> FloatArray:
    """The q with log P(Q <= q) = log p, for p of at most 1/2.

    Parameters
    ----------
    gammas : GammaSum
        Law of Q.
    log_p : ndarray of float64, shape (n,)
        Natural logarithms of probabilities.

    Returns
    -------
    ndarray of float64, shape (n,)
        Quantiles; 0 if they are below all floating-point numbers.

    Notes
    -----
    Solved in log q, between the power law near 0 and twice the mean, which P(Q > q) <= E Q / q
    puts above every median.

    Examples
    --------
    >>> import numpy as np
    >>> exponential = GammaSum(np.array([1.0]), shape=1.0)
    >>> lower_quantile(exponential, np.log([0.5, 1e-300]))
    array([6.93147181e-001, 1.00000000e-300])
    """

    def gap(log_q: FloatArray, index: Index) -> tuple[FloatArray, FloatArray]:
        value, slope = log_integral(gammas, np.exp(log_q), "cdf")
        return value - log_p[within][index], slope

    least, middle = np.log(TINY * gammas.scale), gammas.mean * gammas.scale
    log_least, _ = log_integral(gammas, np.exp([least]), "cdf")
    log_q = least + (log_p - log_least) / gammas.degrees
    within = np.flatnonzero(log_p > log_least)
    low, high = (np.full(within.size, end) for end in (least, np.log(2 * middle)))
    start = np.maximum(_gamma_quantile(gammas, special.ndtri_exp(log_p[within])), 0.01 * middle)
    tolerance = TOLERANCE * min(_spread(gammas) / gammas.mean, 1.0)
    log_q[within] = increasing_root(gap, np.log(start), low, high, tolerance)
    return np.asarray(np.exp(log_q))


def upper_quantile(gammas: GammaSum, log_p: FloatArray) -> FloatArray:
    """The q with log P(Q > q) = log p, for p of at most 1/2.

    Parameters
    ----------
    gammas : GammaSum
        Law of Q.
    log_p : ndarray of float64, shape (n,)
        Natural logarithms of probabilities.

    Returns
    -------
    ndarray of float64, shape (n,)
        Quantiles.

    Notes
    -----
    Solved between 0 and Chernoff's bound for s = 1 / (2 theta_max).

    Examples
    --------
    >>> import numpy as np
    >>> exponential = GammaSum(np.array([1.0]), shape=1.0)
    >>> upper_quantile(exponential, np.log([0.5, 1e-300])).round(6)
    array([  0.693147, 690.775528])
    """

    def gap(q: FloatArray, index: Index) -> tuple[FloatArray, FloatArray]:
        value, slope = log_integral(gammas, q, "sf")
        return log_p[index] - value, -slope / q

    height = gammas.cumulant_generating_function(np.array([0.5]))
    low, high = np.zeros_like(log_p), 2 * (height - log_p) * gammas.scale
    start = _gamma_quantile(gammas, -special.ndtri_exp(log_p))
    start = np.maximum(start, 0.01 * gammas.mean * gammas.scale)
    tolerance = TOLERANCE * _spread(gammas) * gammas.scale
    return increasing_root(gap, start, low, high, tolerance)


def _spread(gammas: GammaSum) -> float:
    """Standard deviation of q / scale."""
    return float(np.sqrt(gammas.shape * np.sum(gammas.counts * gammas.ratios**2)))


def _gamma_quantile(gammas: GammaSum, normal: FloatArray) -> FloatArray:
    """Wilson and Hilferty's quantile of the shifted gamma variable with the same three moments."""
    spread = _spread(gammas)
    third = 2 * gammas.shape * float(np.sum(gammas.counts * gammas.ratios**3))
    root = 2 * spread**3 / third  # of the shape of that gamma variable
    cube = (1 - 1 / (9 * root**2) + normal / (3 * root)) ** 3
    return np.asarray((gammas.mean + spread * root * (cube - 1)) * gammas.scale)
