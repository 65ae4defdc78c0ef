"""The catalogue of recordings: against librosa's index, and the notices beside its files."""

import importlib.resources
import json
import os
import re
from pathlib import Path

from fbtools.audio import catalogue
from fbtools.audio.catalogue import CATALOGUE


def librosa_index():
    folder = importlib.resources.files("librosa") / "util" / "example_data"
    return json.loads((folder / "index.json").read_text()), (folder / "registry.txt").read_text()


def test_catalogue_agrees_with_librosa():
    index, registry = librosa_index()
    for name in catalogue.names():
        entry = CATALOGUE[name]
        assert entry.file == index[name]["path"]
        assert f"{entry.file}.ogg" in registry
        assert f"{entry.file}.hq.ogg" in registry


def words_of(text):
    return set(re.findall(r"[a-z0-9]+", text.lower()))


def test_metadata_is_complete_and_that_of_the_recordings():
    folder = Path(os.environ.get("LIBROSA_DATA_DIR", "no such folder"))
    index, _ = librosa_index()
    for name, entry in CATALOGUE.items():
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
    assert "NC" in CATALOGUE["choice"].licence
    assert [n for n, e in CATALOGUE.items() if "NC" in e.licence] == ["choice"]


def test_table_names_every_recording():
    rows = catalogue.describe().splitlines()
    assert [row.split()[0] for row in rows] == list(catalogue.names())
    for row, entry in zip(rows, CATALOGUE.values(), strict=True):
        assert entry.author in row
        assert entry.licence in row
        assert f"{entry.n_samples / 22050:.1f} s" in row
