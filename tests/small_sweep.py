"""A sweep of seven uniform numbers in three chunks, whose rows are known."""

from __future__ import annotations

import numpy as np

from fbtools.simulation import sweeps

MANIFEST, JOURNAL = "sweep.json", "chunks.jsonl"
N_CHUNKS = 3  # of 3, 3 and 1 draws


def uniform(size, rng):
    return rng.random(size)


def sweep(folder, rng=0, sampler=uniform, **options):
    return sweeps.run_sweep(
        sampler, 7, 3, {"what": "uniform"}, rng=rng, checkpoint=folder, **options
    )


TRUTH = np.concatenate(
    [
        np.random.Generator(np.random.SFC64(seed)).random(size)
        for seed, size in zip(np.random.SeedSequence(0).spawn(3), (3, 3, 1), strict=True)
    ]
)


def counted(folder, **options):
    """The rows of a sweep, and the sizes of the chunks that it had to draw."""
    sizes = []

    def sampler(size, rng):
        sizes.append(size)
        return rng.random(size)

    return sweep(folder, sampler=sampler, **options), sizes


def assert_true(folder, drawn):
    rows, sizes = counted(folder)
    np.testing.assert_array_equal(rows, TRUTH)
    assert len(sizes) == drawn


def files(folder):
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}
