"""The explorers: their frames, what they are made of, and what is refused."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from explorers import draw, page_data, seen, two_sliders

from fbtools.display import interact, sound
from fbtools.validation import FilterbankError

mpl.use("agg")


@pytest.fixture(autouse=True)
def _no_leftovers(monkeypatch):
    monkeypatch.delenv("FBTOOLS_STATIC", raising=False)
    yield
    assert plt.get_fignums() == []


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


def test_size_is_reported():
    explorer = two_sliders()
    assert len(explorer.frame_bytes) == 6
    assert repr(explorer).startswith("Explorer of height (3), shade (2): 6 of 6 frames drawn")
    start = len(explorer.frame(height=4, shade="0.75").webp)
    assert start in explorer.frame_bytes


def test_static_bundle_has_no_widget():
    assert set(two_sliders()._repr_mimebundle_(include=None)) == {"text/plain", "text/html"}


def test_wrong_environment_variable_is_named(monkeypatch):
    monkeypatch.setenv("FBTOOLS_STATIC", "yes")
    with pytest.raises(FilterbankError, match="FBTOOLS_STATIC is 'yes'"):
        two_sliders()


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
