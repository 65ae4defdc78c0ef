"""Find one place of the package by its syntax, and put something else there.

A mutant names a function, method, class or constant and the code that is replaced in it. The name
is looked up in every module of the package, and the code is compared by syntax: white space, line
breaks, quotes, redundant parentheses, trailing commas and comments do not matter, nor does the
file.
"""

from __future__ import annotations

import ast
import functools
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class Mutant(NamedTuple):
    """`old`, which occurs once in `where`, becomes `new`; the file test_`tests`.py shall notice.

    `where` is a qualified name, as in "EnergyLaw.var". A name that several modules define is
    preceded by its module, as in "tight:_blocks". `old` and `new` are an expression each, or
    statements each.
    """

    name: str
    where: str
    old: str
    new: str
    tests: str


class MutantError(Exception):
    """A mutant that does not fit the package."""


def read_package(folder: Path) -> dict[str, str]:
    """Return the source of each module, by the path below `folder`."""
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*.py"))
    }


def file_of_tests(folder: Path, mutant: Mutant) -> Path:
    """Return the file that shall notice a mutant, in whichever room it is."""
    found = list(folder.rglob(f"test_{mutant.tests}.py"))
    if len(found) != 1:
        raise MutantError(f"{mutant.name}: test_{mutant.tests}.py is there {len(found)} times")
    return found[0]


def mutate(package: dict[str, str], mutant: Mutant) -> tuple[str, str]:
    """Return the path of the module that changes, and its mutated source."""
    path, names = _find(package, mutant)
    tree = ast.parse(package[path])
    (definition,) = _definitions(tree, names)
    old, new, kind = _fragments(mutant)
    matches = list(_places(definition, old, kind))
    if len(matches) != 1:
        raise MutantError(
            f"{mutant.name}: the code occurs {len(matches)} times in {mutant.where} ({path}), "
            f"not once: {mutant.old}"
        )
    ((node, field, start),) = matches
    if start is None:
        setattr(node, field, new[0])
    else:
        getattr(node, field)[start : start + len(old)] = new
    return path, ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def _find(package: dict[str, str], mutant: Mutant) -> tuple[str, list[str]]:
    """Return the path of the module that defines what the mutant names, and the names to it."""
    module, _, name = mutant.where.rpartition(":")
    names = name.split(".")
    found = [
        path
        for path, source in package.items()
        if not module or f"/{path}".endswith(f"/{module.replace('.', '/')}.py")
        for _ in _definitions(_tree(source), names)
    ]
    if len(found) != 1:
        places = ", ".join(found) or "no module"
        raise MutantError(f"{mutant.name}: {mutant.where} is defined in {places}, not in one place")
    return found[0], names


_tree = functools.cache(ast.parse)  # for looking only: what is changed is parsed anew


def _definitions(scope: ast.AST, names: list[str]) -> Iterator[ast.AST]:
    """Yield what is defined under a qualified name: functions, classes and assigned constants."""
    for node in getattr(scope, "body", []):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if isinstance(node, DEFINITIONS) and node.name == names[0]:
            if any(ast.unparse(decorator) == "overload" for decorator in node.decorator_list):
                continue  # types only
            yield from _definitions(node, names[1:]) if names[1:] else [node]
        elif any(isinstance(t, ast.Name) and names == [t.id] for t in targets):
            yield node


def _fragments(mutant: Mutant) -> tuple[list[Any], list[Any], type]:
    """Return the syntax of `old` and `new`, and whether they are expressions or statements."""
    try:
        old, new = (ast.parse(textwrap.dedent(code)).body for code in (mutant.old, mutant.new))
    except SyntaxError as error:
        raise MutantError(f"{mutant.name}: not code on its own: {error.text}") from error
    if not (old and new):
        raise MutantError(f"{mutant.name}: nothing to replace, or nothing to put there")
    if all(len(side) == 1 and isinstance(side[0], ast.Expr) for side in (old, new)):
        return [old[0].value], [new[0].value], ast.expr
    return old, new, ast.stmt


def _places(root: ast.AST, old: list[Any], kind: type) -> Iterator[tuple[ast.AST, str, int | None]]:
    """Yield the node, its field and the first index in it (None: no list) of each occurrence."""
    wanted = [ast.unparse(node) for node in old]
    for node in ast.walk(root):
        for field, value in ast.iter_fields(node):
            items = value if isinstance(value, list) else [value]
            plain = [ast.unparse(item) if isinstance(item, kind) else None for item in items]
            for start in range(len(items) - len(wanted) + 1):
                if plain[start : start + len(wanted)] == wanted:
                    yield node, field, start if isinstance(value, list) else None
