"""From a figure to its pixels, drawn once: what the book's pages and sliders show.

matplotlib's ``savefig`` draws a figure with a layout twice, and while it finds the layout it places
the same ticks again some fifty times. Without either the pixels are the same, in half the time.
"""

from __future__ import annotations

import io
import operator
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from fbtools.extras import needs

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from PIL.Image import Image


def pixels(figure: Figure) -> Image:
    """Draw a figure on white, with the pixels of ``savefig(facecolor="white")``.

    Examples
    --------
    >>> from fbtools import plotting
    >>> from fbtools.display.drawing import pixels
    >>> pixels(plotting.new_axes(figsize=(3, 2), dpi=100).figure).size
    (300, 200)
    """
    with needs("display"):
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

    The same for the boxes of their labels. Where matplotlib has other methods for that, this
    changes nothing.
    """
    replaced = [
        (axis, name)
        for ax in figure.axes
        for axis in (ax.xaxis, ax.yaxis)
        for name in ("_update_ticks", "_get_ticklabel_bboxes")
        if hasattr(axis, name)
    ]
    for axis, name in replaced:
        setattr(axis, name, _remembering(axis, name))
    try:
        yield
    finally:
        for axis, name in replaced:
            delattr(axis, name)


def _remembering(axis: Axis, name: str) -> Callable[..., Any]:
    """A method of an axis with a memory of its last answer only.

    An earlier one would hold the same ticks, which have moved since.
    """
    method: Callable[..., Any] = getattr(axis, name)
    memory: list[Any] = [None, (), None]

    def remembered(*arguments: Any) -> Any:
        state = (*axis.get_view_interval(), *axis.axes.bbox.bounds)
        same = len(arguments) == len(memory[1]) and all(map(operator.is_, arguments, memory[1]))
        if state != memory[0] or not same:
            memory[:] = state, arguments, method(*arguments)
        return memory[2]

    return remembered
