"""Sliders and sounds in a real browser, on a page opened from disk: nothing is ever requested."""

import re

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from fbtools.display import interact, plotting, sound

mpl.use("agg")

SR = 16000


def tone(frequency, seconds):
    return np.sin(2 * np.pi * frequency * np.arange(round(SR * seconds)) / SR)


def draw_one(n_filters):
    _, ax = plt.subplots(figsize=(4, 2))
    ax.plot(np.arange(n_filters) % 3)


def draw_two(frequency, shape):
    x = tone(frequency, 0.5)
    x = {"sine": x, "square": np.sign(x), "cubic": x**3}[shape]
    ax = plotting.waveform(x[:200], SR)
    return ax, sound.listen(x, SR, title=f"{shape} at {frequency} Hz")


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """A page with two explorers, one of them twice, a player and a comparison."""
    one = interact.explore(
        draw_one,
        n_filters=[5, 10, 20, 40],
        initial={"n_filters": 10},
        caption="The first.",
        alt=lambda n_filters: f"Zigzag of {n_filters} points.",
    )
    two = interact.explore(
        draw_two,
        frequency=[220, 440],
        shape=["sine", "square", "cubic"],
        units={"frequency": "Hz"},
        alt=lambda frequency, shape: f"A {shape} at {frequency} hertz.",
    )
    parts = [
        one.html(),
        two.html(),
        sound.listen(tone(440, 2.0), SR, title="Tone", credit="made here")._repr_html_(),
        sound.compare({"low": tone(220, 1.0), "high": tone(880, 1.0)}, SR)._repr_html_(),
        one.html(),
    ]
    page = "<!doctype html><html lang=en><meta charset=utf-8><title>Test</title><body>{}</html>"
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(page.format("\n".join(parts)), encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def page(browser, url):
    """The page; afterwards it must have asked for nothing and complained about nothing."""
    tab = browser.new_page()
    complaints, requests = [], []
    tab.on("console", lambda message: complaints.append(message.text))
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("request", lambda request: requests.append(request.url))
    tab.goto(url)
    yield tab
    tab.close()
    assert complaints == []
    assert [address for address in requests if not address.startswith("data:")] == [url]


def image_loaded(explorer):
    """Wait for the picture, and return its address, text and natural width."""
    image = explorer.locator("img")
    image.evaluate("image => image.decode()")
    return image.evaluate("image => [image.src, image.alt, image.naturalWidth]")


def test_slider_moves_by_keyboard(page):
    explorer = page.locator(".fb-explorer").first
    slider = explorer.get_by_role("slider", name="Number of filters")
    before = image_loaded(explorer)
    assert before[1] == "Zigzag of 10 points."
    slider.focus()
    page.keyboard.press("ArrowRight")
    after = image_loaded(explorer)
    assert after[1] == "Zigzag of 20 points."
    assert after[0] != before[0]
    assert after[2] == before[2] > 0
    assert slider.get_attribute("aria-valuetext") == "20"
    assert explorer.locator("output").inner_text() == "20"
    page.keyboard.press("End")
    assert image_loaded(explorer)[1] == "Zigzag of 40 points."
    page.keyboard.press("Home")
    assert image_loaded(explorer)[1] == "Zigzag of 5 points."
    page.keyboard.press("ArrowRight")
    assert image_loaded(explorer) == before


def test_slider_moves_by_value_and_leaves_the_other_explorer_alone(page):
    first, second, copy = page.locator(".fb-explorer").all()
    untouched = image_loaded(second)
    first.locator("input").fill("3")
    assert image_loaded(first)[1] == "Zigzag of 40 points."
    assert image_loaded(second) == untouched
    assert image_loaded(copy)[1] == "Zigzag of 10 points."
    copy.locator("input").fill("0")
    assert image_loaded(copy)[1] == "Zigzag of 5 points."
    assert image_loaded(first)[1] == "Zigzag of 40 points."


def test_two_sliders_reach_all_their_pictures(page):
    explorer = page.locator(".fb-explorer").nth(1)
    sources = set()
    for i, frequency in enumerate((220, 440)):
        for k, shape in enumerate(("sine", "square", "cubic")):
            explorer.get_by_label("Frequency").fill(str(i))
            explorer.get_by_label("Shape").fill(str(k))
            source, alt, _ = image_loaded(explorer)
            assert alt == f"A {shape} at {frequency} hertz."
            name = explorer.locator("audio").get_attribute("aria-label")
            assert name == f"{shape} at {frequency} Hz"
            sources.add(source)
    assert len(sources) == 6


def plays(page, audio):
    """Start a player; return its length and how far it got when 0.1 s should have sounded."""
    audio.evaluate("audio => audio.play()")
    page.wait_for_function("audio => audio.currentTime > 0.1", arg=audio.element_handle())
    return audio.evaluate("audio => [audio.duration, audio.currentTime, audio.error]")


def test_sounds_play(page):
    for selector, seconds in (
        (".fb-sound > audio >> nth=1", 2.0),
        (".fb-sounds audio >> nth=1", 1),
    ):
        duration, position, error = plays(page, page.locator(selector))
        # MP3 comes in frames of 1152 samples, 0.07 s here; two of them may be padding.
        assert duration == pytest.approx(seconds, abs=0.15)
        assert 0.1 < position <= duration
        assert error is None


def test_sound_that_came_with_the_slider_plays(page):
    explorer = page.locator(".fb-explorer").nth(1)
    explorer.get_by_label("Frequency").fill("1")
    duration, *_ = plays(page, explorer.locator("audio"))
    assert duration == pytest.approx(0.5, abs=0.15)


def test_without_javascript_one_picture_is_there(browser, url):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(url)
    explorer = page.locator(".fb-explorer").first
    assert explorer.locator("img").get_attribute("alt") == "Zigzag of 10 points."
    assert explorer.locator("img").is_visible()
    assert not explorer.locator("input").is_visible()
    assert "one setting: Number of filters: 10." in explorer.inner_text()
    context.close()


LOOK = "e => [getComputedStyle(e).color, getComputedStyle(e).backgroundColor]"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_follow_the_colours_of_the_page(browser, url, scheme):
    page = browser.new_page(color_scheme=scheme)
    page.goto(url)
    colour = "rgb(230, 231, 232)" if scheme == "dark" else "rgb(20, 21, 22)"
    page.add_style_tag(content=f"body {{ color: {colour}; background: #123; }}")
    for words in page.locator("figcaption, label span, output").all():
        look = words.evaluate(
            "e => [getComputedStyle(e).color, getComputedStyle(e).backgroundColor]"
        )
        assert look == [colour, "rgba(0, 0, 0, 0)"]
    panel = page.locator(".fb-explorer img").first.evaluate(
        "e => getComputedStyle(e).backgroundColor"
    )
    assert panel == "rgb(255, 255, 255)"
    page.close()


def test_narrow_screen_does_not_scroll_sideways(browser, url):
    page = browser.new_page(viewport={"width": 320, "height": 600})
    page.goto(url)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    box = page.locator(".fb-explorer input").first.bounding_box()
    assert box["width"] >= 150
    assert re.fullmatch(r"\d+", page.locator("output").first.inner_text())
    page.close()
