"""The mutants of tests/mutate.py still apply; `make mutants` runs them."""

from __future__ import annotations

import mutate
import pytest


@pytest.mark.parametrize("mutant", mutate.MUTANTS, ids=lambda m: m.name)
def test_each_mutant_changes_one_place(mutant):
    source = (mutate.ROOT / "fbtools" / f"{mutant.room}.py").read_text()
    assert source.count(mutant.old) == 1
    compile(source.replace(mutant.old, mutant.new), mutant.room, "exec")
    assert (mutate.ROOT / "tests" / f"test_{mutant.tests}.py").exists()
