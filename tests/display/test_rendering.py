"""From what a drawing function returns to the picture of a frame."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from explorers import draw, seen

from fbtools.display import interact, rendering
from fbtools.validation import FilterbankError

mpl.use("agg")


@pytest.fixture(autouse=True)
def _no_leftovers(monkeypatch):
    monkeypatch.delenv("FBTOOLS_STATIC", raising=False)
    yield
    assert plt.get_fignums() == []


def test_what_draw_may_return():
    def nothing(height):
        draw(height)

    def axes(height):
        return draw(height).axes[0]

    for each in (nothing, axes):
        frame = interact.explore(each, height=[3, 5], alt="Bar.").frame(height=5)
        assert seen(frame.source)[0] == pytest.approx(5, abs=0.11)


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
