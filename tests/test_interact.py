"""The explorers: every setting has its picture, on the page and in a live kernel."""

import base64
import io
import itertools
import json
import re
import subprocess
import sys

import ipywidgets
import live_kernel
import matplotlib as mpl
import matplotlib.pyplot as plt
import nbclient
import nbformat
import numpy as np
import pytest
from live_kernel import run
from PIL import Image
from test_sound import Outline

from fbtools import interact, markup, rendering, sound
from fbtools.validation import FilterbankError

mpl.use("agg")
VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(autouse=True)
def _no_leftovers(monkeypatch):
    monkeypatch.delenv("FBTOOLS_STATIC", raising=False)
    yield
    assert plt.get_fignums() == []


@pytest.fixture
def live(monkeypatch):
    monkeypatch.setenv("FBTOOLS_STATIC", "0")


def draw(height, shade="0.5"):
    """A bar whose height and grey can be read back from the picture."""
    figure, ax = plt.subplots(figsize=(2, 1), dpi=100)
    ax.set_position([0, 0, 1, 1])
    ax.bar(0, height, width=2, color=shade)
    ax.set(ylim=(0, 10), xlim=(-0.5, 0.5))
    ax.axis("off")
    return figure


def describe(height, shade="0.5"):
    return f"Bar of height {height} in {shade}."


