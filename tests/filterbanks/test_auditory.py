"""Hand-crafted filterbanks: where they peak, how they decay, what they cover."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal

import fbtools as fb

SR = 16_000


def peak_frequencies(w, sr):
    response = np.abs(np.fft.rfft(w, 2**16, axis=-1))
    return response.argmax(axis=-1) * sr / 2**16, response.max(axis=-1)


def test_erb_scale_is_glasberg_and_moores():
    f = fb.filterbanks.erb_frequencies(50, 100, 6000)
    erb = 21.4 * np.log10(1 + 4.37 * f / 1000)
    np.testing.assert_allclose(np.diff(erb), (erb[-1] - erb[0]) / 49)
    assert f[0] == pytest.approx(100)
    assert f[-1] == pytest.approx(6000)


@pytest.mark.parametrize("make", [fb.gabor_filterbank, fb.gammatone_filterbank])
def test_peaks_lie_on_the_erb_scale_with_unit_gain(make):
    w = make(20, 2048, SR, fmin=200, fmax=6000)
    frequencies, gains = peak_frequencies(w, SR)
    expected = fb.filterbanks.erb_frequencies(20, 200, 6000)
    # Gammatone peaks lie a little off their nominal frequency: a tenth of a bandwidth.
    np.testing.assert_allclose(frequencies, expected, atol=0.1 * 24.7 * (1 + 0.00437 * 6000))
    # The gain is normalised on a grid 16 times finer than the response can vary.
    np.testing.assert_allclose(gains, 1, rtol=2e-3)


def test_gabor_filters_have_the_equivalent_bandwidth_they_are_named_after():
    """Integral of |W|^2 over positive frequencies, over its peak, is one ERB."""
    w = fb.gabor_filterbank(5, 8192, SR, fmin=500, fmax=5000)
    power = np.abs(np.fft.rfft(w, axis=-1)) ** 2
    width = power.sum(axis=-1) / power.max(axis=-1) * SR / 8192
    expected = 24.7 * (1 + 0.00437 * fb.filterbanks.erb_frequencies(5, 500, 5000)) / np.sqrt(2)
    np.testing.assert_allclose(width, expected, rtol=0.01)


def test_mel_filters_square_to_librosas_triangles():
    import librosa

    w = fb.mel_filterbank(30, 1024, SR, fmin=50, fmax=7000)
    power = np.abs(np.fft.rfft(w, axis=-1)) ** 2
    triangles = librosa.filters.mel(
        sr=SR, n_fft=1024, n_mels=30, fmin=50, fmax=7000, norm=None, dtype=np.float64
    )
    np.testing.assert_allclose(power, triangles, atol=1e-12)


def test_constant_q_filters_are_octave_spaced_with_constant_q():
    w = fb.filterbanks.constant_q_filterbank(36, 4096, SR, fmin=220.0)
    frequencies, gains = peak_frequencies(w, SR)
    np.testing.assert_allclose(frequencies, 220 * 2 ** (np.arange(36) / 12), rtol=0.002)
    np.testing.assert_allclose(gains, 1, rtol=2e-3)
    lengths = (np.abs(w) > 0).sum(axis=1)
    np.testing.assert_allclose(lengths * frequencies, lengths[0] * frequencies[0], rtol=0.02)


def test_gammatone_filters_are_scipys():
    w = fb.gammatone_filterbank(3, 512, SR, fmin=500, fmax=2000)
    b, _ = scipy.signal.gammatone(500, "fir", numtaps=512, fs=SR)
    assert np.corrcoef(w[0], b)[0, 1] == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fb.filterbanks.erb_frequencies(3, 500, 100), "fmax is 100"),
        (lambda: fb.filterbanks.erb_frequencies(0, 100, 500), "n_filters is 0"),
        (lambda: fb.gabor_filterbank(3, 64, -1), "sr is -1"),
        (lambda: fb.gabor_filterbank(3, 0, SR), "filter_length is 0"),
        (lambda: fb.gabor_filterbank(3, 64, SR, fmax=9000), "fmax is 9000"),
        (lambda: fb.gammatone_filterbank(3, 64, SR, fmin=0), "fmin is 0"),
        (lambda: fb.mel_filterbank(80, 64, SR), "falls between its 250 Hz grid"),
        (lambda: fb.mel_filterbank(3, 64, SR, fmin=-5), "fmin is -5"),
        (lambda: fb.filterbanks.constant_q_filterbank(12, 256, SR, fmin=100), "use longer filters"),
        (lambda: fb.filterbanks.constant_q_filterbank(90, 8192, SR, fmin=100), "above sr/2"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(fb.FilterbankError, match=message):
        call()
