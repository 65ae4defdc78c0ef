"""Sweeps: many draws in chunks, on any executor, that survive a kill.

A sweep is cut into chunks of a size that depends on nothing but what is drawn, each with its own
stream spawned from the seed: where and in which order chunks run cannot change a bit. With a
checkpoint, each finished chunk is a file, and a sweep that is started again reads those it finds,
and verifies them.
"""

from __future__ import annotations

import math
import os
from collections.abc import Generator, Iterator
from concurrent.futures import (
    BrokenExecutor,
    Executor,
    Future,
    ThreadPoolExecutor,
    as_completed,
    wait,
)
from contextlib import closing, contextmanager, suppress
from typing import Any

import numpy as np
from numpy.random import SFC64, SeedSequence
from tqdm.auto import tqdm

from fbtools.simulation.checkpoints import MANIFEST as MANIFEST, Checkpoint
from fbtools.simulation.samplers import Sampler
from fbtools.threads import one_thread_of_linear_algebra
from fbtools.validation import RNG, FilterbankError, FloatArray, as_count, as_rng, check_memory

__all__ = ["run_sweep"]

GRACE = 5.0  # seconds


def run_sweep(
    sampler: Sampler,
    n_draws: int,
    chunk: int,
    description: dict[str, Any],
    rng: RNG = None,
    workers: int | None = None,
    executor: Executor | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    progress: bool = False,
) -> FloatArray:
    """Draw from a sampler, chunk by chunk.

    Parameters
    ----------
    sampler : callable
        Called with a number of draws and a generator, it returns one row a draw.
    n_draws : int
        Number of draws.
    chunk : int
        Number of draws in a chunk.
    description : dict
        What is drawn, in numbers and strings: a checkpoint of anything else is refused.
    rng : Generator, seed or None
        Source of the seeds of all chunks. Of a generator only its seed sequence counts, and how
        many streams were spawned from it, not its state: after `jumped`, or with a state set by
        hand, the draws do not follow that state.
    workers : int or None
        Number of threads; None for one, or where there is an executor.
    executor : Executor or None
        Where chunks run; it is not shut down.
    checkpoint : path or None
        Directory of finished chunks, see the notes.
    progress : bool
        Whether to show a progress bar, over draws.

    Returns
    -------
    ndarray of float64, shape (n_draws, ...)
        All rows, in the order of the draws.

    Raises
    ------
    FilterbankError
        If an argument has the wrong type, both workers and an executor are given, or a draw is not
        finite; if a checkpoint has no seed, or its directory holds another sweep, a chunk or a
        manifest that is damaged, or cannot be read or written.

    Notes
    -----
    In the directory, ``sweep.json`` says what is drawn, ``chunk-000000.npy`` and so on hold the
    rows of the chunks, and ``chunks.jsonl`` has a line for each with its index, spawn key and
    SHA-256. A chunk is read if its file has that SHA-256, and is drawn again if it has no file or
    no line; one that is damaged is an error that names the file. Files of other names are left
    alone. Neither an error, a full disk among them, nor Ctrl-C loses a chunk that is kept.

    Examples
    --------
    >>> import numpy as np
    >>> run_sweep(lambda n, rng: rng.random(n), 5, 2, {"what": "uniform"}, rng=0).shape
    (5,)
    """
    check_memory(n_draws, f"n_draws is {n_draws}: the result")
    sizes = [chunk] * (n_draws // chunk) + [n_draws % chunk] * (n_draws % chunk > 0)
    seeds = _spawn(rng, len(sizes), checkpoint is not None)
    store = None
    if checkpoint is not None:
        store = Checkpoint(checkpoint, description, n_draws, chunk, seeds)
    rows: FloatArray | None = None
    with (
        _pool(workers, executor) as pool,
        tqdm(total=n_draws, unit="draw", unit_scale=True, disable=not progress) as bar,
        closing(_finished_chunks(sampler, sizes, seeds, pool, store)) as finished,
    ):
        for index, result in finished:
            if rows is None:
                numbers = n_draws * math.prod(result.shape[1:])
                check_memory(numbers, f"n_draws is {n_draws}: the result")
                rows = np.empty((n_draws, *result.shape[1:]))
            rows[index * chunk : index * chunk + sizes[index]] = result
            bar.update(sizes[index])
    assert rows is not None
    return rows


@one_thread_of_linear_algebra()
def draw_chunk(sampler: Sampler, size: int, seed: SeedSequence) -> FloatArray:
    """What a worker does: one chunk, from its own stream."""
    return sampler(size, np.random.Generator(SFC64(seed)))


def _finished_chunks(
    sampler: Sampler,
    sizes: list[int],
    seeds: list[SeedSequence],
    pool: Executor,
    store: Checkpoint | None,
) -> Generator[tuple[int, FloatArray]]:
    """Chunks kept by an earlier run, then the others as they finish; each is kept at once."""
    kept: set[int] = set()
    if store is not None:
        for index in store.finished():
            yield index, store.load(index)
            kept.add(index)
    futures: dict[Future[FloatArray], int] = {}
    try:
        for index in range(len(sizes)):
            if index not in kept:
                futures[_submit(pool, sampler, sizes[index], seeds[index])] = index
        for future in as_completed(list(futures)):
            yield _keep(futures, future, store)
    finally:
        # After an error or Ctrl-C: what has not begun never will, what is done or nearly is kept.
        begun = [future for future in futures if not future.cancel()]
        if store is not None:
            for future in wait(begun, GRACE).done:
                if future.exception() is None:
                    with suppress(FilterbankError):  # on a full disk: the first error is told
                        _keep(futures, future, store)


def _submit(pool: Executor, sampler: Sampler, size: int, seed: SeedSequence) -> Future[FloatArray]:
    try:
        return pool.submit(draw_chunk, sampler, size, seed)
    except BrokenExecutor:  # a worker died, which is another matter
        raise
    except RuntimeError as error:
        raise FilterbankError(
            f"executor is {pool!r}, which takes no work ({error}): pass one that is not shut down."
        ) from error


def _keep(
    futures: dict[Future[FloatArray], int], future: Future[FloatArray], store: Checkpoint | None
) -> tuple[int, FloatArray]:
    index = futures[future]
    try:
        result = future.result()
    except MemoryError as error:
        raise FilterbankError(
            f"chunk {index} of the sweep does not fit in memory ({error}): ask for smaller "
            "filterbanks or fewer workers."
        ) from error
    if not np.isfinite(result).all():
        raise FilterbankError(
            f"chunk {index} of the sweep has draws that are not finite: what is drawn from is out "
            "of range; rescale it."
        )
    if store is not None:
        store.save(index, result)
    del futures[future]  # last: a chunk whose saving Ctrl-C has stopped is saved once more
    return index, result


@contextmanager
def _pool(workers: int | None, executor: Executor | None) -> Iterator[Executor]:
    """The caller's executor, or threads of our own that end with the sweep."""
    if executor is None:
        own = ThreadPoolExecutor(1 if workers is None else as_count(workers, "workers"))
        try:
            yield own
        finally:
            own.shutdown(wait=True, cancel_futures=True)
        return
    if workers is not None:
        raise FilterbankError(
            f"workers is {workers}, but the executor brings its own workers: leave workers out."
        )
    if not isinstance(executor, Executor):
        raise FilterbankError(
            f"executor is {executor!r}: pass a concurrent.futures.Executor, for instance a "
            "ProcessPoolExecutor, or client.get_executor() of dask.distributed."
        )
    yield executor


def _spawn(rng: RNG, count: int, must_be_seeded: bool) -> list[SeedSequence]:
    if must_be_seeded and rng is None:
        raise FilterbankError(
            "rng is None: a sweep with a checkpoint can only be resumed with its seed; pass one."
        )
    sequence = as_rng(rng).bit_generator.seed_seq
    if not isinstance(sequence, SeedSequence):
        raise FilterbankError(
            f"rng is a {type(rng).__name__} without a seed sequence to draw the streams of chunks "
            "from: pass a seed, or a generator made from one."
        )
    return sequence.spawn(count)
