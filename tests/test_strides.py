"""Extreme eigenvalues of fibres, and the frame bounds of strided layers, against simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

import fbtools as fb
from fbtools import wishart

LEVELS = np.array([0.2, 0.9, 2.5, 6.0, 11.0])


def simulate(n_filters, stride, n_blocks, n_draws, oversampling=6, seed=0):
    """A and B of layers with T = d L, by the eigenvalues of E* E on a grid of fibres."""
    generator = np.random.default_rng(seed)
    n_fibres = oversampling * n_blocks
    out = np.empty((2, n_draws))
    for i in range(n_draws):
        w = generator.standard_normal((n_filters, n_blocks, stride)) / np.sqrt(n_filters * n_blocks)
        matrix = np.fft.rfft(w, n=n_fibres, axis=1).transpose(1, 0, 2)
        values = np.linalg.eigvalsh(matrix.conj().transpose(0, 2, 1) @ matrix)
        out[:, i] = values[:, 0].min(), values[:, -1].max()
    return out


def assert_mean(predicted, sample, share):
    """Within a share of the mean, and four standard errors of the simulation."""
    error = 4 * sample.std(ddof=1) / np.sqrt(sample.size)
    assert predicted == pytest.approx(sample.mean(), abs=share * sample.mean() + error)


@pytest.mark.parametrize("below", [True, False])
@pytest.mark.parametrize("n_rows", [2, 3, 6])
def test_two_columns_against_the_joint_density(n_rows, below):
    """The eigenvalues' joint density, integrated over a square or a quadrant."""
    for beta, name in ((1, "real"), (2, "complex")):
        power, rate = beta / 2 * (n_rows - 1) - 1, beta / 2

        def density(y, x, power=power, rate=rate, beta=beta):
            return (x * y) ** power * np.exp(-rate * (x + y)) * (x - y) ** beta

        def mass(low, high, density=density):
            inner = {"epsabs": 1e-11, "epsrel": 1e-11}
            return integrate.dblquad(density, low, high, low, lambda x: x, **inner)[0]

        for level in (0.9, 2.5, 6.0):
            box = (0, level) if below else (level, 90)
            expected = mass(*box) / mass(0, 90)
            function = getattr(wishart, f"{name}_log_probability")
            ours = function(np.array([level]), n_rows, 2, below)
            ours = ours[0][0] if beta == 2 else ours[0]
            # A real 2 x 2 matrix has an integrable singularity, which costs the oracle digits.
            precision = 2e-4 if power < 0 else 1e-7
            assert np.exp(ours) == pytest.approx(expected, rel=precision, abs=1e-9), (name, level)


def test_one_column_is_a_gamma_variable():
    for j in (1, 2, 7):
        for below in (True, False):
            complex_law, real_law = stats.gamma(j), stats.chi2(j)
            ours = wishart.complex_log_probability(LEVELS, j, 1, below)
            expected = complex_law.logcdf(LEVELS) if below else complex_law.logsf(LEVELS)
            np.testing.assert_allclose(ours[0], expected, rtol=1e-10, atol=1e-13)
            slope = np.exp(complex_law.logpdf(LEVELS) - expected)
            np.testing.assert_allclose(ours[1], slope, rtol=1e-9)
            expected = real_law.logcdf(LEVELS) if below else real_law.logsf(LEVELS)
            ours = wishart.real_log_probability(LEVELS, j, 1, below)
            np.testing.assert_allclose(ours, expected, rtol=1e-6, atol=1e-10)


def test_smallest_eigenvalue_of_a_square_complex_matrix_is_exponential():
    """Edelman's theorem: d times the smallest eigenvalue is exponential."""
    for d in (2, 5, 24):
        levels = np.array([0.01, 0.2, 1.0]) / d
        ours, hazard = wishart.complex_log_probability(levels, d, d, below=False)
        np.testing.assert_allclose(ours, -d * levels, rtol=1e-9)
        np.testing.assert_allclose(hazard, d, rtol=1e-9)


@pytest.mark.parametrize(("n_rows", "n_columns"), [(6, 3), (5, 5), (64, 32), (300, 20)])
def test_wishart_laws_against_simulation(n_rows, n_columns):
    """Kolmogorov-Smirnov at p > 1e-5 for each of four samples: four false alarms in 10^5."""
    generator = np.random.default_rng(n_rows)
    shape = (400, n_rows, n_columns)
    real, imaginary = generator.standard_normal(shape), generator.standard_normal(shape)
    for matrix in (real, (real + 1j * imaginary) / np.sqrt(2)):
        values = np.linalg.eigvalsh(matrix.conj().transpose(0, 2, 1) @ matrix)

        def cdf(x, below, is_real=matrix.dtype.kind == "f"):
            if is_real:
                log = wishart.real_log_probability(x, n_rows, n_columns, below)
            else:
                log = wishart.complex_log_probability(x, n_rows, n_columns, below)[0]
            return np.exp(log) if below else -np.expm1(log)

        assert stats.kstest(values[:, -1], lambda x, cdf=cdf: cdf(x, True)).pvalue > 1e-5
        assert stats.kstest(values[:, 0], lambda x, cdf=cdf: cdf(x, False)).pvalue > 1e-5


