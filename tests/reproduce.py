"""Run notebooks again in fresh kernels and compare every output with what the book shows.

`make reproduce` does this for all chapters. Text is compared as it stands, pictures and sounds
by their bytes: same seeds, same versions, same results.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
# Names of widgets are drawn at random by ipywidgets; the picture is in the other formats.
IGNORED = {"application/vnd.jupyter.widget-view+json"}


def fingerprint(output: nbformat.NotebookNode) -> tuple[object, ...]:
    """Reduce an output to what must not change from run to run."""
    if output.output_type == "stream":
        return ("stream", output.name, output.text)
    if output.output_type == "error":
        return ("error", output.ename, output.evalue)
    content = sorted(
        (
            kind,
            hashlib.sha256(repr(value).encode()).hexdigest() if len(repr(value)) > 500 else value,
        )
        for kind, value in output.data.items()
        if kind not in IGNORED
    )
    return ("data", *content)


def fingerprints(notebook: nbformat.NotebookNode) -> list[list[tuple[object, ...]]]:
    """Return the fingerprints of every code cell's outputs, streams joined."""
    result = []
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        outputs: list[tuple[object, ...]] = []
        for output in map(fingerprint, cell.outputs):
            if outputs and output[:2] == outputs[-1][:2] and output[0] == "stream":
                outputs[-1] = (*output[:2], str(outputs[-1][2]) + str(output[2]))
            else:
                outputs.append(output)
        result.append(outputs)
    return result


def run_again(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Execute a copy of a notebook in a fresh kernel."""
    fresh = nbformat.from_dict(notebook)
    for cell in fresh.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    path = str(ROOT / "chapters")
    return NotebookClient(fresh, timeout=900, resources={"metadata": {"path": path}}).execute()


def differences(shown: nbformat.NotebookNode) -> list[str]:
    """Run a notebook again and name the cells whose outputs differ from those shown."""
    again = fingerprints(run_again(shown))
    code = [cell for cell in shown.cells if cell.cell_type == "code"]
    return [
        f"cell that begins {cell.source.splitlines()[0]!r}:\n  shown {before}\n  again {after}"
        for cell, before, after in zip(code, fingerprints(shown), again, strict=True)
        if before != after
    ]


def main() -> int:
    """Compare all chapters; return the number that differ."""
    sys.path.insert(0, str(ROOT / "_extensions"))
    from checkout import chapter_names, read_chapter
    from execution_cache import cache_directory, opened

    failed = 0
    for name in chapter_names():
        with opened(cache_directory(ROOT)) as cache:
            _, shown = cache.merge_match_into_notebook(read_chapter(name))
        found = differences(shown)
        failed += bool(found)
        print(f"{name}: {'DIFFERS' if found else 'identical'}", *found, sep="\n", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
