"""Extreme eigenvalues of fibres, and the frame bounds of strided layers, against simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import fbtools as fb


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
        assert_mean(upper.mean() * lower.mean_inverse(), b / a, 0.06)


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
    sample = fb.simulate_frame_bounds(j, t, 10_000, n, stride=d, rng=1, method="law")
    for law, bounds in zip(fb.frame_bound_laws(j, t, n, stride=d), sample, strict=True):
        assert law.mean() == pytest.approx(bounds.mean(), rel=0.045)
