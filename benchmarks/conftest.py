"""The tables that `make bench` prints."""

from __future__ import annotations

import platform

import numpy
import pytest
import scipy

ROWS = pytest.StashKey[list]()
MOVES = pytest.StashKey[list]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[ROWS] = []
    config.stash[MOVES] = []


@pytest.fixture
def table(pytestconfig: pytest.Config) -> list:
    """Lines of the table, a dictionary each."""
    return pytestconfig.stash[ROWS]


@pytest.fixture
def moves_table(pytestconfig: pytest.Config) -> list:
    """Lines of the table of sliders, likewise."""
    return pytestconfig.stash[MOVES]


def pytest_terminal_summary(terminalreporter, config: pytest.Config) -> None:
    write = terminalreporter.write_line
    if config.stash[ROWS] or config.stash[MOVES]:
        write(f"\n{platform.platform()}, {platform.processor() or platform.machine()}, ")
        versions = f"NumPy {numpy.__version__}, SciPy {scipy.__version__}"
        write(f"Python {platform.python_version()}, {versions}")
    if config.stash[ROWS]:
        write_cases(write, config.stash[ROWS])
    if config.stash[MOVES]:
        write_moves(write, config.stash[MOVES])


def write_cases(write, rows: list) -> None:
    write("Set-up included. Direct: times faster than the plain way. Floor: time over that of its")
    write("normal variables alone. MiB: all arrays at their most.")
    width = max(len(row["name"]) for row in rows)
    write(f"{'':{width}}    draws   seconds    direct  (aim)     floor   MiB")
    for row in rows:
        aim = f"({row['target']:g})" if row["target"] else ""
        write(
            f"{row['name']:{width}} {row['n_draws']:8} {row['seconds']:9.4f} "
            f"{row['to_direct']:9.1f} {aim:>6} {row['to_floor']:9.3g} {row['memory']:5.0f}"
        )


def write_moves(write, rows: list) -> None:
    write(
        "Milliseconds from a move of a slider to its picture, median and most (aim: 100): when it"
    )
    write("has to be drawn, and after idle time. Wait: seconds after the cell until all are drawn.")
    width = max(len(row["name"]) for row in rows)
    write(f"{'':{width}}  frames  to draw (most)   idle (most)  wait")
    for row in rows:
        cold, cold_max, warm, warm_max = (
            1000 * row[key] for key in ("cold", "cold_max", "warm", "warm_max")
        )
        write(
            f"{row['name']:{width}}  {row['frames']:6} {cold:8.0f} ({cold_max:4.0f}) "
            f"{warm:6.0f} ({warm_max:4.0f}) {row['wait']:5.1f}"
        )
