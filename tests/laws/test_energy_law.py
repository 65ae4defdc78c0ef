"""EnergyLaw against closed forms, gx2 and simulation; `test_contour` has the depths."""

from __future__ import annotations

import gx2
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from same_law import tabulated
from scipy import stats

import fbtools as fb
from fbtools.simulation.samplers import EnergyFromLaw

# What the docstring promises: 1e-10 relative, everywhere.
RELATIVE = 1e-10


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
    law = fb.EnergyLaw(fb.signals.chirp(300, 0.01, 0.3), n_filters=3, filter_length=40)
    h = 0.02
    k = law.cumulant_generating_function(h * np.arange(-4, 5))
    coefficients = np.polyfit(h * np.arange(-4, 5), k, 8)[::-1]
    assert coefficients[1] == pytest.approx(law.mean(), rel=1e-8)
    assert 2 * coefficients[2] == pytest.approx(law.var(), rel=1e-7)
    third = 6 * coefficients[3] / law.var() ** 1.5
    assert third == pytest.approx(law.skewness(), rel=1e-4)
    assert law.std() == pytest.approx(np.sqrt(law.var()))


def test_impulse_matches_the_numbers_of_the_design():
    law = fb.EnergyLaw(fb.signals.impulse(128), n_filters=10, filter_length=128)
    assert law.sf(1.1) == pytest.approx(stats.gamma.sf(1.1, 640, scale=1 / 640), rel=RELATIVE)
    constant = fb.EnergyLaw(fb.signals.constant(1024), n_filters=400, filter_length=128)
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
    law = fb.EnergyLaw(fb.signals.brown_noise(512, rng=1), n_filters=3, filter_length=64)
    draws = law.rvs(4000, rng=0)
    assert stats.kstest(draws, tabulated(law.cdf, draws)).pvalue > 1e-4
    simulated = fb.simulate_energy(fb.signals.brown_noise(512, rng=1), 3, 64, 4000, rng=1)
    assert stats.kstest(simulated, tabulated(law.cdf, simulated)).pvalue > 1e-4


def test_draws_are_those_of_the_lumped_law():
    """One way to draw, in the method and in `simulate_energy`, and the same bits whenever."""
    law = fb.EnergyLaw(fb.signals.brown_noise(2048, rng=1), n_filters=40, filter_length=1024)
    draws = law.rvs(20_000, rng=3)
    few = law.lumped()
    assert few.eigenvalues.size < 20
    np.testing.assert_array_equal(draws, few.rvs(20_000, rng=3))
    np.testing.assert_array_equal(draws, law.rvs(20_000, rng=3))
    sampler = EnergyFromLaw.of(few)
    np.testing.assert_array_equal(draws, sampler(20_000, np.random.default_rng(3)))
    more = law.lumped(1e-12)  # lumped as its user wants it, and not once more
    assert more.eigenvalues.size > few.eigenvalues.size
    sampler = EnergyFromLaw.of(more)
    np.testing.assert_array_equal(more.rvs(9, rng=3), sampler(9, np.random.default_rng(3)))
    assert stats.kstest(draws, tabulated(law.cdf, draws)).pvalue > 1e-4


def test_the_extremes_of_quantiles():
    """Below the least float a quantile is 0; an upper one is -log p for J = 2, T = 1."""
    one = fb.EnergyLaw.from_eigenvalues([1.0], 1)
    assert one.ppf(1e-300) == 0  # 1e-600 pi/2
    assert one.ppf(1e-100) == pytest.approx(np.pi / 2 * 1e-200, rel=1e-12, abs=0)
    # A subnormal number, of which 1e-320 has three digits.
    assert one.ppf(1e-160) == pytest.approx(np.pi / 2 * 1e-320, rel=1e-3, abs=0)
    two = fb.EnergyLaw.from_eigenvalues([1.0], 2)
    p = np.array([5e-324, 1e-300, 1e-16, 0.5])
    np.testing.assert_allclose(two.isf(p), -np.log(p), rtol=1e-14)
    np.testing.assert_allclose(two.ppf(1 - 2.0**-53), 53 * np.log(2), rtol=1e-14)
    # Solved for log p, of size 700, whose rounding is that of p times 700.
    np.testing.assert_allclose(two.ppf(p), -np.log1p(-p), rtol=1e-12)
    np.testing.assert_allclose(two.isf(1 - 2.0**-53), 2.0**-53, rtol=1e-14)


