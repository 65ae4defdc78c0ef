"""ISAC filterbanks: scales, supports and frame bounds against formulas, librosa, dense matrices."""

from __future__ import annotations

import librosa
import numpy as np
import pytest
import scipy.signal

import fbtools as fb

SR = 16_000
SCALES = ("mel", "erb", "bark")


def test_mel_is_librosas_htk_scale():
    hertz = np.array([0.0, 50.0, 700.0, 1000.0, 8000.0])
    expected = librosa.hz_to_mel(hertz, htk=True)
    np.testing.assert_allclose(fb.filterbanks.hz_to_scale(hertz, "mel"), expected, rtol=1e-12)
    np.testing.assert_allclose(fb.filterbanks.scale_to_hz(expected, "mel"), hertz, rtol=1e-12)


def test_erb_is_glasberg_and_moores():
    """21.4 log10(4.37 F/1000 + 1), and a unit of it is 24.7 (4.37 F/1000 + 1) Hz wide."""
    hertz = np.array([50.0, 1000.0, 8000.0])
    expected = 21.4 * np.log10(4.37 * hertz / 1000 + 1)
    np.testing.assert_allclose(fb.filterbanks.hz_to_scale(hertz, "erb"), expected, rtol=1e-12)
    # 21.4 is 1 / (24.7 * 0.00437) * ln 10 rounded: three parts in a thousand.
    width = 24.7 * (4.37 * hertz / 1000 + 1)
    np.testing.assert_allclose(fb.filterbanks.scale_width(hertz, "erb"), width, rtol=0.004)
    np.testing.assert_allclose(
        fb.filterbanks.scale_to_hz(
            np.linspace(*fb.filterbanks.hz_to_scale([100.0, 6000.0], "erb"), 7), "erb"
        ),
        fb.filterbanks.erb_frequencies(7, 100, 6000),
        rtol=1e-12,
    )


def test_bark_is_traunmuellers():
    """z = 26.81 / (1 + 1960/f) - 0.53, and the critical bandwidth 52548 / (z^2 - 52.56 z + 690.39).

    The denominator is (z - 26.28)^2 but for its last term, 690.39 in place of 690.64.
    """
    hertz = np.array([100.0, 500.0, 1000.0, 4000.0])
    z = 26.81 / (1 + 1960 / hertz) - 0.53
    np.testing.assert_allclose(fb.filterbanks.hz_to_scale(hertz, "bark"), z, rtol=1e-12)
    published = 52548 / (z**2 - 52.56 * z + 690.39)
    np.testing.assert_allclose(fb.filterbanks.scale_width(hertz, "bark"), published, rtol=5e-3)


@pytest.mark.parametrize("scale", SCALES)
def test_scales_invert_and_widths_are_derivatives(scale):
    hertz = np.linspace(0, 20_000, 41)
    np.testing.assert_allclose(
        fb.filterbanks.scale_to_hz(fb.filterbanks.hz_to_scale(hertz, scale), scale),
        hertz,
        rtol=1e-9,
        atol=1e-9,
    )
    slope = (
        fb.filterbanks.hz_to_scale(hertz + 0.5, scale)
        - fb.filterbanks.hz_to_scale(np.abs(hertz - 0.5), scale)
    ) / 1
    # A central difference over 1 Hz; the first one is not central, because of the modulus.
    np.testing.assert_allclose(
        1 / slope[1:], fb.filterbanks.scale_width(hertz, scale)[1:], rtol=1e-6
    )


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize(("n_bands", "length"), [(40, 128), (64, 512), (33, 101)])
def test_supports_are_as_asked(scale, n_bands, length):
    design = fb.filterbanks.isac_design(n_bands, length, SR, scale=scale)
    w = fb.isac_filterbank(n_bands, length, SR, scale=scale)
    assert w.shape == (2 * n_bands - 2, length)
    assert design.supports.max() <= length
    assert (np.diff(design.supports) <= 0).all()
    channels = fb.filterbanks.isac_channels(n_bands)
    for row, channel in zip(w, channels, strict=True):
        taps = np.flatnonzero(row)
        # A symmetric Hann window is zero at its ends, and a sine at its centre.
        assert taps[-1] - taps[0] + 1 <= design.supports[channel]
        first = length // 2 - design.supports[channel] // 2
        assert first <= taps[0] <= taps[-1] < first + design.supports[channel]


