"""Random FIR filterbanks: energy laws, frame bounds, tail bounds, and pictures of them.

``fbtools.__version__`` is the version, a string such as "0.1.0".
"""

from fbtools import audio, interact, plotting, sound
from fbtools.aliasing import aliasing_moments, aliasing_terms
from fbtools.auditory import (
    constant_q_filterbank,
    erb_frequencies,
    gabor_filterbank,
    gammatone_filterbank,
    mel_filterbank,
)
from fbtools.descent import LinearDescent, linear_descent
from fbtools.duals import dual, frame_algorithm, synthesize, tighten
from fbtools.energy import (
    autocorrelation,
    autocorrelation_matrix,
    autocorrelation_spectrum,
    effective_rank,
)
from fbtools.extremes import (
    ExtremeLaw,
    expected_condition_number,
    frame_bound_laws,
)
from fbtools.filterbanks import analysis_matrix, analyze, energy_ratio, random_filterbank
from fbtools.fits import Fit, FitState
from fbtools.frames import FrameBounds, condition_number, frame_bounds, littlewood_paley
from fbtools.frontends import FrontEnd, front_ends
from fbtools.hybrid import fit_hybrid, hybrid_bounds, hybrid_filterbank
from fbtools.initialisations import (
    normalise_energy,
    orthogonal_filterbank,
    wavelet_filterbank,
    windowed_filterbank,
)
from fbtools.isac import (
    IsacDesign,
    hz_to_scale,
    isac_channels,
    isac_design,
    isac_filterbank,
    scale_to_hz,
    scale_width,
)
from fbtools.law import EnergyLaw
from fbtools.montecarlo import simulate_energy, simulate_frame_bounds
from fbtools.optimisers import Adam, GradientDescent, Momentum
from fbtools.penalties import Penalty, condition_penalty, tightness_penalty
from fbtools.regression import Regression, regression_loss
from fbtools.scaling import (
    marchenko_pastur_bounds,
    order_statistic_bounds,
    scaling_law_bounds,
    square_root_bounds,
)
from fbtools.signals import (
    brown_noise,
    chirp,
    constant,
    harmonic_tone,
    impulse,
    sinusoid,
    white_noise,
)
from fbtools.tails import (
    bernstein_bound,
    bernstein_deviation,
    cantelli_bound,
    cantelli_deviation,
    chernoff_bound,
    chernoff_deviation,
    saddlepoint_sf,
)
from fbtools.tasks import LearningTask, learning_task, random_segments, stored_fits
from fbtools.tight import TightFit, tight_filterbank, tighten_fir
from fbtools.training import fit_filterbank, random_sines
from fbtools.validation import FilterbankError

# Written out, since to ask importlib.metadata would cost every import some hundredths of a second;
# a test compares it with pyproject.toml and with the installed package.
__version__ = "0.1.0"

__all__ = [
    "Adam",
    "EnergyLaw",
    "ExtremeLaw",
    "FilterbankError",
    "Fit",
    "FitState",
    "FrameBounds",
    "FrontEnd",
    "GradientDescent",
    "IsacDesign",
    "LearningTask",
    "LinearDescent",
    "Momentum",
    "Penalty",
    "Regression",
    "TightFit",
    "aliasing_moments",
    "aliasing_terms",
    "analysis_matrix",
    "analyze",
    "audio",
    "autocorrelation",
    "autocorrelation_matrix",
    "autocorrelation_spectrum",
    "bernstein_bound",
    "bernstein_deviation",
    "brown_noise",
    "cantelli_bound",
    "cantelli_deviation",
    "chernoff_bound",
    "chernoff_deviation",
    "chirp",
    "condition_number",
    "condition_penalty",
    "constant",
    "constant_q_filterbank",
    "dual",
    "effective_rank",
    "energy_ratio",
    "erb_frequencies",
    "expected_condition_number",
    "fit_filterbank",
    "fit_hybrid",
    "frame_algorithm",
    "frame_bound_laws",
    "frame_bounds",
    "front_ends",
    "gabor_filterbank",
    "gammatone_filterbank",
    "harmonic_tone",
    "hybrid_bounds",
    "hybrid_filterbank",
    "hz_to_scale",
    "impulse",
    "interact",
    "isac_channels",
    "isac_design",
    "isac_filterbank",
    "learning_task",
    "linear_descent",
    "littlewood_paley",
    "marchenko_pastur_bounds",
    "mel_filterbank",
    "normalise_energy",
    "order_statistic_bounds",
    "orthogonal_filterbank",
    "plotting",
    "random_filterbank",
    "random_segments",
    "random_sines",
    "regression_loss",
    "saddlepoint_sf",
    "scale_to_hz",
    "scale_width",
    "scaling_law_bounds",
    "simulate_energy",
    "simulate_frame_bounds",
    "sinusoid",
    "sound",
    "square_root_bounds",
    "stored_fits",
    "synthesize",
    "tight_filterbank",
    "tighten",
    "tighten_fir",
    "tightness_penalty",
    "wavelet_filterbank",
    "white_noise",
    "windowed_filterbank",
]