def test_eigenvalues_at_any_scale():
    """At both ends of floating-point range; what is 1e-200 of the largest counts as zero."""
    law = fb.EnergyLaw.from_eigenvalues([3.0, 2.0, 1.0], 4)
    for scale in (1e-307, 5e307):
        other = fb.EnergyLaw.from_eigenvalues(np.array([3.0, 2.0, 1.0]) * scale, 4)
        np.testing.assert_allclose(other.eigenvalues, law.eigenvalues, rtol=1e-15)
    tiny = fb.EnergyLaw.from_eigenvalues([1.0, 1e-150, 1e-201, 5e-324], 4)
    np.testing.assert_array_equal(tiny.eigenvalues, [1.0, 1e-150, 0.0, 0.0])
    assert np.isfinite(tiny.logcdf(5e-324))


def test_the_law_of_the_most_filters_is_normal():
    """J = 2^53: beyond, J/2 and J/2 - 1 are one number, and the law ends in NaN.

    The standardised law differs from the normal one by its skewness, 2.6e-8 here. A ratio within
    1e-16 is within 6e-9 standard deviations, which changes logarithms of size 7 by 1e-7 at most.
    """
    law = fb.EnergyLaw(fb.signals.brown_noise(64, rng=0), 2**53, 16)
    z = np.array([-3.0, -1.0, 0.0, 1.0, 3.0])
    np.testing.assert_allclose(law.logcdf(1 + z * law.std()), stats.norm.logcdf(z), rtol=1e-6)
    np.testing.assert_allclose(law.logsf(1 + z * law.std()), stats.norm.logsf(z), rtol=1e-6)
    assert np.isfinite(law.rvs(3, rng=0)).all()


def test_integers_beyond_64_bits_are_numbers():
    law = fb.EnergyLaw.from_eigenvalues([2**70, 3 * 2**70], 5)
    np.testing.assert_allclose(law.eigenvalues, [0.75, 0.25], rtol=1e-15)
    np.testing.assert_array_equal(law.sf([2**70, np.inf, 0]), [0, 0, 1])


def test_draws_have_the_size_and_the_seed_asked_for():
    law = fb.EnergyLaw.from_eigenvalues(np.ones(3000), 5)
    np.testing.assert_array_equal(law.rvs((3, 500), rng=7), law.rvs((3, 500), rng=7))
    assert law.rvs((3, 500), rng=7).shape == (3, 500)
    assert law.rvs(1, rng=0).shape == (1,)
    assert law.rvs(rng=0) == law.rvs(1, rng=0)[0]
    assert np.unique(law.rvs(2000, rng=0)).size == 2000


def test_long_filters_and_signals_stay_affordable():
    """T = 4096 on 10 s at 44.1 kHz: works, without a matrix of N rows (that would be 14 GB)."""
    x = fb.signals.sinusoid(441_000, 440 / 44_100) + 0.1 * fb.signals.white_noise(441_000, rng=0)
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
        (lambda law: fb.EnergyLaw([1.0, 2.0], 10**33, 1), "n_filters is 10+: it must be at most"),
        (lambda law: law.ppf(1.5), "p ranges over"),
        (lambda law: law.ppf(1.0000001), r"p ranges over \[1.0000001, 1.0000001\]"),
        (lambda law: law.interval(1.5), "confidence ranges over"),
        (lambda law: law.sf([[1], [1, 2]]), "q is not an array"),
        (lambda law: law.sf(10**400), "q holds an integer beyond floating-point range"),
        (lambda law: law.isf(-0.1), "p ranges over"),
        (lambda law: law.ppf(np.nan), "p is nan"),
        (lambda law: law.sf(np.nan), "q is nan"),
        (lambda law: law.sf(1j), "q has dtype complex"),
        (lambda law: law.sf("1"), "q has dtype"),
        (lambda law: law.rvs(-1), "size is -1"),
        (lambda law: law.moment(1.5), "order is 1.5"),
        (lambda law: law.moment(-1), "order is -1"),
        (lambda law: law.moment(500), "order is 500: this moment is beyond floating-point range"),
        (lambda law: law.rvs((2, 1.5)), "size is 1.5"),
        (lambda law: law.rvs(10**30), "size is 10+: it must be at most"),
        (lambda law: law.rvs(2**52), r"size is 4503599627370496: .* take 3.36e\+07 GiB"),
        (lambda law: law.rvs((2**40, 2**40)), r"size is \(1099511627776, 1099511627776\): .*GiB"),
        (lambda law: law.rvs(2, rng=-1), "rng is -1"),
        (lambda law: law.cumulant_generating_function(1e9), r"s is 1000000000.0: .* only below \d"),
    ],
)
def test_bad_input(call, message):
    law = fb.EnergyLaw.from_eigenvalues([2.0, 1.0], 5)
    with pytest.raises(fb.FilterbankError, match=message):
        call(law)
