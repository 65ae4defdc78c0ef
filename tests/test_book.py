"""The built pages and the executed notebooks: complete, sound, self-contained, reproducible."""

from __future__ import annotations

import functools
import io
import json
import re
import subprocess
import sys
import types
import urllib.parse
import urllib.request
from pathlib import Path

import bs4
import launch_buttons
import pytest
import reproduce
import rooms
from checkout import ROOT, chapter_names, read_chapter

import fbtools

CHAPTERS = chapter_names()
chapters = pytest.mark.parametrize("name", CHAPTERS)

# What a page loads by itself, as opposed to links that a reader may follow.
LOADED = {
    "script": ["src"],
    "img": ["src", "srcset"],
    "audio": ["src"],
    "video": ["src", "poster"],
    "source": ["src", "srcset"],
    "iframe": ["src"],
    "embed": ["src"],
    "object": ["data"],
    "input": ["src"],
}
LOADING_LINKS = {"stylesheet", "icon", "preload", "prefetch", "modulepreload", "preconnect"}
OUTSIDE = re.compile(r"^\s*(https?:)?//", re.IGNORECASE)
OUTSIDE_CSS = re.compile(r"""(?:url\(|@import)\s*['"]?\s*(?:https?:)?//[^)'"]*""", re.IGNORECASE)


@functools.cache
def parse(path: Path) -> bs4.BeautifulSoup:
    """Return a page as a tree."""
    return bs4.BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def article(book: Path, name: str) -> bs4.Tag:
    """Return a chapter's text, without the frame around it."""
    return parse(book / "chapters" / f"{name}.html").select_one("article.bd-article")


def pages(book: Path) -> list[Path]:
    """Return every page."""
    return sorted(path for path in book.rglob("*.html") if "_static" not in path.parts)


# --- The build -------------------------------------------------------------------------------


def test_build_had_no_warning(book):
    log = re.sub(r"\x1b\[[0-9;]*m", "", (ROOT / "_build" / "book.log").read_text())
    assert "build succeeded." in log
    assert not re.findall(r"^.*(?:WARNING|ERROR|CRITICAL):.*$", log, re.MULTILINE)


@chapters
def test_chapter_takes_less_than_a_minute_of_one_core(executed, name):
    """README: under a minute. CPU time, and twice it: a core is shared when others are busy."""
    assert 0 < executed[name][1] < 120


@chapters
def test_chapter_writes_nothing_to_stderr(executed, name):
    outputs = [out for cell in executed[name][0].cells for out in cell.get("outputs", [])]
    assert not [out.text for out in outputs if out.get("name") == "stderr"]


def test_a_chapter_run_again_gives_the_same_outputs(executed):
    quickest = min(CHAPTERS, key=lambda name: executed[name][1])
    assert reproduce.differences(executed[quickest][0]) == []


# --- The notebooks in the checkout -----------------------------------------------------------


@chapters
def test_notebook_is_committed_without_outputs(name):
    code = [cell for cell in read_chapter(name).cells if cell.cell_type == "code"]
    assert code
    assert not [cell.source for cell in code if cell.outputs or cell.execution_count]


@chapters
def test_code_cells_are_short(name):
    code = [cell.source for cell in read_chapter(name).cells if cell.cell_type == "code"]
    assert [source for source in code if len(source.splitlines()) >= 20] == []


def test_every_chapter_installs_fbtools_on_colab_in_the_same_way():
    first = {
        next(c.source for c in read_chapter(n).cells if c.cell_type == "code") for n in CHAPTERS
    }
    assert len(first) == 1
    assert "google.colab" in first.pop()


def colab_cell() -> str:
    """Return the cell that every chapter begins with."""
    return next(c.source for c in read_chapter(CHAPTERS[0]).cells if c.cell_type == "code")


@pytest.fixture
def colab(monkeypatch):
    """Return a function that runs the Colab cell where its session has a given path."""

    def run(path: str | None) -> list[list[str]]:
        commands: list[list[str]] = []
        monkeypatch.setattr(subprocess, "run", lambda command, check: commands.append(command))
        if path is not None:
            monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
            monkeypatch.setenv("COLAB_JUPYTER_IP", "172.28.0.12")
            monkeypatch.setenv("KMP_TARGET_PORT", "9000")
            sessions = {"http://172.28.0.12:9000/api/sessions": json.dumps([{"path": path}])}
            monkeypatch.setattr(
                urllib.request, "urlopen", lambda url: io.BytesIO(sessions[url].encode())
            )
        exec(colab_cell(), {})
        return commands

    return run


def test_colab_cell_does_nothing_elsewhere(colab):
    assert colab(None) == []


