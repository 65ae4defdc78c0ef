"""EnergyLaw against closed forms, 40-digit arithmetic, gx2, and simulation."""

from __future__ import annotations

import itertools
import math

import gx2
import hypothesis.strategies as st
import mpmath
import numpy as np
import pytest
from hypothesis import given
from scipy import integrate, stats

import fbtools as fb
from fbtools import contour
from fbtools.contour import GammaSum

# What the docstring promises: 1e-10 relative, everywhere.
RELATIVE = 1e-10


def oracle_tail(eigenvalues, n_filters, q, kind):
    """Tail or density to 25 digits: quadrature along a vertical line, in 40-digit arithmetic."""
    with mpmath.workdps(40):
        total = mpmath.fsum(mpmath.mpf(float(value)) for value in eigenvalues)
        scales = [2 * mpmath.mpf(float(v)) / total / n_filters for v in eigenvalues if v > 0]
        k, q = mpmath.mpf(n_filters) / 2, mpmath.mpf(q)
        limit = 1 / max(scales)

        def exponent(s):
            return -k * mpmath.fsum(mpmath.log(1 - t * s) for t in scales) - s * q

        def slope(s):
            return k * mpmath.fsum(t / (1 - t * s) for t in scales) - q

        low = -len(scales) * k / q * 2 - 1
        high = limit * (1 - mpmath.mpf(10) ** -30)
        for _ in range(200):
            middle = (low + high) / 2
            low, high = (middle, high) if slope(middle) < 0 else (low, middle)
        crossing = (low + high) / 2
        if kind == "sf":
            crossing = max(crossing, limit / 50)
        if kind == "cdf":
            crossing = min(crossing, -limit / 50)
        height = exponent(crossing)

        def integrand(t):
            s = crossing + 1j * t
            value = mpmath.exp(exponent(s) - height)
            return (value if kind == "pdf" else value / s).real

        width = 1 / mpmath.sqrt(k * mpmath.fsum((t / (1 - t * crossing)) ** 2 for t in scales))
        # The integrand decays like t^(-k rank): cut where that is below 1e-26.
        decay = len(scales) * k
        cuts = [0, *(width * mpmath.mpf(2) ** n for n in range(-1, int(90 / decay) + 6))]
        integral = mpmath.quad(integrand, cuts) / mpmath.pi
        log_value = height + mpmath.log(-integral if kind == "cdf" else integral)
        return float(log_value)


def hypoexponential_logsf(eigenvalues, q):
    """J = 2: a sum of exponentials, by partial fractions in 120-digit arithmetic."""
    with mpmath.workdps(120):
        total = mpmath.fsum(mpmath.mpf(float(v)) for v in eigenvalues)
        scales = [mpmath.mpf(float(v)) / total for v in eigenvalues]
        terms = []
        for i, a in enumerate(scales):
            product = mpmath.fprod(a / (a - b) for j, b in enumerate(scales) if j != i)
            terms.append(product * mpmath.exp(-mpmath.mpf(q) / a))
        return float(mpmath.log(mpmath.fsum(terms)))


@pytest.mark.parametrize(
    ("eigenvalues", "n_filters", "degrees"),
    [
        ([1.0], 1, 1),
        ([1.0], 2, 2),
        ([3.0, 3.0, 3.0], 1, 3),
        ([1.0], 10, 10),
        ([0.5] * 128, 10, 1280),
    ],
)
def test_equal_eigenvalues_give_a_chi_square(eigenvalues, n_filters, degrees):
    law = fb.EnergyLaw.from_eigenvalues(eigenvalues, n_filters)
    gamma = stats.gamma(degrees / 2, scale=2 / degrees)
    p = np.array([1e-300, 1e-100, 1e-17, 1e-5, 0.05, 0.5, 0.9, 0.999])
    high, low = gamma.isf(p), gamma.ppf(p[2:])
    np.testing.assert_allclose(law.sf(high), p, rtol=RELATIVE)
    np.testing.assert_allclose(law.cdf(low), p[2:], rtol=RELATIVE)
    np.testing.assert_allclose(law.logsf(high), np.log(p), rtol=RELATIVE)
    np.testing.assert_allclose(law.pdf(high), gamma.pdf(high), rtol=RELATIVE)
    np.testing.assert_allclose(law.logpdf(low), gamma.logpdf(low), rtol=RELATIVE, atol=1e-13)
    np.testing.assert_allclose(law.isf(p), high, rtol=RELATIVE)
    np.testing.assert_allclose(law.ppf(p[2:]), low, rtol=RELATIVE)


