"""The cache of executed notebooks: its key, and what is stored in it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import execution_cache
import nbformat
import notebook_runs
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from sphinx.errors import ExtensionError

SOURCES = [
    "fbtools/a.py",
    "fbtools/room/b.py",
    "fbtools/room/c.ogg",
    "requirements.txt",
    "constraints.txt",
]


@pytest.fixture
def small_checkout(tmp_path):
    """Return a folder with all that the cache key depends on."""
    (tmp_path / "fbtools" / "room").mkdir(parents=True)
    for name in SOURCES:
        (tmp_path / name).write_text("content\n")
    return tmp_path


@pytest.mark.parametrize("name", SOURCES)
def test_cache_key_follows_every_source(small_checkout, name):
    before = execution_cache.cache_key(small_checkout)
    assert execution_cache.cache_key(small_checkout) == before
    (small_checkout / name).write_text("changed\n")
    assert execution_cache.cache_key(small_checkout) != before


def test_cache_key_follows_file_names(small_checkout):
    before = execution_cache.cache_key(small_checkout)
    (small_checkout / "fbtools" / "a.py").rename(small_checkout / "fbtools" / "c.py")
    assert execution_cache.cache_key(small_checkout) != before


def test_cache_key_tells_recordings_from_excerpts(small_checkout, monkeypatch):
    monkeypatch.delenv("FBTOOLS_OFFLINE", raising=False)
    with_recordings = execution_cache.recordings()
    before = execution_cache.cache_key(small_checkout)
    monkeypatch.setenv("FBTOOLS_OFFLINE", "1")
    assert ": whole" not in execution_cache.recordings()
    changed = execution_cache.cache_key(small_checkout) != before
    assert changed or ": whole" not in with_recordings


def test_cache_keeps_the_newest_states_only(tmp_path, monkeypatch):
    class App:
        srcdir = str(tmp_path)

    class Config:
        pass

    made = []
    for number in range(execution_cache.KEEP + 2):
        monkeypatch.setattr(execution_cache, "cache_key", lambda root, n=number: f"key{n}")
        execution_cache.set_cache_path(App(), config := Config())
        made.append(Path(config.nb_execution_cache_path))
        for age, path in enumerate(reversed(made)):
            if path.exists():
                execution_cache.os.utime(path, (1e9 - age, 1e9 - age))
    assert [path.exists() for path in made] == [False] * 2 + [True] * execution_cache.KEEP


def test_cache_key_follows_what_is_installed(small_checkout, monkeypatch):
    (small_checkout / "requirements.txt").write_text("numpy==1.0  # as tested\n")
    before = execution_cache.cache_key(small_checkout)
    monkeypatch.setattr(execution_cache.metadata, "version", lambda name: f"another {name}")
    assert execution_cache.cache_key(small_checkout) != before


# --- Running and storing ---------------------------------------------------------------------


def write_notebook(folder: Path, name: str, *cells: str) -> Path:
    """Write a notebook of some cells."""
    path = folder / f"{name}.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(cell) for cell in cells]), path)
    return path


class Project:
    """As much of Sphinx as the extension asks for: a folder of notebooks, and a cache."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        directory = folder / "caches" / "now"
        directory.mkdir(parents=True, exist_ok=True)
        self.config = SimpleNamespace(
            nb_execution_cache_path=str(directory), nb_execution_timeout=600
        )

    def doc2path(self, name: str) -> str:
        return str(self.folder / f"{name}.ipynb")

    def build(self, *names: str) -> None:
        execution_cache.execute_side_by_side(self, self, list(names))

    def stored(self) -> set[str]:
        with execution_cache.opened(self.config.nb_execution_cache_path) as cache:
            return {Path(record.uri).stem for record in cache.list_cache_records()}


