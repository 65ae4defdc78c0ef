"""Checkpoints that are read: what was stored, or an error that names the file and the remedy."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import re
import shutil
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st
from small_sweep import JOURNAL, MANIFEST, N_CHUNKS, TRUTH, assert_true, files, sweep

import fbtools as fb


@pytest.fixture
def folder(tmp_path):
    """A finished sweep."""
    np.testing.assert_array_equal(sweep(tmp_path / "sweep"), TRUTH)
    return tmp_path / "sweep"


def rewrite(change):
    return lambda file: file.write_bytes(change(file.read_bytes()))


def save(array):
    return lambda file: np.save(file, array, allow_pickle=True)


def swap(file):
    other = file.with_name("chunk-000000.npy")
    one, two = file.read_bytes(), other.read_bytes()
    file.write_bytes(two)
    other.write_bytes(one)


def another_seed(file):
    sweep(file.parent.parent / "other", rng=1)
    shutil.copy(file.parent.parent / "other" / file.name, file)


def claim(shape):
    def write(file):
        with file.open("wb") as out:
            header = {"descr": "<f8", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(out, header)
            out.write(bytes(24))

    return write


def instead_of_file(make):
    return lambda file: (file.unlink(), make(file))


def zipped(file):
    with file.open("wb") as out:
        np.savez(out, np.ones(3))


DAMAGES = {
    "one flipped bit": rewrite(lambda b: b[:140] + bytes([b[140] ^ 1]) + b[141:]),
    "zeros after the header": rewrite(lambda b: b[:128] + bytes(len(b) - 128)),
    "swapped with another chunk": swap,
    "a chunk of another seed": another_seed,
    "NaN": save(np.array([0.5, np.nan, 0.5])),
    "other numbers": save(np.ones(3)),
    "complex": save(np.ones(3, complex)),
    "single precision": save(np.ones(3, np.float32)),
    "other byte order": save(np.ones(3, ">f8")),
    "strings": save(np.array(["a", "b", "c"])),
    "objects": save(np.array([1, None, "c"], object)),
    "wrong dimension": save(np.ones((3, 1))),
    "no dimension": save(np.float64(3.0)),
    "two draws": save(np.ones(2)),
    "10^14 draws": claim((10**14,)),
    "10^14 columns": claim((3, 10**14)),
    "less than no columns": claim((3, -1)),
    "zip": zipped,
    "half a zip": rewrite(lambda b: b"PK\x03\x04" + b),
    "text": rewrite(lambda b: b"1.0 2.0 3.0\n"),
    "pickle": rewrite(lambda b: b"\x80\x04K\x01."),
    "only the magic": rewrite(lambda b: b[:6]),
    "another version of the format": rewrite(lambda b: b[:6] + b"\x02" + b[7:]),
    "header without end": rewrite(lambda b: b[:10] + b"{" * 118 + b[128:]),
    "header too deep": rewrite(lambda b: b[:8] + b"\x28\x23" + b"-" * 8999 + b"1" + b[128:]),
    "header of nonsense": rewrite(lambda b: b[:10] + b"{1: 2, 'a': 3}".ljust(118) + b[128:]),
    "empty": rewrite(lambda b: b""),
    "cut": rewrite(lambda b: b[:-8]),
    "longer": rewrite(lambda b: b + bytes(8)),
    "directory": instead_of_file(Path.mkdir),
    "dangling link": instead_of_file(lambda file: file.symlink_to("nowhere")),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_chunk_is_refused_and_drawn_again_once_deleted(folder, damage):
    file = folder / "chunk-000001.npy"
    damage(file)
    undamaged = (folder / "chunk-000002.npy").stat().st_mtime_ns
    with pytest.raises(fb.FilterbankError, match=r"chunk-00000\d\.npy.*delete that file") as error:
        sweep(folder)
    assert str(folder) in str(error.value)
    for word in ("pickle", "unsafe", "trust"):  # the advice that NumPy gives
        assert word not in str(error.value)
    file.rmdir() if file.is_dir() else file.unlink()
    if damage is swap:
        (folder / "chunk-000000.npy").unlink()
    assert_true(folder, drawn=1 + (damage is swap))
    assert_true(folder, drawn=0)
    assert (folder / "chunk-000002.npy").stat().st_mtime_ns == undamaged


def refuse_to_open(monkeypatch, name, number):
    """Let this name fail as if a disk or its permissions were to blame, also for root."""
    fail_to_open(monkeypatch, name, OSError(number, os.strerror(number), name))


def fail_to_open(monkeypatch, name, error):
    original = io.open

    def opened(file, *args, **options):
        if Path(file).name == name:
            raise error
        return original(file, *args, **options)

    monkeypatch.setattr(io, "open", opened)


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES, errno.EMFILE])
@pytest.mark.parametrize("name", ["chunk-000001.npy", MANIFEST, JOURNAL])
def test_what_cannot_be_read_is_named(folder, monkeypatch, number, name):
    with monkeypatch.context() as patch:
        refuse_to_open(patch, name, number)
        message = f"{re.escape(str(folder))}.*{name}.*{os.strerror(number)}.*make it readable"
        with pytest.raises(fb.FilterbankError, match=message) as caught:
            sweep(folder)
    assert "delete" not in str(caught.value)
    assert_true(folder, drawn=0)


def test_a_directory_that_cannot_be_read_is_itself_named(folder, monkeypatch):
    refuse_to_open(monkeypatch, MANIFEST, errno.EACCES)
    monkeypatch.setattr(os, "access", lambda path, mode: path != folder)
    with pytest.raises(fb.FilterbankError, match=r"' cannot be read .*: make it readable"):
        sweep(folder)


@pytest.mark.parametrize("name", ["chunk-000001.npy", MANIFEST, JOURNAL])
def test_want_of_memory_is_no_damage(folder, monkeypatch, name):
    with monkeypatch.context() as patch:
        fail_to_open(patch, name, MemoryError())
        message = f"{name}, which cannot be read .not enough memory.: make it readable"
        with pytest.raises(fb.FilterbankError, match=message) as caught:
            sweep(folder)
    assert "delete" not in str(caught.value)
    assert_true(folder, drawn=0)


@pytest.mark.parametrize("path", ["", 5, b"bytes"])
def test_what_names_no_directory_is_refused(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(fb.FilterbankError, match=r"checkpoint is .*: pass the path of") as caught:
        sweep(path)
    assert "bytes," not in str(caught.value)
    assert not list(tmp_path.iterdir())


MANIFESTS = {
    "empty": b"",
    "list": b"[]",
    "null": b"null",
    "number": b"3",
    "cut": b'{"format": 2,',
    "binary": bytes(range(256)),
    "deep": b"[" * 10**5,
    "long": b"9" * 10**4,
}


@pytest.mark.parametrize("content", MANIFESTS.values(), ids=MANIFESTS)
def test_a_damaged_manifest_is_refused(folder, content):
    whole = (folder / MANIFEST).read_bytes()
    (folder / MANIFEST).write_bytes(content)
    with pytest.raises(fb.FilterbankError, match=f"a {MANIFEST} that cannot be read.*or delete it"):
        sweep(folder)
    (folder / MANIFEST).write_bytes(whole)
    assert_true(folder, drawn=0)


@pytest.mark.parametrize("name", [MANIFEST, JOURNAL])
def test_a_directory_in_place_of_manifest_or_journal_is_refused(folder, name):
    (folder / name).unlink()
    (folder / name).mkdir()
    with pytest.raises(fb.FilterbankError, match=f"a {name} that cannot be read.*or delete it"):
        sweep(folder)


def test_without_journal_nothing_is_read_or_drawn(folder):
    (folder / JOURNAL).unlink()
    with pytest.raises(fb.FilterbankError, match="no chunk can be verified: use another directory"):
        sweep(folder)


def test_an_earlier_format_is_refused(folder):
    manifest = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps({**manifest, "format": 1}))
    message = r"another version of fbtools \(format 1, not 2\).*use another directory, or delete it"
    with pytest.raises(fb.FilterbankError, match=message):
        sweep(folder)


def test_foreign_files_are_neither_read_nor_touched(folder):
    names = ["chunk-abc.npy", "chunk-000000 (copy).npy", "chunk-0.npy", "chunk-0000001.npy"]
    names += ["chunk-000003.npy", "chunk-000001.npy.bak", "chunk-٠٠٠٠٠١.npy", ".unfinished-abc"]
    for name in names:
        (folder / name).write_bytes(b"mine")
    assert_true(folder, drawn=0)
    for name in names:
        assert (folder / name).read_bytes() == b"mine"
    foreign = folder.parent / "only foreign files"
    foreign.mkdir()
    (foreign / "chunk-abc.npy").write_bytes(b"mine")
    assert_true(foreign, drawn=N_CHUNKS)


@pytest.mark.parametrize("option", ["n_filters", "filter_length", "signal_length", "stride"])
def test_the_argument_that_was_changed_is_named(tmp_path, option):
    """Another J also changes the size of chunks, which nobody has passed."""
    arguments = {"n_filters": 40, "filter_length": 128, "signal_length": 1024, "stride": 2}
    fb.simulate_frame_bounds(**arguments, n_draws=1, rng=0, checkpoint=tmp_path)
    changed = arguments | {option: 2 * arguments[option]}
    with pytest.raises(fb.FilterbankError, match=f"{option} = {arguments[option]}, not"):
        fb.simulate_frame_bounds(**changed, n_draws=1, rng=0, checkpoint=tmp_path)


def test_seeds_that_look_alike_are_told_apart(tmp_path):
    """Long arrays of entropy print alike, and the size of the pool is no part of the entropy."""
    entropy = np.zeros(2000, np.uint32)
    other = entropy.copy()
    other[1000] = 1
    for seeds in [
        [np.random.SeedSequence(entropy), np.random.SeedSequence(other)],
        [np.random.SeedSequence(1), np.random.SeedSequence(1, pool_size=8)],
    ]:
        folder = tmp_path / str(seeds[1].pool_size)
        one, two = (np.random.Generator(np.random.PCG64(seed)) for seed in seeds)
        sweep(folder, rng=one)
        with pytest.raises(fb.FilterbankError, match="a sweep with rng of "):
            sweep(folder, rng=two)


def test_chunks_with_lines_from_another_directory_are_drawn_again(folder):
    """Two directories merged by hand: the lines name the sweep that they are of."""
    other = folder.parent / "other"
    sweep(other, rng=1)
    for name in ("chunk-000000.npy", "chunk-000001.npy", JOURNAL):
        shutil.copy(other / name, folder)
    assert_true(folder, drawn=N_CHUNKS)


@pytest.fixture
def no_fsync(monkeypatch):
    """Thousands of sweeps that need not outlive a power failure."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)


