"""Recordings: provenance, slices, and what happens with no cache and a network that is silent.

Every test holds with the recordings and without; nothing here needs the network.
"""

import hashlib
import http.server
import importlib.resources
import json
import os
import re
import socket
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pooch
import pytest
import soundfile

from fbtools import audio, fetching, standins
from fbtools.validation import FilterbankError


@pytest.fixture(params=["as found", "offline"])
def mode(request, monkeypatch):
    """Run a test with what is there (recordings or not), and with stand-ins."""
    if request.param == "offline":
        monkeypatch.setenv("FBTOOLS_OFFLINE", "1")
    return request.param


def run(code, tmp_path, **environment):
    """Run Python in a process that has no recordings in its cache; return its JSON and seconds."""
    empty = tmp_path / "empty cache"
    inherited = {
        key: value
        for key, value in os.environ.items()
        if "proxy" not in key.lower() and key != "FBTOOLS_OFFLINE"
    }
    began = time.monotonic()
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code)],
        env=inherited | {"LIBROSA_DATA_DIR": str(empty)} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    return json.loads(result.stdout), time.monotonic() - began


LOAD_TWICE = """
    import json, sys, time
    from fbtools import audio
    began = time.monotonic()
    first = audio.load("vibeace", duration=1.0)
    middle = time.monotonic()
    second = audio.load("robin", sr=44100)
    end = time.monotonic()
    slow = sorted({"librosa.core", "numba", "pretty_midi"} & set(sys.modules))
    print(json.dumps([first.is_stand_in, second.is_stand_in, first.note, slow,
                      middle - began, end - middle]))
"""


def assert_falls_back(code, tmp_path, **environment):
    (first, second, note, slow, seconds, more_seconds), total = run(code, tmp_path, **environment)
    assert first
    assert second
    assert "Vibe Ace" in note
    assert "network" in note
    assert slow == []  # what would cost seconds to import
    assert seconds < 6  # with the imports that loading brings about
    assert more_seconds < 2  # the network is not asked again
    assert total < 15  # what was left waiting does not hold up the end of the process


def test_falls_back_from_a_network_that_swallows_everything(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        proxy = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert_falls_back(LOAD_TWICE, tmp_path, HTTPS_PROXY=proxy, HTTP_PROXY=proxy)


HANGING_NAMES = """
    import socket, time
    socket.getaddrinfo = lambda *args, **options: time.sleep(1000)
"""
UNKNOWN_NAMES = """
    import socket
    def fail(*args, **options):
        raise socket.gaierror(-2, "Name or service not known")
    socket.getaddrinfo = fail
"""


@pytest.mark.parametrize("names", [HANGING_NAMES, UNKNOWN_NAMES], ids=["hang", "fail"])
def test_falls_back_when_names_do_not_resolve(tmp_path, names):
    assert_falls_back(names + LOAD_TWICE, tmp_path)


def test_falls_back_from_a_refused_connection_and_a_cache_that_is_no_folder(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert_falls_back(LOAD_TWICE, tmp_path, HTTPS_PROXY=f"http://127.0.0.1:{port}")
    (tmp_path / "file").write_text("")
    assert_falls_back(LOAD_TWICE, tmp_path, LIBROSA_DATA_DIR=str(tmp_path / "file"))


def test_stand_ins_are_the_same_in_every_process(tmp_path):
    code = """
        import hashlib, json
        from fbtools import audio
        recordings = [audio.load(name, duration=2.0) for name in audio.names()]
        print(json.dumps([hashlib.sha256(r.x.tobytes()).hexdigest() for r in recordings]))
    """
    digests, _ = run(code, tmp_path, FBTOOLS_OFFLINE="1")
    again, _ = run(code, tmp_path, FBTOOLS_OFFLINE="1")
    assert digests == again
    assert len(set(digests)) == len(audio.names())


class Host(http.server.BaseHTTPRequestHandler):
    """Answer by path: good, slow but alive, stalled, wrong, cut, and nothing at all."""

    content = bytes(range(256)) * 40

    def do_GET(self):
        file = Path(self.path).name
        if file == "absent":
            return self.send_error(404)
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.content)))
        self.end_headers()
        if file == "wrong":
            return self.wfile.write(self.content[::-1])
        for start in range(0, len(self.content), 1024):
            if start and file == "cut":
                return None
            if start and file == "stalled":
                time.sleep(1.5)
            if file == "slow":
                time.sleep(0.12)
            self.wfile.write(self.content[start : start + 1024])
        return None

    def log_message(self, *args):
        pass


