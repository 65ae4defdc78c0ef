"""The pieces of an encoder-mask-decoder denoiser, each with its derivative, and its measure."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from fbtools.validation import FilterbankError, FloatArray, as_real, as_real_array, as_signal

__all__ = ["mix", "si_sdr"]

SPANS = (5, 33)
FLOOR = 1e-4
DECIBELS = 10 / np.log(10)
Parameters = dict[str, FloatArray]


def si_sdr(estimate: ArrayLike, target: ArrayLike) -> float:
    """Scale-invariant signal-to-distortion ratio in dB.

    Parameters
    ----------
    estimate, target : array_like, shape (N,)
        Signals; the energy of the projection of the first on the second is divided by that of
        the rest.

    Returns
    -------
    float
        SI-SDR in dB; infinite if they are proportional.

    Raises
    ------
    FilterbankError
        If the lengths differ, or a signal is zero.

    See Also
    --------
    mix

    References
    ----------
    Le Roux, Wisdom, Erdogan and Hershey (2019), "SDR - half-baked or well done?".

    Examples
    --------
    >>> round(si_sdr([2.0, 0.2], [1.0, 0.0]), 9)
    20.0
    """
    x, s = as_signal(estimate, "estimate"), as_signal(target, "target")
    if x.size != s.size:
        raise FilterbankError(
            f"estimate has {x.size} samples and target {s.size}: compare signals of one length."
        )
    projection = (x @ s) / (s @ s) * s
    rest = float(np.sum((x - projection) ** 2))
    with np.errstate(divide="ignore"):
        return float(DECIBELS * np.log(np.divide(np.sum(projection**2), rest)))


def mix(clean: ArrayLike, noise: ArrayLike, snr: float) -> FloatArray:
    """Clean signal plus noise, scaled to the signal-to-noise ratio in dB.

    Parameters
    ----------
    clean, noise : array_like, shape (N,)
        Real signals; the noise is not zero.
    snr : float
        Energy of the clean signal over that of the noise in the mixture, in dB.

    Returns
    -------
    ndarray of float64, shape (N,)
        Mixture; the clean signal in it is as it was, and silence stays silence.

    Raises
    ------
    FilterbankError
        If the signals differ in length, the noise is zero, or a number is not finite.

    See Also
    --------
    si_sdr

    Examples
    --------
    >>> import numpy as np
    >>> mix(np.array([3.0, 4.0]), np.array([0.0, 1.0]), snr=20.0)
    array([3. , 4.5])
    """
    wanted, disturbing = as_real_array(clean, "clean"), as_signal(noise, "noise")
    if wanted.shape != disturbing.shape:
        raise FilterbankError(
            f"clean has shape {wanted.shape}, noise {disturbing.shape}: cut both to one length N."
        )
    ratio = np.linalg.norm(wanted) / np.linalg.norm(disturbing)
    return np.asarray(wanted + ratio * 10 ** (-as_real(snr, "snr") / 20) * disturbing)


def features(y: FloatArray, channels: NDArray[np.int64]) -> tuple[FloatArray, list[FloatArray]]:
    """Log energies of the channels, smoothed over each span of frames, and the energies."""
    energy = by_channel(y**2, channels)
    smooth = [FLOOR + _smooth(energy, span) for span in SPANS]
    return 0.25 * np.concatenate([np.log(part) + 4 for part in smooth], axis=1), smooth


def energy_slope(features_slope: FloatArray, smooth: list[FloatArray]) -> FloatArray:
    parts = np.split(features_slope, len(SPANS), axis=1)
    slopes = [
        _smooth(0.25 * part / energy, span)
        for part, energy, span in zip(parts, smooth, SPANS, strict=True)
    ]
    return np.asarray(sum(slopes))


def _smooth(values: FloatArray, span: int) -> FloatArray:
    """Moving average over an odd number of frames, its own adjoint."""
    return np.asarray(ndimage.uniform_filter1d(values, span, axis=0, mode="wrap"))


def by_channel(values: FloatArray, channels: NDArray[np.int64]) -> FloatArray:
    return np.asarray(values @ np.eye(channels.max() + 1)[channels])


def network(parameters: Parameters, features: FloatArray) -> tuple[FloatArray, FloatArray]:
    hidden = np.tanh(features @ parameters["inner"] + parameters["inner_bias"])
    logits = hidden @ parameters["outer"] + parameters["outer_bias"]
    return hidden, 0.5 + 0.5 * np.tanh(0.5 * logits)


def si_sdr_gradient(estimate: FloatArray, target: FloatArray) -> tuple[float, FloatArray]:
    p, q, energy = estimate @ target, estimate @ estimate, target @ target
    rest = q * energy - p**2
    slope = 2 * target / p - 2 * (energy * estimate - p * target) / rest
    return float(DECIBELS * (np.log(p**2) - np.log(rest))), DECIBELS * slope


def frames(x: FloatArray, length: int, stride: int) -> FloatArray:
    """Samples m d, m d - 1, ..., m d - T + 1 of a circular signal in row m."""
    padded = np.concatenate([x[x.size - length + 1 :], x])
    windows = np.lib.stride_tricks.sliding_window_view(padded, length)
    return np.ascontiguousarray(windows[::stride, ::-1])


def adjoint(y: FloatArray, filters: FloatArray, stride: int) -> FloatArray:
    """Overlap-add of the filters reversed in time, shape (M d,): the transpose of the encoder."""
    length, n = filters.shape[1], y.shape[0] * stride
    blocks = -(-length // stride)
    padded = np.zeros((filters.shape[0], blocks * stride))
    padded[:, :length] = filters
    pieces = (y @ padded).reshape(y.shape[0], blocks, stride)
    # Block b of frame m lies at the samples (m - b) d - l, l < d.
    summed = np.sum([np.roll(pieces[:, b], -b, axis=0) for b in range(blocks)], axis=0)
    return np.roll(summed[:, ::-1].reshape(n), 1 - stride)
