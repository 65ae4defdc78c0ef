"""Key the cache of executed notebooks on everything that a notebook's output depends on.

jupyter-cache compares the code cells only, so after a change in `fbtools` it would go on
serving the old numbers. Here each state of the package, of its requirements and of the
recordings that can be had gets a cache directory of its own.

Notebooks that are not in the cache run side by side, before Sphinx reads the pages one by one.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import ExecutionResult, single_nb_execution
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

logger = logging.getLogger(__name__)

KEEP = 4  # caches of earlier states that stay, so that going back and forth costs nothing


def recordings() -> str:
    """Say which recordings are real and which are stand-ins, for want of files and network."""
    from fbtools import audio

    return " ".join(
        f"{name}:{'stand-in' if audio.load(name, duration=0.01).is_stand_in else 'real'}"
        for name in audio.names()
    )


def cache_key(root: Path) -> str:
    """Return the hash of the package with its data, the requirements and the recordings."""
    digest = hashlib.sha256(recordings().encode())
    package = root / "fbtools"
    sources = sorted([*package.rglob("*.py"), *package.rglob("*.json")])
    for path in [*sources, root / "requirements.txt", root / "constraints.txt"]:
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


def not_cached(paths: list[Path], directory: str) -> dict[Path, nbformat.NotebookNode]:
    """Return the notebooks among `paths` that the cache does not hold."""
    cache = get_cache(directory)
    missing = {}
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        try:
            cache.match_cache_notebook(notebook)
        except KeyError:
            missing[path] = notebook
    return missing


def execute_side_by_side(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Run what is not in the cache; a notebook that fails is left to myst-nb, which reports it."""
    directory = app.config.nb_execution_cache_path
    paths = [Path(env.doc2path(name)) for name in docnames]
    missing = not_cached([path for path in paths if path.suffix == ".ipynb"], directory)
    if len(missing) < 2:
        return
    logger.info("running %d notebooks side by side...", len(missing))

    def run(path: Path) -> ExecutionResult:
        timeout = app.config.nb_execution_timeout
        return single_nb_execution(missing[path], str(path.parent), timeout, allow_errors=False)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(run, missing))
    for path, result in zip(missing, results, strict=True):
        if result.err is None:
            logger.info("%s ran in %.1f s", path.name, result.time)
            data = {"execution_seconds": result.time}
            bundle = CacheBundleIn(result.nb, str(path), data=data)
            get_cache(directory).cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension."""
    # rebuild="env": even without --all, every page is read again when the key changes.
    app.add_config_value("execution_cache_key", "", "env")
    app.connect("config-inited", set_cache_path, priority=100)
    app.connect("env-before-read-docs", execute_side_by_side)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
