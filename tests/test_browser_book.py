"""The pages as a reader has them: opened from disk in a browser, with no network at all.

Every page must come up without a console message of any level that tells of trouble and without a
single request for anything that is not a local file; sliders move, sounds play, formulas are set.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from checkout import ROOT, chapter_names
from waiting import HANGS

CHAPTERS = chapter_names()
PAGES = [
    *(f"chapters/{name}" for name in [*CHAPTERS, "notation", "api", "bibliography"]),
    "index",
    "search",
    "genindex",
]
LOCAL = ("file:", "data:", "blob:", "about:")
WIDE = {"width": 1280, "height": 900}
# All tests of a page follow each other (pytest goes by the place in the list), so that it is
# loaded once.
each_page = pytest.mark.parametrize("name", PAGES, scope="module")
each_chapter = pytest.mark.parametrize("name", CHAPTERS, scope="module")


@dataclass
class Visit:
    """A page in the browser and what went wrong on it so far."""

    page: object
    name: str
    trouble: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def open_page(book, browser) -> Iterator[object]:
    """Return a function that opens a page of the book, or returns the one that is open."""
    context = browser.new_context(viewport=WIDE, color_scheme="light")
    context.set_default_timeout(1000 * HANGS)
    visits = []

    def opened(name: str) -> Visit:
        if visits and visits[0].name == name:
            return visits[0]
        while visits:
            visits.pop().page.close()
        seen = Visit(context.new_page(), name)
        visits.append(seen)
        page = seen.page
        page.on("console", lambda message: note_message(seen, message))
        page.on("pageerror", lambda error: seen.trouble.append(f"error: {error}"))
        page.on("request", lambda request: note_request(seen, request))
        page.on(
            "requestfailed", lambda request: seen.trouble.append(f"failed: {request.url[:200]}")
        )
        page.goto((book / f"{name}.html").as_uri(), wait_until="load")
        page.wait_for_function("!window.MathJax?.startup || window.MathJax.startup.promise")
        page.evaluate("window.MathJax?.startup?.promise")
        return seen

    yield opened
    context.close()


@pytest.fixture
def visit(open_page) -> Iterator[object]:
    """Return a function that opens a page of the book; at the end nothing may have gone wrong."""
    visits = []

    def opened(name: str) -> object:
        visits.append(open_page(name))
        return visits[-1].page

    yield opened
    trouble = {seen.page.url: list(seen.trouble) for seen in visits if seen.trouble}
    for seen in visits:
        seen.trouble.clear()
    assert trouble == {}


def note_message(seen: Visit, message) -> None:
    """Keep a console message that tells of trouble."""
    if message.type in ("error", "warning"):
        seen.trouble.append(f"console {message.type}: {message.text}")


def note_request(seen: Visit, request) -> None:
    """Keep a request for anything that is not local."""
    if not request.url.startswith(LOCAL):
        seen.trouble.append(f"request: {request.url[:200]}")


@each_page
def test_page_comes_up_in_peace_with_its_formulas_set(visit, name):
    page = visit(name)
    assert page.locator("h1:visible").count() == 1
    formulas = page.locator("article .math").count()
    assert page.locator("article .math mjx-container").count() == formulas
    assert page.locator("mjx-merror, [data-mjx-error]").count() == 0
    text = page.locator("article").inner_text() if page.locator("article").count() else ""
    assert "$$" not in text
    assert "\\(" not in text


@each_page
def test_pictures_are_loaded(visit, name):
    page = visit(name)
    missing = page.evaluate(
        "[...document.images].filter(i => i.offsetParent && !(i.complete && i.naturalWidth))"
        ".map(i => i.src.slice(0, 100))"
    )
    assert missing == []


@each_chapter
def test_every_slider_changes_its_picture(visit, name):
    page = visit(f"chapters/{name}")
    sliders = page.locator("article input[type=range]")
    for index in range(sliders.count()):
        slider = sliders.nth(index)
        slider.scroll_into_view_if_needed()
        slider.focus()
        figure = slider.locator("xpath=ancestor::figure")
        picture = figure.locator("img")
        before = (picture.get_attribute("src"), picture.get_attribute("alt"))
        said = slider.get_attribute("aria-valuetext")
        at_end = slider.evaluate("s => s.value === s.max")
        page.keyboard.press("ArrowLeft" if at_end else "ArrowRight")
        after = (picture.get_attribute("src"), picture.get_attribute("alt"))
        assert after[0] != before[0], f"slider {index} shows the same picture"
        assert len(after[1]) >= 30
        assert slider.get_attribute("aria-valuetext") != said
        picture.evaluate("i => i.decode()")  # throws if the new picture cannot be shown


def test_there_are_sliders_to_move(book):
    pages = [(book / "chapters" / f"{name}.html").read_text(encoding="utf-8") for name in CHAPTERS]
    assert sum(page.count('<input type="range"') for page in pages) >= 2


@each_chapter
def test_every_sound_plays(visit, name):
    page = visit(f"chapters/{name}")
    sounds = page.locator("article audio")
    assert sounds.count() > 0
    for index in range(sounds.count()):
        played = sounds.nth(index).evaluate(
            """async sound => {
                sound.muted = true;
                await sound.play();
                const end = performance.now() + 60000;
                while (sound.currentTime < 0.05 && performance.now() < end && !sound.ended)
                    await new Promise(resolve => setTimeout(resolve, 20));
                const at = sound.currentTime;
                sound.pause();
                return {at, duration: sound.duration, error: sound.error?.message ?? null};
            }"""
        )
        assert played["error"] is None
        assert played["duration"] > 0.1
        assert played["at"] >= 0.05


@each_chapter
def test_solutions_unfold(visit, name):
    page = visit(f"chapters/{name}")
    solutions = page.locator("div.solution.dropdown")
    assert solutions.count() >= 2
    for index in range(solutions.count()):
        solution = solutions.nth(index)
        body = solution.locator("section").first
        assert not body.is_visible()
        solution.locator(".toggle-button").first.click()
        body.wait_for(state="visible")
        assert body.inner_text().strip()


@each_chapter
def test_notebook_can_be_downloaded(visit, name):
    page = visit(f"chapters/{name}")
    with page.expect_download() as download:
        page.evaluate("document.querySelector('a.btn-download-source-button').click()")
    notebook = ROOT / "chapters" / f"{name}.ipynb"
    assert download.value.suggested_filename == notebook.name
    assert download.value.path().read_bytes() == notebook.read_bytes()


# --- Light and dark --------------------------------------------------------------------------

CONTRASTS = """
() => {
    const parse = c => (c.match(/[\\d.]+/g) || []).map(Number);
    const luminance = ([r, g, b]) => {
        const f = v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
        return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b);
    };
    const background = element => {
        for (let e = element; e; e = e.parentElement) {
            const c = parse(getComputedStyle(e).backgroundColor);
            if (c.length === 3 || c[3] > 0.5) return c;
        }
        return [255, 255, 255];
    };
    const poor = [];
    const texts = "article p, article li, article td, article th, article figcaption, " +
        "article output, article label span, article summary, article h1, article h2, article h3";
    for (const element of document.querySelectorAll(texts)) {
        if (!element.offsetParent || !element.innerText.trim()) continue;
        const [a, b] = [parse(getComputedStyle(element).color), background(element)]
            .map(luminance).sort((x, y) => y - x);
        const ratio = (a + 0.05) / (b + 0.05);
        if (ratio < 4.5) poor.push([ratio.toFixed(2), element.innerText.slice(0, 60)]);
    }
    return poor;
}
"""


# Colours fade over; what fades may be gone before it has ended.
FADED = """
() => Promise.allSettled(
    document.getAnimations().filter(a => a instanceof CSSTransition).map(a => a.finished))
"""


@each_page
def test_text_can_be_read_in_both_modes(visit, name):
    page = visit(name)
    for mode in ("light", "dark"):
        for _ in range(3):  # the button goes round light, dark, auto
            if page.evaluate("document.documentElement.dataset.mode") == mode:
                break
            page.locator("button.theme-switch-button").first.click()
        assert page.evaluate("document.documentElement.dataset.theme") == mode
        page.evaluate(FADED)
        assert page.evaluate(CONTRASTS) == []


@each_page
def test_page_fits_a_narrow_screen(visit, name):
    page = visit(name)
    page.set_viewport_size({"width": 390, "height": 800})
    page.wait_for_function("window.innerWidth === 390")
    page.evaluate(FADED)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.set_viewport_size(WIDE)
