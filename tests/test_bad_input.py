"""Every public function, given every kind of bad argument, names the argument and its remedy."""

from __future__ import annotations

import importlib
import inspect

import numpy as np
import pytest

import fbtools as fb
from fbtools import moved

X = fb.signals.chirp(64, 0.01, 0.3)
W = fb.random_filterbank(5, 8, rng=0)
LAW = fb.EnergyLaw(X, 5, 8)

# One valid call for each public function.
CALLS = {
    "aliasing_moments": {"n_filters": 5, "filter_length": 8, "stride": 2, "n_freqs": 4},
    "aliasing_terms": {"w": W, "stride": 2, "n_freqs": 4},
    "analysis_matrix": {"w": W, "signal_length": 16},
    "analyze": {"x": X, "w": W},
    "autocorrelation": {"x": X},
    "autocorrelation_matrix": {"x": X, "filter_length": 8},
    "autocorrelation_spectrum": {"x": X, "filter_length": 8},
    "bernstein_bound": {"law": LAW, "alpha": 0.5},
    "bernstein_deviation": {"law": LAW, "p": 0.5},
    "brown_noise": {"signal_length": 8, "rng": 0},
    "cantelli_bound": {"law": LAW, "alpha": 0.5},
    "cantelli_deviation": {"law": LAW, "p": 0.5},
    "chernoff_bound": {"law": LAW, "alpha": 0.5},
    "chernoff_deviation": {"law": LAW, "p": 0.5},
    "chirp": {"signal_length": 8, "start": 0.1, "stop": 0.2},
    "condition_number": {"w": W},
    "condition_penalty": {"w": W, "signal_length": 16},
    "constant": {"signal_length": 8},
    "constant_q_filterbank": {"n_filters": 12, "filter_length": 2048, "sr": 8000.0, "fmin": 200.0},
    "dual": {"w": W, "signal_length": 16},
    "effective_rank": {"x": X, "filter_length": 8},
    "energy_ratio": {"x": X, "w": W},
    "erb_frequencies": {"n_filters": 4, "fmin": 100.0, "fmax": 1000.0},
    "expected_condition_number": {"n_filters": 5, "filter_length": 8, "signal_length": 8},
    "fit_filterbank": {
        "w0": W,
        "target": W[::-1],
        "signals": X,
        "optimiser": fb.learning.GradientDescent(0.01),
        "n_epochs": 2,
        "rng": 0,
    },
    "fit_hybrid": {
        "w_fixed": W,
        "w_target": W,
        "learned_length": 3,
        "beta": 0.1,
        "signal_length": 16,
        "n_iterations": 2,
    },
    "frame_algorithm": {"y": fb.analyze(X, W), "w": W, "n_iterations": 2},
    "frame_bound_laws": {"n_filters": 5, "filter_length": 8, "signal_length": 8},
    "frame_bounds": {"w": W, "signal_length": 16},
    "front_ends": {},
    "gabor_filterbank": {"n_filters": 4, "filter_length": 64, "sr": 8000.0},
    "gammatone_filterbank": {"n_filters": 4, "filter_length": 64, "sr": 8000.0},
    "harmonic_tone": {"signal_length": 64, "fundamental": 0.1, "n_harmonics": 3},
    "hybrid_bounds": {"w_fixed": W, "w_learned": np.ones((5, 2)), "signal_length": 16},
    "hybrid_filterbank": {"w_fixed": W, "w_learned": np.ones((5, 2))},
    "hz_to_scale": {"frequency": [100.0, 1000.0]},
    "impulse": {"signal_length": 8},
    "isac_channels": {"n_bands": 8},
    "isac_design": {"n_bands": 8, "filter_length": 64, "sr": 8000.0},
    "isac_filterbank": {"n_bands": 8, "filter_length": 64, "sr": 8000.0},
    "learning_task": {"name": "tight"},
    "linear_descent": {"signals": X, "filter_length": 8, "learning_rate": 0.1},
    "littlewood_paley": {"w": W, "n_freqs": 8},
    "marchenko_pastur_bounds": {"n_filters": 8, "stride": 2},
    "mel_filterbank": {"n_filters": 4, "filter_length": 64, "sr": 8000.0},
    "normalise_energy": {"w": W},
    "order_statistic_bounds": {"n_filters": 5, "filter_length": 8},
    "orthogonal_filterbank": {"n_filters": 4, "filter_length": 8, "rng": 0},
    "random_filterbank": {"n_filters": 4, "filter_length": 64, "rng": 0},
    "random_segments": {"names": ("robin",), "n_signals": 2, "signal_length": 64, "rng": 0},
    "random_sines": {
        "n_signals": 2,
        "signal_length": 64,
        "sr": 8000.0,
        "fmin": 100.0,
        "fmax": 3000.0,
        "rng": 0,
    },
    "regression_loss": {"w": W, "target": W[::-1], "signals": X},
    "saddlepoint_sf": {"law": LAW, "q": 1.2},
    "scale_to_hz": {"value": [100.0, 1000.0]},
    "scale_width": {"frequency": [100.0, 1000.0]},
    "scaling_law_bounds": {"n_filters": 5, "filter_length": 8},
    "simulate_energy": {"x": X, "n_filters": 5, "filter_length": 8, "n_draws": 3, "rng": 0},
    "simulate_frame_bounds": {
        "n_filters": 5,
        "filter_length": 8,
        "n_draws": 2,
        "signal_length": 16,
        "rng": 0,
    },
    "sinusoid": {"signal_length": 8, "frequency": 0.1},
    "square_root_bounds": {"n_filters": 5, "filter_length": 8},
    "stored_fits": {},
    "synthesize": {"y": fb.analyze(X, W), "w_dual": W},
    "tight_filterbank": {"n_filters": 4, "filter_length": 8, "rng": 0},
    "tighten": {"w": W, "signal_length": 16},
    "tighten_fir": {"w": W},
    "tightness_penalty": {"w": W, "signal_length": 16},
    "wavelet_filterbank": {"n_filters": 3, "filter_length": 32},
    "white_noise": {"signal_length": 8, "rng": 0},
    "windowed_filterbank": {"n_filters": 4, "filter_length": 8, "rng": 0},
}

