"""Build the book: every warning is an error, and nothing that is unchanged is done again.

    python scripts/build_book.py

The log is kept in _build/book.log, and what the last good build was made from in _build/book.json.
Where that is what lies there now, Sphinx only looks whether a page is missing; else it writes every
page again, because a page may refer to one that has changed. Notebooks run again if their results
are not in the cache.
"""

from __future__ import annotations

import hashlib
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
# Lines of progress that only the log keeps.
CHATTER = re.compile(
    r"(reading sources|writing output|copying images|copying assets)\.\.\.|ParserConfig\(|^\s*$"
)
SOURCES = ("_config.yml", "_toc.yml", "index.md", "references.bib")
FOLDERS = ("_extensions", "_static", "chapters")
IGNORED = {"__pycache__", ".ipynb_checkpoints"}


def sources(root: Path) -> Iterator[Path]:
    """Yield the files that pages are made of; the package is in the key of the cache."""
    yield from (root / name for name in SOURCES)
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and not IGNORED & set(path.relative_to(root).parts):
                yield path


def fingerprint(root: Path) -> str:
    """Return the hash of everything that the pages depend on."""
    sys.path.insert(0, str(root / "_extensions"))
    from execution_cache import cache_key

    digest = hashlib.sha256(cache_key(root).encode())
    for path in sources(root):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def last_good(root: Path) -> str:
    """Return the fingerprint of the last build, if that was good and its pages are still there."""
    try:
        if not (root / "_build" / "html" / "index.html").exists():
            return ""
        return str(json.loads((root / "_build" / "book.json").read_text())["fingerprint"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def run_jupyter_book(root: Path, everything: bool) -> int:
    """Run jupyter-book strictly, show its news, keep its log; return its exit status."""
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", "-W", "-n"]
    command += ["--keep-going", *(["--all"] if everything else []), str(root)]
    with (
        (root / "_build" / "book.log").open("w") as log,
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process,
    ):
        signal.signal(signal.SIGTERM, lambda *_: stop(process))
        assert process.stdout is not None
        for line in process.stdout:
            log.write(line)
            if not CHATTER.search(line):
                print(line, end="", flush=True)
    return process.returncode


def stop(process: subprocess.Popen[str]) -> NoReturn:
    """End the build as Ctrl-C does, which reaches it by itself; this reaches us alone."""
    process.send_signal(signal.SIGINT)
    raise KeyboardInterrupt


def build(root: Path) -> bool:
    """Build the book; return whether it is good."""
    (root / "_build").mkdir(exist_ok=True)
    now = fingerprint(root)
    record = root / "_build" / "book.json"
    everything = last_good(root) != now
    record.unlink(missing_ok=True)
    if run_jupyter_book(root, everything) != 0:
        return False
    record.write_text(json.dumps({"fingerprint": now}) + "\n")
    return True


def main() -> int:
    """Build the book that this file lies in, and say where it is."""
    start = time.monotonic()
    try:
        good = build(ROOT)
    except KeyboardInterrupt:
        print("Interrupted; the notebooks that had ended are kept.", file=sys.stderr)
        return 130
    if not good:
        print("The book was not built: see above, and _build/book.log.", file=sys.stderr)
        return 1
    print(f"The book was built in {time.monotonic() - start:.0f} s. Open it in a browser:")
    print(ROOT / "_build" / "html" / "index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main())