@pytest.mark.parametrize("stride", [2, 4, 8, 16, 32])
@pytest.mark.parametrize("ratio", [2, 4, 8, 16])
def test_predicted_bounds_of_strided_layers(stride, ratio):
    """A, B within 5 % and kappa within 6 %, T/d in {2, 8, 32}; false alarms below 6e-5 each."""
    j = ratio * stride
    for n_blocks in (2, 8, 32):
        n_draws = max(24, 1600 // (stride * n_blocks))
        a, b = simulate(j, stride, n_blocks, n_draws, seed=n_blocks)
        lower, upper = fb.frame_bound_laws(j, n_blocks * stride, stride=stride)
        assert_mean(lower.mean(), a, 0.05)
        assert_mean(upper.mean(), b, 0.05)
        kappa = fb.expected_condition_number(j, n_blocks * stride, stride=stride)
        assert_mean(kappa, b / a, 0.06)


@pytest.mark.parametrize(("j", "d", "t"), [(6, 2, 16), (12, 4, 20), (40, 16, 32), (9, 3, 3)])
def test_on_z_t_the_law_is_exact(j, d, t):
    """Independent fibres; Kolmogorov-Smirnov at p > 1e-5 for each of eight samples."""
    a, b = fb.simulate_frame_bounds(j, t, 500, signal_length=t, stride=d, rng=1)
    lower, upper = fb.frame_bound_laws(j, t, t, stride=d)
    assert stats.kstest(a, lower.cdf).pvalue > 1e-5
    assert stats.kstest(b, upper.cdf).pvalue > 1e-5


@pytest.mark.parametrize("fineness", [2, 4])
def test_finite_grids_of_fibres(fineness):
    for j, d, n_blocks in ((8, 2, 8), (16, 4, 8), (64, 16, 4)):
        a, b = simulate(j, d, n_blocks, 400 if d < 16 else 100, oversampling=fineness)
        t = n_blocks * d
        lower, upper = fb.frame_bound_laws(j, t, fineness * t, stride=d)
        assert_mean(lower.mean(), a, 0.05)
        assert_mean(upper.mean(), b, 0.05)


def test_a_fine_grid_of_fibres_is_the_circle():
    """One grid is exact at N = T; the finest tends to the circle."""
    circle = fb.frame_bound_laws(16, 32, stride=4)
    for law, limit in zip(fb.frame_bound_laws(16, 32, 4 * 4096, stride=4), circle, strict=True):
        assert law.mean() == pytest.approx(limit.mean(), rel=1e-3)


def test_bounds_when_the_stride_does_not_divide_the_length():
    """T = 31, d = 2, as in a published network: the columns have 16 and 15 taps."""
    a, b = fb.simulate_frame_bounds(16, 31, 300, signal_length=31 * 16, stride=2, rng=2)
    lower, upper = fb.frame_bound_laws(16, 31, 31 * 16, stride=2)
    assert_mean(lower.mean(), a, 0.05)
    assert_mean(upper.mean(), b, 0.05)


def test_mean_of_the_inverse_exists_from_two_filters_above_the_stride():
    assert fb.expected_condition_number(5, 8, stride=4) == np.inf
    assert fb.expected_condition_number(6, 8, stride=4) < np.inf


def test_laws_under_a_stride_are_distributions():
    for law in fb.frame_bound_laws(12, 32, stride=4):
        p = np.array([1e-6, 0.05, 0.5, 0.999])
        np.testing.assert_allclose(law.cdf(law.ppf(p)), p, rtol=1e-6)
        q = np.linspace(0.001, 5, 300)
        assert (np.diff(law.cdf(q)) >= -1e-12).all()
        assert "stride=4" in repr(law)


def test_marchenko_pastur_edges():
    """The edges are the limits of the extreme eigenvalues; the errors are of order J^(-2/3)."""
    assert fb.marchenko_pastur_bounds(16, 16) == (0.0, 4.0)
    assert fb.marchenko_pastur_bounds(8, 32) == (0.0, 9.0)
    gaps = []
    for j in (16, 128):
        generator = np.random.default_rng(0)
        values = [
            np.linalg.svd(generator.standard_normal((j, j // 4)) / np.sqrt(j), compute_uv=False)
            for _ in range(40)
        ]
        extremes = np.mean([(s[-1] ** 2, s[0] ** 2) for s in values], axis=0)
        gaps.append(np.abs(extremes - fb.marchenko_pastur_bounds(j, j // 4)))
    assert (gaps[1] < gaps[0] / 2).all()
    assert (gaps[1] < 0.15).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_filters": 3, "filter_length": 8, "stride": 4}, "never a frame"),
        ({"n_filters": 8, "filter_length": 3, "stride": 4}, "never a frame"),
        ({"n_filters": 8, "filter_length": 8, "stride": 3, "signal_length": 16}, "stride"),
    ],
)
def test_impossible_strides(arguments, message):
    with pytest.raises(fb.FilterbankError, match=message):
        fb.frame_bound_laws(**arguments)


@pytest.mark.parametrize(
    ("shape", "n"),
    [((16, 32, 8), 40), ((8, 16, 4), 20), ((10, 10, 5), 25), ((6, 8, 2), 14), ((20, 80, 5), 85)],
)
def test_an_odd_number_of_fibres_has_one_real_fibre(shape, n):
    """With a second one, A would be predicted 4 to 12 % too small."""
    j, t, d = shape
    sample = fb.simulate_frame_bounds(j, t, 10_000, n, d, rng=1, method="law")
    for law, bounds in zip(fb.frame_bound_laws(j, t, n, d), sample, strict=True):
        assert law.mean() == pytest.approx(bounds.mean(), rel=0.045)
