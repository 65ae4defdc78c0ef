"""Names that stood at the top level still resolve, and say where they are now."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import textwrap
import warnings

import pytest

import fbtools
from fbtools import moved


@pytest.mark.parametrize("name", sorted(moved.PLACES))
def test_old_names_resolve_with_one_warning(name):
    with pytest.warns(DeprecationWarning, match=f"fbtools.{name} is now fbtools.") as caught:
        found = getattr(fbtools, name)
    assert len(caught) == 1
    assert caught[0].filename == __file__  # the caller's line, not ours
    room, _, leaf = moved.PLACES[name].rpartition(".")
    assert found is getattr(importlib.import_module(f"fbtools.{room}"), leaf)


def test_new_names_do_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in fbtools.__all__:
            getattr(fbtools, name)


def test_no_name_is_both_old_and_new():
    assert not moved.PLACES.keys() & set(fbtools.__all__)


def test_an_import_of_an_old_name_warns_too():
    code = "from fbtools import impulse, wishart; print(impulse(4).size, wishart.__name__)"
    command = [sys.executable, "-W", "always", "-c", textwrap.dedent(code)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "4 fbtools.laws.wishart\n"
    # Python looks for the name twice; shown once where warnings are not always shown.
    told = re.findall(r"^<string>:1: DeprecationWarning: (\S+) is now", done.stderr, re.MULTILINE)
    assert set(told) == {"fbtools.impulse", "fbtools.wishart"}


def test_the_top_level_is_small():
    """What a reader of three chapters meets, and the rooms."""
    functions = [n for n in fbtools.__all__ if callable(getattr(fbtools, n))]
    assert 25 <= len(functions) <= 35
    with pytest.raises(AttributeError, match="No fbtools attribute nonsense"):
        _ = fbtools.nonsense
