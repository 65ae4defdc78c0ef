"""Without a stride: how often the Littlewood-Paley sum of a random filterbank crosses a level.

At each frequency S is a sum of J + J squared Gaussians, the real and imaginary parts of the
responses. With taps counted from the middle of the filter the two parts are uncorrelated, with
variances (1 +- D)/(2J), where D = sin(T omega)/(T sin omega): equal away from 0 and pi, while at
0 and pi only J squares are left, which doubles the variance of S there.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from scipy import special, stats
from scipy.interpolate import CubicSpline

from fbtools.validation import FloatArray

NODES = 10
LOW_OCTAVES = 10
SHARE_NODES = 51
SHARE_REACH = 4.5
SPLINE_NODES = 96
NEGLIGIBLE = 1e-13
RARE, NOTHING = 1e-8, 1e-300
ROOT = float(np.sqrt(2 * np.pi))


def rice(levels: FloatArray, n_filters: int, filter_length: int) -> FloatArray:
    """Expected number of crossings of each level on (0, pi), upwards, if S were stationary.

    The law of S away from 0 and pi, at every frequency: Rice's formula for a chi-square process
    of 2J degrees of freedom and second spectral moment (T^2 - 1)/12.
    """
    return np.asarray(np.exp(log_rice(levels, n_filters, filter_length)))


def log_rice(levels: FloatArray, n_filters: int, filter_length: int) -> FloatArray:
    """Logarithm of what `rice` gives."""
    u = n_filters * levels
    log_density = (n_filters - 0.5) * np.log(u) - u - special.gammaln(n_filters)
    flat = np.log(np.pi * np.sqrt((filter_length**2 - 1) / (12 * np.pi)))
    return np.asarray(log_density + flat)


def edge_factor(levels: FloatArray, n_filters: int, filter_length: int) -> FloatArray:
    """Expected number of crossings on (0, pi) over what `rice` gives: above 1 because of the ends.

    By Rice's formula for a process that is not stationary: given the share t of the real parts
    in S, the slope of S is normal, and its modulus has an explicit mean. The circle is symmetric
    about pi/2, so the upward crossings on (0, pi) are as many as all on (0, pi/2). The share is
    integrated in its logit y, around the mode arsinh(r) of (t (1 - t))^(J/2) exp(J r t).
    """
    j = n_filters
    _, weight, real, imaginary = _process(filter_length)
    z, step = np.linspace(-SHARE_REACH, SHARE_REACH, SHARE_NODES, retstep=True)
    out = np.empty(levels.size)
    for i, level in enumerate(levels):
        tilt = level * (1 / imaginary[0] - 1 / real[0]) / 2
        width = np.sqrt(2 / j * (1 + 1 / np.hypot(tilt, 1)))
        logit = np.arcsinh(tilt) + width * np.sinh(z)[:, None]
        ratio = _slope_and_density(level, logit, real, imaginary, j)
        out[i] = (width * np.cosh(z)[:, None] * step * ratio).sum(axis=0) @ weight
    flat = np.pi * np.sqrt((filter_length**2 - 1) / (12 * np.pi))
    return np.asarray(out * np.sqrt(j * levels) / (flat * levels))


@lru_cache(maxsize=64)
def edge_spline(n_filters: int, filter_length: int) -> Callable[[FloatArray], FloatArray]:
    """`edge_factor` by a cubic spline of its logarithm, good to 0.1 % where it matters.

    Outside of all but 1e-13 of the law of S at 0 it is continued as a constant.
    """
    at_end = stats.chi2(n_filters, scale=1 / n_filters)
    low, high = np.log(at_end.ppf(NEGLIGIBLE)), np.log(at_end.isf(NEGLIGIBLE))
    points = np.linspace(low, high, SPLINE_NODES)
    fit = CubicSpline(points, np.log(edge_factor(np.exp(points), n_filters, filter_length)))
    return lambda levels: np.exp(fit(np.clip(np.log(levels), low, high)))


def pair_probability(levels: FloatArray, n_filters: int, correlation: float) -> FloatArray:
    """P(S_1 <= level < S_2) at two frequencies whose responses have this correlation.

    Kibble's bivariate gamma law: given a negative binomial number i, the two are independent
    Gamma(J + i).
    """
    return _pairs(levels, n_filters, correlation, below=True)[0]


def log_stays(levels: FloatArray, n_filters: int, correlation: float, below: bool) -> FloatArray:
    """Log P(S_2 is on a side of the level | S_1 is), which keeps its digits near 0.

    Where S is on that side with a probability below 1e-8, it is continued as a constant.
    """
    law = stats.gamma(n_filters, scale=1 / n_filters)
    ends = (RARE, NOTHING) if below else (NOTHING, RARE)
    within = np.clip(levels, law.ppf(ends[0]), law.isf(ends[1]))
    apart, both = _pairs(within, n_filters, correlation, below)
    given = apart + both
    near = np.log1p(-np.minimum(apart / given, 0.5))
    return np.where(apart < both, near, np.log(both / given))


def _pairs(
    levels: FloatArray, n_filters: int, correlation: float, below: bool
) -> tuple[FloatArray, FloatArray]:
    """Probabilities that S_1 is on a side of the level and S_2 is not, and that both are."""
    squared = correlation**2
    if squared == 0:
        lower = special.gammainc(n_filters, n_filters * levels)
        higher = special.gammaincc(n_filters, n_filters * levels)
        return lower * higher, (lower if below else higher) ** 2
    law = stats.nbinom(n_filters, 1 - squared)
    terms = np.arange(int(law.ppf(1e-17)), int(law.isf(1e-17)) + 2)
    probabilities, shapes = law.pmf(terms), n_filters + terms
    factorials = special.gammaln(shapes + 1)
    apart, both = np.empty((2, levels.size))
    for i, level in enumerate(levels):
        u = n_filters * level / (1 - squared)
        # The probabilities of Gamma(k) to lie above and below u, and of Gamma(k + 1), differ by
        # u^k exp(-u) / k!: two sums of positive terms, from the ends where they are small.
        steps = np.exp(shapes * np.log(u) - u - factorials)
        higher = special.gammaincc(shapes[0], u) + np.cumsum(steps) - steps
        lower = special.gammainc(shapes[-1] + 1, u) + np.cumsum(steps[::-1])[::-1]
        side, other = (lower, higher) if below else (higher, lower)
        weighted = probabilities * side
        apart[i], both[i] = weighted @ other, weighted @ side
    return apart, both


@lru_cache(maxsize=64)
def _process(filter_length: int) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Frequencies with their weights, and the variances of the parts there."""
    omega, weight = _frequencies(filter_length)
    return omega, weight, *_variances(omega, filter_length)


