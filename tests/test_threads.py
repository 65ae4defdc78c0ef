"""Same seed, same bits: whatever the number of threads of the linear algebra, on this processor.

On another processor, which other kernels stand in for here, the same up to rounding.
"""

from __future__ import annotations

import io
import os
import platform
import subprocess
import sys
import textwrap
import types
import weakref

import numpy as np
import pytest
import threadpoolctl

import fbtools.threads
from fbtools.simulation.sweeps import draw_chunk
from fbtools.threads import one_thread_of_linear_algebra

# Every path of the simulations, and the other functions that promise the same bits for a seed.
DRAWS = """
    import sys
    import numpy as np
    import fbtools as fb

    x = fb.signals.brown_noise(4000, rng=0)
    simulate = fb.simulate_frame_bounds
    drawn = {
        "grid": simulate(40, 32, 2000, signal_length=1024, rng=6),
        "grid, law": simulate(40, 32, 2000, signal_length=1024, rng=6, method="law"),
        "long filters": simulate(10, 200, 50, signal_length=1024, rng=6),
        "circle": simulate(10, 32, 200, rng=6),
        "fibres": simulate(64, 128, 20, signal_length=2048, stride=32, rng=6),
        "fibres, circle": simulate(24, 64, 20, stride=16, rng=6),
        "energy": fb.simulate_energy(x, 10, 400, 300, rng=6),
        "energy, law": fb.simulate_energy(x, 10, 1024, 3000, rng=6, method="law"),
        "energy, Laplace": fb.simulate_energy(x, 4, 1024, 100, rng=6, distribution="laplace"),
        "law": fb.EnergyLaw(x, 10, 1024).rvs(1000, rng=6),
        "orthogonal": fb.filterbanks.orthogonal_filterbank(300, 300, rng=6),
        "tight": fb.tight_filterbank(24, 64, stride=8, rng=6),
    }
    np.savez(sys.stdout.buffer, **{name: np.array(rows) for name, rows in drawn.items()})
"""


def draw(**environment: str) -> dict[str, np.ndarray]:
    """Return what a process of its own draws, with some variables set."""
    kept = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(DRAWS)],
        env={**kept, **environment},
        capture_output=True,
        check=True,
    )
    with np.load(io.BytesIO(result.stdout)) as arrays:
        return dict(arrays)


def threads(count: int) -> dict[str, str]:
    """Return the variables that set the number of threads."""
    return dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(count))


@pytest.fixture(scope="module")
def one_thread() -> dict[str, np.ndarray]:
    """Return the draws with one thread."""
    return draw(**threads(1))


@pytest.mark.parametrize("count", [2, 4])
def test_same_bits_for_any_number_of_threads_of_the_linear_algebra(one_thread, count):
    drawn = draw(**threads(count))
    different = [name for name in one_thread if drawn[name].tobytes() != one_thread[name].tobytes()]
    assert different == []


def other_kernels() -> list[dict[str, str]]:
    """Return variables that choose kernels which this processor has, but would not take."""
    if platform.machine() not in ("x86_64", "AMD64"):
        return [{"OPENBLAS_CORETYPE": "ARMV8"}]
    return [
        {"OPENBLAS_CORETYPE": "Nehalem"},
        {"OPENBLAS_CORETYPE": "Nehalem", "NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3"},
    ]


@pytest.mark.parametrize("kernels", other_kernels(), ids=lambda kernels: " ".join(kernels))
def test_another_processor_changes_no_more_than_rounding(one_thread, kernels):
    """Relative to the largest value: bounds are B (1 + rounding), whatever A is.

    Rounding: 1e-12 in double precision for sums of some thousand products. In single precision (on
    a grid by way of the law, J >= 5) roots are off by up to 1e-6 sqrt(T), squares by twice that.
    """
    for name, rows in draw(**threads(1), **kernels).items():
        reference = one_thread[name]
        tolerance = 2e-6 * np.sqrt(32) if name == "grid, law" else 1e-12
        scale = np.abs(reference).max()
        # The search for the extremes anywhere may stop one step earlier: 1e-9 (B - A), documented.
        if "circle" in name:
            tolerance = 1e-9
        np.testing.assert_allclose(rows / scale, reference / scale, rtol=0, atol=tolerance)


def blas_threads() -> set[int]:
    """Return the numbers of threads of the BLAS libraries of this process."""
    pools = threadpoolctl.threadpool_info()
    return {pool["num_threads"] for pool in pools if pool["user_api"] == "blas"}


OVERLAP = """
    import threading
    import threadpoolctl
    from fbtools.threads import one_thread_of_linear_algebra

    def threads():
        pools = threadpoolctl.threadpool_info()
        return sorted({pool["num_threads"] for pool in pools if pool["user_api"] == "blas"})

    opened, close = threading.Event(), threading.Event()

    def other():
        with one_thread_of_linear_algebra():
            opened.set()
            close.wait(60)

    thread = threading.Thread(target=other)
    print(threads())
    with one_thread_of_linear_algebra():
        thread.start()
        opened.wait(60)
    print(threads())
    close.set()
    thread.join()
    print(threads())
    with threadpoolctl.threadpool_limits(1, user_api="blas"):
        print(threads())
        with one_thread_of_linear_algebra():
            print(threads())
        print(threads())
    print(threads())
    try:
        with one_thread_of_linear_algebra():
            1 / 0
    except ZeroDivisionError:
        print(threads())
"""


