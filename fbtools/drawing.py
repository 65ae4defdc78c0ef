"""From a figure to its pixels, drawn once: what the book's pages and sliders show.

matplotlib's ``savefig`` draws a figure with a layout twice, and while it finds the layout it places
the same ticks again some fifty times. Without either the pixels are the same, in half the time.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from PIL.Image import Image


def pixels(figure: Figure) -> Image:
    """Draw a figure on white, with the pixels of ``savefig(facecolor="white")``.

    Examples
    --------
    >>> from fbtools import plotting
    >>> from fbtools.drawing import pixels
    >>> pixels(plotting.new_axes(figsize=(3, 2), dpi=100).figure).size
    (300, 200)
    """
    import PIL.Image
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    colour, shown = figure.get_facecolor(), figure.canvas
    canvas: Any = FigureCanvasAgg(figure)
    try:
        figure.set_facecolor("white")
        with ticks_placed_once(figure):
            canvas.draw()
    finally:
        figure.set_facecolor(colour)
        figure.set_canvas(shown)
    return PIL.Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")


def png(figure: Figure) -> bytes | None:
    """Return a figure as PNG for a notebook, or None where there is nothing to see."""
    if not figure.axes and not figure.lines:
        return None
    buffer = io.BytesIO()
    pixels(figure).save(buffer, format="PNG")
    return buffer.getvalue()


@contextmanager
def ticks_placed_once(figure: Figure) -> Iterator[None]:
    """While a figure is drawn, place the ticks of an axis once for each view and size of its axes.

    Where matplotlib places them by another method, this changes nothing.
    """
    axes = [axis for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)]
    axes = [axis for axis in axes if hasattr(axis, "_update_ticks")]
    for axis in axes:
        vars(axis)["_update_ticks"] = _remembering(axis)
    try:
        yield
    finally:
        for axis in axes:
            del vars(axis)["_update_ticks"]


def _remembering(axis: Axis) -> Callable[[], list[Any]]:
    """The method of an axis that places its ticks, with a memory of its last answer only.

    An earlier one would hold the same ticks, which have moved since.
    """
    place: Callable[[], list[Any]] = getattr(axis, "_update_ticks")  # noqa: B009

    @functools.lru_cache(maxsize=1)
    def placed(*_: float) -> list[Any]:
        return place()

    return lambda: placed(*axis.get_view_interval(), *axis.axes.bbox.bounds)
