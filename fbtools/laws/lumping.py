"""Spectra of long filters: leading eigenvalues, all others lumped into two, four moments kept.

The law of sum_i theta_i G_i depends on its small scales only through their first moments. Two
nodes with the right number of eigenvalues, sum, sum of squares and sum of cubes are Gauss's rule
for them, and what it gets wrong starts with the fourth moment, which bounds the error of the law.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fbtools.laws.toeplitz import leading_eigenvalues, power_traces
from fbtools.records import Value
from fbtools.validation import FloatArray

__all__ = ["LumpedSpectrum", "cdf_error", "lump", "lump_toeplitz", "two_nodes"]

NOTHING = 1e-13
EQUAL = 1e-11
POINTS = 3000
LOG_RANGE = (-7.0, 37.0)


@dataclass(frozen=True, eq=False)
class LumpedSpectrum(Value):
    """Leading eigenvalues, and at most two values that stand for all the others.

    Attributes
    ----------
    values, multiplicities : ndarray of float64, shape (m,)
        Eigenvalues in descending order, and how often each counts: 1 for a leading one, a
        positive real number for a lump.
    leading : ndarray of float64
        Those that are not lumps.
    rest : ndarray of float64, shape (4,)
        Number, sum, sum of squares and of cubes of the eigenvalues that are lumped.
    ceiling : float
        Bound on the eigenvalues that are lumped.
    """

    values: FloatArray
    multiplicities: FloatArray
    leading: FloatArray
    rest: FloatArray
    ceiling: float


def lump_toeplitz(column: FloatArray) -> LumpedSpectrum:
    """Lump the spectrum of a symmetric Toeplitz matrix; its traces are known exactly.

    Parameters
    ----------
    column : ndarray of float64, shape (T,)
        First column of a positive semi-definite matrix.

    Returns
    -------
    LumpedSpectrum
        Scaled to trace 1.

    Examples
    --------
    >>> import numpy as np
    >>> spectrum = lump_toeplitz(np.ones(1000))
    >>> spectrum.values.round(9), spectrum.multiplicities.round(9)
    (array([1.]), array([1.]))
    """
    unit = column / (column.size * column[0])
    found = leading_eigenvalues(unit)
    return lump(found.values, power_traces(unit), found.ceiling)


def lump(leading: FloatArray, traces: FloatArray, ceiling: float) -> LumpedSpectrum:
    """Join leading eigenvalues with two nodes for the rest of a spectrum of known traces.

    Parameters
    ----------
    leading : ndarray of float64
        Leading eigenvalues.
    traces : ndarray of float64, shape (4,)
        Number, sum, sum of squares and of cubes of all eigenvalues; the sum is 1.
    ceiling : float
        Bound on the eigenvalues that are not leading.

    Returns
    -------
    LumpedSpectrum
        Both together.

    Examples
    --------
    >>> import numpy as np
    >>> p = np.array([0.5, 0.2, 0.2, 0.1])
    >>> traces = np.array([np.sum(p**k) for k in range(4)])
    >>> lump(p[:1], traces, ceiling=0.2).multiplicities.round(9)
    array([1., 2., 1.])
    """
    rest = traces - np.array([np.sum(leading**p) for p in range(4)])
    if rest[0] < 0.5 or rest[1] < NOTHING:
        rest, ceiling = np.zeros(4), 0.0
    else:
        ceiling = max(ceiling, rest[1] / rest[0], rest[2] / rest[1])
    nodes, counts = two_nodes(rest, ceiling)
    values = np.concatenate([leading, nodes])
    multiplicities = np.concatenate([np.ones(leading.size), counts])
    order = np.argsort(values)[::-1]
    return LumpedSpectrum(values[order], multiplicities[order], leading, rest, ceiling)


def two_nodes(moments: FloatArray, ceiling: float) -> tuple[FloatArray, FloatArray]:
    """Nodes and weights of Gauss's rule for a measure on [0, ceiling].

    Parameters
    ----------
    moments : ndarray of float64, shape (4,)
        Moments of order 0 to 3. What rounding has made of them is brought back to what a
        measure can have.
    ceiling : float
        End of the interval.

    Returns
    -------
    tuple of ndarray of float64
        At most two positive nodes, and their weights.

    Examples
    --------
    >>> import numpy as np
    >>> nodes, weights = two_nodes(np.array([3.0, 4.0, 6.0, 10.0]), ceiling=2.0)
    >>> nodes.round(9), weights.round(9)
    (array([1., 2.]), array([2., 1.]))
    """
    if moments[1] <= 0:
        return np.empty(0), np.empty(0)
    count, first = moments[:2]
    mean = first / count
    second = min(max(float(moments[2]), first * mean), first * max(ceiling, mean))
    third = min(max(float(moments[3]), second**2 / first), second * max(ceiling, mean))
    variance = second / count - mean**2
    if variance <= EQUAL * mean**2:
        return np.array([mean]), np.array([count])
    spread = np.sqrt(variance)
    skew = (third / count - 3 * mean * variance - mean**3) / spread**3
    root = np.sqrt(skew**2 + 4)
    up = (skew + root) / 2 if skew > 0 else 2 / (root - skew)
    nodes = mean + spread * np.array([-1 / up, up])
    weights = count * np.array([up**2, 1.0]) / (1 + up**2)
    kept = nodes > EQUAL * mean
    return nodes[kept], weights[kept]


def cdf_error(spectrum: LumpedSpectrum, n_filters: int) -> float:
    """Bound on the error that lumping makes in the distribution function of the energy ratio.

    Parameters
    ----------
    spectrum : LumpedSpectrum
        Spectrum of trace 1.
    n_filters : int
        Number of filters J.

    Returns
    -------
    float
        Bound on ``sup_q |P(ratio <= q) - P(lumped ratio <= q)|``, if `spectrum.ceiling` holds.

    Notes
    -----
    The difference is at most (1/pi) int_0^inf abs(phi(t) - psi(t)) dt/t, phi and psi the
    characteristic functions. Gauss's rule for f(theta) = -log(1 - i theta t), whose fourth
    derivative is at most 6 t^4, is off by at most t^4 (m_4 - g_4) / 4, where g_4 is the fourth
    moment of the lumps and m_4 that of what they replace. With m_1, m_2, m_3 known and c the
    ceiling, m_4 <= c m_3 - (c m_2 - m_3)^2 / (c m_1 - m_2), by the inequality of Cauchy and
    Schwarz for the weights theta (c - theta). Where this says nothing, both moduli are small
    themselves: log(1 + u)/u falls, so the rest decays at least like
    (1 + c^2 t^2)^(-J m_2 / (4 c^2)).

    Examples
    --------
    >>> import numpy as np
    >>> traces = np.array([100.0, 1.0, 1e-2, 1e-4])
    >>> cdf_error(lump(np.full(10, 0.01), traces, ceiling=0.01), n_filters=10) < 1e-8
    True
    """
    if spectrum.rest[1] <= 0:
        return 0.0
    log_t = np.linspace(*LOG_RANGE, POINTS)
    t = np.exp(log_t)
    unit, shape = 2 / n_filters, n_filters / 2

    def log_modulus(values: FloatArray, counts: FloatArray) -> FloatArray:
        return np.asarray(-shape / 2 * np.log1p((unit * np.outer(t, values)) ** 2) @ counts)

    lumps = two_nodes(spectrum.rest, spectrum.ceiling)
    lead = log_modulus(spectrum.leading, np.ones(spectrum.leading.size))
    ours = np.exp(lead + log_modulus(*lumps))
    fourth = _largest_fourth(spectrum.rest, spectrum.ceiling) - lumps[1] @ lumps[0] ** 4
    change = shape * (unit * t) ** 4 * max(float(fourth), 0.0) / 4
    effective = spectrum.rest[2:3] / spectrum.ceiling**2
    theirs = np.exp(lead + log_modulus(np.array([spectrum.ceiling]), effective))
    gap = np.minimum(ours * np.expm1(np.minimum(change, 50.0)), ours + theirs)
    return float(np.trapezoid(gap, log_t) / np.pi)


def _largest_fourth(moments: FloatArray, ceiling: float) -> float:
    """Largest fourth moment of a measure on [0, ceiling] with these moments of order 0 to 3."""
    _, first, second, third = moments
    room = ceiling * first - second
    if room <= EQUAL * ceiling * first:
        return float(ceiling * third)
    return float(ceiling * third - (ceiling * second - third) ** 2 / room)