def test_threads_are_given_back_by_the_last_of_several_blocks():
    """Blocks of two threads that overlap; a caller with a limit of its own; an error in a block."""
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(OVERLAP)],
        env={**os.environ, **threads(2)},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = result.stdout.split()
    most = lines[0]  # two, where there are two cores
    assert lines == [most, "[1]", most, "[1]", "[1]", "[1]", most, most]


def test_threads_are_given_back_after_an_error():
    @one_thread_of_linear_algebra()
    def fail() -> None:
        assert blas_threads() == {1}
        raise ZeroDivisionError

    before = blas_threads()
    with pytest.raises(ZeroDivisionError):
        fail()
    assert blas_threads() == before


def test_chunks_are_drawn_by_one_thread():
    """As in a process of a pool, where no simulation has set a limit."""
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        seen = draw_chunk(lambda *_: np.array(sorted(blas_threads())), 2, np.random.SeedSequence(0))
    assert seen.tolist() == [1]


def test_a_forked_process_has_a_limit_of_its_own():
    """Pools of processes that fork while a sweep runs: the child must neither hang nor be late."""
    code = """
        import multiprocessing
        from fbtools.threads import one_thread_of_linear_algebra

        def work():
            with one_thread_of_linear_algebra():
                pass

        with one_thread_of_linear_algebra():
            child = multiprocessing.get_context("fork").Process(target=work)
            child.start()
            child.join(60)
        print(child.exitcode)
    """
    command = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(code)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert result.stdout == "0\n", result.stderr


INTERRUPTED = """
    import os, signal, threading, time
    import numpy as np
    import threadpoolctl
    import fbtools as fb

    def threads():
        pools = threadpoolctl.threadpool_info()
        return {pool["num_threads"] for pool in pools if pool["user_api"] == "blas"}

    signal.signal(signal.SIGINT, signal.default_int_handler)
    x, before = fb.signals.brown_noise(300, rng=0), threads()
    law, rng = fb.EnergyLaw(x, 3, 100), np.random.default_rng(0)
    calls = [lambda: fb.EnergyLaw(x, 3, 200), lambda: law.rvs(10, rng=0),
             lambda: fb.simulate_energy(x, 3, 16, 5, rng=0)]
    for call in calls:  # a module whose import was interrupted would stay half made
        call()
    for round in range(30):
        timer = threading.Timer(rng.uniform(0.01, 0.05), os.kill, (os.getpid(), signal.SIGINT))
        try:
            timer.start()
            while True:
                calls[round % 3]()
        except KeyboardInterrupt:
            pass
        timer.join()
        deadline = time.monotonic() + 300
        while threads() != before and time.monotonic() < deadline:
            time.sleep(0.01)
        assert threads() == before, round
"""


def test_no_interrupt_is_lost_in_a_finalizer():
    """Python prints and forgets an exception of a finalizer, Ctrl-C as any other."""
    block = fbtools.threads._Block()
    try:
        fbtools.threads._process.open(block)
        assert isinstance(block.told.__callback__, types.BuiltinMethodType)
        assert weakref.getweakrefcount(block) == 1
    finally:
        fbtools.threads._process.close(block)


def test_threads_are_given_back_after_any_interrupt():
    """Ctrl-C may come while the limit is being set, or before the block has begun."""
    subprocess.run(
        [sys.executable, "-c", textwrap.dedent(INTERRUPTED)],
        env={**os.environ, **threads(2)},
        check=True,
        timeout=1000,
    )


AT_THE_END = """
    import atexit, os, threading
    import numpy as np
    import fbtools as fb

    def law(name):
        print(name, fb.EnergyLaw(np.ones(8), 2, 4).sf(1.0) > 0, flush=True)

    def late():
        threading.main_thread().join()
        law("thread")

    atexit.register(law, "exit")
    law("main")
    threading.Thread(target=late).start()
"""


def test_laws_are_made_until_the_very_end_of_a_process():
    """By a thread that outlives the main one, and by what runs at exit."""
    command = [sys.executable, "-c", textwrap.dedent(AT_THE_END)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=600, check=True)
    assert result.stdout.split("\n")[:3] == ["main True", "thread True", "exit True"]
    assert result.stderr == ""


FORKED = """
    import os
    import threadpoolctl
    from fbtools.threads import one_thread_of_linear_algebra

    def threads():
        pools = threadpoolctl.threadpool_info()
        return {pool["num_threads"] for pool in pools if pool["user_api"] == "blas"}

    before = threads()
    with one_thread_of_linear_algebra():
        child = os.fork()
        if child == 0:
            found = threads() == before
            with one_thread_of_linear_algebra():
                found &= threads() == {1}
            os._exit(0 if found and threads() == before else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert threads() == {1}
    assert threads() == before
"""


def test_a_forked_process_begins_with_the_threads_its_parent_had():
    command = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(FORKED)]
    subprocess.run(command, env={**os.environ, **threads(2)}, timeout=600, check=True)