@pytest.mark.parametrize("q", [0.05, 0.6, 0.999, 1.0, 1.001, 1.7, 4.0, 30.0, 400.0])
def test_two_filters_give_a_hypoexponential(q):
    eigenvalues = np.array([5.0, 3.0, 2.0, 1.0, 0.5, 0.1, 0.01])
    law = fb.EnergyLaw.from_eigenvalues(eigenvalues, n_filters=2)
    np.testing.assert_allclose(law.logsf(q), hypoexponential_logsf(eigenvalues, q), rtol=RELATIVE)


@pytest.mark.parametrize(
    ("kind", "q"),
    [
        *(("cdf", q) for q in (1e-3, 0.2, 0.95, 1.05)),
        *(("sf", q) for q in (0.95, 1.05, 2.5, 100.0)),
        *(("pdf", q) for q in (1e-3, 0.95, 2.5, 100.0)),
    ],
)
def test_against_quadrature_in_40_digits(kind, q):
    eigenvalues = 0.8 ** np.arange(12)
    law = fb.EnergyLaw.from_eigenvalues(eigenvalues, n_filters=3)
    ours = {"sf": law.logsf, "cdf": law.logcdf, "pdf": law.logpdf}[kind](q)
    expected = oracle_tail(eigenvalues, 3, q, kind)
    # Relative in the probability: an absolute error of its logarithm.
    assert ours == pytest.approx(expected, rel=1e-10, abs=1e-10)


def test_many_small_eigenvalues_use_the_series_correctly():
    """2000 eigenvalues, most of them tiny, J = 2: the series must replace their logarithms."""
    eigenvalues = np.concatenate([[30.0, 7.0], np.full(1, 1.0), 1e-3 / (1 + np.arange(40))])
    law = fb.EnergyLaw.from_eigenvalues(eigenvalues, n_filters=2)
    for q in (0.3, 1.5, 8.0):
        expected = hypoexponential_logsf(np.sort(eigenvalues), q)
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
    assert stats.kstest(law.rvs(4000, rng=0), law.cdf).pvalue > 1e-4


def test_against_gx2():
    """Ruben's series in an independent package; both are good to 1e-12 absolute at least."""
    law = fb.EnergyLaw(0.6 ** np.arange(256.0), n_filters=4, filter_length=16)
    degrees = np.full(16, 4.0)
    terms = (law.eigenvalues / law.n_filters, degrees, np.zeros(16), 0)
    q = np.array([0.3, 0.8, 1.0, 1.4, 3.0])
    np.testing.assert_allclose(law.cdf(q), gx2.ruben(q, *terms)[0], atol=1e-11)
    np.testing.assert_allclose(law.pdf(q), gx2.ruben(q, *terms, output="pdf")[0], atol=1e-11)


def test_mean_variance_skewness_are_cumulants_of_the_law():
    """Against finite differences of K at 0, by Richardson; K(s) = s + var s^2/2 + ..."""
    law = fb.EnergyLaw(fb.chirp(300, 0.01, 0.3), n_filters=3, filter_length=40)
    h = 0.02
    k = law.cumulant_generating_function(h * np.arange(-4, 5))
    coefficients = np.polyfit(h * np.arange(-4, 5), k, 8)[::-1]
    assert coefficients[1] == pytest.approx(law.mean(), rel=1e-8)
    assert 2 * coefficients[2] == pytest.approx(law.var(), rel=1e-7)
    third = 6 * coefficients[3] / law.var() ** 1.5
    assert third == pytest.approx(law.skewness(), rel=1e-4)
    assert law.std() == pytest.approx(np.sqrt(law.var()))


def test_impulse_matches_the_numbers_of_the_design():
    law = fb.EnergyLaw(fb.impulse(128), n_filters=10, filter_length=128)
    assert law.sf(1.1) == pytest.approx(stats.gamma.sf(1.1, 640, scale=1 / 640), rel=RELATIVE)
    constant = fb.EnergyLaw(fb.constant(1024), n_filters=400, filter_length=128)
    assert constant.sf(1.2) == pytest.approx(stats.chi2.sf(480, 400), rel=RELATIVE)


