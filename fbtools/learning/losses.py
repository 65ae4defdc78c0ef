"""What a filterbank is asked to reproduce, and how far it is: losses with exact gradients.

The output of a filterbank w at stride d is Y = X w', where the rows of X are the frames
x[m d], x[m d - 1], ..., x[m d - T + 1] of the signal. A few long strides are fastest as a matrix
product; all N shifts are fastest by FFT. Both give the same numbers up to rounding.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike
from scipy import fft

from fbtools.records import Value
from fbtools.validation import (
    FilterbankError,
    FloatArray,
    as_choice,
    as_count,
    as_filters,
    as_real_array,
    check_length,
)

__all__ = ["Regression", "regression_loss"]

Output = Literal["linear", "magnitude"]
OUTPUTS: tuple[Output, ...] = get_args(Output)
Criterion = Literal["squared", "mean_squared", "cosine"]
CRITERIA: tuple[Criterion, ...] = get_args(Criterion)
# Cost of one butterfly of an FFT, in multiply-adds of a matrix product.
FFT_COST = 6
# Numbers in a block of responses that stays in the processor's cache.
CACHE = 2**17
CHUNK = 2**22


@dataclass(frozen=True)
class Regression:
    """What two filterbanks are compared on, and by which criterion.

    Attributes
    ----------
    output : {"linear", "magnitude"}
        Responses x * w, or their magnitudes.
    criterion : {"squared", "mean_squared", "cosine"}
        Half the squared distance of the responses of each signal, averaged over the signals; the
        mean squared error over signals, filters and time; or (1 - cos)/2, with for each filter
        and time the cosine of the angle between the responses to all signals.
    stride : int
        Keep samples 0, d, 2d, ... of each response.
    pooling : int or None
        Average this many consecutive outputs; None averages all of them.

    Raises
    ------
    FilterbankError
        If a choice is unknown, or `stride` or `pooling` is not a positive integer.

    Examples
    --------
    >>> Regression(output="magnitude", criterion="cosine", stride=512, pooling=None)
    Regression(output='magnitude', criterion='cosine', stride=512, pooling=None)
    """

    output: Output = "linear"
    criterion: Criterion = "squared"
    stride: int = field(default=1, kw_only=True)
    pooling: int | None = 1

    def __post_init__(self) -> None:
        as_choice(self.output, "output", OUTPUTS)
        as_choice(self.criterion, "criterion", CRITERIA)
        as_count(self.stride, "stride")
        if self.pooling is not None:
            as_count(self.pooling, "pooling")

    def window(self, signal_length: int) -> int:
        """Return how many outputs are averaged.

        Parameters
        ----------
        signal_length : int
            Number of samples N.

        Returns
        -------
        int
            `pooling`, or the number of all outputs, ceil(N / stride), if that is None.

        Raises
        ------
        FilterbankError
            If `pooling` does not divide the number of outputs.

        Examples
        --------
        >>> [Regression(stride=4, pooling=pooling).window(32) for pooling in (2, None)]
        [2, 8]
        """
        frames = -(-signal_length // self.stride)
        window = frames if self.pooling is None else self.pooling
        if frames % window:
            raise FilterbankError(
                f"pooling is {window}, which does not divide the {frames} outputs of a signal of "
                f"{signal_length} samples at stride {self.stride}: choose a divisor, or None."
            )
        return window


def regression_loss(
    w: ArrayLike, target: ArrayLike, signals: ArrayLike, loss: Regression | None = None
) -> tuple[float, FloatArray]:
    """Loss of a filterbank that should sound like another one, and its exact gradient.

    Parameters
    ----------
    w : array_like, shape (J, T) or (J, 1, T)
        Real filters.
    target : array_like, shape (J, T')
        Filters to be learned. For magnitudes they may be complex: the magnitude of a real and an
        imaginary part in quadrature is their envelope.
    signals : array_like, shape (N,) or (n_signals, N)
        One or more signals, at least as long as the filters.
    loss : Regression or None
        What is compared; `Regression()`, half the squared distance of the responses, unless given.

    Returns
    -------
    tuple of float and ndarray of float64, shape (J, T)
        Loss, and its derivative with respect to each tap. A magnitude has derivative 0 at 0.

    Raises
    ------
    FilterbankError
        If shapes do not fit, T > N, a complex target meets a linear output, or the pooling
        window does not divide the number of outputs.

    See Also
    --------
    fit_filterbank

    Examples
    --------
    >>> regression_loss(w=[[1.0, 0.0]], target=[[0.0, 1.0]], signals=[1.0, 0.0, 0.0])
    (1.0, array([[ 1., -1.]]))
    """
    rule = as_regression(loss)
    filters, batch = as_filters(w), as_signals(signals)
    parts = as_target(target, filters.shape[0], rule)
    check_length(max(filters.shape[1], parts[0].shape[1]), batch.shape[1])
    return loss_and_gradient(filters, batch, target_features(batch, parts, rule), rule)


def as_regression(loss: Regression | None) -> Regression:
    """Return `loss`, or half the squared distance of the responses if there is none."""
    if loss is None:
        return Regression()
    if not isinstance(loss, Regression):
        raise FilterbankError(f"loss is {loss!r}: pass a Regression, or None.")
    return loss


def as_signals(signals: ArrayLike) -> FloatArray:
    """Return `signals` as a float64 array of shape (n_signals, N), not all zero."""
    batch = as_real_array(signals, "signals")
    batch = batch[None, :] if batch.ndim == 1 else batch
    if batch.ndim != 2:
        raise FilterbankError(
            f"signals has shape {batch.shape}: pass an array of shape (n_signals, N)."
        )
    largest = float(np.abs(batch).max())
    if not 1e-100 < largest < 1e100:
        raise FilterbankError(
            f"signals has largest magnitude {largest:g}: pass signals that are not all zero, "
            "scaled to about 1."
        )
    return batch


def as_target(target: ArrayLike, n_filters: int, loss: Regression) -> list[FloatArray]:
    """Return the real part of the target, and the imaginary part if it is complex."""
    in_quadrature = isinstance(target, np.ndarray) and np.iscomplexobj(target)
    if in_quadrature and loss.output == "linear":
        raise FilterbankError(
            'target is complex: compare magnitudes, Regression(output="magnitude"), or pass '
            "target.real."
        )
    pieces = [np.real(target), np.imag(target)] if in_quadrature else [target]
    parts = [as_filters(piece, "target") for piece in pieces]
    if parts[0].shape[0] != n_filters:
        raise FilterbankError(
            f"target has {parts[0].shape[0]} filters, and w has {n_filters}: each filter of w "
            "needs one to learn."
        )
    return parts


def target_features(signals: FloatArray, parts: list[FloatArray], loss: Regression) -> FloatArray:
    """Pooled responses (or magnitudes, or envelopes) of the target, shape (J, n_signals, M)."""
    bank, window = np.concatenate(parts), loss.window(signals.shape[1])
    frames = -(-signals.shape[1] // loss.stride)
    count = max(1, CHUNK // (frames * max(bank.shape)))
    blocks = []
    for first in range(0, len(signals), count):
        operator = _operator(signals[first : first + count], bank.shape[1], loss.stride)
        outputs = operator.responses(bank)
        if loss.output == "magnitude":
            real, *imaginary = np.split(outputs, len(parts))
            outputs = np.hypot(real, imaginary[0]) if imaginary else np.abs(real)
        blocks.append(_pool(outputs, window))
    return np.concatenate(blocks, axis=1)


def loss_and_gradient(
    w: FloatArray, signals: FloatArray, wanted: FloatArray, loss: Regression
) -> tuple[float, FloatArray]:
    """Loss of the filters w against the features wanted, and its gradient."""
    count = max(1, CACHE // (w.shape[0] * -(-signals.shape[1] // loss.stride)))
    if loss.criterion == "cosine" or count >= len(signals):
        return _loss_of_block(w, signals, wanted, loss)
    value, gradient = 0.0, np.zeros_like(w)
    for first in range(0, len(signals), count):
        block = slice(first, first + count)
        part, slope = _loss_of_block(w, signals[block], wanted[:, block], loss)
        share = len(signals[block]) / len(signals)
        value, gradient = value + share * part, gradient + share * slope
    return value, gradient


def _loss_of_block(
    w: FloatArray, signals: FloatArray, wanted: FloatArray, loss: Regression
) -> tuple[float, FloatArray]:
    window = loss.window(signals.shape[1])
    operator = _operator(signals, w.shape[1], loss.stride)
    outputs = operator.responses(w)
    features = _pool(np.abs(outputs) if loss.output == "magnitude" else outputs, window)
    value, slope = _compare(features, wanted, loss.criterion)
    if window > 1:
        slope = np.repeat(slope / window, window, axis=2)
    if loss.output == "magnitude":
        slope *= np.sign(outputs)
    return value, operator.correlations(slope)


@dataclass(frozen=True, eq=False)
class _ByMatrix(Value):
    """Convolution as a product with the frames x[m d - t], t < T, of all signals."""

    frames: FloatArray
    n_signals: int

    def responses(self, w: FloatArray) -> FloatArray:
        """Convolutions of every filter and signal, shape (J, n_signals, M)."""
        return np.asarray(w @ self.frames.T).reshape(w.shape[0], self.n_signals, -1)

    def correlations(self, slope: FloatArray) -> FloatArray:
        """Adjoint: sum over signals b and frames m of slope[j, b, m] x_b[m d - t], shape (J, T)."""
        return np.asarray(slope.reshape(slope.shape[0], -1) @ self.frames)


@dataclass(frozen=True, eq=False)
class _ByFFT(Value):
    """The same, in the frequency domain."""

    signals: FloatArray
    filter_length: int
    stride: int

    def responses(self, w: FloatArray) -> FloatArray:
        count, n = self.signals.shape
        out = np.empty((w.shape[0], count, -(-n // self.stride)))
        transfer = fft.rfft(w, n=n, axis=-1)
        for b, spectrum in enumerate(fft.rfft(self.signals, axis=-1)):
            out[:, b] = fft.irfft(spectrum * transfer, n=n, axis=-1)[:, :: self.stride]
        return out

    def correlations(self, slope: FloatArray) -> FloatArray:
        n = self.signals.shape[1]
        total = np.zeros((slope.shape[0], n // 2 + 1), dtype=complex)
        spread = np.zeros((slope.shape[0], n))
        for b, spectrum in enumerate(fft.rfft(self.signals, axis=-1)):
            spread[:, :: self.stride] = slope[:, b]
            total += spectrum.conj() * fft.rfft(spread, axis=-1)
        return np.asarray(fft.irfft(total, n=n, axis=-1)[:, : self.filter_length])


def _operator(signals: FloatArray, filter_length: int, stride: int) -> _ByMatrix | _ByFFT:
    """Return the faster of the two ways to convolve."""
    count, n = signals.shape
    if -(-n // stride) * filter_length >= FFT_COST * n * np.log2(n + 1):
        return _ByFFT(signals, filter_length, stride)
    extended = np.concatenate([signals[:, n - filter_length + 1 :], signals], axis=1)
    # Reversing the whole signal first makes the windows contiguous, quicker to copy.
    backwards = np.ascontiguousarray(extended[:, ::-1])
    windows = sliding_window_view(backwards, filter_length, axis=1)[:, n - 1 :: -stride]
    return _ByMatrix(np.ascontiguousarray(windows).reshape(-1, filter_length), count)


def _pool(outputs: FloatArray, window: int) -> FloatArray:
    if window == 1:
        return outputs
    filters, signals, frames = outputs.shape
    return np.asarray(outputs.reshape(filters, signals, frames // window, window).mean(axis=3))


def _compare(
    features: FloatArray, wanted: FloatArray, criterion: Criterion
) -> tuple[float, FloatArray]:
    """Criterion and its derivative with respect to the features."""
    if criterion == "cosine":
        return _half_one_minus_cosine(features, wanted)
    error = features - wanted
    energy = float(np.vdot(error, error))
    if criterion == "mean_squared":
        return energy / error.size, 2 / error.size * error
    return energy / (2 * error.shape[1]), error / error.shape[1]


def _half_one_minus_cosine(a: FloatArray, b: FloatArray) -> tuple[float, FloatArray]:
    """Mean of (1 - cos)/2 over filters and time; the cosine with a zero vector counts as 0."""
    norm_a, norm_b = (np.linalg.norm(v, axis=1, keepdims=True) for v in (a, b))
    silent = (norm_a == 0) | (norm_b == 0)
    unit_a = a / np.where(silent, 1.0, norm_a)
    unit_b = b / np.where(silent, 1.0, norm_b)
    cosine = np.where(silent, 0.0, np.sum(unit_a * unit_b, axis=1, keepdims=True))
    slope = (cosine * unit_a - unit_b) / np.where(silent, 1.0, norm_a)
    return float(np.mean(1 - cosine)) / 2, np.where(silent, 0.0, slope) / (2 * cosine.size)
