"""Inversion along the contour: many digits, closed forms and convolutions, at every depth."""

from __future__ import annotations

import itertools
import math

import fuzz_laws
import make_law_values
import mpmath
import numpy as np
import pytest
from same_law import tabulated
from scipy import integrate, stats

import fbtools as fb
from fbtools.laws import contour
from fbtools.laws.contour import log_integral
from fbtools.laws.gamma_sums import GammaSum

# What the docstring promises, and a margin: 1e-10 relative, everywhere.
RELATIVE = 1e-10
ONE = np.array([1.0])


@pytest.mark.parametrize(("case", "expected"), make_law_values.stored())
def test_against_quadrature_in_40_digits(case, expected):
    name, kind, q = case
    eigenvalues, n_filters, _ = make_law_values.LAWS[name]
    law = fb.EnergyLaw.from_eigenvalues(eigenvalues, n_filters)
    ours = {"sf": law.logsf, "cdf": law.logcdf, "pdf": law.logpdf}[kind](q)
    # Relative in the probability: an absolute error of its logarithm, and the logarithm's rounding.
    assert ours == pytest.approx(expected, rel=4e-15, abs=1e-12)


def test_stored_values_are_those_of_the_script():
    """All cases are there, and the cheapest comes out again."""
    values = dict(make_law_values.stored())
    assert list(values) == make_law_values.CASES
    assert make_law_values.compute("two", "pdf", 0.6) == values["two", "pdf", 0.6]


@pytest.mark.parametrize("seeds", [range(first, first + 5) for first in range(0, 40, 5)])
def test_random_laws_at_every_depth(seeds):
    assert [line for seed in seeds for line in fuzz_laws.violations(seed)] == []


@pytest.mark.parametrize("deviation", [-1000.0, -30.0, -1.0, 0.0, 1.0, 30.0, 1000.0])
def test_ten_million_degrees_of_freedom(deviation):
    """J = 10 000, T = 1024: K(s0) and s0 q are of the size of 1e7, and their digits stay."""
    law = fb.EnergyLaw(fb.signals.impulse(1024), 10_000, 1024)
    q = 1 + deviation * law.std()
    expected = fuzz_laws.gamma_logs(10_000 * 1024, q)
    for i, kind in enumerate(("sf", "cdf")):
        # The last digit of q changes the logarithm by EPS q f / P.
        ours = getattr(law, f"log{kind}")(q)
        slope = q * np.exp(min(law.logpdf(q) - ours, 700))
        allowed = 1e-12 + 4 * fuzz_laws.EPS * (slope + abs(expected[i]))
        assert ours == pytest.approx(expected[i], rel=0, abs=allowed)


def test_no_depth_is_refused():
    """q that rounding of large exponents once kept from converging, and the ends of the line."""
    law = fb.EnergyLaw(fb.signals.brown_noise(2048, rng=0), 300, 512)
    q = np.concatenate([[5e-324, 1e-300], np.geomspace(1e-9, 1e9, 200), [1e300, 1.7e308]])
    for kind in ("sf", "cdf"):
        values, logarithms = getattr(law, kind)(q), getattr(law, f"log{kind}")(q)
        assert np.isfinite(logarithms[:-1]).all()
        sign = 1 if kind == "cdf" else -1
        assert (sign * np.diff(values) >= 0).all()
        assert (sign * np.diff(logarithms) >= 0).all()
    assert np.isfinite(law.logpdf(q[:-1])).all()
    np.testing.assert_allclose(law.sf(q) + law.cdf(q), 1, rtol=0, atol=1e-12)
    assert law.sf(1e-7) == law.sf(1e-4) == 1
    # J max(lambda) / 2 per unit of q: nothing else of the logarithm counts there.
    assert law.logsf(1e300) == pytest.approx(-1e300 * 150 / law.eigenvalues[0], rel=1e-14)
    assert law.logsf(1.7e308) == -np.inf


def test_below_all_scales_the_lower_tail_is_a_power():
    """P(Q <= q) = q^k / (Gamma(k + 1) prod theta^k_i) as q -> 0, k the sum of all k_i."""
    gammas = GammaSum(np.array([2.0, 0.3, 1e-5]), 0.5, np.array([1.0, 2.0, 7.0]))
    log_scales = float(gammas.shape * gammas.counts @ np.log(gammas.ratios * gammas.scale))
    for q in (5e-324, 1e-307, 1e-249, 1e-200, 1e-30):
        log_p = 5 * np.log(q) - math.lgamma(6) - log_scales
        value, slope = log_integral(gammas, q * ONE, "cdf")
        assert value[0] == pytest.approx(log_p, rel=1e-14)
        assert slope[0] == pytest.approx(5, rel=1e-12)
        value, slope = log_integral(gammas, q * ONE, "pdf")
        assert value[0] == pytest.approx(log_p + np.log(5) - np.log(q), rel=1e-14)
        assert slope[0] == pytest.approx(4, rel=1e-12)


