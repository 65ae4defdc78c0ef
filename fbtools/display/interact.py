"""Figures with sliders: a control in a live kernel, a working slider on the static page.

`explore` decides between the two when it is called. In a cell that a person runs in Jupyter, it
draws the first picture, and an ipywidgets control draws each further one when asked for. Anywhere
else (the book's build, ``nbconvert --execute``, a plain script) it draws every frame at once and
shows them with a plain ``<input type=range>`` and a few lines of inline JavaScript: no kernel, no
network. The difference is whether the request to run the cell allows keyboard input, which only
front ends with a person in front of them do. The environment variable ``FBTOOLS_STATIC`` overrides
it: ``1`` for the static page, ``0`` for the live control.

The live display also carries a page version, for exports of the notebook: all frames if they can
be drawn within `LIVE_SECONDS`, else the initial picture alone. The kernel then draws the others in
its idle time, those nearest to the shown one first, so that they are there before they are asked
for: a drawing takes some tenths of a second, a move to a frame that is there a few milliseconds.
"""

from __future__ import annotations

import itertools
import math
import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from fbtools.display import idle
from fbtools.display.markup import page_explorer, picture
from fbtools.display.rendering import Frame, Value, render
from fbtools.display.style import notebook_shell
from fbtools.extras import needs
from fbtools.validation import FilterbankError

MAX_FRAMES = 60
LIVE_SECONDS = 2.0


@dataclass(frozen=True)
class Parameter:
    """One slider: the keyword of ``draw``, its values and how they are written.

    Examples
    --------
    >>> from fbtools.display.interact import Parameter
    >>> Parameter("filter_length", (8, 16), "Filter length", "samples", 0).text(1)
    '16 samples'
    """

    name: str
    values: tuple[Value, ...]
    label: str
    unit: str
    initial: int

    def text(self, index: int) -> str:
        """Return the value at `index` as written beside the slider."""
        value = self.values[index]
        number = f"{value:.6g}" if isinstance(value, float) else str(value)
        return f"{number} {self.unit}".rstrip()


