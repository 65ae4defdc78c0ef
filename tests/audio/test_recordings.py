"""Recordings: slices, excerpts, and files in the cache that are damaged or cannot be read.

Every test holds with the recordings and without; nothing here needs the network.
"""

import errno
import hashlib
import os
import threading

import numpy as np
import pooch
import pytest
import soundfile

from fbtools.audio import fetching, recordings
from fbtools.audio.catalogue import CATALOGUE, INSTEAD, names
from fbtools.validation import FilterbankError


@pytest.fixture(params=["as found", "offline"])
def mode(request, monkeypatch):
    """Run a test with what is there (recordings or not), and with excerpts."""
    if request.param == "offline":
        monkeypatch.setenv("FBTOOLS_OFFLINE", "1")
    return request.param


def test_files_are_those_of_librosa():
    import librosa

    for name in names():
        recording = recordings.load(name)
        if not recording.is_excerpt:
            path = librosa.ex(name)
            x, sr = soundfile.read(path)
            assert recording.sr == sr == 22050
            np.testing.assert_array_equal(recording.x, x)
            assert x.size == CATALOGUE[name].n_samples
    recording = recordings.load("trumpet", sr=44100)
    if not recording.is_excerpt:
        x, sr = soundfile.read(librosa.ex("trumpet", hq=True))
        assert sr == 44100
        np.testing.assert_allclose(recording.x, (x[:, 0] + x[:, 1]) / 2, rtol=0, atol=1e-15)


def test_kinds_cover_what_the_book_needs():
    kinds = " ".join(recordings.load(name, duration=0.1).kind for name in names())
    for kind in ("brass", "speech", "drums", "struck", "birdsong", "ensemble", "whale"):
        assert kind in kinds


@pytest.mark.parametrize("name", names())
def test_recording(mode, name):
    recording = recordings.load(name, duration=1.0)
    assert recording.x.shape == (22050,)
    assert recording.x.dtype == np.float64
    assert np.isfinite(recording.x).all()
    assert np.abs(recordings.load(name).x).max() <= 1
    assert recording.sr == 22050
    assert recording.name == name
    for text in (recording.title, recording.author, recording.licence, recording.source):
        assert text in recording.credit
    assert "\n" not in recording.credit
    assert "(http" in recording.licence
    assert recording.source.startswith("http")
    assert recording.is_excerpt == bool(recording.note)
    entry = CATALOGUE[name]
    if mode == "offline":
        assert recording.is_excerpt
    if recording.is_excerpt:
        assert entry.title in recording.note
        assert "NC" not in recording.licence
        entry = CATALOGUE[INSTEAD[name][0]] if name in INSTEAD else entry
        assert entry.title in recording.note
    assert (recording.title, recording.author) == (entry.title, entry.author)
    assert (recording.licence, recording.source) == (entry.licence, entry.source)
    assert recording.kind == entry.kind
    with pytest.raises(ValueError, match="read-only"):
        recording.x[0] = 1.0
    with pytest.raises(AttributeError):
        recording.sr = 8000


@pytest.mark.parametrize("value", ["", "0"])
def test_offline_switch(monkeypatch, value):
    monkeypatch.setenv("FBTOOLS_OFFLINE", value)
    as_found = recordings.load("robin")
    monkeypatch.setenv("FBTOOLS_OFFLINE", "1")
    forced = recordings.load("robin")
    assert "FBTOOLS_OFFLINE" in forced.note
    assert "FBTOOLS_OFFLINE" not in as_found.note
    # The excerpt of this one is all of it.
    np.testing.assert_array_equal(forced.x, as_found.x)
    assert forced.x.size == 59505


@pytest.mark.parametrize("sr", [8000, 16000, 22050, 44100])
def test_slices_are_slices_of_the_whole(mode, sr):
    whole = recordings.load("trumpet", sr=sr).x
    # Lengths of the standard and the large file differ by a fraction of a sample.
    assert whole.size == pytest.approx(117601 / 22050 * sr, abs=1.01)
    for offset, duration in ((0.0, 1.0), (0.5, 0.1), (1.23456, 2.34567), (4.0, 1.333)):
        part = recordings.load("trumpet", duration=duration, offset=offset, sr=sr).x
        start = round(offset * sr)
        assert part.size == round(duration * sr)
        np.testing.assert_array_equal(part, whole[start : start + part.size])
    np.testing.assert_array_equal(recordings.load("trumpet", None, 2.0, sr).x, whole[2 * sr :])


