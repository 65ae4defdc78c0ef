"""Wait for what must come: on a busy machine that takes longer, and only a hang is a fault."""

from __future__ import annotations

import time

HANGS = 300
"""Seconds after which what is waited for will never come."""


def within(condition, what, pause=0.05):
    """Return the first true value of a condition."""
    end = time.monotonic() + HANGS
    while not (value := condition()):
        assert time.monotonic() < end, f"{what} did not come in {HANGS} s"
        time.sleep(pause)
    return value
