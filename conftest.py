"""For tests and doctests alike: no figure outlives the test that drew it."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator

import pytest

# The optional room and its tests need PyTorch, which CI installs.
OPTIONAL = ["fbtools/pytorch.py", "tests/test_pytorch.py", "tests/test_torch_gradients.py"]
ON_CI = os.environ.get("CI", "").lower() in ("1", "true")
collect_ignore = [] if ON_CI or importlib.util.find_spec("torch") else OPTIONAL


@pytest.fixture(autouse=True)
def close_figures() -> Iterator[None]:
    """Close every figure after each test."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
