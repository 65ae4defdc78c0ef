"""Measure every case of `cases.py`: time, ratio to the direct way, ratio to the floor, memory."""

from __future__ import annotations

import time
import tracemalloc

import cases
import pytest

ROUNDS = 5


def one_draw(function) -> float:
    """Seconds of one call, from as many as fit into about 0.05 s."""
    start, calls = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - start) < 0.05 or not calls:
        function()
        calls += 1
    return elapsed / calls


def peak_memory(call) -> float:
    """MiB of all arrays at their most, result included."""
    tracemalloc.start()
    call()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 2**20


@pytest.mark.parametrize("case", cases.CASES, ids=lambda case: f"{case.name}, {case.n_draws} draws")
def test_case(case, benchmark, table):
    """Direct and floor are measured before every round: a busy machine slows all three."""
    others = []

    def measure_the_others():
        others.append((one_draw(case.direct), one_draw(case.floor)))

    benchmark.pedantic(case.call, setup=measure_the_others, rounds=ROUNDS)
    ours = benchmark.stats.stats.min
    direct, floor = (min(column) * case.n_draws for column in zip(*others, strict=True))
    memory = peak_memory(case.call)
    row = {
        "name": case.name,
        "n_draws": case.n_draws,
        "seconds": ours,
        "to_direct": direct / ours,
        "to_floor": ours / floor,
        "memory": memory,
        "target": case.target,
    }
    benchmark.extra_info.update(row)
    table.append(row)
    assert memory < 1024
