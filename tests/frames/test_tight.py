"""Tight filterbanks of T taps: exactly tight, evenly spread, and honest when not converged."""

from __future__ import annotations

from functools import reduce

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from scipy import fft, stats

import fbtools as fb
from fbtools.frames import tight
from fbtools.frames.fibres import polyphase
from fbtools.frames.tight import delays, tight_filterbank, tighten_fir


def singular_values(w, stride, extra_blocks):
    """Of the dense operator on Z_N, for an N that is a multiple of the stride."""
    n = stride * (-(-w.shape[1] // stride) + extra_blocks)
    return np.linalg.svd(fb.analysis_matrix(w, n, stride=stride), compute_uv=False)


@given(
    n_filters=st.integers(2, 9),
    stride=st.integers(1, 4),
    n_blocks=st.integers(1, 9),
    extra=st.integers(0, 5),
    seed=st.integers(0, 99),
)
def test_paraunitary_banks_are_tight(n_filters, stride, n_blocks, extra, seed):
    stride = min(stride, n_filters)
    w = tight_filterbank(
        n_filters, stride * n_blocks, rng=seed, stride=stride, method="paraunitary"
    )
    assert w.shape == (n_filters, stride * n_blocks)
    # A product of at most 6 orthogonal factors: some tens of units of rounding.
    np.testing.assert_allclose(singular_values(w, stride, extra), 1, atol=1e-13)


@given(
    stride=st.integers(1, 3),
    more=st.integers(0, 6),
    n_taps=st.integers(1, 20),
    extra=st.integers(0, 5),
    seed=st.integers(0, 99),
)
def test_projected_banks_are_tight(stride, more, n_taps, extra, seed):
    """Also when the stride does not divide the length."""
    length = max(n_taps, stride)
    w = tight_filterbank(2 * stride + more, length, rng=seed, stride=stride)
    assert w.shape == (2 * stride + more, length)
    # kappa - 1 <= 1e-12 on a grid of 2 L - 1 points or more: off the grid at most L times that.
    np.testing.assert_allclose(singular_values(w, stride, extra), 1, atol=5e-11)


@pytest.mark.parametrize("method", ["projection", "paraunitary"])
@pytest.mark.parametrize(
    ("n_filters", "length", "stride"), [(40, 1024, 1), (2, 128, 1), (20, 96, 8)]
)
def test_certified_for_signals_of_any_length(method, n_filters, length, stride):
    w = tight_filterbank(n_filters, length, rng=1, stride=stride, method=method)
    bounds = fb.frame_bounds(w, stride=stride)
    assert bounds.lower_interval[0] > 1 - 1e-10
    assert bounds.upper_interval[1] < 1 + 1e-10
    x = np.random.default_rng(0).standard_normal(517)
    if stride == 1:
        assert fb.energy_ratio(x, w, mode="linear") == pytest.approx(1, abs=1e-11)
    assert np.sum(w**2) == pytest.approx(stride, rel=1e-11)


def test_same_seed_same_bits():
    for method in ("projection", "paraunitary"):
        first = tight_filterbank(6, 32, rng=7, method=method)
        again = tight_filterbank(6, 32, rng=np.random.default_rng(7), method=method)
        np.testing.assert_array_equal(first, again)
        assert not np.allclose(first, tight_filterbank(6, 32, rng=8, method=method))


@given(st.integers(1, 3000))
def test_delays_reach_every_tap(length):
    """Energy shares prod (1 + z^m)/2: all taps are reached, none twice as often as another."""
    shares = reduce(np.convolve, [_one_plus(m) for m in delays(length)], np.ones(1))
    assert shares.size == length
    assert shares.min() == 1
    assert shares.max() <= 2
    assert len(delays(length)) == int(np.ceil(np.log2(length)))


def _one_plus(delay):
    out = np.zeros(delay + 1)
    out[[0, -1]] = 1
    return out


@pytest.mark.parametrize(("n_filters", "length", "stride"), [(2, 64, 1), (10, 1024, 1), (6, 64, 4)])
def test_energy_is_spread_evenly(n_filters, length, stride):
    w = tight_filterbank(n_filters, length, rng=3, stride=stride, method="paraunitary")
    np.testing.assert_allclose(np.sum(w**2, axis=0), stride / length, rtol=1e-11)


@pytest.mark.parametrize(("n_filters", "n_taps"), [(3, 8), (3, 11), (4, 11)])
def test_energy_is_spread_as_the_delays_say_on_average(n_filters, n_taps):
    """Mean energies of the taps over 1000 draws: a false alarm once in 10^6 runs."""
    energies = np.array(
        [
            np.sum(tight_filterbank(n_filters, n_taps, rng=i, method="paraunitary") ** 2, axis=0)
            for i in range(1000)
        ]
    )
    shares = reduce(np.convolve, [_one_plus(m) / 2 for m in delays(n_taps)], np.ones(1))
    error = (energies.mean(axis=0) - shares) / (energies.std(axis=0) / np.sqrt(1000) + 1e-15)
    assert np.abs(error).max() < stats.norm.isf(0.5e-6 / n_taps)


def test_weights_at_a_tap_have_a_uniform_direction():
    """A coordinate on the sphere of R^4 has Beta(1/2, 3/2) square; false alarm once in 10^6."""
    first = [tight_filterbank(4, 8, rng=i, method="paraunitary")[1, 5] for i in range(2000)]
    squares = 8 * np.array(first) ** 2
    assert stats.kstest(squares, stats.beta(0.5, 1.5).cdf).pvalue > 1e-6
    assert stats.binomtest(int(np.sum(np.array(first) > 0)), 2000).pvalue > 1e-6


def test_newton_takes_the_least_change(monkeypatch):
    """One step against the pseudo-inverse of a Jacobian by central differences."""
    monkeypatch.setattr(tight, "INNER_TOLERANCE", 1e-13)
    for n_filters, length, stride in [(4, 9, 1), (5, 8, 2), (5, 7, 2)]:
        w = fb.random_filterbank(n_filters, length, rng=2, stride=stride)
        w *= np.sqrt(stride / np.sum(w**2))
        blocks = -(-length // stride)

        def equations(flat, shape=w.shape, stride=stride, blocks=blocks):
            """All entries of E* E - I on a fine grid: linear images of the lags."""
            angles = 2 * np.pi * np.arange(2 * blocks) / (2 * blocks)
            matrices = polyphase(flat.reshape(shape), stride, angles)
            gram = matrices.conj().transpose(0, 2, 1) @ matrices - np.eye(stride)
            return np.concatenate([gram.real.ravel(), gram.imag.ravel()])

        steps = 1e-5 * np.eye(w.size)
        jacobian = np.stack(
            [(equations(w.ravel() + h) - equations(w.ravel() - h)) / 2e-5 for h in steps], axis=1
        )
        change = -np.linalg.pinv(jacobian, rcond=1e-8) @ equations(w.ravel())
        fit = tighten_fir(w, stride=stride, n_iterations=1)
        np.testing.assert_allclose(fit.w, w + change.reshape(w.shape), atol=1e-8)


def test_newton_squares_the_error():
    fit = tighten_fir(fb.random_filterbank(40, 256, rng=0))
    assert fit.converged
    assert fit.n_iterations <= 8
    # Each inner solve stops at a thousandth, which is the rate near the end.
    small = fit.history[:-1] < 1e-2
    assert (fit.history[1:][small] < 0.02 * fit.history[:-1][small]).all()
    assert fit.condition_number - 1 < 1e-11


def test_alternating_projections_step():
    """One step: the canonical tight frame of fbtools.frames.duals on the grid, cut to T taps."""
    w = fb.random_filterbank(5, 12, rng=0, stride=2)
    fit = tighten_fir(w, stride=2, method="alternating", n_iterations=1)
    n = 2 * fft.next_fast_len(12, real=True)
    scaled = w * np.sqrt(2 / np.sum(w**2))
    np.testing.assert_allclose(fit.w, fb.tighten(scaled, n, stride=2)[:, :12], atol=1e-13)
    assert fit.history.shape == (2,)
    assert not fit.converged


def test_alternating_projections_converge_slowly():
    w = fb.random_filterbank(10, 32, rng=0)
    slow, fast = tighten_fir(w, method="alternating"), tighten_fir(w)
    assert slow.history[20] > 1e-4 > 1e-12 > fast.history[fast.n_iterations]
    assert slow.history[-1] < slow.history[20] / 10
    assert fast.n_iterations < 12


def test_newton_stays_near():
    """No tight frame is closer than the canonical one, however long; ours is nearly as close."""
    w = fb.random_filterbank(10, 64, rng=0)
    w /= np.sqrt(np.sum(w**2))
    ours = tighten_fir(w).w
    n = 512
    best = fb.tighten(w, n)
    best[:, :64] -= w
    assert np.linalg.norm(best) <= np.linalg.norm(ours - w) <= 2 * np.linalg.norm(best)


@pytest.mark.parametrize("method", ["newton", "alternating"])
def test_a_tight_bank_is_left_alone_whatever_its_scale(method):
    w = tight_filterbank(6, 16, rng=0, method="paraunitary")
    fit = tighten_fir(3e-5 * w[:, None, :], method=method)
    assert fit.converged
    assert fit.n_iterations == 0
    np.testing.assert_allclose(fit.w, w, atol=1e-13)


@pytest.mark.parametrize(("n_filters", "length", "stride"), [(5, 24, 4), (10, 64, 1)])
def test_without_convergence_it_says_so(n_filters, length, stride):
    w = fb.random_filterbank(n_filters, length, rng=0, stride=stride)
    fit = tighten_fir(w, stride=stride, n_iterations=2)
    assert not fit.converged
    assert fit.n_iterations == 2
    assert fit.history[-1] > 1e-12
    values = singular_values(fit.w, stride, 60)
    dense = (values[0] / values[-1]) ** 2
    # The certificate holds for all lengths, so for this one. With a stride it is an enclosure of
    # Ehlich and Zeller, whose width is a thousandth of B: much for so small an A.
    assert dense <= fit.condition_number * (1 + 1e-12)
    assert fit.condition_number < 1.4 * dense
    bounds = fb.frame_bounds(fit.w, stride=stride)
    assert fit.condition_number == bounds.upper_interval[1] / bounds.lower_interval[0]
    assert fit.condition_number > bounds.condition_number


def test_a_bank_that_cannot_be_tight():
    """Odd filters have no response at zero, and the least change of odd filters is odd."""
    fit = tighten_fir([[1.0, 0.5, -0.5, -1.0], [1.0, -2.0, 2.0, -1.0]], n_iterations=3)
    assert not fit.converged
    assert fit.history[0] == np.inf
    # Taps that are odd up to rounding leave rounding at zero, not zero itself.
    assert fit.condition_number > 1e12


def test_one_filter_can_only_become_a_single_tap():
    fit = tighten_fir([[1.0, -0.5, 0.5]], method="alternating")
    assert fit.converged
    np.testing.assert_allclose(fit.w, [[1, 0, 0]], atol=1e-12)


def test_a_projection_that_fails_is_an_error(monkeypatch):
    monkeypatch.setitem(tight.ITERATIONS, "newton", 1)
    with pytest.raises(fb.FilterbankError, match=r"stopped at kappa - 1 = .* after 1 iterations"):
        tight_filterbank(4, 16, rng=0)


def test_tiny_banks():
    assert abs(tight_filterbank(1, 1, rng=0)).item() == pytest.approx(1)
    assert abs(tight_filterbank(1, 1, rng=0, method="paraunitary")).item() == pytest.approx(1)
    w = tight_filterbank(3, 3, rng=0, stride=3)
    np.testing.assert_allclose(w.T @ w, np.eye(3), atol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: tight_filterbank(0, 8), "n_filters is 0"),
        (lambda: tight_filterbank(4, 8.0), "filter_length is 8.0"),
        (lambda: tight_filterbank(4, 8, stride=0), "stride is 0"),
        (lambda: tight_filterbank(4, 8, method="best"), "choose one of projection, paraunitary"),
        (lambda: tight_filterbank(4, 8, rng=-1), "rng is -1"),
        (lambda: tight_filterbank(3, 8, stride=4), "n_filters is 3, less than the stride 4"),
        (lambda: tight_filterbank(8, 3, stride=4), "filter_length is 3, less than the stride 4"),
        (lambda: tight_filterbank(1, 8), "use at least 2 filters"),
        (lambda: tight_filterbank(1, 8, method="paraunitary"), "use at least 2 filters"),
        (lambda: tight_filterbank(7, 8, stride=4), "n_filters is 7, less than twice"),
        (lambda: tight_filterbank(8, 10, stride=4, method="paraunitary"), "use 8 or 12 taps"),
        (lambda: tighten_fir(np.zeros((2, 3))), "w is zero"),
        (lambda: tighten_fir(np.ones(3)), r"w has shape \(3,\)"),
        (lambda: tighten_fir([[1.0, np.nan]]), "is nan"),
        (lambda: tighten_fir(np.ones((2, 8)), stride=3), "n_filters is 2, less than the stride 3"),
        (
            lambda: tighten_fir(np.ones((4, 2)), stride=3),
            "filter_length is 2, less than the stride 3",
        ),
        (lambda: tighten_fir(np.eye(2), method="polar"), "method is 'polar'"),
        (lambda: tighten_fir(np.eye(2), n_iterations=0), "n_iterations is 0"),
        (lambda: tighten_fir(np.eye(2), tolerance=0.0), "tolerance is 0"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(fb.FilterbankError, match=message):
        call()
