"""Penalties that keep a filterbank well conditioned while it learns, with exact gradients.

All are functions of the eigenvalues of the frame operator on Z_N. At stride 1 these are the values
of the Littlewood-Paley sum S on the N-point grid; at stride d, the squared singular values of the
N/d polyphase matrices E_k. If E_k changes by D, an eigenvalue with eigenvector v changes by
2 Re <E_k v, D v>: one formula gives every gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import fft

from fbtools.validation import (
    EPS,
    ComplexArray,
    FilterbankError,
    FloatArray,
    as_choice,
    as_count,
    as_filters,
    as_real,
    check_length,
    check_stride,
)

__all__ = ["Penalty", "condition_penalty", "tightness_penalty"]

Kind = Literal["condition", "tightness"]
KINDS: tuple[Kind, ...] = get_args(Kind)
# So many frequencies are summed directly, faster than by a transform.
FEW = 8
IntArray = NDArray[np.int64]
# A function of the eigenvalues (K, d) of the fibres and of their multiplicities (K, 1):
# its value, and its derivative with respect to the eigenvalues of one fibre.
SpectralFunction = Callable[[FloatArray, FloatArray], tuple[float, FloatArray]]


@dataclass(frozen=True)
class Penalty:
    """Term added to a loss to keep the frame bounds together.

    Attributes
    ----------
    kind : {"condition", "tightness"}
        kappa - 1, or the squared Frobenius distance of the frame operator from the identity.
    weight : float
        Factor beta of the penalty in the loss.
    sharpness : float or None
        For "condition": exponent p of the smooth version, None for the exact one.
    stride : int
        Stride d at which the filterbank is to be well conditioned.
    every : int
        Add the penalty at every so many steps only.

    Raises
    ------
    FilterbankError
        If the kind is unknown, or a number is not positive.

    Examples
    --------
    >>> Penalty("condition", weight=1e-3)
    Penalty(kind='condition', weight=0.001, sharpness=None, stride=1, every=1)
    """

    kind: Kind
    weight: float
    sharpness: float | None = None
    stride: int = field(default=1, kw_only=True)
    every: int = 1

    def __post_init__(self) -> None:
        as_choice(self.kind, "kind", KINDS)
        as_real(self.weight, "weight", 0.0)
        as_count(self.stride, "stride")
        as_count(self.every, "every")
        if self.sharpness is not None:
            as_real(self.sharpness, "sharpness", 0.0)

    def __call__(self, w: FloatArray, signal_length: int) -> tuple[float, FloatArray]:
        """Return the penalty of the filters w on Z_N, without its weight, and its gradient."""
        if self.kind == "tightness":
            return tightness_penalty(w, signal_length, stride=self.stride)
        return condition_penalty(w, signal_length, stride=self.stride, sharpness=self.sharpness)


def condition_penalty(
    w: ArrayLike, signal_length: int, *, stride: int = 1, sharpness: float | None = None
) -> tuple[float, FloatArray]:
    """Condition number minus one on Z_N, and its gradient.

    Parameters
    ----------
    w : array_like, shape (J, T) or (J, 1, T)
        Real filters that form a frame.
    signal_length : int
        N, a multiple of the stride, at least T.
    stride : int
        Stride d.
    sharpness : float or None
        None for kappa = B/A itself. A number p > 0 replaces B and A by the power means of the N
        eigenvalues with exponents p and -p: smooth, at most kappa, and at least N^(-2/p) kappa.

    Returns
    -------
    tuple of float and ndarray of float64, shape (J, T)
        kappa - 1, and its derivative with respect to each tap. Where several frequencies
        share a bound, kappa has a corner, and this is one of its subgradients.

    Raises
    ------
    FilterbankError
        If w is not a frame on Z_N, T > N, d does not divide N, or `sharpness` is not positive.

    See Also
    --------
    condition_number, tightness_penalty

    Examples
    --------
    >>> value, gradient = condition_penalty([[1.0, 0.5]], signal_length=8)
    >>> round(value, 9), gradient.round(9)
    (8.0, array([[-24.,  48.]]))
    """
    if sharpness is None:
        return _spectral_penalty(w, signal_length, stride, _condition)
    power = as_real(sharpness, "sharpness", 0.0)

    def smooth(eigenvalues: FloatArray, counts: FloatArray) -> tuple[float, FloatArray]:
        return _smooth_condition(eigenvalues, counts, power)

    return _spectral_penalty(w, signal_length, stride, smooth)


def tightness_penalty(
    w: ArrayLike, signal_length: int, *, stride: int = 1
) -> tuple[float, FloatArray]:
    """Squared distance of the frame operator on Z_N from the identity, and its gradient.

    Parameters
    ----------
    w : array_like, shape (J, T) or (J, 1, T)
        Real filters.
    signal_length : int
        N, a multiple of the stride, at least T.
    stride : int
        Stride d.

    Returns
    -------
    tuple of float and ndarray of float64, shape (J, T)
        Sum of (lambda - 1)^2 over the N eigenvalues of the frame operator, which is its squared
        Frobenius distance from the identity, and the derivative with respect to each tap.

    Raises
    ------
    FilterbankError
        If T > N, or d does not divide N.

    Examples
    --------
    >>> tightness_penalty([[2.0]], signal_length=3)
    (27.0, array([[72.]]))
    """
    return _spectral_penalty(w, signal_length, stride, _tightness)


def _spectral_penalty(
    w: ArrayLike, signal_length: int, stride: int, function: SpectralFunction
) -> tuple[float, FloatArray]:
    filters, n = as_filters(w), as_count(signal_length, "signal_length")
    step = as_count(stride, "stride")
    check_length(filters.shape[1], n)
    check_stride(step, n)
    fibres = _fibres(filters, n, step)
    eigenvalues, vectors = _eigenvalues(fibres)
    value, slopes = function(eigenvalues, _multiplicities(n // step))
    # kappa itself depends on two eigenvalues only.
    at = np.flatnonzero(slopes.any(axis=1))
    fibres, vectors, slopes = fibres[at], vectors[at], slopes[at]
    changes = 2 * (fibres @ vectors * slopes[:, None, :]) @ vectors.conj().transpose(0, 2, 1)
    taps = _adjoint(changes, at, n // step, -(-filters.shape[1] // step))
    return value, taps.transpose(1, 0, 2).reshape(len(filters), -1)[:, : filters.shape[1]].copy()


def _adjoint(changes: ComplexArray, at: IntArray, n_fibres: int, n_blocks: int) -> FloatArray:
    """Derivative in the first blocks of taps, from that in the fibres at some frequencies."""
    if at.size > FEW:
        spectrum = np.zeros((n_fibres // 2 + 1, *changes.shape[1:]), dtype=complex)
        spectrum[at] = changes
        return np.asarray(n_fibres * fft.irfft(spectrum, n=n_fibres, axis=0)[:n_blocks])
    turns = np.outer(np.arange(n_blocks), at) % n_fibres
    phases = np.exp(2j * np.pi / n_fibres * turns) * _multiplicities(n_fibres)[at, 0]
    return np.asarray(np.tensordot(phases, changes, axes=1).real)


def _fibres(w: FloatArray, n: int, stride: int) -> ComplexArray:
    """Polyphase matrices of the non-negative frequencies, shape (N/(2d) + 1, J, d)."""
    padded = np.zeros((w.shape[0], n))
    padded[:, : w.shape[1]] = w
    blocks = padded.reshape(w.shape[0], n // stride, stride).transpose(1, 0, 2)
    return np.asarray(fft.rfft(blocks, axis=0))


def _eigenvalues(fibres: ComplexArray) -> tuple[FloatArray, ComplexArray]:
    """Eigenvalues (ascending) and eigenvectors of the Gram matrix of every fibre."""
    if fibres.shape[2] == 1:
        squares = np.sum(np.abs(fibres) ** 2, axis=1)
        return squares, np.ones((len(fibres), 1, 1), dtype=complex)
    values, vectors = np.linalg.eigh(fibres.conj().transpose(0, 2, 1) @ fibres)
    return np.maximum(values, 0.0), vectors


def _multiplicities(n_fibres: int) -> FloatArray:
    """How often each non-negative frequency occurs on the circle, shape (n_fibres//2 + 1, 1)."""
    counts = np.full((n_fibres // 2 + 1, 1), 2.0)
    counts[0] = 1.0
    if n_fibres % 2 == 0:
        counts[-1] = 1.0
    return counts


def _tightness(eigenvalues: FloatArray, counts: FloatArray) -> tuple[float, FloatArray]:
    return float(np.sum(counts * (eigenvalues - 1) ** 2)), 2 * (eigenvalues - 1)


def _condition(eigenvalues: FloatArray, counts: FloatArray) -> tuple[float, FloatArray]:
    low = np.unravel_index(int(np.argmin(eigenvalues)), eigenvalues.shape)
    high = np.unravel_index(int(np.argmax(eigenvalues)), eigenvalues.shape)
    lower, upper = float(eigenvalues[low]), float(eigenvalues[high])
    _check_frame(lower, upper)
    slopes = np.zeros_like(eigenvalues)
    # A frequency and its mirror image share the derivative.
    slopes[high] += 1 / (lower * counts[high[0], 0])
    slopes[low] -= upper / (lower**2 * counts[low[0], 0])
    return upper / lower - 1, slopes


def _smooth_condition(
    eigenvalues: FloatArray, counts: FloatArray, power: float
) -> tuple[float, FloatArray]:
    lower, upper = float(eigenvalues.min()), float(eigenvalues.max())
    _check_frame(lower, upper)
    shares = counts / (counts.sum() * eigenvalues.shape[1])
    from_above = shares * (eigenvalues / upper) ** power
    from_below = shares * (eigenvalues / lower) ** -power
    sums = from_above.sum(), from_below.sum()
    smooth = upper / lower * float(sums[0] * sums[1]) ** (1 / power)
    slopes = smooth * (from_above / sums[0] - from_below / sums[1]) / (eigenvalues * counts)
    return smooth - 1, slopes


def _check_frame(lower: float, upper: float) -> None:
    if lower <= EPS * upper:
        raise FilterbankError(
            f"w is not a frame: its frame bounds are {lower:.3g} and {upper:.3g}, and kappa is "
            "infinite; use a smaller stride, more filters, or tightness_penalty."
        )
