"""Checkpoints: a directory of finished chunks, each of which is verified when it is read.

``sweep.json`` says what is drawn. ``chunks.jsonl`` has one line for each finished chunk, with its
index, spawn key and SHA-256; the line is written before the file takes its name. A kill between
the two leaves a line without a file: that chunk is drawn again, and so is a file without a line.
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import math
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import numpy as np
from numpy.random import SeedSequence

from fbtools.validation import FilterbankError, FloatArray

MANIFEST = "sweep.json"
JOURNAL = "chunks.jsonl"
FORMAT = 2

_RESTART = "use another directory, or delete it to draw everything again"
_REDRAW = "delete that file, and it will be drawn again"
_READ = "make it readable, and run the same call again"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


class Checkpoint:
    """A directory of finished chunks of one sweep.

    Parameters
    ----------
    path : path
        The directory; it is made if need be.
    description : dict
        What is drawn, in numbers and strings.
    n_draws, chunk : int
        Number of draws, of the sweep and of each chunk but the last.
    seeds : sequence of SeedSequence
        The seed of each chunk.

    Raises
    ------
    FilterbankError
        If the directory cannot be used, holds another sweep, or is damaged.

    Notes
    -----
    Two programs may share a directory: both write the same chunks, each of them whole.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> seeds = np.random.SeedSequence(0).spawn(2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Checkpoint(folder, {"what": "ones"}, 5, 3, seeds).save(1, np.ones(2))
    ...     again = Checkpoint(folder, {"what": "ones"}, 5, 3, seeds)
    ...     again.finished(), again.load(1)
    ([1], array([1., 1.]))
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        description: dict[str, Any],
        n_draws: int,
        chunk: int,
        seeds: Sequence[SeedSequence],
    ) -> None:
        self.folder = _directory(path)
        self.n_draws, self.chunk, self.seeds = n_draws, chunk, seeds
        self.manifest = _manifest({**description, "n_draws": n_draws}, seeds[0], chunk)
        # In each line of the journal: a line from the directory of another sweep counts for
        # nothing here.
        self.sweep = _sha256(json.dumps(self.manifest, sort_keys=True).encode())[:16]
        self._kept = 0
        self._check_or_write_manifest()
        self._stored = self._read_journal()

    def finished(self) -> list[int]:
        """Numbers of the chunks that can be read."""
        listed = {index for index, _ in self._stored}
        finished = sorted(self._files_of_chunks() & listed)
        self._kept = len(finished)
        return finished

    def load(self, index: int) -> FloatArray:
        """Rows of one chunk, if they are what was stored."""
        file = self._file(index)
        try:
            with file.open("rb") as opened:
                _check_header(opened, self._size(index))
                digest = hashlib.file_digest(opened, "sha256").hexdigest()
                if (index, digest) not in self._stored:
                    raise _DamageError(f", which is not what was stored (SHA-256 not in {JOURNAL})")
                opened.seek(0)
                rows = np.lib.format.read_array(opened, allow_pickle=False)
            if not np.isfinite(rows).all():
                raise _DamageError(" with numbers that are not finite")
        except _DamageError as damage:
            self._fail(f"holds {file.name}{damage}: {_REDRAW}.")
        except (OSError, MemoryError) as error:  # no damage: what is stored may be sound
            self._unreadable(file.name, error)
        # Bytes that are no chunk make NumPy's reader fail in any way it has.
        except Exception as error:
            self._fail(f"holds {file.name}, which cannot be read ({error}): {_REDRAW}.", error)
        return np.asarray(rows, dtype=np.float64)

    def save(self, index: int, rows: FloatArray) -> None:
        """Keep one chunk: whoever looks finds it whole, with its line in the journal, or not."""
        buffer = io.BytesIO()
        np.save(buffer, np.asarray(rows, dtype=np.float64), allow_pickle=False)
        content = buffer.getvalue()
        digest = _sha256(content)
        with self._says_what_is_kept(), self._unfinished(content) as unfinished:
            # A line begins with its line break: what a kill has torn off stays a line of its own.
            line = "\n" + json.dumps(self._entry(index, digest))
            _write(self.folder / JOURNAL, "ab", line.encode())
            os.replace(unfinished, self._file(index))
        self._stored.add((index, digest))
        self._kept += 1

    def _size(self, index: int) -> int:
        return min(self.chunk, self.n_draws - index * self.chunk)

    def _file(self, index: int) -> Path:
        return self.folder / f"chunk-{index:06d}.npy"

    def _entry(self, index: int, digest: str) -> dict[str, Any]:
        key = list(self.seeds[index].spawn_key)
        return {"sweep": self.sweep, "index": index, "spawn_key": key, "sha256": digest}

    def _files_of_chunks(self) -> set[int]:
        """Numbers of the chunks whose files are there; files of any other name are not ours."""
        numbers = {self._file(index).name: index for index in range(len(self.seeds))}
        found = set()
        try:
            with os.scandir(self.folder) as entries:
                for entry in entries:
                    if entry.name in numbers:
                        if not entry.is_file():
                            self._fail(f"holds {entry.name}, which is not a file: {_REDRAW}.")
                        found.add(numbers[entry.name])
        except OSError as error:
            self._fail(f"cannot be read ({error.strerror}): {_READ}.", error)
        return found

    def _check_or_write_manifest(self) -> None:
        found = self._read_manifest()
        if found is None:
            if self._files_of_chunks():
                self._fail(f"holds chunks but no {MANIFEST}: use another directory.")
            with self._says_what_is_kept():
                # First, so that a manifest without a journal is known to be damage.
                (self.folder / JOURNAL).touch()
                content = json.dumps(self.manifest, indent=1).encode()
                with self._unfinished(content) as unfinished:
                    os.replace(unfinished, self.folder / MANIFEST)
            found = self._read_manifest() or {}  # another program may have come first
        if found.get("format") != FORMAT:
            self._fail(
                f"was written by another version of fbtools (format {found.get('format')}, not "
                f"{FORMAT}), and its chunks cannot be verified: {_RESTART}."
            )
        for key in [*self.manifest, *found]:
            if self.manifest.get(key) != found.get(key):
                self._fail(
                    f"holds a sweep with {_ARGUMENT.get(key, key)} = {found.get(key)}, not "
                    f"{self.manifest.get(key)}: {_REMEDY.get(key, '')}{_RESTART}."
                )

    def _read_manifest(self) -> dict[str, Any] | None:
        try:
            found = json.loads((self.folder / MANIFEST).read_bytes())
            if isinstance(found, dict):
                return found
            why = "it is not a JSON object"
        except FileNotFoundError:
            return None
        except IsADirectoryError as error:
            why = str(error.strerror)
        except (OSError, MemoryError) as error:
            self._unreadable(MANIFEST, error)
        except (ValueError, RecursionError) as error:
            why = str(error)
        self._fail(f"holds a {MANIFEST} that cannot be read ({why}): {_RESTART}.")

    def _read_journal(self) -> set[tuple[int, str]]:
        """Index and SHA-256 of every chunk that was stored; of one stored twice, both."""
        try:
            with (self.folder / JOURNAL).open("rb") as lines:
                return {entry for line in lines if (entry := self._parsed(line)) is not None}
        except (OSError, MemoryError) as error:
            if not isinstance(error, (FileNotFoundError, IsADirectoryError)):
                self._unreadable(JOURNAL, error)
            self._fail(
                f"holds a {JOURNAL} that cannot be read ({error.strerror}), without which no chunk "
                f"can be verified: {_RESTART}."
            )

    def _parsed(self, line: bytes) -> tuple[int, str] | None:
        """Index and SHA-256 in a line; none in one that is torn, or of another sweep."""
        try:
            found = json.loads(line)
            index, digest = found["index"], str(found["sha256"])
            return (index, digest) if found == self._entry(index, digest) else None
        except (ValueError, TypeError, LookupError, RecursionError):
            return None

    @contextmanager
    def _unfinished(self, content: bytes) -> Iterator[Path]:
        """A file of another name that is whole, and gone unless it is renamed."""
        file = self.folder / f".unfinished-{secrets.token_hex(8)}"
        try:
            _write(file, "xb", content)
            yield file
        finally:
            file.unlink(missing_ok=True)

    @contextmanager
    def _says_what_is_kept(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._fail(
                f"cannot be written ({error.strerror}; the disk is mounted at "
                f"{_mount(self.folder)}). The chunks finished so far ({self._kept}) are kept: "
                f"{_way_to_write(error)}, and run the same call again; where rng is a generator, "
                "with one made anew from its seed.",
                error,
            )

    def _unreadable(self, name: str, error: BaseException) -> NoReturn:
        why = getattr(error, "strerror", None) or str(error) or "not enough memory"
        if not os.access(self.folder, os.R_OK | os.X_OK):
            self._fail(f"cannot be read ({why}): {_READ}.", error)
        self._fail(f"holds {name}, which cannot be read ({why}): {_READ}.", error)

    def _fail(self, what: str, cause: BaseException | None = None) -> NoReturn:
        raise FilterbankError(f"checkpoint {str(self.folder)!r} {what}") from cause


class _DamageError(Exception):
    """What is wrong with the file of a chunk, as the rest of a sentence."""


# What the user passed, where the manifest keeps something else of it.
_ARGUMENT = {
    "entropy": "rng of entropy",
    "first_spawn_key": "rng of first_spawn_key",
    "first_state": "rng of first_state",
}


# What else helps, beside another directory.
_REMEDY = {
    "first_spawn_key": "pass rng as in the first call, the seed or a generator made from it anew "
    "(each call spawns further streams from a generator); or ",
}


def _directory(path: str | os.PathLike[str]) -> Path:
    if not isinstance(path, (str, os.PathLike)) or path == "":
        raise FilterbankError(
            f"checkpoint is {path!r}: pass the path of a directory, a str or a pathlib.Path "
            "('.' for the current one)."
        )
    try:
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
    except (TypeError, ValueError, OSError) as error:
        raise FilterbankError(
            f"checkpoint is {path!r}: {error}; pass the path of a directory."
        ) from error
    return folder


def _way_to_write(error: OSError) -> str:
    """What to do, as the beginning of a sentence, so that what has failed will work."""
    if error.errno in _FULL:
        return "make room there"
    if error.errno not in _FORBIDDEN:
        return "mend that"
    file = Path(str(error.filename))
    is_the_journal = file.name == JOURNAL and file.exists()  # else it cannot be made there
    return f"make {JOURNAL if is_the_journal else 'the directory'} writable"


def _manifest(description: dict[str, Any], seed: SeedSequence, chunk: int) -> dict[str, Any]:
    """What a sweep draws, in the order in which it is compared: arguments before what follows."""
    manifest = {
        "format": FORMAT,
        **description,
        "entropy": str(seed.entropy),
        "first_spawn_key": list(seed.spawn_key),
        # Arrays of entropy may look alike in print, and streams depend on the pool size, too.
        "first_state": seed.generate_state(4).tolist(),
        "chunk": chunk,
    }
    found: dict[str, Any] = json.loads(json.dumps(manifest))  # JSON knows no tuples
    return found


def _check_header(file: BinaryIO, size: int) -> None:
    """Refuse what is no array of so many rows, before memory is asked for; go back to the start."""
    version = np.lib.format.read_magic(file)
    if version != (1, 0):
        raise _DamageError(f" in version {version} of the format npy")
    try:
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    except MemoryError as error:  # of Python's parser: a header is short
        raise _DamageError(", which cannot be read (its header is too deep)") from error
    if dtype != np.float64:
        raise _DamageError(f" with numbers of dtype {dtype} instead of float64")
    if shape[:1] != (size,):
        raise _DamageError(f" with {shape[0] if shape else 'no'} draws instead of {size}")
    expected = file.tell() + 8 * math.prod(shape)
    actual = os.fstat(file.fileno()).st_size
    if actual != expected:
        raise _DamageError(f", which cannot be read (it has {actual} bytes instead of {expected})")
    file.seek(0)


def _write(file: Path, mode: str, content: bytes) -> None:
    """Write all, down to the disk."""
    with file.open(mode) as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _mount(folder: Path) -> str:
    folder = folder.resolve()
    return next((str(f) for f in [folder, *folder.parents] if os.path.ismount(f)), str(folder))
