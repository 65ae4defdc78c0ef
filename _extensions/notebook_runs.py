"""Run notebooks, several at a time, and say what went wrong in those that failed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from traitlets.config import Config


@dataclass(frozen=True)
class Run:
    """A notebook with its outputs, the CPU seconds it took, and what is wrong with it, if anything.

    Seconds of CPU are a property of the notebook; those on the clock also tell how busy the machine
    was.
    """

    path: Path
    notebook: nbformat.NotebookNode
    cpu_seconds: float
    problem: str


def first_stderr(notebook: nbformat.NotebookNode) -> str:
    """Say which cell wrote what to stderr, or return nothing."""
    for number, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                return f"cell {number} wrote to stderr:\n{output.text}"
    return ""


class _Client(NotebookClient):
    """A client that notes how much CPU time its kernel took."""

    cpu_seconds = 0.0

    def kernel(self) -> psutil.Process | None:
        """Return the process of the kernel, if it lives."""
        pid = getattr(getattr(self.km, "provisioner", None), "pid", None)
        return psutil.Process(pid) if pid is not None and psutil.pid_exists(pid) else None

    def note_cpu_seconds(self, **_: object) -> None:
        """Read the kernel's clock, after each cell."""
        process = self.kernel()
        if process is not None:
            self.cpu_seconds = sum(process.cpu_times()[:4])


def run(client: _Client, path: Path) -> Run:
    """Run the notebook of a client in the folder of its file."""
    try:
        asyncio.run(client.async_execute())
        problem = first_stderr(client.nb)
    except CellExecutionError as error:
        problem = str(error)
    except Exception as error:  # a kernel that does not start, that dies, or that hangs
        problem = f"{type(error).__name__}: {error}"
    return Run(path, client.nb, client.cpu_seconds, problem)


def run_side_by_side(
    notebooks: dict[Path, nbformat.NotebookNode], workers: int, cell_timeout: int
) -> Iterator[Run]:
    """Run notebooks in their order, and yield each as it ends; their kernels end with the loop."""
    clients = {}
    # Encrypted where the kernel can do it: one that cannot, or is not asked to, warns on stderr.
    config = Config(KernelManager={"transport_encryption": "auto"})
    for path, notebook in notebooks.items():
        client = _Client(
            notebook,
            timeout=cell_timeout,
            resources={"metadata": {"path": str(path.parent)}},
            record_timing=False,
            config=config,
        )
        client.on_cell_complete = client.note_cpu_seconds
        clients[path] = client
    pool = ThreadPoolExecutor(workers)
    try:
        jobs = [pool.submit(run, client, path) for path, client in clients.items()]
        for job in as_completed(jobs):
            yield job.result()
    except BaseException:
        # Ctrl-C, or an error: do not wait for what nobody will read.
        pool.shutdown(wait=False, cancel_futures=True)
        for client in clients.values():
            if (process := client.kernel()) is not None:
                process.kill()
        raise
    finally:
        pool.shutdown()
