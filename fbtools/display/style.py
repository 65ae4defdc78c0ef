"""The look of the book's figures: colours, dash patterns, markers, axes and their labels.

``curve`` names a role, such as "exact" or "chernoff", and gives it the same colour, dash pattern
and marker on every page, so that colour is never the only cue. Chapters reach all of this
through ``fbtools.display.plotting``.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from fbtools.display.drawing import png
from fbtools.extras import needs
from fbtools.validation import (
    FilterbankError,
    FloatArray,
    as_choice,
    as_count,
    as_real,
    as_real_array,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

PALETTE = {
    "black": "#000000",
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "green": "#009E73",
    "purple": "#CC79A7",
    "wine": "#882255",
    "grey": "#6B6B6B",
    "orange": "#E69F00",
    "sky": "#56B4E9",
}
"""Okabe and Ito's colours, with wine and grey; orange and sky are for areas, too pale for lines."""


class Role(NamedTuple):
    """How one kind of curve looks: colour, dash pattern, marker and line width in points."""

    color: str
    linestyle: Any
    marker: str
    linewidth: float


ROLES = {
    "exact": Role(PALETTE["black"], "-", "", 2.0),
    "simulation": Role(PALETTE["blue"], "-", "o", 1.2),
    "approximation": Role(PALETTE["wine"], (0, (1, 1.3)), "x", 2.0),
    "cantelli": Role(PALETTE["green"], (0, (6, 1.5, 1, 1.5)), "s", 1.6),
    "bernstein": Role(PALETTE["purple"], (0, (4, 1.5)), "^", 1.6),
    "chernoff": Role(PALETTE["vermillion"], (0, (9, 2)), "D", 1.6),
    "signal": Role(PALETTE["blue"], "-", "", 1.0),
    "filter": Role(PALETTE["vermillion"], "-", "", 1.0),
    "sum": Role(PALETTE["black"], "-", "", 2.0),
    "lower": Role(PALETTE["blue"], (0, (6, 2)), "v", 1.6),
    "upper": Role(PALETTE["vermillion"], (0, (6, 1.5, 1, 1.5)), "^", 1.6),
    "reference": Role(PALETTE["grey"], (0, (1, 2)), "", 1.4),
}
COLORS = {name: role.color for name, role in ROLES.items()}
IMAGE_COLORMAP = "magma"
DIVERGING_COLORMAP = "RdBu_r"
FILTER_COLORMAP = "viridis"

_CYCLE = ("blue", "vermillion", "black", "green", "purple", "wine")
_DASHES = ("-", (0, (6, 2)), (0, (1, 1.3)), (0, (6, 1.5, 1, 1.5)), (0, (3, 1.5)), (0, (9, 2)))


def use_style(image_format: str = "png") -> None:
    """Give matplotlib the style of the book; call it in the first cell of a chapter.

    Parameters
    ----------
    image_format : {"png", "svg"}
        Format of the figures that a notebook shows. SVG suits a few plain curves, PNG all else.

    Raises
    ------
    FilterbankError
        If `image_format` is neither.

    Notes
    -----
    The canvas is opaque white, so that a figure reads on a dark page. Neither format carries a
    date, and SVG element names have a fixed salt: two runs give the same bytes.

    Examples
    --------
    >>> from fbtools import plotting
    >>> plotting.use_style()
    >>> import matplotlib as mpl
    >>> mpl.rcParams["figure.dpi"]
    144.0
    """
    with needs("display"):
        import matplotlib as mpl

    as_choice(image_format, "image_format", ("png", "svg"))
    mpl.rcParams.update(_style())
    _set_notebook_format(image_format)


def _style() -> Any:
    """The rcParams of the book."""
    with needs("display"):
        import matplotlib as mpl
        from cycler import cycler

    colors = [PALETTE[name] for name in _CYCLE]
    file = Path(__file__).with_name("book.mplstyle")
    look = mpl.rc_params_from_file(file, use_default_template=False)
    cycle = cycler(color=colors) + cycler(linestyle=list(_DASHES))
    return dict(look) | {"axes.prop_cycle": cycle, "image.cmap": IMAGE_COLORMAP}


def _set_notebook_format(image_format: str) -> None:
    """Tell the inline backend, where there is one, which format to show."""
    shell = notebook_shell()
    if shell is None:
        return
    backend: Any = importlib.import_module("matplotlib_inline.backend_inline")
    dateless = {"metadata": {"Date": None}} if image_format == "svg" else {}
    backend.set_matplotlib_formats(image_format, bbox_inches=None, **dateless)
    if image_format == "png":
        with needs("display"):
            from matplotlib.figure import Figure

        shell.display_formatter.formatters["image/png"].for_type(Figure, png)


