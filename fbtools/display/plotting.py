"""Pictures of signals and filterbanks; the door to the charts and the look of every figure.

`use_style` sets the look. Each helper draws into a matplotlib ``Axes`` (its own new one if ``ax``
is None) and returns it, with units on every label. Signals and filterbanks are drawn here, other
numbers in ``fbtools.display.charts``; the look itself lives in ``fbtools.display.style``. This
module offers all three.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from fbtools.display.charts import (
    complex_plane,
    histogram_with_density,
    log2_axis,
    matrix_image,
    quantile_band,
)
from fbtools.display.style import (
    COLORS,
    FILTER_COLORMAP,
    IMAGE_COLORMAP,
    PALETTE,
    ROLES,
    add_colorbar,
    as_channel,
    curve,
    frequency_axis,
    legend_above,
    new_axes,
    time_axis,
    use_style,
)
from fbtools.extras import needs
from fbtools.validation import TINY, FilterbankError, FloatArray, as_filters, as_real, as_signal

__all__ = [
    "COLORS",
    "PALETTE",
    "ROLES",
    "complex_plane",
    "curve",
    "filter_responses",
    "frequency_axis",
    "histogram_with_density",
    "legend_above",
    "log2_axis",
    "mark_frame_bounds",
    "matrix_image",
    "new_axes",
    "quantile_band",
    "spectrogram",
    "time_axis",
    "use_style",
    "waveform",
]

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def waveform(x: ArrayLike, sr: float | None = None, ax: Axes | None = None, **changes: Any) -> Axes:
    """Draw a signal against time.

    Parameters
    ----------
    x : array_like, shape (N,)
        Real signal.
    sr : float, optional
        Sampling rate in Hz; without it the axis counts samples.
    ax : matplotlib Axes, optional
        Where to draw; a new figure's unless given.
    **changes
        Passed on to the artist: ``color``, ``label``, ``alpha``.

    Returns
    -------
    matplotlib Axes
        The axes, with the picture in them.

    Raises
    ------
    FilterbankError
        If `x` is not one finite real channel, or `sr` is not positive.

    Notes
    -----
    A signal of more than 4000 samples is drawn as the area between its smallest and largest value
    in each of 2000 columns, so that no peak is lost to the width of a pixel.

    Examples
    --------
    >>> import numpy as np
    >>> from fbtools import plotting
    >>> ax = plotting.waveform(np.sin(np.arange(441) / 7), sr=44100)
    >>> ax.get_xlabel()
    'time (ms)'
    """
    x = as_channel(x)
    times, label = time_axis(x.size, sr)
    ax = new_axes(ax, figsize=(7, 2.2))
    if x.size <= 4000:
        ax.plot(times, x, **{**curve("signal"), **changes})
    else:
        edges = np.linspace(0, x.size, 2001).astype(int)[:-1]
        low, high = np.minimum.reduceat(x, edges), np.maximum.reduceat(x, edges)
        look = {"color": COLORS["signal"], "linewidth": 0.4, **changes}
        ax.fill_between(times[edges], low, high, **look)
    duration = x.size * float(times[1] if x.size > 1 else 1.0)
    ax.set(xlabel=label, ylabel="amplitude", xlim=(0, duration))
    return ax


def spectrogram(
    x: ArrayLike,
    sr: float,
    ax: Axes | None = None,
    *,
    window: float = 0.032,
    range_db: float = 80.0,
    reference: float | None = None,
    max_frequency: float | None = None,
    colorbar: bool = True,
) -> Axes:
    """Draw the log-magnitude short-time Fourier transform of a signal.

    Parameters
    ----------
    x : array_like, shape (N,)
        Real signal.
    sr : float
        Sampling rate in Hz.
    ax : matplotlib Axes, optional
        Where to draw; a new figure's unless given.
    window : float
        Length of the Hann window in seconds; consecutive windows overlap by three quarters.
    range_db : float
        Levels more than this far below the reference have the darkest colour.
    reference : float, optional
        Amplitude of the sinusoid drawn as 0 dB; by default the strongest bin is 0 dB. Give the
        same number to compare several signals.
    max_frequency : float, optional
        Highest frequency drawn, in Hz; by default ``sr / 2``.
    colorbar : bool
        Whether to explain the colours beside the image.

    Returns
    -------
    matplotlib Axes
        The axes, with the picture in them.

    Raises
    ------
    FilterbankError
        If `x` is not a non-zero channel, a number is not positive, or the window has fewer than 8
        samples or more than the signal.

    Examples
    --------
    >>> import numpy as np
    >>> from fbtools import plotting
    >>> ax = plotting.spectrogram(np.sin(np.arange(8000)), sr=8000)
    >>> ax.get_ylabel()
    'frequency (kHz)'
    """
    x = as_signal(x)
    rate = as_real(sr, "sr", minimum=0)
    floor = -as_real(range_db, "range_db", minimum=0)
    top = rate / 2
    if max_frequency is not None:
        top = as_real(max_frequency, "max_frequency", minimum=0)
    amplitudes, hop = _short_time_amplitudes(x, rate, window)
    if reference is None:
        zero, name = float(amplitudes.max()), "dB re strongest bin"
    else:
        zero = as_real(reference, "reference", minimum=0)
        name = f"dB re amplitude {zero:g}"
    levels = 20 * np.log10(np.maximum(amplitudes / zero, 10 ** (floor / 20)))
    n_freqs, n_frames = levels.shape
    frequencies, label = frequency_axis(n_freqs, rate)
    half_bin = frequencies[1] / 2
    scale, time_label = (1000, "time (ms)") if x.size < 0.2 * rate else (1, "time (s)")
    step = scale * hop / rate
    box = (-step / 2, (n_frames - 0.5) * step, -half_bin, frequencies[-1] + half_bin)
    ax = new_axes(ax)
    image = ax.imshow(
        levels,
        origin="lower",
        aspect="auto",
        extent=box,
        vmin=floor,
        vmax=0,
        cmap=IMAGE_COLORMAP,
        interpolation="nearest",
    )
    ax.set(xlabel=time_label, ylabel=label, xlim=(0, scale * x.size / rate))
    ax.set_ylim(0, frequencies[-1] * min(1.0, top / (rate / 2)))
    ax.grid(False)
    if colorbar:
        add_colorbar(image, ax, name)
    return ax


def _short_time_amplitudes(x: FloatArray, rate: float, window: float) -> tuple[FloatArray, int]:
    """Amplitudes, one column a window, scaled so that a sinusoid shows its own amplitude."""
    from scipy.signal import ShortTimeFFT
    from scipy.signal.windows import hann

    length = round(as_real(window, "window", minimum=0) * rate)
    if not 8 <= length <= x.size:
        raise FilterbankError(
            f"window is {window} s, {length} samples at sr = {rate:g} Hz: "
            f"choose one between {8 / rate:.3g} s and the length of x, {x.size / rate:.3g} s."
        )
    hop = max(1, length // 4)
    n_fft = 1 << (length - 1).bit_length()
    transform = ShortTimeFFT(hann(length, sym=False), hop, rate, mfft=n_fft, scale_to="magnitude")
    amplitudes = 2 * np.abs(transform.stft(x, p0=0, p1=1 + x.size // hop))
    amplitudes[[0, -1]] /= 2
    return amplitudes, hop


def filter_responses(
    w: ArrayLike,
    sr: float | None = None,
    ax: Axes | None = None,
    *,
    n_freqs: int = 1025,
    range_db: float = 60.0,
    littlewood_paley: bool = False,
) -> Axes:
    """Draw the magnitude responses of a filterbank, from 0 to the Nyquist frequency.

    Parameters
    ----------
    w : array_like, shape (J, T)
        Filters, one a row.
    sr : float, optional
        Sampling rate in Hz; without it the axis is in cycles per sample.
    ax : matplotlib Axes, optional
        Where to draw; a new figure's unless given.
    n_freqs : int
        Number of frequencies; raise it for filters longer than about 500 samples.
    range_db : float
        Span of the vertical axis below the highest point, in dB.
    littlewood_paley : bool
        Draw the sum of the squared magnitudes on top, in the same decibels.

    Returns
    -------
    matplotlib Axes
        The axes, with the picture in them.

    Raises
    ------
    FilterbankError
        If `w` is not a finite, non-zero array of shape (J, T), or a number is out of range.

    See Also
    --------
    littlewood_paley, mark_frame_bounds

    Examples
    --------
    >>> import numpy as np
    >>> from fbtools import plotting
    >>> w = np.random.default_rng(0).normal(size=(8, 64)) / np.sqrt(8 * 64)
    >>> ax = plotting.filter_responses(w, sr=16000, littlewood_paley=True)
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('frequency (kHz)', 'squared magnitude (dB)')
    """
    w = as_filters(w)
    span = as_real(range_db, "range_db", minimum=0)
    frequencies, label = frequency_axis(n_freqs, sr)
    power = (
        np.abs(
            np.exp(-1j * np.pi * np.outer(np.linspace(0, 1, n_freqs), np.arange(w.shape[1]))) @ w.T
        ).T
        ** 2
    )
    total = power.sum(axis=0)
    highest = float(total.max() if littlewood_paley else power.max())
    if highest == 0:
        raise FilterbankError("w is zero everywhere: pass at least one filter that is not zero.")
    floor = highest * 10 ** (-span / 10)
    ax = new_axes(ax)
    for response, color in zip(power, _filter_colors(power, frequencies), strict=True):
        decibels = 10 * np.log10(np.maximum(response, floor / 10))
        ax.plot(frequencies, decibels, color=color, linestyle="-", linewidth=0.9, alpha=0.85)
    if littlewood_paley:
        name = r"Littlewood–Paley sum $\sum_j |\hat w_j|^2$"
        decibels = 10 * np.log10(np.maximum(total, floor / 10))
        ax.plot(frequencies, decibels, **curve("sum"), label=name)
        legend_above(ax)
    peak = 10 * np.log10(highest)
    ax.set(xlabel=label, ylabel="squared magnitude (dB)", xlim=(0, frequencies[-1]))
    ax.set_ylim(peak - span, peak + 0.06 * span)
    return ax


def _filter_colors(power: FloatArray, frequencies: FloatArray) -> Any:
    """One colour a filter, dark for low and light for high centres of its energy."""
    with needs("display"):
        import matplotlib as mpl

    total = np.maximum(power.sum(axis=1), TINY)
    order = np.argsort(np.argsort(power @ frequencies / total))
    return mpl.colormaps[FILTER_COLORMAP](0.85 * order / max(1, order.size - 1))


def mark_frame_bounds(lower: float, upper: float, ax: Axes, *, decibels: bool = False) -> Axes:
    """Mark the frame bounds A and B as two labelled horizontal lines.

    Parameters
    ----------
    lower, upper : float
        The bounds, 0 <= A <= B.
    ax : matplotlib Axes
        Shows a Littlewood–Paley sum, linear or (with `decibels`) as ``10 log10``.
    decibels : bool
        Whether the vertical axis of `ax` is in dB.

    Returns
    -------
    matplotlib Axes
        The axes `ax`.

    Raises
    ------
    FilterbankError
        If the bounds are negative, not ordered, or zero on a decibel axis.

    See Also
    --------
    frame_bounds, filter_responses

    Examples
    --------
    >>> from fbtools import plotting
    >>> ax = plotting.mark_frame_bounds(0.5, 1.5, plotting.new_axes())
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['upper bound $B = 1.5$', 'lower bound $A = 0.5$']
    """
    a, b = as_real(lower, "lower"), as_real(upper, "upper")
    if not 0 <= a <= b:
        raise FilterbankError(f"lower, upper are {a:g}, {b:g}: pass bounds with 0 <= A <= B.")
    if decibels and a == 0:
        raise FilterbankError("lower is 0, which has no decibels: use a linear axis.")
    for value, role, name in ((b, "upper", "upper bound $B"), (a, "lower", "lower bound $A")):
        height = 10 * np.log10(value) if decibels else value
        ax.axhline(height, **curve(role, marker=""), label=f"{name} = {_in_math(value)}$", zorder=3)
    legend_above(ax)
    return ax


def _in_math(value: float) -> str:
    """A number of four digits for use inside maths, where `1e-05` would be set as a product."""
    mantissa, _, exponent = f"{value:.4g}".partition("e")
    return rf"{mantissa}\times 10^{{{int(exponent)}}}" if exponent else mantissa