def test_supports_follow_the_bandwidth_above_the_transition():
    """A Hann window of L taps has the noise bandwidth 1.5 sr / L: L = 1.5 sr / (b width(f))."""
    design = fb.filterbanks.isac_design(40, 128, SR, bandwidth=90.0)
    needed = 1.5 * SR / (90.0 * (700 + design.frequencies) * np.log(10) / 2595)
    # The longest kernel is cut where the needed one would be longer: the transition frequency.
    np.testing.assert_allclose(design.supports, np.minimum(128, np.round(needed)), atol=1)
    below = design.frequencies < design.transition
    assert (design.supports[below] == 128).all()
    widest = 90.0 * float(fb.filterbanks.scale_width(design.transition))
    assert widest == pytest.approx(1.5 * SR / 128, rel=1e-6)
    np.testing.assert_allclose(design.bandwidths, 1.5 * SR / design.supports, rtol=1e-6)


@pytest.mark.parametrize("scale", SCALES)
def test_noise_bandwidths_are_those_of_the_filters(scale):
    """Integral of |W|^2 over the peak of |W|^2, from the taps themselves."""
    n_bands = 40
    design = fb.filterbanks.isac_design(n_bands, 400, SR, scale=scale)
    w = fb.isac_filterbank(n_bands, 400, SR, scale=scale)
    imaginary = np.concatenate([[np.zeros(400)], w[n_bands:], [np.zeros(400)]])
    power = np.abs(np.fft.fft(w[:n_bands] + 1j * imaginary, SR, axis=1)) ** 2
    measured = power.sum(axis=1) / power.max(axis=1)
    # The shortest kernels have 21 taps, and L - 1 in place of L matters.
    np.testing.assert_allclose(measured, design.bandwidths, rtol=0.06)
    peaks = power.argmax(axis=1)
    np.testing.assert_allclose(peaks, design.frequencies, atol=1.0)


@pytest.mark.parametrize("scale", SCALES)
def test_centre_frequencies(scale):
    """Equispaced on the scale above the transition, equispaced in Hz below, without a corner."""
    design = fb.filterbanks.isac_design(60, 128, SR, scale=scale)
    f, corner = design.frequencies, design.transition
    assert (f[0], f[-1]) == (0.0, SR / 2)
    steps = np.diff(fb.filterbanks.hz_to_scale(f[f >= corner], scale))
    np.testing.assert_allclose(steps, steps[0], rtol=1e-9)
    hertz = np.diff(f[f <= corner])
    np.testing.assert_allclose(hertz, hertz[0], rtol=1e-9)
    assert hertz[0] == pytest.approx(
        steps[0] * float(fb.filterbanks.scale_width(corner, scale)), rel=1e-9
    )
    # At the corner a Hann window of the full support has just the bandwidth of the scale.
    bandwidth = {"mel": 96.7, "erb": 1.22, "bark": 0.6}[scale] * float(
        fb.filterbanks.scale_width(corner, scale)
    )
    assert bandwidth == pytest.approx(1.5 * SR / 128, rel=1e-6)


def test_long_filters_need_no_transition():
    design = fb.filterbanks.isac_design(64, 512, SR)
    assert design.transition == 0
    np.testing.assert_allclose(
        np.diff(fb.filterbanks.hz_to_scale(design.frequencies)), 2840.04 / 63, rtol=1e-4
    )
    assert design.supports.max() == 400


@pytest.mark.parametrize(("n_bands", "length", "published"), [(40, 128, 1.590), (64, 512, 1.607)])
def test_condition_number_of_the_authors_package(n_bands, length, published):
    """hybra 2026.2.1, mel scale, 16 kHz, stride 16: kappa of the strided bank on one second.

    It takes the slope at the transition from a difference of 1 %, and its prototype from 1000
    taps: kappa differs in the fourth digit.
    """
    w = fb.isac_filterbank(n_bands, length, SR, stride=16)
    assert fb.condition_number(w, SR, stride=16) == pytest.approx(published, abs=1.5e-3)


@pytest.mark.parametrize("stride", [1, 4, 10])
@pytest.mark.parametrize("scale", SCALES)
def test_frame_bounds_and_dual_against_dense_matrices(scale, stride):
    w = fb.isac_filterbank(12, 40, 8000, stride=stride, scale=scale)
    phi = fb.analysis_matrix(w, 160, stride=stride)
    squares = np.linalg.svd(phi, compute_uv=False) ** 2
    bounds = fb.frame_bounds(w, 160, stride=stride)
    assert bounds.upper == pytest.approx(squares[0], rel=1e-10)
    assert bounds.lower == pytest.approx(squares[-1], rel=1e-10)
    x = np.random.default_rng(0).standard_normal(160)
    y = fb.analyze(x, w, stride=stride)
    by_dual = fb.synthesize(y, fb.dual(w, 160, stride=stride), stride=stride)
    by_least_squares = np.linalg.lstsq(phi, y.ravel(), rcond=None)[0]
    # Rounding times kappa, which is below 100 here.
    np.testing.assert_allclose(by_dual, x, atol=1e-12)
    np.testing.assert_allclose(by_least_squares, x, atol=1e-12)


