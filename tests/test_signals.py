"""Test signals: closed forms, unit norm, and clear refusals."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

import fbtools as fb


@given(n=st.integers(2, 400), seed=st.integers(0, 99), f=st.floats(0.001, 0.49))
def test_every_signal_has_unit_norm_and_the_length_asked_for(n, seed, f):
    for x in (
        fb.signals.impulse(n, n // 2),
        fb.signals.constant(n),
        fb.signals.sinusoid(n, f),
        fb.signals.white_noise(n, rng=seed),
        fb.signals.brown_noise(n, rng=seed),
        fb.signals.harmonic_tone(n, f, 1),
        fb.signals.chirp(n, f / 2, f),
    ):
        assert x.shape == (n,)
        assert x.dtype == np.float64
        # Rounding of a sum of n squares.
        assert np.sum(x**2) == pytest.approx(1, abs=n * 1e-15)


def test_impulse_is_one_where_asked():
    np.testing.assert_array_equal(fb.signals.impulse(5, 3), [0, 0, 0, 1, 0])


def test_sinusoid_is_a_cosine_of_that_frequency_and_phase():
    x = fb.signals.sinusoid(64, 5 / 64, phase=0.3)
    spectrum = np.fft.rfft(x)
    assert np.argmax(np.abs(spectrum)) == 5
    assert np.angle(spectrum[5]) == pytest.approx(0.3)
    assert np.sum(np.abs(np.delete(spectrum, 5))) == pytest.approx(0, abs=1e-12)


def test_brown_noise_is_a_random_walk():
    x = fb.signals.brown_noise(4000, rng=0)
    steps = np.diff(x)
    assert x[0] == 0
    # Increments: no correlation beyond 4 standard errors (false-alarm rate 6e-5).
    correlation = np.corrcoef(steps[1:], steps[:-1])[0, 1]
    assert abs(correlation) < 4 / np.sqrt(steps.size)


def test_white_noise_is_gaussian_in_direction():
    """Coordinates of a uniform point on the sphere: variance 1/N, kurtosis near 3."""
    x = fb.signals.white_noise(100_000, rng=0) * np.sqrt(100_000)
    # Standard error of the kurtosis is sqrt(24/N) = 0.0155: 4 of them.
    assert np.mean(x**4) == pytest.approx(3, abs=0.062)


def test_harmonic_tone_has_its_harmonics_with_their_amplitudes():
    x = fb.signals.harmonic_tone(600, fundamental=10 / 600, n_harmonics=4, decay=0.5)
    amplitudes = np.abs(np.fft.rfft(x))[[10, 20, 30, 40]]
    np.testing.assert_allclose(amplitudes / amplitudes[0], np.arange(1, 5) ** -0.5)


def test_chirp_sweeps_from_start_to_stop():
    x = fb.signals.chirp(20_000, 0.05, 0.2)
    crossings = np.flatnonzero(np.diff(np.signbit(x)))
    early, late = crossings[crossings < 1000], crossings[crossings >= 19_000]
    # Mean frequency of the first and last twentieth, half a crossing per period.
    assert early.size / 2000 == pytest.approx(0.05 + 0.15 / 40, abs=1e-3)
    assert late.size / 2000 == pytest.approx(0.2 - 0.15 / 40, abs=1e-3)


def test_seeds_repeat():
    np.testing.assert_array_equal(
        fb.signals.white_noise(50, rng=3), fb.signals.white_noise(50, rng=3)
    )
    np.testing.assert_array_equal(
        fb.signals.brown_noise(50, rng=3), fb.signals.brown_noise(50, rng=3)
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fb.signals.impulse(0), "signal_length is 0"),
        (lambda: fb.signals.impulse(4, 4), "position is 4"),
        (lambda: fb.signals.constant(2.5), "signal_length is 2.5"),
        (lambda: fb.signals.sinusoid(8, 0.5), "frequency is 0.5"),
        (lambda: fb.signals.sinusoid(8, np.nan), "frequency is nan"),
        (lambda: fb.signals.sinusoid(8, 0.1, phase=np.inf), "phase is inf"),
        (
            lambda: fb.signals.sinusoid(1, 0.1, phase=np.pi / 2),
            "every sample of the signal is zero",
        ),
        (lambda: fb.signals.brown_noise(1), "signal_length is 1"),
        (lambda: fb.signals.white_noise(3, rng=-2), "rng is -2"),
        (lambda: fb.signals.harmonic_tone(8, 0.1, 5), "at most 4 harmonics"),
        (lambda: fb.signals.harmonic_tone(8, 0.1, 0), "n_harmonics is 0"),
        (lambda: fb.signals.chirp(8, 0.1, 0.6), "stop is 0.6"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(fb.FilterbankError, match=message):
        call()