@pytest.mark.parametrize("kind", ["sf", "cdf", "pdf"])
def test_the_slope_is_the_derivative(kind):
    gammas = GammaSum(np.array([1.0, 0.5, 0.01]), 2.5)
    q, h = np.array([0.01, 1.0, gammas.mean * 0.99, gammas.mean * 1.01, 30.0]), 1e-3
    at = {n: log_integral(gammas, q * np.exp(n * h), kind)[0] for n in (-2, -1, 1, 2)}
    difference = (8 * (at[1] - at[-1]) - at[2] + at[-2]) / (12 * h)
    # Truncation h^4, rounding 1e-13 / h.
    slope = log_integral(gammas, q, kind)[1]
    np.testing.assert_allclose(slope, difference, rtol=1e-9, atol=1e-10)


def test_the_near_side_of_a_tail_is_one_minus_the_other():
    """The upper tail 70 standard deviations below the mean is 1: no contour serves it."""
    gammas = GammaSum(np.random.default_rng(0).uniform(0.5, 1, 4096), 5.0)
    q = 0.5 * gammas.mean * gammas.scale * ONE
    assert log_integral(gammas, q, "sf")[0][0] == 0
    assert -5000 < log_integral(gammas, q, "cdf")[0][0] < -1000
    shallow = 0.99 * gammas.mean * gammas.scale * ONE
    both = [np.exp(log_integral(gammas, shallow, kind)[0][0]) for kind in ("sf", "cdf")]
    assert sum(both) == pytest.approx(1, abs=1e-15)


def test_many_small_eigenvalues_use_the_series_correctly():
    """2000 eigenvalues, most of them tiny, J = 2: the series must replace their logarithms."""
    eigenvalues = np.concatenate([[30.0, 7.0], np.full(1, 1.0), 1e-3 / (1 + np.arange(40))])
    law = fb.EnergyLaw.from_eigenvalues(eigenvalues, n_filters=2)
    for q in (0.3, 1.5, 8.0):
        expected = fuzz_laws.hypoexponential_logs(law.eigenvalues, q)[0]
        np.testing.assert_allclose(law.logsf(q), expected, rtol=RELATIVE)


@pytest.mark.parametrize(("n_small", "ratio"), [(1000, 0.002), (300, 0.02), (5, 0.5), (50, 1e-6)])
@pytest.mark.parametrize("n_filters", [1, 4, 10])
def test_one_large_eigenvalue_among_many_small_ones(n_small, ratio, n_filters):
    """Two independent gammas: a convolution with a positive integrand, exact in both tails."""
    law = fb.EnergyLaw.from_eigenvalues([1.0, *[ratio] * n_small], n_filters)
    scale = 2 / n_filters / (1 + ratio * n_small)
    large = stats.gamma(n_filters / 2, scale=scale)
    small = stats.gamma(n_small * n_filters / 2, scale=scale * ratio)
    for deviation in (-0.8, -0.5, 0.0, 1.0, 3.0, 10.0, 30.0):
        q = 1 + deviation * (min(law.std(), 1.0) if deviation < 0 else law.std())
        cuts = np.unique(np.clip([*small.ppf([1e-16, 1e-6, 0.5]), *small.isf([1e-6, 1e-16])], 0, q))
        cuts = np.concatenate([[0.0], cuts[(cuts > 0) & (cuts < q)], [q]])
        tail, ours = (large.cdf, law.cdf(q)) if deviation < 0 else (large.sf, law.sf(q))
        pieces = [
            integrate.quad(_product, a, b, args=(small.pdf, tail, q), epsrel=1e-12)[0]
            for b, a in itertools.pairwise(np.sqrt(q - cuts))
        ]
        rest = 0.0 if deviation < 0 else small.sf(q)
        assert ours == pytest.approx(math.fsum([*pieces, rest]), rel=1e-9)


def _product(root, density, tail, q):
    """Of the density at y and the tail at q - y = root^2, which smooths the tail's start."""
    return density(q - root**2) * tail(root**2) * 2 * root


def test_a_confined_walk():
    """A spectrum with a long flat tail, for which exp(-s q) alone does not end the path."""
    u = np.random.default_rng(1).random(1023)
    x = np.zeros(1024)
    for i in range(1023):
        x[i + 1] = np.clip(x[i] - (u[i] < 0.15) + (u[i] > 0.85), -1, 1)
    law = fb.EnergyLaw(x, 10, 1024)
    p = np.array([1e-12, 1e-3, 0.05, 0.3])
    np.testing.assert_allclose(law.sf(law.isf(p)), p, rtol=RELATIVE)
    draws = law.rvs(4000, rng=0)
    assert stats.kstest(draws, tabulated(law.cdf, draws)).pvalue > 1e-4


def test_deep_tail_of_many_equal_eigenvalues():
    """One gamma variable of shape J T / 2 = 5120, seen as 1024: no digit to lose in the sum."""
    q = 1 + np.geomspace(0.01, 5, 50)
    law = fb.EnergyLaw(fb.signals.impulse(1024), 10, 1024)
    exact = stats.gamma(5120, scale=1 / 5120).logsf(q)
    finite = np.isfinite(exact)
    assert finite.sum() > 25
    np.testing.assert_allclose(law.logsf(q)[finite], exact[finite], rtol=1e-10)
    assert np.isfinite(law.logsf(q)).all()


