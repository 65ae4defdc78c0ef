"""Simulation: the law of energies and frame bounds, drawn; one seed for any number of workers."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import Executor
from typing import Literal, get_args

from numpy.typing import ArrayLike

from fbtools.filterbanks.random import FAMILIES, Family
from fbtools.simulation.samplers import BoundsOfIndependentBins, bounds_sampler, energy_sampler
from fbtools.simulation.sweeps import run_sweep
from fbtools.threads import one_thread_of_linear_algebra
from fbtools.validation import (
    RNG,
    FloatArray,
    as_choice,
    as_count,
    as_filter_length,
    as_signal,
    check_length,
    check_memory,
    check_stride,
)

__all__ = ["simulate_energy", "simulate_frame_bounds"]

Method = Literal["filters", "law"]
METHODS: tuple[Method, ...] = get_args(Method)
CHUNK = 2**22
LARGEST_CHUNK = 2**18


@one_thread_of_linear_algebra()
def simulate_energy(
    x: ArrayLike,
    n_filters: int,
    filter_length: int,
    n_draws: int,
    rng: RNG = None,
    workers: int | None = None,
    *,
    method: Method = "filters",
    executor: Executor | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    distribution: Family = "normal",
    progress: bool = False,
) -> FloatArray:
    """Energy ratios ||Phi x||^2 / ||x||^2 of independent random filterbanks.

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
    rng : Generator, seed or None
        What `numpy.random.default_rng` takes; on one machine the same seed gives the same bits,
        for any executor and any number of workers and threads; on another processor, the same up
        to rounding.
        Of a generator only its seed sequence counts, and how many streams were spawned from it,
        not its state: after `jumped`, or with a state set by hand, draws do not follow that state.
    workers : int or None
        Number of threads, one if None.
    method : {"filters", "law"}
        "filters": draw every filter, and measure; what a law is to be tested against. "law": the
        fastest way that gives the same law, see the notes.
    executor : concurrent.futures.Executor or None
        Where to draw instead: a pool of processes, that of `loky`, `client.get_executor()` of
        `dask.distributed`, that of `mpi4py.futures`. It is left open.
    checkpoint : path or None
        Directory in which finished chunks are kept. The same call again, after a kill or Ctrl-C,
        verifies them and draws only what is missing; `rng` must then be a seed, or a generator
        made from it anew: with the same seed sequence, from which as many streams were spawned.
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
        If an argument has the wrong type or range, T > N, both workers and an executor are given,
        or the checkpoint holds another sweep, is damaged, or cannot be read or written.

    Notes
    -----
    "law", Gaussian weights: ratios are drawn from their law, the sum of T scaled gamma variables,
    with fewer variables of the same cumulants in their place, as in `EnergyLaw.lumped`. The
    distribution functions differ by less than 1e-7 everywhere, which about 10^14 draws would
    show; beyond T = 4096 by less than `EnergyLaw.cdf_error` more. Other families have no such
    law: filters are drawn. Memory is that of the result, and of one chunk for each worker.

    Examples
    --------
    >>> import fbtools as fb
    >>> ratios = simulate_energy(fb.signals.impulse(256), 10, 128, n_draws=500, rng=0)
    >>> f"{ratios.mean():.2f} {ratios.std():.2f}"
    '1.00 0.04'
    """
    signal = as_signal(x)
    length = as_filter_length(filter_length, signal.size)
    count, draws = as_count(n_filters, "n_filters"), as_count(n_draws, "n_draws")
    family = as_choice(distribution, "distribution", FAMILIES)
    from_filters = as_choice(method, "method", METHODS) == "filters"
    cost = 1
    if from_filters or family != "normal":
        cost = count * length
        check_memory(cost, _bank(count, length))
    description = {
        "what": "energy ratios",
        "x": hashlib.sha256(signal.tobytes()).hexdigest(),
        "n_filters": count,
        "filter_length": length,
        "distribution": family,
        "method": method,
    }
    return run_sweep(
        energy_sampler(signal, count, length, family, from_filters),
        draws,
        _chunk(cost),
        description,
        rng,
        workers,
        executor,
        checkpoint,
        progress,
    )


@one_thread_of_linear_algebra()
def simulate_frame_bounds(
    n_filters: int,
    filter_length: int,
    n_draws: int,
    signal_length: int | None = None,
    *,
    stride: int = 1,
    rng: RNG = None,
    workers: int | None = None,
    method: Method = "filters",
    executor: Executor | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
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
    rng : Generator, seed or None
        What `numpy.random.default_rng` takes; on one machine the same seed gives the same bits,
        for any executor and any number of workers and threads; on another processor, the same up
        to rounding.
        Of a generator only its seed sequence counts, and how many streams were spawned from it,
        not its state: after `jumped`, or with a state set by hand, draws do not follow that state.
    workers : int or None
        Number of threads, one if None.
    method : {"filters", "law"}
        "filters": draw every filter, and measure; what a law is to be tested against. "law": the
        fastest way that gives the same law, see the notes.
    executor : concurrent.futures.Executor or None
        Where to draw instead: a pool of processes, that of `loky`, `client.get_executor()` of
        `dask.distributed`, that of `mpi4py.futures`. It is left open.
    checkpoint : path or None
        Directory in which finished chunks are kept. The same call again, after a kill or Ctrl-C,
        verifies them and draws only what is missing; `rng` must then be a seed, or a generator
        made from it anew: with the same seed sequence, from which as many streams were spawned.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    tuple of ndarray of float64, shape (n_draws,)
        A and B of each filterbank.

    Raises
    ------
    FilterbankError
        If an argument has the wrong type or range, T > N, d does not divide N, both workers and an
        executor are given, or the checkpoint holds another sweep, is damaged, or cannot be read or
        written.

    Notes
    -----
    The power spectra of the filters are added up at about 2 T frequencies, from which those on
    Z_N follow. Anywhere on the circle, extremes are certified: to 1e-10 of their value for d = 1,
    to 1e-9 (B - A) for d > 1. "law": bounds are drawn without a bank, or with a smaller one,
    wherever that has the same law: extremes of independent gamma variables if N = T and d = 1;
    Bartlett's factor of the Gram matrix if J > T; weights are rounded to single precision. On Z_N
    with d = 1 and J >= 5 the arithmetic is single, too: sqrt(A) and sqrt(B) are off by at most
    1e-6 sqrt(T), and by 1e-6 as a rule.

    Examples
    --------
    >>> lower, upper = simulate_frame_bounds(40, 32, n_draws=100, signal_length=128, rng=0)
    >>> f"{lower.mean():.1f} {upper.mean():.1f}"
    '0.7 1.4'
    """
    count, length = as_count(n_filters, "n_filters"), as_count(filter_length, "filter_length")
    draws, step = as_count(n_draws, "n_draws"), as_count(stride, "stride")
    if signal_length is not None:
        signal_length = as_count(signal_length, "signal_length")
        check_length(length, signal_length)
        check_stride(step, signal_length)

    from_filters = as_choice(method, "method", METHODS) == "filters"
    sampler = bounds_sampler(count, length, signal_length, step, from_filters)
    cost = max(count * length, length if signal_length is None else signal_length)
    if isinstance(sampler, BoundsOfIndependentBins):
        cost = 1
    else:
        rows = count if from_filters else min(count, length)
        check_memory(rows * length, _bank(count, length))
        check_memory(rows * step, f"stride is {step}: the components of one filterbank")
        check_memory(signal_length or 1, f"signal_length is {signal_length}: one spectrum")
    description = {
        "what": "frame bounds",
        "n_filters": count,
        "filter_length": length,
        "signal_length": signal_length,
        "stride": step,
        "method": method,
    }
    both = run_sweep(
        sampler,
        draws,
        _chunk(cost),
        description,
        rng,
        workers,
        executor,
        checkpoint,
        progress,
    )
    return both[:, 0], both[:, 1]


def _bank(n_filters: int, filter_length: int) -> str:
    return f"n_filters is {n_filters} and filter_length is {filter_length}: one filterbank"


def _chunk(cost: int) -> int:
    """Draws that a worker makes at a time: a fraction of a second of work."""
    return min(max(1, CHUNK // cost), LARGEST_CHUNK)
