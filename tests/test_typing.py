"""A user's code, read by a strict type checker and run."""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import ROOT

DOWNSTREAM = ROOT / "tests" / "data" / "downstream.py"
WRONG = [
    ("fb.frame_bounds(w, 64, 2)", "stride is a keyword"),
    ("p: str = law.sf(1.1)", "a float is no string"),
    ("fb.random_filterbank(8, 16, distribution='cauchy')", "no such family"),
    ("fb.analyze(x, w, mode='periodic')", "no such mode"),
]


def check_with_mypy(path):
    """Run mypy --strict outside the checkout, as a user of the installed package does."""
    command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", path.name]
    environment = {k: v for k, v in os.environ.items() if k not in ("MYPYPATH", "PYTHONPATH")}
    return subprocess.run(command, cwd=path.parent, env=environment, capture_output=True, text=True)


def test_a_users_code_passes_strict_mypy(tmp_path):
    done = check_with_mypy(Path(shutil.copy(DOWNSTREAM, tmp_path)))
    assert done.returncode == 0, done.stdout + done.stderr


def test_mistakes_do_not(tmp_path):
    """Each line below is one that a type checker should stop: as many errors, at those lines."""
    path = tmp_path / "wrong.py"
    text = DOWNSTREAM.read_text()
    first = text.count("\n") + 1
    path.write_text(text + "".join(f"{line}  # {why}\n" for line, why in WRONG))
    found = check_with_mypy(path).stdout
    for number, (line, why) in enumerate(WRONG, start=first):
        assert f"wrong.py:{number}: error" in found, (line, why)


def test_a_users_code_runs():
    names = runpy.run_path(str(DOWNSTREAM))
    assert isinstance(names["p"], float)
    assert names["q"].shape == (2,)
    assert isinstance(names["draw"], float)


def test_stubs_name_what_is_there():
    """The stub of each room is what is loaded; a name that is not there fails when it is asked."""
    import fbtools

    for room in (fbtools, *(getattr(fbtools, name) for name in fbtools.__all__)):
        for name in getattr(room, "__all__", ()) if hasattr(room, "__path__") else ():
            assert getattr(room, name) is not None, f"{room.__name__}.{name}"


@pytest.mark.parametrize("name", ["frame_bounds", "random_filterbank", "EnergyLaw"])
def test_editors_find_names_in_the_stub(name):
    assert f"    {name} as {name},\n" in (ROOT / "fbtools" / "__init__.pyi").read_text()
