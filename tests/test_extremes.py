"""Laws of the frame bounds against closed forms, exact sums, and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import fft, integrate, special, stats

import fbtools as fb
from fbtools import crossings, extremes

# J, T -> means of A and B at T = N, from one-dimensional integrals (the formula sheet, 4.5).
SHEET = {40: (0.58536, 1.55561), 10: (0.30252, 2.25492), 5: (0.15515, 2.94216)}


def simulate(n_filters, filter_length, n_draws, seed=0):
    """S of independent filterbanks on the grid of 16 T points, (n_draws, 8 T + 1)."""
    generator = np.random.default_rng(seed)
    out = np.zeros((n_draws, 8 * filter_length + 1))
    for row in out:
        w = fb.random_filterbank(n_filters, filter_length, generator)
        transfer = fft.rfft(w, n=16 * filter_length)
        row += np.einsum("jk,jk->k", transfer.real, transfer.real)
        row += np.einsum("jk,jk->k", transfer.imag, transfer.imag)
    return out


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
        predicted = fb.expected_condition_number(n_filters, length, n)
        assert predicted == pytest.approx(kappa.mean(), abs=margin), ratio


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


def test_two_filters_have_no_mean_condition_number():
    assert fb.expected_condition_number(2, 16) == np.inf
    assert np.isfinite(fb.expected_condition_number(3, 16))


def test_scaling_law_solves_its_equation():
    for j, t in ((5, 8), (40, 1024), (400, 2)):
        for s in fb.scaling_law_bounds(j, t):
            assert s - 1 - np.log(s) == pytest.approx(np.log(t) / j, rel=1e-9)
    a, b = fb.scaling_law_bounds(10, 1000)
    assert 0 < a < 1 < b
    assert fb.scaling_law_bounds(20, 1000**2) == pytest.approx((a, b), rel=1e-9)
    assert fb.square_root_bounds(10, 1000)[0] < 0
    # Both agree to first order when log(T)/J is small: s = 1 -+ sqrt(2 c), against 1 -+ 2 sqrt(c).
    low, high = fb.scaling_law_bounds(10**6, 8)
    assert (high - low) / np.sqrt(np.log(8) / 10**6) == pytest.approx(2 * np.sqrt(2), rel=1e-3)
    low, high = fb.square_root_bounds(10**6, 8)
    assert (high - low) / np.sqrt(np.log(8) / 10**6) == pytest.approx(4, rel=1e-9)


def test_order_statistics_of_chi_squares():
    draws = np.random.default_rng(0).chisquare(10, (4000, 64)) / 10
    a, b = fb.order_statistic_bounds(10, 64)
    for value, sample in ((a, draws.min(axis=1)), (b, draws.max(axis=1))):
        assert value == pytest.approx(sample.mean(), abs=4.5 * sample.std() / np.sqrt(4000))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fb.frame_bound_laws(4, 8, 7), "filter_length is 8"),
        (lambda: fb.frame_bound_laws(4, 8)[0].ppf(1.0), "p ranges over"),
        (lambda: fb.frame_bound_laws(4, 8)[0].cdf(np.nan), "q is nan"),
        (lambda: fb.simulate_frame_bounds(4, 8, 3, 9, 2), "does not divide"),
        (lambda: fb.simulate_frame_bounds(4, 8, 3, 4), "filter_length is 8"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(fb.FilterbankError, match=message):
        call()


def test_support_covers_the_law():
    law = extremes.frame_bound_laws(80, 1024)[1]
    low, high = law._support
    assert law.cdf(low) < 1e-12
    assert law.sf(high) < 1e-12
