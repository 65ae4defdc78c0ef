"""How cost grows with T, N, J and the number of draws: what chapter 13 plots (`make speed`).

Times are the least of several calls, in seconds a draw; all ways at one point are measured one
after the other, so that a busy machine slows them alike.
"""

from __future__ import annotations

import itertools
import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cases
import numpy as np
import scipy
from bench_samplers import peak_memory
from scipy import linalg
from tqdm import tqdm

import fbtools as fb
from fbtools.frames.fibres import polyphase

ROOT = Path(__file__).parents[1]
BENCHMARKS = ROOT / "_build" / "bench.json"
STORED = ROOT / "fbtools" / "experiments" / "data" / "speed.json"
SECONDS = 0.15
ROUNDS = 3

Way = tuple[Callable[[], object], int]
Curve = tuple[str, str, Sequence[int], Callable[[int], dict[str, Way]]]


def energy_ways(x: np.ndarray, n_filters: int, filter_length: int) -> dict[str, Way]:
    """Energies of one signal: plainly, from filters, from the law; and the normals alone."""

    def draw(n_draws: int, method: str) -> Way:
        return (
            lambda: fb.simulate_energy(x, n_filters, filter_length, n_draws, rng=0, method=method),
            n_draws,
        )

    return {
        "direct": (lambda: cases.direct_energy(x, n_filters, filter_length), 1),
        "filters": draw(20, "filters"),
        "law": draw(20_000, "law"),
        "floor": (cases.normals(n_filters, filter_length), 1),
    }


