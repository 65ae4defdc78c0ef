"""The directive `room`: everything that one module of `fbtools` offers, from its docstrings.

    ```{room} fbtools.laws.autocorrelations
    ```

gives a table of the module's public names (its `__all__`, or else what it defines without a
leading underscore), then the documentation of each. Names in the body of the directive limit it to
those. Each is documented under the shortest name by which it can be had: that of `fbtools` itself,
of its room, or of its file.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from types import ModuleType

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.ext.autodoc.mock import mock
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode


def public_names(module: ModuleType) -> list[str]:
    """Return the names that a module offers."""
    if hasattr(module, "__all__"):
        return list(module.__all__)
    return [
        name
        for name, thing in vars(module).items()
        if not name.startswith("_") and getattr(thing, "__module__", None) == module.__name__
    ]


def qualified_names(module_name: str, names: list[str] | None = None) -> dict[str, object]:
    """Return the public objects of a module by the name that a user writes."""
    module = import_without_torch(module_name)
    parts = module_name.split(".")
    outside_in = [".".join(parts[:length]) for length in range(1, len(parts) + 1)]
    found = {}
    for name in names or public_names(module):
        thing = getattr(module, name)
        place = next(p for p in outside_in if offers(p, name, thing) or p == module_name)
        found[f"{place}.{name}"] = thing
    return found


def offers(place: str, name: str, thing: object) -> bool:
    """Whether a package says that it has a name, and it is this thing; old names do not count."""
    module = sys.modules[place]
    return name in getattr(module, "__all__", ()) and getattr(module, name) is thing


def import_without_torch(module_name: str) -> ModuleType:
    """Import a module; PyTorch, which one room needs, is mocked, as autodoc does it."""
    with mock(["torch"]):
        return importlib.import_module(module_name)


def autodoc_directive(thing: object) -> str:
    """Return the autodoc directive for a class, an exception, a function or a value."""
    if inspect.isclass(thing):
        return "autoexception" if issubclass(thing, BaseException) else "autoclass"
    return "autofunction" if inspect.isroutine(thing) else "autodata"


def documentation(module_name: str, names: list[str] | None = None) -> list[str]:
    """Return the reStructuredText that documents a module's public names."""
    found = qualified_names(module_name, names)
    lines = [".. autosummary::", "   :nosignatures:", ""]
    lines += [f"   {name}" for name in found]
    for name, thing in found.items():
        directive = autodoc_directive(thing)
        lines += ["", f".. {directive}:: {name}"]
        if directive == "autoclass":
            lines += ["   :members:"]
            if not name.startswith(f"{module_name}."):  # what a user meets, complete
                lines += ["   :inherited-members: object, tuple, Value"]
    return lines


class Room(SphinxDirective):
    """Document one module of `fbtools`."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Parse the generated reStructuredText in place."""
        names = [name for line in self.content for name in line.split()]
        lines = ["```{eval-rst}", *documentation(self.arguments[0], names), "```"]
        self.env.note_dependency(import_without_torch(self.arguments[0]).__file__)
        container = nodes.container(classes=["room"])
        self.state.nested_parse(StringList(lines, "room"), self.content_offset, container)
        return [container]


def resolve_short(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.Element
) -> nodes.reference | None:
    """Let "See Also" name functions as their readers do, without the room in front.

    Of several that end in the name, the one of the same class comes first, then the shortest.
    """
    if node.get("refdomain") != "py":
        return None
    target, cls = node["reftarget"], f".{node.get('py:class') or ''}."
    found = [name for name in env.domains["py"].objects if name.endswith(f".{target}")]
    if not found:
        return None
    best = min(found, key=lambda name: (cls not in f".{name}", len(name)))
    entry = env.domains["py"].objects[best]
    return make_refnode(
        app.builder, node["refdoc"], entry.docname, entry.node_id, content, title=best
    )


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("room", Room)
    app.connect("missing-reference", resolve_short)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
