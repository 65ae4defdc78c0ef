"""The script of the sliders alone: explorer.js in pages of a few bytes."""

from __future__ import annotations

import pytest

from fbtools.display.markup import page_explorer

FRAMES = [(f"data:,{a}{b}", f"frame {a}{b}", f"<p>sound {a}{b}</p>") for a in "xyz" for b in "01"]
SLIDERS = [("Letter", ["x", "y", "z"], 1), ("Digit", ["0", "1"], 0)]


@pytest.fixture
def page(browser):
    page = browser.new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    yield page
    page.close()
    assert page.errors == []


def seen(page, nth=0):
    """What a reader sees: the picture's source and description, the sound, the values."""
    figure = page.locator("figure.fb-explorer").nth(nth)
    picture = figure.locator("img")
    values = figure.locator("output").all_inner_texts()
    return (
        picture.get_attribute("src"),
        picture.get_attribute("alt"),
        figure.locator(".fb-frame-sound").inner_text(),
        values,
    )


def test_every_position_shows_its_own_frame(page):
    page.set_content(page_explorer(FRAMES, (7, 4), SLIDERS, ""))
    assert seen(page) == ("data:,y0", "frame y0", "sound y0", ["y", "0"])
    letter, digit = page.locator("input").all()
    for k, (source, alt, sound) in enumerate(FRAMES):
        letter.fill(str(k // 2))
        digit.fill(str(k % 2))
        text = sound.removeprefix("<p>").removesuffix("</p>")
        assert seen(page) == (source, alt, text, list(alt.split()[1]))
    assert letter.get_attribute("aria-valuetext") == "z"


def test_explorers_of_a_page_do_not_meet(page):
    """The same one twice, and another: each script finds its own figures, and each figure once."""
    one = page_explorer(FRAMES, (7, 4), SLIDERS, "")
    other = page_explorer(FRAMES[:2], (7, 4), SLIDERS[1:], "")
    page.set_content(one + one + other)
    page.locator("input").nth(0).fill("2")
    assert [seen(page, k)[0] for k in range(3)] == ["data:,z0", "data:,y0", "data:,x0"]
    page.locator("input").nth(2).fill("0")
    assert [seen(page, k)[0] for k in range(3)] == ["data:,z0", "data:,x0", "data:,x0"]
    page.locator("input").nth(4).fill("1")
    assert [seen(page, k)[0] for k in range(3)] == ["data:,z0", "data:,x0", "data:,x1"]


def test_without_a_script_there_is_a_picture_and_a_sentence(browser):
    page = browser.new_page(java_script_enabled=False)
    page.set_content(page_explorer(FRAMES, (7, 4), SLIDERS, ""))
    assert page.locator("img").get_attribute("src") == "data:,y0"
    assert "one setting: Letter: y, Digit: 0." in page.locator("noscript").inner_text()
    assert not page.locator(".fb-controls").is_visible()
    page.close()
