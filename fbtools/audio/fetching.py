"""librosa's example files: from its cache, else from the network, else soon not at all.

`librosa.ex` waits for half a minute on a network that swallows packets, and longer on a look-up
of names that hangs. This module uses the same files, hashes, folder and host through the same
library, pooch, and gives up after a few seconds without a byte.
"""

from __future__ import annotations

import importlib.resources
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from fbtools.extras import needs

_HOST = "https://librosa.org/data/audio/"
_PATIENCE = 3.0  # s of silence after which the network counts as absent
_LONGEST_DOWNLOAD = 60.0  # s, for about a megabyte

_network_failed = threading.Event()


def find(file: str) -> Path | None:
    """Return where one of librosa's example files is, downloading it if need be.

    Parameters
    ----------
    file : str
        A file name from librosa's registry.

    Returns
    -------
    pathlib.Path or None
        A file in librosa's cache that has the hash on record, or None if there is none and the
        network did not give it. After such a failure this process does not try the network again.

    Examples
    --------
    >>> from fbtools.audio import fetching
    >>> path = fetching.find("sorohanro_-_solo-trumpet-06.ogg")
    >>> path is None or path.is_file()
    True
    """
    registry = _librosa_registry()
    path = Path(registry.abspath / file)
    try:
        if _has_hash(path, registry.registry[file]):
            return path
    except OSError:
        return None  # nor could pooch replace what it cannot read
    if _network_failed.is_set():
        return None
    try:
        _download(registry, file)
    except (OSError, ValueError):  # no answer, or a read-only cache; or a file with a wrong hash
        _network_failed.set()
        return None
    return path


def fault(file: str) -> str:
    """Return what is wrong with the copy of an example file in librosa's cache, and the remedy.

    Parameters
    ----------
    file : str
        A file name from librosa's registry.

    Returns
    -------
    str
        Part of a sentence, in Markdown, that names the file; empty if there is no copy, or if it
        has the hash on record.

    Examples
    --------
    >>> from fbtools.audio import fetching
    >>> fetching.fault("sorohanro_-_solo-trumpet-06.ogg")
    ''
    """
    registry = _librosa_registry()
    path = Path(registry.abspath / file)
    try:
        if _has_hash(path, registry.registry[file]) or not path.exists():
            return ""
    except OSError as error:
        return (
            f"`{path}` in librosa's cache cannot be read: {error.strerror}; make it readable, or "
            "delete it"
        )
    return (
        f"`{path}` in librosa's cache is damaged, its hash is not the one on record, and it could "
        "not be downloaded anew; delete it, and connect to the network to have it again"
    )


def _has_hash(path: Path, digest: str) -> bool:
    """Whether a file is there and sound; raise OSError if it is there and cannot be read."""
    with needs("audio"):
        import pooch

    try:
        return bool(pooch.file_hash(path) == digest)
    except (FileNotFoundError, NotADirectoryError):
        return False


def _librosa_registry() -> Any:
    """Return a registry like the one in librosa, which has no public handle."""
    with needs("audio"):
        import pooch

    registry = pooch.create(pooch.os_cache("librosa"), _HOST, env="LIBROSA_DATA_DIR")
    listing = importlib.resources.files("librosa") / "util" / "example_data" / "registry.txt"
    with importlib.resources.as_file(listing) as path:
        registry.load_registry(path)
    return registry


class _Progress:
    """What pooch takes for a progress bar: it notes when the last bytes came."""

    total = 0  # set by pooch

    def __init__(self) -> None:
        self.last_byte = time.monotonic()

    def update(self, n_bytes: int) -> None:
        self.last_byte = time.monotonic()

    def reset(self) -> None:
        """Nothing: a bar would be emptied before it is filled."""

    def close(self) -> None:
        """Nothing: there is no bar."""


def _download(registry: Any, file: str) -> None:
    """Fetch a file into the cache; raise OSError or ValueError if nothing valid comes in time."""
    with needs("audio"):
        import pooch

    progress, answers = _Progress(), ExitStack()
    errors: list[OSError | ValueError] = []

    def keep(answer: Any, **_: Any) -> None:
        answers.callback(answer.close)  # pooch leaves open what it does not read to the end

    get = pooch.HTTPDownloader(progress, timeout=_PATIENCE, hooks={"response": keep})

    def work() -> None:
        try:
            with answers:
                registry.fetch(file, downloader=get)
        except (OSError, ValueError) as error:
            errors.append(error)

    # A thread, because the time-out begins with the connection: a look-up of names that hangs
    # comes before it, and cannot be interrupted, only left behind.
    thread = threading.Thread(target=work, daemon=True)
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel("WARNING")  # its news on stderr would end up in the pages of the book
    try:
        thread.start()
        latest = time.monotonic() + _LONGEST_DOWNLOAD
        while thread.is_alive() and time.monotonic() < min(latest, progress.last_byte + _PATIENCE):
            thread.join(0.02)
    finally:
        logger.setLevel(level)
    if thread.is_alive():
        raise TimeoutError(f"no byte of {file} came within {_PATIENCE} s")
    if errors:
        raise errors[0]
