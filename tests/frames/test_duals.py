"""Reconstruction: every frame gives its signal back, and tight frames keep energy."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, given

import fbtools as fb
from fbtools.frames import duals

RNG = np.random.default_rng(4)

BANKS = {
    "n_filters": st.integers(1, 8),
    "length": st.integers(1, 14),
    "stride": st.integers(1, 4),
    "blocks": st.integers(4, 12),
    "seed": st.integers(0, 99),
}


def frame_or_reject(n_filters, length, stride, blocks, seed):
    n = stride * blocks
    w = fb.random_filterbank(n_filters, min(length, n), rng=seed, stride=stride)
    # The error of a reconstruction is kappa times rounding: 1e4 leaves 1e-10 with a margin.
    assume(fb.condition_number(w, n, stride=stride) < 1e4)
    return w, n


@given(**BANKS)
def test_dual_reconstructs(n_filters, length, stride, blocks, seed):
    w, n = frame_or_reject(n_filters, length, stride, blocks, seed)
    x = RNG.standard_normal(n)
    w_dual = fb.dual(w, n, stride=stride)
    assert w_dual.shape == (w.shape[0], n)
    x_back = fb.synthesize(fb.analyze(x, w, stride=stride), w_dual, stride=stride)
    np.testing.assert_allclose(x_back, x, atol=1e-10)


@given(**BANKS)
def test_dual_is_the_pseudo_inverse(n_filters, length, stride, blocks, seed):
    """The canonical dual, not any dual: its operator is the transposed pseudo-inverse."""
    w, n = frame_or_reject(n_filters, length, stride, blocks, seed)
    expected = np.linalg.pinv(fb.analysis_matrix(w, n, stride=stride)).T
    ours = fb.analysis_matrix(fb.dual(w, n, stride=stride), n, stride=stride)
    np.testing.assert_allclose(ours, expected, atol=1e-9 * np.abs(expected).max())


@given(**BANKS)
def test_tighten_gives_condition_number_one(n_filters, length, stride, blocks, seed):
    w, n = frame_or_reject(n_filters, length, stride, blocks, seed)
    tight = fb.tighten(w, n, stride=stride)
    bounds = fb.frame_bounds(tight, n, stride=stride)
    assert bounds.condition_number == pytest.approx(1, abs=1e-10)
    assert bounds.upper == pytest.approx(1, abs=1e-10)
    x = RNG.standard_normal(n)
    y = fb.analyze(x, tight, stride=stride)
    np.testing.assert_allclose(fb.synthesize(y, tight, stride=stride), x, atol=1e-10)


def test_tighten_is_the_closest_tight_frame():
    """The polar factor: no orthonormal-column matrix is closer (here 50 random ones)."""
    w = fb.random_filterbank(5, 6, rng=0)
    phi = fb.analysis_matrix(w, 8)
    best = np.linalg.norm(phi - fb.analysis_matrix(fb.tighten(w, 8), 8))
    for i in range(50):
        other = fb.tighten(fb.random_filterbank(5, 8, rng=i) + 3 * fb.tighten(w, 8), 8)
        assert np.linalg.norm(phi - fb.analysis_matrix(other, 8)) >= best - 1e-12


def test_bounds_of_the_dual_are_the_reciprocals():
    w = fb.random_filterbank(6, 10, rng=0, stride=2)
    ours, theirs = (
        fb.frame_bounds(w, 40, stride=2),
        fb.frame_bounds(fb.dual(w, 40, stride=2), 40, stride=2),
    )
    assert theirs.lower == pytest.approx(1 / ours.upper, rel=1e-10)
    assert theirs.upper == pytest.approx(1 / ours.lower, rel=1e-10)


@pytest.mark.parametrize("stride", [1, 2, 5])
def test_synthesis_is_the_adjoint(stride, monkeypatch):
    w = fb.random_filterbank(6, 7, rng=1)
    phi = fb.analysis_matrix(w, 20, stride=stride)
    y = RNG.standard_normal((6, 20 // stride))
    np.testing.assert_allclose(fb.synthesize(y, w, stride=stride), phi.T @ y.ravel(), atol=1e-13)
    monkeypatch.setattr(duals, "CHUNK", 1)
    np.testing.assert_allclose(fb.synthesize(y, w, stride=stride), phi.T @ y.ravel(), atol=1e-13)


def test_frame_algorithm_converges_at_its_rate():
    w = fb.random_filterbank(8, 16, rng=0)
    bounds = fb.frame_bounds(w, 64)
    rate = (bounds.condition_number - 1) / (bounds.condition_number + 1)
    x = RNG.standard_normal(64)
    iterates = fb.frames.frame_algorithm(fb.analyze(x, w), w, 30)
    assert iterates.shape == (31, 64)
    assert not iterates[0].any()
    errors = np.linalg.norm(iterates - x, axis=1)
    # Up to the rounding of 64 samples: 64 eps |x| is 1e-13.
    assert (errors[1:] <= rate * errors[:-1] * (1 + 1e-9) + 1e-13).all()
    # The worst case is attained on the frequency of the lower bound.
    worst = np.cos(bounds.lower_frequency * np.arange(64))
    errors = np.linalg.norm(fb.frames.frame_algorithm(fb.analyze(worst, w), w, 5) - worst, axis=1)
    np.testing.assert_allclose(errors[1:] / errors[:-1], rate, rtol=1e-8)


def test_frame_algorithm_of_silence_is_silence():
    assert not fb.frames.frame_algorithm(
        np.zeros((8, 64)), fb.random_filterbank(8, 16, rng=0), 3
    ).any()


def test_a_chunked_dual_is_the_same(monkeypatch):
    w = fb.random_filterbank(6, 10, rng=0, stride=2)
    whole = fb.dual(w, 40, stride=2)
    monkeypatch.setattr(duals, "CHUNK", 1)
    np.testing.assert_allclose(fb.dual(w, 40, stride=2), whole, atol=1e-13)


@pytest.mark.parametrize("function", [fb.dual, fb.tighten])
@pytest.mark.parametrize(
    ("w", "n", "stride", "message"),
    [
        ([[1.0, -1.0]], 8, 1, "w is not a frame.*lower frame bound is 0"),
        ([[1.0, 2.0]], 8, 2, "w is not a frame.*stride=2"),
        ([[1.0, 2.0]], 1, 1, "filter_length is 2"),
        ([[1.0, 2.0]], 9, 2, "does not divide"),
        ([[1.0, 2.0]], None, 1, "signal_length is None"),
        ([[np.nan]], 4, 1, r"w\[0, 0\] is nan"),
    ],
)
def test_bad_frames(function, w, n, stride, message):
    with pytest.raises(fb.FilterbankError, match=message):
        function(w, n, stride=stride)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fb.synthesize(np.ones(4), np.ones((1, 2))), "y has shape"),
        (lambda: fb.synthesize(np.ones((2, 4)), np.ones((1, 2))), "one response for each of the 1"),
        (lambda: fb.synthesize(np.ones((1, 2)), np.ones((1, 5)), stride=2), "filter_length is 5"),
        (lambda: fb.synthesize(np.full((1, 2), np.inf), np.ones((1, 2))), "is inf"),
        (
            lambda: fb.frames.frame_algorithm(np.ones((1, 4)), np.ones((1, 1)), 0),
            "n_iterations is 0",
        ),
        (lambda: fb.frames.frame_algorithm(np.ones((1, 4)), [[1.0, -1.0]], 3), "w is not a frame"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(fb.FilterbankError, match=message):
        call()
