"""What the scripts of the Makefile do: build what has changed, and ask for the right versions."""

from __future__ import annotations

import json
import shutil
import sys

import asset_versions
import pytest
from checkout import ROOT

sys.path.insert(0, str(ROOT / "scripts"))

import build_book
import versions


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """Return a small checkout, and the list of its builds: True where all pages were written."""
    for name in build_book.SOURCES:
        (tmp_path / name).write_text("text")
    for name in build_book.FOLDERS:
        (tmp_path / name).mkdir()
        (tmp_path / name / "file.txt").write_text("text")
    built, status = [], [0]

    def run(root, everything):
        built.append(everything)
        (root / "_build" / "html").mkdir(exist_ok=True)
        (root / "_build" / "html" / "index.html").touch()
        return status[0]

    monkeypatch.setattr(build_book, "run_jupyter_book", run)
    monkeypatch.setitem(sys.modules, "execution_cache", type(sys)("execution_cache"))
    sys.modules["execution_cache"].cache_key = lambda root: "key"
    return tmp_path, built, status


def test_pages_are_written_again_only_if_something_changed(checkout):
    root, built, _ = checkout
    assert build_book.build(root)
    assert build_book.build(root)
    assert built == [True, False]
    for change in (
        lambda: (root / "chapters" / "file.txt").write_text("other"),
        lambda: (root / "chapters" / "new.md").write_text("text"),
        lambda: (root / "chapters" / "new.md").unlink(),
        lambda: (root / "_config.yml").write_text("other"),
        lambda: (root / "_extensions" / "file.txt").rename(root / "_extensions" / "b.txt"),
        lambda: shutil.rmtree(root / "_build" / "html"),
        lambda: (root / "_build" / "book.json").write_text("[]"),
    ):
        change()
        assert build_book.build(root)
        assert build_book.build(root)
        assert built[-2:] == [True, False]
    (root / "chapters" / ".ipynb_checkpoints").mkdir()
    (root / "chapters" / ".ipynb_checkpoints" / "file.txt").write_text("a copy")
    assert build_book.build(root)
    assert built[-1] is False


def test_after_a_failure_everything_is_built(checkout):
    """Without that a second run of a failed build finds nothing to do, and ends well."""
    root, built, status = checkout
    assert build_book.build(root)
    status[0] = 1
    assert not build_book.build(root)
    assert not build_book.build(root)
    status[0] = 0
    assert build_book.build(root)
    assert built == [True, False, True, True]


def test_every_stylesheet_and_script_has_a_version(book):
    """In the first build as in later ones: see _extensions/asset_versions.py."""
    for page in book.rglob("*.html"):
        if "_static" in page.relative_to(book).parts:
            continue
        for _, address, _ in asset_versions.ADDRESS.findall(page.read_text(encoding="utf-8")):
            raise AssertionError(f"{page.name}: {address} has no version")


def test_versions_are_those_of_the_file_and_stay(tmp_path):
    (tmp_path / "_static").mkdir()
    (tmp_path / "_static" / "a.css").write_text("p {}")
    (tmp_path / "chapters").mkdir()
    page = tmp_path / "chapters" / "page.html"
    html = (
        '<link rel="stylesheet" href="../_static/a.css" /><a href="../_static/a.css">it</a>'
        '<script src="../_static/none.js"></script><script src="https://x/y.js"></script>'
    )
    once = asset_versions.with_versions(html, page, tmp_path)
    assert once.count("?v=") == 1
    assert '<link rel="stylesheet" href="../_static/a.css?v=' in once
    assert asset_versions.with_versions(once, page, tmp_path) == once


def test_lowest_versions_are_the_bounds_of_the_package(tmp_path):
    versions.main("lowest", str(tmp_path))
    wanted = (tmp_path / "lowest.txt").read_text().splitlines()
    constraints = (tmp_path / "lowest-constraints.txt").read_text().splitlines()
    assert wanted[0] == "--constraint lowest-constraints.txt"
    assert "matplotlib==3.10" in wanted
    assert not {"matplotlib", "numpy"} & {versions.key(line) for line in constraints}
    assert any(line.startswith("pytest==") for line in wanted)
    assert len({versions.key(line) for line in wanted[1:]}) == len(wanted) - 1


def test_newest_versions_have_no_cap(tmp_path):
    versions.main("newest", str(tmp_path))
    wanted = (tmp_path / "newest.txt").read_text().splitlines()
    assert "matplotlib>=3.10" in wanted
    assert (tmp_path / "newest-constraints.txt").read_text().strip() == ""


def test_the_record_of_a_build_is_json(checkout):
    root, _, _ = checkout
    assert build_book.build(root)
    record = json.loads((root / "_build" / "book.json").read_text())
    assert record["fingerprint"] == build_book.fingerprint(root)