def restore(folder, contents):
    for file in folder.iterdir():
        if file.name not in contents:
            file.unlink()
    for name, content in contents.items():
        (folder / name).write_bytes(content)


def assert_true_or_refused(folder):
    try:
        rows = sweep(folder)
    except fb.FilterbankError:
        return "refused"
    np.testing.assert_array_equal(rows, TRUTH)
    return "true"


def test_no_flipped_bit_of_any_file_goes_unnoticed(no_fsync, folder):
    """One bit of every byte, each bit in its turn; of the numbers themselves, every bit."""
    contents = files(folder)
    outcomes = dict.fromkeys(contents, frozenset())
    for name, content in contents.items():
        for position in range(len(content)):
            is_number = name.startswith("chunk-0") and position >= 128
            for bit in range(8) if is_number else [position % 8]:
                restore(folder, contents)
                changed = bytearray(content)
                changed[position] ^= 1 << bit
                (folder / name).write_bytes(changed)
                outcomes[name] |= {assert_true_or_refused(folder)}
    assert {outcomes[name] for name in contents if name.startswith("chunk-0")} == {
        frozenset({"refused"})
    }


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A finished sweep and its files, for tests that put it back themselves."""
    folder = tmp_path_factory.mktemp("sweep")
    sweep(folder)
    return folder, files(folder)


@hypothesis.settings(
    max_examples=300, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)
@hypothesis.given(data=st.data())
def test_no_change_of_any_file_goes_unnoticed(no_fsync, sound, data):
    """Bytes overwritten, put in or left out, anywhere."""
    folder, contents = sound
    restore(folder, contents)
    name = data.draw(st.sampled_from(sorted(contents)))
    content = contents[name]
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 40)))
    new = data.draw(st.binary(max_size=40))
    (folder / name).write_bytes(content[:start] + new + content[end:])
    assert_true_or_refused(folder)


def test_one_line_and_one_file_a_chunk(folder):
    """What another program needs to verify a chunk: sha256sum, and the seed from its spawn key."""
    entries = [json.loads(line) for line in (folder / JOURNAL).read_text().split("\n") if line]
    for entry in entries:
        content = (folder / f"chunk-{entry['index']:06d}.npy").read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
        seed = np.random.SeedSequence(0, spawn_key=entry["spawn_key"])
        rows = np.load(io.BytesIO(content))
        np.testing.assert_array_equal(
            rows, np.random.Generator(np.random.SFC64(seed)).random(rows.size)
        )
    assert sorted(entry["index"] for entry in entries) == list(range(N_CHUNKS))