def notebook_shell() -> Any | None:
    """Return the interactive shell of the Jupyter kernel this runs in, or None outside one."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell if hasattr(shell, "kernel") else None


def curve(role: str, **changes: Any) -> dict[str, Any]:
    """Return the keyword arguments of ``ax.plot`` for one role, with `changes` on top.

    Parameters
    ----------
    role : str
        One of the keys of ``ROLES``: exact, simulation, approximation, cantelli, bernstein,
        chernoff, signal, filter, sum, lower, upper, reference.
    **changes
        Arguments of ``ax.plot`` to add or replace, for instance ``marker=""``.

    Returns
    -------
    dict
        Keyword arguments of ``ax.plot``.

    Raises
    ------
    FilterbankError
        If there is no such role.

    Examples
    --------
    >>> from fbtools import plotting
    >>> plotting.curve("exact", label="exact law")["color"]
    '#000000'
    """
    as_choice(role, "role", tuple(ROLES))
    return {**ROLES[role]._asdict(), **changes}


def new_axes(ax: Axes | None = None, **subplots: Any) -> Axes:
    """Return `ax`, or the one axes of a new figure.

    Parameters
    ----------
    ax : matplotlib Axes, optional
        Axes that are there already.
    **subplots
        Passed on to ``plt.subplots`` for a new figure, for instance ``figsize``.

    Returns
    -------
    matplotlib Axes
        Where to draw.

    Examples
    --------
    >>> from fbtools import plotting
    >>> plotting.new_axes(figsize=(3, 2)).figure.get_size_inches().tolist()
    [3.0, 2.0]
    """
    if ax is not None:
        return ax
    with needs("display"):
        import matplotlib.pyplot as plt

    axes: Axes = plt.subplots(**subplots)[1]
    return axes


def time_axis(n_samples: int, sr: float | None) -> tuple[FloatArray, str]:
    """Return sample times and the label of their axis: samples, milliseconds or seconds.

    Parameters
    ----------
    n_samples : int
        Number of samples N.
    sr : float or None
        Sampling rate in Hz; None to count samples.

    Returns
    -------
    times : ndarray of float64, shape (N,)
        Times from 0 on, in ms if they all lie within 0.2 s, else in s; or sample numbers.
    label : str
        Name of the axis, with the unit.

    Raises
    ------
    FilterbankError
        If `n_samples` is not a positive integer, or `sr` is not positive.

    Examples
    --------
    >>> from fbtools import plotting
    >>> times, label = plotting.time_axis(441, sr=44100)
    >>> label, round(float(times[-1]), 2)
    ('time (ms)', 9.98)
    """
    n = np.arange(as_count(n_samples, "n_samples"), dtype=float)
    if sr is None:
        return n, "sample $n$"
    rate = as_real(sr, "sr", minimum=0)
    if n_samples < 0.2 * rate:
        return 1000 * n / rate, "time (ms)"
    return n / rate, "time (s)"


def frequency_axis(n_freqs: int, sr: float | None) -> tuple[FloatArray, str]:
    """Return frequencies from 0 to the Nyquist frequency, and the label of their axis.

    Parameters
    ----------
    n_freqs : int
        Number of frequencies, at least 2.
    sr : float or None
        Sampling rate in Hz; None for cycles per sample.

    Returns
    -------
    frequencies : ndarray of float64, shape (n_freqs,)
        Equispaced, in kHz if `sr` is at least 4000, else in Hz; or in cycles per sample.
    label : str
        Name of the axis, with the unit.

    Raises
    ------
    FilterbankError
        If `n_freqs` is not such an integer, or `sr` is not positive.

    Examples
    --------
    >>> from fbtools import plotting
    >>> plotting.frequency_axis(3, sr=16000)
    (array([0., 4., 8.]), 'frequency (kHz)')
    """
    grid = np.linspace(0, 1, as_count(n_freqs, "n_freqs", minimum=2))
    if sr is None:
        return 0.5 * grid, "frequency (cycles per sample)"
    rate = as_real(sr, "sr", minimum=0)
    if rate >= 4000:
        return grid * rate / 2000, "frequency (kHz)"
    return grid * rate / 2, "frequency (Hz)"


def legend_above(ax: Axes, n_columns: int = 3) -> Axes:
    """Put the legend above the plot, at the right, where it hides no curve.

    Parameters
    ----------
    ax : matplotlib Axes
        Axes with labelled curves.
    n_columns : int
        Number of names in a line.

    Returns
    -------
    matplotlib Axes
        The axes `ax`.

    Raises
    ------
    FilterbankError
        If `n_columns` is not a positive integer.

    Examples
    --------
    >>> from fbtools import plotting
    >>> ax = plotting.new_axes()
    >>> _ = ax.plot([1, 2], **plotting.curve("exact", label="exact"))
    >>> _ = plotting.legend_above(ax)
    """
    ax.legend(
        loc="lower right",
        bbox_to_anchor=(1, 1),
        ncols=as_count(n_columns, "n_columns"),
        frameon=False,
        borderaxespad=0.2,
    )
    return ax


def as_channel(value: ArrayLike, name: str = "x") -> FloatArray:
    """Return a finite real array of one dimension; it may be zero everywhere."""
    array = as_real_array(value, name)
    if array.ndim != 1:
        raise FilterbankError(f"{name} has shape {array.shape}: pass one dimension, shape (N,).")
    return array


def add_colorbar(image: AxesImage, ax: Axes, label: str) -> None:
    """Put a labelled colour bar to the right of `ax`."""
    bar = ax.figure.colorbar(image, ax=ax, pad=0.015, fraction=0.06)
    bar.set_label(label)
    bar.outline.set_visible(False)