@pytest.mark.parametrize("slashes", ["//", "%2F%2F"])
def test_colab_cell_installs_from_where_the_notebook_was_opened(colab, slashes):
    (command,) = colab(
        f"fileId=https%3A{slashes}github.com/o-n/filter.banks/blob/trunk/chapters/1.ipynb"
    )
    assert command[1:3] == ["-m", "pip"]
    assert command[-1] == "fbtools[audio,display] @ git+https://github.com/o-n/filter.banks@trunk"


def test_colab_cell_says_what_to_do_with_an_uploaded_notebook(colab):
    with pytest.raises(RuntimeError, match="GitHub page, or pip install"):
        colab("fileId=1a2b3c")


@chapters
def test_chapter_stands_alone(name):
    code = "\n".join(c.source for c in read_chapter(name).cells if c.cell_type == "code")
    magic = r"^\s*%(store|run|load|pip|conda)\b|^\s*!"
    assert not re.findall(magic + r"|\.ipynb|pickle|np\.load\(|np\.save", code, re.MULTILINE)
    assert not [other for other in CHAPTERS if other != name and other in code]


@chapters
def test_random_numbers_have_seeds(name):
    code = "\n".join(c.source for c in read_chapter(name).cells if c.cell_type == "code")
    legacy = r"np\.random\.(?!default_rng|Generator|SeedSequence)\w+"
    assert not re.findall(legacy + r"|default_rng\(\s*\)", code)


# --- What every chapter has ------------------------------------------------------------------


@chapters
def test_chapter_opens_with_a_question(name):
    opening = read_chapter(name).cells[0]
    assert opening.cell_type == "markdown"
    title, _, text = opening.source.partition("\n")
    assert title.startswith("# ")
    assert re.search(r"\*\*[^*]+\?\*\*", text)


@chapters
def test_chapter_states_and_proves(book, name):
    text = article(book, name)
    statements = text.select("div.proof.theorem, div.proof.proposition, div.proof.lemma")
    assert statements
    number = int(name.split("_")[0])
    for statement in statements:
        caption = statement.select_one(".caption-number").get_text()
        assert re.match(rf"(Theorem|Proposition|Lemma) {number}\.\d+", caption)
    proofs = [p for p in text.select("div.proof.admonition") if p.get("id") == "proof"]
    assert proofs
    assert all(len(proof.get_text()) > 100 for proof in proofs)


@chapters
def test_chapter_has_exercises_with_folded_solutions(book, name):
    text = article(book, name)
    exercises = text.select("div.exercise")
    solutions = text.select("div.solution")
    assert len(exercises) >= 2
    solved = {link["href"].lstrip("#") for s in solutions for link in s.select("p a[href]")[:1]}
    assert solved == {exercise["id"] for exercise in exercises}
    assert all("dropdown" in solution["class"] for solution in solutions)
    assert all(len(solution.select_one("section").get_text()) > 80 for solution in solutions)


@chapters
def test_chapter_has_numbered_figures_that_the_text_refers_to(book, name):
    text = article(book, name)
    figures = [f for f in text.select("figure[id]") if f.select_one(".caption-number")]
    assert figures
    referred = {link["href"].rpartition("#")[2] for link in text.select("a.reference[href]")}
    for figure in figures:
        assert len(figure.select_one(".caption-text").get_text()) > 20, figure["id"]
    assert {figure["id"] for figure in figures} <= referred


@chapters
def test_chapter_can_be_heard(book, name):
    sounds = article(book, name).select("audio")
    assert sounds
    for sound in sounds:
        assert sound["src"].startswith("data:audio/")
        assert sound.has_attr("controls")
        assert sound["aria-label"]


@chapters
def test_chapter_says_what_to_change_and_read(book, name):
    text = article(book, name)
    titles = [title.get_text().strip() for title in text.select("p.admonition-title")]
    assert "What to change" in titles
    reading = text.find("section", id="further-reading")
    assert reading is not None
    assert reading.select("a[href*='bibliography.html#']")


# --- Pictures --------------------------------------------------------------------------------


def test_every_picture_says_what_is_seen(book):
    for page in pages(book):
        for picture in parse(page).select("article img"):
            alt = picture.get("alt", "")
            where = (page.name, picture["src"][:80])
            assert len(alt) >= 30, where
            assert "_images/" not in alt, where
            assert not re.search(r"\.(png|svg|webp|jpe?g)\b", alt), where
        for drawing in parse(page).select("article svg:not([aria-hidden])"):
            assert drawing.get("role") == "img", page.name
            assert drawing.find("title") is not None or drawing.get("aria-label"), page.name


@chapters
def test_every_slider_can_be_read_aloud(book, name):
    for slider in article(book, name).select("input[type=range]"):
        assert slider["aria-label"]
        assert slider["aria-valuetext"]


# --- Links, and what pages load --------------------------------------------------------------


