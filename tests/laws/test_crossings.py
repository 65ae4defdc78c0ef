"""Crossings of a level by S: Rice's rate, its share near the ends, and Kibble's law of pairs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, special, stats
from sums import simulate

import fbtools as fb
from fbtools.laws import crossings


def test_crossings_are_counted_as_rice_says():
    """Up and down crossings of S on (0, pi), for a short filter, where the ends matter most."""
    j, length, levels = 3, 8, np.array([0.4, 1.0, 1.8])
    s = simulate(j, length, 3000)
    predicted = crossings.rice(levels, j, length) * crossings.edge_factor(levels, j, length)
    for level, expected in zip(levels, predicted, strict=True):
        above = s > level
        # Halves of all crossings; on a grid of 16 T points pairs of them are missed, under 2 %.
        counts = (above[:, 1:] != above[:, :-1]).sum(axis=1) / 2
        error = 4.5 * counts.std() / np.sqrt(counts.size)
        assert expected == pytest.approx(counts.mean(), abs=error + 0.02 * expected)


def test_far_from_the_ends_crossings_are_stationary():
    """The ends take a width of order 1/T: their share vanishes as T grows."""
    gaps = [abs(crossings.edge_factor(np.array([1.2]), 10, t)[0] - 1) for t in (16, 256, 4096)]
    assert gaps[0] > 8 * gaps[1] > 64 * gaps[2]


@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.9, 0.99])
def test_pair_probability_is_kibbles(correlation):
    """Against the density of two squared lengths, by quadrature with a Bessel function."""
    j, level, r2 = 3, 1.3, correlation**2
    ours = crossings.pair_probability(np.array([level]), j, correlation)[0]
    if correlation == 0:
        expected = special.gammainc(j, j * level) * special.gammaincc(j, j * level)
    else:

        def density(y, x):
            z = 2 * correlation * np.sqrt(x * y) / (1 - r2)
            log = (j - 1) / 2 * np.log(x * y / r2) - (x + y) / (1 - r2) + z - special.gammaln(j)
            return np.exp(log) * special.ive(j - 1, z) / (1 - r2)

        edge = j * level
        expected = integrate.dblquad(density, 0, edge, edge, edge + 60, epsabs=1e-9)[0]
    assert ours == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("correlation", [0.3, 0.9, 0.98])
@pytest.mark.parametrize("j", [1, 5, 80])
def test_pair_probability_sums_the_steps_between_gamma_laws(j, correlation):
    """Deep in both tails: each of Kibble's terms from SciPy's incomplete gamma functions.

    A logarithm of a factorial is some 10^4 here, which leaves 12 digits to its exponential.
    """
    levels = np.array([0.02, 0.3, 1.0, 1.9, 6.0])
    law = stats.nbinom(j, 1 - correlation**2)
    shapes = j + np.arange(int(law.isf(1e-18)) + 10)
    u = j * levels[:, None] / (1 - correlation**2)
    both = special.gammainc(shapes, u) * special.gammaincc(shapes, u)
    expected = both @ law.pmf(shapes - j)
    ours = crossings.pair_probability(levels, j, correlation)
    np.testing.assert_allclose(ours, expected, rtol=1e-11, atol=1e-17)


@pytest.mark.parametrize(("j", "length"), [(3, 8), (20, 8), (80, 8), (80, 64)])
def test_edge_factor_by_adaptive_quadrature(j, length):
    """Rice's double integral with SciPy's quadrature in the share, and a fine grid of angles."""
    n = np.arange(length) - (length - 1) / 2
    level = 1.3

    def log_chi2(x):
        if x <= 0:
            return -math.inf
        return (j / 2 - 1) * math.log(x / 2) - x / 2 - math.lgamma(j / 2) - math.log(2)

    def crossings_at(omega):
        cosine, sine = np.cos(omega * n), np.sin(omega * n)
        px, py = float(np.mean(cosine**2)) / j, float(np.mean(sine**2)) / j
        slope = 2 * float(np.mean(n * sine * cosine)) / j
        ex = float(np.mean(n**2 * sine**2)) / j - slope**2 / (4 * px)
        ey = float(np.mean(n**2 * cosine**2)) / j - slope**2 / (4 * py)

        def integrand(t):
            law = log_chi2(level * t / px) + log_chi2(level * (1 - t) / py)
            mean = level * slope * ((1 - t) / py - t / px)
            std = 2 * math.sqrt(level * (t * ex + (1 - t) * ey))
            z = mean / std
            modulus = std * math.sqrt(2 / math.pi) * math.exp(-(z**2) / 2) + mean * math.erf(
                z / math.sqrt(2)
            )
            return level / (px * py) * math.exp(law) * modulus

        peak = np.clip((1 + level * (1 / py - 1 / px) / 2 / j) / 2, 0.2, 0.8)
        return integrate.quad(integrand, 0, 1, points=[peak, 0.5], limit=200, epsabs=1e-12)[0]

    nodes, weights = np.polynomial.legendre.leggauss(60 if length == 8 else 160)
    exact = sum(
        w * np.pi / 4 * crossings_at((x + 1) * np.pi / 4)
        for x, w in zip(nodes, weights, strict=True)
    )
    levels = np.array([level])
    ours = crossings.rice(levels, j, length) * crossings.edge_factor(levels, j, length)
    assert ours[0] == pytest.approx(exact, rel=1e-3)
    spline = crossings.edge_spline(j, length)(levels)
    assert spline[0] == pytest.approx(crossings.edge_factor(levels, j, length)[0], rel=1e-3)


def test_two_taps():
    """S = a + 2 b cos(omega) is monotone: it crosses a level once or never, and ends decide."""
    levels = np.array([0.5, 0.9, 1.4])
    j, generator = 6, np.random.default_rng(0)
    w = generator.standard_normal((200_000, j, 2)) / np.sqrt(2 * j)
    ends = np.sort(
        np.stack([(w.sum(axis=2) ** 2).sum(axis=1), (np.diff(w) ** 2).sum(axis=(1, 2))]), axis=0
    )
    predicted = crossings.rice(levels, j, 2) * crossings.edge_factor(levels, j, 2)
    for level, expected in zip(levels, predicted, strict=True):
        share = np.mean((ends[0] < level) & (ends[1] > level)) / 2
        assert expected == pytest.approx(share, abs=4 * np.sqrt(share / 200_000))
    assert np.isfinite(fb.expected_condition_number(1024, 2))