@given(
    eigenvalues=st.lists(st.floats(1e-6, 1e3), min_size=1, max_size=30),
    n_filters=st.integers(1, 50),
    p=st.floats(1e-12, 1 - 1e-12),
)
def test_ppf_inverts_cdf_and_tails_add_up(eigenvalues, n_filters, p):
    law = fb.EnergyLaw.from_eigenvalues(eigenvalues, n_filters)
    q = law.ppf(p)
    assert law.cdf(q) == pytest.approx(p, rel=1e-9)
    assert law.cdf(q) + law.sf(q) == pytest.approx(1, abs=1e-12)
    tail = law.isf(p)
    assert law.sf(tail) == pytest.approx(p, rel=1e-9)


@given(q=st.floats(0.02, 30), n_filters=st.integers(2, 12))
def test_density_is_the_derivative_of_the_distribution(q, n_filters):
    law = fb.EnergyLaw.from_eigenvalues([4, 2, 1, 0.5], n_filters)
    h = 1e-4 * q
    four_points = 8 * (law.cdf(q + h) - law.cdf(q - h)) - law.cdf(q + 2 * h) + law.cdf(q - 2 * h)
    # Truncation h^4 f'''' / 30 and rounding 1e-16 / h, both relative to a density of order 1.
    assert four_points / (12 * h) == pytest.approx(law.pdf(q), rel=1e-6, abs=1e-9)


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


def test_density_at_zero():
    assert fb.EnergyLaw.from_eigenvalues([1.0], 1).pdf(0.0) == np.inf
    assert fb.EnergyLaw.from_eigenvalues([1.0], 2).pdf(0.0) == pytest.approx(1.0)
    two = fb.EnergyLaw.from_eigenvalues([3.0, 1.0], 1)
    assert two.pdf(0.0) == pytest.approx(float(two.pdf(1e-12)), rel=1e-9)


def test_shapes_and_repr():
    law = fb.EnergyLaw.from_eigenvalues([2.0, 1.0], 5)
    assert isinstance(law.sf(1.2), float)
    assert isinstance(law.ppf(0.5), float)
    grid = np.array([[0.5, 1.0], [1.5, 2.0]])
    assert law.cdf(grid).shape == (2, 2)
    assert law.cdf(grid)[1, 0] == pytest.approx(law.cdf(1.5), rel=1e-13)
    assert "n_filters=5" in repr(law)
    low, high = law.interval(0.9)
    assert law.cdf(low) == pytest.approx(0.05)
    assert law.sf(high) == pytest.approx(0.05)
    with pytest.raises(ValueError, match="read-only"):
        law.eigenvalues[0] = 1.0


def test_draws_follow_the_law():
    """Kolmogorov-Smirnov on 4000 draws; false-alarm rate 1e-4 for each of the two samples."""
    law = fb.EnergyLaw(fb.brown_noise(512, rng=1), n_filters=3, filter_length=64)
    assert stats.kstest(law.rvs(4000, rng=0), law.cdf).pvalue > 1e-4
    simulated = fb.simulate_energy(fb.brown_noise(512, rng=1), 3, 64, 4000, rng=1)
    assert stats.kstest(simulated, law.cdf).pvalue > 1e-4


def test_draws_have_the_size_and_the_seed_asked_for():
    law = fb.EnergyLaw.from_eigenvalues(np.ones(3000), 5)
    np.testing.assert_array_equal(law.rvs((3, 500), rng=7), law.rvs((3, 500), rng=7))
    assert law.rvs((3, 500), rng=7).shape == (3, 500)
    assert law.rvs(rng=0).shape == (1,)
    assert np.unique(law.rvs(2000, rng=0)).size == 2000


