"""Making filterbanks and applying them: a Conv1d without bias is `analyze`."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import fft, signal

from fbtools.validation import (
    RNG,
    FilterbankError,
    FloatArray,
    as_choice,
    as_count,
    as_filters,
    as_rng,
    as_signal,
    check_length,
)

__all__ = ["analysis_matrix", "analyze", "energy_ratio", "random_filterbank"]

FAMILIES = ("normal", "uniform", "rademacher", "laplace")
MODES = ("circular", "linear")
CHUNK = 2**22


def random_filterbank(
    n_filters: int,
    filter_length: int,
    rng: RNG = None,
    *,
    stride: int = 1,
    distribution: str = "normal",
) -> FloatArray:
    """Filterbank of i.i.d. centred weights that preserves energy on average.

    Parameters
    ----------
    n_filters : int
        Number of filters J.
    filter_length : int
        Number of taps T of every filter.
    rng : Generator, int or None
        Source of randomness; the same seed gives the same bits.
    stride : int
        Stride d with which the filterbank will be applied.
    distribution : {"normal", "uniform", "rademacher", "laplace"}
        Family of the weights. All have the same variance; their excess kurtoses are
        0, -6/5, -2 and 3.

    Returns
    -------
    ndarray of float64, shape (J, T)
        Weights of variance d/(J T), so that the energy ratio of any signal has mean 1.

    Raises
    ------
    FilterbankError
        If J, T or d is not a positive integer, or the family is unknown.

    References
    ----------
    Haider, Lostanlen, Ehler and Balazs (2024), Section II, for the Gaussian case.

    Examples
    --------
    >>> w = random_filterbank(n_filters=40, filter_length=1024, rng=0)
    >>> w.shape
    (40, 1024)
    >>> f"{40 * 1024 * w.var():.2f}"
    '1.00'
    """
    shape = (as_count(n_filters, "n_filters"), as_count(filter_length, "filter_length"))
    family = as_choice(distribution, "distribution", FAMILIES)
    generator = as_rng(rng)
    scale = np.sqrt(as_count(stride, "stride") / (shape[0] * shape[1]))
    if family == "normal":
        return np.asarray(scale * generator.standard_normal(shape))
    if family == "uniform":
        return np.asarray(scale * generator.uniform(-np.sqrt(3), np.sqrt(3), shape))
    if family == "rademacher":
        return np.asarray(scale * (2.0 * generator.integers(0, 2, shape) - 1.0))
    return generator.laplace(0.0, scale / np.sqrt(2), shape)


def analyze(x: ArrayLike, w: ArrayLike, stride: int = 1, mode: str = "circular") -> FloatArray:
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
    signal_, filters = as_signal(x), as_filters(w)
    step = as_count(stride, "stride")
    length = _output_length(signal_.size, filters.shape[1], as_choice(mode, "mode", MODES))
    out = np.empty((filters.shape[0], -(-length // step)))
    rows = max(1, CHUNK // length)
    for first in range(0, filters.shape[0], rows):
        block = filters[first : first + rows]
        out[first : first + rows] = _convolve(signal_, block, mode)[:, ::step]
    return out


def energy_ratio(x: ArrayLike, w: ArrayLike, stride: int = 1, mode: str = "circular") -> float:
    """Energy of the responses over energy of the signal, ||Phi x||^2 / ||x||^2.

    Parameters
    ----------
    x : array_like, shape (N,)
        Real signal, not zero.
    w : array_like, shape (J, T) or (J, 1, T)
        Real filters.
    stride, mode
        As in `analyze`.

    Returns
    -------
    float
        Energy ratio, between the frame bounds A and B of the filterbank.

    Raises
    ------
    FilterbankError
        As `analyze`.

    References
    ----------
    Haider, Lostanlen, Ehler and Balazs (2024), equation (2).

    Examples
    --------
    >>> round(energy_ratio([1, 0, 0, 0], [[1, 2], [3, 4]]), 9)
    30.0
    """
    signal_, filters = as_signal(x), as_filters(w)
    rows = max(1, CHUNK // signal_.size)
    energy = 0.0
    for first in range(0, filters.shape[0], rows):
        energy += float(np.sum(analyze(signal_, filters[first : first + rows], stride, mode) ** 2))
    return energy / float(signal_ @ signal_)


def analysis_matrix(w: ArrayLike, signal_length: int, stride: int = 1) -> FloatArray:
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
    columns = [analyze(row, filters, step).ravel() for row in np.eye(n)]
    return np.stack(columns, axis=1)


def _output_length(signal_length: int, filter_length: int, mode: str) -> int:
    if mode == "linear":
        return signal_length + filter_length - 1
    check_length(filter_length, signal_length)
    return signal_length


def _convolve(x: FloatArray, w: FloatArray, mode: str) -> FloatArray:
    if mode == "linear":
        return np.asarray(signal.oaconvolve(x[None, :], w, axes=-1))
    spectrum = fft.rfft(x) * fft.rfft(w, n=x.size, axis=-1)
    return np.asarray(fft.irfft(spectrum, n=x.size, axis=-1))