@pytest.mark.parametrize("stride", [1, 8])
def test_white_noise_keeps_its_energy_on_average(stride):
    w = fb.isac_filterbank(40, 128, SR, stride=stride)
    phi = fb.analysis_matrix(w, 160, stride=stride)
    assert np.sum(phi**2) / 160 == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize("kernel", ["hann", "hamming", "blackman", "nuttall", "cosine"])
def test_pairs_are_modulated_windows(kernel):
    """Real and imaginary part: squares add up to the squared window, phase turns at 2 pi f/sr."""
    design = fb.filterbanks.isac_design(30, 201, SR, kernel=kernel)
    w = fb.isac_filterbank(30, 201, SR, kernel=kernel)
    pair = w[7] + 1j * w[30 + 6]
    support = design.supports[7]
    first = 201 // 2 - support // 2
    window = scipy.signal.get_window(kernel, int(support), fftbins=False)
    inside = np.abs(pair)[first : first + support]
    np.testing.assert_allclose(inside / inside.max(), window / window.max(), atol=1e-12)
    centre = pair[95:106]
    turns = np.angle(centre[1:] / centre[:-1])
    np.testing.assert_allclose(turns, 2 * np.pi * design.frequencies[7] / SR, atol=1e-12)
    # The real filters at 0 Hz and sr/2 have half the peak power of a pair.
    gains = [np.abs(w[0].sum()), np.abs(w[29] @ (-1.0) ** np.arange(201)), np.abs(window.sum())]
    assert gains[0] == pytest.approx(gains[1], rel=1e-12)
    peak = np.abs(pair @ np.exp(-2j * np.pi * design.frequencies[7] / SR * np.arange(201)))
    assert gains[0] == pytest.approx(peak / np.sqrt(2), rel=1e-12)


def test_channels_tell_real_and_imaginary_parts_together():
    channels = fb.filterbanks.isac_channels(6)
    assert channels.tolist() == [0, 1, 2, 3, 4, 5, 1, 2, 3, 4]
    w = fb.isac_filterbank(6, 64, 8000)
    frequencies = fb.filterbanks.isac_design(6, 64, 8000).frequencies[channels]
    power = np.abs(np.fft.rfft(w, 8000, axis=1)) ** 2
    # Channels 1 and 4 overlap their own mirror image, which moves the peak a little.
    np.testing.assert_allclose(power.argmax(axis=1), frequencies, atol=60)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: fb.filterbanks.isac_design(40, 16, SR),
            "filter_length is 16: .* needs 32 .*length=32 or",
        ),
        (lambda: fb.filterbanks.isac_design(40, 16, SR), "or bandwidth=193 or more"),
        (
            lambda: fb.filterbanks.isac_design(40, 128, SR, bandwidth=2000.0),
            "would have 2 samples; .*=777",
        ),
        (lambda: fb.isac_filterbank(8, 128, SR, stride=16), "2 n_bands - 2 = 14.*n_bands=9 or"),
        (lambda: fb.isac_filterbank(8, 128, SR, stride=15), "n_bands=9 or more"),
        (lambda: fb.isac_filterbank(2, 128, SR), "n_bands is 2"),
        (lambda: fb.filterbanks.isac_design(40, 3, SR), "filter_length is 3"),
        (lambda: fb.filterbanks.isac_design(40, 128, 0), "sr is 0"),
        (
            lambda: fb.filterbanks.isac_design(40, 128, SR, scale="log"),
            "choose one of mel, erb, bark",
        ),
        (lambda: fb.filterbanks.isac_design(40, 128, SR, kernel="boxcar"), "choose one of hann"),
        (lambda: fb.filterbanks.isac_design(40, 128, SR, bandwidth=0.0), "bandwidth is 0"),
        (lambda: fb.filterbanks.hz_to_scale([-1.0]), "frequency is -1"),
        (lambda: fb.filterbanks.scale_width(-1.0, "erb"), "frequency is -1"),
        (lambda: fb.filterbanks.scale_to_hz(27.0, "bark"), "from -0.53 to 26.28"),
        (lambda: fb.filterbanks.scale_to_hz([-1.0, 2.0], "mel"), "value ranges from -1 to 2"),
        (lambda: fb.filterbanks.isac_channels(2), "n_bands is 2"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(fb.FilterbankError, match=message):
        call()


def test_the_remedies_in_the_messages_work():
    assert fb.filterbanks.isac_design(40, 32, SR).supports.max() == 32
    assert fb.filterbanks.isac_design(40, 16, SR, bandwidth=194.0).supports.max() == 16
    assert fb.filterbanks.isac_design(40, 128, SR, bandwidth=777.0).supports.min() == 4
    assert fb.isac_filterbank(9, 128, SR, stride=16).shape == (16, 128)
