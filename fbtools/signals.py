"""Test signals of unit norm: from the impulse to the constant, the two ends of periodicity."""

from __future__ import annotations

import numpy as np
from scipy import fft

from fbtools.validation import (
    RNG,
    FilterbankError,
    FloatArray,
    as_count,
    as_real,
    as_rng,
)

__all__ = [
    "brown_noise",
    "chirp",
    "constant",
    "harmonic_tone",
    "impulse",
    "pink_noise",
    "random_sines",
    "sinusoid",
    "white_noise",
]


def impulse(signal_length: int, position: int = 0) -> FloatArray:
    """Unit impulse: one at `position`, zero elsewhere.

    Parameters
    ----------
    signal_length : int
        Number of samples N.
    position : int
        Index of the non-zero sample, from 0 to N - 1.

    Returns
    -------
    ndarray of float64, shape (N,)
        Signal of unit norm.

    Raises
    ------
    FilterbankError
        If `signal_length` < 1 or `position` lies outside the signal.

    Examples
    --------
    >>> impulse(4, position=1)
    array([0., 1., 0., 0.])
    """
    n = as_count(signal_length, "signal_length")
    x = np.zeros(n)
    x[as_count(position, "position", minimum=0, maximum=n - 1)] = 1.0
    return x


def constant(signal_length: int) -> FloatArray:
    """Constant signal of unit norm: the extreme of periodicity, of effective rank 1.

    Parameters
    ----------
    signal_length : int
        Number of samples N.

    Returns
    -------
    ndarray of float64, shape (N,)
        Every sample is 1/sqrt(N).

    Raises
    ------
    FilterbankError
        If `signal_length` < 1.

    Examples
    --------
    >>> constant(4)
    array([0.5, 0.5, 0.5, 0.5])
    """
    n = as_count(signal_length, "signal_length")
    return np.full(n, 1.0 / np.sqrt(n))


def sinusoid(signal_length: int, frequency: float, phase: float = 0.0) -> FloatArray:
    """Sinusoid of unit norm.

    Parameters
    ----------
    signal_length : int
        Number of samples N.
    frequency : float
        Cycles per sample, strictly between 0 and 0.5. On Z_N it is periodic exactly when
        `frequency * signal_length` is an integer.
    phase : float
        Phase at sample 0, in radians.

    Returns
    -------
    ndarray of float64, shape (N,)
        cos(2 pi frequency n + phase), divided by its norm.

    Raises
    ------
    FilterbankError
        If the frequency is not between 0 and 0.5, or if every sample is zero.

    Examples
    --------
    >>> x = sinusoid(64, frequency=4 / 64)
    >>> round(float(x @ x), 12)
    1.0
    """
    n = as_count(signal_length, "signal_length")
    f = as_real(frequency, "frequency", 0.0, 0.5)
    angle = 2 * np.pi * f * np.arange(n) + as_real(phase, "phase")
    return _unit_norm(np.cos(angle), "phase", phase)


def white_noise(signal_length: int, rng: RNG = None) -> FloatArray:
    """Gaussian white noise of unit norm.

    Parameters
    ----------
    signal_length : int
        Number of samples N.
    rng : Generator, seed or None
        What `numpy.random.default_rng` takes; the same seed gives the same bits.

    Returns
    -------
    ndarray of float64, shape (N,)
        A point drawn uniformly on the unit sphere.

    Raises
    ------
    FilterbankError
        If `signal_length` < 1 or the seed is negative.

    Examples
    --------
    >>> white_noise(1000, rng=0).shape
    (1000,)
    """
    n = as_count(signal_length, "signal_length")
    return _unit_norm(as_rng(rng).standard_normal(n), "signal_length", n)


def brown_noise(signal_length: int, rng: RNG = None) -> FloatArray:
    """Brownian noise of unit norm: the running sum of white noise, starting from zero.

    Parameters
    ----------
    signal_length : int
        Number of samples N, at least 2.
    rng : Generator, seed or None
        What `numpy.random.default_rng` takes; the same seed gives the same bits.

    Returns
    -------
    ndarray of float64, shape (N,)
        A random walk whose first sample is zero, divided by its norm. Its mean is not removed.

    Raises
    ------
    FilterbankError
        If `signal_length` < 2 or the seed is negative.

    Examples
    --------
    >>> float(brown_noise(1000, rng=0)[0])
    0.0
    """
    n = as_count(signal_length, "signal_length", minimum=2)
    steps = as_rng(rng).standard_normal(n - 1)
    return _unit_norm(np.concatenate([[0.0], np.cumsum(steps)]), "signal_length", n)


