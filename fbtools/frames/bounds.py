"""Frame bounds: how much a filterbank can shrink or stretch the energy of any signal.

Over Z_N the bounds of an unstrided filterbank are extremes of the Littlewood-Paley sum
S(omega) = sum_j |W_j(omega)|^2 on the N-point grid; for signals of any length, on the whole
circle. With a stride they are extreme squared singular values of the J x d polyphase matrices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import fft

from fbtools.frames.certificate import certified_range
from fbtools.frames.fibre_bounds import extremes_anywhere, extremes_on_grid, refined
from fbtools.frames.fibre_singular import TIGHT, Found, root_noise
from fbtools.validation import FloatArray, as_count, as_filters, check_length, check_stride

__all__ = ["FrameBounds", "condition_number", "frame_bounds", "littlewood_paley"]

CHUNK = 2**22


@dataclass(frozen=True)
class FrameBounds:
    """Frame bounds A <= B of a filterbank: A ||x||^2 <= ||Phi x||^2 <= B ||x||^2.

    Attributes
    ----------
    lower, upper : float
        A and B. Where A is not known to 1 %, `lower` is what is certain: the lower end of its
        enclosure, 0 at worst. It is 0 too where A is zero up to rounding.
    lower_interval, upper_interval : tuple of float
        Certified enclosures of A and B.
    lower_frequency, upper_frequency : float
        Frequencies in radians per sample, in [0, pi], at which the upper end of the enclosure of
        A, and B, are reached; with a stride d, representatives in [0, pi/d] of a fibre of aliased
        frequencies.
    signal_length : int or None
        N for signals on Z_N, None for signals of any length.
    stride : int
        Stride d.

    Examples
    --------
    >>> import fbtools as fb
    >>> bounds = fb.frame_bounds([[1.0, 1.0], [1.0, -0.5]])
    >>> round(bounds.lower, 9), round(bounds.upper, 9), bounds.is_frame
    (2.25, 4.25, True)
    >>> least, most = bounds.condition_interval
    >>> least <= bounds.condition_number <= most, bounds.verdict
    (True, 'frame')
    """

    lower: float
    upper: float
    lower_interval: tuple[float, float]
    upper_interval: tuple[float, float]
    lower_frequency: float
    upper_frequency: float
    signal_length: int | None
    stride: int

    @property
    def is_frame(self) -> bool:
        """Whether A > 0 is known: no signal is lost. See `verdict` for what False means."""
        return self.lower > 0

    @property
    def verdict(self) -> str:
        """Either "frame", "not a frame" (A is zero up to rounding) or "not known to be a frame"."""
        if self.is_frame:
            return "frame"
        return "not known to be a frame" if self.lower_interval[1] > 0 else "not a frame"

    @property
    def condition_number(self) -> float:
        """kappa = B / A, infinite unless it is known to be finite.

        Where A is not known to 1 %, kappa is no larger than this; see `condition_interval`.
        """
        return _quotient(self.upper, self.lower)

    @property
    def condition_interval(self) -> tuple[float, float]:
        """Enclosure of kappa: from the values attained, to the certified bounds."""
        least = _quotient(self.upper_interval[0], self.lower_interval[1])
        return least, _quotient(self.upper_interval[1], self.lower_interval[0])


def littlewood_paley(w: ArrayLike, n_freqs: int) -> FloatArray:
    """Littlewood-Paley sum on [0, pi]: the power responses of all filters, added up.

    Parameters
    ----------
    w : array_like, shape (J, T) or (J, 1, T)
        Real filters.
    n_freqs : int
        Number of equispaced frequencies, at least 2; the first is 0 and the last pi.

    Returns
    -------
    ndarray of float64, shape (n_freqs,)
        Samples of ``S(omega) = sum_j |W_j(omega)|^2`` at omega_k = pi k / (n_freqs - 1).

    Raises
    ------
    FilterbankError
        If `w` is not an array of real filters or `n_freqs` < 2.

    References
    ----------
    Haider, Lostanlen, Ehler and Balazs (2024), equation (7); Bolcskei, Hlawatsch and
    Feichtinger (1998).

    Examples
    --------
    >>> littlewood_paley([[1, 1], [1, -1]], n_freqs=3).round(12)
    array([4., 4., 4.])
    """
    filters = as_filters(w)
    n_fft = 2 * (as_count(n_freqs, "n_freqs", minimum=2) - 1)
    return _grid_sum(filters, n_fft)


def frame_bounds(w: ArrayLike, signal_length: int | None = None, stride: int = 1) -> FrameBounds:
    """Frame bounds of a filterbank, with a certificate.

    Parameters
    ----------
    w : array_like, shape (J, T) or (J, 1, T)
        Real filters.
    signal_length : int or None
        N for circular convolution on Z_N (T <= N); None for signals of any length, under
        linear convolution: the bounds then hold for every N.
    stride : int
        Stride d; over Z_N it must divide N.

    Returns
    -------
    FrameBounds
        Values, enclosures, and the frequencies where they are reached.

    Raises
    ------
    FilterbankError
        If `w` is not an array of real filters, T > N, or d does not divide N.

    Notes
    -----
    `signal_length=None`, stride 1: S is a trigonometric polynomial of degree T - 1. Its extremes
    are bracketed by branch and bound on cells of the circle, with a remainder certified by the
    inequalities of Bernstein and of Ehlich and Zeller; the enclosures are about 1e-12 B wide.
    With a stride, S is a polynomial of degree ceil(T/d) - 1 with matrix coefficients, and the
    same is done for its extreme eigenvalues; the enclosures are about 1e-10 B wide, that of A
    1e-6 A where this is less, unless an extreme eigenvalue is flat or touches another just there.

    S cannot tell an A below some eps B. Where A < 1e-6 B, singular values of the polyphase
    matrices E do, and polynomials X with X E = 1 certify them, sigma_min(E) >= 1 / max ||X||: A
    is then enclosed to about 1e-6 A, and its root to ten times its rounding, max(J, T) eps sqrt(B).
    Eigenvalues that are nearly flat are enclosed to 1 % at least. The search is cut short where it
    would take many seconds; then, and where the root of A is less than some hundred times its
    rounding, A may not be known to 1 %, and `lower` is the end of its enclosure that is certain.

    Over Z_N the grid is exact, so that each enclosure is its value; when N is large, fibres that
    cannot hold an extreme are left out by the same certificate. All up to rounding; A is called
    zero when its root is below rounding.

    References
    ----------
    Ehlich and Zeller (1964); Bolcskei, Hlawatsch and Feichtinger (1998) for strides.

    Examples
    --------
    >>> import fbtools as fb
    >>> w = fb.random_filterbank(n_filters=40, filter_length=64, rng=0)
    >>> on_grid, anywhere = frame_bounds(w, signal_length=64), frame_bounds(w)
    >>> on_grid.condition_number < anywhere.condition_number
    True
    >>> frame_bounds([[1.0, -1.0]]).is_frame
    False
    """
    filters = as_filters(w)
    step = as_count(stride, "stride")
    if signal_length is None:
        return _any_length(filters, step)
    n = as_count(signal_length, "signal_length")
    check_length(filters.shape[1], n)
    check_stride(step, n)
    return _on_the_grid(filters, n, step)


def condition_number(w: ArrayLike, signal_length: int | None = None, stride: int = 1) -> float:
    """Condition number kappa = B / A of a filterbank; infinite if it is not a frame.

    Parameters
    ----------
    w : array_like, shape (J, T) or (J, 1, T)
        Real filters.
    signal_length, stride
        As in `frame_bounds`.

    Returns
    -------
    float
        kappa, at least 1.

    Raises
    ------
    FilterbankError
        As `frame_bounds`.

    Examples
    --------
    >>> round(condition_number([[1.0, 1.0], [1.0, -1.0]]), 12)
    1.0
    """
    return frame_bounds(w, signal_length, stride).condition_number


def _grid_sum(w: FloatArray, n_fft: int) -> FloatArray:
    """S on the non-negative frequencies of the n_fft-point grid, also when n_fft < T."""
    total = np.zeros(n_fft // 2 + 1)
    folds = -(-w.shape[1] // n_fft)
    rows = max(1, CHUNK // (folds * n_fft))
    for first in range(0, w.shape[0], rows):
        block = w[first : first + rows]
        padded = np.zeros((block.shape[0], folds * n_fft))
        padded[:, : w.shape[1]] = block
        folded = padded.reshape(block.shape[0], folds, n_fft).sum(axis=1)
        total += np.sum(np.abs(fft.rfft(folded, axis=-1)) ** 2, axis=0)
    return total


def _on_the_grid(w: FloatArray, n: int, stride: int) -> FrameBounds:
    if stride == 1:
        total = _grid_sum(w, n)
        at = (int(np.argmin(total)), int(np.argmax(total)))
        low, high = (Found(2 * np.pi * i / n, float(total[i]), float(total[i])) for i in at)
    else:
        low, high = extremes_on_grid(w, stride, n // stride)
    return _bounds(w, low, high, n, stride)


def _any_length(w: FloatArray, stride: int) -> FrameBounds:
    low, high = extremes_anywhere(w, stride) if stride > 1 else _between_the_points(w)
    return _bounds(w, low, high, None, stride)


def _between_the_points(w: FloatArray) -> tuple[Found, Found]:
    """Extremes of S, and of singular values of a single column where S has not told A."""
    low, high = (Found(*extreme) for extreme in certified_range(w))
    return refined(w, 1, low, high.value), high


def _bounds(w: FloatArray, low: Found, high: Found, n: int | None, stride: int) -> FrameBounds:
    """Frame bounds from extremes: A is zero up to rounding, or known, or as much as is certain."""
    zero = w.shape[0] < stride or low.value <= root_noise(w.shape, high.value) ** 2
    value, bound = (0.0, 0.0) if zero else (low.value, low.bound)
    return FrameBounds(
        lower=value if bound >= TIGHT * value else bound,
        upper=high.value,
        lower_interval=(bound, value),
        upper_interval=(high.value, high.bound),
        lower_frequency=low.angle / stride,
        upper_frequency=high.angle / stride,
        signal_length=n,
        stride=stride,
    )


def _quotient(upper: float, lower: float) -> float:
    return upper / lower if lower > 0 else float("inf")
