"""Fetching: no cache, a network that is silent, slow, wrong or absent, and damaged copies.

The host is on this machine; nothing here needs the network, and no test looks at the clock.
"""

import errno
import hashlib
import http.server
import os
import socket
import threading
from pathlib import Path

import pooch
import pytest
import requests
from bare_process import run

from fbtools.audio import fetching

LOAD_TWICE = """
    import json, sys
    import requests
    from fbtools import audio
    from fbtools.audio import fetching

    downloads, patience = [], []
    download, get = fetching._download, requests.get

    def counted_download(registry, file):
        downloads.append(file)
        download(registry, file)

    def noted_get(url, timeout, **options):
        patience.append(timeout)
        return get(url, timeout=timeout, **options)

    fetching._download, requests.get = counted_download, noted_get
    first = audio.load("vibeace", duration=1.0)
    second = audio.load("robin", sr=44100)
    slow = sorted({"librosa.core", "numba"} & set(sys.modules))
    print(json.dumps([first.is_excerpt, second.is_excerpt, first.note, slow,
                      downloads, patience]))
"""


def assert_falls_back(code, tmp_path, **environment):
    """What was left waiting does not hold up the end of the process, or `run` would time out."""
    first, second, note, slow, downloads, patience = run(code, tmp_path, **environment)
    assert first
    assert second
    assert "Vibe Ace" in note
    assert "network" in note
    assert slow == []  # what would cost seconds to import
    assert downloads == ["Kevin_MacLeod_-_Vibe_Ace.ogg"]  # the network is not asked again
    assert set(patience) <= {fetching._PATIENCE}


def test_patience_is_short():
    """Seconds: what a reader without network waits before the first excerpt, once."""
    assert fetching._PATIENCE <= 3
    assert fetching._LONGEST_DOWNLOAD <= 60


def test_falls_back_from_a_network_that_swallows_everything(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        proxy = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert_falls_back(LOAD_TWICE, tmp_path, HTTPS_PROXY=proxy, HTTP_PROXY=proxy)


HANGING_NAMES = """
    import socket, time
    socket.getaddrinfo = lambda *args, **options: time.sleep(10**5)
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


class Host(http.server.BaseHTTPRequestHandler):
    """Answer by path: good, stalled, wrong, cut, and nothing at all."""

    content = bytes(range(256)) * 40
    ended = threading.Event()

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
                self.ended.wait()
            self.wfile.write(self.content[start : start + 1024])
        return None

    def log_message(self, *args):
        pass


@pytest.fixture
def registry(monkeypatch, tmp_path):
    """A host on this machine in the place of librosa's, with patience for a busy machine."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(fetching, "_PATIENCE", 300.0)
    monkeypatch.setattr(fetching, "_LONGEST_DOWNLOAD", 300.0)
    monkeypatch.setattr(Host, "ended", threading.Event())
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
        Host.ended.set()
        server.shutdown()
        thread.join()


def assert_kept_and_used_again(registry, file, capfd):
    path = fetching.find(file)
    assert path == registry.abspath / file
    assert path.read_bytes() == Host.content
    registry.base_url = "http://127.0.0.1:1/"
    assert fetching.find(file) == path
    assert not fetching._network_failed.is_set()
    assert capfd.readouterr() == ("", "")
    assert pooch.get_logger().level != 30  # the quiet was temporary


def test_downloads_are_kept_and_used_again(registry, capfd):
    assert_kept_and_used_again(registry, "good", capfd)


@pytest.mark.parametrize("file", ["stalled", "wrong", "cut", "absent"])
def test_failed_downloads_leave_nothing_behind(registry, file, monkeypatch):
    if file == "stalled":
        monkeypatch.setattr(fetching, "_PATIENCE", 0.5)
    assert fetching.find(file) is None
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


class Clock:
    """A clock that only the network moves."""

    now = 0.0

    def monotonic(self):
        return self.now


class Response:
    """An answer that comes in pieces: before each, some time passes."""

    def __init__(self, pieces):
        self.pieces, self.headers = pieces, {}

    def raise_for_status(self):
        pass

    def iter_content(self, chunk_size):
        return self.pieces


@pytest.fixture
def clock(registry, monkeypatch):
    clock = Clock()
    monkeypatch.setattr(fetching, "time", clock)
    monkeypatch.setattr(fetching, "_PATIENCE", 3.0)
    monkeypatch.setattr(fetching, "_LONGEST_DOWNLOAD", 60.0)
    return clock


def answer(monkeypatch, pieces):
    """Let the network answer with these pieces; return the time-outs that it is given."""
    patience = []

    def get(url, timeout, stream, hooks):
        patience.append(timeout)
        return Response(pieces)

    monkeypatch.setattr(requests, "get", get)
    return patience


def test_a_download_that_is_slow_but_alive_is_waited_for(registry, clock, monkeypatch, capfd):
    def pieces():
        for start in range(0, len(Host.content), 1024):
            clock.now += 2.9
            yield Host.content[start : start + 1024]

    patience = answer(monkeypatch, pieces())
    assert_kept_and_used_again(registry, "good", capfd)
    assert clock.now > 9 * fetching._PATIENCE
    assert patience == [fetching._PATIENCE]


def test_silence_ends_a_download(registry, clock, monkeypatch):
    def pieces():
        yield Host.content[:1024]
        clock.now += 3.0
        Host.ended.wait()

    answer(monkeypatch, pieces())
    assert fetching.find("good") is None
    assert clock.now == 3.0
    assert not (registry.abspath / "good").exists()


def test_long_downloads_end(registry, clock, monkeypatch):
    def pieces():
        while not Host.ended.wait(0.001):
            clock.now += 2.9
            yield Host.content[:1024]

    answer(monkeypatch, pieces())
    assert fetching.find("good") is None
    assert clock.now >= 60.0


def refuse_to_read(monkeypatch, path):
    """Let the disk fail on this file, also for root."""
    original = open

    def opened(file, *args, **options):
        if Path(file) == path:
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(file))
        return original(file, *args, **options)

    monkeypatch.setattr("builtins.open", opened)


def test_what_is_wrong_with_a_copy_is_said(registry, monkeypatch):
    path = registry.abspath / "wrong"
    assert fetching.fault("wrong") == ""  # there is none
    registry.abspath.mkdir()
    path.write_bytes(Host.content)
    assert fetching.fault("wrong") == ""
    path.write_bytes(Host.content[:-1])
    assert fetching.find("wrong") is None
    assert f"`{path}` in librosa's cache is damaged" in fetching.fault("wrong")
    path.unlink()
    path.mkdir()
    assert fetching.find("wrong") is None
    assert f"`{path}` in librosa's cache cannot be read: Is a directory" in fetching.fault("wrong")


def test_a_copy_that_cannot_be_read_does_not_speak_for_the_network(registry, monkeypatch):
    registry.abspath.mkdir()
    path = registry.abspath / "wrong"
    path.write_bytes(Host.content)
    with monkeypatch.context() as patch:
        refuse_to_read(patch, path)
        assert fetching.find("wrong") is None
        assert f"`{path}` in librosa's cache cannot be read: Input/output" in fetching.fault(
            "wrong"
        )
    assert fetching.find("wrong") == path
    assert fetching.find("good") == registry.abspath / "good"  # from the network
