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

No digit is lost in the depth of a tail, where K(s0) - s0 q is a large number. In the units of
`GammaSum`, z = theta_max s = z0 + v0 w with v0 = 1 - z0, and the gains are
g_i = r_i v0 / (1 - r_i z0). The equation of the saddle point cancels what K - s q has linear in w,
and the integrand over its value there is

    exp(-sum_i k_i [log(1 - g_i w) + g_i w] + c w) / (1 + c w),    c = v0 / z0,

(c = 0 for the density), whose exponent is of order 1 where anything counts.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fbtools.laws.gamma_sums import GammaSum, Kind
from fbtools.laws.roots import Index
from fbtools.validation import ComplexArray, FilterbankError, FloatArray, as_choice, as_real_array

__all__ = ["log_integral"]

LEAN = 0.8  # tangent of the largest angle between the path and the vertical
SMALL = 0.3
SERIES_TERMS = 30
NEGLIGIBLE = 1e-7
CHUNK = 2**17
GROUP = 11
NODES = 32
MAX_NODES = 4096
TOLERANCE = 1e-12
TINY, HUGE = 1e-250, 1e300


def log_integral(gammas: GammaSum, q: FloatArray, kind: Kind) -> tuple[FloatArray, FloatArray]:
    """Logarithm of P(Q > q), of P(Q <= q) or of the density, and its derivative in log q.

    Parameters
    ----------
    gammas : GammaSum
        Law of Q.
    q : ndarray of float64, shape (m,)
        Positive numbers.
    kind : {"sf", "cdf", "pdf"}
        Which of the three.

    Returns
    -------
    tuple of ndarray of float64, shape (m,)
        Logarithms and derivatives.

    Raises
    ------
    FilterbankError
        If a q is not positive, or the kind is unknown.

    Notes
    -----
    Each tail is integrated beyond the mean; on the near side it is one minus the other one. The
    error of a logarithm is about 1e-13, plus what a few units of rounding of q would change. Below
    1e-250 of the largest scale, cdf and pdf are powers of q. Above 1e300 of it, nothing but
    -q / scale counts in double precision.

    References
    ----------
    Weideman and Trefethen (2007) for parabolic contours, Trefethen and Weideman (2014) for the
    trapezoidal rule.

    Examples
    --------
    >>> import numpy as np
    >>> gammas = GammaSum(np.array([1.0, 0.5]), shape=1.0)
    >>> value, _ = log_integral(gammas, np.array([3.0]), "sf")
    >>> f"{np.exp(value[0]):.12f}"
    '0.097095384559'
    """
    if as_choice(kind, "kind", ("sf", "cdf", "pdf")) and q.size == 0:
        return np.empty_like(q), np.empty_like(q)
    if as_real_array(q, "q").min() <= 0:
        raise FilterbankError(f"q is {q.min():g}: the sum is positive, so pass q > 0.")
    if kind == "pdf":
        value, slope = _beyond(gammas, q, "pdf")
        return value - np.log(gammas.scale), slope
    value, slope = np.empty_like(q), np.empty_like(q)
    upper = q >= gammas.mean * gammas.scale
    value[upper], slope[upper] = _beyond(gammas, q[upper], "sf")
    value[~upper], slope[~upper] = _beyond(gammas, q[~upper], "cdf")
    near = ~upper if kind == "sf" else upper
    other = value[near]
    value[near] = np.log1p(-np.exp(other)) + 0.0  # not minus zero
    slope[near] *= -np.exp(other - value[near])
    return value, slope


class _Path(NamedTuple):
    """Where to integrate, one row for each q; and the shapes k_i."""

    shapes: FloatArray
    gains: FloatArray
    pole: FloatArray
    width: FloatArray
    bend: FloatArray

    def rows(self, index: Index) -> _Path:
        return _Path(self.shapes, *(part[index] for part in self[1:]))


def _beyond(gammas: GammaSum, q: FloatArray, kind: Kind) -> tuple[FloatArray, FloatArray]:
    """The integral itself, beyond the mean, or its extremes; a density is one of q / scale."""
    with np.errstate(over="ignore"):
        x = q / gammas.scale
    value, slope = -x, -np.minimum(x, np.finfo(float).max)
    tiny = x < TINY
    middle = np.flatnonzero(~tiny & (x <= HUGE))
    for rows in gammas.blocks(middle.size):
        block = middle[rows]
        value[block], slope[block] = _integrate(gammas, x[block], kind)
    if tiny.any():
        slope[tiny] = gammas.degrees - (kind == "pdf")
        anchor, _ = _integrate(gammas, np.array([TINY]), kind)
        log_x = np.log(q[tiny]) - np.log(gammas.scale)
        value[tiny] = anchor + slope[tiny] * (log_x - np.log(TINY))
    return value, slope


def _integrate(gammas: GammaSum, x: FloatArray, kind: Kind) -> tuple[FloatArray, FloatArray]:
    v0, z0 = gammas.saddle_points(x, kind)
    gains = gammas.gains(v0)
    pole = v0 / z0 if kind != "pdf" else np.zeros_like(v0)
    second = gammas.cumulant(gains, 2) + pole**2
    width, bend = second**-0.5, gammas.cumulant(gains, 3) / (6 * second**2)
    shapes = gammas.shape * gammas.counts
    total, moment = _trapezoidal(_Path(shapes, gains, *np.stack([pole, width, bend])[..., None]))
    front = v0 if kind == "pdf" else np.abs(pole)
    value = gammas.log_mgf(v0, z0) - x * z0 + np.log(front) + np.log(total)
    return np.asarray(value), np.asarray(-x * (z0 + v0 * moment / total))


