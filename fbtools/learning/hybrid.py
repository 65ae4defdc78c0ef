"""Hybrid filterbanks: fixed filters convolved with short learned ones, and kept close to tight.

The filters are h_j = g_j * l_j, with g_j fixed (auditory, say) and l_j learned. Whatever is known
of the frame bounds of the parts bounds those of the product; a fit can hold the condition number
down by a penalty, of which the gradient is exact.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike
from scipy import optimize

from fbtools.frames.bounds import frame_bounds
from fbtools.learning.penalties import condition_penalty
from fbtools.validation import (
    FilterbankError,
    FloatArray,
    as_count,
    as_filters,
    as_real,
    check_length,
)

__all__ = ["fit_hybrid", "hybrid_bounds", "hybrid_filterbank"]


def hybrid_filterbank(w_fixed: ArrayLike, w_learned: ArrayLike, spacing: int = 1) -> FloatArray:
    """Fixed filters convolved with learned ones, row by row.

    Parameters
    ----------
    w_fixed : array_like, shape (J, T) or (J, 1, T)
        Fixed filters g_j, for instance of `isac_filterbank`.
    w_learned : array_like, shape (J, K) or (J, 1, K)
        Learned filters l_j. For the real and imaginary part of an ISAC channel to share one,
        pass `w_learned[isac_channels(n_filters)]`.
    spacing : int
        Distance of the learned taps in samples. With the stride d as spacing, the learned filters
        act on the strided responses of the fixed ones: a second, depthwise layer.

    Returns
    -------
    ndarray of float64, shape (J, T + (K - 1) spacing)
        Hybrid filters h_j[n] = sum_k l_j[k] g_j[n - k spacing].

    Raises
    ------
    FilterbankError
        If the numbers of filters differ, or an argument has the wrong shape or type.

    See Also
    --------
    hybrid_bounds, fit_hybrid, isac_filterbank

    References
    ----------
    Haider, Perfler, Lostanlen, Ehler and Balazs (2024), "Hold Me Tight: Stable Encoder-Decoder
    Design for Speech Enhancement", arXiv:2408.17358.

    Examples
    --------
    >>> hybrid_filterbank([[1, 2], [3, 4]], [[1, -1], [0, 1]]) + 0.0
    array([[ 1.,  1., -2.],
           [ 0.,  3.,  4.]])
    >>> hybrid_filterbank([[1, 2]], [[1, -1]], spacing=2)
    array([[ 1.,  2., -1., -2.]])
    """
    fixed, learned, gap = _parts(w_fixed, w_learned, spacing)
    spread = np.zeros((learned.shape[0], (learned.shape[1] - 1) * gap + 1))
    spread[:, ::gap] = learned
    return np.array([np.convolve(g, taps) for g, taps in zip(fixed, spread, strict=True)])


def hybrid_bounds(
    w_fixed: ArrayLike,
    w_learned: ArrayLike,
    signal_length: int | None = None,
    *,
    stride: int = 1,
    spacing: int = 1,
) -> tuple[float, float]:
    """Bounds on the frame bounds of a hybrid filterbank, from its parts.

    Parameters
    ----------
    w_fixed : array_like, shape (J, T) or (J, 1, T)
        Fixed filters, as in `hybrid_filterbank`.
    w_learned : array_like, shape (J, K) or (J, 1, K)
        Learned filters, as in `hybrid_filterbank`.
    signal_length : int or None
        N for signals on Z_N, None for signals of any length, as in `frame_bounds`.
    stride : int
        Stride d, as in `frame_bounds`.
    spacing : int
        Distance of the learned taps in samples, as in `hybrid_filterbank`.

    Returns
    -------
    tuple of float
        (lower, upper) with lower <= A and B <= upper for the frame bounds A, B of the hybrid.

    Raises
    ------
    FilterbankError
        As `hybrid_filterbank` and `frame_bounds`.

    See Also
    --------
    frame_bounds

    Notes
    -----
    With A_g, B_g of the fixed filters. If the spacing is a multiple of the stride (always at
    stride 1), A >= m^2 A_g and B <= M^2 B_g with the least and the largest modulus m, M of the
    responses of all l_j. At any stride and spacing, write l_j = c (delta_k + e_j) with a tap k
    and a gain c in common, and e = sum_m max_j abs(e_j[m]): then
    sqrt(A) >= c (sqrt(A_g) - e sqrt(B_g)) and sqrt(B) <= c (1 + e) sqrt(B_g). Both are computed,
    and the better is returned.

    References
    ----------
    The chapter "Holding tight" of this book, with proofs.

    Examples
    --------
    >>> import fbtools as fb
    >>> g = fb.isac_filterbank(20, 64, sr=8000)
    >>> taps = np.tile([1.0, 0.2], (38, 1))
    >>> low, high = hybrid_bounds(g, taps)
    >>> bounds = fb.frame_bounds(hybrid_filterbank(g, taps))
    >>> low <= bounds.lower <= bounds.upper <= high
    True
    """
    fixed, learned, gap = _parts(w_fixed, w_learned, spacing)
    bounds = frame_bounds(fixed, signal_length, stride=stride)
    if bounds.signal_length is not None:
        check_length(fixed.shape[1] + (learned.shape[1] - 1) * gap, bounds.signal_length)
    low, high = bounds.lower_interval[0], bounds.upper_interval[1]
    lower, upper = _perturbation(low, high, learned)
    if gap % bounds.stride == 0:
        gains = [frame_bounds(row[None, :]) for row in np.unique(learned, axis=0)]
        least = min(gain.lower_interval[0] for gain in gains)
        most = max(gain.upper_interval[1] for gain in gains)
        lower, upper = max(lower, low * least), min(upper, high * most)
    return lower, upper


def fit_hybrid(
    w_fixed: ArrayLike,
    w_target: ArrayLike,
    learned_length: int,
    beta: float = 0.0,
    *,
    signal_length: int,
    stride: int = 1,
    spacing: int = 1,
    sharpness: float = 8.0,
    groups: ArrayLike | None = None,
    n_iterations: int = 200,
) -> FloatArray:
    """Learned filters that bring a hybrid close to a target, and hold its condition number down.

    Minimises ||h - target||^2 / ||target||^2 + beta (kappa_p - 1) over the learned filters l, with
    h = g * l and kappa_p the smooth condition number of `condition_penalty`, by the quasi-Newton
    method L-BFGS from the least-squares solution.

    Parameters
    ----------
    w_fixed : array_like, shape (J, T) or (J, 1, T)
        Fixed filters g.
    w_target : array_like, shape (J, L), L <= T + (K - 1) spacing
        Filters to come close to; `w_fixed` itself if the hybrid should only become tighter.
    learned_length : int
        Number K of taps of each learned filter.
    beta : float
        Weight of the penalty; 0 gives the least-squares fit.
    signal_length : int
        N of kappa, as in `condition_penalty`.
    stride : int
        Stride d of kappa, as in `condition_penalty`.
    spacing : int
        Distance of the learned taps in samples, as in `hybrid_filterbank`.
    sharpness : float
        Exponent p of the smooth kappa, as in `condition_penalty`.
    groups : array_like of int, shape (J,), or None
        Rows with the same number share their learned filter, as given by `isac_channels`.
    n_iterations : int
        Largest number of iterations.

    Returns
    -------
    ndarray of float64, shape (J, K)
        Learned filters, one for each row.

    Raises
    ------
    FilterbankError
        If the shapes do not fit, or the least-squares fit is not a frame while beta > 0.

    See Also
    --------
    hybrid_filterbank, hybrid_bounds

    References
    ----------
    Haider, Perfler, Lostanlen, Ehler and Balazs (2024) add kappa - 1 to the loss.

    Examples
    --------
    >>> import fbtools as fb
    >>> g = fb.isac_filterbank(12, 32, sr=8000)
    >>> groups = fb.filterbanks.isac_channels(12)
    >>> learned = fit_hybrid(g, g, 9, beta=1.0, signal_length=128, groups=groups)
    >>> h = hybrid_filterbank(g, learned)
    >>> fb.condition_number(h, 128) < fb.condition_number(g, 128)
    True
    """
    count = as_count(learned_length, "learned_length")
    fixed, gap = as_filters(w_fixed, "w_fixed"), as_count(spacing, "spacing")
    weight = 0.0 if beta == 0 else as_real(beta, "beta", 0.0)
    limit = as_count(n_iterations, "n_iterations")
    total = fixed.shape[1] + (count - 1) * gap
    target = as_filters(w_target, "w_target")
    if target.shape[0] != fixed.shape[0] or target.shape[1] > total or not target.any():
        raise FilterbankError(
            f"w_target has shape {target.shape}: pass {fixed.shape[0]} filters of at most {total} "
            "taps, not all zero."
        )
    target = np.pad(target, ((0, 0), (0, total - target.shape[1])))
    labels = _labels(groups, fixed.shape[0])
    energy = float(np.sum(target**2))

    def objective(flat: FloatArray) -> tuple[float, FloatArray]:
        learned = flat.reshape(-1, count)[labels]
        h = hybrid_filterbank(fixed, learned, gap)
        value, slope = float(np.sum((h - target) ** 2)) / energy, 2 * (h - target) / energy
        if weight > 0:
            penalty, gradient = condition_penalty(
                h, signal_length, stride=stride, sharpness=sharpness
            )
            value, slope = value + weight * penalty, slope + weight * gradient
        pulled = _pull_back(slope, fixed, count, gap)
        grouped = np.zeros((labels.max() + 1, count))
        np.add.at(grouped, labels, pulled)
        return value, grouped.ravel()

    start = _least_squares(fixed, target, labels, count, gap)
    if weight == 0:
        return np.asarray(start[labels])
    result = optimize.minimize(
        objective, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": limit}
    )
    return np.asarray(result.x.reshape(-1, count)[labels])


def _parts(
    w_fixed: ArrayLike, w_learned: ArrayLike, spacing: int
) -> tuple[FloatArray, FloatArray, int]:
    fixed, learned = as_filters(w_fixed, "w_fixed"), as_filters(w_learned, "w_learned")
    if fixed.shape[0] != learned.shape[0]:
        raise FilterbankError(
            f"w_learned has {learned.shape[0]} filters and w_fixed {fixed.shape[0]}: pass one "
            "learned filter for each fixed one; rows may be repeated by indexing."
        )
    return fixed, learned, as_count(spacing, "spacing")


def _perturbation(low: float, high: float, learned: FloatArray) -> tuple[float, float]:
    """Bounds from l_j = c (delta_k + e_j), with the tap k and the gain c that serve best."""
    lower, upper = 0.0, np.inf
    for k in range(learned.shape[1]):
        for gain in np.unique(np.abs(learned[:, k])):
            for sign in (-1, 1):
                rest = learned.copy()
                rest[:, k] -= sign * gain
                error = float(np.abs(rest).max(axis=0).sum())
                root = gain * np.sqrt(low) - error * np.sqrt(high)
                lower = max(lower, max(root, 0.0) ** 2)
                upper = min(upper, (gain + error) ** 2 * high)
    return float(lower), float(upper)


def _pull_back(slope: FloatArray, fixed: FloatArray, count: int, spacing: int) -> FloatArray:
    """Gradient in the learned taps from that in the hybrid filters: correlation with g_j."""
    shifted = sliding_window_view(slope, fixed.shape[1], axis=1)[:, ::spacing][:, :count]
    return np.asarray(np.einsum("jkt,jt->jk", shifted, fixed))


def _least_squares(
    fixed: FloatArray, target: FloatArray, labels: np.ndarray, count: int, spacing: int
) -> FloatArray:
    """Learned filters for which h is closest to the target, group by group."""
    total = target.shape[1]
    columns = np.zeros((fixed.shape[0], total, count))
    for k in range(count):
        first = k * spacing
        columns[:, first : first + fixed.shape[1], k] = fixed
    solutions = [
        np.linalg.lstsq(
            columns[labels == label].reshape(-1, count), target[labels == label].ravel(), rcond=None
        )[0]
        for label in range(labels.max() + 1)
    ]
    return np.array(solutions)


def _labels(groups: ArrayLike | None, count: int) -> np.ndarray:
    if groups is None:
        return np.arange(count)
    given = np.asarray(groups)
    if given.shape != (count,) or given.dtype.kind not in "iu":
        raise FilterbankError(
            f"groups is an array of shape {given.shape}, dtype {given.dtype}: pass one integer for "
            f"each of the {count} rows."
        )
    return np.asarray(np.unique(given, return_inverse=True)[1])
