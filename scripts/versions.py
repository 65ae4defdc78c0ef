"""Requirements for a test of fbtools with the lowest or the newest versions that it allows.

    python scripts/versions.py lowest FOLDER
    python scripts/versions.py newest FOLDER

writes FOLDER/lowest.txt, to be installed with pip. Lowest: what the package depends on is pinned at
the bound that pyproject.toml states, what that needs in turn as in constraints.txt. Newest: neither
is pinned. The tools of the book and of the tests keep their versions.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def lines(name: str) -> list[str]:
    """Return the requirements of a file."""
    found = [line.partition("#")[0].strip() for line in (ROOT / name).read_text().splitlines()]
    return [line for line in found if line and not line.startswith("-")]


def key(requirement: str) -> str:
    """Return the name of a requirement as package registries compare names."""
    return re.sub(r"[-_.]+", "-", re.split(r"[=<>~!]", requirement)[0]).lower()


def requirements(kind: str) -> tuple[list[str], list[str]]:
    """Return what to install, and the constraints on what that brings along."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    every = [*project["dependencies"], *extras["audio"], *extras["display"]]
    own = list(dict.fromkeys(every))
    named = {key(line) for line in own}
    tools = [
        line
        for name in ("requirements.txt", "requirements-test.txt")
        for line in lines(name)
        if key(line) not in named
    ]
    if kind == "newest":
        return [*own, *tools], []
    rest = [line for line in lines("constraints.txt") if key(line) not in named]
    return [*(line.replace(">=", "==") for line in own), *tools], rest


def main(kind: str, folder: str) -> None:
    """Write both files."""
    wanted, constraints = requirements(kind)
    (Path(folder) / f"{kind}-constraints.txt").write_text("\n".join([*constraints, ""]))
    head = f"--constraint {kind}-constraints.txt"
    (Path(folder) / f"{kind}.txt").write_text("\n".join([head, *wanted, ""]))


if __name__ == "__main__":
    main(*sys.argv[1:])