def harmonic_tone(
    signal_length: int, fundamental: float, n_harmonics: int, decay: float = 1.0
) -> FloatArray:
    """Sum of harmonics with amplitudes k^-decay, of unit norm: a crude sustained instrument.

    Parameters
    ----------
    signal_length : int
        Number of samples N.
    fundamental : float
        Fundamental frequency in cycles per sample.
    n_harmonics : int
        Number of harmonics; the highest must stay below 0.5 cycles per sample.
    decay : float
        Exponent of the amplitudes: 0 for a pulse train, 1 for a sawtooth-like spectrum.

    Returns
    -------
    ndarray of float64, shape (N,)
        Signal of unit norm.

    Raises
    ------
    FilterbankError
        If a harmonic reaches the Nyquist frequency.

    Examples
    --------
    >>> x = harmonic_tone(1024, fundamental=8 / 1024, n_harmonics=5)
    >>> round(float(x @ x), 12)
    1.0
    """
    n = as_count(signal_length, "signal_length")
    f = as_real(fundamental, "fundamental", 0.0, 0.5)
    count = as_count(n_harmonics, "n_harmonics")
    if f * count >= 0.5:
        raise FilterbankError(
            f"n_harmonics is {count}: harmonic {count} of {f:g} cycles per sample reaches the "
            f"Nyquist frequency; use at most {int(np.ceil(0.5 / f)) - 1} harmonics."
        )
    harmonics = np.arange(1, count + 1)
    amplitudes = harmonics ** -as_real(decay, "decay")
    x = amplitudes @ np.cos(2 * np.pi * f * np.outer(harmonics, np.arange(n)))
    return _unit_norm(x, "fundamental", fundamental)


def chirp(signal_length: int, start: float, stop: float) -> FloatArray:
    """Linear chirp of unit norm, from frequency `start` to frequency `stop`.

    Parameters
    ----------
    signal_length : int
        Number of samples N.
    start, stop : float
        First and last instantaneous frequency in cycles per sample, between 0 and 0.5.

    Returns
    -------
    ndarray of float64, shape (N,)
        Signal of unit norm.

    Raises
    ------
    FilterbankError
        If a frequency is not between 0 and 0.5.

    Examples
    --------
    >>> x = chirp(1024, start=0.01, stop=0.2)
    >>> round(float(x @ x), 12)
    1.0
    """
    n = as_count(signal_length, "signal_length")
    first = as_real(start, "start", 0.0, 0.5)
    last = as_real(stop, "stop", 0.0, 0.5)
    t = np.arange(n)
    phase = first * t + (last - first) * t**2 / (2 * n)
    return _unit_norm(np.cos(2 * np.pi * phase), "start", start)


def random_sines(
    n_signals: int,
    signal_length: int,
    sr: float,
    fmin: float = 64.0,
    fmax: float | None = None,
    rng: RNG = None,
) -> FloatArray:
    """Sines of amplitude 1 and phase 0, of random frequency, uniform on a logarithmic scale.

    Parameters
    ----------
    n_signals : int
        Number of sines.
    signal_length : int
        Number of samples N.
    sr : float
        Sample rate in Hz.
    fmin, fmax : float
        Range of the frequencies in Hz; `fmax` is sr/2 unless given.
    rng : Generator, seed or None
        What `numpy.random.default_rng` takes; the same seed gives the same bits.

    Returns
    -------
    ndarray of float64, shape (n_signals, N)
        Sines.

    Raises
    ------
    FilterbankError
        If a number is out of range.

    Examples
    --------
    >>> random_sines(3, 1024, sr=16000, rng=0).shape
    (3, 1024)
    """
    count, n = as_count(n_signals, "n_signals"), as_count(signal_length, "signal_length")
    rate = as_real(sr, "sr", 0.0)
    low = as_real(fmin, "fmin", 0.0, rate / 2)
    high = rate / 2 if fmax is None else as_real(fmax, "fmax", low)
    if high > rate / 2:
        raise FilterbankError(f"fmax is {fmax}: it must not exceed sr/2 = {rate / 2:g} Hz.")
    frequencies = low * (high / low) ** as_rng(rng).random(count)
    return np.sin(2 * np.pi / rate * np.outer(frequencies, np.arange(n)))


def pink_noise(signal_length: int, rng: RNG = None) -> FloatArray:
    """Gaussian noise whose power falls by 3 dB an octave, of unit variance and mean 0.

    Parameters
    ----------
    signal_length : int
        Number of samples N, at least 4.
    rng : Generator, seed or None
        What `numpy.random.default_rng` takes; the same seed gives the same bits.

    Returns
    -------
    ndarray of float64, shape (N,)
        Noise, periodic in N.

    Raises
    ------
    FilterbankError
        If N is not an integer of at least 4.

    Examples
    --------
    >>> x = pink_noise(4096, rng=0)
    >>> power = np.abs(np.fft.rfft(x)) ** 2
    >>> bool(power[1:64].mean() > 10 * power[1024:].mean())
    True
    """
    n = as_count(signal_length, "signal_length", minimum=4)
    spectrum = fft.rfft(as_rng(rng).standard_normal(n))
    spectrum[1:] /= np.sqrt(np.arange(1, spectrum.size))
    spectrum[0] = 0.0
    x = fft.irfft(spectrum, n=n)
    return np.asarray(x / x.std())


def _unit_norm(x: FloatArray, name: str, value: object) -> FloatArray:
    norm = float(np.linalg.norm(x))
    if norm < 1e-12 * np.sqrt(x.size):
        raise FilterbankError(
            f"{name} is {value}: every sample of the signal is zero; choose another value."
        )
    return x / norm
