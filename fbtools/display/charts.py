"""Charts of numbers: quantile bands, histograms, matrices, the complex plane, binary axes.

Chapters reach them through ``fbtools.display.plotting``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from fbtools.display.style import (
    DIVERGING_COLORMAP,
    FILTER_COLORMAP,
    PALETTE,
    add_colorbar,
    as_channel,
    curve,
    new_axes,
)
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


def quantile_band(
    at: ArrayLike,
    samples: ArrayLike,
    ax: Axes | None = None,
    *,
    coverage: float = 0.9,
    role: str = "simulation",
    label: str | None = None,
) -> Axes:
    """Draw the median of simulated values as a line, and a central quantile band around it.

    Parameters
    ----------
    at : array_like, shape (K,)
        Abscissae, for instance filter lengths.
    samples : array_like, shape (K, n_draws)
        Draws, one row for each abscissa.
    ax : matplotlib Axes, optional
        Where to draw; a new figure's unless given.
    coverage : float
        Share of the draws inside the band, in (0, 1).
    role : str
        Name of a look, see `curve`.
    label : str, optional
        What is drawn; the legend adds "median and 90 % band".

    Returns
    -------
    matplotlib Axes
        The axes, with the picture in them.

    Raises
    ------
    FilterbankError
        If the shapes do not match, or `coverage` is outside (0, 1).

    Examples
    --------
    >>> import numpy as np
    >>> from fbtools import plotting
    >>> draws = np.random.default_rng(0).gamma(10, 0.1, size=(3, 200))
    >>> ax = plotting.quantile_band([8, 16, 32], draws, label="energy ratio")
    >>> ax.get_legend_handles_labels()[1]
    ['energy ratio: median and 90 % band']
    """
    at = as_real_array(at, "at")
    samples = as_real_array(samples, "samples")
    if at.ndim != 1 or samples.ndim != 2 or len(samples) != at.size:
        raise FilterbankError(
            f"at and samples have shapes {at.shape} and {samples.shape}: "
            "pass shapes (K,) and (K, n_draws), one row of draws for each abscissa."
        )
    share = as_real(coverage, "coverage", minimum=0, maximum=1)
    look = curve(role)
    low, middle, high = np.quantile(samples, [0.5 - share / 2, 0.5, 0.5 + share / 2], axis=1)
    name = f"median and {100 * share:g} % band"
    ax = new_axes(ax)
    ax.fill_between(at, low, high, color=look["color"], alpha=0.22, linewidth=0)
    ax.plot(at, middle, **look, label=f"{label}: {name}" if label else name)
    return ax


def histogram_with_density(
    samples: ArrayLike,
    pdf: Callable[[FloatArray], ArrayLike] | None = None,
    ax: Axes | None = None,
    *,
    bins: int = 60,
    xlabel: str = "value",
    label: str = "simulation",
    pdf_label: str = "exact density",
) -> Axes:
    """Draw a histogram of samples as a density, with a density curve on top.

    Parameters
    ----------
    samples : array_like, shape (n_draws,)
        Draws.
    pdf : callable, optional
        Density; takes and returns an array.
    ax : matplotlib Axes, optional
        Where to draw; a new figure's unless given.
    bins : int
        Number of bars.
    xlabel, label, pdf_label : str
        What is drawn, with the unit; names of the bars and of the curve in the legend.

    Returns
    -------
    matplotlib Axes
        The axes, with the picture in them.

    Raises
    ------
    FilterbankError
        If `samples` is not one-dimensional and finite, or `bins` is not a positive integer.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy import stats
    >>> from fbtools import plotting
    >>> draws = np.random.default_rng(0).gamma(10, 0.1, size=1000)
    >>> ax = plotting.histogram_with_density(draws, stats.gamma(10, scale=0.1).pdf)
    >>> ax.get_ylabel()
    'density'
    """
    samples = as_channel(samples, "samples")
    ax = new_axes(ax)
    ax.hist(
        samples,
        bins=as_count(bins, "bins"),
        density=True,
        color=PALETTE["sky"],
        edgecolor="white",
        linewidth=0.4,
        label=label,
    )
    if pdf is not None:
        margin = 0.05 * (np.ptp(samples) or 1.0)
        grid = np.linspace(samples.min() - margin, samples.max() + margin, 400)
        ax.plot(grid, as_real_array(pdf(grid), "pdf(samples)"), **curve("exact"), label=pdf_label)
    ax.set(xlabel=xlabel, ylabel="density")
    ax.legend()
    return ax


def matrix_image(
    matrix: ArrayLike,
    ax: Axes | None = None,
    *,
    label: str = "value",
    symmetric: bool = True,
    colorbar: bool = True,
) -> Axes:
    """Draw a matrix as an image, such as the autocorrelation matrix ``Q`` of a signal.

    Parameters
    ----------
    matrix : array_like, shape (M, N)
        Real matrix.
    ax : matplotlib Axes, optional
        Where to draw; a new figure's unless given.
    label : str
        What the colours mean, with the unit.
    symmetric : bool
        True: red and blue around white zero. False: from dark, the smallest, to light.
    colorbar : bool
        Whether to explain the colours beside the image.

    Returns
    -------
    matplotlib Axes
        The axes, with the picture in them.

    Raises
    ------
    FilterbankError
        If `matrix` is not a finite two-dimensional array.

    Examples
    --------
    >>> import numpy as np
    >>> from fbtools import plotting
    >>> plotting.matrix_image(np.eye(4), label="$Q/R(0)$").get_ylabel()
    'row $m$'
    """
    matrix = as_real_array(matrix, "matrix")
    if matrix.ndim != 2:
        raise FilterbankError(f"matrix has shape {matrix.shape}: pass two dimensions, (M, N).")
    ax = new_axes(ax, figsize=(4.6, 3.8))
    largest = float(np.abs(matrix).max()) or 1.0
    scale: dict[str, Any] = {}
    if symmetric:
        scale = {"vmin": -largest, "vmax": largest, "cmap": DIVERGING_COLORMAP}
    image = ax.imshow(matrix, interpolation="nearest", **scale)
    ax.set(xlabel="column $n$", ylabel="row $m$")
    ax.grid(False)
    if colorbar:
        add_colorbar(image, ax, label)
    return ax


def complex_plane(
    log_modulus: Callable[[Any], ArrayLike],
    real: tuple[float, float],
    imag: tuple[float, float],
    ax: Axes | None = None,
    *,
    label: str = "$\\log_{10}|f(s)|$",
    limits: tuple[float, float] | None = None,
    n_points: int = 241,
) -> Axes:
    """Draw the height of a function over a rectangle of the complex plane, with level lines.

    Parameters
    ----------
    log_modulus : callable
        Takes a complex array ``s``, returns the heights, for instance ``log10 |f(s)|``.
    real, imag : (float, float)
        Intervals of Re s and Im s.
    ax : matplotlib Axes, optional
        Where to draw; a new figure's unless given.
    label : str
        What the colours mean.
    limits : (float, float), optional
        Heights outside are drawn as the limit; by default the 1 % and 99 % quantiles.
    n_points : int
        Grid points along each axis.

    Returns
    -------
    matplotlib Axes
        Plot a path into it with ``ax.plot(s.real, s.imag)``.

    Raises
    ------
    FilterbankError
        If an interval is empty, or a height is NaN everywhere.

    Examples
    --------
    >>> import numpy as np
    >>> from fbtools import plotting
    >>> ax = plotting.complex_plane(lambda s: np.log10(abs(np.exp(s))), (-1, 1), (-2, 2))
    >>> ax.get_xlabel()
    'Re $s$'
    """
    for name, (start, stop) in (("real", real), ("imag", imag)):
        if not start < stop:
            raise FilterbankError(f"{name} is {(start, stop)}: pass an interval (start, stop).")
    u = np.linspace(*real, as_count(n_points, "n_points", minimum=2))
    v = np.linspace(*imag, n_points)
    with np.errstate(all="ignore"):
        heights = np.asarray(log_modulus(u[None, :] + 1j * v[:, None]), dtype=float)
    finite = heights[np.isfinite(heights)]
    if heights.shape != (v.size, u.size) or finite.size == 0:
        raise FilterbankError(
            "log_modulus is not finite anywhere, or changes the shape: return one real number "
            "for each complex number."
        )
    low, high = np.quantile(finite, [0.01, 0.99]) if limits is None else limits
    heights = np.clip(np.nan_to_num(heights, nan=low, posinf=high, neginf=low), low, high)
    ax = new_axes(ax, figsize=(6, 4))
    image = ax.imshow(
        heights,
        origin="lower",
        aspect="auto",
        extent=(*real, *imag),
        vmin=low,
        vmax=high,
        cmap=FILTER_COLORMAP,
        interpolation="bilinear",
    )
    ax.contour(
        u,
        v,
        heights,
        levels=np.linspace(low, high, 14)[1:-1],
        colors="white",
        linewidths=0.5,
        linestyles="-",
        alpha=0.6,
    )
    ax.set(xlabel="Re $s$", ylabel="Im $s$", xlim=real, ylim=imag)
    ax.grid(False)
    add_colorbar(image, ax, label)
    return ax


def log2_axis(ax: Axes, values: ArrayLike, *, which: Literal["x", "y"] = "x") -> Axes:
    """Make an axis logarithmic to base 2, with a plainly written tick at each of `values`.

    Parameters
    ----------
    ax : matplotlib Axes
        Axes to change.
    values : array_like, shape (K,)
        Positive tick positions, for instance the filter lengths 8, 16, ..., 1024.
    which : {"x", "y"}
        Horizontal or vertical axis.

    Returns
    -------
    matplotlib Axes
        The axes `ax`.

    Raises
    ------
    FilterbankError
        If a value is not positive, or `which` is neither.

    Examples
    --------
    >>> from fbtools import plotting
    >>> ax = plotting.log2_axis(plotting.new_axes(), [8, 16, 32])
    >>> [text.get_text() for text in ax.get_xticklabels()]
    ['8', '16', '32']
    """
    ticks = as_channel(values, "values")
    if ticks.min() <= 0:
        raise FilterbankError(f"values has the entry {ticks.min():g}: pass positive numbers.")
    as_choice(which, "which", ("x", "y"))
    axis = ax.xaxis if which == "x" else ax.yaxis
    (ax.set_xscale if which == "x" else ax.set_yscale)("log", base=2)
    axis.set_ticks(ticks, labels=[f"{tick:g}" for tick in ticks])
    axis.set_ticks([], minor=True)
    return ax