@pytest.mark.parametrize("q", [0.05, 0.6, 0.999, 1.0, 1.001, 1.7, 4.0, 30.0, 400.0])
def test_two_filters_give_a_hypoexponential(q):
    eigenvalues = np.array([5.0, 3.0, 2.0, 1.0, 0.5, 0.1, 0.01])
    law = fb.EnergyLaw.from_eigenvalues(eigenvalues, n_filters=2)
    expected = fuzz_laws.hypoexponential_logs(law.eigenvalues, q)[0]
    np.testing.assert_allclose(law.logsf(q), expected, rtol=RELATIVE)


def test_extreme_depth_and_the_limits():
    law = fb.EnergyLaw.from_eigenvalues([1.0], n_filters=10)
    gamma = stats.gamma(5, scale=1 / 5)
    assert law.logcdf(1e-200) == pytest.approx(gamma.logcdf(1e-200), rel=RELATIVE) or np.isneginf(
        gamma.logcdf(1e-200)
    )
    # log P(Q > q) = -5q + 4 log(5q) - log(4!) + o(1), with the next terms of the incomplete gamma.
    with mpmath.workdps(40):
        deep = float(mpmath.log(mpmath.gammainc(5, 5e5) / mpmath.gamma(5)))
        shallow = float(mpmath.log(mpmath.gammainc(5, 0, mpmath.mpf("5e-200")) / mpmath.gamma(5)))
    assert law.logsf(1e5) == pytest.approx(deep, rel=RELATIVE)
    assert law.logcdf(1e-200) == pytest.approx(shallow, rel=RELATIVE)
    np.testing.assert_array_equal(law.sf([-1.0, 0.0, np.inf]), [1, 1, 0])
    np.testing.assert_array_equal(law.cdf([-np.inf, -1.0, 0.0, np.inf]), [0, 0, 0, 1])
    np.testing.assert_array_equal(law.ppf([0, 1]), [0, np.inf])
    np.testing.assert_array_equal(law.isf([0, 1]), [np.inf, 0])
    assert law.pdf(-1.0) == 0
    assert law.pdf(0.0) == 0


def test_the_integrand_never_exceeds_its_saddle_point_value():
    """Along the path each factor falls, because the path leans by less than 45 degrees."""
    rng = np.random.default_rng(0)
    for _ in range(50):
        gammas = GammaSum(10.0 ** rng.uniform(-4, 0, rng.integers(1, 200)), 0.5)
        x = gammas.mean * 10.0 ** rng.uniform(-1, 1, 5)
        gains = gammas.gains(gammas.saddle_point(x, "pdf"))
        second, third = (gammas.cumulant(gains, order)[:, None] for order in (2, 3))
        width, bend = second**-0.5, third / (6 * second**2)
        w, _ = contour._hyperbola(np.linspace(0, 50, 400), width, bend)
        shapes = gammas.shape * gammas.counts
        fall = contour._fall(contour._Path(shapes, gains, 0 * width, width, bend), w).real
        assert (fall[:, 0] == 0).all()
        assert fall.max() <= 0
        assert (np.abs(w.real) <= contour.LEAN * np.abs(w.imag)).all()


@pytest.mark.parametrize("w", [1e-9j, 1e-5 + 2e-5j, 1e-3 + 2e-3j, 0.3j, 1 + 2j])
def test_the_exponent_keeps_its_digits(w):
    """Where log(1 - g w) and g w cancel in sixteen digits, and where they do not."""
    gains = np.array([[1.0, 0.7, 1e-3, 1e-9]])
    shapes = np.array([3.0, 1e6, 50.0, 1e3])
    path = contour._Path(shapes, gains, *np.zeros((3, 1, 1)))
    ours = contour._fall(path, np.array([[w]]))[0, 0]
    with mpmath.workdps(40):
        products = [mpmath.mpf(g) * mpmath.mpc(w) for g in gains[0]]
        terms = [-k * (mpmath.log(1 - x) + x) for k, x in zip(shapes, products, strict=True)]
        # What stands in an exponent need not be smaller than 1e-15.
        assert abs(ours - complex(mpmath.fsum(terms))) <= 1e-14 * abs(ours) + 1e-15


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: GammaSum(np.array([1.0, 0.0]), 1.0), "scales has shape"),
        (lambda: GammaSum(np.array([[1.0]]), 1.0), "scales has shape"),
        (lambda: GammaSum(np.array([1.0]), 0.0), "shape is 0"),
        (lambda: GammaSum(ONE, 1.0, np.zeros(1)), "counts has shape"),
        (lambda: log_integral(GammaSum(ONE, 1.0), 0 * ONE, "sf"), "q is 0"),
        (lambda: log_integral(GammaSum(ONE, 1.0), ONE, "isf"), "kind is"),
    ],
)
def test_bad_input_to_the_inversion(call, message):
    with pytest.raises(fb.FilterbankError, match=message):
        call()
