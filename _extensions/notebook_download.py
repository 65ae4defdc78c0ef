"""Make the download button give the notebook, also on pages that are opened from disk.

Browsers show a local `.ipynb` file as text instead of saving it. So each chapter's page carries its
notebook (without outputs, some kilobytes), and `_static/download.js` lets the button save that.
"""

from __future__ import annotations

import json
from pathlib import Path

from sphinx.application import Sphinx


def as_script(path: Path) -> str:
    """Return name and text of a file as JSON that is safe inside a script element."""
    content = {"name": path.name, "text": path.read_text(encoding="utf-8")}
    return json.dumps(content).replace("<", "\\u003c")


def add_notebook(app: Sphinx, pagename: str, *_: object) -> None:
    """Put the notebook of a page into the page."""
    if pagename not in app.env.found_docs:
        return
    path = Path(app.env.doc2path(pagename))
    if path.suffix == ".ipynb":
        app.add_js_file(None, body=as_script(path), type="application/json", id="notebook-source")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension."""
    app.connect("html-page-context", add_notebook)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
