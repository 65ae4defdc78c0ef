"""Losses against direct convolution and finite differences, by both ways to convolve."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from differences import finite_differences
from hypothesis import given

import fbtools as fb
from fbtools.learning import losses
from fbtools.learning.losses import Regression, regression_loss


def random_problem(seed, n_filters, length, target_length, n, n_signals, in_quadrature=False):
    rng = np.random.default_rng(seed)
    w = rng.standard_normal((n_filters, length))
    target = rng.standard_normal((n_filters, target_length))
    if in_quadrature:
        target = target + 1j * rng.standard_normal(target.shape)
    return w, target, rng.standard_normal((n_signals, n))


def direct_features(w, x, loss):
    """Outputs by `analyze`, one signal and filter at a time, magnitudes and means by hand."""
    parts = [w.real, w.imag] if np.iscomplexobj(w) else [w]
    y = [fb.analyze(x, part, stride=loss.stride) for part in parts]
    if loss.output == "linear":
        out = y[0]
    else:
        out = np.sqrt(y[0] ** 2 + y[1] ** 2) if len(y) == 2 else np.abs(y[0])
    window = out.shape[1] if loss.pooling is None else loss.pooling
    return np.array([[np.mean(c) for c in np.split(row, out.shape[1] // window)] for row in out])


def direct_loss(w, target, signals, loss):
    a = np.array([direct_features(w, x, loss) for x in signals])
    b = np.array([direct_features(target, x, loss) for x in signals])
    if loss.criterion == "squared":
        return np.mean([np.sum((p - q) ** 2) / 2 for p, q in zip(a, b, strict=True)])
    if loss.criterion == "mean_squared":
        return np.mean((a - b) ** 2)
    cosines = [
        a[:, j, m] @ b[:, j, m] / np.linalg.norm(a[:, j, m]) / np.linalg.norm(b[:, j, m])
        for j in range(a.shape[1])
        for m in range(a.shape[2])
    ]
    return np.mean((1 - np.array(cosines)) / 2)


@pytest.mark.parametrize("cost", [0, losses.FFT_COST, np.inf])
@pytest.mark.parametrize("criterion", losses.CRITERIA)
@pytest.mark.parametrize(
    ("output", "stride", "pooling", "n"),
    [
        ("linear", 1, 1, 15),
        ("linear", 3, 1, 16),
        ("linear", 2, 4, 16),
        ("magnitude", 1, 5, 15),
        ("magnitude", 3, 1, 16),
        ("magnitude", 4, None, 16),
    ],
)
def test_loss_and_gradient(monkeypatch, cost, criterion, output, stride, pooling, n):
    """Every choice, by matrix product (cost inf) and by FFT (cost 0)."""
    monkeypatch.setattr(losses, "FFT_COST", cost)
    loss = Regression(output, criterion, stride=stride, pooling=pooling)
    w, target, signals = random_problem(3, 2, 4, 6, n, 3, in_quadrature=output == "magnitude")
    value, gradient = regression_loss(w, target, signals, loss)
    assert value == pytest.approx(direct_loss(w, target, signals, loss), rel=1e-12)
    numeric = finite_differences(lambda v: direct_loss(v, target, signals, loss), w)
    # Central differences with step 1e-6: truncation 1e-12, rounding 1e-10 of the loss.
    np.testing.assert_allclose(gradient, numeric, rtol=1e-6, atol=1e-8 * max(1, value))


@given(
    n=st.integers(1, 40),
    length=st.integers(1, 40),
    stride=st.integers(1, 7),
    seed=st.integers(0, 99),
)
def test_both_ways_to_convolve_are_analyze_and_its_adjoint(n, length, stride, seed):
    w, _, signals = random_problem(seed, 3, min(length, n), 1, n, 2)
    slope = np.random.default_rng(seed).standard_normal((3, 2, -(-n // stride)))
    by_fft = losses._ByFFT(signals, w.shape[1], stride)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(losses, "FFT_COST", np.inf)
        by_matrix = losses._operator(signals, w.shape[1], stride)
    expected = np.array([fb.analyze(x, w, stride=stride) for x in signals]).transpose(1, 0, 2)
    for operator in (by_fft, by_matrix):
        np.testing.assert_allclose(operator.responses(w), expected, atol=1e-12)
        # The adjoint: <slope, responses(w)> = <correlations(slope), w>.
        pairing = np.sum(slope * expected)
        assert np.sum(operator.correlations(slope) * w) == pytest.approx(pairing, abs=1e-10)


def test_the_faster_way_is_chosen():
    """Few frames: matrix product; all shifts of a long signal: FFT."""
    x = np.ones((2, 4096))
    assert isinstance(losses._operator(x, 1024, 512), losses._ByMatrix)
    assert isinstance(losses._operator(x, 1024, 1), losses._ByFFT)


@pytest.mark.parametrize("criterion", ["squared", "mean_squared"])
def test_blocks_of_signals_change_nothing(monkeypatch, criterion):
    w, target, signals = random_problem(0, 2, 4, 4, 12, 7)
    loss = Regression("magnitude", criterion)
    whole = regression_loss(w, target, signals, loss)
    monkeypatch.setattr(losses, "CACHE", 2 * 12 * 3)
    monkeypatch.setattr(losses, "CHUNK", 12 * 4 * 2)
    value, gradient = regression_loss(w, target, signals, loss)
    assert value == pytest.approx(whole[0], rel=1e-13)
    np.testing.assert_allclose(gradient, whole[1], rtol=1e-12)


def test_the_loss_vanishes_at_the_target():
    w, _, signals = random_problem(0, 2, 4, 4, 12, 3)
    for criterion in losses.CRITERIA:
        value, gradient = regression_loss(w, w, signals, Regression("magnitude", criterion))
        assert value == pytest.approx(0, abs=1e-15)
        np.testing.assert_allclose(gradient, 0, atol=1e-15)


def test_the_cosine_ignores_the_gain_and_the_sign_of_a_filter():
    w, target, signals = random_problem(1, 2, 4, 4, 12, 3)
    loss = Regression("magnitude", "cosine", pooling=None)
    value = regression_loss(w, target, signals, loss)[0]
    assert regression_loss(-7 * w, target, signals, loss)[0] == pytest.approx(value, rel=1e-13)


def test_a_silent_filter_has_cosine_zero_and_no_gradient():
    """A filter that hears nothing cannot tell in which direction to learn."""
    w, target, signals = random_problem(1, 2, 4, 4, 12, 3)
    w[0] = 0
    value, gradient = regression_loss(w, target, signals, Regression("magnitude", "cosine"))
    assert value > 0.25
    assert (gradient[0] == 0).all()
    assert (gradient[1] != 0).any()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Regression(output="power"), "output is 'power'"),
        (lambda: Regression(criterion="l1"), "criterion is 'l1'"),
        (lambda: Regression(stride=0), "stride is 0"),
        (lambda: Regression(pooling=0), "pooling is 0"),
        (
            lambda: regression_loss(
                np.ones((1, 2)), np.ones((1, 2)), np.ones(6), Regression(pooling=4)
            ),
            "pooling is 4, which does not divide the 6 outputs",
        ),
        (lambda: regression_loss(np.ones((1, 2)), np.ones((1, 2)), [[[1.0]]]), "signals has shape"),
        (lambda: regression_loss(np.ones((1, 2)), np.ones((1, 2)), np.zeros(4)), "signals has"),
        (lambda: regression_loss(np.ones((1, 2)), np.ones((2, 2)), np.ones(4)), "target has 2"),
        (lambda: regression_loss(np.ones((1, 2)), np.ones((1, 5)), np.ones(4)), "filter_length"),
        (lambda: regression_loss(np.ones((1, 5)), np.ones((1, 2)), np.ones(4)), "filter_length"),
        (lambda: regression_loss(np.ones((1, 2)), 1j * np.ones((1, 2)), np.ones(4)), "complex"),
        (lambda: regression_loss(np.ones((1, 2)), np.ones((1, 2)), np.ones(4), "l2"), "loss is"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(fb.FilterbankError, match=message):
        call()