def test_pages_load_nothing_from_outside(book):
    found = []
    for page in pages(book):
        tree = parse(page)
        for tag, attributes in LOADED.items():
            for element in tree.find_all(tag):
                found += [
                    (page.name, element[a]) for a in attributes if OUTSIDE.match(element.get(a, ""))
                ]
        for link in tree.find_all("link"):
            if LOADING_LINKS & set(link.get("rel", [])) and OUTSIDE.match(link.get("href", "")):
                found.append((page.name, link["href"]))
        for style in tree.find_all("style"):
            found += [(page.name, match) for match in OUTSIDE_CSS.findall(style.get_text())]
        for element in tree.find_all(style=True):
            found += [(page.name, match) for match in OUTSIDE_CSS.findall(element["style"])]
    for sheet in book.rglob("*.css"):
        found += [(sheet.name, match) for match in OUTSIDE_CSS.findall(sheet.read_text())]
    assert found == []


def test_pages_name_no_made_up_address(book):
    made_up = re.compile(
        r"executablebooks/jupyter-book|binder-examples|example\.(com|org)|localhost|unpkg\.com"
        r"|github\.com/(user|username|org|owner|your[\w-]*)/|jsdelivr|cdnjs|googleapis",
        re.IGNORECASE,
    )
    for page in pages(book):
        for element in parse(page).find_all(href=True):
            assert not made_up.search(element["href"]), (page.name, element["href"])
        for script in parse(page).find_all("script"):
            found = made_up.search(script.get_text()[:100_000])
            assert found is None or script.get("type"), (page.name, found)


@chapters
def test_launch_buttons_follow_the_remote(book, name):
    remote = launch_buttons.git(ROOT, "remote", "get-url", "origin")
    repository = launch_buttons.github_repository(remote)
    links = [a["href"] for a in parse(book / "chapters" / f"{name}.html").find_all("a", href=True)]
    launching = [link for link in links if re.search(r"mybinder|colab\.research", link)]
    if repository is None:
        assert launching == []
    else:
        path = repository.removeprefix("https://github.com/")
        assert len(launching) == 2
        assert all(path in link and f"{name}.ipynb" in link for link in launching)


@chapters
def test_notebook_can_be_downloaded(book, name):
    page = book / "chapters" / f"{name}.html"
    link = parse(page).select_one("a.btn-download-source-button")
    target = (page.parent / urllib.parse.unquote(link["href"])).resolve()
    assert target.suffix == ".ipynb"
    assert json.loads(target.read_text()) == json.loads(
        (ROOT / "chapters" / f"{name}.ipynb").read_text()
    )


def test_internal_links_lead_somewhere(book):
    identifiers = {
        page: {element["id"] for element in parse(page).find_all(id=True)} for page in pages(book)
    }
    broken = []
    for page in pages(book):
        for link in parse(page).select("a[href]"):
            address = urllib.parse.urlsplit(link["href"])
            if address.scheme or address.netloc or link["href"] in ("#", ""):
                continue
            path = urllib.parse.unquote(address.path)
            target = (page.parent / path).resolve() if path else page
            anchor = urllib.parse.unquote(address.fragment)
            if not target.exists() or (anchor and anchor not in identifiers.get(target, ())):
                broken.append((page.name, link["href"]))
    assert broken == []


def test_bibliography_holds_exactly_what_is_cited(book):
    entries = {e["id"] for e in parse(book / "chapters" / "bibliography.html").select(".citation")}
    cited = {
        link["href"].rpartition("#")[2]
        for page in pages(book)
        for link in parse(page).select("a[href*='bibliography.html#']")
        if link.find_parent(class_="bibtex-citation")
    }
    assert cited == entries


# --- The reference pages ---------------------------------------------------------------------


def public_modules() -> list[str]:
    """Return the modules that say which of their names are public, without importing any.

    One needs PyTorch, which need not be installed.
    """
    package = ROOT / "fbtools"
    return [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in sorted(package.rglob("*.py"))
        if path.name != "__init__.py" and re.search(r"^__all__ = ", path.read_text(), re.MULTILINE)
    ]


@pytest.mark.parametrize("module", public_modules())
def test_api_page_documents_every_public_name(book, module):
    identifiers = {e["id"] for e in parse(book / "chapters" / "api.html").select("dt[id]")}
    assert set(rooms.qualified_names(module)) <= identifiers


def test_api_page_documents_what_the_package_exports(book):
    identifiers = {e["id"] for e in parse(book / "chapters" / "api.html").select("dt[id]")}
    exported = {
        f"fbtools.{name}"
        for name in fbtools.__all__
        if getattr(getattr(fbtools, name), "__module__", "").startswith("fbtools")
    }
    assert exported
    assert exported <= identifiers


def test_notation_page_names_things_that_exist():
    text = (ROOT / "chapters" / "notation.md").read_text()
    names = re.findall(r"`fb\.([\w.]+)", text)
    assert len(names) > 10
    for name in names:
        assert functools.reduce(getattr, name.split("."), fbtools) is not None
