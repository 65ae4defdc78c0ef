"""Random first weights: i.i.d., under a window, or orthogonal; and the scale they share.

Drawn banks keep the energy of every signal on average, as `random_filterbank` does: their squared
weights add up to the stride, on average or exactly. `normalise_energy` brings any bank to that
scale. Exactly tight banks are in `fbtools.frames.tight`.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy import signal

from fbtools.threads import one_thread_of_linear_algebra
from fbtools.validation import (
    RNG,
    FilterbankError,
    FloatArray,
    as_choice,
    as_count,
    as_filters,
    as_rng,
)

__all__ = ["normalise_energy", "orthogonal_filterbank", "random_filterbank", "windowed_filterbank"]

Family = Literal["normal", "uniform", "rademacher", "laplace"]
FAMILIES: tuple[Family, ...] = get_args(Family)

Window = str | tuple[str | float, ...]


def random_filterbank(
    n_filters: int,
    filter_length: int,
    rng: RNG = None,
    *,
    stride: int = 1,
    distribution: Family = "normal",
) -> FloatArray:
    """Filterbank of i.i.d. centred weights that preserves energy on average.

    Parameters
    ----------
    n_filters : int
        Number of filters J.
    filter_length : int
        Number of taps T of every filter.
    rng : Generator, seed or None
        What `numpy.random.default_rng` takes; the same seed gives the same bits.
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


def normalise_energy(w: ArrayLike, *, stride: int = 1) -> FloatArray:
    """Scale a filterbank so that it keeps energy on average: squared weights sum to the stride.

    Parameters
    ----------
    w : array_like, shape (J, T) or (J, 1, T)
        Real filters, not all zero.
    stride : int
        Stride d with which the filterbank is applied.

    Returns
    -------
    ndarray of float64, shape (J, T)
        The filters times one positive number, with ``sum(w**2) == d``.

    Raises
    ------
    FilterbankError
        If `w` is not an array of real filters, is zero, or d is not a positive integer.

    Notes
    -----
    "On average" means over white noise: by Parseval the mean of the Littlewood-Paley sum S over
    all frequencies is sum(w**2), and a stride d keeps one output sample in d. The default first
    weights of a Conv1d with one input channel in PyTorch are uniform on (-1/sqrt(T), 1/sqrt(T)),
    of variance 1/(3 T), whatever J is: their mean energy ratio is J/(3 d) instead of 1.

    Examples
    --------
    >>> import fbtools as fb
    >>> w = normalise_energy(fb.gabor_filterbank(40, 256, sr=16000))
    >>> round(float(np.mean(fb.littlewood_paley(w, 513)[:-1])), 2)
    1.0
    """
    return scaled_to(as_count(stride, "stride"), as_filters(w))


def windowed_filterbank(
    n_filters: int,
    filter_length: int,
    rng: RNG = None,
    *,
    stride: int = 1,
    window: Window = "hann",
    distribution: Family = "normal",
) -> FloatArray:
    """Random filters under a window, of the same mean energy as without.

    Parameters
    ----------
    n_filters : int
        Number of filters J.
    filter_length : int
        Number of taps T of every filter.
    rng : Generator, seed or None
        What `numpy.random.default_rng` takes; the same seed gives the same bits.
    stride : int
        Stride d with which the filterbank will be applied.
    window : str or tuple
        Name of a SciPy window, or a tuple of name and parameters. The T inner samples of the
        symmetric window of T + 2 samples are used: no tap is wasted on the zeros of a Hann window.
    distribution : {"normal", "uniform", "rademacher", "laplace"}
        Family of the weights before windowing, as in `random_filterbank`.

    Returns
    -------
    ndarray of float64, shape (J, T)
        Independent weights of variance d h[n]^2 / (J T), where the window h is scaled to
        mean square 1, so that the energy ratio of any signal has mean 1.

    Raises
    ------
    FilterbankError
        If J, T or d is not a positive integer, or the window or the family is unknown.

    Examples
    --------
    >>> w = windowed_filterbank(40, 1024, rng=0)
    >>> f"{np.sum(w**2):.2f}"
    '1.01'
    """
    w = random_filterbank(n_filters, filter_length, rng, stride=stride, distribution=distribution)
    shape = _window(window, filter_length)
    return np.asarray(w * (shape / np.sqrt(np.mean(shape**2))))


