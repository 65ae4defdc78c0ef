"""For tests and doctests alike: what is left out or marked, and no figure outlives its test."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent

# What needs a package that is optional; `make extras` installs them.
OPTIONAL = {
    "torch": ["fbtools/pytorch.py", "tests/test_pytorch.py", "tests/test_torch_gradients.py"],
    "jupyterlab": ["tests/test_browser_lab.py"],
    "basedpyright": ["tests/test_pyright.py"],
}
collect_ignore = [
    file
    for package, files in OPTIONAL.items()
    if importlib.util.find_spec(package) is None
    for file in files
]
# Numerical tests that take long, and depend little on the version of Python or of a package.
SLOW = {
    f"test_{name}.py"
    for name in (
        *("energy_samplers", "bound_laws", "fibres", "fuzz_bounds", "hybrid", "isac", "mutate"),
        *("samplers", "strides", "toeplitz", "wishart"),
    )
}
# Marks that follow from what a test asks for.
FIXTURES = {"browser": "browser", "book": "book", "executed": "book"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs an optional package, the built book or a browser."""
    optional = {ROOT / file: mark for mark, files in OPTIONAL.items() for file in files}
    for item in items:
        marks = {FIXTURES[name] for name in getattr(item, "fixturenames", ()) if name in FIXTURES}
        if Path(item.path).name in SLOW:
            marks.add("slow")
        if Path(item.path) in optional:
            marks.add(optional[Path(item.path)])
        for mark in sorted(marks):
            item.add_marker(mark)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In a test of the light core, skip what needs more; anywhere else that is a failure."""
    report = yield
    error = call.excinfo.value if call.excinfo else None
    needs_more = isinstance(error, ImportError) and not str(error.name).startswith("fbtools")
    if "FBTOOLS_CORE" in os.environ and needs_more:
        report.outcome = "skipped"
        report.longrepr = (str(item.path), 0, f"Skipped: {error}")
    return report


@pytest.fixture(autouse=True)
def close_figures() -> Iterator[None]:
    """Close every figure after each test."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
