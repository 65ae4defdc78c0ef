"""What is measured: a fast call, the plain way to the same numbers, and the random-number floor."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

import fbtools as fb
from fbtools.frames.fibres import polyphase

RNG = np.random.default_rng(0)
N = 1024
SECOND = fb.signals.brown_noise(22050, rng=0)


class Case(NamedTuple):
    """One line of the table: `call` makes all draws, `direct` and `floor` make one."""

    name: str
    call: Callable[[], object]
    n_draws: int
    direct: Callable[[], object]
    floor: Callable[[], object]
    target: float = 0.0


def direct_energy(x: np.ndarray, n_filters: int, filter_length: int) -> float:
    """J transforms of length N, and Parseval."""
    w = RNG.standard_normal((n_filters, filter_length))
    y = np.fft.rfft(w, x.size) * np.fft.rfft(x)
    return float(np.sum(np.abs(y) ** 2))


def direct_bounds(n_filters: int, filter_length: int, points: int) -> tuple[float, float]:
    """J transforms of length N, summed up."""
    w = RNG.standard_normal((n_filters, filter_length))
    s = np.sum(np.abs(np.fft.fft(w, points)) ** 2, axis=0)
    return float(s.min()), float(s.max())


def direct_strided(n_filters: int, filter_length: int, stride: int, n_fibres: int) -> np.ndarray:
    """Singular values of all fibres."""
    w = fb.random_filterbank(n_filters, filter_length, RNG, stride=stride)
    angles = 2 * np.pi * np.arange(n_fibres) / n_fibres
    return np.linalg.svd(polyphase(w, stride, angles), compute_uv=False)


def normals(n_filters: int, filter_length: int) -> Callable[[], object]:
    """The random-number floor of a plain way: its normal variables and nothing else."""
    return lambda: RNG.standard_normal((n_filters, filter_length))


def energy_case(n_draws: int, target: float = 0.0) -> Case:
    return Case(
        "energy of 1 s, T=1024, J=10",
        lambda: fb.simulate_energy(SECOND, 10, 1024, n_draws, rng=0, method="law"),
        n_draws,
        lambda: direct_energy(SECOND, 10, 1024),
        normals(10, 1024),
        target,
    )


def bounds_case(filter_length: int, n_draws: int, target: float) -> Case:
    return Case(
        f"A and B, J=40, N=1024, T={filter_length}",
        lambda: fb.simulate_frame_bounds(
            40, filter_length, n_draws, signal_length=1024, rng=0, method="law"
        ),
        n_draws,
        lambda: direct_bounds(40, filter_length, N),
        normals(40, filter_length),
        target,
    )


def figures() -> None:
    """Every number of the paper's five figures, at 1000 draws a point, on two threads."""
    lengths = 2 ** np.arange(3, 11)
    for x in (fb.signals.impulse(N), fb.signals.brown_noise(N, rng=0), fb.signals.sinusoid(N, 0.1)):
        for t in lengths:
            fb.simulate_energy(x, 10, int(t), 1000, rng=0, workers=2, method="law")
    for t in lengths:
        for j in (40, 5, 10, 40, *range(3, 11)):
            fb.simulate_frame_bounds(
                j, int(t), 1000, signal_length=N, rng=0, workers=2, method="law"
            )


def direct_figures() -> None:
    """One draw of each point."""
    lengths = 2 ** np.arange(3, 11)
    for x in (fb.signals.impulse(N), fb.signals.brown_noise(N, rng=0), fb.signals.sinusoid(N, 0.1)):
        for t in lengths:
            direct_energy(x, 10, int(t))
    for t in lengths:
        for j in (40, 5, 10, 40, *range(3, 11)):
            direct_bounds(j, int(t), N)


def figures_floor() -> None:
    """The normal variables of one draw of each point."""
    for t in 2 ** np.arange(3, 11):
        for j in (10, 10, 10, 40, 5, 10, 40, *range(3, 11)):
            RNG.standard_normal((j, int(t)))


CASES = [
    energy_case(20_000, target=500),
    energy_case(1000),
    energy_case(10**7),
    bounds_case(8, 20_000, target=102),
    bounds_case(32, 5000, target=23),
    bounds_case(128, 2000, target=6),
    bounds_case(512, 1000, target=2.5),
    bounds_case(1024, 20_000, target=89),
    Case(
        "A and B, J=40, N=1024, T=1024",
        lambda: fb.simulate_frame_bounds(40, 1024, 10**5, signal_length=1024, rng=0, method="law"),
        10**5,
        lambda: direct_bounds(40, 1024, N),
        normals(40, 1024),
    ),
    Case(
        "A and B of any length, J=40, T=1024 (direct: grid of 16 T)",
        lambda: fb.simulate_frame_bounds(40, 1024, 200, rng=0, method="law"),
        200,
        lambda: direct_bounds(40, 1024, 16 * 1024),
        normals(40, 1024),
    ),
    Case(
        "A and B of any length, J=64, T=256, d=16 (direct: 256 fibres)",
        lambda: fb.simulate_frame_bounds(64, 256, 20, stride=16, rng=0, method="law"),
        20,
        lambda: direct_strided(64, 256, 16, 256),
        normals(64, 256),
    ),
    Case(
        "A and B, J=64, N=4096, T=256, d=16 (direct: 256 fibres)",
        lambda: fb.simulate_frame_bounds(
            64, 256, 50, signal_length=4096, stride=16, rng=0, method="law"
        ),
        50,
        lambda: direct_strided(64, 256, 16, 256),
        normals(64, 256),
    ),
    Case(
        "A and B, J=40, N=1024, T=128, on 2 threads",
        lambda: fb.simulate_frame_bounds(40, 128, 20_000, N, rng=0, workers=2, method="law"),
        20_000,
        lambda: direct_bounds(40, 128, N),
        normals(40, 128),
    ),
    Case(
        "five figures of the paper, on 2 threads",
        figures,
        1000,
        direct_figures,
        figures_floor,
    ),
]
