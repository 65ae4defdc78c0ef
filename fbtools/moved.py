"""Names that stood at the top level before version 0.1 had rooms, and where they are now."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

_NAMES = {
    "audio": ("fetching", "random_segments"),
    "display": ("charts", "drawing", "idle", "markup", "rendering", "style"),
    "experiments": ("LearningTask", "claims", "learning_task", "reproduction", "stored_fits"),
    "filterbanks": (
        *("FrontEnd", "IsacDesign", "auditory", "constant_q_filterbank", "erb_frequencies"),
        *("front_ends", "hz_to_scale", "isac", "isac_channels", "isac_design"),
        *("normalise_energy", "orthogonal_filterbank", "scale_to_hz", "scale_width"),
        *("wavelet_filterbank", "windowed_filterbank"),
    ),
    "frames": (
        *("TightFit", "aliasing", "aliasing_moments", "aliasing_terms", "certificate", "duals"),
        *("fibre_bounds", "fibre_cells", "fibre_inverse", "fibre_search", "fibre_singular"),
        *("fibres", "frame_algorithm", "tight", "tighten_fir"),
    ),
    "laws": (
        *("ExtremeLaw", "bernstein_bound", "bernstein_deviation", "cantelli_bound"),
        *("cantelli_deviation", "chernoff_bound", "chernoff_deviation", "contour", "crossings"),
        *("few_eigenvalues", "gamma_sums", "lumping", "marchenko_pastur_bounds"),
        *("order_statistic_bounds", "quantiles", "roots", "saddlepoint_sf"),
        *("scaling_law_bounds", "square_root_bounds", "toeplitz", "wishart"),
    ),
    "learning": (
        *("Adam", "Fit", "FitState", "GradientDescent", "LinearDescent", "Momentum", "Penalty"),
        *("Regression", "condition_penalty", "descent", "fit_hybrid", "fits", "hybrid"),
        *("hybrid_bounds", "linear_descent", "masking", "optimisers", "penalties"),
        *("regression_loss", "tightness_penalty", "training"),
    ),
    "signals": (
        *("brown_noise", "chirp", "constant", "harmonic_tone", "impulse", "random_sines"),
        *("sinusoid", "white_noise"),
    ),
    "simulation": ("checkpoints", "samplers", "sweeps", "variates"),
}
_RENAMED = {
    "comparison": "experiments.denoising",
    "denoising": "learning.denoiser",
    "energy": "laws.autocorrelations",
    "extremes": "laws.bound_laws",
    "extrema": "frames.many_banks",
    "fibre_extremes": "frames.many_banks",
    "frontends": "filterbanks.published",
    "initialisations": "filterbanks.random",
    "law": "laws.energy_law",
    "montecarlo": "simulation.simulate",
    "regression": "learning.losses",
    "scaling": "laws.first_order",
    "tails": "laws.tail_bounds",
    "tasks": "experiments.learning_tasks",
}
PLACES = {name: f"{room}.{name}" for room, names in _NAMES.items() for name in names} | _RENAMED


def find(name: str) -> Any:
    """Return what had a name at the top level, with a warning that says where it is now.

    Parameters
    ----------
    name : str
        A key of ``PLACES``.

    Returns
    -------
    object

    Examples
    --------
    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     found = find("impulse")
    >>> found.__name__, str(caught[0].message)
    ('impulse', 'fbtools.impulse is now fbtools.signals.impulse; the short name goes with 0.2.')
    """
    place = PLACES[name]
    warnings.warn(
        f"fbtools.{name} is now fbtools.{place}; the short name goes with 0.2.",
        DeprecationWarning,
        stacklevel=3,
    )
    room, _, leaf = place.rpartition(".")
    return getattr(importlib.import_module(f"fbtools.{room}"), leaf)
