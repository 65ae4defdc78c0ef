"""Simulation: draw filterbanks, apply them, measure; one seed for any number of workers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import ArrayLike
from scipy import fft
from tqdm.auto import tqdm

from fbtools.filterbanks import FAMILIES, random_filterbank
from fbtools.frames import frame_bounds
from fbtools.validation import (
    RNG,
    FloatArray,
    as_choice,
    as_count,
    as_filter_length,
    as_rng,
    as_signal,
    check_length,
    check_stride,
)

__all__ = ["simulate_energy", "simulate_frame_bounds"]

CHUNK = 2**19


def simulate_energy(
    x: ArrayLike,
    n_filters: int,
    filter_length: int,
    n_draws: int,
    rng: RNG = None,
    workers: int = 1,
    *,
    distribution: str = "normal",
    progress: bool = False,
) -> FloatArray:
    """Energy ratios of independent random filterbanks, each drawn and applied to x.

    Parameters
    ----------
    x : array_like, shape (N,)
        Real signal.
    n_filters : int
        Number of filters J.
    filter_length : int
        Number of taps T, at most N.
    n_draws : int
        Number of filterbanks.
    rng : Generator, int or None
        Source of randomness; the same seed gives the same bits for any number of workers.
    workers : int
        Number of threads.
    distribution : {"normal", "uniform", "rademacher", "laplace"}
        Family of the weights, as in `random_filterbank`.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    ndarray of float64, shape (n_draws,)
        ||Phi x||^2 / ||x||^2 of each filterbank.

    Raises
    ------
    FilterbankError
        If an argument has the wrong type or range, or T > N.

    Notes
    -----
    This simulates filters; `EnergyLaw.rvs` draws from the same law (for Gaussian weights)
    without them. Memory is bounded whatever the number of draws.

    Examples
    --------
    >>> import fbtools as fb
    >>> ratios = simulate_energy(fb.impulse(256), 10, 128, n_draws=500, rng=0)
    >>> f"{ratios.mean():.2f} {ratios.std():.2f}"
    '1.00 0.04'
    """
    signal = as_signal(x)
    n, length = signal.size, as_filter_length(filter_length, signal.size)
    count, draws = as_count(n_filters, "n_filters"), as_count(n_draws, "n_draws")
    family = as_choice(distribution, "distribution", FAMILIES)
    weights = np.abs(fft.rfft(signal)) ** 2 / (n * float(signal @ signal))
    weights[1 : (n + 1) // 2] *= 2

    def block(size: int, generator: np.random.Generator) -> FloatArray:
        scale = np.sqrt(size)
        w = scale * random_filterbank(size * count, length, generator, distribution=family)
        power = np.abs(fft.rfft(w, n=n, axis=-1)) ** 2 @ weights
        return np.asarray(power.reshape(size, count).sum(axis=1))

    return _in_blocks(block, draws, max(1, CHUNK // (n * count)), rng, workers, progress)


def simulate_frame_bounds(
    n_filters: int,
    filter_length: int,
    n_draws: int,
    signal_length: int | None = None,
    stride: int = 1,
    rng: RNG = None,
    workers: int = 1,
    *,
    progress: bool = False,
) -> tuple[FloatArray, FloatArray]:
    """Frame bounds of independent random Gaussian filterbanks.

    Parameters
    ----------
    n_filters : int
        Number of filters J.
    filter_length : int
        Number of taps T.
    n_draws : int
        Number of filterbanks.
    signal_length : int or None
        N for signals on Z_N, None for signals of any length, as in `frame_bounds`.
    stride : int
        Stride d; the weights then have variance d/(J T).
    rng : Generator, int or None
        Source of randomness; the same seed gives the same bits for any number of workers.
    workers : int
        Number of threads.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    tuple of ndarray of float64, shape (n_draws,)
        A and B of each filterbank.

    Raises
    ------
    FilterbankError
        If an argument has the wrong type or range, T > N, or d does not divide N.

    Examples
    --------
    >>> lower, upper = simulate_frame_bounds(40, 32, n_draws=100, signal_length=128, rng=0)
    >>> f"{lower.mean():.1f} {upper.mean():.1f}"
    '0.7 1.4'
    """
    count, length = as_count(n_filters, "n_filters"), as_count(filter_length, "filter_length")
    draws, step = as_count(n_draws, "n_draws"), as_count(stride, "stride")
    if signal_length is not None:
        check_length(length, as_count(signal_length, "signal_length"))
        check_stride(step, signal_length)

    def block(size: int, generator: np.random.Generator) -> FloatArray:
        banks = [random_filterbank(count, length, generator, stride=step) for _ in range(size)]
        bounds = [frame_bounds(w, signal_length, step) for w in banks]
        return np.array([[b.lower, b.upper] for b in bounds])

    size = max(1, CHUNK // ((signal_length or 16 * length) * count))
    both = _in_blocks(block, draws, size, rng, workers, progress)
    return both[:, 0], both[:, 1]


def _in_blocks(
    block: Callable[[int, np.random.Generator], FloatArray],
    n_draws: int,
    size: int,
    rng: RNG,
    workers: int,
    progress: bool,
) -> FloatArray:
    """Run `block` on chunks of draws, each with its own stream spawned from one seed."""
    sizes = [size] * (n_draws // size) + [n_draws % size] * (n_draws % size > 0)
    streams = as_rng(rng).spawn(len(sizes))
    with ThreadPoolExecutor(as_count(workers, "workers")) as pool:
        results = pool.map(block, sizes, streams)
        return np.concatenate(list(tqdm(results, total=len(sizes), disable=not progress)))
