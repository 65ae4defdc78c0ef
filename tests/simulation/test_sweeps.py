"""Sweeps: the same bits on every executor; workers, processes and the sweep itself may die."""

from __future__ import annotations

import concurrent.futures
import itertools
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import textwrap
import threading
import time

import numpy as np
import pytest

import fbtools as fb
from fbtools.simulation import sweeps

SPAWN = multiprocessing.get_context("spawn")


def energies(**options):
    return fb.simulate_energy(
        fb.signals.chirp(100, 0.1, 0.3), 40, 50, 12_000, rng=5, distribution="laplace", **options
    )


def bounds(**options):
    """Six chunks of a grid with Bartlett's factor, and a matrix product."""
    return fb.simulate_frame_bounds(40, 32, 20_000, signal_length=1024, rng=6, **options)


@pytest.fixture(scope="module")
def reference():
    return energies(), np.array(bounds())


@pytest.mark.parametrize("kind", ["threads", "processes", "loky"])
def test_same_bits_on_every_executor(kind, reference):
    if kind == "threads":
        executor = concurrent.futures.ThreadPoolExecutor(3)
    elif kind == "processes":
        executor = concurrent.futures.ProcessPoolExecutor(2, mp_context=SPAWN)
    else:
        import loky

        executor = loky.ProcessPoolExecutor(2)
    with executor:
        np.testing.assert_array_equal(energies(executor=executor), reference[0])
        np.testing.assert_array_equal(bounds(executor=executor), reference[1])
        # Left open: it still works.
        assert executor.submit(abs, -3).result() == 3


def test_same_bits_for_any_number_of_threads(reference):
    for workers in (1, 2, 5):
        np.testing.assert_array_equal(energies(workers=workers), reference[0])
        np.testing.assert_array_equal(bounds(workers=workers), reference[1])


def test_a_worker_of_a_cluster_is_killed(tmp_path, reference):
    """dask.distributed with two processes; one is killed when the first chunk is there."""
    import distributed

    victims = []

    def kill_one(client):
        deadline = time.monotonic() + 300
        while not list(tmp_path.glob("chunk-*.npy")) and time.monotonic() < deadline:
            time.sleep(0.002)
        victims.append(pids[0])
        os.kill(pids[0], signal.SIGKILL)

    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        pids = list(client.run(os.getpid).values())
        assert len(set(pids)) == 2
        killer = threading.Thread(target=kill_one, args=(client,))
        killer.start()
        drawn = np.array(bounds(executor=client.get_executor(), checkpoint=tmp_path))
        killer.join()
    assert victims
    np.testing.assert_array_equal(drawn, reference[1])
    np.testing.assert_array_equal(np.array(bounds(checkpoint=tmp_path)), reference[1])


MPI_SWEEP = """
    import sys
    import numpy as np
    import fbtools as fb
    from mpi4py import MPI
    from mpi4py.futures import MPICommExecutor

    with MPICommExecutor(MPI.COMM_WORLD, root=0) as executor:
        if executor is not None:
            drawn = fb.simulate_frame_bounds(
                40, 32, 20_000, signal_length=1024, rng=6, executor=executor
            )
            np.save(sys.argv[1], np.append(np.ravel(drawn), executor.num_workers))
"""


def test_same_bits_on_mpi(tmp_path, reference):
    """Three processes that MPI starts: one that asks and two that draw."""
    launcher = shutil.which("mpiexec", path=os.pathsep.join([scripts(), os.environ["PATH"]]))
    assert launcher is not None
    result = tmp_path / "drawn.npy"
    code = textwrap.dedent(MPI_SWEEP)
    command = [launcher, "-n", "3", sys.executable, "-c", code, str(result)]
    subprocess.run(command, check=True, timeout=600, stdin=subprocess.DEVNULL)
    drawn = np.load(result)
    assert drawn[-1] == 2
    np.testing.assert_array_equal(drawn[:-1], reference[1].ravel())


def scripts():
    """Where this environment keeps its commands, whether or not it is active."""
    return sysconfig.get_path("scripts")


