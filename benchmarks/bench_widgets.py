"""Measure sliders of the book in a live kernel: the seconds from a move to its picture.

The cells of a chapter run as a reader runs them, up to its first explorer. Then its sliders are
moved by the messages that a front end sends, twice: first with no frame drawn but the one that is
shown and no idle time, then after the kernel has been idle, as it is a few seconds after the cell.
"""

from __future__ import annotations

import statistics
import time

import live_kernel
import pytest
from checkout import ROOT, chapter_names, read_chapter

CHAPTERS = ("02", "05", "09", "12")
AT_MOST = 0.1
NO_IDLE_TIME = """
fb.usual = fb.interact.LIVE_SECONDS, fb.idle.when_idle
fb.interact.LIVE_SECONDS, fb.idle.when_idle = 0.0, lambda step: None
"""
AS_IT_IS = "fb.interact.LIVE_SECONDS, fb.idle.when_idle = fb.usual"


@pytest.fixture
def kernel():
    with live_kernel.started(cwd=str(ROOT / "chapters")) as client:
        yield client


def run(kernel, source: str) -> None:
    """Run a cell, which must not fail."""
    errors = [shown for shown in live_kernel.run(kernel, source) if "ename" in shown]
    assert errors == []


def cells_to_explorer(chapter: str) -> list[str]:
    """The code cells of a chapter, up to the first that shows an explorer."""
    name = next(name for name in chapter_names() if name.startswith(chapter))
    sources = [cell.source for cell in read_chapter(name).cells if cell.cell_type == "code"]
    last = next(i for i, source in enumerate(sources) if "interact.explore(" in source)
    return sources[: last + 1]


def run_explorer(kernel, cell: str):
    """Run the cell of an explorer; return the moves that visit the values of each slider."""
    run(kernel, cell)
    run(kernel, "explorer = Out[max(Out)]")  # not _, which some chapters use as a name
    sliders, view, _ = live_kernel.widgets(kernel, "explorer")
    counts = live_kernel.ask(kernel, "[len(p.values) for p in explorer.parameters]")
    starts = live_kernel.ask(kernel, "explorer.initial")
    moves = []
    for slider, count, start in zip(sliders, counts, starts, strict=True):
        moves += [(slider, index) for index in range(count) if index != start]
        moves.append((slider, start))
    return [(kernel, slider, index, view) for slider, index in moves]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_moves(chapter, kernel, benchmark, moves_table):
    *before, cell = cells_to_explorer(chapter)
    for source in before:
        run(kernel, source)

    run(kernel, NO_IDLE_TIME)
    cold = []
    for move in run_explorer(kernel, cell):
        drawn = live_kernel.ask(kernel, "explorer.n_drawn")
        seconds = live_kernel.move(*move)[1]
        if live_kernel.ask(kernel, "explorer.n_drawn") > drawn:
            cold.append(seconds)

    run(kernel, AS_IT_IS)
    moves = run_explorer(kernel, cell)
    shown = time.perf_counter()
    live_kernel.wait_until(kernel, "explorer.n_drawn == explorer.n_frames")
    wait = time.perf_counter() - shown
    left = iter(moves)
    benchmark.pedantic(
        live_kernel.move, setup=lambda: (next(left), {}), rounds=len(moves), iterations=1
    )
    warm = benchmark.stats.stats
    row = {
        "name": f"first explorer of chapter {int(chapter)}",
        "frames": live_kernel.ask(kernel, "explorer.n_frames"),
        "wait": wait,
        "cold": statistics.median(cold),
        "cold_max": max(cold),
        "warm": warm.median,
        "warm_max": warm.max,
    }
    benchmark.extra_info.update(row)
    moves_table.append(row)
    assert warm.median < AT_MOST
