"""Frame bounds: how much a filterbank can shrink or stretch the energy of any signal.

Over Z_N the bounds of an unstrided filterbank are extremes of the Littlewood-Paley sum
S(omega) = sum_j |W_j(omega)|^2 on the N-point grid; for signals of any length, on the whole
circle. With a stride they are extreme squared singular values of the J x d polyphase matrices.

This is the door to the room, where arguments are checked, once; the way down from it is short.

- `bounds_of` chooses the search. At stride 1 on Z_N it looks at S on the grid.
- Stride 1 anywhere: `cosine_search`, between the points of a grid of S.
- Stride d: `fibres` makes a bank of the filters, their polyphase matrices; `fibre_bounds` has it
  searched by `fibre_search`, whose cells are bounded in `fibre_cells`.
- Where A is too small for S to tell: `fibre_singular`, whose cells are bounded in `fibre_inverse`.
- Below all: the inequalities of `certificate`.

What comes back are two `Found`: angle, value and bound of A and of B.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import fft

from fbtools.frames.certificate import TIGHT, Found, root_noise
from fbtools.frames.cosine_search import certified_range
from fbtools.frames.fibre_bounds import extremes_anywhere, extremes_on_grid, is_told, refined
from fbtools.frames.fibres import Fibres
from fbtools.frames.taps import wrapped
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
        """Whether A > 0 is known: no signal is lost. See `verdict` for what False means.

        Examples
        --------
        >>> import fbtools as fb
        >>> [fb.frame_bounds(w).is_frame for w in ([[1.0, 0.5]], [[1.0, -1.0]])]
        [True, False]
        """
        return self.lower > 0

    @property
    def verdict(self) -> str:
        """Either "frame", "not a frame" (A is zero up to rounding) or "not known to be a frame".

        Examples
        --------
        >>> import fbtools as fb
        >>> [fb.frame_bounds(w).verdict for w in ([[1.0, 0.5]], [[1.0, -1.0]])]
        ['frame', 'not a frame']
        """
        if self.is_frame:
            return "frame"
        return "not known to be a frame" if self.lower_interval[1] > 0 else "not a frame"

    @property
    def condition_number(self) -> float:
        """Condition number kappa = B / A, infinite unless it is known to be finite.

        Where A is not known to 1 %, kappa is no larger than this; see `condition_interval`.

        Examples
        --------
        >>> import fbtools as fb
        >>> kappas = [fb.frame_bounds(w).condition_number for w in ([[1.0, 0.5]], [[1.0, -1.0]])]
        >>> [round(kappa, 9) for kappa in kappas]
        [9.0, inf]
        """
        return _quotient(self.upper, self.lower)

    @property
    def condition_interval(self) -> tuple[float, float]:
        """Enclosure of kappa: from the values attained, to the certified bounds.

        Examples
        --------
        >>> import fbtools as fb
        >>> least, most = fb.frame_bounds([[1.0, 0.5]]).condition_interval
        >>> bool(least <= 9.0 <= most), most - least < 1e-9
        (True, True)
        """
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


def frame_bounds(w: ArrayLike, signal_length: int | None = None, *, stride: int = 1) -> FrameBounds:
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
    if signal_length is not None:
        signal_length = as_count(signal_length, "signal_length")
        check_length(filters.shape[1], signal_length)
        check_stride(step, signal_length)
    return bounds_of(filters, signal_length, step)


def condition_number(w: ArrayLike, signal_length: int | None = None, *, stride: int = 1) -> float:
    """Condition number kappa = B / A of a filterbank; infinite if it is not a frame.

    Parameters
    ----------
    w : array_like, shape (J, T) or (J, 1, T)
        Real filters.
    signal_length : int or None
        N for signals on Z_N, None for signals of any length, as in `frame_bounds`.
    stride : int
        Stride d, as in `frame_bounds`.

    Returns
    -------
    float
        Condition number, at least 1.

    Raises
    ------
    FilterbankError
        As `frame_bounds`.

    See Also
    --------
    frame_bounds, expected_condition_number

    Examples
    --------
    >>> round(condition_number([[1.0, 1.0], [1.0, -1.0]]), 12)
    1.0
    """
    return frame_bounds(w, signal_length, stride=stride).condition_number


def bounds_of(w: FloatArray, n: int | None, stride: int) -> FrameBounds:
    """Frame bounds of filters that are checked, and fit: what `frame_bounds` returns."""
    if stride > 1:
        low, high = _of_fibres(w, n, stride)
    elif n is None:
        low, high = _between_the_points(w)
    else:
        low, high = _on_the_grid(w, n)
    return _bounds(w, low, high, n, stride)


def _on_the_grid(w: FloatArray, n: int) -> tuple[Found, Found]:
    """Extremes of S at the frequencies of Z_N."""
    total = _grid_sum(w, n)
    at = (int(np.argmin(total)), int(np.argmax(total)))
    low, high = (Found(2 * np.pi * i / n, float(total[i]), float(total[i])) for i in at)
    return low, high


def _between_the_points(w: FloatArray) -> tuple[Found, Found]:
    """Extremes of S, and of singular values of a single column where S has not told A."""
    low, high = certified_range(w)
    if not is_told(low, high.value):
        bank, unit = Fibres.in_units(w, 1)
        least = refined(bank, low.times(unit**-2), high.value / unit**2)
        low = least.times(unit**2)
    return low, high


def _of_fibres(w: FloatArray, n: int | None, stride: int) -> tuple[Found, Found]:
    """Extreme squared singular values of the fibres of Z_N, or of all."""
    bank, unit = Fibres.in_units(w, stride)
    low, high = extremes_anywhere(bank) if n is None else extremes_on_grid(bank, n // stride)
    return low.times(unit**2), high.times(unit**2)


def _grid_sum(w: FloatArray, n_fft: int) -> FloatArray:
    """S on the non-negative frequencies of the n_fft-point grid, also when n_fft < T."""
    total = np.zeros(n_fft // 2 + 1)
    rows = max(1, CHUNK // (-(-w.shape[1] // n_fft) * n_fft))
    for first in range(0, w.shape[0], rows):
        spectra = fft.rfft(wrapped(w[first : first + rows], n_fft), axis=-1)
        total += np.sum(np.abs(spectra) ** 2, axis=0)
    return total


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
