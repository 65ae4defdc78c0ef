"""ISAC: auditory filterbanks of bounded support that form a frame, with real filters.

Every filter is one kernel (a window), stretched to the time that its bandwidth needs and moved to
its centre frequency. Bandwidths are constant on an auditory scale, until the filters would be
longer than the support allowed: below that *transition frequency* all have the same length, and
the scale goes on as a straight line. The complex filter of a channel is a pair of real filters,
its real and its imaginary part, so that the bank is an ordinary array of shape (2J - 2, T).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from fbtools.filterbanks.random import scaled_to
from fbtools.filterbanks.scales import (
    SCALES,
    Scale,
    frequency_of_width,
    from_scale,
    to_scale,
    unit_width,
)
from fbtools.records import Value
from fbtools.validation import (
    FilterbankError,
    FloatArray,
    as_choice,
    as_count,
    as_real,
)

__all__ = ["IsacDesign", "isac_channels", "isac_design", "isac_filterbank"]
Kernel = Literal["hann", "hamming", "blackman", "nuttall", "cosine"]
KERNELS: tuple[Kernel, ...] = get_args(Kernel)
# In units of each scale; those of mel and ERB are the widths of the authors' package.
BANDWIDTHS = {"mel": 96.7, "erb": 1.22, "bark": 0.6}
SHORTEST = 4


@dataclass(frozen=True, eq=False)
class IsacDesign(Value):
    """Centre frequencies, bandwidths and supports of the channels of an ISAC filterbank.

    Attributes
    ----------
    frequencies : ndarray of float64, shape (J,)
        Centre frequencies in Hz, from 0 to sr/2.
    bandwidths : ndarray of float64, shape (J,)
        Noise-equivalent bandwidths in Hz that the supports give.
    supports : ndarray of int, shape (J,)
        Lengths of the kernels in samples, at most the filter length asked for.
    transition : float
        Frequency in Hz below which the supports are cut off; 0 if none is.
    sr : float
        Sample rate in Hz.

    Examples
    --------
    >>> import fbtools as fb
    >>> design = fb.filterbanks.isac_design(n_bands=40, filter_length=128, sr=16000)
    >>> round(design.transition), design.supports[[0, -1]].tolist()
    (1485, [128, 32])
    """

    frequencies: FloatArray
    bandwidths: FloatArray
    supports: NDArray[np.int64]
    transition: float
    sr: float


def isac_design(
    n_bands: int,
    filter_length: int,
    sr: float,
    *,
    scale: Scale = "mel",
    kernel: Kernel = "hann",
    bandwidth: float | None = None,
) -> IsacDesign:
    """Where the channels of an ISAC filterbank lie, how wide and how long they are.

    Parameters
    ----------
    n_bands : int
        Number of channels J, at least 3; the first is at 0 Hz, the last at sr/2.
    filter_length : int
        Largest support T in samples.
    sr : float
        Sample rate in Hz.
    scale : {"mel", "erb", "bark"}
        Auditory scale on which the channels are equispaced above the transition frequency.
    kernel : {"hann", "hamming", "blackman", "nuttall", "cosine"}
        Window that all filters have in common.
    bandwidth : float or None
        Noise-equivalent bandwidth of the filters in units of the scale; by default 96.7 mel,
        1.22 ERB or 0.6 Bark.

    Returns
    -------
    IsacDesign
        Frequencies, bandwidths, supports and the transition frequency.

    Raises
    ------
    FilterbankError
        If T is too short for the bandwidth at every frequency, or the shortest kernel, for so
        large a bandwidth, has fewer than 4 samples.

    References
    ----------
    Haider, Perfler, Balazs, Hollomey and Holighaus (2025), Section II.

    Examples
    --------
    >>> isac_design(5, 64, sr=8000, scale="erb").frequencies.round().tolist()
    [0.0, 687.0, 1386.0, 2385.0, 4000.0]
    """
    count = as_count(n_bands, "n_bands", minimum=3)
    longest = as_count(filter_length, "filter_length", minimum=SHORTEST)
    rate = as_real(sr, "sr", 0.0)
    kind = as_choice(scale, "scale", SCALES)
    shape = as_choice(kernel, "kernel", KERNELS)
    width = BANDWIDTHS[kind] if bandwidth is None else as_real(bandwidth, "bandwidth", 0.0)
    samples = _noise_bandwidth(shape) * rate / width
    shortest = int(np.round(samples / unit_width(rate / 2, kind)))
    if shortest < SHORTEST:
        most = samples * width / (SHORTEST * float(unit_width(rate / 2, kind)))
        raise FilterbankError(
            f"bandwidth is {width:g} {kind}: at {rate / 2:g} Hz the kernel would have {shortest} "
            f"samples; use bandwidth={most:.3g} or less."
        )
    if shortest > longest:
        raise FilterbankError(
            f"filter_length is {longest}: for a bandwidth of {width:g} {kind} even the widest "
            f"filter, at {rate / 2:g} Hz, needs {shortest} samples; use filter_length={shortest} "
            f"or more, or bandwidth={width * shortest / longest:.3g} or more."
        )
    transition = min(frequency_of_width(samples / longest, kind), rate / 2)
    frequencies = _equispaced(count, rate, transition, kind)
    needed = np.round(samples / unit_width(frequencies, kind))
    supports = np.minimum(longest, needed).astype(np.int64)
    bandwidths = np.asarray(_noise_bandwidth(shape) * rate / supports)
    return IsacDesign(frequencies, bandwidths, supports, transition, rate)


def isac_filterbank(
    n_bands: int,
    filter_length: int,
    sr: float,
    *,
    stride: int = 1,
    scale: Scale = "mel",
    kernel: Kernel = "hann",
    bandwidth: float | None = None,
) -> FloatArray:
    """Auditory filterbank of bounded support, as pairs of real filters.

    Parameters
    ----------
    n_bands : int
        Number of channels J, as in `isac_design`.
    filter_length : int
        Largest support T in samples.
    sr : float
        Sample rate in Hz.
    stride : int
        Stride d with which the filterbank will be applied, at most 2J - 2.
    scale : {"mel", "erb", "bark"}
        Auditory scale, as in `isac_design`.
    kernel : {"hann", "hamming", "blackman", "nuttall", "cosine"}
        Window that all filters have in common.
    bandwidth : float or None
        Noise-equivalent bandwidth in units of the scale, as in `isac_design`.

    Returns
    -------
    ndarray of float64, shape (2 J - 2, T)
        First J rows: real parts of the channels 0, ..., J - 1; then the imaginary parts of the
        channels 1, ..., J - 2 (`isac_channels` tells the channel of every row). All kernels are
        centred, even or odd about tap floor(T/2) if their support is odd. The squared norms add
        up to d, so that white noise keeps its energy on average.

    Raises
    ------
    FilterbankError
        As `isac_design`; if d > 2J - 2, so that the filters cannot form a frame.

    See Also
    --------
    isac_design, isac_channels, hybrid_filterbank

    Notes
    -----
    The filters at 0 Hz and sr/2 are real, and divided by sqrt(2), since a pair covers its band
    and the mirror image of it. Frame bounds: `frame_bounds`; perfect reconstruction: `dual`,
    `synthesize`.

    References
    ----------
    Haider, Perfler, Balazs, Hollomey and Holighaus (2025), "ISAC: An Invertible and Stable
    Auditory Filter Bank with Customizable Kernels for ML Integration", arXiv:2505.07709.

    Examples
    --------
    >>> import fbtools as fb
    >>> w = isac_filterbank(40, 128, sr=16000, stride=16)
    >>> w.shape, round(fb.condition_number(w, signal_length=16000, stride=16), 2)
    ((78, 128), 1.59)
    """
    design = isac_design(
        n_bands, filter_length, sr, scale=scale, kernel=kernel, bandwidth=bandwidth
    )
    step, count = as_count(stride, "stride"), design.frequencies.size
    if step > 2 * count - 2:
        raise FilterbankError(
            f"stride is {step}, larger than the number of real filters, 2 n_bands - 2 = "
            f"{2 * count - 2}: never a frame; use n_bands={step // 2 + step % 2 + 1} or more, "
            "or a smaller stride."
        )
    centre = filter_length // 2
    windows = np.zeros((count, filter_length))
    for row, support in zip(windows, design.supports, strict=True):
        first = centre - support // 2
        window = signal.get_window(kernel, int(support), fftbins=False)
        row[first : first + support] = window / window.sum()
    windows[[0, -1]] /= np.sqrt(2)
    angles = 2 * np.pi / design.sr * np.outer(design.frequencies, np.arange(filter_length) - centre)
    w = np.concatenate([windows * np.cos(angles), (windows * np.sin(angles))[1:-1]])
    return scaled_to(step, w)


def isac_channels(n_bands: int) -> NDArray[np.int64]:
    """Channel of each row of `isac_filterbank`.

    Parameters
    ----------
    n_bands : int
        Number of channels J, at least 3.

    Returns
    -------
    ndarray of int, shape (2 J - 2,)
        0, ..., J - 1 for the real parts, then 1, ..., J - 2 for the imaginary parts.

    Raises
    ------
    FilterbankError
        If J is not an integer of at least 3.

    Examples
    --------
    >>> isac_channels(4).tolist()
    [0, 1, 2, 3, 1, 2]
    """
    count = as_count(n_bands, "n_bands", minimum=3)
    return np.concatenate([np.arange(count), np.arange(1, count - 1)])


def _noise_bandwidth(kernel: Kernel) -> float:
    """Noise-equivalent bandwidth of a window, in units of one over its length."""
    window = signal.get_window(kernel, 4096)
    return float(4096 * np.sum(window**2) / np.sum(window) ** 2)


def _equispaced(count: int, sr: float, transition: float, scale: Scale) -> FloatArray:
    """Frequencies equispaced on the scale, continued by its tangent below the transition."""
    corner, unit = float(to_scale(transition, scale)), float(unit_width(transition, scale))
    points = np.linspace(corner - transition / unit, float(to_scale(sr / 2, scale)), count)
    below = transition + (points - corner) * unit
    above = from_scale(np.maximum(points, corner), scale)
    frequencies = np.where(points < corner, below, above)
    frequencies[[0, -1]] = 0.0, sr / 2
    return np.asarray(frequencies)
