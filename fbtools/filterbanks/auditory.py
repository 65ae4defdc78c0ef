"""Hand-crafted FIR filterbanks: Gabor, mel, gammatone and constant-Q, as arrays of real taps.

All return arrays of shape (J, T), filters ordered by centre frequency, each scaled to a peak
gain of 1 (except `mel_filterbank`, whose squared gains add up to 1 between its end frequencies).
"""

from __future__ import annotations

import numpy as np
from scipy import fft, signal

from fbtools.extras import needs
from fbtools.filterbanks.random import scaled_to
from fbtools.filterbanks.scales import erb_frequencies, erb_width
from fbtools.validation import (
    FilterbankError,
    FloatArray,
    as_count,
    as_real,
)

__all__ = [
    "constant_q_filterbank",
    "gabor_filterbank",
    "gammatone_filterbank",
    "mel_filterbank",
    "stft_filterbank",
]


def gabor_filterbank(
    n_filters: int, filter_length: int, sr: float, fmin: float = 50.0, fmax: float | None = None
) -> FloatArray:
    """Gabor filters: cosines under Gaussian windows, one ERB wide, on the ERB scale.

    Parameters
    ----------
    n_filters : int
        Number of filters J.
    filter_length : int
        Number of taps T; the windows are truncated to it.
    sr : float
        Sample rate in Hz.
    fmin, fmax : float
        First and last centre frequency in Hz; `fmax` is 0.45 `sr` unless given.

    Returns
    -------
    ndarray of float64, shape (J, T)
        Filters of peak gain 1, centred on tap (T - 1)/2.

    Raises
    ------
    FilterbankError
        If the frequencies do not increase below sr/2.

    Examples
    --------
    >>> gabor_filterbank(40, 256, sr=16000).shape
    (40, 256)
    """
    rate, low, high = _band(sr, fmin, fmax)
    frequencies = erb_frequencies(n_filters, low, high)[:, None]
    time = (np.arange(as_count(filter_length, "filter_length")) - (filter_length - 1) / 2) / rate
    deviation = erb_width(frequencies) / np.sqrt(2 * np.pi)
    window = np.exp(-0.5 * (2 * np.pi * deviation * time) ** 2)
    return _unit_peak(window * np.cos(2 * np.pi * frequencies * time))


def gammatone_filterbank(
    n_filters: int, filter_length: int, sr: float, fmin: float = 50.0, fmax: float | None = None
) -> FloatArray:
    """Gammatone filters of order 4 on the ERB scale, computed by SciPy.

    Parameters
    ----------
    n_filters : int
        Number of filters J.
    filter_length : int
        Number of taps T; the impulse responses are truncated to it.
    sr : float
        Sample rate in Hz.
    fmin, fmax : float
        First and last centre frequency in Hz; `fmax` is 0.45 `sr` unless given.

    Returns
    -------
    ndarray of float64, shape (J, T)
        Causal filters of peak gain 1.

    Raises
    ------
    FilterbankError
        If the frequencies do not increase below sr/2.

    References
    ----------
    Slaney (1993), "An efficient implementation of the Patterson-Holdsworth auditory filter bank".

    Examples
    --------
    >>> gammatone_filterbank(40, 256, sr=16000).shape
    (40, 256)
    """
    rate, low, high = _band(sr, fmin, fmax)
    length = as_count(filter_length, "filter_length")
    taps = [
        signal.gammatone(frequency, "fir", numtaps=length, fs=rate)[0]
        for frequency in erb_frequencies(n_filters, low, high)
    ]
    return _unit_peak(np.array(taps))


def mel_filterbank(
    n_filters: int, filter_length: int, sr: float, fmin: float = 0.0, fmax: float | None = None
) -> FloatArray:
    """FIR filters whose squared gains are librosa's mel triangles, on the T-point grid.

    Parameters
    ----------
    n_filters : int
        Number of filters J.
    filter_length : int
        Number of taps T.
    sr : float
        Sample rate in Hz.
    fmin, fmax : float
        Ends of the mel scale in Hz; `fmax` is sr/2 unless given.

    Returns
    -------
    ndarray of float64, shape (J, T)
        Symmetric filters, centred on tap floor(T/2). The energy of the response of filter j is
        what bin j of a mel spectrogram with rectangular window collects.

    Raises
    ------
    FilterbankError
        If a triangle falls between the grid points: T is then too short for so many filters.

    Examples
    --------
    >>> mel_filterbank(40, 1024, sr=22050).shape
    (40, 1024)
    """
    count, length = as_count(n_filters, "n_filters"), as_count(filter_length, "filter_length")
    rate = as_real(sr, "sr", 0.0)
    low = 0.0 if fmin == 0 else as_real(fmin, "fmin", 0.0, rate / 2)
    high = rate / 2 if fmax is None else _top(fmax, low, rate)
    with needs("audio"):
        import librosa
    corners = librosa.mel_frequencies(n_mels=count + 2, fmin=low, fmax=high)
    grid = fft.rfftfreq(length, 1 / rate)
    rising = (grid - corners[:-2, None]) / np.diff(corners)[:-1, None]
    falling = (corners[2:, None] - grid) / np.diff(corners)[1:, None]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    empty = np.flatnonzero(triangles.max(axis=1) == 0)
    if empty.size:
        raise FilterbankError(
            f"filter_length is {length}: mel filter {empty[0]} (at {corners[empty[0] + 1]:.0f} Hz) "
            f"falls between its {rate / length:.0f} Hz grid; use longer or fewer filters."
        )
    return np.asarray(fft.fftshift(fft.irfft(np.sqrt(triangles), n=length, axis=-1), axes=-1))