def test_the_last_sample_is_the_last(mode):
    last = (59505 - 100) / 22050
    assert recordings.load("robin", 100 / 22050, last).x.size == 100
    with pytest.raises(FilterbankError, match="beyond the end"):
        recordings.load("robin", 101 / 22050, last)
    with pytest.raises(FilterbankError, match="beyond the end"):
        recordings.load("robin", None, 59505 / 22050)


def test_numpy_numbers_and_integers_are_numbers(mode):
    x = recordings.load("robin", duration=1, offset=np.float32(0.5), sr=np.int64(16000)).x
    np.testing.assert_array_equal(x, recordings.load("robin", 1.0, 0.5, 16000).x)


def test_loading_again_is_cheap(mode):
    recordings.load("nutcracker")
    once = recordings._decode.cache_info().misses
    for _ in range(10):
        recordings.load("nutcracker", duration=1.0)
    assert recordings._decode.cache_info().misses == once


@pytest.mark.parametrize(("old", "new"), [(44100, 22050), (22050, 16000), (16000, 44100)])
def test_resampling_keeps_tones_and_removes_what_would_alias(old, new):
    def tone(frequency, sr):
        return np.sin(2 * np.pi * frequency * np.arange(2 * sr) / sr)

    x = recordings._resample(tone(1000, old), old, new)
    assert x.size == 2 * new
    inside = slice(new // 10, -new // 10)
    # soxr's "HQ" is specified for 20 bits: 1e-6 of full scale.
    np.testing.assert_allclose(x[inside], tone(1000, new)[inside], atol=1e-5)
    if new < old:
        high = recordings._resample(tone(0.45 * old, old), old, new)
        assert np.abs(high[inside]).max() < 1e-5


def test_stereo_is_mixed_down(tmp_path):
    left, right = np.full(1000, 0.5), np.linspace(-0.25, 0.25, 1000)
    soundfile.write(tmp_path / "a.wav", np.stack([left, right], axis=1), 22050, "DOUBLE")
    x = recordings._decode(tmp_path / "a.wav", 22050)
    np.testing.assert_array_equal(x, (left + right) / 2)


def test_humpback_has_a_large_dc_offset(mode):
    x = recordings.load("humpback", duration=10.0).x
    # 6.1 in its first 10 s, where its loudest calls are.
    assert x.mean() > 5 * x.std()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "oboe"}, "name is 'oboe': choose one of trumpet, libri1, .*, vibeace"),
        ({"name": 3}, "name is 3: choose one of"),
        ({"duration": 0.0}, "duration is 0.0"),
        ({"duration": -1.0}, "duration is -1.0"),
        ({"duration": float("nan")}, "duration is nan"),
        ({"duration": float("inf")}, "duration is inf"),
        ({"duration": 1e305}, "duration is 1e.305: it must lie strictly between 0 and 86400"),
        ({"offset": 1e305}, "offset is 1e.305"),
        ({"duration": "1"}, "duration is '1'"),
        ({"duration": 1e-6}, "duration is 1e-06 s, less than one sample at 22050 Hz"),
        ({"offset": -0.1}, "offset is -0.1"),
        ({"offset": float("nan")}, "offset is nan"),
        ({"offset": None}, "offset is None"),
        ({"sr": 22050.0}, "sr is 22050.0: pass an integer"),
        ({"sr": 0}, "sr is 0: it must be at least 1000"),
        ({"sr": 10**6}, "sr is 1000000: it must be at most 192000"),
        ({"sr": True}, "sr is True"),
        ({"offset": 6.0}, "offset is 6.0 s, beyond the end of .*'trumpet'.*, which has 5.333 s"),
        ({"duration": 6.0}, "duration is 6.0 s from offset 0.0 s, .*: ask for at most 5.333 s"),
        ({"duration": 3.0, "offset": 3.0}, "which has 5.333 s: ask for at most 2.333 s"),
    ],
)
def test_arguments_are_checked(mode, arguments, message):
    with pytest.raises(FilterbankError, match=message):
        recordings.load(**({"name": "trumpet"} | arguments))