@pytest.fixture
def registry(monkeypatch, tmp_path):
    """Put a host on this machine in the place of librosa's, with a patience of half a second."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(fetching, "_PATIENCE", 0.5)
    monkeypatch.setattr(fetching, "_network_failed", threading.Event())
    digest = hashlib.sha256(Host.content).hexdigest()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Host) as server:
        server.daemon_threads = True
        files = ("good", "slow", "stalled", "wrong", "cut", "absent")
        registry = pooch.create(
            tmp_path / "cache",
            f"http://127.0.0.1:{server.server_port}/",
            registry=dict.fromkeys(files, digest),
        )
        monkeypatch.setattr(fetching, "_librosa_registry", lambda: registry)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield registry
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("file", ["good", "slow"])
def test_downloads_are_kept_and_used_again(registry, file, capfd):
    path = fetching.find(file)  # the slow one takes 1.2 s, more than the patience, but is alive
    assert path == registry.abspath / file
    assert path.read_bytes() == Host.content
    registry.base_url = "http://127.0.0.1:1/"
    assert fetching.find(file) == path
    assert not fetching._network_failed.is_set()
    assert capfd.readouterr() == ("", "")
    assert pooch.get_logger().level != 30  # the quiet was temporary


@pytest.mark.parametrize("file", ["stalled", "wrong", "cut", "absent"])
def test_failed_downloads_leave_nothing_behind(registry, file):
    began = time.monotonic()
    assert fetching.find(file) is None
    assert time.monotonic() - began < 3
    assert not (registry.abspath / file).exists()
    # One failure is enough for this process, but what is in the cache is still found.
    assert fetching.find("good") is None
    registry.abspath.mkdir(exist_ok=True)
    (registry.abspath / "good").write_bytes(Host.content)
    assert fetching.find("good") == registry.abspath / "good"


def test_a_damaged_file_in_the_cache_is_replaced_or_refused(registry):
    registry.abspath.mkdir()
    for file in ("good", "wrong"):
        (registry.abspath / file).write_bytes(Host.content[:-1])
    assert fetching.find("good").read_bytes() == Host.content
    assert fetching.find("wrong") is None


def test_long_downloads_end(registry, monkeypatch):
    monkeypatch.setattr(fetching, "_LONGEST_DOWNLOAD", 0.3)
    assert fetching.find("slow") is None


def librosa_index():
    folder = importlib.resources.files("librosa") / "util" / "example_data"
    return json.loads((folder / "index.json").read_text()), (folder / "registry.txt").read_text()


def test_catalogue_agrees_with_librosa():
    index, registry = librosa_index()
    for name in audio.names():
        entry = audio._CATALOGUE[name]
        assert entry.file == index[name]["path"]
        assert f"{entry.file}.ogg" in registry
        assert f"{entry.file}.hq.ogg" in registry


def test_files_are_those_of_librosa():
    import librosa

    for name in audio.names():
        recording = audio.load(name)
        if not recording.is_stand_in:
            path = librosa.ex(name)
            x, sr = soundfile.read(path)
            assert recording.sr == sr == 22050
            np.testing.assert_array_equal(recording.x, x)
            assert x.size == audio._CATALOGUE[name].n_samples
    recording = audio.load("trumpet", sr=44100)
    if not recording.is_stand_in:
        x, sr = soundfile.read(librosa.ex("trumpet", hq=True))
        assert sr == 44100
        np.testing.assert_allclose(recording.x, (x[:, 0] + x[:, 1]) / 2, rtol=0, atol=1e-15)


def words_of(text):
    return set(re.findall(r"[a-z0-9]+", text.lower()))


def test_metadata_is_complete_and_that_of_the_recordings():
    folder = Path(os.environ.get("LIBROSA_DATA_DIR", "no such folder"))
    index, _ = librosa_index()
    for name, entry in audio._CATALOGUE.items():
        facts = index[name]["desc"]
        notice = folder / f"{entry.file}.txt"
        if notice.is_file():
            facts += notice.read_text()
            address = entry.licence[entry.licence.index("(") + 1 : -1]
            assert address in facts
            assert entry.source in facts
            terms = entry.licence.split(" (")[0]
            parts = address.split("/")
            if terms.startswith("CC"):
                # "CC BY 3.0" for .../by/3.0/; terms without a version only where they conflict.
                assert parts[4].upper() == terms.split()[1]
                assert parts[5] in terms or ("3.0" in facts and "4.0" in facts)
        known = [word for word in words_of(entry.title) if word in words_of(facts)]
        # librosa's own index has only a few words on each; the notice beside the file has all.
        assert len(known) >= (0.7 * len(words_of(entry.title)) if notice.is_file() else 1), name
        if notice.is_file():
            assert words_of(entry.author) <= words_of(facts)
        assert "://" in entry.source
    assert "NC" in audio._CATALOGUE["choice"].licence
    assert [n for n, e in audio._CATALOGUE.items() if "NC" in e.licence] == ["choice"]


def test_table_names_every_recording():
    rows = audio.describe().splitlines()
    assert [row.split()[0] for row in rows] == list(audio.names())
    for row, entry in zip(rows, audio._CATALOGUE.values(), strict=True):
        assert entry.author in row
        assert entry.licence in row
        assert f"{entry.n_samples / 22050:.1f} s" in row


def test_kinds_cover_what_the_book_needs():
    kinds = " ".join(audio.load(name, duration=0.1).kind for name in audio.names())
    for kind in ("brass", "speech", "drums", "struck", "birdsong", "ensemble", "whale"):
        assert kind in kinds


@pytest.mark.parametrize("name", audio.names())
def test_recording(mode, name):
    recording = audio.load(name, duration=1.0)
    assert recording.x.shape == (22050,)
    assert recording.x.dtype == np.float64
    assert np.isfinite(recording.x).all()
    assert np.abs(audio.load(name).x).max() <= 1
    assert recording.sr == 22050
    assert recording.name == name
    for text in (recording.title, recording.author, recording.licence, recording.source):
        assert text in recording.credit
    assert "\n" not in recording.credit
    assert "(http" in recording.licence
    assert recording.source.startswith("http")
    assert recording.is_stand_in == bool(recording.note)
    entry = audio._CATALOGUE[name]
    if mode == "offline":
        assert recording.is_stand_in
    if recording.is_stand_in:
        assert entry.title in recording.note
        assert standins.describe(name) in recording.note
        assert recording.title.startswith("Stand-in for")
        assert "GPL-2.0" in recording.licence
    else:
        assert (recording.title, recording.author) == (entry.title, entry.author)
    with pytest.raises(ValueError, match="read-only"):
        recording.x[0] = 1.0
    with pytest.raises(AttributeError):
        recording.sr = 8000


@pytest.mark.parametrize("value", ["", "0"])
def test_offline_switch(monkeypatch, value):
    monkeypatch.setenv("FBTOOLS_OFFLINE", value)
    as_found = audio.load("robin")
    monkeypatch.setenv("FBTOOLS_OFFLINE", "1")
    forced = audio.load("robin")
    assert "FBTOOLS_OFFLINE" in forced.note
    assert "FBTOOLS_OFFLINE" not in as_found.note
    # A stand-in has as many samples as its recording, so the same slices exist.
    assert forced.x.size == as_found.x.size == 59505


@pytest.mark.parametrize("sr", [8000, 16000, 22050, 44100])
def test_slices_are_slices_of_the_whole(mode, sr):
    whole = audio.load("trumpet", sr=sr).x
    # Lengths of the standard and the large file differ by a fraction of a sample.
    assert whole.size == pytest.approx(117601 / 22050 * sr, abs=1.01)
    for offset, duration in ((0.0, 1.0), (0.5, 0.1), (1.23456, 2.34567), (4.0, 1.333)):
        part = audio.load("trumpet", duration=duration, offset=offset, sr=sr).x
        start = round(offset * sr)
        assert part.size == round(duration * sr)
        np.testing.assert_array_equal(part, whole[start : start + part.size])
    np.testing.assert_array_equal(audio.load("trumpet", None, 2.0, sr).x, whole[2 * sr :])


def test_the_last_sample_is_the_last(mode):
    last = (59505 - 100) / 22050
    assert audio.load("robin", 100 / 22050, last).x.size == 100
    with pytest.raises(FilterbankError, match="beyond the end"):
        audio.load("robin", 101 / 22050, last)
    with pytest.raises(FilterbankError, match="beyond the end"):
        audio.load("robin", None, 59505 / 22050)


def test_numpy_numbers_and_integers_are_numbers(mode):
    x = audio.load("robin", duration=1, offset=np.float32(0.5), sr=np.int64(16000)).x
    np.testing.assert_array_equal(x, audio.load("robin", 1.0, 0.5, 16000).x)


def test_loading_again_is_cheap(mode):
    audio.load("nutcracker")
    began = time.monotonic()
    for _ in range(10):
        audio.load("nutcracker", duration=1.0)
    assert time.monotonic() - began < 1  # decoding or rendering it ten times would take 2 to 5 s


@pytest.mark.parametrize(("old", "new"), [(44100, 22050), (22050, 16000), (16000, 44100)])
def test_resampling_keeps_tones_and_removes_what_would_alias(old, new):
    def tone(frequency, sr):
        return np.sin(2 * np.pi * frequency * np.arange(2 * sr) / sr)

    x = audio._resample(tone(1000, old), old, new)
    assert x.size == 2 * new
    inside = slice(new // 10, -new // 10)
    # soxr's "HQ" is specified for 20 bits: 1e-6 of full scale.
    np.testing.assert_allclose(x[inside], tone(1000, new)[inside], atol=1e-5)
    if new < old:
        high = audio._resample(tone(0.45 * old, old), old, new)
        assert np.abs(high[inside]).max() < 1e-5


def test_stereo_is_mixed_down(tmp_path):
    left, right = np.full(1000, 0.5), np.linspace(-0.25, 0.25, 1000)
    soundfile.write(tmp_path / "a.wav", np.stack([left, right], axis=1), 22050, "DOUBLE")
    x = audio._decode(tmp_path / "a.wav", 22050)
    np.testing.assert_array_equal(x, (left + right) / 2)


def test_humpback_has_a_large_dc_offset(mode):
    x = audio.load("humpback", duration=10.0).x
    # The recording has 6.1 in its first 10 s, where its loudest calls are; the stand-in has 10.8.
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
        ({"offset": 6.0}, "offset is 6.0 s, beyond the end of 'trumpet', which has 5.333 s"),
        ({"duration": 6.0}, "duration is 6.0 s from offset 0.0 s, .*: ask for at most 5.333 s"),
        ({"duration": 3.0, "offset": 3.0}, "which has 5.333 s: ask for at most 2.333 s"),
    ],
)
def test_arguments_are_checked(mode, arguments, message):
    with pytest.raises(FilterbankError, match=message):
        audio.load(**({"name": "trumpet"} | arguments))


def test_without_recording_and_soundfont_the_remedy_is_named(monkeypatch):
    monkeypatch.setenv("FBTOOLS_OFFLINE", "1")

    def missing():
        raise FilterbankError("install it again")

    monkeypatch.setattr(standins, "installed_soundfont", missing)
    audio._stand_in.cache_clear()
    with pytest.raises(FilterbankError, match="install it again"):
        audio.load("trumpet")
