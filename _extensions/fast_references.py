"""Resolve numbered and bibliographic references without doing the same work hundreds of times.

For each numbered reference Sphinx unpickles the page it leads to, and for each citation pybtex
looks through all installed packages for its plug-ins. Both answers stay the same during a build.
"""

from __future__ import annotations

import functools
from typing import Any

import pybtex.plugin
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.domains.std import StandardDomain
from sphinx.environment import BuildEnvironment


class _Remembering:
    """An environment that remembers the doctrees it was asked for; nobody may change them."""

    def __init__(self, env: BuildEnvironment) -> None:
        self._env = env
        self.get_doctree = functools.cache(env.get_doctree)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._env, name)


class QuickStandardDomain(StandardDomain):
    """Sphinx's own domain: `numref` reads the number of its target from a remembered doctree."""

    _remembering: _Remembering | None = None

    def _resolve_numref_xref(self, env: BuildEnvironment, *arguments: Any) -> nodes.Element | None:
        if QuickStandardDomain._remembering is None:
            QuickStandardDomain._remembering = _Remembering(env)
        return super()._resolve_numref_xref(QuickStandardDomain._remembering, *arguments)


def forget(*_: object) -> None:
    """Pages have been read again: what was remembered may be old."""
    QuickStandardDomain._remembering = None


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension."""
    app.add_domain(QuickStandardDomain, override=True)
    app.connect("env-updated", forget)
    app.connect("build-finished", forget)
    pybtex.plugin.entry_points = functools.cache(pybtex.plugin.entry_points)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
