"""Windowed, orthogonal and wavelet banks: their structure, their scale, their distribution."""

from __future__ import annotations

from math import comb

import hypothesis.strategies as st
import numpy as np
import pytest
import scipy.signal
from hypothesis import given
from scipy import stats

import fbtools as fb
from fbtools.filterbanks.random import normalise_energy, orthogonal_filterbank, windowed_filterbank
from fbtools.filterbanks.wavelets import daubechies, wavelet_filterbank


def gain_of_noise(w, signal_length, stride=1):
    """Mean energy ratio over white noise: a trace."""
    return np.sum(fb.analysis_matrix(w, signal_length, stride=stride) ** 2) / signal_length


@given(st.integers(1, 6), st.integers(1, 9), st.integers(1, 4), st.integers(0, 99))
def test_normalised_banks_keep_the_energy_of_noise(n_filters, length, stride, seed):
    w = np.random.default_rng(seed).standard_normal((n_filters, 1, length))
    scaled = normalise_energy(w, stride=stride)
    assert scaled.shape == (n_filters, length)
    assert gain_of_noise(scaled, 12 * stride, stride) == pytest.approx(1, rel=1e-12)
    ratios = scaled / w[:, 0]
    np.testing.assert_allclose(ratios, ratios[0, 0], rtol=1e-12)
    assert ratios[0, 0] > 0


def test_windowed_filters_are_random_filters_under_a_window():
    w = windowed_filterbank(3, 50, rng=5, stride=2, distribution="laplace")
    bare = fb.random_filterbank(3, 50, rng=5, stride=2, distribution="laplace")
    hann = np.sin(np.pi * np.arange(1, 51) / 51) ** 2
    np.testing.assert_allclose(w, bare * hann / np.sqrt(np.mean(hann**2)), rtol=1e-12)


@pytest.mark.parametrize("window", ["hann", "boxcar", ("kaiser", 8.0), ("general_hamming", 0.7)])
def test_windows_keep_the_mean_energy(window):
    """The variances add up to d: chi-square with weights; false alarm once in 10^6."""
    x = fb.signals.harmonic_tone(128, 0.05, 4)
    ratios = [
        fb.energy_ratio(x, windowed_filterbank(4, 32, rng=i, window=window)) for i in range(2000)
    ]
    error = (np.mean(ratios) - 1) / (np.std(ratios) / np.sqrt(2000))
    assert abs(error) < stats.norm.isf(0.5e-6)


@pytest.mark.parametrize("length", [1, 2, 3, 16])
def test_no_tap_is_wasted_on_the_ends_of_a_window(length):
    w = windowed_filterbank(2, length, rng=0, distribution="rademacher")
    assert (w != 0).all()
    assert gain_of_noise(w, 16) == pytest.approx(1, rel=1e-12)


@given(st.integers(1, 12), st.integers(1, 12), st.integers(1, 3), st.integers(0, 99))
def test_orthogonal_banks(n_filters, length, stride, seed):
    w = orthogonal_filterbank(n_filters, length, rng=seed, stride=stride)
    assert w.shape == (n_filters, length)
    gram = w @ w.T if n_filters <= length else w.T @ w
    smaller = min(n_filters, length)
    np.testing.assert_allclose(gram, stride / smaller * np.eye(smaller), atol=1e-14)
    if n_filters >= length and length % stride == 0:
        phi = fb.analysis_matrix(w, 12 * stride, stride=stride)
        np.testing.assert_allclose(phi.T @ phi, np.eye(12 * stride), atol=1e-13)


def test_orthogonal_banks_are_uniformly_distributed():
    """One weight of J < T rows: Beta(1/2, (T-1)/2) square and a fair sign.

    Without the correction of signs nearly all of these weights are negative. False alarm: once in
    10^6 runs for each test.
    """
    weights = np.array([orthogonal_filterbank(3, 7, rng=i)[0, 0] for i in range(2000)])
    assert stats.kstest(3 * weights**2, stats.beta(0.5, 3.0).cdf).pvalue > 1e-6
    assert stats.binomtest(int(np.sum(weights > 0)), 2000).pvalue > 1e-6


def test_variance_of_the_energy_of_orthogonal_banks():
    """2/(J r) times (T - J)(T - r)/((T - 1)(T + 2)); false alarm once in 10^6 runs."""
    n_filters, length = 5, 16
    x = fb.signals.harmonic_tone(64, 0.11, 3)
    ratios = np.array(
        [fb.energy_ratio(x, orthogonal_filterbank(n_filters, length, rng=i)) for i in range(4000)]
    )
    r = fb.effective_rank(x, length)
    expected = 2 * (length - n_filters) * (length - r) / (n_filters * r * (length - 1) * 18)
    deviations = (ratios - ratios.mean()) ** 2
    error = (deviations.mean() - expected) / (deviations.std() / np.sqrt(4000))
    assert abs(error) < stats.norm.isf(0.5e-6)
    assert abs(ratios.mean() - 1) < stats.norm.isf(0.5e-6) * np.sqrt(expected / 4000)


@given(st.integers(2, 6), st.integers(1, 6), st.integers(0, 5))
def test_wavelets_are_tight(n_filters, order, extra):
    length = (2 * order - 1) * (2 ** (n_filters - 1) - 1) + 1 + extra
    w = wavelet_filterbank(n_filters, length, order)
    assert w.shape == (n_filters, length)
    np.testing.assert_allclose(fb.littlewood_paley(w, 257), 1, atol=1e-12)


