"""Arguments are checked once, at the door: what is inside takes what is checked."""

from __future__ import annotations

import sys
from collections import Counter

import pytest

import fbtools as fb
from fbtools import validation

W = fb.random_filterbank(8, 12, rng=0)
QUIET = W - (1 - 1e-5) * W.mean(axis=1, keepdims=True)  # A is about 1e-10 B: S does not tell it
X = fb.signals.chirp(48, 0.01, 0.4)
Y = fb.analyze(X, W, stride=2)


def checks(call):
    """How often each argument was checked, by a function of `validation` that another file calls.

    What compares several arguments, as `check_length` does, counts under its own name.
    """
    counts = Counter()

    def profile(frame, event, _):
        code, caller = frame.f_code, frame.f_back
        if event == "call" and code.co_filename == validation.__file__ != caller.f_code.co_filename:
            counts[frame.f_locals.get("name", code.co_name)] += 1

    sys.setprofile(profile)
    try:
        call()
    finally:
        sys.setprofile(None)
    return counts


# Of each public function that takes filters: a call, and the arguments that it checks.
DOORS = {
    "frame_bounds": (lambda: fb.frame_bounds(W), "w stride"),
    "frame_bounds, small A": (lambda: fb.frame_bounds(QUIET), "w stride"),
    "frame_bounds, Z_N": (
        lambda: fb.frame_bounds(W, 48),
        "w stride signal_length check_length check_stride",
    ),
    "frame_bounds, stride": (lambda: fb.frame_bounds(W, None, stride=4), "w stride"),
    "frame_bounds, small A, stride": (lambda: fb.frame_bounds(QUIET, None, stride=4), "w stride"),
    "frame_bounds, Z_N, stride": (
        lambda: fb.frame_bounds(W, 48, stride=4),
        "w stride signal_length check_length check_stride",
    ),
    "condition_number": (lambda: fb.condition_number(W), "w stride"),
    "littlewood_paley": (lambda: fb.littlewood_paley(W, 9), "w n_freqs"),
    "dual": (
        lambda: fb.dual(W, 48, stride=2),
        "w stride signal_length check_length check_stride",
    ),
    "tighten": (
        lambda: fb.tighten(W, 48, stride=2),
        "w stride signal_length check_length check_stride",
    ),
    "frame_algorithm": (
        lambda: fb.frames.frame_algorithm(Y, W, 5, stride=2),
        "w y stride n_iterations check_length",
    ),
    "tighten_fir": (lambda: fb.frames.tighten_fir(W, stride=2), "w stride method tolerance"),
    "aliasing_terms": (
        lambda: fb.frames.aliasing_terms(W, stride=2, n_freqs=9),
        "w stride n_freqs",
    ),
    "normalise_energy": (lambda: fb.filterbanks.normalise_energy(W), "w stride"),
    "analyze": (lambda: fb.analyze(X, W, stride=2), "w x stride mode check_length"),
    "energy_ratio": (lambda: fb.energy_ratio(X, W, stride=2), "w x stride mode check_length"),
    "synthesize": (lambda: fb.synthesize(Y, W, stride=2), "w_dual y stride check_length"),
    "analysis_matrix": (
        lambda: fb.analysis_matrix(W, 48, stride=2),
        "w stride signal_length check_length",
    ),
}


@pytest.mark.parametrize("name", DOORS)
def test_arguments_are_checked_once(name):
    call, arguments = DOORS[name]
    call()  # what is imported lazily is imported
    assert checks(call) == dict.fromkeys(arguments.split(), 1)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("signal_length", [None, 48])
@pytest.mark.parametrize("method", ["filters", "law"])
def test_banks_that_are_drawn_are_not_checked(method, signal_length, stride):
    def call():
        fb.simulate_frame_bounds(8, 12, 5, signal_length, stride=stride, rng=0, method=method)

    call()
    assert checks(call).keys().isdisjoint({"w", "as_filters"})
