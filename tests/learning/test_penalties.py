"""Penalties against dense frame operators, certified frame bounds and finite differences."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from differences import finite_differences
from hypothesis import given

import fbtools as fb
from fbtools.learning.penalties import Penalty, condition_penalty, tightness_penalty

# (J, T, N, d): odd and even numbers of fibres, several strides, T = N and T < N.
SIZES = [(3, 5, 7, 1), (3, 6, 8, 1), (4, 4, 9, 3), (4, 7, 12, 2), (5, 12, 12, 4), (2, 3, 4, 2)]


@pytest.mark.parametrize(("j", "t", "n", "d"), SIZES)
def test_values_are_those_of_the_dense_frame_operator(j, t, n, d):
    w = fb.random_filterbank(j, t, rng=1, stride=d)
    phi = fb.analysis_matrix(w, n, stride=d)
    operator = phi.T @ phi
    value, _ = tightness_penalty(w, n, stride=d)
    assert value == pytest.approx(np.linalg.norm(operator - np.eye(n)) ** 2, rel=1e-10)
    eigenvalues = np.linalg.eigvalsh(operator)
    value, _ = condition_penalty(w, n, stride=d)
    assert value == pytest.approx(eigenvalues[-1] / eigenvalues[0] - 1, rel=1e-9)
    value, _ = condition_penalty(w, n, stride=d, sharpness=3)
    means = [np.mean(eigenvalues**p) ** (1 / p) for p in (3, -3)]
    assert value == pytest.approx(means[0] / means[1] - 1, rel=1e-9)


@pytest.mark.parametrize(("j", "t", "n", "d"), SIZES)
@pytest.mark.parametrize("sharpness", [None, 0.5, 8.0])
def test_gradient_of_the_condition_number(j, t, n, d, sharpness):
    w = fb.random_filterbank(j, t, rng=2, stride=d)
    value, gradient = condition_penalty(w, n, stride=d, sharpness=sharpness)
    numeric = finite_differences(
        lambda v: condition_penalty(v, n, stride=d, sharpness=sharpness)[0], w
    )
    # Rounding: 1e-16 kappa / step; truncation: step^2 times third derivatives of about kappa^3.
    np.testing.assert_allclose(gradient, numeric, rtol=1e-5, atol=1e-7 * (value + 1) ** 3)


@pytest.mark.parametrize(("j", "t", "n", "d"), SIZES)
def test_gradient_of_the_tightness(j, t, n, d):
    w = fb.random_filterbank(j, t, rng=2, stride=d)
    _, gradient = tightness_penalty(w, n, stride=d)
    numeric = finite_differences(lambda v: tightness_penalty(v, n, stride=d)[0], w)
    np.testing.assert_allclose(gradient, numeric, rtol=1e-6, atol=1e-7)


def test_a_tight_bank_has_no_penalty():
    for stride in (1, 2):
        w = fb.tighten(fb.random_filterbank(6, 8, rng=0, stride=stride), 16, stride=stride)
        value, gradient = tightness_penalty(w, 16, stride=stride)
        assert value == pytest.approx(0, abs=1e-25)
        np.testing.assert_allclose(gradient, 0, atol=1e-13)
        assert condition_penalty(w, 16, stride=stride)[0] == pytest.approx(0, abs=1e-12)


@given(power=st.floats(0.1, 200), seed=st.integers(0, 99))
def test_the_smooth_condition_number_is_bracketed(power, seed):
    """Between N^(-2/p) kappa and kappa, because power means lie below the maximum, and so on."""
    w = fb.random_filterbank(4, 8, rng=seed)
    exact = condition_penalty(w, 16)[0] + 1
    smooth = condition_penalty(w, 16, sharpness=power)[0] + 1
    assert 16 ** (-2 / power) * exact * (1 - 1e-12) <= smooth <= exact * (1 + 1e-12)


def test_penalties_agree_with_frame_bounds():
    w = fb.random_filterbank(8, 20, rng=3)
    kappa = fb.condition_number(w, signal_length=48, stride=4)
    assert condition_penalty(w, 48, stride=4)[0] == pytest.approx(kappa - 1, rel=1e-10)


def test_the_condition_number_ignores_the_gain():
    """Euler: its gradient is orthogonal to w."""
    w = fb.random_filterbank(4, 8, rng=0)
    for sharpness in (None, 5.0):
        _, gradient = condition_penalty(w, 16, sharpness=sharpness)
        assert np.sum(gradient * w) == pytest.approx(0, abs=1e-12)


def test_a_penalty_is_called_as_it_is_configured():
    w = fb.random_filterbank(6, 8, rng=0, stride=2)
    for penalty, direct in [
        (Penalty("condition", 0.1, stride=2), condition_penalty(w, 16, stride=2)),
        (
            Penalty("condition", 0.1, sharpness=4.0, stride=2),
            condition_penalty(w, 16, stride=2, sharpness=4.0),
        ),
        (Penalty("tightness", 0.1, stride=2), tightness_penalty(w, 16, stride=2)),
    ]:
        value, gradient = penalty(w, 16)
        assert value == direct[0]
        np.testing.assert_array_equal(gradient, direct[1])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Penalty("kappa", 1.0), "kind is 'kappa'"),
        (lambda: Penalty("condition", 0.0), "weight is 0"),
        (lambda: Penalty("condition", 1.0, sharpness=-1), "sharpness is -1"),
        (lambda: Penalty("condition", 1.0, stride=0), "stride is 0"),
        (lambda: Penalty("condition", 1.0, every=0), "every is 0"),
        (lambda: condition_penalty([[1.0, -1.0]], 8), "not a frame"),
        (lambda: condition_penalty([[1.0, -1.0]], 8, sharpness=2.0), "not a frame"),
        (lambda: condition_penalty(np.ones((1, 2)), 8, stride=2), "not a frame"),
        (lambda: tightness_penalty([[1.0, 2.0]], 1), "filter_length is 2"),
        (lambda: tightness_penalty([[1.0]], 9, stride=2), "stride is 2"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(fb.FilterbankError, match=message):
        call()
