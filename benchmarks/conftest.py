"""The table that `make bench` prints."""

from __future__ import annotations

import platform

import numpy
import pytest
import scipy

ROWS = pytest.StashKey[list]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[ROWS] = []


@pytest.fixture
def table(pytestconfig: pytest.Config) -> list:
    """Lines of the table, a dictionary each."""
    return pytestconfig.stash[ROWS]


def pytest_terminal_summary(terminalreporter, config: pytest.Config) -> None:
    rows = config.stash[ROWS]
    if not rows:
        return
    write = terminalreporter.write_line
    write(f"\n{platform.platform()}, {platform.processor() or platform.machine()}, ")
    write(
        f"Python {platform.python_version()}, NumPy {numpy.__version__}, SciPy {scipy.__version__}"
    )
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
