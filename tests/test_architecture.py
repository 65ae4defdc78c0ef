"""ARCHITECTURE.md is what the imports are; imports run downwards, in files that can be read.

Each check is a function from a package to complaints, so that it can be shown to notice: the same
functions are run on the package, and on small houses with one fault each.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest
from checkout import ROOT

sys.path.insert(0, str(ROOT / "scripts"))

import draw_architecture as draw

PACKAGE = ROOT / "fbtools"
LONGEST = 400


# --- The checks ------------------------------------------------------------------------------


def declared_floors(text: str) -> dict[str, int]:
    """Return the floors of the table in ARCHITECTURE.md."""
    rows = re.findall(r"^\| (\d+) \| ((?:`\w+` ?)+) \|", text, re.MULTILINE)
    return {name: int(floor) for floor, names in rows for name in re.findall(r"\w+", names)}


def circles(package: Path) -> list[str]:
    """Circles between files, or between rooms."""
    graph = draw.needs(package)
    found = [draw.circle(graph), draw.circle(draw.rooms(graph))]
    return [" is needed by ".join(names) for names in found if names]


def upwards(package: Path, floors: dict[str, int]) -> list[str]:
    """Imports that do not go down, and rooms without a floor."""
    needs = draw.rooms(draw.needs(package))
    lost = [f"{name} has no floor" for name in sorted(needs.keys() ^ floors.keys())]
    return lost + [
        f"{name} needs {needed}"
        for name in needs.keys() & floors.keys()
        for needed in needs[name] & floors.keys()
        if floors[needed] >= floors[name]
    ]


def foreign_doors(package: Path) -> list[str]:
    """Rooms whose door offers what is not theirs."""
    stubs = [path for path in sorted(package.rglob("__init__.pyi")) if path.parent != package]
    return [
        f"{stub.parent.name} offers {name}"
        for stub in stubs
        for name in draw.names_imported(stub, f"{package.name}.{stub.parent.name}")
        if not name.startswith(f"{package.name}.{stub.parent.name}.")
    ]


def long_files(*folders: Path) -> list[str]:
    """Files that nobody reads to the end."""
    files = [path for folder in folders for path in sorted(folder.rglob("*.py*"))]
    source = [path for path in files if path.suffix in (".py", ".pyi")]
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in source}
    return [f"{path.name} has {n} lines" for path, n in lengths.items() if n > LONGEST]


def is_private(name: str) -> bool:
    """Whether a name starts with one underscore."""
    return name.startswith("_") and not name.startswith("__")


def private_names(package: Path) -> list[str]:
    """Private names that a file imports from another one."""
    return [
        f"{module}: {name}"
        for module, path in draw.modules(package).items()
        for name in draw.names_imported(path, module)
        if name.split(".")[0] == package.name and any(map(is_private, name.split(".")))
    ]


def private_attributes(package: Path) -> list[str]:
    """Private names that a file reaches through another file that it has imported."""
    found, known = [], draw.modules(package)
    for module, path in known.items():
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        files = {
            alias.asname or alias.name
            for node in nodes
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
            if f"{node.module}.{alias.name}" in known
        }
        taken = [
            node for node in nodes if isinstance(node, ast.Attribute) and is_private(node.attr)
        ]
        texts = map(ast.unparse, taken)
        found += [f"{module}: {text}" for text in texts if text.partition(".")[0] in files]
    return found


# --- The package -----------------------------------------------------------------------------


def page() -> str:
    """Return ARCHITECTURE.md."""
    return (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")


def test_the_picture_shows_the_imports_and_the_list_the_files():
    """If this fails: `make architecture`, and look at what has changed."""
    assert page() == draw.page(page(), PACKAGE)


def test_no_circle_of_imports():
    assert circles(PACKAGE) == []


def test_imports_run_downwards():
    assert upwards(PACKAGE, declared_floors(page())) == []


def test_a_room_offers_only_what_is_its_own():
    assert foreign_doors(PACKAGE) == []


def test_files_are_short():
    folders = ("fbtools", "scripts", "_extensions", "benchmarks")
    assert long_files(*(ROOT / folder for folder in folders)) == []


def test_private_names_stay_in_their_file():
    assert private_names(PACKAGE) + private_attributes(PACKAGE) == []


def test_every_file_says_what_it_is_about():
    assert [name for name, path in draw.modules(PACKAGE).items() if not summary(path)] == []


def summary(path: Path) -> str:
    """Return the first line of a file, or of the door of a room."""
    return draw.first_line(path.with_suffix(".py"))


def test_the_prose_takes_three_minutes():
    """What is to be read, without what is to be looked up, at 240 words a minute."""
    prose = re.sub(r"<!-- \w+: made.*?<!-- end of \w+ -->", "", page(), flags=re.DOTALL)
    assert len(prose.split()) < 3 * 240


def test_paths_in_the_text_exist():
    made_up = re.compile(r"NN_|scipy")
    named = re.findall(r"`(\w[\w.]*[/.][\w./]*)`", page())
    places = (ROOT, PACKAGE, *(path for path in PACKAGE.iterdir() if path.is_dir()))
    assert len(named) > 30
    for name in named:
        tried = [place / f"{name}{suffix}" for place in places for suffix in ("", ".py")]
        assert made_up.search(name) or any(path.exists() for path in tried), name


# --- Houses with one fault -------------------------------------------------------------------

SOUND = {
    "__init__.pyi": "from . import low as low, high as high",
    "low/__init__.pyi": "from .a import x as x",
    "low/a.py": '"""A."""\nx = 1',
    "low/b.py": '"""B."""\nfrom house.low.a import x',
    "high/__init__.pyi": "from .c import y as y",
    "high/c.py": '"""C."""\nfrom house.low.b import x as y',
}
FLOORS = {"house": 2, "high": 1, "low": 0}


@pytest.fixture
def build(tmp_path):
    """Return a function that builds a house."""

    def build(files: dict[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / "house" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            if path.suffix == ".pyi":
                path.with_suffix(".py").write_text('"""A room."""')
        return tmp_path / "house"

    return build


def complaints(house: Path) -> list[str]:
    """Return what all checks say."""
    faults = circles(house) + upwards(house, FLOORS) + foreign_doors(house)
    return faults + long_files(house) + private_names(house) + private_attributes(house)


def test_a_sound_house_has_no_fault(build):
    assert complaints(build(SOUND)) == []


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("low/a.py", "from house.low.b import x", "house.low.a is needed by"),
        ("low/a.py", "def f():\n    from house.low import b", "house.low.a is needed by"),
        ("low/a.py", "from .b import x", "house.low.a is needed by"),
        ("low/a.py", "from house.low import x", "house.low.a is needed by"),
        ("low/a.py", "import house", "house is needed by"),
        ("low/d.py", "from house.high.c import y", "low is needed by"),
        ("low/d.py", "def f():\n    import house.high.c", "low needs high"),
        ("low/d.py", "from ..high import c", "low needs high"),
        ("new/d.py", "", "new has no floor"),
        ("high/__init__.pyi", "from house.low.a import x as x", "high offers house.low.a.x"),
        ("low/d.py", "\n" * 401, "d.py has 401 lines"),
        ("low/d.py", "from house.low.a import _z", "house.low.d: house.low.a._z"),
        ("low/d.py", "from house.low import a as e\ne._z", "house.low.d: e._z"),
    ],
)
def test_each_fault_is_noticed(build, file, text, words):
    found = complaints(build({**SOUND, file: text}))
    assert any(words in complaint for complaint in found), found


def test_a_new_file_an_import_or_another_first_line_asks_for_a_new_picture(build):
    marks = [
        f"<!-- {name}: made by make architecture -->\nold\n<!-- end of {name} -->\n"
        for name in ("picture", "files")
    ]
    drawn = draw.page("".join(marks), build(SOUND))
    assert drawn == draw.page(drawn, build(SOUND))
    for change in (
        {"high/d.py": '"""D."""'},
        {"high/c.py": '"""C."""'},
        {"low/a.py": '"""Another A."""\nx = 1'},
    ):
        assert draw.page(drawn, build({**SOUND, **change})) != drawn
    with pytest.raises(SystemExit, match="must have once each"):
        draw.page("no marks", build(SOUND))


def test_a_circle_is_not_drawn(build):
    house = build({**SOUND, "low/a.py": "from house.low.b import x"})
    with pytest.raises(SystemExit, match="circle of imports: house"):
        draw.page("", house)
