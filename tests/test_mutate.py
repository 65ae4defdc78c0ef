"""The mutants of tests/mutate.py still apply; `make mutants` runs them."""

from __future__ import annotations

import ast
import collections
import difflib
import functools

import mutate
import mutation
import pytest
from mutation import Mutant, MutantError

PACKAGE = mutation.read_package(mutate.ROOT / "fbtools")
NAMES = [mutant.name for mutant in mutate.MUTANTS]


@functools.cache
def plain(source):
    """The source without comments, line breaks and parentheses of its author's choice."""
    return ast.unparse(ast.parse(source)) + "\n"


applied = functools.cache(functools.partial(mutation.mutate, PACKAGE))


@pytest.mark.parametrize("mutant", mutate.MUTANTS, ids=NAMES)
def test_each_mutant_changes_one_place(mutant):
    path, source = applied(mutant)
    compile(source, path, "exec")
    assert source != plain(PACKAGE[path])
    assert mutation.file_of_tests(mutate.ROOT / "tests", mutant).exists()


def test_no_two_mutants_have_one_name():
    assert collections.Counter(NAMES).most_common(1)[0][1] == 1


def test_mutants_outlive_another_layout_and_other_files():
    """Every module reformatted, and all of them in a sub-package."""
    moved = {f"deep/{path}": plain(source) for path, source in PACKAGE.items()}
    for mutant in mutate.MUTANTS:
        path, source = applied(mutant)
        assert mutation.mutate(moved, mutant) == (f"deep/{path}", source)


# --- The engine ------------------------------------------------------------------------------

SOURCE = '''
LIMIT = 3
WIDE: float = LIMIT / 2

def area(a, b):
    """The area of a rectangle."""
    total = a * b  # what it is
    total += 0 if a else 1
    return {"area": total, "twice": 2 * (total)}

class Square:
    side = 1

    @property
    def area(self):
        return self.side ** 2

    def outer(self):
        def inner():
            return self.side
        return inner
'''


def mutated(where, old, new, source=SOURCE):
    _, text = mutation.mutate({"shapes.py": source}, Mutant("m", where, old, new, "shapes"))
    return text


@pytest.mark.parametrize(
    ("where", "old", "new"),
    [
        ("area", "a * b", "a + b"),
        ("area", "(a\n * b)", "a + b"),
        ("area", "total = a * b", "total = a + b"),
        ("area", "total = a * b\ntotal += 0 if a else 1", "total = a - b"),
        ("area", "{'area': total, 'twice': 2 * total,}", '{"area": total}'),
        ("area", "return {'area': total, 'twice': 2 * total}", "pass"),
        ("LIMIT", "3", "4"),
        ("WIDE", "LIMIT / 2", "LIMIT / 3"),
        ("Square", "side = 1", "side = 2"),
        ("Square.side", "1", "2"),
        ("Square.area", "self.side**2", "self.side"),
        ("Square.outer.inner", "self.side", "-self.side"),
        ("Square.outer", "return inner", "pass"),
        ("shapes:area", "a * b", "a + b"),
    ],
)
def test_one_place_changes_whatever_its_layout(where, old, new):
    before, after = plain(SOURCE).splitlines(), mutated(where, old, new).splitlines()
    changes = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    ((_, *_, start, end),) = [change for change in changes if change[0] != "equal"]
    assert plain(new).strip() in "\n".join(after[start:end])


def test_statements_keep_their_place():
    text = mutated("area", "total += 0 if a else 1", "if a:\n    total = 7\nelse:\n    pass")
    scope = {}
    exec(text, scope)
    assert [scope["area"](a, 5)["area"] for a in (2, 0)] == [7, 0]


def test_the_target_of_an_assignment_is_found_too():
    assert "b = 2" in mutated("f", "a[0]", "b", "def f(a):\n    a[0] = 2\n    return a")


@pytest.mark.parametrize(
    ("where", "old", "new", "words"),
    [
        ("area", "a / b", "a", "occurs 0 times in area (shapes.py)"),
        ("area", "total", "a", "occurs 4 times"),
        ("area", "a *", "a", "not code on its own"),
        ("area", "", "a", "nothing to replace"),
        ("area", "a * b", "", "nothing to put there"),
        ("perimeter", "a", "b", "perimeter is defined in no module"),
        ("Square.perimeter", "a", "b", "defined in no module"),
        ("other:area", "a * b", "a", "defined in no module"),
    ],
)
def test_what_does_not_fit_is_named(where, old, new, words):
    with pytest.raises(MutantError) as caught:
        mutated(where, old, new)
    assert str(caught.value).startswith("m: ")
    assert words in str(caught.value)


def test_a_name_of_two_modules_needs_one_of_them():
    package = {"shapes.py": SOURCE, "deep/flat/figures.py": SOURCE}
    with pytest.raises(MutantError, match=r"area is defined in shapes\.py, deep/flat/figures\.py"):
        mutation.mutate(package, Mutant("m", "area", "a * b", "a", "shapes"))
    for module in ("figures", "flat.figures", "deep.flat.figures"):
        path, _ = mutation.mutate(package, Mutant("m", f"{module}:area", "a * b", "a", "shapes"))
        assert path == "deep/flat/figures.py"


def test_the_source_that_was_read_is_not_changed():
    package = {"shapes.py": SOURCE}
    mutant = Mutant("m", "area", "a * b", "a", "shapes")
    assert mutation.mutate(package, mutant) == mutation.mutate(package, mutant)
