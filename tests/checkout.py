"""Where the checkout is, and what its chapters are called."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import nbformat

ROOT = Path(__file__).resolve().parent.parent


def chapter_names() -> list[str]:
    """Return the numbered chapters of the table of contents, as file names without suffix."""
    import yaml

    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    return [
        Path(chapter["file"]).name
        for part in toc["parts"]
        if part.get("numbered")
        for chapter in part["chapters"]
    ]


def read_chapter(name: str) -> nbformat.NotebookNode:
    """Return a chapter's notebook as it is in the checkout."""
    import nbformat

    return nbformat.read(ROOT / "chapters" / f"{name}.ipynb", as_version=4)