# Three chunks are drawn; two more wait until Ctrl-C, and what begins after that takes longer than
# anybody waits for it. A shell without job control lets what it runs in the background ignore
# Ctrl-C: the handler undoes that, too.
SLOW_SWEEP = """
    import itertools, signal, sys, threading, time
    import fbtools as fb
    from fbtools.simulation import sweeps

    interrupted = threading.Event()

    def interrupt(*_):
        interrupted.set()
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    draw, calls = sweeps.draw_chunk, itertools.count()

    def slowly(*arguments):
        call = next(calls)
        if call >= 3:
            interrupted.wait()
        if call >= 5:
            time.sleep(3 * sweeps.GRACE)
        return draw(*arguments)

    sweeps.draw_chunk = slowly
    fb.simulate_frame_bounds(
        40, 32, 20_000, signal_length=1024, rng=6, workers=2, checkpoint=sys.argv[1]
    )
"""


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
def test_a_sweep_is_killed_and_resumed(sent, tmp_path, reference, monkeypatch):
    """Chunks that were finished are read, all others are drawn; the sum has the same bits."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SLOW_SWEEP), str(tmp_path)], stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 300  # no limit of the test: a sweep that never begins must end
    while len(list(tmp_path.glob("chunk-*.npy"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.002)
    process.send_signal(sent)
    error = process.communicate()[1].decode()
    assert process.returncode != 0
    assert ("KeyboardInterrupt" in error) == (sent == signal.SIGINT)
    n_chunks = -(-20_000 // json.loads((tmp_path / sweeps.MANIFEST).read_text())["chunk"])
    found = {file: file.stat().st_mtime_ns for file in tmp_path.glob("chunk-*.npy")}
    assert 2 <= len(found) < n_chunks
    calls = []
    draw = sweeps.draw_chunk
    monkeypatch.setattr(sweeps, "draw_chunk", lambda *args: (calls.append(1), draw(*args))[1])
    np.testing.assert_array_equal(np.array(bounds(checkpoint=tmp_path)), reference[1])
    assert len(calls) == n_chunks - len(found)
    assert {file: file.stat().st_mtime_ns for file in found} == found
    np.testing.assert_array_equal(np.array(bounds(checkpoint=tmp_path)), reference[1])
    assert len(calls) == n_chunks - len(found)


def test_what_runs_at_an_error_is_kept(tmp_path, monkeypatch):
    """The first chunk fails while the second runs: that one is kept, those behind never begin."""
    both_begun, failed = threading.Barrier(2), threading.Event()
    calls, wait = itertools.count(), sweeps.wait

    def sampler(size, rng):
        call = next(calls)
        if call < 2:
            both_begun.wait()
        if call == 0:
            raise RuntimeError("no power")
        failed.wait()
        return rng.random(size)

    monkeypatch.setattr(sweeps, "wait", lambda *args: (failed.set(), wait(*args))[1])
    monkeypatch.setattr(sweeps, "GRACE", 300)
    with pytest.raises(RuntimeError, match="no power"):
        sweeps.run_sweep(sampler, 100, 1, {"what": "test"}, 0, workers=2, checkpoint=tmp_path)
    # The worker that has failed may have begun another before the others were called off.
    assert 1 <= len(list(tmp_path.glob("chunk-*.npy"))) <= 2
    assert not list(tmp_path.glob(".unfinished*"))


def test_one_progress_bar_over_all_draws(capsys, tmp_path):
    bounds(checkpoint=tmp_path, workers=2)
    assert capsys.readouterr().err == ""
    (tmp_path / "chunk-000002.npy").unlink()
    bounds(checkpoint=tmp_path, workers=2, progress=True)
    shown = capsys.readouterr().err
    assert "20.0k/20.0k" in shown
    assert shown.count("\n") == 1


def test_a_generator_may_be_the_seed_of_a_checkpoint(tmp_path):
    x = fb.signals.impulse(16)
    one, two = (
        fb.simulate_energy(x, 2, 4, 9, rng=np.random.default_rng(3), checkpoint=tmp_path)
        for _ in range(2)
    )
    np.testing.assert_array_equal(one, two)
    used = np.random.default_rng(3)
    used.spawn(1)
    message = (
        r"first_spawn_key = \[0\], not \[1\]: pass .*the seed or a generator made from it anew"
    )
    with pytest.raises(fb.FilterbankError, match=message):
        fb.simulate_energy(x, 2, 4, 9, rng=used, checkpoint=tmp_path)


def base(tmp_path, **changes):
    arguments = {
        "x": fb.signals.impulse(16),
        "n_filters": 2,
        "filter_length": 4,
        "n_draws": 9,
        "rng": 3,
    }
    return fb.simulate_energy(**{**arguments, "checkpoint": tmp_path, **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rng": 4}, "entropy = 3, not 4"),
        ({"rng": None}, "rng is None"),
        ({"n_filters": 3}, "n_filters = 2, not 3"),
        ({"filter_length": 5}, "filter_length = 4, not 5"),
        ({"n_draws": 10}, "n_draws = 9, not 10"),
        ({"x": fb.signals.chirp(16, 0.1, 0.2)}, "a sweep with x = "),
        ({"distribution": "laplace"}, "distribution = normal, not laplace|chunk"),
        ({"checkpoint": __file__}, "checkpoint is"),
        ({"checkpoint": None, "workers": 2, "executor": concurrent.futures.Executor()}, "workers"),
        ({"executor": 3}, "executor is 3"),
        ({"rng": np.random.Generator(np.random.PCG64(5).jumped())}, "entropy|has a"),
    ],
)
def test_another_sweep_is_refused(tmp_path, changes, message):
    base(tmp_path)
    with pytest.raises(fb.FilterbankError, match=message):
        base(tmp_path, **changes)
    base(tmp_path)


def test_damaged_checkpoints_are_refused(tmp_path):
    base(tmp_path)
    file = tmp_path / "chunk-000000.npy"
    whole = file.read_bytes()
    file.write_bytes(whole[:-8])
    with pytest.raises(fb.FilterbankError, match=r"chunk-000000.npy, which cannot be read"):
        base(tmp_path)
    file.write_bytes(b"")
    with pytest.raises(fb.FilterbankError, match=r"chunk-000000.npy, which cannot be read"):
        base(tmp_path)
    np.save(file, np.ones(8))
    with pytest.raises(fb.FilterbankError, match="with 8 draws instead of 9"):
        base(tmp_path)
    file.write_bytes(whole)
    base(tmp_path)
    (tmp_path / sweeps.MANIFEST).unlink()
    with pytest.raises(fb.FilterbankError, match=f"no {sweeps.MANIFEST}"):
        base(tmp_path)


@pytest.mark.parametrize(
    "kind", [concurrent.futures.ThreadPoolExecutor, concurrent.futures.ProcessPoolExecutor]
)
def test_an_executor_that_was_shut_down_is_refused(kind):
    executor = kind(1)
    executor.shutdown()
    with pytest.raises(fb.FilterbankError, match=r"executor is .* is not shut down"):
        fb.simulate_energy(fb.signals.impulse(16), 2, 4, 9, rng=0, executor=executor)


def test_a_chunk_that_does_not_fit_in_memory_is_an_error_of_ours():
    def sampler(size, rng):
        return rng.random((size, 2**50))

    with pytest.raises(fb.FilterbankError, match="chunk 0 of the sweep does not fit in memory"):
        sweeps.run_sweep(sampler, 1, 1, {"what": "too much"}, 0)


def test_memory_is_asked_for_the_whole_result_before_it_is_used(monkeypatch):
    """Before the first draw at one number each, and when the first rows show how many there are."""
    asked = []
    monkeypatch.setattr(sweeps, "check_memory", lambda n_numbers, what: asked.append(n_numbers))
    rows = sweeps.run_sweep(lambda n, rng: rng.random((n, 5)), 7, 3, {"what": "test"}, 0)
    assert rows.shape == (7, 5)
    assert asked == [7, 35]


def test_a_generator_without_a_seed_sequence_is_refused():
    class Fixed(np.random.bit_generator.ISpawnableSeedSequence):
        def generate_state(self, n_words, dtype=np.uint32):
            return np.ones(n_words, dtype=dtype)

        def spawn(self, n_children):
            return [self] * n_children

    generator = np.random.Generator(np.random.PCG64(Fixed()))
    with pytest.raises(fb.FilterbankError, match="rng is a Generator without a seed sequence"):
        fb.simulate_energy(fb.signals.impulse(16), 2, 4, 9, rng=generator)


def test_a_random_state_has_no_streams_to_spawn():
    with pytest.raises(fb.FilterbankError, match="rng is a RandomState without a seed sequence"):
        fb.simulate_energy(fb.signals.impulse(16), 2, 4, 9, rng=np.random.RandomState(0))


def test_a_seed_sequence_is_that_of_its_seed():
    x = fb.signals.impulse(16)
    of_the_seed = fb.simulate_energy(x, 2, 4, 9, rng=3)
    sequence = np.random.SeedSequence(3)
    np.testing.assert_array_equal(fb.simulate_energy(x, 2, 4, 9, rng=sequence), of_the_seed)
    # It counts what it has spawned, as NumPy has it.
    assert (fb.simulate_energy(x, 2, 4, 9, rng=sequence) != of_the_seed).all()