def _frequencies(filter_length: int) -> tuple[FloatArray, FloatArray]:
    """Gauss-Legendre nodes on (0, pi/2), by octaves; the other half is its mirror.

    They begin far below pi/T: where one part all but vanishes, S is at its lowest.
    """
    octaves = np.arange(-LOW_OCTAVES, np.ceil(np.log2(filter_length)) + 1)
    edges = np.pi * 2.0**octaves / filter_length
    edges = np.concatenate([[0.0], edges[edges < 0.499 * np.pi], [np.pi / 2]])
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    half = np.diff(edges)[:, None] / 2
    centre = (edges[:-1] + edges[1:])[:, None] / 2
    return (centre + half * nodes).ravel(), (half * weights).ravel()


def _variances(omega: FloatArray, filter_length: int) -> tuple[FloatArray, FloatArray]:
    """Of J T sigma^2 = 1: variance of a part, half its derivative, conditional slope variance."""
    n = np.arange(filter_length) - (filter_length - 1) / 2
    cosine, sine = np.cos(np.outer(omega, n)), np.sin(np.outer(omega, n))
    drift = (n * sine * cosine).mean(axis=1)
    stacks = []
    for even, odd, sign in ((cosine, sine, -1), (sine, cosine, 1)):
        variance, slope = (even**2).mean(axis=1), (n**2 * odd**2).mean(axis=1)
        stacks.append(np.stack([variance, sign * drift, slope - drift**2 / variance]))
    return stacks[0], stacks[1]


def _slope_and_density(
    level: float, logit: FloatArray, real: FloatArray, imaginary: FloatArray, j: int
) -> FloatArray:
    """E|S'| given both parts, times the density of the logit and of S over its stationary law."""
    (px, cx, ex), (py, cy, ey) = real, imaginary
    # As SciPy's expit and log_expit, but with NumPy's faster exp; |logit| stays below 200.
    odds = np.exp(-logit)
    share, rest = 1 / (1 + odds), odds / (1 + odds)
    x, y = level * share, level * rest
    log_ratio = j * (level - x / (2 * px) - y / (2 * py)) - j / 2 * np.log(4 * px * py)
    log_share = j / 2 * np.log(share * rest)
    drift = 2 * (cx / px * x + cy / py * y)
    # For T <= 2 the parts determine the slope, and rounding may leave less than nothing.
    spread = 2 * np.sqrt(np.maximum(x * ex + y * ey, 0.0) / j)
    steep = np.copysign(np.full_like(drift, 40.0), drift)
    z = np.divide(drift, spread, out=steep, where=spread > 0.025 * np.abs(drift))
    modulus = 2 * (spread * np.exp(-(z**2) / 2) / ROOT + drift * special.ndtr(z)) - drift
    return np.asarray(np.exp(log_ratio + log_share - special.betaln(j / 2, j / 2)) * modulus)
