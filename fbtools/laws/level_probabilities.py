"""Probabilities that the values at all frequencies lie on one side of a level: below, or above.

At a frequency, the value is the Littlewood-Paley sum S of a random bank, or, under a stride, an
eigenvalue of its fibre. B is below q if all values are, A is above q if all are. Over Z_T
frequencies are independent, and the probabilities are exact. On finer grids, and on the whole
circle, the process is treated as a Markov chain from frequency to frequency: the probability of
starting on the one side times that of never crossing over.

Each class has the same method `log_probability`, and is equal to another by value.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from fbtools.laws.contour import log_integral
from fbtools.laws.crossings import edge_spline, log_rice, log_stays
from fbtools.laws.gamma_sums import GammaSum
from fbtools.laws.wishart import ceiling, complex_log_probability, real_log_probability
from fbtools.validation import EPS, TINY, FloatArray

__all__ = ["Chain", "Fibres", "IndependentBins", "OneSide", "one_side"]

FINEST_GRID = 16
LEAST = 5e-324
DEEP = 1e-290
NEAR, FAR = 1e-200, 1e4
ROUNDING = 1e-13


@dataclass(frozen=True)
class IndependentBins:
    """Independent values: chi2_J / J at the real bins, Gamma(J)/J at the complex ones.

    Attributes
    ----------
    n_filters : int
        J.
    n_real, n_complex : int
        Number of bins of each kind.

    Examples
    --------
    >>> import numpy as np
    >>> bins = IndependentBins(n_filters=2, n_real=3, n_complex=0)  # three exponentials
    >>> bins.log_probability(np.array([0.5, 1000.0]), below=False)
    array([-1.5e+00, -3.0e+03])
    """

    n_filters: int
    n_real: int
    n_complex: int

    def log_probability(self, q: FloatArray, below: bool) -> FloatArray:
        """Log of P(all values <= q), or of P(all values > q), for positive q, shape (n,)."""
        out = np.zeros_like(q)
        for count, shape in ((self.n_real, self.n_filters / 2), (self.n_complex, self.n_filters)):
            if count:
                with np.errstate(over="ignore"):
                    out += count * _gamma_log_probability(shape, q, below)
        return out

    def degrees(self, below: bool) -> float:
        """Degrees of freedom of the bound near zero: B is small if all values are, A if one is."""
        return float(self.n_filters * (self.n_real + 2 * self.n_complex if below else 1))

    @property
    def least(self) -> float:
        """Least probability that is told from zero."""
        return 0.0


@dataclass(frozen=True)
class Chain:
    """Values of S on a grid finer than T, or on the circle: a first bin, and no crossing.

    Attributes
    ----------
    n_filters, filter_length : int
        J and T.
    signal_length : int or None
        N, or None for the circle.

    Examples
    --------
    >>> import numpy as np
    >>> chain = Chain(n_filters=10, filter_length=128, signal_length=None)
    >>> np.exp(chain.log_probability(np.array([2.0, 4.0]), below=True)).round(4)
    array([0.4045, 1.    ])
    """

    n_filters: int
    filter_length: int
    signal_length: int | None

    def log_probability(self, q: FloatArray, below: bool) -> FloatArray:
        """Log of P(all values <= q), or of P(all values > q), for positive q, shape (n,)."""
        j = self.n_filters
        start = _gamma_log_probability(j / 2, q, below)
        return start + self._log_no_crossing(q, below)

    def degrees(self, below: bool) -> float:
        """Degrees of freedom of the bound near zero: B is small if all values are, A if one is."""
        return np.inf if below else float(self.n_filters)

    @property
    def least(self) -> float:
        """Least probability that is told from zero."""
        return 0.0

    def _log_no_crossing(self, q: FloatArray, below: bool) -> FloatArray:
        """Log-probability of never leaving a side of the level, given the start."""
        j, t, n = self.n_filters, self.filter_length, self.signal_length
        edges = edge_spline(j, t)(q)
        if n is None or n > FINEST_GRID * t:
            near = np.minimum(q, FAR)  # the rate given that S is above q grows like the root of q
            log_rate = log_rice(near, j, t) - _gamma_log_probability(j, near, below)
            return np.asarray(-edges * np.exp(log_rate) * np.sqrt(q / near))
        correlation = np.sin(np.pi * t / n) / (t * np.sin(np.pi / n))
        return np.asarray(n / 2 * edges * log_stays(q, j, float(correlation), below))


@dataclass(frozen=True)
class Fibres:
    """Eigenvalues under a stride: a chain of fibres, the two ends real.

    Attributes
    ----------
    n_filters, filter_length : int
        J and T.
    signal_length : int or None
        N, or None for the circle.
    stride : int
        Stride d, at most J and T.

    Notes
    -----
    Probabilities are determinants, with an error of some 1e-14: below 1e-13, on the one side or on
    the other, they count as zero.

    Examples
    --------
    >>> import numpy as np
    >>> fibres = Fibres(n_filters=64, filter_length=256, signal_length=None, stride=16)
    >>> np.exp(fibres.log_probability(np.array([2.3, 3.0]), below=True)).round(4)
    array([0.6129, 1.    ])
    """

    n_filters: int
    filter_length: int
    signal_length: int | None
    stride: int

    def log_probability(self, q: FloatArray, below: bool) -> FloatArray:
        """Log of P(all values <= q), or of P(all values > q), for positive q, shape (n,)."""
        j, t, n, d = self.n_filters, self.filter_length, self.signal_length, self.stride
        q = np.clip(q, NEAR, ceiling(j, d) / j)  # beyond, nothing is left that could change
        real = real_log_probability(j * q, j, d, below)
        other, hazard = complex_log_probability(j * q, j, d, below)
        if n == t and t % d == 0:
            n_real = 2 - t // d % 2
            return _clean(n_real * real + (t // d - n_real) / 2 * other)
        # The slope of an eigenvalue at q is normal, with variance 2 J q (L^2 - 1)/12 over J^2.
        rate = hazard * np.sqrt(j * q * ((t / d) ** 2 - 1) / (12 * np.pi))
        # Half of the fibres' circle is on a grid of an even number of them only.
        second = 0.0 if n and n // d % 2 else 1 - d / t
        ends = real + second * (real - other)
        return _clean(np.minimum(ends, 0.0) + _no_crossing(rate, other, n and n // d))

    def degrees(self, below: bool) -> float:
        """Degrees of freedom of the bound near zero: B is small if all values are, A if one is."""
        return np.inf if below else float(self.n_filters - self.stride + 1)

    @property
    def least(self) -> float:
        """Least probability that is told from zero."""
        return ROUNDING


OneSide = IndependentBins | Chain | Fibres


def one_side(n_filters: int, filter_length: int, signal_length: int | None, stride: int) -> OneSide:
    """Return what holds for a random bank of J filters of length T on Z_N, at stride d.

    Parameters
    ----------
    n_filters, filter_length : int
        J and T.
    signal_length : int or None
        N, or None for signals of any length.
    stride : int
        Stride d, at most J and T.

    Returns
    -------
    IndependentBins, Chain or Fibres
        By the sizes.

    Examples
    --------
    >>> one_side(40, 1024, 1024, 1)
    IndependentBins(n_filters=40, n_real=2, n_complex=511)
    """
    if stride > 1:
        return Fibres(n_filters, filter_length, signal_length, stride)
    if filter_length == 1 or signal_length == filter_length:
        n_real = 2 - filter_length % 2
        return IndependentBins(n_filters, n_real, (filter_length - n_real) // 2)
    return Chain(n_filters, filter_length, signal_length)


def _gamma_log_probability(shape: float, q: FloatArray, below: bool) -> FloatArray:
    """Log P(G <= q) or log P(G > q) of a Gamma(shape) variable of mean 1, at any depth."""
    with np.errstate(over="ignore"):
        u = np.maximum(shape * q, LEAST)
    low = q < 1
    tail = np.empty_like(u)
    tail[low] = special.gammainc(shape, u[low])
    tail[~low] = special.gammaincc(shape, u[~low])
    with np.errstate(divide="ignore"):
        out = np.where(low == below, np.log(tail), np.log1p(-tail))
    deep = (low == below) & (tail < DEEP) & np.isfinite(u)
    if deep.any():
        gamma = GammaSum(np.ones(1), shape)
        out[deep] = log_integral(gamma, u[deep], "cdf" if below else "sf")[0]
    return out


def _no_crossing(rate: FloatArray, log_inside: FloatArray, n_fibres: int | None) -> FloatArray:
    """Log-probability of no crossing on (0, pi), given its rate per angle on the inside."""
    if n_fibres is None:
        return np.asarray(-np.pi * rate)
    outside = np.maximum(-np.expm1(log_inside), TINY)
    durations = np.sqrt(np.pi) / 2 * rate * 2 * np.pi / n_fibres / outside
    leaves = outside * special.erf(durations)
    return np.asarray(n_fibres / 2 * np.log1p(-np.minimum(leaves, 1 - EPS)))


def _clean(log_probability: FloatArray) -> FloatArray:
    """Certain, or impossible, where rounding leaves nothing else to say."""
    certain, impossible = log_probability > -ROUNDING, log_probability < np.log(ROUNDING)
    return np.where(certain, 0.0, np.where(impossible, -np.inf, log_probability))