def seen(source):
    """Read height (tenths) and grey level back from a data URI."""
    raw = base64.b64decode(source.removeprefix("data:image/webp;base64,"))
    pixels = np.asarray(Image.open(io.BytesIO(raw)).convert("L")).astype(float)
    column = pixels[:, pixels.shape[1] // 2]
    return (column < 245).mean() * 10, column[-3] / 255


def page_data(page):
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', page).group(1))


def two_sliders(**options):
    return interact.explore(
        draw,
        height=[2, 4, 8],
        shade=["0.25", "0.75"],
        alt=describe,
        initial={"height": 4, "shade": "0.75"},
        **options,
    )


def test_page_holds_every_setting_in_order():
    explorer = two_sliders()
    page = explorer.html()
    data = page_data(page)
    settings = list(itertools.product([2, 4, 8], ["0.25", "0.75"]))
    assert data["initial"] == settings.index((4, "0.75"))
    assert data["texts"] == [["2", "4", "8"], ["0.25", "0.75"]]
    shown = re.search(r'<img src="([^"]+)" alt="([^"]+)"', page)
    data["frames"][data["initial"]][0] = shown.group(1)
    assert shown.group(2) == describe(4, "0.75")
    for (height, shade), (source, alt, words) in zip(settings, data["frames"], strict=True):
        assert alt == describe(height, shade)
        assert words == ""
        # One pixel row of 100 is 0.1; WebP moves a grey level by 2 % at most.
        assert seen(source) == pytest.approx((height, float(shade)), abs=0.11)
    assert explorer.n_frames == explorer.n_drawn == 6


def test_page_markup_is_well_formed_accessible_and_asks_for_nothing():
    page = two_sliders(labels={"height": "Höhe <h>"}, units={"height": "dB & more"}).html()
    outline = Outline(page)
    inputs = [a for tag, a in outline.tags if tag == "input"]
    assert [a["aria-label"] for a in inputs] == ["Höhe <h>", "Shade"]
    assert [a["aria-valuetext"] for a in inputs] == ["4 dB & more", "0.75"]
    assert [(a["type"], a["min"], a["max"], a["value"]) for a in inputs] == [
        ("range", "0", "2", "1"),
        ("range", "0", "1", "1"),
    ]
    image = next(a for tag, a in outline.tags if tag == "img")
    assert (image["width"], image["height"]) == ("200", "100")
    assert "Without JavaScript, one setting: Höhe <h>: 4 dB & more, Shade: 0.75." in outline.text
    assert re.findall(r'(?:src|href)="(?!data:)[^"]*"', page) == []
    assert "http" not in re.sub(r"base64,[^\"]*", "", page)
    assert len(markup._SCRIPT) < 1500


def test_text_cannot_leave_its_place():
    nasty = '</script><script>alert("1")</script>'
    explorer = interact.explore(
        draw, height=[1, 2], alt=nasty, caption=nasty, units={"height": nasty}
    )
    page = explorer.html()
    assert page.count("<script") == page.count("</script>") == 2
    assert page_data(page)["frames"][1][1] == nasty
    outline = Outline(page)
    assert next(a for tag, a in outline.tags if tag == "img")["alt"] == nasty
    assert next(a for tag, a in outline.tags if tag == "input")["aria-valuetext"] == f"1 {nasty}"


def test_same_bits_twice_and_another_name_for_other_content():
    one, other = two_sliders().html(), two_sliders(caption="x").html()
    assert one == two_sliders().html()
    names = [re.findall(r'<figure [^>]*id="(fb-[0-9a-f]{12})"', page) for page in (one, other)]
    assert len(names[0]) == len(names[1]) == 1
    assert names[0] != names[1]


def test_frames_are_cached_and_found_by_value():
    calls = []

    def counting(height):
        calls.append(height)
        return draw(height)

    explorer = interact.explore(counting, height=np.array([1, 3]), alt="Bar.")
    assert calls == [1, 3]
    assert all(type(height) is int for height in calls)
    explorer.html()
    assert seen(explorer.frame(height=3).source)[0] == pytest.approx(3, abs=0.11)
    assert calls == [1, 3]


def test_what_draw_may_return():
    def nothing(height):
        draw(height)

    def axes(height):
        return draw(height).axes[0]

    for each in (nothing, axes):
        frame = interact.explore(each, height=[3, 5], alt="Bar.").frame(height=5)
        assert seen(frame.source)[0] == pytest.approx(5, abs=0.11)


def test_sound_follows_the_slider():
    def audible(height):
        player = sound.listen(np.ones(800), 8000, title=f"<{height}>")
        return draw(height), player

    explorer = interact.explore(audible, height=[1, 2], alt="Bar.")
    page = explorer.html()
    first, second = (
        sound.listen(np.ones(800), 8000, title=t)._repr_html_() for t in ("<1>", "<2>")
    )
    assert f'<div class="fb-frame-sound">{first}</div>' in page
    assert [words for _, _, words in page_data(page)["frames"]] == [first, second]

    def row(height):
        return draw(height), sound.compare({"a": np.ones(99), "b": np.ones(99)}, 8000)

    assert "fb-sounds" in interact.explore(row, height=[1, 2], alt="Bar.").frame(height=1).sound


def test_a_figure_open_before_is_neither_used_nor_closed():
    before = plt.figure()
    with pytest.raises(FilterbankError, match="opened no figure"):
        interact.explore(lambda height: None, height=[1, 2], alt="Bar.")
    explorer = interact.explore(lambda height: draw(height), height=[1, 2], alt="Bar.")
    assert explorer.n_drawn == 2
    assert plt.get_fignums() == [before.number]
    plt.close(before)


def test_failing_draw_closes_its_figure_and_tells():
    def failing(height):
        draw(height)
        raise ZeroDivisionError("in draw")

    with pytest.raises(ZeroDivisionError, match="in draw"):
        interact.explore(failing, height=[1, 2], alt="Bar.")


def test_the_smaller_encoding_is_kept():
    noise = np.random.default_rng(0).random((300, 300))
    figure, ax = plt.subplots()
    ax.imshow(noise)
    webp, *_ = rendering._as_webp(figure)
    assert webp[12:16] == b"VP8 "
    plt.close(figure)
    figure = draw(3)
    assert rendering._as_webp(figure)[0][12:16] == b"VP8L"
    plt.close(figure)


def test_pixels_are_those_of_savefig():
    """Also with a layout that is only known when drawing, and whatever the colour of the figure."""
    with mpl.rc_context({"figure.constrained_layout.use": True}):
        figure, axes = plt.subplots(2, 2, facecolor="yellow", figsize=(5, 3), dpi=120)
    for k, ax in enumerate(axes.flat):
        ax.semilogy(np.arange(1, 50) ** k, label=f"$n^{k}$")
        ax.set_title("A title of two\nlines" if k else "", loc="left")
        ax.legend(loc="lower right", bbox_to_anchor=(1, 1))
    figure.suptitle("Powers")
    raw = io.BytesIO()
    figure.savefig(raw, format="png", facecolor="white")
    expected = np.asarray(Image.open(raw).convert("RGB"))
    np.testing.assert_array_equal(np.asarray(rendering._pixels(figure)), expected)
    assert expected.shape == (360, 600, 3)
    plt.close(figure)


def test_size_is_reported():
    explorer = two_sliders()
    assert len(explorer.frame_bytes) == 6
    assert repr(explorer).startswith("Explorer of height (3), shade (2): 6 of 6 frames drawn")
    start = len(explorer.frame(height=4, shade="0.75").webp)
    assert start in explorer.frame_bytes


def test_static_bundle_has_no_widget():
    assert set(two_sliders()._repr_mimebundle_(include=None)) == {"text/plain", "text/html"}


@pytest.mark.usefixtures("live")
def test_live_control_redraws_when_moved():
    explorer = two_sliders(caption="Cap")
    height, shade, view, messages = explorer.widget.children
    assert (height.value, shade.value) == (1, 1)
    assert describe(4, "0.75") in view.value
    height.value = 2
    source = re.search(r'src="([^"]+)"', view.value).group(1)
    assert seen(source) == pytest.approx((8, 0.75), abs=0.11)
    shade.value = 0
    source = re.search(r'src="([^"]+)"', view.value).group(1)
    assert seen(source) == pytest.approx((8, 0.25), abs=0.11)
    assert describe(8, "0.25") in view.value
    assert "Cap" in view.value
    assert messages.outputs == ()
    assert isinstance(height, ipywidgets.SelectionSlider)
    assert height.description == "Height"


@pytest.mark.usefixtures("live")
def test_live_bundle_carries_control_and_page():
    explorer = two_sliders()
    bundle = explorer._repr_mimebundle_()
    assert bundle[VIEW]["model_id"] == explorer.widget.model_id
    assert bundle["text/html"] == explorer.html()
    assert page_data(bundle["text/html"])["texts"][0] == ["2", "4", "8"]


@pytest.mark.usefixtures("live")
def test_live_first_paint_does_not_wait_for_slow_frames(monkeypatch):
    monkeypatch.setattr(interact, "LIVE_SECONDS", 0.0)
    explorer = two_sliders()
    assert explorer.n_drawn == 1
    page = explorer._repr_mimebundle_()["text/html"]
    assert "run the notebook to move the sliders" in page
    assert describe(4, "0.75") in page
    Outline(page)
    explorer.widget.children[0].value = 0
    assert explorer.n_drawn == 2


class FakeShell:
    kernel = object()

    def __init__(self, content):
        self.content = content

    def get_parent(self):
        return {"content": self.content}


@pytest.mark.parametrize(
    ("content", "expected"),
    [({"allow_stdin": True}, True), ({"allow_stdin": False}, False), ({}, False)],
)
def test_live_means_that_someone_could_answer(monkeypatch, content, expected):
    monkeypatch.setattr(interact, "notebook_shell", lambda: FakeShell(content))
    assert interact.is_live() is expected
    monkeypatch.setenv("FBTOOLS_STATIC", "1")
    assert interact.is_live() is False


def test_wrong_environment_variable_is_named(monkeypatch):
    monkeypatch.setenv("FBTOOLS_STATIC", "yes")
    with pytest.raises(FilterbankError, match="FBTOOLS_STATIC is 'yes'"):
        two_sliders()


CELL = """
import matplotlib.pyplot as plt
from fbtools.interact import explore
def draw(height):
    figure, ax = plt.subplots(figsize=(2, 1))
    ax.bar(0, height)
    return figure
explorer = explore(draw, height=[1, 2, 3], alt=lambda height: f"Bar {height}.")
explorer
"""


def test_headless_notebook_gets_the_page_and_no_widget():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    (output,) = notebook.cells[0].outputs
    assert output.output_type == "execute_result"
    assert set(output.data) == {"text/plain", "text/html"}
    assert len(page_data(output.data["text/html"])["frames"]) == 3
    assert "widgets" not in notebook.metadata


def test_live_kernel_gets_a_control_that_redraws():
    with live_kernel.started() as client:
        (shown,) = run(client, CELL)
        assert set(shown["data"]) == {"text/plain", "text/html", VIEW}
        move = "explorer.widget.children[0].value = 2"
        (value,) = run(client, f"{move}; 'Bar 3.' in explorer.widget.children[1].value")
        assert value["data"]["text/plain"] == "True"
        run(client, "explorer._frames.clear(); explorer._draw = lambda height: 1 / 0")
        (told,) = run(client, "explorer.widget.children[0].value = 0")
        assert told["ename"] == "ZeroDivisionError"
        (kept,) = run(client, "'Bar 3.' in explorer.widget.children[1].value")
        assert kept["data"]["text/plain"] == "True"


def explore(**arguments):
    return interact.explore(draw, **{"alt": "Bar.", "height": [1, 2], **arguments})


BAD = [
    (lambda: interact.explore(draw, height=[1, 2]), "alt is missing"),
    (lambda: explore(alt=" "), "alt is missing"),
    (lambda: explore(alt=lambda height: ""), "alt gave ''"),
    (lambda: explore(alt=lambda height: None), "alt gave None"),
    (lambda: interact.explore(draw, alt="Bar."), "parameters are missing"),
    (lambda: explore(height=5), "height is 5"),
    (lambda: explore(height="abc"), "height is 'abc'"),
    (lambda: explore(height={1: 2}), "height is {1: 2}"),
    (lambda: explore(height=[1]), "height is [1]"),
    (lambda: explore(height=[]), "height is []"),
    (lambda: explore(height=[1, 1]), "height is [1, 1]"),
    (lambda: explore(height=[1, None]), "value None"),
    (lambda: explore(height=[1, float("nan")]), "value nan"),
    (lambda: explore(height=[True, False]), "value True"),
    (lambda: explore(initial={"height": 3}), "initial['height'] is 3"),
    (lambda: explore(initial={"width": 3}), "initial has the key 'width'"),
    (lambda: explore(labels={"width": "W"}), "labels has the key 'width'"),
    (lambda: explore(units={"width": "W"}), "units has the key 'width'"),
    (
        lambda: explore(height=range(1, 32), shade=["0.1", "0.2"]),
        "31 (height) x 2 (shade) = 62 frames: at most 60",
    ),
    (lambda: interact.explore(lambda height: 3, height=[1, 2], alt="Bar."), "returned a int"),
    (lambda: explore().frame(), "frame lacks height"),
    (lambda: explore().frame(height=7), "height is 7"),
    (lambda: explore().frame(height=1, width=7), "frame has the key 'width'"),
]


@pytest.mark.parametrize(("call", "words"), BAD)
def test_bad_input_is_named(call, words):
    with pytest.raises(FilterbankError) as caught:
        call()
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("name", "words"),
    [("filter_length", "Filter length"), ("n_filters", "Number of filters"), ("J", "J")],
)
def test_names_read_as_words(name, words):
    assert interact._in_words(name) == words


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(1024, "samples", "1024 samples"), (0.1 + 0.2, "", "0.3"), ("trumpet", "", "trumpet")],
)
def test_values_are_written_plainly(value, unit, text):
    assert interact.Parameter("p", (value, "other"), "P", unit, 0).text(0) == text


def test_import_is_light():
    code = (
        "import sys, fbtools.plotting, fbtools.sound, fbtools.interact;"
        "print([m for m in ('librosa', 'matplotlib', 'ipywidgets', 'PIL') if m in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