def test_haar_wavelets_by_hand():
    w = wavelet_filterbank(3, 4, order=1)
    expected = [[0.25, 0.25, 0.25, 0.25], [0.25, 0.25, -0.25, -0.25], [0, 0.5, -0.5, 0]]
    np.testing.assert_allclose(w * np.sign(w[:, 1:2]), expected, atol=1e-15)


def test_a_wavelet_bank_is_a_stationary_wavelet_transform():
    """Each octave by the cascade: filter with holes of 2^k, and go on with the low pass."""
    low = daubechies(3)
    high = low[::-1] * (-1) ** np.arange(6)
    w = wavelet_filterbank(4, 60, order=3)
    x = np.random.default_rng(0).standard_normal(128)
    rest = x
    for octave in range(3):
        holes = 2**octave
        detail = sum(c * np.roll(rest, holes * n) for n, c in enumerate(high))
        rest = sum(c * np.roll(rest, holes * n) for n, c in enumerate(low))
        needed = 5 * (2 ** (octave + 1) - 1) + 1
        shifted = np.roll(detail, (60 - needed) // 2)
        np.testing.assert_allclose(fb.analyze(x, w)[3 - octave], shifted, atol=1e-12)
    np.testing.assert_allclose(fb.analyze(x, w)[0], np.roll(rest, (60 - 36) // 2), atol=1e-12)


def test_wavelets_lie_an_octave_apart():
    response = np.abs(np.fft.rfft(wavelet_filterbank(6, 1024, order=8), 2**14, axis=1)) ** 2
    frequencies = np.arange(response.shape[1])
    centre = (response @ frequencies) / response.sum(axis=1)
    assert centre[0] < centre[1]
    # The highest octave ends at the Nyquist frequency, which draws its centre down by 3 %.
    np.testing.assert_allclose(centre[2:] / centre[1:-1], 2, rtol=0.04)


@pytest.mark.parametrize("order", range(1, 17))
def test_daubechies_filters(order):
    """Orthonormal to even shifts, the right modulus, minimum phase: these determine the filter."""
    h = daubechies(order)
    assert h.size == 2 * order
    assert h.sum() == pytest.approx(1)
    for k in range(order):
        inner = 2 * h[: h.size - 2 * k] @ h[2 * k :]
        assert inner == pytest.approx(float(k == 0), abs=1e-12)
    omega = np.linspace(0, np.pi, 65)
    c, s = np.cos(omega / 2) ** 2, np.sin(omega / 2) ** 2
    expected = c**order * sum(comb(order - 1 + k, k) * s**k for k in range(order))
    response = np.exp(-1j * np.outer(omega, np.arange(2 * order))) @ h
    np.testing.assert_allclose(np.abs(response) ** 2, expected, atol=1e-12)
    others = np.sort(np.abs(np.roots(h)))[: order - 1]
    assert (others < 1).all()


def test_daubechies_closed_form():
    s = np.sqrt(3)
    expected = np.array([1 + s, 3 + s, 3 - s, 1 - s]) / 8
    np.testing.assert_allclose(daubechies(2), expected, atol=1e-15)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: normalise_energy(np.zeros((2, 3))), "w is zero everywhere"),
        (lambda: normalise_energy(np.ones(3)), "w has shape"),
        (lambda: normalise_energy(np.ones((1, 3)), stride=0), "stride is 0"),
        (lambda: windowed_filterbank(0, 3), "n_filters is 0"),
        (lambda: windowed_filterbank(2, 3, window="henn"), "window is 'henn', which SciPy refuses"),
        (lambda: windowed_filterbank(2, 3, window="kaiser"), "window is 'kaiser'"),
        (lambda: windowed_filterbank(2, 3, window=3.0), "window is 3.0"),
        (lambda: windowed_filterbank(2, 3, window=()), r"window is \(\)"),
        (lambda: windowed_filterbank(2, 3, window=("kaiser", np.nan)), "no finite, non-zero"),
        (lambda: windowed_filterbank(2, 3, distribution="cauchy"), "distribution is 'cauchy'"),
        (lambda: orthogonal_filterbank(2, -3), "filter_length is -3"),
        (lambda: orthogonal_filterbank(2, 3, stride=1.5), "stride is 1.5"),
        (lambda: orthogonal_filterbank(2, 3, rng="x"), "rng is 'x'"),
        (lambda: wavelet_filterbank(1, 8), "n_filters is 1"),
        (lambda: wavelet_filterbank(6, 64), r"need 218 taps.*\(4 filters fit\)"),
        (lambda: wavelet_filterbank(6, 4), "none fit: lower the order"),
        (lambda: wavelet_filterbank(3, 64, order=17), "order is 17"),
        (lambda: wavelet_filterbank(3, 64, order=0), "order is 0"),
        (lambda: wavelet_filterbank(3, 0), "filter_length is 0"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(fb.FilterbankError, match=message):
        call()


def test_scipys_hann_window_is_the_one_used():
    inner = scipy.signal.windows.hann(34)[1:-1]
    w = windowed_filterbank(1, 32, rng=0, distribution="rademacher")
    np.testing.assert_allclose(np.abs(w[0]) / np.abs(w[0]).max(), inner / inner.max(), rtol=1e-12)
