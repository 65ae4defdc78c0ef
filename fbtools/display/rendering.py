"""From a drawing function to the frames of an explorer: pictures as WebP, with text and sound."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fbtools.display.drawing import pixels
from fbtools.display.sound import Comparison, Sound
from fbtools.extras import needs
from fbtools.validation import FilterbankError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Value = int | float | str
MANY_COLOURS = 4096


@dataclass(frozen=True)
class Frame:
    """One drawn picture: WebP bytes, size in pixels, alt text, and the markup of its sound."""

    webp: bytes
    width: int
    height: int
    alt: str
    sound: str

    @property
    def source(self) -> str:
        """The picture as a data URI."""
        return "data:image/webp;base64," + base64.b64encode(self.webp).decode("ascii")


def render(
    draw: Callable[..., Any], values: Mapping[str, Value], alt: str | Callable[..., str]
) -> Frame:
    """Draw one frame; whatever figures `draw` opens are closed, even if it fails.

    Parameters
    ----------
    draw : callable
        As for `fbtools.display.interact.explore`.
    values : mapping of str to int, float or str
        Its arguments.
    alt : str or callable
        Alternative text, or a function of the same values that returns it.

    Returns
    -------
    Frame

    Raises
    ------
    FilterbankError
        If `draw` returns no figure, or `alt` no text.

    Examples
    --------
    >>> from fbtools import plotting
    >>> from fbtools.display.rendering import render
    >>> def draw(n):
    ...     return plotting.waveform(range(n))
    >>> render(draw, {"n": 9}, alt="A ramp.").webp[8:12]
    b'WEBP'
    """
    with needs("display"):
        import matplotlib.pyplot as plt

    open_before = set(plt.get_fignums())
    try:
        with plt.ioff():  # else the notebook shows all open figures after the cell that comes next
            figure, sound = _drawn(draw(**values), open_before)
        webp, width, height = _as_webp(figure)
        plt.close(figure)
    finally:
        for number in set(plt.get_fignums()) - open_before:
            plt.close(number)
    text = alt if isinstance(alt, str) else alt(**values)
    if not isinstance(text, str) or not text.strip():
        raise FilterbankError(f"alt gave {text!r} for {dict(values)}: return a description.")
    return Frame(webp, width, height, text, sound)


def _drawn(result: Any, open_before: set[int]) -> tuple[Figure, str]:
    """Return the figure, and the markup of the sound, in what ``draw`` returned."""
    with needs("display"):
        import matplotlib.pyplot as plt
        from matplotlib.axes import Axes
        from matplotlib.figure import Figure

    sound = ""
    if (
        isinstance(result, tuple)
        and len(result) == 2
        and isinstance(result[1], (Sound, Comparison))
    ):
        sound = result[1]._repr_html_()
        result = result[0]
    if isinstance(result, Axes):
        result = result.get_figure(root=True)
    if result is None and set(plt.get_fignums()) - open_before:
        result = plt.gcf()
    if not isinstance(result, Figure):
        raise FilterbankError(
            f"draw returned a {type(result).__name__} and opened no figure: return a matplotlib "
            "Figure or Axes, or a pair of one and a sound from fbtools.display.sound."
        )
    return result, sound


def _as_webp(figure: Figure) -> tuple[bytes, int, int]:
    """Encode a figure twice, exactly and with quality 80, and keep the smaller.

    With many colours only the second is tried: the first is much slower then, and larger. Method 2
    takes half the time of method 4, and the exact file does not grow by it.
    """
    image = pixels(figure)
    encoded = []
    exact, good = {"lossless": True, "quality": 60}, {"quality": 80}
    for options in (exact, good) if image.getcolors(MANY_COLOURS) else (good,):
        buffer = io.BytesIO()
        image.save(buffer, format="WEBP", method=2, **options)
        encoded.append(buffer.getvalue())
    return min(encoded, key=len), image.width, image.height
