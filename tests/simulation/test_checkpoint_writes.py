"""Checkpoints that are written: full disks, Ctrl-C, torn lines, and others in the directory."""

from __future__ import annotations

import concurrent.futures
import errno
import os
import re
import stat
import threading

import numpy as np
import pytest
from small_sweep import JOURNAL, MANIFEST, N_CHUNKS, assert_true, sweep, uniform

import fbtools as fb
from fbtools.simulation import checkpoints, sweeps


def fail_at(monkeypatch, name, count, error):
    """Let a function of `os` raise an error at its call number `count` and, if full, after."""
    original, calls = getattr(os, name), []

    def failing(*args, **options):
        calls.append(1)
        if len(calls) == count or (len(calls) > count and isinstance(error, OSError)):
            raise error
        return original(*args, **options)

    monkeypatch.setattr(os, name, failing)


def unfinished(folder):
    return list(folder.glob(".unfinished*"))


@pytest.mark.parametrize("name", ["fsync", "replace"])
@pytest.mark.parametrize("count", range(1, 8))
def test_a_full_disk_is_named_and_what_is_finished_is_kept(tmp_path, monkeypatch, name, count):
    with monkeypatch.context() as patch:
        fail_at(patch, name, count, OSError(errno.ENOSPC, "No space left on device"))
        try:
            sweep(tmp_path)
        except fb.FilterbankError as error:
            message = str(error)
        else:
            assert name == "replace"  # fewer of these: manifest and chunks
            assert count > 1 + N_CHUNKS
            return
    kept = len(list(tmp_path.glob("chunk-*.npy")))
    assert str(tmp_path) in message
    assert "No space left on device" in message
    mount = re.search(r"mounted at (.+?)\)", message)[1]
    assert os.path.ismount(mount)
    assert os.stat(mount).st_dev == tmp_path.stat().st_dev
    assert f"finished so far ({kept}) are kept: make room there" in message
    assert message.endswith("where rng is a generator, with one made anew from its seed.")
    assert not unfinished(tmp_path)
    assert_true(tmp_path, drawn=N_CHUNKS - kept)


@pytest.mark.parametrize("name", [JOURNAL, "the directory"])
@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_what_cannot_be_written_is_named(tmp_path, monkeypatch, name, number):
    """As if permissions were to blame, also for root: the file if it is one of ours."""
    original = checkpoints._write

    def write(file, mode, content):
        if (file.name == JOURNAL) == (name == JOURNAL):
            raise OSError(number, os.strerror(number), str(file))
        original(file, mode, content)

    monkeypatch.setattr(checkpoints, "_write", write)
    with pytest.raises(fb.FilterbankError, match=f"are kept: make {name} writable, and run"):
        sweep(tmp_path)


def test_a_journal_that_cannot_be_made_is_the_fault_of_the_directory(tmp_path, monkeypatch):
    def touch(file):
        raise PermissionError(errno.EACCES, "Permission denied", str(file))

    monkeypatch.setattr(checkpoints.Path, "touch", touch)
    with pytest.raises(fb.FilterbankError, match="make the directory writable"):
        sweep(tmp_path)


