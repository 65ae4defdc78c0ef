"""What the tests share: the recordings, the built book, its executed notebooks, a browser."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import chromium
import hypothesis
import pytest
from checkout import ROOT, chapter_names, read_chapter

if TYPE_CHECKING:
    import nbformat

# Before anything imports librosa: recordings beside the checkout are used without network.
_RECORDINGS = ROOT.parent / "shared" / "librosa-data"
if _RECORDINGS.is_dir():
    os.environ.setdefault("LIBROSA_DATA_DIR", str(_RECORDINGS))
# In this process only: a kernel that inherits MPLBACKEND would show no figures. The light core has
# no matplotlib.
if importlib.util.find_spec("matplotlib"):
    import matplotlib

    matplotlib.use("agg")

# The same examples in every run, and no failure because a machine was slow once.
hypothesis.settings.register_profile("fixed", derandomize=True, deadline=None)
hypothesis.settings.load_profile("fixed")


@pytest.fixture(scope="session")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the pages; built once a session, or just before it by `make test`."""
    if "FBTOOLS_BOOK_BUILT" in os.environ:
        return ROOT / "_build" / "html"
    parallel = "PYTEST_XDIST_WORKER" in os.environ
    shared = tmp_path_factory.getbasetemp().parent if parallel else tmp_path_factory.getbasetemp()
    with (shared / "book.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one worker builds, the others wait for it
        done = shared / "book.done"
        if not done.exists():
            script = ROOT / "scripts" / "build_book.py"
            subprocess.run([sys.executable, str(script)], check=True)
            done.touch()
    return ROOT / "_build" / "html"


@pytest.fixture(scope="session")
def executed(book: Path) -> dict[str, tuple[nbformat.NotebookNode, float]]:
    """Each chapter's notebook with the outputs that the book shows, and its CPU time in s."""
    from execution_cache import cache_directory, opened

    notebooks = {}
    with opened(cache_directory(ROOT)) as cache:
        for name in chapter_names():
            pk, notebook = cache.merge_match_into_notebook(read_chapter(name))
            notebooks[name] = (notebook, cache.get_cache_record(pk).data["execution_seconds"])
    return notebooks


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """A headless Chromium, as playwright's `Browser`; on CI there must be one."""
    path = chromium.find()
    if path is None:
        message = "no Chromium on this machine: nothing in a browser was tested"
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(message)
        pytest.skip(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=[*chromium.FLAGS])
        yield launched
        launched.close()