def bounds_ways(n_filters: int, filter_length: int, n: int) -> dict[str, Way]:
    """Frame bounds on Z_N, in the same four ways."""

    def draw(n_draws: int, method: str) -> Way:
        return (
            lambda: fb.simulate_frame_bounds(
                n_filters, filter_length, n_draws, signal_length=n, rng=0, method=method
            ),
            n_draws,
        )

    cost = n_filters * filter_length + n
    few, many = max(1, 2**19 // cost), max(20, 2**23 // cost)
    return {
        "direct": (lambda: cases.direct_bounds(n_filters, filter_length, n), 1),
        "filters": draw(few, "filters"),
        "law": draw(20_000 if n == filter_length else many, "law"),
        "floor": (cases.normals(n_filters, filter_length), 1),
    }


def energy_draws(n_draws: int) -> dict[str, Way]:
    """Draws of one law, set-up included."""
    return {
        "direct": (lambda: cases.direct_energy(cases.SECOND, 10, 1024), 1),
        "law": (
            lambda: fb.simulate_energy(cases.SECOND, 10, 1024, n_draws, rng=0, method="law"),
            n_draws,
        ),
        "floor": (cases.normals(10, 1024), 1),
    }


def bounds_draws(n_draws: int) -> dict[str, Way]:
    """Draws of frame bounds on Z_1024 for 128 taps."""
    return {
        "direct": (lambda: cases.direct_bounds(40, 128, 1024), 1),
        "law": (
            lambda: fb.simulate_frame_bounds(40, 128, n_draws, 1024, rng=0, method="law"),
            n_draws,
        ),
        "floor": (cases.normals(40, 128), 1),
    }


def one_bank(filter_length: int) -> dict[str, Way]:
    """Certified bounds of one bank of 64 filters for any length, and a grid of 16 T points."""
    w = fb.random_filterbank(64, filter_length, rng=0)
    return {
        "certified": (lambda: fb.frame_bounds(w), 1),
        "grid": (lambda: fb.littlewood_paley(w, 8 * filter_length + 1), 1),
    }


def one_strided_bank(filter_length: int) -> dict[str, Way]:
    """The same for stride 16; the grid has 8 fibres for each tap of a polyphase component."""
    w = fb.random_filterbank(64, filter_length, rng=0, stride=16)
    angles = np.linspace(0, np.pi, 4 * filter_length // 16 + 1)
    return {
        "certified": (lambda: fb.frame_bounds(w, stride=16), 1),
        "grid": (lambda: np.linalg.svd(polyphase(w, 16, angles), compute_uv=False), 1),
    }


def one_law(filter_length: int) -> dict[str, Way]:
    """The law of one second of sound, and all eigenvalues of its matrix."""
    x = np.tile(cases.SECOND, -(-filter_length // cases.SECOND.size))
    ways: dict[str, Way] = {"law": (lambda: fb.EnergyLaw(x, 10, filter_length), 1)}
    if filter_length <= 4096:
        ways["all eigenvalues"] = (
            lambda: linalg.eigvalsh(fb.autocorrelation_matrix(x, filter_length)),
            1,
        )
    return ways


def powers(first: int, last: int, step: int = 1) -> list[int]:
    return [2**k for k in range(first, last + 1, step)]


SECOND = cases.SECOND
CURVES: list[Curve] = [
    ("energy", "T", powers(3, 14), lambda t: energy_ways(SECOND, 10, t)),
    (
        "energy",
        "N",
        powers(10, 19),
        lambda n: energy_ways(fb.signals.brown_noise(n, rng=0), 10, 1024),
    ),
    ("energy", "J", powers(0, 9), lambda j: energy_ways(SECOND, j, 1024)),
    ("energy", "n_draws", [10**k for k in range(8)], energy_draws),
    ("bounds", "T", powers(3, 10), lambda t: bounds_ways(40, t, 1024)),
    ("bounds", "N", powers(7, 16), lambda n: bounds_ways(40, 128, n)),
    ("bounds", "J", powers(0, 9), lambda j: bounds_ways(j, 128, 1024)),
    ("bounds", "n_draws", [10**k for k in range(6)], bounds_draws),
    ("one bank", "T", powers(3, 13), one_bank),
    ("one strided bank", "T", powers(4, 13), one_strided_bank),
    ("one law", "T", powers(3, 16), one_law),
]

MEMORY = {
    "energy": lambda n: fb.simulate_energy(SECOND, 10, 1024, n, rng=0, method="law"),
    "N = T": lambda n: fb.simulate_frame_bounds(40, 1024, n, 1024, rng=0, method="law"),
    "N = 4 T": lambda n: fb.simulate_frame_bounds(40, 1024, n, 4096, rng=0, method="law"),
    "circle": lambda n: fb.simulate_frame_bounds(40, 1024, n, rng=0, method="law"),
}


def seconds(call: Callable[[], object]) -> float:
    """Least of at least three calls, more if they are short."""
    times: list[float] = []
    while len(times) < ROUNDS or sum(times) < SECONDS:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def measure(values: Sequence[int], ways_at: Callable[[int], dict[str, Way]]) -> dict[str, Any]:
    """Seconds a draw of every way at every value; None where a way ends."""
    rows = []
    for value in values:
        ways = ways_at(value)
        rows.append({way: seconds(call) / count for way, (call, count) in ways.items()})
    names = dict.fromkeys(itertools.chain.from_iterable(rows))
    return {"at": list(values), **{way: [row.get(way) for row in rows] for way in names}}


def machine() -> dict[str, Any]:
    """What was measured on, and with what."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": models[0] if models else platform.processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
    }


def main() -> None:
    """Measure the curves, add the table that `make bench` has written, and store both."""
    report = json.loads(BENCHMARKS.read_text())
    measured = [case["extra_info"] for case in report["benchmarks"]]
    table = [row for row in measured if "to_direct" in row]
    moves = [row for row in measured if "cold" in row]
    # glibc reuses blocks up to the size of the largest freed so far: let that not depend on order.
    np.empty(2**21).fill(0.0)
    curves: dict[str, dict[str, Any]] = {}
    for what, over, values, ways_at in tqdm(CURVES, unit="curve"):
        curves.setdefault(what, {})[over] = measure(values, ways_at)
    counts = [10**k for k in range(2, 6)]
    memory = {
        what: [peak_memory(lambda n=n, call=call: call(n)) for n in counts]
        for what, call in tqdm(MEMORY.items(), unit="curve")
    }
    results = {
        "machine": machine(),
        "table": table,
        "moves": moves,
        "curves": curves,
        "memory": {"at": counts, **memory},
    }
    STORED.write_text(json.dumps(rounded(results), indent=1) + "\n")


def rounded(value: Any) -> Any:
    """Three digits of every number: a measurement has no more."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return float(f"{value:.3g}") if isinstance(value, float) else value


if __name__ == "__main__":
    main()
