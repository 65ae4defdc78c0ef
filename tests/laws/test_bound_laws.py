"""Laws of the frame bounds against closed forms, exact sums, and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats
from sums import simulate

import fbtools as fb
from fbtools.laws import bound_laws

# J, T -> means of A and B at T = N, from one-dimensional integrals (the formula sheet, 4.5).
SHEET = {40: (0.58536, 1.55561), 10: (0.30252, 2.25492), 5: (0.15515, 2.94216)}


@pytest.mark.parametrize(("n_filters", "means"), SHEET.items())
def test_exact_means_of_the_sheet(n_filters, means):
    lower, upper = fb.frame_bound_laws(n_filters, 1024, signal_length=1024)
    assert lower.mean() == pytest.approx(means[0], abs=6e-6)
    assert upper.mean() == pytest.approx(means[1], abs=6e-6)


@pytest.mark.parametrize("length", [2, 7, 64])
def test_bins_are_independent_when_n_is_t(length):
    """The distribution function against the product over bins, and the mean by quadrature."""
    j = 4
    lower, upper = fb.frame_bound_laws(j, length, signal_length=length)
    n_real = 2 - length % 2
    n_complex = (length - n_real) // 2
    q = np.array([0.05, 0.4, 1.0, 1.7, 3.0])
    real, other = stats.chi2(j, scale=1 / j), stats.gamma(j, scale=1 / j)
    np.testing.assert_allclose(upper.cdf(q), real.cdf(q) ** n_real * other.cdf(q) ** n_complex)
    np.testing.assert_allclose(lower.sf(q), real.sf(q) ** n_real * other.sf(q) ** n_complex)
    mean = integrate.quad(upper.sf, 0, 20, epsabs=1e-11, limit=200)[0]
    assert upper.mean() == pytest.approx(mean, abs=1e-9)
    square = integrate.quad(lambda x: 2 * x * upper.sf(x), 0, 20, epsabs=1e-11, limit=200)[0]
    assert upper.var() == pytest.approx(square - mean**2, abs=1e-8)
    inverse = integrate.quad(lambda x: lower.cdf(x) / x**2, 0, 20, epsabs=1e-11, limit=400)[0]
    assert lower.mean_inverse() == pytest.approx(inverse + 1 / 20, rel=1e-5)


@pytest.mark.parametrize("n_filters", [5, 10, 20, 40, 80])
@pytest.mark.parametrize("length", [8, 32, 128, 512, 1024])
def test_predicted_means_against_simulation(n_filters, length):
    """Means of A, B within 3 % or 0.02, of kappa within 5 %, plus 4 standard errors.

    False-alarm rate below 6e-5 for each of the 15 comparisons of a case, were the laws exact.
    """
    n_draws = max(50, min(400, 400 * 128 // length))
    s = simulate(n_filters, length, n_draws)
    for ratio in (1, 2, 4, 8, None):
        grid = s[:, :: 16 // (ratio or 16)]
        n = None if ratio is None else ratio * length
        lower, upper = fb.frame_bound_laws(n_filters, length, n)
        a, b = grid.min(axis=1), grid.max(axis=1)
        for law, sample in ((lower, a), (upper, b)):
            error = 4 * sample.std() / np.sqrt(n_draws)
            margin = 0.0 if ratio == 1 else max(0.03 * sample.mean(), 0.02)
            assert law.mean() == pytest.approx(sample.mean(), abs=margin + error), (ratio, law)
        kappa = b / a
        margin = 0.05 * kappa.mean() + 4 * kappa.std() / np.sqrt(n_draws)
        predicted = upper.mean() * lower.mean_inverse()
        assert predicted == pytest.approx(kappa.mean(), abs=margin), ratio


@pytest.mark.parametrize(
    ("j", "length", "n", "stride"),
    [(5, 8, 8, 1), (40, 128, 256, 1), (10, 64, None, 1), (8, 16, None, 4), (16, 32, 64, 8)],
)
def test_the_condition_number_is_that_of_the_two_laws(j, length, n, stride):
    """What is compared with simulations is the product; this makes it true of the function."""
    lower, upper = fb.frame_bound_laws(j, length, n, stride=stride)
    predicted = fb.expected_condition_number(j, length, n, stride=stride)
    assert predicted == upper.mean() * lower.mean_inverse()


def test_law_and_not_only_mean():
    """Distribution functions at J = 10, T = 64, on the circle: within 0.06 everywhere."""
    s = simulate(10, 64, 1500)
    lower, upper = fb.frame_bound_laws(10, 64)
    # Kolmogorov's distance of 1500 draws from their own law exceeds 0.058 once in 10^4.
    assert stats.kstest(s.min(axis=1), lower.cdf).statistic < 0.06 + 0.02
    assert stats.kstest(s.max(axis=1), upper.cdf).statistic < 0.06 + 0.02


def test_grids_between_t_and_2t():
    """N = 1.5 T, where bins are neither independent nor dense: within 3 % or 0.02."""
    lower, upper = fb.frame_bound_laws(10, 64, signal_length=96)
    a, b = fb.simulate_frame_bounds(10, 64, 1500, signal_length=96, rng=0)
    for law, sample in ((lower, a), (upper, b)):
        error = 4 * sample.std() / np.sqrt(sample.size)
        assert law.mean() == pytest.approx(sample.mean(), abs=0.02 + error)


def test_a_grid_finer_than_any_is_the_circle():
    for coarse, fine in zip(
        fb.frame_bound_laws(10, 64, signal_length=1024), fb.frame_bound_laws(10, 64), strict=True
    ):
        assert coarse.mean() == pytest.approx(fine.mean(), abs=2e-3)
        assert fb.frame_bound_laws(10, 64, signal_length=1025)[0].mean() == pytest.approx(
            fb.frame_bound_laws(10, 64)[0].mean(), rel=1e-12
        )


def test_quantiles_invert_and_distributions_increase():
    for law in (*fb.frame_bound_laws(8, 40), *fb.frame_bound_laws(8, 40, signal_length=120)):
        p = np.array([[1e-6, 0.05], [0.5, 0.999]])
        np.testing.assert_allclose(law.cdf(law.ppf(p)), p, rtol=1e-7)
        q = np.linspace(0.01, 4, 400)
        assert (np.diff(law.cdf(q)) >= -1e-12).all()
        np.testing.assert_allclose(law.cdf(q) + law.sf(q), 1, atol=1e-12)
        assert law.cdf(-1.0) == 0
        assert law.sf(0.0) == 1
        assert law.std() == pytest.approx(np.sqrt(law.var()))
        assert isinstance(law.ppf(0.5), float)
        assert "n_filters=8" in repr(law)


def test_gaussian_poincare_bounds_the_variance_of_the_root():
    """Var sqrt(B) <= 1/J, for the sqrt(B) is a Lipschitz function of the weights."""
    for j, length in ((5, 32), (20, 128)):
        upper = fb.simulate_frame_bounds(j, length, 300, signal_length=4 * length, rng=1)[1]
        assert np.sqrt(upper).var() < 1 / j


def test_one_tap_has_one_value():
    lower, upper = fb.frame_bound_laws(6, 1)
    q = np.array([0.3, 1.0, 2.0])
    np.testing.assert_allclose(lower.cdf(q), stats.chi2.cdf(6 * q, 6))
    np.testing.assert_allclose(upper.cdf(q), stats.chi2.cdf(6 * q, 6))


def test_two_filters_have_no_mean_condition_number():
    assert fb.expected_condition_number(2, 16) == np.inf
    assert np.isfinite(fb.expected_condition_number(3, 16))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fb.frame_bound_laws(4, 8, 7), "filter_length is 8"),
        (lambda: fb.frame_bound_laws(4, 8)[0].ppf(1.1), "p ranges over"),
        (lambda: fb.frame_bound_laws(4, 8)[0].ppf(np.nan), "p is nan"),
        (lambda: fb.frame_bound_laws(4, 2**60), "filter_length is 1152921504606846976: .*GiB"),
        (lambda: fb.frame_bound_laws(4, 8)[0].cdf(np.nan), "q is nan"),
        (lambda: fb.simulate_frame_bounds(4, 8, 3, 9, stride=2), "does not divide"),
        (lambda: fb.simulate_frame_bounds(4, 8, 3, 4), "filter_length is 8"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(fb.FilterbankError, match=message):
        call()


def test_support_covers_the_law():
    law = bound_laws.frame_bound_laws(80, 1024)[1]
    low, high = law._rule.low, law._rule.high
    assert law.cdf(low) < 1e-12
    assert law.sf(high) < 1e-12
