"""The closed form of linear descent against descent itself, and against Monte Carlo."""

from __future__ import annotations

import numpy as np
import pytest

import fbtools as fb
from fbtools.learning.descent import linear_descent
from fbtools.learning.losses import Regression, regression_loss
from fbtools.learning.optimisers import GradientDescent
from fbtools.learning.training import fit_filterbank


@pytest.mark.parametrize(("n", "stride", "target_length"), [(20, 1, 6), (20, 1, 4), (21, 2, 6)])
def test_the_closed_form_is_what_descent_does(n, stride, target_length):
    x = np.random.default_rng(0).standard_normal((3, n))
    w0, target = fb.random_filterbank(2, 6, rng=1), fb.random_filterbank(2, target_length, rng=2)
    course = linear_descent(x, 6, learning_rate=0.03, stride=stride)
    fit = fit_filterbank(w0, target, x, GradientDescent(0.03), 40, loss=Regression(stride=stride))
    # 40 steps of rounding, none of it amplified because the steps contract.
    np.testing.assert_allclose(fit.w, course.filters(w0, target, 40), atol=1e-13)
    np.testing.assert_allclose(fit.loss, course.loss(w0, target, np.arange(40)), rtol=1e-10)
    loss = Regression(stride=stride)
    assert course.loss(w0, target, 0) == pytest.approx(regression_loss(w0, target, x, loss)[0])


def test_one_signal_gives_the_autocorrelation_spectrum():
    x = fb.signals.harmonic_tone(64, 3 / 64, 4)
    course = linear_descent(x, 16, 0.1)
    expected = fb.autocorrelation_spectrum(x, 16)
    np.testing.assert_allclose(course.eigenvalues, expected, atol=1e-12)
    q = fb.autocorrelation_matrix(x, 16)
    v = course.eigenvectors
    np.testing.assert_allclose(v * course.eigenvalues @ v.T, q, atol=1e-12)


def test_expected_loss_is_the_mean_over_random_starts():
    """Mean of 4000 losses: within five standard errors, a false alarm in 2 million."""
    x = fb.signals.brown_noise(32, rng=0)
    target = fb.random_filterbank(3, 8, rng=1)
    course = linear_descent(x, 8, learning_rate=0.2)
    steps = np.array([0, 5, 50])
    rng = np.random.default_rng(2)
    losses = [course.loss(fb.random_filterbank(3, 8, rng), target, steps) for _ in range(4000)]
    expected = course.expected_loss(target, steps, variance=1 / 24)
    error = np.std(losses, axis=0) / np.sqrt(4000)
    assert (np.abs(np.mean(losses, axis=0) - expected) < 5 * error).all()


def test_the_critical_learning_rate_separates_growth_from_decay():
    x = fb.signals.chirp(64, 0.05, 0.3)
    w0, target = fb.random_filterbank(2, 8, rng=0), fb.random_filterbank(2, 8, rng=1)
    critical = linear_descent(x, 8, 1.0).critical_learning_rate
    for rate, converges in [(0.99 * critical, True), (1.01 * critical, False)]:
        course = linear_descent(x, 8, rate)
        assert course.converges is converges
        late = course.loss(w0, target, [2000, 3000])
        assert (late[1] < late[0]) is np.bool_(converges)
    leading = linear_descent(x, 8, critical).factors([0, 1, 2])[:, 0]
    np.testing.assert_allclose(leading, [1, -1, 1], atol=1e-12)


def test_what_the_signal_does_not_excite_is_never_learned():
    """A sinusoid of the grid excites two directions of eight: the other six stay as drawn."""
    x = fb.signals.sinusoid(64, 5 / 64)
    w0, target = fb.random_filterbank(2, 8, rng=0), fb.random_filterbank(2, 8, rng=1)
    course = linear_descent(x, 8, 0.2)
    assert (course.eigenvalues > 1e-10).sum() == 2
    late = course.filters(w0, target, 10_000)
    silent = course.eigenvectors[:, 2:]
    np.testing.assert_allclose((late - w0) @ silent, 0, atol=1e-10)
    np.testing.assert_allclose(fb.analyze(x, late), fb.analyze(x, target), atol=1e-10)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda c: linear_descent(np.zeros(8), 4, 0.1), "signals has"),
        (lambda c: linear_descent(np.ones(8), 9, 0.1), "filter_length is 9"),
        (lambda c: linear_descent(np.ones(8), 4, 0.0), "learning_rate is 0"),
        (lambda c: linear_descent(np.ones(8), 4, 0.1, stride=0), "stride is 0"),
        (lambda c: c.filters(np.ones((2, 3)), np.ones((2, 4)), 1), "w0 has 3 taps"),
        (lambda c: c.filters(np.ones((2, 4)), np.ones((3, 4)), 1), "target has 3 filters"),
        (lambda c: c.filters(np.ones((2, 4)), np.ones((2, 5)), 1), "target has 5 taps"),
        (lambda c: c.filters(np.ones((2, 4)), np.ones((2, 4)), -1), "n_steps is -1"),
        (lambda c: c.loss(np.ones((2, 4)), np.ones((2, 4)), [0.5]), "n_steps is"),
        (lambda c: c.loss(np.ones((2, 4)), np.ones((2, 4)), [-1]), "n_steps is"),
        (lambda c: c.expected_loss(np.ones((2, 4)), 1, variance=0.0), "variance is 0"),
        (lambda c: c.expected_loss(np.ones((2, 5)), 1, variance=1.0), "target has 5 taps"),
    ],
)
def test_bad_input(call, message):
    course = linear_descent(fb.signals.chirp(16, 0.1, 0.3), 4, 0.1)
    with pytest.raises(fb.FilterbankError, match=message):
        call(course)
