"""Tight filterbanks that keep their filter length: A = B = 1 with T taps, not with N.

A bank with stride d is tight when its polyphase matrices E(theta), J x d, have orthonormal
columns at all angles theta. They are polynomials in exp(-i theta) with L = ceil(T/d) coefficients
C[m], so this is a finite system of quadratic equations: sum_m C[m]' C[m + k] = I for k = 0 and 0
for k = 1, ..., L - 1. Solve it from a random start, or write down solutions as products. Both are
doors above `bounds`, which certifies what they made.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy import fft
from scipy.sparse.linalg import LinearOperator, lsmr

from fbtools.filterbanks.random import random_filterbank, random_isometry, scaled_to
from fbtools.frames.bounds import bounds_of
from fbtools.frames.fibres import polar_factor
from fbtools.frames.taps import filters_of, tap_matrices
from fbtools.records import Value
from fbtools.threads import one_thread_of_linear_algebra
from fbtools.validation import (
    RNG,
    ComplexArray,
    FilterbankError,
    FloatArray,
    as_choice,
    as_count,
    as_filters,
    as_real,
    as_rng,
)

__all__ = ["TightFit", "tight_filterbank", "tighten_fir"]

MAX_INNER = 1000
INNER_TOLERANCE = 1e-3
TOLERANCE = 1e-12
Scheme = Literal["newton", "alternating"]
Construction = Literal["projection", "paraunitary"]
ITERATIONS: dict[Scheme, int] = {"newton": 30, "alternating": 1000}
CONSTRUCTIONS: tuple[Construction, ...] = get_args(Construction)


@dataclass(frozen=True, eq=False)
class TightFit(Value):
    """What `tighten_fir` found: filters, how tight they are, and how it got there.

    Attributes
    ----------
    w : ndarray of float64, shape (J, T)
        Filters.
    condition_number : float
        Certified upper bound of kappa, for signals of any length.
    converged : bool
        Whether kappa - 1 reached the tolerance.
    history : ndarray of float64, shape (n + 1,)
        kappa - 1 on a grid of at least 2 L - 1 angles, before and after each of n iterations.
    stride : int
        Stride d.
    method : str
        "newton" or "alternating".

    Examples
    --------
    >>> import fbtools as fb
    >>> fit = fb.frames.tighten_fir(fb.random_filterbank(8, 32, rng=0))
    >>> fit.converged, fit.n_iterations < 12
    (True, True)
    """

    w: FloatArray = field(repr=False)
    condition_number: float
    converged: bool
    history: FloatArray = field(repr=False)
    stride: int
    method: str

    @property
    def n_iterations(self) -> int:
        """Number of iterations made.

        Examples
        --------
        >>> import fbtools as fb
        >>> fit = fb.frames.tighten_fir(fb.random_filterbank(8, 32, rng=0), n_iterations=3)
        >>> fit.n_iterations
        3
        """
        return self.history.size - 1


@one_thread_of_linear_algebra()
def tighten_fir(
    w: ArrayLike,
    *,
    stride: int = 1,
    method: Scheme = "newton",
    n_iterations: int | None = None,
    tolerance: float = TOLERANCE,
) -> TightFit:
    """Tight filterbank near a given one, with as many taps: A = B = 1 for signals of any length.

    Parameters
    ----------
    w : array_like, shape (J, T) or (J, 1, T)
        Real filters. Their common scale does not matter.
    stride : int
        Stride d, at most J and at most T.
    method : {"newton", "alternating"}
        "newton": least change of the filters that solves the linearised equations, again and
        again; the error is squared each time, down to a factor 1000. "alternating": the
        canonical tight frame on a grid, cut to T taps, again and again; slow.
    n_iterations : int or None
        Most iterations to make; None for 30 (Newton) or 1000 (alternating).
    tolerance : float
        Stop when kappa - 1 on the grid is at most this.

    Returns
    -------
    TightFit
        Filters with the condition number they reached, certified; `converged` says whether the
        tolerance was met.

    Raises
    ------
    FilterbankError
        If `w` is not an array of real filters or is zero, if J < d or T < d (never a frame), or
        an option is out of range.

    Notes
    -----
    Newton's method converges from random filters when J >= 2 d. For d <= J < 2 d and T > d the
    equations are degenerate, and the method slows down near a solution: look at `converged`, and
    prefer ``tight_filterbank(..., method="paraunitary")``.

    Examples
    --------
    >>> import fbtools as fb
    >>> w = fb.random_filterbank(10, 128, rng=0)
    >>> fit = tighten_fir(w)
    >>> f"{fb.condition_number(w):.1f} {fit.condition_number:.10f} {fit.w.shape}"
    '5.1 1.0000000000 (10, 128)'
    """
    filters, step = as_filters(w), as_count(stride, "stride")
    scheme = as_choice(method, "method", tuple(ITERATIONS))
    limit = ITERATIONS[scheme] if n_iterations is None else as_count(n_iterations, "n_iterations")
    goal = as_real(tolerance, "tolerance", 0.0)
    _check_possible(filters.shape[0], filters.shape[1], step)
    return _tightened(filters, step, scheme, limit, goal)


def _tightened(w: FloatArray, stride: int, scheme: str, limit: int, goal: float) -> TightFit:
    """Iterate until kappa - 1 on the grid is small enough, then certify."""
    update = _newton_step if scheme == "newton" else _alternating_step
    taps = tap_matrices(scaled_to(stride, w)[None], stride)[0]
    free = tap_matrices(np.ones((1, 1, w.shape[1])), stride)[0]
    n_fft = fft.next_fast_len(2 * taps.shape[0], real=True)
    spectrum = fft.rfft(taps, n=n_fft, axis=0)
    history = [_excess(spectrum)]
    while history[-1] > goal and len(history) <= limit:
        taps = update(taps, spectrum, free, n_fft)
        spectrum = fft.rfft(taps, n=n_fft, axis=0)
        history.append(_excess(spectrum))
    out = filters_of(taps)[:, : w.shape[1]]
    bounds = bounds_of(out, None, stride)
    floor, ceiling = bounds.lower_interval[0], bounds.upper_interval[1]
    kappa = ceiling / floor if floor > 0 else float("inf")
    return TightFit(out, kappa, history[-1] <= goal, np.array(history), stride, scheme)


@one_thread_of_linear_algebra()
def tight_filterbank(
    n_filters: int,
    filter_length: int,
    rng: RNG = None,
    *,
    stride: int = 1,
    method: Construction = "projection",
) -> FloatArray:
    """Random filterbank that keeps the energy of every signal exactly, with T taps.

    Parameters
    ----------
    n_filters : int
        Number of filters J, at least the stride.
    filter_length : int
        Number of taps T.
    rng : Generator, seed or None
        What `numpy.random.default_rng` takes; the same seed gives the same bits.
    stride : int
        Stride d.
    method : {"projection", "paraunitary"}
        "projection": Gaussian weights, made tight by `tighten_fir`; needs J >= 2 d (or T = d).
        "paraunitary": product of about log2(T/d) random factors; needs T to be a multiple of d,
        and J >= 2 if T > 1.

    Returns
    -------
    ndarray of float64, shape (J, T)
        Filters with A = B = 1 to rounding, for signals of any length.

    Raises
    ------
    FilterbankError
        If J < d or T < d (never a frame), if J, T and d do not suit the method, or if the
        projection does not converge.

    Notes
    -----
    Paraunitary: E(z) = V_K(z) ... V_1(z) E_0 with V_k(z) = I - P_k + z^(-m_k) P_k, orthogonal
    projections P_k of rank J/2 (rounded at random), and an isometry E_0. The delays m_k halve the
    length (1, 2, ..., 512 for 1024 taps), and each projection is at 45 degrees to the one before.
    This spreads the energy evenly: the sum of the J squared weights at a tap is d/T on average if
    T/d is a power of two, and never varies if J is even too; for other T/d its means lie within a
    factor of two of each other. The vector of these J weights has a uniform direction.

    References
    ----------
    Vaidyanathan (1993), "Multirate Systems and Filter Banks", Chapters 6 and 14, for factors
    of degree one; Haider, Lostanlen, Ehler and Balazs (2024), for the instability that this avoids.

    Examples
    --------
    >>> import fbtools as fb
    >>> w = tight_filterbank(10, 256, rng=0, method="paraunitary")
    >>> round(fb.condition_number(w), 9)
    1.0
    >>> bool(np.allclose(np.sum(w**2, axis=0), 1 / 256))
    True
    """
    count, length = as_count(n_filters, "n_filters"), as_count(filter_length, "filter_length")
    step, generator = as_count(stride, "stride"), as_rng(rng)
    choice = as_choice(method, "method", CONSTRUCTIONS)
    _check_possible(count, length, step)
    if count == 1 and length > 1:
        raise FilterbankError(
            f"n_filters is 1: one filter of {length} taps keeps all energies only if all taps but "
            "one are zero; use at least 2 filters."
        )
    if choice == "paraunitary":
        return filters_of(_paraunitary(count, length, step, generator))
    if count < 2 * step and length > step:
        raise FilterbankError(
            f"n_filters is {count}, less than twice the stride {step}: the projection does not "
            "converge reliably; use method='paraunitary', more filters, or a smaller stride."
        )
    w = random_filterbank(count, length, generator, stride=step)
    fit = _tightened(w, step, "newton", ITERATIONS["newton"], TOLERANCE)
    if not fit.converged:
        raise FilterbankError(
            f"method is 'projection', which stopped at kappa - 1 = {fit.history[-1]:.1e} after "
            f"{fit.n_iterations} iterations; use method='paraunitary', or another seed."
        )
    return fit.w


def delays(length: int) -> list[int]:
    """Delays that add up to length - 1, ascending, each at most one more than those before."""
    out = []
    while length > 1:
        out.append(length // 2)
        length -= length // 2
    return out[::-1]


def _paraunitary(
    n_filters: int, filter_length: int, stride: int, rng: np.random.Generator
) -> FloatArray:
    """Coefficients C[m], shape (L, J, d), of a product of random paraunitary factors."""
    if filter_length % stride:
        below = filter_length // stride * stride
        raise FilterbankError(
            f"filter_length is {filter_length}, no multiple of the stride {stride}, as "
            f"method='paraunitary' needs; use {below} or {below + stride} taps."
        )
    half = n_filters // 2
    basis = random_isometry(n_filters, n_filters, rng)
    taps = _turned(basis, rng)[None, :, :stride]
    for delay in delays(filter_length // stride):
        parts = [basis[:, :half] @ (basis[:, :half].T @ taps)]
        parts.append(taps - parts[0])
        # A coin decides which part is delayed: for odd J one has more dimensions than the other.
        delayed, stays = parts if rng.integers(2) else parts[::-1]
        taps = np.pad(stays, ((0, delay), (0, 0), (0, 0)))
        taps[delay:] += delayed
        basis = _turned(basis, rng)
    return np.asarray(taps)


def _turned(basis: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Another orthonormal basis, whose first half is at 45 degrees to that of this one."""
    half, rest = basis.shape[0] // 2, basis.shape[0] - basis.shape[0] // 2
    first = basis[:, :half] @ random_isometry(half, half, rng)
    last = basis[:, half:] @ random_isometry(rest, rest, rng)
    partner = last[:, :half]
    turned = [(first + partner) / np.sqrt(2), (first - partner) / np.sqrt(2), last[:, half:]]
    return np.concatenate(turned, axis=1)


