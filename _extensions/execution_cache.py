"""Key the cache of executed notebooks on everything that a notebook's output depends on.

jupyter-cache compares the code cells only, so after a change in `fbtools` it would go on
serving the old numbers. Here each state of the package, of what is installed and of the
recordings that can be had gets a cache directory of its own.

Notebooks that are not in the cache run side by side, before Sphinx reads the pages one by one.
Each is stored as it ends, so that an interrupt loses only those that run; one that failed, or
wrote to stderr, is not stored, and stops the build.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

import nbformat
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn, JupyterCacheAbstract
from notebook_runs import first_stderr, run_side_by_side
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.util import logging

logger = logging.getLogger(__name__)

KEEP = 4  # caches of earlier states that stay, so that going back and forth costs nothing


def recordings() -> str:
    """Say which recordings are there and which are excerpts, for want of files and network."""
    from fbtools import audio

    found = ((name, audio.load(name, duration=0.01)) for name in audio.names())
    return "\n".join(f"{name}: {sound.note or 'whole'}" for name, sound in found)


def installed(requirements: Path) -> str:
    """Name the Python, and the version that is installed of each package in a file."""
    names = re.findall(r"^([\w.-]+)==", requirements.read_text(), re.MULTILINE)
    versions = [f"{name} {metadata.version(name)}" for name in names]
    return "\n".join([sys.version, *versions])


def cache_key(root: Path) -> str:
    """Return the hash of the package with its data, of what is installed and the recordings."""
    requirements = root / "requirements.txt"
    digest = hashlib.sha256(f"{recordings()}\n{installed(requirements)}".encode())
    package = root / "fbtools"
    sources = sorted(path for kind in ("py", "json", "ogg") for path in package.rglob(f"*.{kind}"))
    for path in [*sources, requirements, root / "constraints.txt"]:
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def cache_directory(root: Path) -> Path:
    """Return the directory of the cache that belongs to the checkout as it is now."""
    return root / "_build" / ".jupyter_cache" / cache_key(root)


def set_cache_path(app: Sphinx, config: Config) -> None:
    """Point myst-nb to this state's cache, and drop the oldest caches."""
    directory = cache_directory(Path(app.srcdir))
    directory.mkdir(parents=True, exist_ok=True)
    os.utime(directory)
    caches = sorted(
        (path for path in directory.parent.iterdir() if path.is_dir()),
        key=lambda path: path.stat().st_mtime,
    )
    for old in caches[:-KEEP]:
        shutil.rmtree(old)
    os.environ.pop("MPLBACKEND", None)  # a kernel that inherits it shows no figures
    config.nb_execution_cache_path = str(directory)
    config.execution_cache_key = directory.name


@contextmanager
def opened(directory: str | Path) -> Iterator[JupyterCacheAbstract]:
    """Open a cache, and leave no connection to its data base behind."""
    cache = get_cache(str(directory))
    try:
        yield cache
    finally:
        cache.db.dispose()


def not_cached(paths: list[Path], directory: str) -> dict[Path, nbformat.NotebookNode]:
    """Return the notebooks among `paths` that the cache does not hold."""
    missing = {}
    with opened(directory) as cache:
        for path in paths:
            notebook = nbformat.read(path, as_version=4)
            try:
                record = cache.match_cache_notebook(notebook)
                if first_stderr(cache.get_cache_bundle(record.pk).nb):
                    cache.remove_cache(record.pk)
                    raise KeyError(path)
            except KeyError:
                missing[path] = notebook
    return missing


def earlier_seconds(directory: Path) -> dict[str, float]:
    """Return the CPU seconds of notebooks in caches of other states, by file name."""
    seconds: dict[str, float] = {}
    for other in sorted(directory.parent.iterdir(), key=lambda path: path.stat().st_mtime):
        if (other / "global.db").exists():
            with opened(other) as cache:
                for record in cache.list_cache_records():
                    known = (record.data or {}).get("execution_seconds", 0.0)
                    seconds[Path(record.uri).name] = known
    return seconds


def execute_side_by_side(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Run what is not in the cache, longest first as far as known, and store each as it ends."""
    directory = app.config.nb_execution_cache_path
    paths = [Path(env.doc2path(name)) for name in docnames]
    missing = not_cached([path for path in paths if path.suffix == ".ipynb"], directory)
    if not missing:
        return
    logger.info("running %d notebooks side by side...", len(missing))
    known = earlier_seconds(Path(directory))
    order = sorted(missing, key=lambda path: (-known.get(path.name, 0.0), path.name))
    failed = []
    notebooks = {path: missing[path] for path in order}
    timeout = app.config.nb_execution_timeout
    for run in run_side_by_side(notebooks, os.cpu_count() or 1, timeout):
        if run.problem:
            failed.append(f"{run.path.name}: {run.problem}")
            continue
        logger.info("%s ran in %.1f s of CPU time", run.path.name, run.cpu_seconds)
        bundle = CacheBundleIn(
            run.notebook, str(run.path), data={"execution_seconds": run.cpu_seconds}
        )
        with opened(directory) as cache:
            cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
    if failed:
        raise ExtensionError("\n\n".join(["These notebooks failed.", *failed]))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension."""
    # rebuild="env": even without --all, every page is read again when the key changes.
    app.add_config_value("execution_cache_key", "", "env")
    app.connect("config-inited", set_cache_path, priority=100)
    app.connect("env-before-read-docs", execute_side_by_side)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
