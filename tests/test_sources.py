"""Every piece of Python in the checkout compiles without a warning, on every promised version.

A cell that compiles with a warning writes to stderr, which stops the build of the book.
"""

from __future__ import annotations

import doctest
import subprocess
import warnings
from pathlib import Path

import nbformat
import pytest
from checkout import ROOT


def tracked(suffix: str) -> list[Path]:
    """Return the files of a kind that belong to the checkout."""
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", f"*{suffix}"], capture_output=True, check=False
    ).stdout.decode()
    names = [name for name in listed.split("\0") if name]
    ignored = {"_build", ".venv", "__pycache__"}
    paths = [ROOT / name for name in names] or [
        path for path in ROOT.rglob(f"*{suffix}") if not ignored & set(path.parts)
    ]
    return [path for path in paths if path.exists()]


def compile_strictly(source: str, name: str) -> None:
    """Compile, with every warning an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compile(source, name, "exec")


def test_a_warning_of_the_compiler_is_an_error():
    with pytest.raises(SyntaxError):
        compile_strictly('f"$T = 65\\,536$"', "cell")


@pytest.mark.parametrize("path", tracked(".ipynb"), ids=lambda path: path.stem)
def test_cells_compile_without_warnings(path):
    for number, cell in enumerate(nbformat.read(path, as_version=4).cells):
        if cell.cell_type == "code":
            compile_strictly(cell.source, f"{path.name}, cell {number}")


def test_files_compile_without_warnings():
    paths = tracked(".py")
    assert len(paths) > 100
    for path in paths:
        compile_strictly(path.read_text(encoding="utf-8"), str(path))


def test_examples_in_docstrings_compile_without_warnings():
    parser, found = doctest.DocTestParser(), 0
    for path in tracked(".py"):
        if ROOT / "fbtools" not in path.parents:
            continue
        for example in parser.get_examples(path.read_text(encoding="utf-8"), str(path)):
            compile_strictly(example.source, f"{path.name}, line {example.lineno + 1}")
            found += 1
    assert found > 100
