"""Two hundred structured filterbanks; `python tests/fuzz_bounds.py 10000` checks many more."""

from __future__ import annotations

import pytest
from fuzz_bounds import violations

BLOCK = 25


@pytest.mark.parametrize("first", range(0, 200, BLOCK))
def test_bounds_of_structured_banks(first):
    wrong = {seed: violations(seed)[2] for seed in range(first, first + BLOCK)}
    assert not {seed: told for seed, told in wrong.items() if told}