class Explorer:
    """A picture that follows its sliders; made by `explore`, shown as the last value of a cell.

    Attributes
    ----------
    parameters : tuple of Parameter
    caption : str
    live : bool
        Whether it shows a live control or a static page.
    """

    def __init__(
        self,
        draw: Callable[..., Any],
        parameters: tuple[Parameter, ...],
        alt: str | Callable[..., str],
        caption: str,
        live: bool,
    ) -> None:
        self.parameters = parameters
        self.caption = caption
        self.live = live
        self._draw = draw
        self._alt = alt
        self._frames: dict[tuple[int, ...], Frame] = {}
        self._shown = self.initial
        self._tried: set[tuple[int, ...]] = set()

    @property
    def n_frames(self) -> int:
        """Number of settings, the product of the numbers of values."""
        return math.prod(len(parameter.values) for parameter in self.parameters)

    @property
    def n_drawn(self) -> int:
        """Number of settings drawn so far."""
        return len(self._frames)

    @property
    def initial(self) -> tuple[int, ...]:
        """Index of the first value shown, for each parameter."""
        return tuple(parameter.initial for parameter in self.parameters)

    @property
    def frame_bytes(self) -> list[int]:
        """Size of each picture drawn so far, in bytes; a good frame has 20 to 60 kB."""
        return [len(frame.webp) for frame in self._frames.values()]

    def frame(self, **values: Value) -> Frame:
        """Return the picture for one value of each parameter, drawing it if need be.

        Raises
        ------
        FilterbankError
            If a parameter is missing or unknown, or a value is not one of its values.
        """
        _check_keys(values, self.parameters, "frame")
        missing = [p.name for p in self.parameters if p.name not in values]
        if missing:
            raise FilterbankError(f"frame lacks {', '.join(missing)}: pass each parameter.")
        return self.frame_at(
            tuple(_index_of(values[p.name], p.values, p.name) for p in self.parameters)
        )

    def frame_at(self, index: tuple[int, ...]) -> Frame:
        """Return the picture for the values at these positions, drawing it if need be."""
        with idle.DRAWING:
            if index not in self._frames:
                values = {p.name: p.values[i] for p, i in zip(self.parameters, index, strict=True)}
                self._frames[index] = render(self._draw, values, self._alt)
            return self._frames[index]

    def indices(self) -> list[tuple[int, ...]]:
        """Return the positions of all settings, the last parameter running fastest."""
        return list(itertools.product(*(range(len(p.values)) for p in self.parameters)))

    def draw_all(self, seconds: float = math.inf) -> bool:
        """Draw the initial picture, then the others until `seconds` have passed.

        Returns
        -------
        bool
            Whether all are drawn.
        """
        start = time.perf_counter()
        self.frame_at(self.initial)
        for index in self.indices():
            if time.perf_counter() - start > seconds:
                break
            self.frame_at(index)
        return self.n_drawn == self.n_frames

    def draw_next(self) -> bool:
        """Draw the missing picture that is nearest to the shown one.

        A drawing that fails is not tried again, until someone asks for it and sees the error.

        Returns
        -------
        bool
            Whether there may be more to draw for the live control.
        """
        missing = [i for i in self.indices() if i not in self._frames and i not in self._tried]
        if not missing or self.widget.comm is None:
            return False
        index = min(missing, key=lambda i: math.dist(i, self._shown))
        self._tried.add(index)
        with idle.left_as_it_was():
            self.frame_at(index)
        return len(missing) > 1

    def html(self) -> str:
        """Return the static page version: sliders if all frames are drawn, else one picture."""
        start = self.frame_at(self.initial)
        if self.n_drawn < self.n_frames:
            note = "One of several settings: run the notebook to move the sliders."
            caption = f"{self.caption} {note}".lstrip()
            return picture(start.source, start.width, start.height, start.alt, start.sound, caption)
        frames = [self.frame_at(index) for index in self.indices()]
        return page_explorer(
            frames=[(frame.source, frame.alt, frame.sound) for frame in frames],
            size=(start.width, start.height),
            sliders=[
                (p.label, [p.text(i) for i in range(len(p.values))], p.initial)
                for p in self.parameters
            ],
            caption=self.caption,
        )

    @cached_property
    def widget(self) -> Any:
        """The live control: an ``ipywidgets.VBox`` of sliders, picture and messages."""
        with needs("display"):
            import ipywidgets

        sliders = [
            ipywidgets.SelectionSlider(
                options=[(p.text(i), i) for i in range(len(p.values))],
                value=p.initial,
                description=p.label,
                continuous_update=False,
                style={"description_width": "initial"},
                layout={"width": "auto", "max_width": "40rem"},
            )
            for p in self.parameters
        ]
        view = ipywidgets.HTML(self._live_markup(self.initial))
        messages = ipywidgets.Output()

        def show(_: Any) -> None:
            self._shown = tuple(slider.value for slider in sliders)
            messages.outputs = ()
            with idle.DRAWING, messages:
                view.value = self._live_markup(self._shown)

        for slider in sliders:
            slider.observe(show, names="value")
        idle.when_idle(self.draw_next)
        return ipywidgets.VBox([*sliders, view, messages])

    def _live_markup(self, index: tuple[int, ...]) -> str:
        frame = self.frame_at(index)
        return picture(
            frame.source, frame.width, frame.height, frame.alt, frame.sound, self.caption
        )

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        bundle = {"text/plain": repr(self), "text/html": self.html()}
        if self.live:
            view = "application/vnd.jupyter.widget-view+json"
            bundle[view] = self.widget._repr_mimebundle_()[view]
        return bundle

    def __repr__(self) -> str:
        sizes = self.frame_bytes
        names = ", ".join(f"{p.name} ({len(p.values)})" for p in self.parameters)
        return (
            f"Explorer of {names}: {len(sizes)} of {self.n_frames} frames drawn, "
            f"{sum(sizes) / 1000:.0f} kB, the largest {max(sizes, default=0) / 1000:.0f} kB"
        )


