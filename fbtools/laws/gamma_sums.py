"""Weighted sums of gamma variables: their cumulants, and the saddle points of their tails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from scipy import special

from fbtools.laws.roots import Index, increasing_root
from fbtools.records import Value
from fbtools.validation import FilterbankError, FloatArray, as_real, as_real_array

__all__ = ["GammaSum", "Kind"]

Kind = Literal["sf", "cdf", "pdf"]

CHUNK = 2**17
ROWS = 2**11
ROOT_TOLERANCE = 1e-7


class GammaSum(Value):
    """Sum of independent scaled gamma variables, Q = sum_i theta_i G_i.

    Its cumulant generating function is K(s) = -sum_i k_i log(1 - theta_i s). Everything is written
    in z = theta_max s and v = 1 - z, the distance to the branch point, so that no digit is lost
    however close to it a point lies.

    Parameters
    ----------
    scales : ndarray of float64, shape (n,)
        Scales theta_i > 0.
    shape : float
        Common shape k > 0.
    counts : ndarray of float64, shape (n,), or None
        Shapes relative to k, positive: n_i G_i's of shape k add up to one of shape n_i k. None:
        all 1.

    Attributes
    ----------
    shape : float
        The common shape k.
    scale : float
        The largest scale theta_max; x = q / scale and z = scale * s are free of units.
    ratios : ndarray of float64, shape (n,)
        theta_i / scale, in descending order.
    counts : ndarray of float64, shape (n,)
        Their relative shapes.
    degrees, mean : float
        Sum of all shapes, and of all shapes times ratios, which is the mean of x.

    Raises
    ------
    FilterbankError
        If a scale, a count or the shape is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> gammas = GammaSum(np.array([1.0, 0.5]), shape=1.0)
    >>> gammas.mean, gammas.cumulant_generating_function(np.array([-1.0])).round(9)
    (1.5, array([-1.09861229]))
    """

    scale: float
    shape: float
    ratios: FloatArray
    counts: FloatArray
    degrees: float
    mean: float

    def __init__(self, scales: FloatArray, shape: float, counts: FloatArray | None = None) -> None:
        thetas = as_real_array(scales, "scales")
        if thetas.ndim != 1 or thetas.min() <= 0:
            raise FilterbankError(
                f"scales has shape {thetas.shape} and least value {thetas.min():g}: pass a list "
                "of positive numbers, without the eigenvalues that are zero."
            )
        scale, k = float(thetas.max()), as_real(shape, "shape", 0.0)
        multiples = np.ones(thetas.size) if counts is None else as_real_array(counts, "counts")
        if multiples.shape != thetas.shape or multiples.min() <= 0:
            raise FilterbankError(
                f"counts has shape {multiples.shape} and least value {multiples.min():g}: pass "
                "one positive number for each scale."
            )
        order = np.argsort(thetas)[::-1]
        ratios, counts = thetas[order] / scale, multiples[order]
        degrees, mean = k * float(counts.sum()), k * float(np.sum(counts * ratios))
        self._set(scale=scale, shape=k, ratios=ratios, counts=counts, degrees=degrees, mean=mean)

    def _values(self) -> tuple[Any, ...]:
        return self.scale, self.shape, self.ratios, self.counts

    def __repr__(self) -> str:
        return f"GammaSum({self.ratios.size} scales up to {self.scale:.4g}, shape={self.shape:.4g})"

    def cumulant_generating_function(self, z: FloatArray) -> FloatArray:
        """K at s = z / theta_max, for real z < 1."""
        return self.log_mgf(1.0 - z, z)

    def raw_moments(self, order: int) -> FloatArray:
        """E Q^n for n = 0, ..., order, from the cumulants: sums of positive numbers."""
        moments, powers = np.ones(order + 1), np.arange(order)
        masses = [self.shape * self.scale * (self.counts @ self.ratios ** (k + 1)) for k in powers]
        for n in range(1, order + 1):
            # (n-1)! / (n-1-k)! theta_max^k, times the sum of k_i theta_max r_i^(k+1), times E Q^m.
            falls = np.cumprod(np.r_[1.0, self.scale * np.arange(n - 1, 0, -1)])
            moments[n] = np.sum(falls * masses[:n] * moments[n - 1 :: -1])
        return moments

    def log_mgf(self, v: FloatArray, z: FloatArray) -> FloatArray:
        """K where v = 1 - z is known, too, to full relative precision: then so is K."""
        return self._by_rows(self._log_mgf, v, z)

    def gains(self, v: FloatArray) -> FloatArray:
        """g_i = r_i v / (1 - r_i z), of shape (v.size, n), in descending order along the rows."""
        products = self.ratios * v[:, None]
        return np.asarray(products / ((1 - self.ratios) + products))

    def cumulant(self, gains: FloatArray, order: int) -> FloatArray:
        """Derivative of K in z, of order 1, 2 or 3, times v^order: one for each row of gains."""
        factor = {1: 1, 2: 1, 3: 2}[order] * self.shape
        return np.asarray(factor * (gains**order * self.counts).sum(axis=1))

    def scaled_cumulant(self, v: FloatArray, order: int) -> FloatArray:
        """Derivative of K in z, of order 1, 2 or 3, at real v > 0, times v^order."""
        return self._by_rows(lambda rows: self.cumulant(self.gains(rows), order), v)

    def saddle_point(self, x: FloatArray, kind: Kind) -> FloatArray:
        """v = 1 - z at the saddle point of K - z x (minus log|z| for the tails)."""
        return self._by_rows(lambda rows: self.saddle_points(rows, kind)[0], x)

    def saddle_points(self, x: FloatArray, kind: Kind) -> tuple[FloatArray, FloatArray]:
        """v and z, each to full relative precision, by way of a variable t that gives both."""

        def equation(t: FloatArray, index: Index) -> tuple[FloatArray, FloatArray]:
            v, z = _distances(t, kind)
            gains = self.gains(v)
            first, second = self.cumulant(gains, 1), self.cumulant(gains, 2)
            if kind == "pdf":  # K' = x
                return np.log(x[index] * v / first), second / first
            if kind == "sf":  # K' = x + 1/z
                left = x[index] + 1 / z
                return np.log(left * v / first), v / z / left + z * second / first
            right = first / v - 1 / z  # K' - 1/z = x
            return np.log(x[index] / right), (-z / v * (second / v) - 1 / z) / right

        low, high = self._bracket(x, kind)
        guess = self._guess(x, kind, low)
        return _distances(increasing_root(equation, guess, low, high, ROOT_TOLERANCE), kind)

    def _guess(self, x: FloatArray, kind: Kind, deep: FloatArray) -> FloatArray:
        """t where K were quadratic, or as deep in the tail as it can be."""
        curvature = self.shape * float(np.sum(self.counts * self.ratios**2))
        gap = np.minimum(x - self.mean, 2 * curvature)  # where z would be 2
        if kind == "pdf":
            v = 1 - gap / curvature
            return np.where(v > 0, np.log(np.where(v > 0, v, 1)), deep)
        z = (np.abs(gap) + np.hypot(gap, 2 * np.sqrt(curvature))) / (2 * curvature)
        if kind == "cdf":
            return np.asarray(np.log(z))
        return np.where(z < 1, np.log(np.where(z < 1, (1 - z) / z, 1)), deep)

    def _bracket(self, x: FloatArray, kind: Kind) -> tuple[FloatArray, FloatArray]:
        """Bounds of t, by k_1/v <= K' <= sum_i k_i/v, a little wider than rounding demands."""
        least = self.shape * float(self.counts[0])
        if kind == "cdf":
            low, high = -np.log(x), np.log1p(self.degrees) - np.log(x)
        elif kind == "pdf":
            low, high = np.log(least) - np.log(x), np.log(self.degrees) - np.log(x)
        else:
            low, high = _log_odds(x, least), _log_odds(x, self.degrees)
        return low - 1e-9, high + 1e-9

    def _log_mgf(self, v: FloatArray, z: FloatArray) -> FloatArray:
        """By log(1 - r z) near z = 0, by log((1 - r) + r v) near v = 0."""
        products = self.ratios * z[:, None]
        close = products > 0.5
        near = np.log((1 - self.ratios) + self.ratios * v[:, None])
        logarithms = np.where(close, near, np.log1p(-np.where(close, 0, products)))
        # Summed pairwise: a dot product would round too coarsely for equal eigenvalues.
        return np.asarray(-self.shape * (logarithms * self.counts).sum(axis=1))

    def blocks(self, size: int) -> list[slice]:
        """Rows that are treated together: few enough for their gains to stay in the cache."""
        step = min(max(1, CHUNK // self.ratios.size), ROWS)
        return [slice(first, first + step) for first in range(0, size, step)]

    def _by_rows(self, function: Callable[..., FloatArray], *arrays: FloatArray) -> FloatArray:
        """Apply a function of vectors to arrays of any shape, in blocks."""
        flat = [np.reshape(array, -1) for array in arrays]
        out = np.empty(flat[0].size)
        for rows in self.blocks(out.size):
            out[rows] = function(*(part[rows] for part in flat))
        return out.reshape(np.shape(arrays[0]))


def _distances(t: FloatArray, kind: Kind) -> tuple[FloatArray, FloatArray]:
    """v and z = 1 - v as functions of t that lose no digit of either."""
    if kind == "sf":
        return special.expit(t), special.expit(-t)
    if kind == "cdf":
        return 1 + np.exp(t), -np.exp(t)
    return np.exp(t), -np.expm1(t)


def _log_odds(x: FloatArray, degrees: float) -> FloatArray:
    """t = log(v/z) where x + 1/z = degrees/v, the positive root of a quadratic in v/z."""
    b = x + 1 - degrees
    root = np.hypot(b, 2 * np.sqrt(degrees))
    return np.asarray(np.log(np.where(b > 0, 2 * degrees / (np.abs(b) + root), (root - b) / 2)))
