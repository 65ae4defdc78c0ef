"""The law of a frame bound, as a law like any other: moments, quantiles, density, draws.

`level_probabilities` has the probabilities it is made of, `bound_laws` makes it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special
from scipy.optimize import elementwise

from fbtools.laws.continuous_law import ContinuousLaw, Tail
from fbtools.laws.gamma_sums import Kind
from fbtools.laws.level_probabilities import OneSide
from fbtools.validation import EPS, FloatArray

__all__ = ["ExtremeLaw"]

SUPPORT_GRID = 80
QUADRATURE_NODES = 128
NEGLIGIBLE = 1e-14
STEP = 0.1  # of the relative standard deviation, between the points of a difference
DIFFERENCES = np.array([4 / 5, -1 / 5, 4 / 105, -1 / 280])
SMALL_LEVEL = 1e-6
DIGITS = {"xatol": 4e-16, "xrtol": 4e-16}
LEAST, MOST = 1e-300, 1e300
SMALL = -40.0  # logarithm of a probability p with log(1 - p) = -p
LOG_LEAST = -744.4
DEEPEST = 1000.0


class ExtremeLaw(ContinuousLaw):
    """Law of a frame bound: of the lowest (A) or of the highest value (B) over all frequencies.

    Made by `frame_bound_laws`.

    Attributes
    ----------
    n_filters, filter_length : int
        J and T.
    signal_length : int or None
        N for signals on Z_N, None for signals of any length.
    stride : int
        Stride d.
    is_upper : bool
        Whether this is the law of B.

    See Also
    --------
    ContinuousLaw : the methods of every law
    EnergyLaw : of the energy ratio

    Notes
    -----
    What is computed is log P(A > q) or log P(B <= q), see `frame_bound_laws`; all else follows from
    it, exact or not as it is. Where N = T, tails have about 11 digits down to 1e-300; elsewhere the
    law is an approximation, and those of its digits that come from it are not known beyond the
    tests of `frame_bound_laws`. Under a stride, probabilities below 1e-13 count as zero, and are
    taken for 1e-13 where a quantile is asked for. Quantiles are roots in log q, to rounding. The
    density is a numerical derivative of the cdf, good to 1e-8 of itself where N = T. Moments are
    integrals of the tail by Gauss's rule with 128 nodes, good to 1e-11 where N = T; elsewhere the
    rule is the less precise the higher the order (under a stride 1e-5 at order 10). `rvs` takes
    quantiles of uniform variables.

    Examples
    --------
    >>> import fbtools as fb
    >>> lower, upper = fb.frame_bound_laws(n_filters=40, filter_length=1024, signal_length=1024)
    >>> f"{lower.mean():.5f} {upper.mean():.5f}"
    '0.58536 1.55561'
    >>> f"{upper.ppf(0.95):.3f}"
    '1.705'
    """

    n_filters: int
    filter_length: int
    signal_length: int | None
    stride: int
    is_upper: bool
    _values_at_bins: OneSide

    def __init__(
        self,
        values_at_bins: OneSide,
        n_filters: int,
        filter_length: int,
        signal_length: int | None,
        stride: int,
        is_upper: bool,
    ) -> None:
        self._set(
            n_filters=n_filters,
            filter_length=filter_length,
            signal_length=signal_length,
            stride=stride,
            is_upper=is_upper,
            _values_at_bins=values_at_bins,
        )

    def _values(self) -> tuple[Any, ...]:
        sizes = self.n_filters, self.filter_length, self.signal_length, self.stride
        return *sizes, self.is_upper, self._values_at_bins

    def __repr__(self) -> str:
        bound = "upper" if self.is_upper else "lower"
        return (
            f"ExtremeLaw({bound} bound, n_filters={self.n_filters}, "
            f"filter_length={self.filter_length}, signal_length={self.signal_length}, "
            f"stride={self.stride})"
        )

    def mean(self) -> float:
        """Mean of the bound.

        Returns
        -------
        float
            Mean.

        See Also
        --------
        mean_inverse

        Examples
        --------
        >>> import fbtools as fb
        >>> lower, upper = fb.frame_bound_laws(10, 64, signal_length=64)
        >>> f"{lower.mean():.4f} {upper.mean():.4f}"
        '0.4455 1.8075'
        """
        rule = self._rule
        return float(rule.low + rule.weights @ rule.tail)

    def var(self) -> float:
        """Variance of the bound.

        Returns
        -------
        float
            Variance.

        See Also
        --------
        std

        Examples
        --------
        >>> import fbtools as fb
        >>> lower, upper = fb.frame_bound_laws(10, 64, signal_length=64)
        >>> f"{lower.var():.5f} {upper.var():.5f}"
        '0.00903 0.06736'
        """
        rule = self._rule
        second = 2 * (rule.weights * (rule.nodes - rule.low)) @ rule.tail
        return float(second - (self.mean() - rule.low) ** 2)

    def mean_inverse(self) -> float:
        """Mean of one over the bound.

        Returns
        -------
        float
            E[1/A] or E[1/B]; infinite for A when J < d + 2: A is too often tiny.

        See Also
        --------
        expected_condition_number

        Examples
        --------
        >>> import fbtools as fb
        >>> lower, upper = fb.frame_bound_laws(10, 64, signal_length=64)
        >>> f"{lower.mean_inverse():.4f} {upper.mean_inverse():.4f}"
        '2.3758 0.5637'
        """
        if not self.is_upper and self.n_filters < self.stride + 2:
            return float("inf")
        rule = self._rule
        inside = (rule.weights / rule.nodes**2) @ (1 - rule.tail)
        return float(inside + 1 / rule.high)

    def _log_inside(self, q: FloatArray) -> FloatArray:
        """Log P(A > q) or log P(B <= q)."""
        return self._values_at_bins.log_probability(q, self.is_upper)

    def _logarithm(self, q: FloatArray, kind: Kind) -> FloatArray:
        if kind == "pdf":
            return self._logpdf(q)
        inside = self._log_inside(q)
        return inside if (kind == "cdf") == self.is_upper else _log1mexp(inside)

    def _logpdf(self, q: FloatArray) -> FloatArray:
        """By the derivative of log(-log P) in log q, by differences of order 8."""
        at, step = np.clip(q, LEAST, MOST), STEP * self._rule.spread
        points = at[:, None] * np.exp(step * np.array([0, *np.arange(1, 5), *-np.arange(1, 5)]))
        inside = self._log_inside(points.ravel()).reshape(points.shape)
        with np.errstate(divide="ignore", invalid="ignore"):
            depth = np.log(-inside)
            slope = (depth[:, 1:5] - depth[:, 5:]) @ DIFFERENCES / step
            out = inside[:, 0] + depth[:, 0] + np.log(-slope if self.is_upper else slope)
            # Below the least level the probability is a power of q.
            out += np.where(q < at, self._degrees / 2 * np.log(q / at), 0.0)
        return np.where(np.isfinite(out), out - np.log(q), -np.inf)

    def _logpdf_at_zero(self) -> float:
        """A is as small as a chi-square variable of J - d + 1 degrees of freedom; B is not."""
        if self._degrees == 2:
            near = SMALL_LEVEL if self.stride > 1 else LEAST
            return float(self._logpdf(np.array([near]))[0])
        return np.inf if self._degrees < 2 else -np.inf

    @property
    def _degrees(self) -> float:
        return self._values_at_bins.degrees(self.is_upper)

    def _inverse(self, log_p: FloatArray, kind: Tail) -> FloatArray:
        """By the root of log(-log P) in log q, which no tail makes steep."""
        with np.errstate(divide="ignore"):
            log_p = np.maximum(log_p, np.log(self._values_at_bins.least))
        outside = np.where(log_p < SMALL, log_p, np.log(-np.log1p(-np.exp(log_p))))
        goal = np.log(-log_p) if (kind == "cdf") == self.is_upper else outside
        sign = -1.0 if self.is_upper else 1.0

        def gap(log_q: FloatArray, goal: FloatArray) -> FloatArray:
            log_inside = self._log_inside(np.exp(log_q).ravel()).reshape(log_q.shape)
            with np.errstate(divide="ignore"):
                depth = np.clip(np.log(-log_inside), -DEEPEST, DEEPEST)  # a search ends at infinity
            return np.asarray(sign * (depth - goal))

        low, high, found = self._bracket(sign * goal, gap, goal)
        out = np.zeros_like(goal)
        ends, wanted = (low[found], high[found]), (goal[found],)
        out[found] = np.exp(elementwise.find_root(gap, ends, args=wanted, tolerances=DIGITS).x)
        return out

    def _bracket(
        self, key: FloatArray, gap: Callable[..., FloatArray], goal: FloatArray
    ) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
        """Log-levels about each root, and where there is one: neighbouring nodes if there are."""
        rule = self._rule
        keys = np.maximum.accumulate(-rule.depth if self.is_upper else rule.depth)
        after = np.searchsorted(keys, key, side="right")
        log_nodes = np.log(rule.nodes)
        low = log_nodes[np.maximum(after - 1, 0)]
        high = log_nodes[np.minimum(after, keys.size - 1)]
        found = np.ones(key.shape, bool)
        outside = (after == 0) | (after == keys.size)
        if outside.any():
            least, most = log_nodes[[0, -1]]
            wide = elementwise.bracket_root(
                gap, least, most, xmin=LOG_LEAST, xmax=most + 10, args=(goal[outside],)
            )
            low[outside], high[outside] = wide.bracket
            found[outside] = wide.success
        return low, high, found

    def _moment(self, order: int) -> float:
        if order == 0:
            return 1.0
        grid = np.geomspace(self._rule.low, self._highest(order), SUPPORT_GRID)
        mass = order * np.log(grid) + self._logarithm(grid, "sf")
        where = np.flatnonzero(mass > mass.max() - np.log(1 / EPS))
        low, high = grid[max(where[0] - 1, 0)], grid[min(where[-1] + 1, grid.size - 1)]
        nodes, weights = _gauss_rule(float(low), float(high))
        tail = np.exp(self._logarithm(nodes, "sf"))
        return float(low**order + (order * weights * nodes ** (order - 1)) @ tail)

    def _draw(self, n_draws: int, rng: np.random.Generator) -> FloatArray:
        uniform = rng.random(n_draws)
        return self._quantile(uniform, 1 - uniform)

    def _highest(self, order: int = 0) -> float:
        """A level above which nothing counts in a moment."""
        j, d = self.n_filters, self.stride
        root = np.sqrt(j) + np.sqrt(d) + np.sqrt(2 * np.log(1e40))
        return float((root**2 + 4 * order) / j)

    @cached_property
    def _rule(self) -> _Rule:
        """Quadrature where all but 1e-14 of the probability lies."""
        j, d = self.n_filters, self.stride
        lowest = 2 * special.gammaincinv((j - d + 1) / 2, 1e-40) / (d * j)
        grid = np.geomspace(max(lowest, LEAST), self._highest(), SUPPORT_GRID)
        log_inside = self._log_inside(grid)
        spent = (log_inside < np.log(NEGLIGIBLE)) | (log_inside > -NEGLIGIBLE)
        where = np.flatnonzero(~spent)
        low, high = grid[max(where[0] - 1, 0)], grid[min(where[-1] + 1, grid.size - 1)]
        nodes, weights = _gauss_rule(float(low), float(high))
        inside = self._log_inside(nodes)
        tail = -np.expm1(inside) if self.is_upper else np.exp(inside)
        mean = low + weights @ tail
        var = 2 * (weights * (nodes - low)) @ tail - (mean - low) ** 2
        with np.errstate(divide="ignore"):
            depth = np.log(-inside)
        return _Rule(float(low), float(high), nodes, weights, tail, depth, np.sqrt(var) / mean)


class _Rule(NamedTuple):
    """Nodes and weights between two levels, with the tail and log(-log P) there, and std/mean."""

    low: float
    high: float
    nodes: FloatArray
    weights: FloatArray
    tail: FloatArray
    depth: FloatArray
    spread: float


def _gauss_rule(low: float, high: float) -> tuple[FloatArray, FloatArray]:
    """In the root of the level: a lower bound has a density like a half-integer power."""
    nodes, weights = _legendre()
    root_low, root_high = np.sqrt([low, high])
    half = (root_high - root_low) / 2
    roots = (root_low + root_high) / 2 + half * nodes
    return roots**2, 2 * half * roots * weights


@functools.cache
def _legendre() -> tuple[FloatArray, FloatArray]:
    """Nodes and weights on (-1, 1); to find them takes longer than to use them."""
    nodes, weights = np.polynomial.legendre.leggauss(QUADRATURE_NODES)
    return nodes, weights


def _log1mexp(x: FloatArray) -> FloatArray:
    """log(1 - exp(x)) for x <= 0."""
    with np.errstate(divide="ignore"):
        near = np.log(-np.expm1(np.maximum(x, -1.0)))
        return np.where(x > -np.log(2), near, np.log1p(-np.exp(x)))
