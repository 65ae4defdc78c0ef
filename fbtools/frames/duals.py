"""Going back: canonical dual and tight filterbanks on Z_N, and the frame algorithm.

Doors above `bounds`: they check their arguments, and ask `bounds_of` whether there is a way back.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy import fft

from fbtools.filterbanks.convolution import check_responses, convolved, correlated
from fbtools.frames.bounds import FrameBounds, bounds_of
from fbtools.frames.fibres import polar_factor, polyphase
from fbtools.frames.taps import filters_of
from fbtools.validation import (
    ComplexArray,
    FilterbankError,
    FloatArray,
    as_count,
    as_filters,
    as_real_array,
    check_length,
    check_stride,
)

__all__ = ["dual", "frame_algorithm", "tighten"]

CHUNK = 2**22
FibreTransform = Callable[[ComplexArray], ComplexArray]


def dual(w: ArrayLike, signal_length: int, *, stride: int = 1) -> FloatArray:
    """Canonical dual filterbank on Z_N: `synthesize` with it undoes `analyze`.

    Parameters
    ----------
    w : array_like, shape (J, T) or (J, 1, T)
        Real filters that form a frame.
    signal_length : int
        N, a multiple of the stride, at least T.
    stride : int
        Stride d of the analysis.

    Returns
    -------
    ndarray of float64, shape (J, N)
        Dual filters. Those of negative time wrap around to the end. Their frame bounds are
        1/B and 1/A.

    Raises
    ------
    FilterbankError
        If the filterbank is not a frame for this length and stride, T > N, or d does not
        divide N.

    References
    ----------
    Bolcskei, Hlawatsch and Feichtinger (1998), Section IV.

    Examples
    --------
    >>> import fbtools as fb
    >>> w = fb.random_filterbank(8, 16, rng=0)
    >>> kappa = fb.condition_number(w, signal_length=64)
    >>> kappa_dual = fb.condition_number(fb.dual(w, 64), signal_length=64)
    >>> bool(np.isclose(kappa, kappa_dual))
    True
    """
    return _transform_fibres(w, signal_length, stride, _pseudo_inverse)


def tighten(w: ArrayLike, signal_length: int, *, stride: int = 1) -> FloatArray:
    """Canonical tight filterbank on Z_N: the closest one with A = B = 1.

    Parameters
    ----------
    w : array_like, shape (J, T) or (J, 1, T)
        Real filters that form a frame.
    signal_length : int
        N, a multiple of the stride, at least T.
    stride : int
        Stride d of the analysis.

    Returns
    -------
    ndarray of float64, shape (J, N)
        Tight filters: `analyze` with them keeps the energy of every signal of length N, and they
        are their own dual. They are as long as the signal.

    Raises
    ------
    FilterbankError
        If the filterbank is not a frame for this length and stride, T > N, or d does not
        divide N.

    References
    ----------
    Bolcskei, Hlawatsch and Feichtinger (1998), Section V.

    Examples
    --------
    >>> import fbtools as fb
    >>> w = fb.tighten(fb.random_filterbank(8, 16, rng=0), signal_length=64)
    >>> round(fb.condition_number(w, signal_length=64), 12)
    1.0
    """
    return _transform_fibres(w, signal_length, stride, polar_factor)


def frame_algorithm(
    y: ArrayLike, w: ArrayLike, n_iterations: int, *, stride: int = 1
) -> FloatArray:
    """Iterative reconstruction: gradient descent on ||Phi x - y||^2 with the best fixed step.

    Parameters
    ----------
    y : array_like, shape (J, M)
        Responses, as `analyze` returns them in circular mode.
    w : array_like, shape (J, T) or (J, 1, T)
        Analysis filters that form a frame.
    n_iterations : int
        Number of iterations.
    stride : int
        Stride d of the analysis.

    Returns
    -------
    ndarray of float64, shape (n_iterations + 1, M d)
        Iterates, from zero. The error shrinks at least by (kappa - 1)/(kappa + 1) each time.

    Raises
    ------
    FilterbankError
        If the filterbank is not a frame, or the shapes do not fit.

    References
    ----------
    Christensen (2016), "An Introduction to Frames and Riesz Bases", Lemma 1.1.7 and Section 1.1.

    Examples
    --------
    >>> import fbtools as fb
    >>> x, w = fb.signals.chirp(64, 0.01, 0.4), fb.random_filterbank(40, 16, rng=0)
    >>> iterates = frame_algorithm(fb.analyze(x, w), w, n_iterations=40)
    >>> bool(np.linalg.norm(iterates[-1] - x) < 1e-6)
    True
    """
    responses, filters = as_real_array(y, "y"), as_filters(w)
    count, d = as_count(n_iterations, "n_iterations"), as_count(stride, "stride")
    check_responses(responses, filters, d)
    target = correlated(responses, filters, d)
    bounds = bounds_of(filters, target.size, d)
    _check_frame(bounds)
    step = 2 / (bounds.lower + bounds.upper)
    iterates = np.zeros((count + 1, target.size))
    iterates[1] = step * target
    for i in range(1, count):
        image = target
        if iterates[i].any():
            image = target - correlated(convolved(iterates[i], filters, d), filters, d)
        iterates[i + 1] = iterates[i] + step * image
    return iterates


def _transform_fibres(
    w: ArrayLike, signal_length: int, stride: int, transform: FibreTransform
) -> FloatArray:
    """Apply `transform` to every polyphase matrix of a frame, and return to filters."""
    filters, n = as_filters(w), as_count(signal_length, "signal_length")
    d = as_count(stride, "stride")
    check_length(filters.shape[1], n)
    check_stride(d, n)
    _check_frame(bounds_of(filters, n, d))
    blocks = n // d
    half = np.empty((blocks // 2 + 1, filters.shape[0], d), dtype=complex)
    rows = max(1, CHUNK // (filters.shape[0] * d))
    angles = 2 * np.pi / blocks * np.arange(blocks // 2 + 1, dtype=np.float64)
    for first in range(0, angles.size, rows):
        block = slice(first, first + rows)
        half[block] = transform(polyphase(filters, d, angles[block]))
    return filters_of(fft.irfft(half, n=blocks, axis=0))


def _pseudo_inverse(matrices: ComplexArray) -> ComplexArray:
    u, s, vh = np.linalg.svd(matrices, full_matrices=False)
    return np.asarray((u / s[:, None, :]) @ vh)


def _check_frame(bounds: FrameBounds) -> None:
    if not bounds.is_frame:
        raise FilterbankError(
            f"w is not a frame for signal_length={bounds.signal_length}, stride={bounds.stride}: "
            f"its lower frame bound is 0 (near {bounds.lower_frequency:.4g} rad/sample), so some "
            "signal is lost; use more filters, a smaller stride, or filters that cover it."
        )
