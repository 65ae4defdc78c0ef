"""ExtremeLaw in its tails, its density, its quantiles and moments: against mpmath and SciPy."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from scipy import stats

import fbtools as fb
from fbtools.laws.crossings import log_stays, pair_probability
from fbtools.laws.level_probabilities import IndependentBins

BINS = [(1, 1), (1, 64), (2, 3), (5, 8), (40, 1024), (500, 64)]
OTHERS = [(10, 128, None, 1), (1, 16, None, 1), (8, 40, 120, 1), (1, 3, 4, 1)]
FIBRES = [(64, 256, None, 16), (16, 32, 64, 8), (8, 8, 8, 8), (5, 8, None, 4)]


def exact(j, t, q, below):
    """P(B <= q) or P(A > q) and its complement, with 60 digits more than their exponent."""
    n_real = 2 - t % 2
    with mpmath.workdps(400):
        ends = (0, mpmath.mpf(q)) if below else (mpmath.mpf(q), mpmath.inf)
        inside = mpmath.mpf(1)
        for count, shape in ((n_real, mpmath.mpf(j) / 2), ((t - n_real) // 2, mpmath.mpf(j))):
            low, high = (shape * end for end in ends)
            inside *= mpmath.gammainc(shape, low, high, regularized=True) ** count
        return mpmath.log(inside), mpmath.log(1 - inside)


def laws_of(sizes):
    """Laws of A and B for (J, T, N) or (J, T, N, d)."""
    return fb.frame_bound_laws(*sizes[:3], stride=sizes[3] if len(sizes) > 3 else 1)


@pytest.mark.parametrize(("j", "t"), BINS)
def test_tails_at_any_depth(j, t):
    """Over Z_T, against mpmath.

    The logarithm of a gamma tail, right to 1e-14 of itself or of one, is multiplied by up to T.
    """
    for law in fb.frame_bound_laws(j, t, t):
        for q in (1e-40, 1e-6, 0.01, 0.3, 0.9, 1.1, 2.0, 6.0, 100.0):
            inside, outside = exact(j, t, q, law.is_upper)
            cdf, sf = (inside, outside) if law.is_upper else (outside, inside)
            for found, expected in ((law.logcdf(q), cdf), (law.logsf(q), sf)):
                if expected is inside or expected > -690:  # else below 1e-300
                    assert found == pytest.approx(float(expected), rel=1e-11, abs=1e-300)


@pytest.mark.parametrize("sizes", [(j, t, t, 1) for j, t in BINS] + OTHERS)
def test_quantiles_invert_both_tails(sizes):
    """To 1e-300: log p is right to rounding, times the slope of log p in log q over log p."""
    p = np.array([1e-300, 1e-100, 1e-20, 1e-5, 0.3, 0.5, 0.7, 0.999, 1 - 1e-12])
    for law in laws_of(sizes):
        for quantile, logarithm in ((law.ppf, law.logcdf), (law.isf, law.logsf)):
            q = quantile(p)
            where = q > 0  # J = 1 has quantiles below the least floating-point number
            assert where[1:].all()
            found = logarithm(q[where])
            np.testing.assert_allclose(found, np.log(p[where]), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("sizes", FIBRES)
def test_quantiles_under_a_stride(sizes):
    """Determinants are right to 1e-14; below 1e-13 a probability is taken for that."""
    p = np.array([1e-8, 1e-3, 0.5, 0.999])
    for law in laws_of(sizes):
        np.testing.assert_allclose(law.cdf(law.ppf(p)), p, rtol=1e-5)
        np.testing.assert_allclose(law.sf(law.isf(p)), p, rtol=1e-5)
        assert law.ppf(1e-200) == law.ppf(1e-14) <= law.ppf(1e-12)
        assert law.isf(1e-200) == law.isf(1e-14) >= law.isf(1e-12)


@pytest.mark.parametrize("sizes", [(j, t, t, 1) for j, t in BINS] + OTHERS + FIBRES)
def test_distribution_functions_are_monotone_everywhere(sizes):
    q = np.concatenate([np.geomspace(1e-300, 1e300, 241), np.linspace(0.01, 60, 400)])
    q.sort()
    for law in laws_of(sizes):
        deep = law.stride == 1 and law.signal_length in (None, law.filter_length)
        if deep:
            below, above = law.logcdf(q), law.logsf(q)
        else:  # determinants are right to 1e-13, and a grid's crossings are no better known
            below, above = law.cdf(q), law.sf(q)
        for values in (below, -above):
            assert not np.isnan(values).any()
            finite = np.clip(values, -1e308, 1e308)
            margin = 1e-12 * np.maximum(np.abs(finite[:-1]), not deep)
            assert (finite[1:] >= finite[:-1] - margin).all()


@pytest.mark.parametrize(("j", "t"), BINS)
def test_density_is_that_of_the_product_over_bins(j, t):
    """Over Z_T in closed form, to the 1e-8 of the docstring."""
    n_real = 2 - t % 2
    real, other = stats.chi2(j, scale=1 / j), stats.gamma(j, scale=1 / j)
    n_complex = (t - n_real) // 2
    for law in fb.frame_bound_laws(j, t, t):
        q = np.concatenate([law.ppf([1e-12, 1e-3, 0.5]), law.isf([1e-12, 1e-3])])
        names = ("logcdf", "cdf") if law.is_upper else ("logsf", "sf")
        rates = [n * law.pdf(q) / getattr(law, names[1])(q)
                 for n, law in ((n_real, real), (n_complex, other)) if n]  # fmt: skip
        expected = getattr(law, names[0])(q) + np.log(sum(rates))
        np.testing.assert_allclose(law.logpdf(q), expected, rtol=0, atol=1e-8)


@pytest.mark.parametrize("sizes", [*OTHERS, *FIBRES])
def test_density_integrates_to_the_distribution(sizes):
    """Between quantiles of 1 % and 99 %, by Gauss's rule on 40 pieces.

    Where the law is piecewise, the density is it too: it is compared on average.
    """
    nodes, weights = np.polynomial.legendre.leggauss(16)
    for law in laws_of(sizes):
        ends = law.ppf(np.linspace(0.01, 0.99, 41))
        half = np.diff(ends)[:, None] / 2
        masses = (law.pdf((ends[:-1] + ends[1:])[:, None] / 2 + half * nodes) * half) @ weights
        np.testing.assert_allclose(masses, np.diff(law.cdf(ends)), rtol=1e-4)


@pytest.mark.parametrize(
    ("sizes", "lower", "upper"),
    [
        ((1, 1), np.inf, np.inf),
        ((2, 1), 1.0, 1.0),  # exponential
        ((3, 1), 0.0, 0.0),
        ((2, 8, 8), 2.0, 0.0),  # two real bins
        ((1, 2, 2), np.inf, 2 / np.pi),  # 2 f F = (2 / sqrt(2 pi q)) sqrt(2 q / pi)
        ((2, 8), 1.0, 0.0),
        ((4, 8, 8, 4), np.inf, 0.0),
        ((6, 8, 8, 4), 0.0, 0.0),
    ],
)
def test_density_at_zero(sizes, lower, upper):
    a, b = laws_of(sizes)
    assert a.pdf(0.0) == pytest.approx(lower, rel=1e-9)
    assert b.pdf(0.0) == pytest.approx(upper, rel=1e-9)
    assert a.logpdf(0.0) == pytest.approx(np.log(lower) if lower else -np.inf, abs=1e-9)


@pytest.mark.parametrize(("j", "t"), [(1, 4), (3, 5), (10, 64)])
def test_moments_against_mpmath(j, t):
    """To 1e-11 over Z_T, of any order: integrals of n q^(n-1) P(bound > q)."""
    real, other, n_real = mpmath.mpf(j) / 2, mpmath.mpf(j), 2 - t % 2

    def tail(q, is_upper):
        ends = (0, q) if is_upper else (q, mpmath.inf)
        inside = mpmath.mpf(1)
        for count, shape in ((n_real, real), ((t - n_real) // 2, other)):
            low, high = (shape * end for end in ends)
            inside *= mpmath.gammainc(shape, low, high, regularized=True) ** count
        return 1 - inside if is_upper else inside

    points = [0, 0.05, 0.2, 0.5, 1, 1.5, 2, 3, 5, 8, 13, 20, 30, 45, 70, 120]
    for law in fb.frame_bound_laws(j, t, t):
        for order in (1, 2, 5):

            def integrand(root, n=order, is_upper=law.is_upper):
                return 2 * n * root ** (2 * n - 1) * tail(root**2, is_upper)

            value = mpmath.quad(integrand, [mpmath.sqrt(point) for point in points])
            assert law.moment(order) == pytest.approx(float(value), rel=1e-11)
            if order == 1:
                assert law.mean() == pytest.approx(float(value), rel=1e-11)
        assert law.var() == pytest.approx(law.moment(2) - law.moment(1) ** 2, rel=1e-9)


@pytest.mark.parametrize("below", [False, True])
def test_staying_on_a_side_of_a_level(below):
    """Against integrals of Kibble's conditional law, a noncentral chi-square variable."""
    j, correlation = 3, 0.6
    law = stats.gamma(j, scale=1 / j)
    side, cross = (law.cdf, law.sf) if below else (law.sf, law.cdf)
    for level in (0.05, 0.5, 1.0, 2.0, 6.0):
        leaves = pair_probability(np.array([level]), j, correlation) / side(level)
        stays = log_stays(np.array([level]), j, correlation, below)
        np.testing.assert_allclose(np.expm1(stays), -leaves, rtol=1e-9)
        assert leaves <= cross(level) + 1e-12  # positively correlated


def test_independent_bins_are_independent():
    """Three exponential variables, at depths where SciPy's own logarithms end."""
    bins = IndependentBins(n_filters=2, n_real=3, n_complex=0)
    q = np.array([1e-200, 1e-20, 0.5, 50.0, 1e4])
    np.testing.assert_allclose(bins.log_probability(q, below=False), -3 * q, rtol=1e-12)
    small = q < 1
    expected = np.concatenate([np.log(-np.expm1(-q[small])), np.log1p(-np.exp(-q[~small]))])
    np.testing.assert_allclose(bins.log_probability(q, below=True), 3 * expected, rtol=1e-12)


def test_draws_of_a_bound_follow_simulated_banks():
    """Two samples of 1000: Kolmogorov and Smirnov's test, false-alarm rate 1e-4 for each."""
    simulated = fb.simulate_frame_bounds(5, 16, 1000, signal_length=16, rng=1)
    for law, sample in zip(fb.frame_bound_laws(5, 16, 16), simulated, strict=True):
        assert stats.ks_2samp(law.rvs(1000, rng=2), sample).pvalue > 1e-4
