"""For tests and doctests alike: no figure outlives the test that drew it."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator

import pytest

# What needs a package that is optional: CI installs them all.
OPTIONAL = {
    "torch": ["fbtools/pytorch.py", "tests/test_pytorch.py", "tests/test_torch_gradients.py"],
    "jupyterlab": ["tests/test_browser_lab.py"],
}
ON_CI = os.environ.get("CI", "").lower() in ("1", "true")
collect_ignore = [
    file
    for package, files in OPTIONAL.items()
    if not (ON_CI or importlib.util.find_spec(package))
    for file in files
]


@pytest.fixture(autouse=True)
def close_figures() -> Iterator[None]:
    """Close every figure after each test."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
