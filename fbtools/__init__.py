"""Random FIR filterbanks: energy laws, frame bounds, tail bounds, and pictures of them."""

from fbtools import audio, interact, plotting, sound
from fbtools.aliasing import aliasing_moments, aliasing_terms
from fbtools.auditory import (
    constant_q_filterbank,
    erb_frequencies,
    gabor_filterbank,
    gammatone_filterbank,
    mel_filterbank,
)
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
from fbtools.frames import FrameBounds, condition_number, frame_bounds, littlewood_paley
from fbtools.frontends import FrontEnd, front_ends
from fbtools.law import EnergyLaw
from fbtools.montecarlo import simulate_energy, simulate_frame_bounds
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
from fbtools.validation import FilterbankError

__version__ = "0.1.0"

__all__ = [
    "EnergyLaw",
    "ExtremeLaw",
    "FilterbankError",
    "FrameBounds",
    "FrontEnd",
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
    "constant",
    "constant_q_filterbank",
    "dual",
    "effective_rank",
    "energy_ratio",
    "erb_frequencies",
    "expected_condition_number",
    "frame_algorithm",
    "frame_bound_laws",
    "frame_bounds",
    "front_ends",
    "gabor_filterbank",
    "gammatone_filterbank",
    "harmonic_tone",
    "impulse",
    "interact",
    "littlewood_paley",
    "marchenko_pastur_bounds",
    "mel_filterbank",
    "order_statistic_bounds",
    "plotting",
    "random_filterbank",
    "saddlepoint_sf",
    "scaling_law_bounds",
    "simulate_energy",
    "simulate_frame_bounds",
    "sinusoid",
    "sound",
    "square_root_bounds",
    "synthesize",
    "tighten",
    "white_noise",
]