@pytest.mark.parametrize("sr", [1000, 16_000, 22_050, 44_100, 192_000])
@pytest.mark.parametrize("left", [1, 2, 9, 100, 881, 59_505])
def test_the_longest_slice_named_can_be_had(sr, left):
    """To the last digit shown, down to one sample from the end."""
    whole = np.zeros(60_000)
    offset = (whole.size - left) / sr
    with pytest.raises(FilterbankError, match="ask for at most") as caught:
        recordings._slice(whole, "robin", 500.0, offset, sr)
    named = float(str(caught.value).split("ask for at most ")[1].split(" s ")[0])
    assert 0 < recordings._slice(whole, "robin", named, offset, sr).size <= left


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"name": "humpback", "duration": 60.0},
            "excerpt of 'humpback' .*: ask for at most 32.072",
        ),
        (
            {"name": "humpback", "offset": 60.0},
            "excerpt of 'humpback' .*, which has 32.072 s: begin",
        ),
        ({"name": "choice", "offset": 5.0}, "the piece of 'vibeace' .* in place of 'choice' "),
    ],
)
def test_beyond_an_excerpt_it_is_said_why_there_is_no_more(monkeypatch, arguments, message):
    monkeypatch.setenv("FBTOOLS_OFFLINE", "1")
    with pytest.raises(FilterbankError, match=message) as caught:
        recordings.load(**arguments)
    assert "FBTOOLS_OFFLINE is set" in str(caught.value)


def test_without_recording_and_excerpt_the_remedy_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("FBTOOLS_OFFLINE", "1")
    monkeypatch.setattr(recordings, "EXCERPTS", tmp_path)
    with pytest.raises(
        FilterbankError, match=r"name is 'trumpet', which .*: reinstall fbtools and"
    ):
        recordings.load("trumpet")


ROBIN = CATALOGUE["robin"].file + ".ogg"


@pytest.fixture
def cached(monkeypatch, tmp_path):
    """Where the cache would have a recording; there is no network."""
    silent = threading.Event()
    silent.set()
    monkeypatch.setattr(fetching, "_network_failed", silent)
    monkeypatch.setenv("LIBROSA_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("FBTOOLS_OFFLINE", raising=False)
    return tmp_path / ROBIN


def note_of_excerpt():
    recording = recordings.load("robin", duration=1.0)
    assert recording.is_excerpt
    assert "first 2.7 s, carried by fbtools" in recording.note
    return recording.note


def test_a_damaged_file_is_named_with_the_remedy(cached):
    assert "not in librosa's cache" in note_of_excerpt()
    cached.write_bytes(b"OggS, but no more")
    note = note_of_excerpt()
    assert f"(`{cached}` in librosa's cache is damaged" in note  # in Markdown, as it is
    assert "delete it" in note
    assert "not in librosa's cache" not in note


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES])
def test_a_file_that_cannot_be_read_is_named_with_the_remedy(cached, monkeypatch, number):
    cached.write_bytes(b"")

    def refuse(file, *args, **options):
        raise OSError(number, os.strerror(number), str(file))

    monkeypatch.setattr(pooch, "file_hash", refuse)
    note = note_of_excerpt()
    assert f"(`{cached}` in librosa's cache cannot be read: {os.strerror(number)}" in note
    assert "make it readable, or delete it" in note


def give_its_hash(cached, monkeypatch):
    registry = fetching._librosa_registry()
    registry.registry[cached.name] = hashlib.sha256(cached.read_bytes()).hexdigest()
    monkeypatch.setattr(fetching, "_librosa_registry", lambda: registry)


def test_a_file_that_cannot_be_decoded_is_named_with_the_remedy(cached, monkeypatch):
    cached.write_bytes(b"OggS, but no more")
    give_its_hash(cached, monkeypatch)
    note = note_of_excerpt()
    assert f"(`{cached}` in librosa's cache cannot be decoded" in note
    assert "reinstall soundfile" in note


def test_a_disk_that_fails_while_a_file_is_decoded(cached, monkeypatch):
    read = soundfile.read

    def fail(path, **options):
        if path == cached:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return read(path, **options)

    soundfile.write(cached, np.zeros(100), 22050)
    give_its_hash(cached, monkeypatch)
    assert not recordings.load("robin").is_excerpt
    recordings._decode.cache_clear()
    monkeypatch.setattr(soundfile, "read", fail)
    assert os.strerror(errno.EIO) in note_of_excerpt()
