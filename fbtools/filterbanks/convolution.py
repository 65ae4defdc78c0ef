"""Applying filterbanks: a Conv1d without bias is `analyze`.

The doors check their arguments; `convolved` and `correlated` take them checked.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy import fft, signal

from fbtools.validation import (
    FilterbankError,
    FloatArray,
    as_choice,
    as_count,
    as_filters,
    as_real_array,
    as_signal,
    check_length,
)

__all__ = ["analysis_matrix", "analyze", "energy_ratio", "synthesize"]
Mode = Literal["circular", "linear"]
MODES: tuple[Mode, ...] = get_args(Mode)
CHUNK = 2**22


def analyze(x: ArrayLike, w: ArrayLike, *, stride: int = 1, mode: Mode = "circular") -> FloatArray:
    """Responses of a filterbank: y[j] = x * w[j], every `stride`-th sample.

    Parameters
    ----------
    x : array_like, shape (N,)
        Real signal.
    w : array_like, shape (J, T) or (J, 1, T)
        Real filters.
    stride : int
        Keep samples 0, d, 2d, ... of each convolution.
    mode : {"circular", "linear"}
        Circular convolution on Z_N (T <= N), or the full linear convolution of
        N + T - 1 samples.

    Returns
    -------
    ndarray of float64, shape (J, ceil(N/d)), or (J, ceil((N + T - 1)/d)) when linear
        Responses.

    Raises
    ------
    FilterbankError
        If an argument has the wrong shape or type, holds NaN or inf, or if T > N (circular).

    See Also
    --------
    synthesize, energy_ratio, analysis_matrix

    Notes
    -----
    Deep-learning libraries compute correlations: their Conv1d applies the filters reversed in
    time. At stride 1 this changes no energy, and on Z_N with a stride that divides N no frame
    bound; the strided responses to one signal do differ.

    References
    ----------
    Haider, Lostanlen, Ehler and Balazs (2024), equation (1).

    Examples
    --------
    >>> print(analyze([1, 0, 0, 2], [[1, 2], [3, 4]]).round(6) + 0.0)
    [[ 5.  2.  0.  2.]
     [11.  4.  0.  6.]]
    >>> print(analyze([1, 0, 0, 2], [[1, 2], [3, 4]], stride=2, mode="linear").round(6))
    [[1. 0. 4.]
     [3. 0. 8.]]
    """
    return convolved(*_checked(x, w, stride, mode))


def energy_ratio(x: ArrayLike, w: ArrayLike, *, stride: int = 1, mode: Mode = "circular") -> float:
    """Energy of the responses over energy of the signal, ||Phi x||^2 / ||x||^2.

    Parameters
    ----------
    x : array_like, shape (N,)
        Real signal, not zero.
    w : array_like, shape (J, T) or (J, 1, T)
        Real filters.
    stride : int
        Stride d, as in `analyze`.
    mode : {"circular", "linear"}
        Convolution on Z_N, or the full linear one, as in `analyze`.

    Returns
    -------
    float
        Energy ratio, between the frame bounds A and B of the filterbank.

    Raises
    ------
    FilterbankError
        As `analyze`.

    See Also
    --------
    EnergyLaw, frame_bounds

    References
    ----------
    Haider, Lostanlen, Ehler and Balazs (2024), equation (2).

    Examples
    --------
    >>> round(energy_ratio([1, 0, 0, 0], [[1, 2], [3, 4]]), 9)
    30.0
    """
    signal_, filters, step, kind = _checked(x, w, stride, mode)
    rows = max(1, CHUNK // signal_.size)
    energy = 0.0
    for first in range(0, filters.shape[0], rows):
        energy += float(np.sum(convolved(signal_, filters[first : first + rows], step, kind) ** 2))
    return energy / float(signal_ @ signal_)


def analysis_matrix(w: ArrayLike, signal_length: int, *, stride: int = 1) -> FloatArray:
    """Dense matrix of the circular analysis operator: small examples and tests only.

    Parameters
    ----------
    w : array_like, shape (J, T) or (J, 1, T)
        Real filters.
    signal_length : int
        Number of samples N, at least T.
    stride : int
        Keep every d-th sample.

    Returns
    -------
    ndarray of float64, shape (J * ceil(N/d), N)
        Matrix Phi such that `Phi @ x` equals `analyze(x, w, stride).ravel()`.

    Raises
    ------
    FilterbankError
        If T > N, or if the matrix would need more than 2^27 entries (1 GiB).

    Examples
    --------
    >>> print(analysis_matrix([[1, 2]], signal_length=3).round(6))
    [[1. 0. 2.]
     [2. 1. 0.]
     [0. 2. 1.]]
    """
    filters = as_filters(w)
    n, step = as_count(signal_length, "signal_length"), as_count(stride, "stride")
    check_length(filters.shape[1], n)
    entries = filters.shape[0] * -(-n // step) * n
    if entries > 2**27:
        raise FilterbankError(
            f"signal_length is {n}: the dense matrix would have {entries} entries; "
            "use analyze and synthesize, which never build it."
        )
    columns = [convolved(row, filters, step).ravel() for row in np.eye(n)]
    return np.stack(columns, axis=1)


def synthesize(y: ArrayLike, w_dual: ArrayLike, *, stride: int = 1) -> FloatArray:
    """Adjoint of circular analysis: correlate every response with its filter, and add up.

    Parameters
    ----------
    y : array_like, shape (J, M)
        Responses, as `analyze` returns them in circular mode.
    w_dual : array_like, shape (J, T) or (J, 1, T)
        Synthesis filters. With those of `dual`, the result is the signal that was analysed; with
        those of the analysis it is its image under the frame operator.
    stride : int
        Stride d of the analysis.

    Returns
    -------
    ndarray of float64, shape (M d,)
        Signal x[n] = sum_j sum_m y[j, m] w_dual[j, m d - n], indices on Z_{M d}.

    Raises
    ------
    FilterbankError
        If the numbers of responses and filters differ, or the filters are longer than M d.

    Examples
    --------
    >>> import fbtools as fb
    >>> x, w = fb.signals.chirp(64, 0.01, 0.4), fb.random_filterbank(8, 16, rng=0)
    >>> y = fb.analyze(x, w, stride=2)
    >>> x_back = synthesize(y, fb.dual(w, 64, stride=2), stride=2)
    >>> bool(np.allclose(x_back, x, rtol=0, atol=1e-12))
    True
    """
    responses, filters = as_real_array(y, "y"), as_filters(w_dual, "w_dual")
    step = as_count(stride, "stride")
    check_responses(responses, filters, step)
    return correlated(responses, filters, step)


def convolved(x: FloatArray, w: FloatArray, stride: int, mode: Mode = "circular") -> FloatArray:
    """What `analyze` returns, of a signal and filters that fit."""
    length = x.size if mode == "circular" else x.size + w.shape[1] - 1
    out = np.empty((w.shape[0], -(-length // stride)))
    rows = max(1, CHUNK // length)
    for first in range(0, w.shape[0], rows):
        block = w[first : first + rows]
        out[first : first + rows] = _convolve(x, block, mode)[:, ::stride]
    return out


def correlated(y: FloatArray, w: FloatArray, stride: int) -> FloatArray:
    """What `synthesize` returns, of responses and filters that fit."""
    n = y.shape[1] * stride
    spectrum = np.zeros(n // 2 + 1, dtype=complex)
    rows = max(1, CHUNK // n)
    for first in range(0, w.shape[0], rows):
        block = slice(first, first + rows)
        upsampled = np.zeros((y[block].shape[0], n))
        upsampled[:, ::stride] = y[block]
        transfer = fft.rfft(w[block], n=n, axis=-1)
        spectrum += np.sum(transfer.conj() * fft.rfft(upsampled, axis=-1), axis=0)
    return np.asarray(fft.irfft(spectrum, n=n))


def check_responses(y: FloatArray, w: FloatArray, stride: int) -> None:
    """Raise unless there is one response for each filter, as long as the filters at least."""
    if y.ndim != 2 or y.shape[0] != w.shape[0]:
        raise FilterbankError(
            f"y has shape {y.shape}: pass one response for each of the "
            f"{w.shape[0]} filters, an array of shape ({w.shape[0]}, M)."
        )
    check_length(w.shape[1], y.shape[1] * stride)


def _checked(
    x: ArrayLike, w: ArrayLike, stride: int, mode: Mode
) -> tuple[FloatArray, FloatArray, int, Mode]:
    signal_, filters = as_signal(x), as_filters(w)
    step, kind = as_count(stride, "stride"), as_choice(mode, "mode", MODES)
    if kind == "circular":
        check_length(filters.shape[1], signal_.size)
    return signal_, filters, step, kind


def _convolve(x: FloatArray, w: FloatArray, mode: Mode) -> FloatArray:
    if mode == "linear":
        return np.asarray(signal.oaconvolve(x[None, :], w, axes=-1))
    spectrum = fft.rfft(x) * fft.rfft(w, n=x.size, axis=-1)
    return np.asarray(fft.irfft(spectrum, n=x.size, axis=-1))