@one_thread_of_linear_algebra()
def orthogonal_filterbank(
    n_filters: int, filter_length: int, rng: RNG = None, *, stride: int = 1
) -> FloatArray:
    """Uniformly distributed (J, T) matrix with orthogonal rows (J <= T) or columns (J >= T).

    Parameters
    ----------
    n_filters : int
        Number of filters J.
    filter_length : int
        Number of taps T of every filter.
    rng : Generator, seed or None
        What `numpy.random.default_rng` takes; the same seed gives the same bits.
    stride : int
        Stride d with which the filterbank will be applied.

    Returns
    -------
    ndarray of float64, shape (J, T)
        J <= T: rows that are orthogonal, each of energy d/J. J >= T: columns that are orthogonal,
        each of energy d/T; for every d that divides T the bank is then tight, A = B = 1.

    Raises
    ------
    FilterbankError
        If J, T or d is not a positive integer.

    Notes
    -----
    QR factorisation of a Gaussian matrix, with the diagonal of R made positive: without this the
    distribution would depend on the conventions of the factorisation.

    References
    ----------
    Mezzadri (2007), "How to generate random matrices from the classical compact groups"; Saxe,
    McClelland and Ganguli (2014), "Exact solutions to the nonlinear dynamics of learning in deep
    linear neural networks", who propose it as initialisation.

    Examples
    --------
    >>> import fbtools as fb
    >>> w = orthogonal_filterbank(4, 64, rng=0)
    >>> bool(np.allclose(w @ w.T, np.eye(4) / 4))
    True
    >>> round(fb.condition_number(orthogonal_filterbank(64, 32, rng=0)), 9)
    1.0
    """
    count, length = as_count(n_filters, "n_filters"), as_count(filter_length, "filter_length")
    step, generator = as_count(stride, "stride"), as_rng(rng)
    if count >= length:
        return np.asarray(np.sqrt(step / length) * random_isometry(count, length, generator))
    rows = random_isometry(length, count, generator).T
    return np.ascontiguousarray(np.sqrt(step / count) * rows)


def scaled_to(energy: float, w: FloatArray) -> FloatArray:
    """Checked filters times one positive number, so that their squared weights add up to this."""
    present = float(np.sum(w**2))
    if present == 0:
        raise FilterbankError(
            f"w is zero everywhere (shape {w.shape}): no scale gives it energy; "
            "pass filters with at least one non-zero tap."
        )
    return np.asarray(np.sqrt(energy / present) * w)


def random_isometry(n_rows: int, n_columns: int, rng: np.random.Generator) -> FloatArray:
    """Uniformly distributed matrix of n_rows >= n_columns with orthonormal columns."""
    q, r = np.linalg.qr(rng.standard_normal((n_rows, n_columns)))
    return np.asarray(q * np.where(np.diag(r) < 0, -1.0, 1.0))


def _window(window: Window, length: int) -> FloatArray:
    if not isinstance(window, (str, tuple)):
        raise FilterbankError(
            f"window is {window!r}: pass the name of a SciPy window, or a tuple of name and "
            "parameters, for instance 'hann' or ('kaiser', 8.0)."
        )
    try:
        samples = np.asarray(signal.get_window(window, length + 2, fftbins=False)[1:-1])
    except (ValueError, TypeError, IndexError) as error:
        raise FilterbankError(
            f"window is {window!r}, which SciPy refuses ({error}); use for instance 'hann', "
            "'hamming' or ('kaiser', 8.0)."
        ) from error
    if not np.isfinite(samples).all() or not samples.any():
        raise FilterbankError(
            f"window is {window!r}: it has no finite, non-zero samples; use for instance 'hann'."
        )
    return samples