def constant_q_filterbank(
    n_filters: int, filter_length: int, sr: float, fmin: float = 65.4, bins_per_octave: int = 12
) -> FloatArray:
    """Constant-Q filters: the real parts of librosa's Hann-windowed wavelets.

    Parameters
    ----------
    n_filters : int
        Number of filters J.
    filter_length : int
        Number of taps T; the lowest filter must fit.
    sr : float
        Sample rate in Hz.
    fmin : float
        Lowest centre frequency in Hz.
    bins_per_octave : int
        Number of filters per octave.

    Returns
    -------
    ndarray of float64, shape (J, T)
        Filters of peak gain 1, centred.

    Raises
    ------
    FilterbankError
        If the lowest filter is longer than T, or the highest reaches sr/2.

    References
    ----------
    Brown (1991), "Calculation of a constant Q spectral transform".

    Examples
    --------
    >>> constant_q_filterbank(36, 4096, sr=22050, fmin=220.0).shape
    (36, 4096)
    """
    count, length = as_count(n_filters, "n_filters"), as_count(filter_length, "filter_length")
    rate = as_real(sr, "sr", 0.0)
    per_octave = as_count(bins_per_octave, "bins_per_octave")
    frequencies = as_real(fmin, "fmin", 0.0) * 2.0 ** (np.arange(count) / per_octave)
    with needs("audio"):
        import librosa
    alpha = (2 ** (2 / per_octave) - 1) / (2 ** (2 / per_octave) + 1)
    lengths, cutoff = librosa.filters.wavelet_lengths(freqs=frequencies, sr=rate, alpha=alpha)
    if cutoff >= rate / 2:
        raise FilterbankError(
            f"n_filters is {count}: the highest filter reaches {cutoff:.0f} Hz, above sr/2; "
            f"use fewer filters, a lower fmin, or a higher sample rate."
        )
    longest = int(np.ceil(lengths.max()))
    if longest > length:
        raise FilterbankError(
            f"filter_length is {length}: the filter at {frequencies[0]:.1f} Hz needs {longest} "
            f"taps; use longer filters, or fmin={frequencies[0] * longest / length:.1f} Hz or more."
        )
    wavelets, _ = librosa.filters.wavelet(
        freqs=frequencies, sr=rate, alpha=alpha, pad_fft=False, dtype=np.complex128
    )
    return _unit_peak(librosa.util.pad_center(wavelets.real, size=length, axis=-1))


def stft_filterbank(n_bands: int, filter_length: int, *, stride: int = 1) -> FloatArray:
    """Short-time Fourier transform as pairs of real filters, in the order of `isac_filterbank`.

    Parameters
    ----------
    n_bands : int
        Number of channels J, at least 3, equispaced from 0 to the Nyquist frequency.
    filter_length : int
        Length T of the Hann window.
    stride : int
        Stride d.

    Returns
    -------
    ndarray of float64, shape (2 J - 2, T)
        Windowed cosines, then sines; the squared norms add up to d.

    Raises
    ------
    FilterbankError
        If an argument is not a positive integer, or J < 3.

    Examples
    --------
    >>> import fbtools as fb
    >>> w = stft_filterbank(65, 128, stride=32)
    >>> w.shape, round(fb.condition_number(w, signal_length=256, stride=32), 2)
    ((128, 128), 1.0)
    """
    count = as_count(n_bands, "n_bands", minimum=3)
    length = as_count(filter_length, "filter_length", minimum=3)
    window = signal.get_window("hann", length, fftbins=False)
    angles = np.pi / (count - 1) * np.outer(np.arange(count), np.arange(length) - length // 2)
    cosines = window * np.cos(angles)
    cosines[[0, -1]] /= np.sqrt(2)
    w = np.concatenate([cosines, (window * np.sin(angles))[1:-1]])
    return scaled_to(as_count(stride, "stride"), w)


def _band(sr: float, fmin: float, fmax: float | None) -> tuple[float, float, float]:
    rate = as_real(sr, "sr", 0.0)
    low = as_real(fmin, "fmin", 0.0, rate / 2)
    return rate, low, _top(0.45 * rate if fmax is None else fmax, low, rate)


def _top(fmax: float, low: float, rate: float) -> float:
    high = as_real(fmax, "fmax", low)
    if high > rate / 2:
        raise FilterbankError(f"fmax is {fmax}: it must not exceed sr/2 = {rate / 2:g} Hz.")
    return high


def _unit_peak(w: FloatArray) -> FloatArray:
    gains = np.abs(fft.rfft(w, n=fft.next_fast_len(16 * w.shape[1], real=True), axis=-1))
    return np.asarray(w / gains.max(axis=-1, keepdims=True))