def explore(
    draw: Callable[..., Any],
    *,
    alt: str | Callable[..., str] | None = None,
    caption: str = "",
    labels: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    initial: Mapping[str, Value] | None = None,
    **parameters: Iterable[Value],
) -> Explorer:
    """Make a figure with one slider for each parameter.

    Parameters
    ----------
    draw : callable
        Called with one value of each parameter, by keyword. Returns a matplotlib ``Figure`` or
        ``Axes``, or None for the figure it opened last; or a pair of that and a `Sound` or
        `Comparison`. It must not depend on anything that changes later; the figure is closed.
    alt : str or callable
        Alternative text. A callable gets the values and describes that frame. Required.
    caption : str
        Shown under the picture.
    labels : mapping, optional
        Name beside the slider, by parameter; by default ``filter_length`` reads "Filter length".
    units : mapping, optional
        Unit written after the values, by parameter.
    initial : mapping, optional
        Value shown first, by parameter; by default the first.
    **parameters : iterable of int, float or str
        Values of each slider, two or more, in order. At most 60 combinations.

    Returns
    -------
    Explorer
        Let it be the last expression of a cell.

    Raises
    ------
    FilterbankError
        If `alt` is missing, a parameter has no, one, repeated or other values, there are too many
        combinations, or `draw` returns something else.

    Examples
    --------
    >>> import numpy as np
    >>> from fbtools import plotting
    >>> from fbtools.display.interact import explore
    >>> def draw(frequency):
    ...     return plotting.waveform(np.sin(frequency * np.arange(100) / 50))
    >>> explorer = explore(
    ...     draw, frequency=[1, 2, 4], units={"frequency": "Hz"},
    ...     alt=lambda frequency: f"Sinusoid of {frequency} Hz.",
    ... )
    >>> explorer.n_frames, explorer.frame(frequency=2).alt
    (3, 'Sinusoid of 2 Hz.')
    """
    if alt is None or (isinstance(alt, str) and not alt.strip()):
        raise FilterbankError(
            "alt is missing: describe the picture for those who do not see it, "
            "for instance alt=lambda **values: f'Histogram for {values}.'"
        )
    sliders = _as_parameters(parameters, labels or {}, units or {}, initial or {})
    explorer = Explorer(draw, sliders, alt, caption, live=is_live())
    if explorer.n_frames > MAX_FRAMES:
        counts = " x ".join(f"{len(p.values)} ({p.name})" for p in sliders)
        raise FilterbankError(
            f"parameters make {counts} = {explorer.n_frames} frames: at most {MAX_FRAMES}; "
            "pass fewer values, or split the figure in two."
        )
    explorer.draw_all(LIVE_SECONDS if explorer.live else math.inf)
    return explorer


def is_live() -> bool:
    """Return whether a person runs this cell, so that a live control has someone to serve.

    Returns
    -------
    bool
        As `FBTOOLS_STATIC` says, or else as the front end does.

    Examples
    --------
    >>> from fbtools.display.interact import is_live
    >>> is_live()
    False
    """
    choice = os.environ.get("FBTOOLS_STATIC", "")
    if choice not in ("", "0", "1"):
        raise FilterbankError(f"FBTOOLS_STATIC is {choice!r}: set it to 1, to 0, or not at all.")
    if choice:
        return choice == "0"
    request: dict[str, Any] = getattr(notebook_shell(), "get_parent", dict)()
    return bool(request.get("content", {}).get("allow_stdin", False))


def _as_parameters(
    parameters: Mapping[str, Iterable[Value]],
    labels: Mapping[str, str],
    units: Mapping[str, str],
    initial: Mapping[str, Value],
) -> tuple[Parameter, ...]:
    """Check the arguments of `explore` and make its sliders."""
    if not parameters:
        raise FilterbankError("parameters are missing: pass one, such as filter_length=[8, 16].")
    sliders = []
    for name, given in parameters.items():
        values = _as_values(given, name)
        first = _index_of(initial[name], values, f"initial[{name!r}]") if name in initial else 0
        label = labels.get(name, _in_words(name))
        sliders.append(Parameter(name, values, label, units.get(name, ""), first))
    for mapping, argument in ((labels, "labels"), (units, "units"), (initial, "initial")):
        _check_keys(mapping, sliders, argument)
    return tuple(sliders)


def _in_words(name: str) -> str:
    """Turn ``n_filters`` into "Number of filters", ``filter_length`` into "Filter length"."""
    words = "number of " + name[2:] if name.startswith("n_") else name
    words = words.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def _as_values(given: Iterable[Value], name: str) -> tuple[Value, ...]:
    """Return the values of one slider as plain Python numbers and strings."""
    if isinstance(given, (str, bytes, Mapping)) or not isinstance(given, Iterable):
        raise FilterbankError(f"{name} is {given!r}: pass a sequence of values, such as [8, 16].")
    values = tuple(v.item() if isinstance(v, np.generic) else v for v in given)
    for value in values:
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not (isinstance(value, str) or (number and math.isfinite(value))):
            raise FilterbankError(f"{name} has the value {value!r}: pass numbers or strings.")
    if len(values) < 2 or len(set(values)) < len(values):
        raise FilterbankError(f"{name} is {list(values)}: pass two or more different values.")
    return values


def _index_of(value: Value, values: tuple[Value, ...], name: str) -> int:
    if value not in values:
        raise FilterbankError(f"{name} is {value!r}: choose one of {list(values)}.")
    return values.index(value)


def _check_keys(mapping: Mapping[str, Any], parameters: Iterable[Parameter], argument: str) -> None:
    names = [parameter.name for parameter in parameters]
    for key in mapping:
        if key not in names:
            raise FilterbankError(
                f"{argument} has the key {key!r}: the parameters are {', '.join(names)}."
            )
