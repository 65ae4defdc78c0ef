"""The excerpts that the package carries: complete, credited, and the same sound as the recordings.

What needs the recordings passes over those that are not there; nothing here needs the network.
"""

import hashlib
import re
import sys
import tomllib

import numpy as np
import pytest
import soundfile
from bare_process import run
from checkout import ROOT, chapter_names, read_chapter

from fbtools.audio import fetching, recordings
from fbtools.audio.catalogue import CATALOGUE, EXCERPTS, INSTEAD, names

sys.path.insert(0, str(ROOT / "scripts"))
import make_excerpts

CARRIED = [name for name in names() if name not in INSTEAD]
CREDITS = (EXCERPTS / "CREDITS.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (\w+)\.ogg$([^#]*)", CREDITS, re.MULTILINE))


def recording_of(name):
    path = fetching.find(f"{CATALOGUE[name].file}.ogg")
    if path is None:
        pytest.skip(f"the recording {name} is not there")
    return path


def test_what_may_be_shared_is_carried_and_credited():
    assert [name for name, entry in CATALOGUE.items() if entry.is_shared] == CARRIED
    found = sorted(path.name for path in EXCERPTS.iterdir() if not path.name.startswith("_"))
    assert found == sorted(["CREDITS.md", *(f"{name}.ogg" for name in CARRIED)])
    assert list(SECTIONS) == CARRIED
    assert "NC" not in CREDITS
    # What stands in for the others is itself shared, and long enough for every slice of the book.
    for other, start in INSTEAD.values():
        assert soundfile.info(EXCERPTS / f"{other}.ogg").duration - start >= 4


@pytest.mark.parametrize("name", CARRIED)
def test_credits_are_those_of_the_file(name):
    entry, section = CATALOGUE[name], SECTIONS[name]
    for fact in (entry.title, entry.author, entry.licence, entry.source):
        assert f": {fact}\n" in section
    data = (EXCERPTS / f"{name}.ogg").read_bytes()
    assert f"`{hashlib.sha256(data).hexdigest()}`" in section
    sound = soundfile.info(EXCERPTS / f"{name}.ogg")
    assert (sound.samplerate, sound.channels) == (22050, 1)
    assert f"the first {sound.duration:.2f} s of {entry.n_samples / 22050:.2f} s" in section
    assert sound.duration >= min(5, entry.n_samples / 22050)
    with soundfile.SoundFile(EXCERPTS / f"{name}.ogg") as file:
        tags = file.copy_metadata()
    assert tags["title"] == f"{entry.title} (excerpt)"
    assert (tags["artist"], tags["license"]) == (entry.author, entry.licence)


def test_all_excerpts_come_with_the_package_and_are_small():
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    package = ROOT / "fbtools"
    packed = [path for glob in tools["package-data"]["fbtools"] for path in package.glob(glob)]
    assert set(EXCERPTS.iterdir()) <= set(packed)
    assert sum(path.stat().st_size for path in EXCERPTS.iterdir() if path.is_file()) < 500_000


@pytest.mark.parametrize("name", CARRIED)
def test_an_excerpt_is_the_beginning_of_the_recording(name):
    """To the last bit, as it is a copy of the encoded sound."""
    whole, _ = soundfile.read(recording_of(name))
    x, _ = soundfile.read(EXCERPTS / f"{name}.ogg")
    np.testing.assert_array_equal(x, whole[: x.size])


@pytest.mark.parametrize("sr", [8000, 16000])
def test_slices_are_those_of_the_recording_at_other_rates(monkeypatch, sr):
    """What the resampler sees beyond its filters, some 100 samples long, only moves roundings."""
    if recordings.load("libri3").is_excerpt:
        pytest.skip("the recording is not there")
    whole = recordings.load("libri3", 3.0, 2.0, sr).x
    monkeypatch.setenv("FBTOOLS_OFFLINE", "1")
    np.testing.assert_allclose(recordings.load("libri3", 3.0, 2.0, sr).x, whole, atol=1e-12)


def test_what_is_heard_in_place_of_another_is_what_it_says(monkeypatch):
    monkeypatch.setenv("FBTOOLS_OFFLINE", "1")
    x = recordings.load("choice", duration=2.0, offset=1.0)
    np.testing.assert_array_equal(x.x, recordings.load("vibeace", duration=2.0, offset=4.0).x)
    assert x.name == "choice"
    assert x.title == "Vibe Ace"


CALL = re.compile(r'audio\.load\("(\w+)"(?:, duration=([\d.]+))?(?:, offset=([\d.]+))?[,)]')


@pytest.mark.parametrize("chapter", chapter_names())
def test_what_a_chapter_plays_is_in_the_excerpts(monkeypatch, chapter):
    """As far as it is written out; the book that is built without recordings shows the rest."""
    monkeypatch.setenv("FBTOOLS_OFFLINE", "1")
    for cell in read_chapter(chapter).cells:
        for name, duration, offset in CALL.findall(cell.source):
            length = float(duration) if duration else None
            x = recordings.load(name, length, float(offset or 0)).x
            assert length is None or x.size == round(length * 22050)


def test_the_same_files_come_out_again(tmp_path):
    for name in CARRIED:
        recording_of(name)
    make_excerpts.main(tmp_path)
    assert len(list(tmp_path.iterdir())) == len(CARRIED) + 1
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (EXCERPTS / path.name).read_bytes(), path.name


def test_checksums_are_those_of_ogg():
    """The pages of a file by another writer (libogg) come out of ours as they are."""
    data = recording_of("robin").read_bytes()
    pages = list(make_excerpts.read_pages(data))
    assert b"".join(page.packed(number) for number, page in enumerate(pages)) == data


def test_excerpts_are_the_same_in_every_process(tmp_path):
    code = """
        import hashlib, json
        from fbtools import audio
        recordings = [audio.load(name, duration=2.0) for name in audio.names()]
        print(json.dumps([hashlib.sha256(r.x.tobytes()).hexdigest() for r in recordings]))
    """
    digests = run(code, tmp_path, FBTOOLS_OFFLINE="1")
    assert digests == run(code, tmp_path, FBTOOLS_OFFLINE="1")
    assert len(set(digests)) == len(names())