def test_a_line_that_a_full_disk_has_torn_costs_one_chunk(tmp_path):
    """A real limit, on the size of files: some of a line is written, and the rest is not."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    sweep(tmp_path / "whole")
    line = len((tmp_path / "whole" / JOURNAL).read_bytes()) // N_CHUNKS
    limit = max(2 * line + line // 2, (tmp_path / "whole" / MANIFEST).stat().st_size)
    assert limit < 3 * line
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        with pytest.raises(fb.FilterbankError, match=r"File too large.*finished so far \(2\)"):
            sweep(tmp_path / "full")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert len((tmp_path / "full" / JOURNAL).read_bytes()) == limit
    assert_true(tmp_path / "full", drawn=1)
    assert_true(tmp_path / "full", drawn=0)


@pytest.mark.parametrize(
    ("name", "count"), [*(("fsync", n) for n in range(2, 8)), *(("replace", n) for n in (2, 3, 4))]
)
def test_a_chunk_that_is_drawn_is_kept_when_ctrl_c_comes_while_it_is_saved(
    tmp_path, monkeypatch, name, count
):
    drawn = []

    def sampler(size, rng):
        drawn.append(size)
        return rng.random(size)

    monkeypatch.setattr(sweeps, "GRACE", 300)
    with monkeypatch.context() as patch:
        fail_at(patch, name, count, KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            sweep(tmp_path, sampler=sampler)
    assert not unfinished(tmp_path)
    # All that were drawn: one may have begun after another was saved.
    assert_true(tmp_path, drawn=N_CHUNKS - len(drawn))


def test_the_error_of_a_draw_is_not_hidden_by_a_full_disk(tmp_path, monkeypatch):
    """One chunk fails; two others are finished after that, and cannot be saved."""
    all_begun, failed = threading.Barrier(3), threading.Event()
    wait = sweeps.wait

    def sampler(size, rng):
        all_begun.wait()
        if size == 1:
            raise RuntimeError("no power")
        failed.wait()
        return rng.random(size)

    monkeypatch.setattr(sweeps, "wait", lambda *args: (failed.set(), wait(*args))[1])
    fail_at(monkeypatch, "fsync", 2, OSError(errno.ENOSPC, "No space left on device"))
    with pytest.raises(RuntimeError, match="no power"):
        sweep(tmp_path, sampler=sampler, workers=3)


def test_a_journal_cut_anywhere_costs_no_more_than_the_chunks_cut_off(tmp_path, monkeypatch):
    """After a power failure the end of a file may be missing; the next line begins anew."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)  # hundreds of sweeps
    folder = tmp_path
    sweep(folder)
    whole = (folder / JOURNAL).read_bytes()
    lines = whole.count(b"\n")
    assert lines == N_CHUNKS
    for length in range(len(whole)):
        (folder / JOURNAL).write_bytes(whole[:length])
        left = sum(part.endswith(b"}") for part in whole[:length].split(b"\n"))
        assert_true(folder, drawn=N_CHUNKS - left)
        assert_true(folder, drawn=0)


@pytest.mark.parametrize("mask", [0o022, 0o027, 0o077])
def test_files_follow_the_umask(tmp_path, mask):
    before = os.umask(mask)
    try:
        sweep(tmp_path / "sweep")
    finally:
        os.umask(before)
    modes = {
        file.name: stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "sweep").iterdir()
    }
    assert len(modes) == 2 + N_CHUNKS
    assert set(modes.values()) == {0o666 & ~mask}


def test_two_sweeps_may_share_a_directory(tmp_path):
    def many(_):
        return sweeps.run_sweep(
            uniform, 200, 2, {"what": "many"}, 0, workers=2, checkpoint=tmp_path
        )

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        results = list(pool.map(many, range(3)))
    for rows in [*results, many(None)]:
        np.testing.assert_array_equal(rows, results[0])
    assert not unfinished(tmp_path)


def test_different_sweeps_at_once_in_one_directory_do_not_mix(tmp_path):
    """Both may have found it empty: each is true or refused, then and later."""

    def one(seed):
        try:
            return sweep(tmp_path, rng=seed)
        except fb.FilterbankError:
            return None

    truths = [sweep(tmp_path / f"alone {seed}", rng=seed) for seed in (0, 1)]
    for _ in range(20):
        for file in tmp_path.glob("*.*"):
            file.unlink()
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            results = list(pool.map(one, (0, 1)))
        results += [one(0), one(1)]
        for rows, truth in zip(results, 2 * truths, strict=True):
            assert rows is None or np.array_equal(rows, truth)


def test_draws_that_are_not_finite_are_refused_and_not_kept(tmp_path):
    def broken(size, rng):
        return np.full(size, np.nan)

    for folder in (None, tmp_path):
        with pytest.raises(fb.FilterbankError, match="not finite"):
            sweep(folder, sampler=broken)
    assert not list(tmp_path.glob("chunk-*.npy"))
    assert_true(tmp_path, drawn=N_CHUNKS)