ARRAY = [np.nan, 1j, "a", [], [[np.inf]], [[1.0], [1.0, 2.0]], np.ones((2, 2, 2)), None]
COUNT = [0, -1, 1.5, "3", True, np.nan, [2]]
REAL = [np.nan, np.inf, -1e9, "a", 1j, True, [0.2]]
BAD = {
    **dict.fromkeys(("x", "w", "w_dual", "y"), ARRAY),
    "x": [*ARRAY, np.zeros(4), np.ones((4, 2))],
    **dict.fromkeys(("signal_length", "filter_length", "n_filters", "n_draws", "n_freqs"), COUNT),
    **dict.fromkeys(
        ("n_bands", "stride", "n_iterations", "n_harmonics", "workers", "bins_per_octave"), COUNT
    ),
    "filter_length": [*COUNT, 10**9],
    "position": [-1, 8, 1.0],
    "executor": ["threads", 2, np.ones(3)],
    "checkpoint": [2, np.ones(3), "\0"],
    "rng": [-1, 1.5, "a"],
    **{key: [np.nan, np.inf, 0.0, -1.0, 1j, "a", []] for key in ("alpha", "p", "q")},
    **dict.fromkeys(("start", "stop", "frequency", "fundamental", "sr", "fmin", "fmax"), REAL),
    **{key: [np.nan, np.inf, "a", 1j] for key in ("phase", "decay")},
    **{key: ["x", 1, None] for key in ("mode", "distribution", "method")},
    **dict.fromkeys(("w_fixed", "w_learned", "w_target", "w0", "target", "signals"), ARRAY),
    **dict.fromkeys(("n_epochs", "n_signals", "batch_size", "steps_per_epoch", "patience"), COUNT),
    **dict.fromkeys(("learned_length", "spacing"), COUNT),
    "value": [np.nan, 1j, "a", [], None, [-5.0]],
    "bandwidth": REAL,
    **{key: ["x", 1, None] for key in ("scale", "kernel")},
    "beta": [np.nan, np.inf, -1.0, "a", 1j, []],
    **{key: [np.nan, np.inf, 0.0, -1.0, 1j, "a", []] for key in ("sharpness", "learning_rate")},
    "groups": [[0], [0.5] * 5, "a"],
    "optimiser": [None, "adam", 0.1],
    "loss": ["squared", 1],
    "penalty": ["kappa", 1e-3],
    **{key: [1, "a"] for key in ("callback", "state")},
    "names": [(), "robin", 3],
    "name": ["wavelet", 1, None],
    "window": ["x", 1, None, (), ("kaiser",)],
    "order": [*COUNT, 17],
    "tolerance": [np.nan, np.inf, 0.0, -1.0, 1j, "a", []],
}
# Lengths that make a function slow, or that only limit it by memory, are no errors.
UNLIMITED = {"random_filterbank", "gabor_filterbank", "gammatone_filterbank", "mel_filterbank"}
UNLIMITED |= {"constant_q_filterbank", "scaling_law_bounds", "square_root_bounds"}
UNLIMITED |= {"order_statistic_bounds", "aliasing_moments"}
UNLIMITED |= {"orthogonal_filterbank", "tight_filterbank", "wavelet_filterbank"}
UNLIMITED |= {"windowed_filterbank"}
# Arrays of frequencies are welcome here.
VALID = {("hz_to_scale", "frequency"), ("scale_width", "frequency")}
UNLIMITED |= {"isac_design", "isac_filterbank"}
CHECKED_ELSEWHERE = {"law", "progress"}


def public_functions():
    """By name: those at the top level, and those that have left it for their rooms."""
    found = {name: getattr(fb, name) for name in fb.__all__}
    for name, place in moved.PLACES.items():
        room, _, leaf = place.rpartition(".")
        found[name] = getattr(importlib.import_module(f"fbtools.{room}"), leaf)
    return {name: thing for name, thing in found.items() if inspect.isfunction(thing)}


FUNCTIONS = public_functions()


def cases():
    for name in FUNCTIONS:
        for parameter in inspect.signature(FUNCTIONS[name]).parameters:
            for value in BAD.get(parameter, []):
                if isinstance(value, int) and value > 10**6 and name in UNLIMITED:
                    continue
                if isinstance(value, (list, bool)) and (name, parameter) in VALID:
                    continue
                yield pytest.param(name, parameter, value, id=f"{name}-{parameter}-{value!r:.20}")


def test_the_table_is_complete():
    assert set(CALLS) == set(FUNCTIONS)
    for name in FUNCTIONS:
        for parameter in inspect.signature(FUNCTIONS[name]).parameters:
            assert parameter in BAD or parameter in CHECKED_ELSEWHERE, (name, parameter)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_valid_call_is_valid(name):
    assert FUNCTIONS[name](**CALLS[name]) is not None


@pytest.mark.parametrize(("name", "parameter", "value"), list(cases()))
def test_bad_argument(name, parameter, value):
    with pytest.raises(fb.FilterbankError) as caught:
        FUNCTIONS[name](**{**CALLS[name], parameter: value})
    message = str(caught.value)
    assert parameter in message
    assert message.endswith((".", "]"))
    assert len(message) > 20
