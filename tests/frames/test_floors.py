"""The way down the frames room: a file imports from the floors below its own, and from no other."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import fbtools.frames

# The installed package: the checkout, or a wheel.
ROOM = Path(fbtools.frames.__file__).parent
# As the docstring of the room lists them, one line a floor, from the top.
FLOORS = [
    re.findall(r"`(\w+)`", line)
    for line in (fbtools.frames.__doc__ or "").splitlines()
    if line.startswith("- ")
]
FLOOR = {name: len(FLOORS) - i for i, names in enumerate(FLOORS) for name in names}


def files_imported(path):
    """Files of this room that a file of it imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        module = node.module if isinstance(node, ast.ImportFrom) else None
        if module == "fbtools.frames":
            yield from (alias.name for alias in node.names)
        elif module and module.startswith("fbtools.frames."):
            yield module.rpartition(".")[2]


def test_every_file_has_a_floor_and_imports_from_lower_ones():
    files = {path.stem: path for path in ROOM.glob("*.py") if path.stem != "__init__"}
    assert FLOOR.keys() == files.keys()
    upwards = [
        (name, other)
        for name, path in files.items()
        for other in files_imported(path)
        if FLOOR[other] >= FLOOR[name]
    ]
    assert not upwards
