"""Draw what ARCHITECTURE.md shows: the rooms, floor over floor, and what each file is about.

    python scripts/draw_architecture.py

reads every import of the package, also those inside functions, and writes two things between the
marks in ARCHITECTURE.md: a picture in which each room stands one floor above the highest that it
needs, and the first line of each file's docstring. It is text, not Mermaid, since it must read in
a terminal and in a diff as well as on a page.
"""

from __future__ import annotations

import ast
import graphlib
import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WIDTH = 77

Graph = dict[str, set[str]]  # a file or a room, and what it needs


# --- Imports ---------------------------------------------------------------------------------


def modules(package: Path) -> dict[str, Path]:
    """Return the files of a package by dotted name; a folder stands for the stub of its door."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        if path.name == "__init__.py":
            found[".".join(parts[:-1])] = path.with_suffix(".pyi")
        else:
            found[".".join(parts)] = path
    return found


def names_imported(path: Path, module: str) -> Iterator[str]:
    """Yield the dotted names that a file imports, wherever in it that happens."""
    is_door = path.stem == "__init__"
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = module.split(".")[: len(module.split(".")) - node.level + is_door]
            base = ".".join([*(above if node.level else []), *filter(None, [node.module])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def needs(package: Path) -> Graph:
    """Return the files that each file imports; a door needs all that it offers."""
    known = modules(package)
    graph: Graph = {}
    for module, path in known.items():
        graph[module] = set()
        for name in names_imported(path, module):
            while name and name not in known:
                name = name.rpartition(".")[0]
            graph[module] |= {name} - {"", module}
    return graph


def room(module: str) -> str:
    """Return the room of a file: the part after the package, or the package itself, the roof."""
    return [*module.split("."), module][1]


def rooms(graph: Graph) -> Graph:
    """Return the rooms that each room imports from."""
    found: Graph = {}
    for module, needed in graph.items():
        found.setdefault(room(module), set()).update(map(room, needed))
    return {name: needed - {name} for name, needed in found.items()}


def circle(graph: Graph) -> list[str]:
    """Return a circle of imports, each needed by the next; empty if there is none."""
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return list(error.args[1])
    return []


def floors(graph: Graph) -> dict[str, int]:
    """Return for each room the length of the longest way down from it."""
    height: dict[str, int] = {}
    for name in graphlib.TopologicalSorter(graph).static_order():
        height[name] = max((height[needed] + 1 for needed in graph[name]), default=0)
    return height


# --- The picture -----------------------------------------------------------------------------


def walls(count: int) -> list[int]:
    """Return the columns at which the walls of `count` rooms of one floor stand."""
    return [round(i * (WIDTH - 1) / count) for i in range(count + 1)]


def ceiling(above: list[int], below: list[int]) -> str:
    """Return the line between two floors, with a joint at each wall."""
    ends = {0: "├┌└", WIDTH - 1: "┤┐┘"}
    line = ""
    for column in range(WIDTH):
        kind = 0 if column in above and column in below else 1 if column in below else 2
        is_wall = column in above or column in below
        line += ends.get(column, "┼┬┴")[kind] if is_wall else "─"
    return line


def picture(graph: Graph) -> str:
    """Return the floors as boxes, and below them what each room needs."""
    height = floors(graph)
    stories = [sorted(n for n in graph if height[n] == h) for h in set(height.values())][::-1]
    lines, plans = [], [[], *(walls(len(story)) for story in stories), []]
    for story, (above, here) in zip(stories, pairwise(plans), strict=False):
        widths = [right - left - 2 for left, right in pairwise(here)]
        cells = [name.ljust(width) for name, width in zip(story, widths, strict=True)]
        lines += [ceiling(above, here), "│ " + "│ ".join(cells) + "│"]
    lines.append(ceiling(plans[-2], []))
    for name in (name for story in stories[1:] for name in story if graph[name]):
        needed = sorted(graph[name], key=lambda n: (-height[n], n))
        lines.append(f"{name:<{max(map(len, graph))}} needs {' '.join(needed)}")
    return "\n".join(["```text", *lines, "```"])


# --- The files -------------------------------------------------------------------------------


def first_line(path: Path) -> str:
    """Return the first line of a file's docstring, without its full stop."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0].rstrip(".")


def listing(package: Path, names: Iterable[str]) -> str:
    """Return a list of the rooms in that order, in each its files with what they are about."""
    lines = []
    for path in map(package.joinpath, names):
        if not path.is_dir():
            path = path.with_suffix(".py")
            lines.append(f"\n**`{path.name}`**: {first_line(path)}")
            continue
        lines.append(f"\n**`{path.name}/`**: {first_line(path / '__init__.py')}\n")
        files = [file for file in sorted(path.glob("*.py")) if file.stem != "__init__"]
        lines += [f"- `{file.stem}`: {first_line(file)}" for file in files]
    return "\n".join(lines).strip()


# --- The page --------------------------------------------------------------------------------


def fill(text: str, name: str, content: str) -> str:
    """Return the page with the content between the marks of that name."""
    marks = f"<!-- {name}: made by make architecture -->", f"<!-- end of {name} -->"
    pattern = f"({re.escape(marks[0])}\n).*?({re.escape(marks[1])})"
    new, count = re.subn(
        pattern, lambda found: f"{found[1]}\n{content}\n\n{found[2]}", text, flags=re.DOTALL
    )
    if count != 1:
        raise SystemExit(f"ARCHITECTURE.md must have once each: {marks[0]} and {marks[1]}")
    return new


def page(text: str, package: Path) -> str:
    """Return ARCHITECTURE.md with picture and list as they are now."""
    graph = needs(package)
    for found in (circle(graph), circle(rooms(graph))):
        if found:
            raise SystemExit("There is a circle of imports: " + " is needed by ".join(found))
    height = floors(rooms(graph))
    names = sorted(height.keys() - {package.name}, key=lambda name: (-height[name], name))
    text = fill(text, "picture", picture(rooms(graph)))
    return fill(text, "files", listing(package, names))


def main() -> None:
    """Write ARCHITECTURE.md again."""
    path = ROOT / "ARCHITECTURE.md"
    path.write_text(page(path.read_text(encoding="utf-8"), ROOT / "fbtools"), encoding="utf-8")


if __name__ == "__main__":
    main()
