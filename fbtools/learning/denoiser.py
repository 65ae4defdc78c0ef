"""A small encoder-mask-decoder denoiser with exact gradients, to compare filterbanks at work.

The encoder is a strided filterbank of pairs of filters. From the logarithms of the energies of
the pairs, smoothed in time over two spans, a network with one hidden layer computes a mask between
0 and 1 for each pair and frame. The decoder is the adjoint of the encoder, applied to the masked
responses. The filters may be fixed, free, or hybrid; everything is circular.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fbtools.filterbanks.convolution import analyze
from fbtools.learning.hybrid import hybrid_filterbank
from fbtools.learning.masking import (
    SPANS,
    Parameters,
    adjoint,
    by_channel,
    energy_slope,
    features,
    frames,
    mix,
    network,
    si_sdr_gradient,
)
from fbtools.learning.optimisers import Adam
from fbtools.learning.penalties import condition_penalty
from fbtools.records import Value
from fbtools.threads import one_thread_of_linear_algebra
from fbtools.validation import (
    RNG,
    FilterbankError,
    FloatArray,
    as_choice,
    as_count,
    as_filters,
    as_real,
    as_rng,
    as_signal,
)

__all__ = ["Denoiser", "make_denoiser", "train_denoiser"]

Learnable = Literal["nothing", "filters", "hybrid"]
LEARNABLE: tuple[Learnable, ...] = get_args(Learnable)


@dataclass(frozen=True, eq=False)
class Denoiser(Value):
    """Encoder, mask network and decoder.

    Attributes
    ----------
    w : ndarray of float64, shape (R, T)
        Filters of the encoder; for a hybrid, its fixed part.
    channels : ndarray of int, shape (R,)
        Channel of each row, 0, ..., J - 1: rows of one channel share energy and mask.
    stride : int
        Stride d.
    learn : {"nothing", "filters", "hybrid"}
        Which part of the encoder is trained.
    parameters : dict of ndarray
        All that is trained: weights and biases of the network, and "filters" (R, T) or
        "learned" (J, K).

    Examples
    --------
    >>> import fbtools as fb
    >>> w = fb.isac_filterbank(12, 32, sr=8000, stride=4)
    >>> denoiser = make_denoiser(w, fb.filterbanks.isac_channels(12), stride=4, rng=0)
    >>> denoiser(fb.signals.chirp(256, 0.1, 0.4)).shape
    (256,)
    """

    _writeable: ClassVar[tuple[str, ...]] = ("parameters",)

    w: FloatArray
    channels: NDArray[np.int64]
    stride: int
    learn: Learnable
    parameters: Parameters = field(repr=False)

    def filters(self) -> FloatArray:
        """Return the filters of encoder and decoder.

        Returns
        -------
        ndarray of float64, shape (R, T) or, for a hybrid, (R, T + K - 1)
            Filters as trained so far.

        Examples
        --------
        >>> import fbtools as fb
        >>> w = fb.isac_filterbank(12, 32, sr=8000, stride=4)
        >>> channels = fb.filterbanks.isac_channels(12)
        >>> model = make_denoiser(w, channels, stride=4, learn="hybrid", learned_length=5, rng=0)
        >>> w.shape, model.filters().shape
        ((22, 32), (22, 36))
        """
        if self.learn == "filters":
            return self.parameters["filters"]
        if self.learn == "hybrid":
            return hybrid_filterbank(self.w, self.parameters["learned"][self.channels])
        return self.w

    def mask(self, noisy: ArrayLike) -> FloatArray:
        """Return the mask of a noisy signal.

        Parameters
        ----------
        noisy : array_like, shape (N,)
            Signal, not zero; N a multiple of the stride. Its level does not matter.

        Returns
        -------
        ndarray of float64, shape (J, N/d)
            Factor between 0 and 1 for each channel and frame.

        Raises
        ------
        FilterbankError
            If `noisy` is no such signal.

        Examples
        --------
        >>> import fbtools as fb
        >>> w = fb.isac_filterbank(12, 32, sr=8000, stride=4)
        >>> channels = fb.filterbanks.isac_channels(12)
        >>> mask = make_denoiser(w, channels, stride=4, rng=0).mask(fb.signals.chirp(256, 0.1, 0.4))
        >>> mask.shape, bool(0 < mask.min() <= mask.max() < 1)
        ((12, 64), True)
        """
        x = _unit_power(noisy, self.stride)
        y = analyze(x, self.filters(), stride=self.stride).T
        return np.asarray(network(self.parameters, features(y, self.channels)[0])[1].T)

    def __call__(self, noisy: ArrayLike) -> FloatArray:
        """Return the denoised signal, with the scale that makes a tight encoder transparent."""
        x, filters = _unit_power(noisy, self.stride), self.filters()
        scale = np.linalg.norm(as_signal(noisy)) / np.sqrt(x.size)
        y = analyze(x, filters, stride=self.stride).T
        mask = network(self.parameters, features(y, self.channels)[0])[1]
        tight = self.stride / np.sum(filters**2)
        restored = adjoint(mask[:, self.channels] * y, filters, self.stride)
        return np.asarray(scale * tight * restored)


def make_denoiser(
    w: ArrayLike,
    channels: ArrayLike,
    *,
    stride: int,
    learn: Learnable = "nothing",
    learned_length: int = 23,
    n_hidden: int = 48,
    rng: RNG = None,
) -> Denoiser:
    """Denoiser with a random network, before training.

    Parameters
    ----------
    w : array_like, shape (R, T)
        Filters, in pairs.
    channels : array_like of int, shape (R,)
        Channel of each row, for instance by `isac_channels`.
    stride : int
        Stride d.
    learn : {"nothing", "filters", "hybrid"}
        Train the network only; the filters too, beginning with `w`; or short filters convolved
        with `w`, beginning with a slightly perturbed impulse.
    learned_length : int
        Number of taps K of the short filters.
    n_hidden : int
        Width of the hidden layer.
    rng : Generator, seed or None
        What `numpy.random.default_rng` takes; the same seed gives the same bits.

    Returns
    -------
    Denoiser
        Its mask is about 0.9 everywhere.

    Raises
    ------
    FilterbankError
        If the channels do not fit the filters, or a choice is unknown.

    See Also
    --------
    train_denoiser, isac_filterbank, isac_channels

    Examples
    --------
    >>> import fbtools as fb
    >>> w = fb.random_filterbank(6, 16, rng=0)
    >>> make_denoiser(w, [0, 1, 2, 0, 1, 2], stride=2, learn="filters", rng=0).learn
    'filters'
    """
    filters, step = as_filters(w), as_count(stride, "stride")
    kind, hidden = as_choice(learn, "learn", LEARNABLE), as_count(n_hidden, "n_hidden")
    taps, generator = as_count(learned_length, "learned_length"), as_rng(rng)
    rows = np.asarray(channels)
    if rows.shape != filters.shape[:1] or not np.array_equal(np.unique(rows), range(max(rows) + 1)):
        raise FilterbankError(
            f"channels is {rows.tolist()}: number the channels of the {filters.shape[0]} rows from "
            "0, leaving none out."
        )
    count = int(rows.max()) + 1
    inputs = len(SPANS) * count
    parameters = {
        "inner": generator.standard_normal((inputs, hidden)) / np.sqrt(inputs),
        "inner_bias": np.zeros(hidden),
        "outer": 0.1 * generator.standard_normal((hidden, count)) / np.sqrt(hidden),
        "outer_bias": np.full(count, 2.0),
    }
    if kind == "filters":
        parameters["filters"] = filters.copy()
    if kind == "hybrid":
        learned = 0.1 * generator.standard_normal((count, taps)) / np.sqrt(taps)
        learned[:, taps // 2] += 1.0
        parameters["learned"] = learned
    return Denoiser(filters, rows.astype(np.int64), step, kind, parameters)


@one_thread_of_linear_algebra()
def train_denoiser(
    denoiser: Denoiser,
    clean: ArrayLike,
    noise: ArrayLike,
    n_steps: int,
    *,
    beta: float = 0.0,
    snr_range: tuple[float, float] = (0.0, 20.0),
    segment: int = 16_000,
    batch: int = 2,
    learning_rates: tuple[float, float] = (3e-3, 3e-4),
    rng: RNG = None,
) -> tuple[Denoiser, FloatArray]:
    """Train on random segments of a clean signal with noise added, by Adam, to raise the SI-SDR.

    Parameters
    ----------
    denoiser : Denoiser
        Where to begin; it is not changed.
    clean, noise : array_like, shape (N,)
        Signals of which random segments are mixed, each longer than a segment.
    n_steps : int
        Number of steps.
    beta : float
        Weight in dB of the penalty (smooth kappa) - 1 on the encoder.
    snr_range : tuple of float
        Range in dB from which the signal-to-noise ratio of a mixture is drawn.
    segment, batch : int
        Samples in a segment, a multiple of the stride; mixtures a step.
    learning_rates : tuple of float
        Of the network and of the filters.
    rng : Generator, seed or None
        What `numpy.random.default_rng` takes; the same seed gives the same bits.

    Returns
    -------
    Denoiser
        The trained denoiser.
    ndarray of float64, shape (n_steps,)
        Mean SI-SDR in dB of each batch, before its step.

    Raises
    ------
    FilterbankError
        If the signals are too short, or a number is out of range.

    See Also
    --------
    si_sdr, condition_penalty

    Examples
    --------
    >>> import fbtools as fb
    >>> w = fb.isac_filterbank(12, 32, sr=8000, stride=4)
    >>> start = make_denoiser(w, fb.filterbanks.isac_channels(12), stride=4, n_hidden=8, rng=0)
    >>> clean, noise = fb.signals.chirp(2000, 0.01, 0.1), fb.signals.white_noise(2000, rng=0)
    >>> trained, history = train_denoiser(start, clean, noise, 30, segment=400, rng=0)
    >>> bool(history[-5:].mean() > history[:5].mean())
    True
    """
    voice, hiss = as_signal(clean, "clean"), as_signal(noise, "noise")
    length = as_count(segment, "segment", minimum=1, maximum=min(voice.size, hiss.size) - 1)
    steps, mixtures = as_count(n_steps, "n_steps"), as_count(batch, "batch")
    weight = 0.0 if beta == 0 else as_real(beta, "beta", 0.0)
    generator, parameters = as_rng(rng), dict(denoiser.parameters)
    rules = [Adam(learning_rate=rate) for rate in learning_rates]
    rule = {name: rules[name in ("filters", "learned")] for name in parameters}
    memory = {name: rule[name].start(value) for name, value in parameters.items()}
    history = np.empty(steps)
    for step in range(steps):
        model = replace(denoiser, parameters=parameters)
        gradient = {name: np.zeros_like(value) for name, value in parameters.items()}
        history[step] = 0.0
        for _ in range(mixtures):
            target = _random_segment(voice, length, generator)
            snr = generator.uniform(*snr_range)
            noisy = mix(target, _random_segment(hiss, length, generator), snr)
            value, slopes = loss_gradient(model, noisy, target)
            history[step] -= value / mixtures
            for name in gradient:
                gradient[name] += slopes[name] / mixtures
        if weight > 0:
            _add_penalty(model, gradient, weight)
        for name in parameters:
            parameters[name], memory[name] = rule[name].step(
                parameters[name], gradient[name], memory[name]
            )
    return replace(denoiser, parameters=parameters), history


def loss_gradient(
    model: Denoiser, noisy: FloatArray, clean: FloatArray
) -> tuple[float, Parameters]:
    """Minus the SI-SDR of the denoised signal, and its derivative in each parameter."""
    x, filters, channels = _unit_power(noisy, model.stride), model.filters(), model.channels
    inputs = frames(x, filters.shape[1], model.stride)
    y = inputs @ filters.T
    seen, energies = features(y, channels)
    hidden, mask = network(model.parameters, seen)
    masked = mask[:, channels] * y
    value, slope = si_sdr_gradient(adjoint(masked, filters, model.stride), clean)

    outer = frames(slope, filters.shape[1], model.stride)
    masked_slope = outer @ filters.T
    mask_slope = by_channel(masked_slope * y, channels) * mask * (1 - mask)
    hidden_slope = (mask_slope @ model.parameters["outer"].T) * (1 - hidden**2)
    gradient = {
        "inner": seen.T @ hidden_slope,
        "inner_bias": hidden_slope.sum(axis=0),
        "outer": hidden.T @ mask_slope,
        "outer_bias": mask_slope.sum(axis=0),
    }
    if model.learn == "nothing":
        return -value, {name: -slope for name, slope in gradient.items()}
    seen_slope = hidden_slope @ model.parameters["inner"].T
    y_slope = masked_slope * mask[:, channels]
    y_slope += 2 * y * energy_slope(seen_slope, energies)[:, channels]
    taps = masked.T @ outer + y_slope.T @ inputs
    gradient.update(_in_parameters(model, taps))
    return -value, {name: -slope for name, slope in gradient.items()}


def _in_parameters(model: Denoiser, taps: FloatArray) -> Parameters:
    """Gradient in what is learned of the encoder, from that in its filters."""
    if model.learn == "filters":
        return {"filters": taps}
    shape = model.parameters["learned"].shape
    rows = [np.correlate(slope, g, mode="valid") for slope, g in zip(taps, model.w, strict=True)]
    learned = np.zeros(shape)
    np.add.at(learned, model.channels, np.array(rows))
    return {"learned": learned}


def _add_penalty(model: Denoiser, gradient: Parameters, weight: float) -> None:
    if model.learn == "nothing":
        return
    filters = model.filters()
    length = 2 * model.stride * -(-filters.shape[1] // model.stride)
    _, taps = condition_penalty(filters, length, stride=model.stride, sharpness=8.0)
    for name, slope in _in_parameters(model, weight * taps).items():
        gradient[name] += slope


def _random_segment(x: FloatArray, length: int, rng: np.random.Generator) -> FloatArray:
    start = int(rng.integers(0, x.size - length))
    return x[start : start + length]


def _unit_power(noisy: ArrayLike, stride: int) -> FloatArray:
    x = as_signal(noisy, "noisy")
    if x.size % stride:
        raise FilterbankError(
            f"noisy has {x.size} samples, no multiple of the stride {stride}: cut or pad it."
        )
    return np.asarray(x * np.sqrt(x.size) / np.linalg.norm(x))