def test_only_what_ran_well_is_stored(tmp_path):
    write_notebook(tmp_path, "good", "print(sum(range(10**6)))")
    write_notebook(tmp_path, "loud", "1 + 1", "import sys; print('beware', file=sys.stderr)")
    write_notebook(tmp_path, "broken", "1 / 0")
    project = Project(tmp_path)
    with pytest.raises(ExtensionError) as error:
        project.build("loud", "broken", "good")
    assert "loud.ipynb: cell 1 wrote to stderr:\nbeware" in str(error.value)
    assert "broken.ipynb: " in str(error.value)
    assert "ZeroDivisionError" in str(error.value)
    assert project.stored() == {"good"}
    with execution_cache.opened(project.config.nb_execution_cache_path) as cache:
        (record,) = cache.list_cache_records()
    assert record.data["execution_seconds"] > 0

    # What was mended runs, what was stored does not run again.
    write_notebook(tmp_path, "loud", "1 + 1", "print('beware')")
    project.build("loud", "good")
    assert project.stored() == {"good", "loud"}


def test_a_stored_notebook_with_stderr_is_run_again(tmp_path):
    """Caches of earlier versions of this extension may hold one."""
    path = write_notebook(tmp_path, "loud", "print(1)")
    project = Project(tmp_path)
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].outputs = [new_output("stream", name="stderr", text="beware")]
    bundle = execution_cache.CacheBundleIn(notebook, str(path), data={})
    with execution_cache.opened(project.config.nb_execution_cache_path) as cache:
        cache.cache_notebook_bundle(bundle, check_validity=False)
    project.build("loud")
    with execution_cache.opened(project.config.nb_execution_cache_path) as cache:
        _, merged = cache.merge_match_into_notebook(nbformat.read(path, as_version=4))
    assert merged.cells[0].outputs[0].text == "1\n"


def test_an_interrupt_loses_only_what_runs(tmp_path, monkeypatch):
    """The first notebook is stored while the second, which never ends by itself, still runs."""
    write_notebook(tmp_path, "first", "print(1)")
    write_notebook(tmp_path, "endless", "import time", "while True: time.sleep(0.1)")
    project, store = Project(tmp_path), execution_cache.get_cache

    def interrupted(directory):
        cache = store(directory)
        keep = cache.cache_notebook_bundle

        def keep_and_interrupt(*arguments, **options):
            keep(*arguments, **options)
            raise KeyboardInterrupt

        cache.cache_notebook_bundle = keep_and_interrupt
        return cache

    monkeypatch.setattr(execution_cache, "get_cache", interrupted)
    monkeypatch.setattr(execution_cache.os, "cpu_count", lambda: 2)
    with pytest.raises(KeyboardInterrupt):
        project.build("endless", "first")
    assert project.stored() == {"first"}
    assert not [p for p in notebook_runs.psutil.Process().children() if is_kernel(p)]


def is_kernel(process) -> bool:
    """Whether a process is a kernel that lives."""
    try:
        return process.status() != "zombie" and "ipykernel" in " ".join(process.cmdline())
    except notebook_runs.psutil.NoSuchProcess:
        return False


def test_the_longest_notebooks_begin_first(tmp_path, monkeypatch):
    """As far as an earlier state's cache tells; others follow by name."""
    project = Project(tmp_path)
    earlier = tmp_path / "caches" / "earlier"
    earlier.mkdir()
    for name, seconds in (("short", 1.0), ("long", 9.0)):
        path = write_notebook(tmp_path, name, f"# {name}, as it was")
        bundle = execution_cache.CacheBundleIn(
            nbformat.read(path, as_version=4), str(path), data={"execution_seconds": seconds}
        )
        with execution_cache.opened(earlier) as cache:
            cache.cache_notebook_bundle(bundle, check_validity=False)
    for name in ("b", "a", "short", "long"):
        write_notebook(tmp_path, name, f"# {name}")
    begun = []

    def run_side_by_side(notebooks, workers, cell_timeout):
        begun.extend(path.stem for path in notebooks)
        return []

    monkeypatch.setattr(execution_cache, "run_side_by_side", run_side_by_side)
    project.build("b", "a", "short", "long")
    assert begun == ["long", "short", "a", "b"]
