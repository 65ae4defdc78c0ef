"""Tails of a weighted sum of gamma variables, by integration along the path of steepest descent.

The law of Q = sum_i theta_i G_i, with G_i independent Gamma(k_i) variables, has the cumulant
generating function K(s) = -sum_i k_i log(1 - theta_i s), and

    P(Q > q) = 1/(2 pi i) int exp(K(s) - s q) ds/s

along any curve from below to above that crosses the real axis between 0 and 1/theta_max and
ends at Re s = +infinity; crossing at s < 0 instead gives -P(Q <= q), and dropping the 1/s the
density. The path follows the parabola of steepest descent through the saddle point s0, and
straightens into a hyperbola: as long as it leans by less than 45 degrees, no factor of exp(K - s q)
exceeds its value at s0, whatever the scales. On it the trapezoidal rule in t = sinh(u) converges
exponentially.

Everything is written in z = theta_max s and v = 1 - z, the distance to the branch point, so that
no digit is lost however close to it the saddle point lies.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from scipy.optimize import elementwise

from fbtools.validation import (
    ComplexArray,
    FilterbankError,
    FloatArray,
    as_choice,
    as_real,
    as_real_array,
)

__all__ = ["GammaSum"]

Kind = Literal["sf", "cdf", "pdf"]

LEAN = 0.8  # tangent of the largest angle between the path and the vertical
SMALL = 0.2
SERIES_TERMS = 24
CHUNK = 2**21
NODES = 32
MAX_NODES = 1024
TOLERANCE = 1e-12


class GammaSum:
    """Sum of independent scaled gamma variables: log-tails, log-density, cumulants.

    The machine inside `EnergyLaw`, which checks what it passes on.

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
    scale : float
        The largest scale; below, x = q / scale and z = scale * s are free of units.
    ratios : ndarray of float64, shape (n,)
        theta_i / scale, in descending order.
    counts : ndarray of float64, shape (n,)
        Their relative shapes.

    References
    ----------
    Weideman and Trefethen (2007) for parabolic contours, Trefethen and Weideman (2014) for the
    trapezoidal rule.

    Examples
    --------
    >>> import numpy as np
    >>> gammas = GammaSum(np.array([1.0, 0.5]), shape=1.0)
    >>> f"{np.exp(gammas.log_integral(np.array([3.0]), 'sf'))[0]:.12f}"
    '0.097095384559'
    """

    def __init__(self, scales: FloatArray, shape: float, counts: FloatArray | None = None) -> None:
        thetas = as_real_array(scales, "scales")
        if thetas.ndim != 1 or thetas.min() <= 0:
            raise FilterbankError(
                f"scales has shape {thetas.shape} and least value {thetas.min():g}: pass a list "
                "of positive numbers, without the eigenvalues that are zero."
            )
        self.scale = float(thetas.max())
        self.shape = as_real(shape, "shape", 0.0)
        multiples = np.ones(thetas.size) if counts is None else as_real_array(counts, "counts")
        if multiples.shape != thetas.shape or multiples.min() <= 0:
            raise FilterbankError(
                f"counts has shape {multiples.shape} and least value {multiples.min():g}: pass "
                "one positive number for each scale."
            )
        order = np.argsort(thetas)[::-1]
        self.ratios, self.counts = thetas[order] / self.scale, multiples[order]
        powers = np.arange(1, SERIES_TERMS + 1)[:, None]
        moments = np.cumsum((self.counts * self.ratios**powers / powers)[:, ::-1], axis=1)[:, ::-1]
        self._tail_moments = np.concatenate([moments, np.zeros((SERIES_TERMS, 1))], axis=1)

    def cumulant_generating_function(self, z: FloatArray) -> FloatArray:
        """K at s = z / theta_max, for real z < 1."""
        return np.asarray(self._log_mgf(np.asarray(1.0 - z, dtype=complex)).real)

    def saddle_point(self, x: FloatArray, kind: Kind) -> FloatArray:
        """v = 1 - z at the saddle point of K - s q (minus log|s| for the tails)."""
        count = self.shape * float(self.counts.sum())
        least = self.shape * min(1.0, float(self.counts[0]))
        if kind == "cdf":
            return np.asarray(_root(self._cdf_slope, 1 + 1 / x, 1 + (count + 1) / x, x))
        if kind == "pdf":
            return np.asarray(_root(self._pdf_slope, least / x, count / x, x))
        low = np.minimum(0.5, least / (x + 2))
        high = np.minimum(count / (x + 1), 1 - 0.5 / (count + 1))
        return np.asarray(_root(self._sf_slope, low, np.maximum(high, low), x))

    def log_integral(self, x: FloatArray, kind: Kind) -> FloatArray:
        """Log of P(Q > q), P(Q <= q) or theta_max times the density, at x = q / theta_max > 0."""
        if x.size == 0:
            return np.empty_like(x)
        if as_real_array(x, "x").min() <= 0:
            raise FilterbankError(f"x is {x.min():g}: the sum is positive, so pass x > 0.")
        as_choice(kind, "kind", ("sf", "cdf", "pdf"))
        v0 = self.saddle_point(x, kind)
        z0 = 1.0 - v0
        height = self._log_mgf(v0.astype(complex)).real
        second, third = self.scaled_cumulant(v0, 2), self.scaled_cumulant(v0, 3)
        if kind != "pdf":
            second = second + (v0 / z0) ** 2
        width = v0 / np.sqrt(second)
        bend = v0 * third / (6 * second**2)
        path = np.stack([x, v0, height, width, bend])
        integral = self._trapezoidal(np.vstack([path, self._reach(path)]), kind)
        return np.asarray(height - x * z0 + np.log(integral))

    def _reach(self, path: FloatArray) -> FloatArray:
        """End of the path in u: where the integrand is below exp(-45) of its saddle-point value."""
        reach = np.full(path.shape[1], np.arcsinh(8.0))
        todo = np.arange(reach.size)
        while todo.size:
            shift, _ = _hyperbola(np.sinh(reach[todo]), *path[3:, todo])
            x, v0, height = path[:3, todo]
            exponent = self._log_mgf(v0 - shift) - height - x * shift
            todo = todo[exponent.real > -45.0]
            reach[todo] *= 1.1
        return reach

    def _trapezoidal(self, path: FloatArray, kind: Kind) -> FloatArray:
        """Integral over its saddle-point value: nodes are doubled until two sums agree."""
        result = np.empty(path.shape[1])
        previous = np.full(path.shape[1], np.inf)
        todo = np.arange(path.shape[1])
        nodes = NODES
        while todo.size and nodes <= MAX_NODES:
            step = max(1, CHUNK // (nodes * 64))
            blocks = [todo[first : first + step] for first in range(0, todo.size, step)]
            current = np.concatenate([self._sum(path[:, block], nodes, kind) for block in blocks])
            result[todo] = current
            open_ = np.abs(current - previous) > TOLERANCE * np.abs(current)
            todo, previous, nodes = todo[open_], current[open_], 2 * nodes
        if todo.size:
            raise FilterbankError(
                f"q is {path[0, todo[0]] * self.scale:g}: the inversion integral did not converge; "
                "it is too far from the mean for double precision."
            )
        return result

    def _sum(self, path: FloatArray, nodes: int, kind: Kind) -> FloatArray:
        """Trapezoidal rule with this many nodes on the upper half of the path."""
        x, v0, height, width, bend, reach = path[:, :, None]
        step = reach / nodes
        u = step * np.arange(nodes + 1)
        shift, slope = _hyperbola(np.sinh(u), width, bend)
        v = v0 - shift
        values = np.exp(self._log_mgf(v) - height - x * shift) * slope * np.cosh(u)
        if kind != "pdf":
            values = values / (1 - v)
        terms = step * values.imag / np.pi
        total = terms[:, 0] / 2 + terms[:, 1:].sum(axis=1)
        return np.asarray(-total if kind == "cdf" else total)

    def _log_mgf(self, v: ComplexArray) -> ComplexArray:
        """K = -k sum_i log(1 - r_i z): logarithms, and a series where r_i |z| is small."""
        z = 1.0 - v
        largest = float(np.abs(z).max(initial=0.0))
        count = int(np.searchsorted(-self.ratios, -SMALL / max(largest, SMALL)))
        total = np.zeros_like(v)
        for p in range(SERIES_TERMS, 0, -1):
            total = (total - self._tail_moments[p - 1, count]) * z
        step = max(1, CHUNK // max(1, v.size))
        for first in range(0, count, step):
            part = slice(first, min(first + step, count))
            r = self.ratios[part]
            # Summed pairwise: a dot product would round too coarsely for equal eigenvalues.
            total = total + (np.log((1 - r) + r * v[..., None]) * self.counts[part]).sum(axis=-1)
        return -self.shape * total

    def scaled_cumulant(self, v: FloatArray, order: int) -> FloatArray:
        """Derivative of K in z, of order 1, 2 or 3, at real v > 0, times v^order."""
        factor = {1: 1, 2: 1, 3: 2}[order] * self.shape
        out = np.empty(np.shape(v))
        flat_in, flat_out = np.reshape(v, -1), out.reshape(-1)
        step = max(1, CHUNK // self.ratios.size)
        for first in range(0, flat_in.size, step):
            part = flat_in[first : first + step, None]
            gains = self.ratios * part / ((1 - self.ratios) + self.ratios * part)
            flat_out[first : first + step] = factor * (gains**order @ self.counts)
        return out

    def _sf_slope(self, v: FloatArray, x: FloatArray) -> FloatArray:
        return self.scaled_cumulant(v, 1) / v - x - 1 / (1 - v)

    def _cdf_slope(self, v: FloatArray, x: FloatArray) -> FloatArray:
        return self.scaled_cumulant(v, 1) / v - x + 1 / (v - 1)

    def _pdf_slope(self, v: FloatArray, x: FloatArray) -> FloatArray:
        return self.scaled_cumulant(v, 1) / v - x


def _hyperbola(
    t: FloatArray, width: FloatArray, bend: FloatArray
) -> tuple[ComplexArray, ComplexArray]:
    """z - z0 on the path, and its derivative: bend t^2 + i width t near 0, then LEAN to i."""
    root = np.sqrt(1 + (2 * bend * t / (LEAN * width)) ** 2)
    return 2 * bend * t**2 / (1 + root) + 1j * width * t, 2 * bend * t / root + 1j * width


def _root(
    function: Callable[[FloatArray, FloatArray], FloatArray],
    low: FloatArray,
    high: FloatArray,
    x: FloatArray,
) -> FloatArray:
    """Root of a decreasing function of v between two bounds, solved in log v."""
    bracket = (np.log(low * (1 - 1e-12)), np.log(high * (1 + 1e-12)))
    result = elementwise.find_root(lambda log_v, x: function(np.exp(log_v), x), bracket, args=(x,))
    return np.asarray(np.exp(result.x))
