"""Public names of the package before it had rooms, for the test that CHANGELOG.md finds them all.

    python tests/make_public_names.py

reads the package of one commit from git and writes data/public_names.json: for each module its
`__all__`, or else the functions and classes that it defines without a leading underscore.
"""

from __future__ import annotations

import ast
import json
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMIT = "2d93fb5"
DEFINITIONS = (ast.FunctionDef, ast.ClassDef)


def git(*arguments: str) -> str:
    """Return what git prints."""
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def public_names(source: str) -> list[str]:
    """Return the names that a module offers."""
    body = ast.parse(source).body
    for node in body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return sorted(ast.literal_eval(node.value))
    names = [node.name for node in body if isinstance(node, DEFINITIONS)]
    return sorted(name for name in names if not name.startswith("_"))


def main() -> None:
    """Write the file."""
    paths = git("ls-tree", "--name-only", COMMIT, "fbtools/").splitlines()
    found = {
        path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): public_names(
            git("show", f"{COMMIT}:{path}")
        )
        for path in paths
        if path.endswith(".py")
    }
    text = json.dumps(found, indent=0)
    (ROOT / "tests" / "data" / "public_names.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
