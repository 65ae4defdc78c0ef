"""One drawing gives the pixels of matplotlib's own two."""

import io

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axis import Axis
from PIL import Image

from fbtools.display import drawing, plotting

mpl.use("agg")


@pytest.fixture(autouse=True)
def _no_leftovers():
    with mpl.rc_context():
        plotting.use_style()
        yield
    plt.close("all")


def powers():
    figure, axes = plt.subplots(2, 2, facecolor="yellow", figsize=(5, 3), dpi=120)
    for k, ax in enumerate(axes.flat):
        ax.semilogy(np.arange(1, 50) ** k, label=f"$n^{k}$")
        ax.set_title("A title of two\nlines" if k else "", loc="left")
        ax.legend(loc="lower right", bbox_to_anchor=(1, 1))
    figure.suptitle("Powers")
    return figure


def images_of_fixed_aspect_beside_their_colour_bar():
    figure, axes = plt.subplots(1, 2, sharey=True)
    for k, ax in enumerate(axes):
        image = ax.imshow(np.arange(1200.0).reshape(40, 30) * 10**k, origin="lower")
    figure.colorbar(image, ax=axes, label="level")
    return figure


def shared_axes_of_unequal_width_with_offsets():
    figure, axes = plt.subplots(1, 2, sharex=True, width_ratios=(1, 4))
    for ax in axes:
        ax.plot(1e9 + np.arange(30), 1e-7 * np.arange(30))
        ax.twinx().plot([0, 1e5])
    figure.autofmt_xdate()
    return figure


def without_a_layout():
    figure = plt.figure(layout="none")
    figure.add_subplot(121, projection="polar").plot(np.arange(9))
    figure.add_subplot(122, projection="3d").plot(np.arange(9), np.arange(9), np.arange(9))
    return figure


FIGURES = (
    powers,
    images_of_fixed_aspect_beside_their_colour_bar,
    shared_axes_of_unequal_width_with_offsets,
    without_a_layout,
)


@pytest.mark.parametrize("make", FIGURES)
def test_pixels_are_those_of_savefig(make):
    """Also with a layout that is only known when drawing, and whatever the colour of the figure."""
    raw = io.BytesIO()
    make().savefig(raw, format="png", facecolor="white")
    expected = np.asarray(Image.open(raw).convert("RGB"))
    np.testing.assert_array_equal(np.asarray(drawing.pixels(make())), expected)


def test_png_holds_the_same_pixels():
    image = Image.open(io.BytesIO(drawing.png(powers())))
    assert image.size == (600, 360)
    np.testing.assert_array_equal(np.asarray(image), np.asarray(drawing.pixels(powers())))


def test_an_empty_figure_is_not_shown():
    assert drawing.png(plt.figure()) is None


def test_the_figure_is_left_as_it_was():
    figure = powers()
    canvas, colour = figure.canvas, figure.get_facecolor()
    drawing.pixels(figure)
    assert figure.canvas is canvas
    assert figure.get_facecolor() == colour
    assert all("_update_ticks" not in vars(axis) for ax in figure.axes for axis in (ax.xaxis,))


def test_ticks_are_placed_a_few_times_only(monkeypatch):
    """Before the layout, in its two rounds, and after: four sizes at most, for each of 8 axes."""
    calls = []
    place = Axis._update_ticks
    monkeypatch.setattr(Axis, "_update_ticks", lambda self: calls.append(1) or place(self))
    drawing.pixels(powers())
    assert 8 <= len(calls) <= 32


def test_ticks_follow_the_size_and_the_limits():
    figure, ax = plt.subplots(figsize=(8, 3), layout="none")
    ax.plot([0, 1])

    def shown():
        return [tick.get_loc() for tick in ax.xaxis._update_ticks()]

    with drawing.ticks_placed_once(figure):
        wide = shown()
        ax.set_position([0.1, 0.1, 0.1, 0.8])
        narrow = shown()
        ax.set_position([0.1, 0.1, 0.8, 0.8])
        wide_again = shown()
        ax.set_xlim(5, 6)
        assert min(shown()) >= 5
    assert len(narrow) < len(wide)
    ax.set_position([0.125, 0.11, 0.775, 0.77])
    ax.autoscale()
    assert wide == wide_again == shown()


def test_another_matplotlib_draws_the_same(monkeypatch):
    """Where an axis has no such method, nothing is replaced."""

    class Other:
        xaxis = yaxis = object()

    with drawing.ticks_placed_once(type("Figure", (), {"axes": [Other]})):
        assert not hasattr(Other.xaxis, "_update_ticks")
