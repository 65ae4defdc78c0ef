"""Hybrid filterbanks: responses, bounds from the parts, and the fit, against direct computation."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

import fbtools as fb

RNG = np.random.default_rng(12)


@pytest.mark.parametrize("spacing", [1, 3])
def test_hybrid_responses_are_two_layers(spacing):
    """First the fixed filters at stride d, then depthwise the learned ones, or both at once."""
    g, learned, x = (
        RNG.standard_normal((5, 7)),
        RNG.standard_normal((5, 4)),
        fb.signals.chirp(60, 0.1, 0.4),
    )
    h = fb.hybrid_filterbank(g, learned, spacing)
    assert h.shape == (5, 7 + 3 * spacing)
    expected = [
        fb.analyze(row, taps[None])[0]
        for row, taps in zip(fb.analyze(x, g, stride=spacing), learned, strict=True)
    ]
    np.testing.assert_allclose(fb.analyze(x, h, stride=spacing), expected, atol=1e-13)


@given(
    seed=st.integers(0, 99),
    n_filters=st.integers(2, 7),
    stride=st.integers(1, 3),
    spacing=st.integers(1, 3),
    noise=st.sampled_from([0.0, 0.01, 0.1, 1.0]),
    signal_length=st.sampled_from([None, 36]),
)
def test_bounds_from_the_parts_hold(seed, n_filters, stride, spacing, noise, signal_length):
    rng = np.random.default_rng(seed)
    g = rng.standard_normal((n_filters, 6))
    learned = noise * rng.standard_normal((n_filters, 4))
    learned[:, 1] += 2.0
    low, high = fb.learning.hybrid_bounds(g, learned, signal_length, stride=stride, spacing=spacing)
    h = fb.hybrid_filterbank(g, learned, spacing)
    bounds = fb.frame_bounds(h, signal_length, stride=stride)
    # Rounding, and the enclosure of the strided bounds, which is part of low and high already.
    assert low <= bounds.lower * (1 + 1e-9) + 1e-12
    assert bounds.upper <= high * (1 + 1e-9)


def test_product_bound_is_sharp_for_equal_learned_filters():
    """A tight bank and one learned filter for all: S is its squared response."""
    g = fb.tighten(fb.random_filterbank(6, 8, rng=0), 32)
    taps = np.tile([1.0, 0.3, -0.2], (6, 1))
    low, high = fb.learning.hybrid_bounds(g, taps)
    ours = fb.frame_bounds(taps[:1])
    fixed = fb.frame_bounds(g)
    assert low == pytest.approx(fixed.lower * ours.lower, rel=1e-9)
    assert high == pytest.approx(fixed.upper * ours.upper, rel=1e-9)


@pytest.mark.parametrize(("stride", "spacing"), [(2, 1), (3, 2)])
def test_perturbation_bound(stride, spacing):
    """Two filters in one row differ from c delta_1 by known amounts: the formula by hand."""
    g = fb.random_filterbank(8, 12, rng=3, stride=stride)
    learned = np.tile([0.0, 2.0, 0.0], (8, 1))
    learned[0, 0], learned[5, 2] = 0.02, -0.04
    fixed = fb.frame_bounds(g, 36, stride=stride)
    low, high = fb.learning.hybrid_bounds(g, learned, 36, stride=stride, spacing=spacing)
    root_low, root_high = np.sqrt(fixed.lower), np.sqrt(fixed.upper)
    assert low == pytest.approx((2 * root_low - 0.06 * root_high) ** 2, rel=1e-9)
    assert high == pytest.approx((2.06 * root_high) ** 2, rel=1e-9)


def test_all_pass_parts_can_lose_a_signal_under_a_stride():
    """Two delays with stride 2 are an orthonormal basis; delayed again, they hear one sample twice.

    So no bound from the gains alone can hold, and none is claimed.
    """
    g, learned = np.eye(2), np.eye(2)[::-1]
    assert fb.condition_number(g, 8, stride=2) == pytest.approx(1)
    assert not fb.frame_bounds(fb.hybrid_filterbank(g, learned), 8, stride=2).is_frame
    assert fb.learning.hybrid_bounds(g, learned, 8, stride=2)[0] == 0
    assert fb.learning.hybrid_bounds(g, learned, 8, stride=2, spacing=2) == (
        pytest.approx(1, abs=1e-9),
        pytest.approx(1, abs=1e-9),
    )


def test_a_silent_learned_filter_has_no_lower_bound():
    g = fb.random_filterbank(3, 5, rng=0)
    assert fb.learning.hybrid_bounds(g, [[1.0], [0.0], [1.0]])[0] == 0


@pytest.mark.parametrize("spacing", [1, 2])
def test_least_squares_fit_finds_the_filters_that_were_used(spacing):
    g = fb.isac_filterbank(8, 32, 8000)
    channels = fb.filterbanks.isac_channels(8)
    truth = RNG.standard_normal((8, 3))[channels]
    target = fb.hybrid_filterbank(g, truth, spacing)
    learned = fb.learning.fit_hybrid(
        g, target, 3, signal_length=64, spacing=spacing, groups=channels
    )
    np.testing.assert_allclose(learned, truth, atol=1e-9)


@pytest.mark.parametrize(("stride", "spacing"), [(1, 1), (2, 1), (2, 2)])
def test_penalised_fit_is_a_minimum(stride, spacing):
    """Its objective, written out here with dense matrices, grows in 20 random directions."""
    g = fb.isac_filterbank(6, 16, 8000, stride=stride, bandwidth=500.0)
    channels = fb.filterbanks.isac_channels(6)
    beta, p, n = 0.3, 6.0, 48

    def objective(learned):
        h = fb.hybrid_filterbank(g, learned[channels], spacing)
        target = np.pad(g, ((0, 0), (0, h.shape[1] - g.shape[1])))
        values = np.linalg.svd(fb.analysis_matrix(h, n, stride=stride), compute_uv=False) ** 2
        smooth = np.mean(values**p) ** (1 / p) * np.mean(values**-p) ** (1 / p)
        return np.sum((h - target) ** 2) / np.sum(g**2) + beta * (smooth - 1)

    fitted = fb.learning.fit_hybrid(
        g,
        g,
        4,
        beta,
        signal_length=n,
        stride=stride,
        spacing=spacing,
        sharpness=p,
        groups=channels,
        n_iterations=2000,
    )
    best = fitted[:6]
    np.testing.assert_array_equal(fitted, best[channels])
    assert objective(best) < objective(np.eye(1, 4).repeat(6, axis=0))
    for _ in range(20):
        step = 1e-3 * RNG.standard_normal(best.shape)
        # L-BFGS stops when a step gains less than 1e-9 or so of the objective.
        assert objective(best + step) > objective(best) - 1e-8


def test_the_penalty_trades_distance_for_condition():
    g = fb.isac_filterbank(40, 128, 16_000, stride=16)
    channels = fb.filterbanks.isac_channels(40)
    kappas, distances = [], []
    for beta in (0.0, 0.1, 1.0):
        learned = fb.learning.fit_hybrid(
            g, g, 9, beta, signal_length=320, stride=16, groups=channels
        )
        h = fb.hybrid_filterbank(g, learned)
        kappas.append(fb.condition_number(h, 320, stride=16))
        distances.append(np.sum((h[:, :128] - g) ** 2) + np.sum(h[:, 128:] ** 2))
    assert kappas[0] == pytest.approx(fb.condition_number(g, 320, stride=16), rel=1e-6)
    assert kappas[2] < kappas[1] < kappas[0]
    assert distances[0] < distances[1] < distances[2]


G = fb.random_filterbank(4, 6, rng=0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fb.hybrid_filterbank(G, np.ones((3, 2))), "w_learned has 3 filters and w_fixed 4"),
        (lambda: fb.hybrid_filterbank(G, np.ones((4, 2)), 0), "spacing is 0"),
        (lambda: fb.hybrid_filterbank([1.0], [[1.0]]), "w_fixed has shape"),
        (lambda: fb.learning.hybrid_bounds(G, np.ones((4, 5)), 8), "filter_length is 10"),
        (lambda: fb.learning.hybrid_bounds(G, np.ones((4, 5)), 12, stride=5), "does not divide"),
        (lambda: fb.learning.fit_hybrid(G, G, 0, signal_length=16), "learned_length is 0"),
        (lambda: fb.learning.fit_hybrid(G, G, 2, -1.0, signal_length=16), "beta is -1"),
        (
            lambda: fb.learning.fit_hybrid(G, np.ones((4, 9)), 2, signal_length=16),
            "of at most 7 taps",
        ),
        (lambda: fb.learning.fit_hybrid(G, np.zeros((4, 6)), 2, signal_length=16), "not all zero"),
        (
            lambda: fb.learning.fit_hybrid(G, G, 2, signal_length=16, groups=[0, 1]),
            "one integer for each",
        ),
        (
            lambda: fb.learning.fit_hybrid(G, G, 2, signal_length=16, n_iterations=0),
            "n_iterations is 0",
        ),
        (
            lambda: fb.learning.fit_hybrid(G[:1], G[:1], 2, 1.0, signal_length=16, stride=2),
            "not a frame",
        ),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(fb.FilterbankError, match=message):
        call()