def test_long_filters_and_signals_stay_affordable():
    """T = 4096 on 10 s at 44.1 kHz: works, without a matrix of N rows (that would be 14 GB)."""
    x = fb.sinusoid(441_000, 440 / 44_100) + 0.1 * fb.white_noise(441_000, rng=0)
    law = fb.EnergyLaw(x, n_filters=10, filter_length=4096)
    assert law.effective_rank == pytest.approx(fb.effective_rank(x, 4096), rel=1e-9)
    assert law.cdf(law.ppf(0.95)) == pytest.approx(0.95, rel=1e-9)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda law: fb.EnergyLaw([0.0, 0.0], 1, 1), "x is zero"),
        (lambda law: fb.EnergyLaw([1.0, 2.0], 0, 1), "n_filters is 0"),
        (lambda law: fb.EnergyLaw([1.0, 2.0], 1, 3), "filter_length is 3"),
        (lambda law: fb.EnergyLaw([1.0, np.nan], 1, 1), r"x\[1\] is nan"),
        (lambda law: fb.EnergyLaw.from_eigenvalues([1, -1], 1), "eigenvalues has shape"),
        (lambda law: fb.EnergyLaw.from_eigenvalues([0, 0], 1), "eigenvalues has shape"),
        (lambda law: fb.EnergyLaw.from_eigenvalues([[1.0]], 1), "eigenvalues has shape"),
        (lambda law: law.ppf(1.5), "p ranges over"),
        (lambda law: law.isf(-0.1), "p ranges over"),
        (lambda law: law.ppf(np.nan), "p is nan"),
        (lambda law: law.sf(np.nan), "q is nan"),
        (lambda law: law.sf(1j), "q has dtype complex"),
        (lambda law: law.sf("1"), "q has dtype"),
        (lambda law: law.rvs(0), "size is 0"),
        (lambda law: law.rvs((2, 1.5)), "size is 1.5"),
        (lambda law: law.rvs(2, rng=-1), "rng is -1"),
        (lambda law: law.cumulant_generating_function(1e9), "s is 1e"),
    ],
)
def test_bad_input(call, message):
    law = fb.EnergyLaw.from_eigenvalues([2.0, 1.0], 5)
    with pytest.raises(fb.FilterbankError, match=message):
        call(law)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: GammaSum(np.array([1.0, 0.0]), 1.0), "scales has shape"),
        (lambda: GammaSum(np.array([[1.0]]), 1.0), "scales has shape"),
        (lambda: GammaSum(np.array([1.0]), 0.0), "shape is 0"),
        (lambda: GammaSum(np.array([1.0]), 1.0).log_integral(np.array([0.0]), "sf"), "q is 0"),
        (lambda: GammaSum(np.array([1.0]), 1.0).log_integral(np.array([1.0]), "isf"), "kind is"),
    ],
)
def test_bad_input_to_the_inversion(call, message):
    with pytest.raises(fb.FilterbankError, match=message):
        call()


def test_an_integral_that_cannot_converge_says_so():
    """The upper tail 70 standard deviations below the mean is 1: no contour serves it."""
    gammas = GammaSum(np.random.default_rng(0).uniform(0.5, 1, 4096), 5.0)
    with pytest.raises(fb.FilterbankError, match="did not converge"):
        gammas.log_integral(np.array([0.5 * 5 * gammas.ratios.sum()]), "sf")


def test_the_integrand_never_exceeds_its_saddle_point_value():
    """Along the path each factor falls, because the path leans by less than 45 degrees."""
    rng = np.random.default_rng(0)
    for _ in range(50):
        gammas = GammaSum(10.0 ** rng.uniform(-4, 0, rng.integers(1, 200)), 0.5)
        mean = gammas.shape * gammas.ratios.sum()
        x = mean * 10.0 ** rng.uniform(-1, 1, 5)
        v0 = gammas.saddle_point(x, "pdf")
        second = gammas.scaled_cumulant(v0, 2)
        width = (v0 / np.sqrt(second))[:, None]
        bend = (v0 * gammas.scaled_cumulant(v0, 3) / (6 * second**2))[:, None]
        shift, _ = contour._hyperbola(np.linspace(0, 50, 400), width, bend)
        height = gammas._log_mgf(v0.astype(complex)).real[:, None]
        fall = (gammas._log_mgf(v0[:, None] - shift) - height - x[:, None] * shift).real
        assert fall.max() < 1e-8 * np.abs(height).max() + 1e-8
        assert (np.abs(shift.real) <= contour.LEAN * np.abs(shift.imag)).all()


def test_deep_tail_of_many_equal_eigenvalues():
    """One gamma variable of shape J T / 2 = 5120, seen as 1024: no digit to lose in the sum."""
    q = 1 + np.geomspace(0.01, 5, 50)
    law = fb.EnergyLaw(fb.impulse(1024), 10, 1024)
    exact = stats.gamma(5120, scale=1 / 5120).logsf(q)
    finite = np.isfinite(exact)
    assert finite.sum() > 25
    np.testing.assert_allclose(law.logsf(q)[finite], exact[finite], rtol=1e-10)
    assert np.isfinite(law.logsf(q)).all()
