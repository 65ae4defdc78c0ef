"""Break each formula once, and see that a test notices.

    python tests/mutate.py            all mutants
    python tests/mutate.py bernstein  those whose name contains a word

Each mutant changes one place in a copy of the package (mutation.py says how it is found); the tests
that it names must then fail. The script lists the outcome and exits with 1 if a mutant survives.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import mutants_fibres
import mutants_frames
import mutants_laws
import mutants_learning
import mutants_sliders
import mutants_sweeps
import mutation

ROOT = Path(__file__).resolve().parent.parent
MUTANTS = [
    *mutants_laws.MUTANTS,
    *mutants_frames.MUTANTS,
    *mutants_fibres.MUTANTS,
    *mutants_sweeps.MUTANTS,
    *mutants_learning.MUTANTS,
    *mutants_sliders.MUTANTS,
]
PATIENCE = 150  # seconds of CPU time; no file of tests takes a third of that
HANGS = 1800  # seconds, after which tests that wait will wait for ever


def run(mutant: mutation.Mutant, folder: Path) -> bool:
    """Whether the tests fail on the mutant (and did run)."""
    shutil.copytree(ROOT / "fbtools", folder / "fbtools")
    shutil.copytree(ROOT / "tests", folder / "tests")
    shutil.copy(ROOT / "pyproject.toml", folder)
    module, source = mutation.mutate(mutation.read_package(folder / "fbtools"), mutant)
    (folder / "fbtools" / module).write_text(source, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    try:
        result = subprocess.run(
            [*command, str(mutation.file_of_tests(folder / "tests", mutant))],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=HANGS,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (PATIENCE, HANGS)),
        )
    except subprocess.TimeoutExpired:
        return True
    if result.returncode == -signal.SIGXCPU:
        return True  # a search that no longer ends
    if result.returncode not in (0, 1):
        raise RuntimeError(f"{mutant.name}: the tests did not run\n{result.stdout[-2000:]}")
    return result.returncode == 1


def main() -> int:
    """Run the mutants whose names contain the words given, and list what became of them."""
    words = [word.lower() for word in sys.argv[1:]]
    chosen = [m for m in MUTANTS if all(word in m.name.lower() for word in words)]
    survivors = 0
    for mutant in chosen:
        start = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            noticed = run(mutant, Path(folder))
        survivors += not noticed
        verdict = "noticed " if noticed else "SURVIVED"
        seconds = time.monotonic() - start
        print(f"{verdict} {seconds:5.1f} s  {mutant.where}: {mutant.name}", flush=True)
    print(f"{len(chosen) - survivors} of {len(chosen)} mutants noticed")
    return int(survivors > 0)


if __name__ == "__main__":
    sys.exit(main())