def _newton_step(
    taps: FloatArray, spectrum: ComplexArray, free: FloatArray, n_fft: int
) -> FloatArray:
    """Taps plus the least change that solves the linearised equations, by LSMR."""
    n_blocks, _, stride = taps.shape
    # An equation for lag k has L - k terms: dividing by sqrt(L - k) balances them.
    scale = np.sqrt(n_blocks / (n_blocks - np.arange(n_blocks)))[:, None, None]
    adjoint = spectrum.conj().transpose(0, 2, 1)

    def lags(product: ComplexArray) -> FloatArray:
        return np.asarray(fft.irfft(product, n=n_fft, axis=0)[:n_blocks])

    def derivative(change: FloatArray) -> FloatArray:
        product = adjoint @ fft.rfft(free * change.reshape(taps.shape), n=n_fft, axis=0)
        return np.asarray((scale * lags(product + product.conj().transpose(0, 2, 1))).ravel())

    def transposed(multipliers: FloatArray) -> FloatArray:
        weighted = scale * multipliers.reshape(n_blocks, stride, stride)
        symbol = fft.rfft(weighted, n=n_fft, axis=0)
        return (free * lags(spectrum @ (symbol + symbol.conj().transpose(0, 2, 1)))).ravel()

    error = lags(adjoint @ spectrum)
    error[0] -= np.eye(stride)
    operator = LinearOperator(
        (error.size, taps.size), matvec=derivative, rmatvec=transposed, dtype=np.float64
    )
    change = lsmr(
        operator,
        -(scale * error).ravel(),
        atol=0.0,
        btol=INNER_TOLERANCE,
        conlim=0.0,
        maxiter=MAX_INNER,
    )[0]
    return np.asarray(taps + change.reshape(taps.shape))


def _alternating_step(
    taps: FloatArray, spectrum: ComplexArray, free: FloatArray, n_fft: int
) -> FloatArray:
    """Canonical tight frame on the grid, then the part of it that has T taps."""
    return np.asarray(free * fft.irfft(polar_factor(spectrum), n=n_fft, axis=0)[: taps.shape[0]])


def _excess(spectrum: ComplexArray) -> float:
    """kappa - 1 on the grid."""
    values = np.linalg.svd(spectrum, compute_uv=False)
    low = float(values[:, -1].min())
    return float((values[:, 0].max() / low) ** 2 - 1) if low > 0 else float("inf")


def _check_possible(n_filters: int, filter_length: int, stride: int) -> None:
    for name, value in (("n_filters", n_filters), ("filter_length", filter_length)):
        if value < stride:
            raise FilterbankError(
                f"{name} is {value}, less than the stride {stride}: such a filterbank is never a "
                f"frame; use {name}={stride} or more, or a smaller stride."
            )
