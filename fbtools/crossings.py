"""How often the Littlewood-Paley sum of a random filterbank crosses a level.

At each frequency S is a sum of J + J squared Gaussians, the real and imaginary parts of the
responses. With taps counted from the middle of the filter the two parts are uncorrelated, with
variances (1 +- D)/(2J), where D = sin(T omega)/(T sin omega): equal away from 0 and pi, while at
0 and pi only J squares are left, which doubles the variance of S there.
"""

from __future__ import annotations

import numpy as np
from scipy import special, stats

from fbtools.validation import FloatArray

NODES = 12
SPLIT_NODES = 64


def rice(levels: FloatArray, n_filters: int, filter_length: int) -> FloatArray:
    """Expected number of crossings of each level on (0, pi), upwards, if S were stationary.

    The law of S away from 0 and pi, at every frequency: Rice's formula for a chi-square process
    of 2J degrees of freedom and second spectral moment (T^2 - 1)/12.
    """
    u = n_filters * levels
    log_density = (n_filters - 0.5) * np.log(u) - u - special.gammaln(n_filters)
    return np.asarray(np.pi * np.sqrt((filter_length**2 - 1) / (12 * np.pi)) * np.exp(log_density))


def edge_factor(levels: FloatArray, n_filters: int, filter_length: int) -> FloatArray:
    """Expected number of crossings on (0, pi) over what `rice` gives: above 1 because of the ends.

    Exact, by Rice's formula for a process that is not stationary: given the share t of the real
    parts in S, the slope of S is normal, and its modulus has an explicit mean. The circle is
    symmetric about pi/2, so the upward crossings on (0, pi) are as many as all on (0, pi/2).
    """
    j = n_filters
    omega, weight = _frequencies(filter_length)
    real, imaginary = _variances(omega, filter_length)
    nodes, share = special.roots_jacobi(SPLIT_NODES, j / 2 - 1, j / 2 - 1)
    t, share = (nodes[:, None] + 1) / 2, share / share.sum()
    out = np.empty(levels.size)
    for i, level in enumerate(levels):
        ratio = _slope_and_density((level * t, level * (1 - t)), real, imaginary, j)
        out[i] = share @ ratio @ weight
    flat = np.pi * np.sqrt((filter_length**2 - 1) / (12 * np.pi))
    return np.asarray(out * np.sqrt(j * levels) / (flat * levels))


def pair_probability(levels: FloatArray, n_filters: int, correlation: float) -> FloatArray:
    """P(S_1 <= level < S_2) at two frequencies whose responses have this correlation.

    Kibble's bivariate gamma law: given a negative binomial number i, the two are independent
    Gamma(J + i).
    """
    squared = correlation**2
    if squared == 0:
        below = special.gammainc(n_filters, n_filters * levels)
        return np.asarray(below * special.gammaincc(n_filters, n_filters * levels))
    law = stats.nbinom(n_filters, 1 - squared)
    terms = np.arange(int(law.ppf(1e-17)), int(law.isf(1e-17)) + 2)
    probabilities = law.pmf(terms)
    out = np.empty(levels.size)
    for i, level in enumerate(levels):
        u = n_filters * level / (1 - squared)
        shapes = n_filters + terms
        out[i] = probabilities @ (special.gammainc(shapes, u) * special.gammaincc(shapes, u))
    return out


def _frequencies(filter_length: int) -> tuple[FloatArray, FloatArray]:
    """Gauss-Legendre nodes on (0, pi/2), in octaves from pi/T; the other half is its mirror."""
    edges = np.pi * 2.0 ** np.arange(np.ceil(np.log2(filter_length)) + 1) / filter_length
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
    parts: tuple[FloatArray, FloatArray], real: FloatArray, imaginary: FloatArray, j: int
) -> FloatArray:
    """E|S'| given both parts, times their density over that of the stationary law."""
    (x, y), (px, cx, ex), (py, cy, ey) = parts, real, imaginary
    log_ratio = j * (x + y) - j * x / (2 * px) - j * y / (2 * py) - j / 2 * np.log(4 * px * py)
    drift = 2 * (cx / px * x + cy / py * y)
    spread = 2 * np.sqrt((x * ex + y * ey) / j)
    z = drift / spread
    positive = spread * stats.norm.pdf(z) + drift * special.ndtr(z)
    return np.asarray(np.exp(log_ratio) * (2 * positive - drift))