def _trapezoidal(path: _Path) -> FloatArray:
    """Integral over its saddle-point value, and that of w: nodes are doubled until it stays."""
    step = _reach(path)[:, None] / NODES
    ends = _terms(path, step * np.arange(NODES + 1))
    result: FloatArray = (ends.sum(axis=-1) - ends[..., 0] / 2) * step[:, 0]
    todo, nodes = np.arange(step.size), NODES
    while todo.size and nodes < MAX_NODES:
        rows, h = path.rows(todo), step[todo] * (NODES / nodes)
        between = np.zeros((2, todo.size))
        for first in range(0, nodes, NODES):
            u = h * (np.arange(first, first + NODES) + 0.5)
            between += _terms(rows, u).sum(axis=-1) * h[:, 0]
        change = (between - result[:, todo]) / 2
        result[:, todo] += change
        todo = todo[np.abs(change[0]) > TOLERANCE * np.abs(result[0, todo])]
        nodes *= 2
    return result


def _terms(path: _Path, u: FloatArray) -> FloatArray:
    """What the trapezoidal rule adds up at t = sinh(u), and the same times w."""
    w, slope = _hyperbola(np.sinh(u), path.width, path.bend)
    values = np.exp(_fall(path, w) + path.pole * w) / (1 + path.pole * w)
    values *= slope * np.cosh(u) / np.pi
    return np.stack([values.imag, (values * w).imag])


def _reach(path: _Path) -> FloatArray:
    """End of the path in u: where the integrand is below exp(-45) of its saddle-point value."""
    reach = np.full(path.pole.size, np.arcsinh(9.5))
    todo = np.arange(reach.size)
    while todo.size:
        rows = path.rows(todo)
        w, _ = _hyperbola(np.sinh(reach[todo, None]), rows.width, rows.bend)
        fall = (_fall(rows, w) + rows.pole * w).real[:, 0]
        todo = todo[fall > -45.0]
        reach[todo] *= 1.1
    return reach


def _fall(path: _Path, w: ComplexArray) -> ComplexArray:
    """-sum_i k_i [log(1 - g_i w) + g_i w], for |w| that grows along each row.

    Logarithms where |g_i w| is large anywhere in a group of nodes, the power series elsewhere:
    to subtract g_i w from the logarithm would there cost the digits.
    """
    groups = np.arange(w.shape[1]) // GROUP
    sums = np.zeros((groups[-1] + 1, SERIES_TERMS + 1, len(w)))
    total = np.zeros_like(w)
    last = path.shapes.size
    for group in range(groups[-1], -1, -1):
        here = groups == group
        edge = np.abs(w[:, here][:, -1:])
        count = _count(path.gains[:, :last] * edge > SMALL)
        if count < last:
            part = slice(count, last)
            sums[: group + 1] += _power_sums(path.shapes[part], path.gains[:, part], edge)
        total[:, here] = _logarithms(path.shapes[:count], path.gains[:, :count], w[:, here])
        last = count
    series = np.zeros_like(w)
    for p in range(np.flatnonzero(sums.any(axis=(0, 2))).max(initial=1), 1, -1):
        series = (series + sums[groups, p].T) * w
    return total + series * w


def _power_sums(shapes: FloatArray, gains: FloatArray, edge: FloatArray) -> FloatArray:
    """Sums of k_i g_i^p / p, from p = 2 to where no g_i |w| matters any more."""
    sums = np.zeros((SERIES_TERMS + 1, len(gains)))
    powers = gains * shapes
    largest = max(float((gains[:, :1] * edge).max()), NEGLIGIBLE)
    last = min(SERIES_TERMS, 3 + int(np.log(1e-16) / np.log(largest)))
    for p in range(2, last + 1):
        powers *= gains
        sums[p] = powers.sum(axis=1) / p
        if p == 2:
            kept = _count(gains * edge > NEGLIGIBLE)
            gains, powers = gains[:, :kept], powers[:, :kept]
    return sums


def _logarithms(shapes: FloatArray, gains: FloatArray, w: ComplexArray) -> ComplexArray:
    """-sum_i k_i [log(1 - g_i w) + g_i w], as it stands."""
    total = np.zeros_like(w)
    step = max(1, CHUNK // w.size)
    for first in range(0, shapes.size, step):
        part = slice(first, first + step)
        products = gains[:, None, part] * w[..., None]
        total -= ((np.log(1 - products) + products) * shapes[part]).sum(axis=-1)
    return total


def _count(columns: NDArray[np.bool_]) -> int:
    """Number of columns, from the left, that are true anywhere."""
    return int(np.count_nonzero(columns.any(axis=0)))


def _hyperbola(
    t: FloatArray, width: FloatArray, bend: FloatArray
) -> tuple[ComplexArray, ComplexArray]:
    """w on the path, and its derivative: bend t^2 + i width t near 0, then LEAN to i."""
    root = np.sqrt(1 + (2 * bend * t / (LEAN * width)) ** 2)
    return 2 * bend * t**2 / (1 + root) + 1j * width * t, 2 * bend * t / root + 1j * width
