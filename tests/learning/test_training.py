"""Fits: rules of the steps, batches, stopping, resuming with the same bits, and errors."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import fbtools as fb
from fbtools.learning import training
from fbtools.learning.losses import Regression, regression_loss
from fbtools.learning.optimisers import Adam, GradientDescent, Momentum
from fbtools.learning.penalties import Penalty, condition_penalty, tightness_penalty
from fbtools.learning.training import fit_filterbank
from fbtools.signals import random_sines

W0 = fb.random_filterbank(3, 6, rng=0)
TARGET = fb.random_filterbank(3, 6, rng=1)
X = np.random.default_rng(2).standard_normal((10, 16))
RULES = [GradientDescent(0.01), Momentum(0.01, 0.8), Adam(0.01)]


def stream(rng):
    return rng.standard_normal((4, 16))


def same_bits(a, b):
    assert a.state.n_steps == b.state.n_steps
    np.testing.assert_array_equal(a.w, b.w)
    for one, other in zip(a.state.memory, b.state.memory, strict=True):
        np.testing.assert_array_equal(one, other)
    for name in ("loss", "penalty", "condition_number"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    assert a.state.rng_state == b.state.rng_state


def test_gradient_descent_by_hand():
    fit = fit_filterbank(W0, TARGET, X, GradientDescent(0.02), 3)
    w, losses = W0, []
    for _ in range(3):
        value, gradient = regression_loss(w, TARGET, X)
        losses.append(value)
        w = w - 0.02 * gradient
    np.testing.assert_array_equal(fit.w, w)
    np.testing.assert_array_equal(fit.loss, losses)
    assert fit.stopped == "finished"
    assert fit.penalty.size == 0
    np.testing.assert_allclose(
        fit.condition_number[[0, -1]],
        [fb.condition_number(W0, 16), fb.condition_number(w, 16)],
    )


def test_momentum_by_hand():
    fit = fit_filterbank(W0, TARGET, X, Momentum(0.02, 0.7), 3)
    w, velocity = W0, 0.0
    for _ in range(3):
        velocity = 0.7 * velocity + regression_loss(w, TARGET, X)[1]
        w = w - 0.02 * velocity
    np.testing.assert_allclose(fit.w, w, rtol=1e-13)


def test_adam_by_hand():
    """Sums written out as in Algorithm 1 of Kingma and Ba."""
    rule = Adam(0.02, 0.8, 0.95, 1e-6)
    fit = fit_filterbank(W0, TARGET, X, rule, 4)
    w, gradients = W0, []
    for t in range(1, 5):
        gradients.append(regression_loss(w, TARGET, X)[1])
        mean = sum(0.2 * 0.8 ** (t - 1 - i) * g for i, g in enumerate(gradients)) / (1 - 0.8**t)
        square = sum(0.05 * 0.95 ** (t - 1 - i) * g**2 for i, g in enumerate(gradients))
        w = w - 0.02 * mean / (np.sqrt(square / (1 - 0.95**t)) + 1e-6)
    np.testing.assert_allclose(fit.w, w, rtol=1e-12)


def test_a_penalty_adds_its_gradient():
    penalty = Penalty("tightness", 0.03, stride=2)
    fit = fit_filterbank(W0, TARGET, X, GradientDescent(0.02), 1, penalty=penalty)
    value, gradient = tightness_penalty(W0, 16, stride=2)
    step = regression_loss(W0, TARGET, X)[1] + 0.03 * gradient
    np.testing.assert_allclose(fit.w, W0 - 0.02 * step, rtol=1e-13)
    np.testing.assert_allclose(fit.penalty, [value, tightness_penalty(fit.w, 16, stride=2)[0]])
    assert fit.condition_number[0] == pytest.approx(fb.condition_number(W0, 16, stride=2))


def test_a_penalty_at_every_third_step():
    """Steps 3 and 6 of 6 carry it; epochs do not restart the count."""
    penalty = Penalty("condition", 0.05, every=3)
    fit = fit_filterbank(W0, TARGET, X, GradientDescent(0.02), 6, penalty=penalty)
    w = W0
    for step in range(1, 7):
        gradient = regression_loss(w, TARGET, X)[1]
        if step in (3, 6):
            gradient = gradient + 0.05 * condition_penalty(w, 16)[1]
        w = w - 0.02 * gradient
    np.testing.assert_allclose(fit.w, w, rtol=1e-12)


def test_an_epoch_visits_every_signal_once(monkeypatch):
    seen = []
    original = training.loss_and_gradient
    monkeypatch.setattr(
        training, "loss_and_gradient", lambda w, x, *rest: seen.append(x) or original(w, x, *rest)
    )
    fit = fit_filterbank(W0, TARGET, X, GradientDescent(1e-3), 2, batch_size=4, rng=0)
    assert [len(batch) for batch in seen] == [4, 4, 2] * 2
    first, second = np.concatenate(seen[:3]), np.concatenate(seen[3:])
    for epoch in (first, second):
        np.testing.assert_array_equal(np.sort(epoch[:, 0]), np.sort(X[:, 0]))
    assert (first != second).any()
    assert fit.state.n_steps == 6


def test_features_wanted_go_with_their_signals(monkeypatch):
    """Stored for all signals, or computed for each batch: the same fit."""
    loss = Regression("magnitude", "cosine", stride=4, pooling=2)
    settings = {"loss": loss, "batch_size": 3, "rng": 5}
    stored = fit_filterbank(W0, TARGET, X, Adam(0.01), 3, **settings)
    monkeypatch.setattr(training, "CACHE", 0)
    computed = fit_filterbank(W0, TARGET, X, Adam(0.01), 3, **settings)
    np.testing.assert_allclose(stored.w, computed.w, rtol=1e-12)


def test_the_mean_loss_of_an_epoch():
    fit = fit_filterbank(W0, TARGET, stream, GradientDescent(1e-9), 1, steps_per_epoch=5, rng=3)
    rng = np.random.default_rng(3)
    losses = [regression_loss(W0, TARGET, stream(rng))[0] for _ in range(5)]
    # A step of 1e-9 changes the loss by less than 1e-7.
    assert fit.loss[0] == pytest.approx(np.mean(losses), rel=1e-6)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("signals", [X, stream])
def test_resuming_gives_the_same_bits(rule, signals):
    settings = {
        "loss": Regression("magnitude", "mean_squared", stride=2),
        "penalty": Penalty("condition", 0.01, every=2),
        "batch_size": None if callable(signals) else 3,
        "steps_per_epoch": 3,
    }
    whole = fit_filterbank(W0, TARGET, signals, rule, 7, rng=9, **settings)
    part = fit_filterbank(W0, TARGET, signals, rule, 4, rng=9, **settings)
    stored = pickle.loads(pickle.dumps(part.state))
    rest = fit_filterbank(W0, TARGET, signals, rule, 7, rng=0, state=stored, **settings)
    same_bits(whole, rest)
    again = fit_filterbank(W0, TARGET, signals, rule, 7, state=rest.state, **settings)
    same_bits(whole, again)


def test_resuming_with_another_bit_generator():
    rng = np.random.Generator(np.random.MT19937(4))
    whole = fit_filterbank(W0, TARGET, stream, Adam(0.01), 4, rng=rng)
    rng = np.random.Generator(np.random.MT19937(4))
    part = fit_filterbank(W0, TARGET, stream, Adam(0.01), 2, rng=rng)
    rest = fit_filterbank(W0, TARGET, stream, Adam(0.01), 4, state=part.state)
    np.testing.assert_array_equal(whole.w, rest.w)


def test_ctrl_c_keeps_every_complete_epoch():
    calls = 0

    def interrupted(rng):
        nonlocal calls
        calls += 1
        if calls == 9:
            raise KeyboardInterrupt
        return stream(rng)

    settings = {"steps_per_epoch": 3, "rng": 2}
    fit = fit_filterbank(W0, TARGET, interrupted, Adam(0.01), 6, **settings)
    assert fit.stopped == "interrupted"
    # One look at a batch, two epochs of three steps, and the second step of the third epoch.
    assert fit.state.n_epochs == 2
    rest = fit_filterbank(W0, TARGET, stream, Adam(0.01), 6, state=fit.state, steps_per_epoch=3)
    same_bits(rest, fit_filterbank(W0, TARGET, stream, Adam(0.01), 6, **settings))


def test_a_callback_sees_every_epoch_and_can_stop():
    seen = []

    def callback(state):
        seen.append(state.n_epochs)
        return state.n_epochs == 3

    fit = fit_filterbank(W0, TARGET, X, GradientDescent(0.01), 9, callback=callback)
    assert seen == [1, 2, 3]
    assert fit.stopped == "callback"
    assert fit.loss.size == 3
    assert fit.condition_number.size == 4


def test_patience():
    """At the target nothing improves: two epochs to compare with one before."""
    fit = fit_filterbank(TARGET, TARGET, X, GradientDescent(0.01), 50, patience=2)
    assert fit.stopped == "stalled"
    assert fit.loss.size == 3
    descending = fit_filterbank(
        W0, TARGET, X, GradientDescent(1e-3), 10, patience=1, tolerance=1e-9
    )
    assert descending.stopped == "finished"
    assert training._stalled((1.0, 0.9995, 0.9992), 2, 1e-3)
    assert not training._stalled((1.0, 0.9985, 1.2), 2, 1e-3)
    assert not training._stalled((1.0, 1.0), 2, 1e-3)
    assert not training._stalled((1.0, 1.0, 1.0), None, 1e-3)


def test_progress_is_shown_when_asked(capsys):
    fit_filterbank(W0, TARGET, X, GradientDescent(0.01), 2)
    assert capsys.readouterr().err == ""
    fit_filterbank(W0, TARGET, X, GradientDescent(0.01), 2, progress=True)
    shown = capsys.readouterr().err
    assert "2/2" in shown
    assert "kappa=" in shown


def test_the_penalty_keeps_the_bank_conditioned():
    """The target hears nothing above a fifth of the band: fitting it loses the frame."""
    target = fb.gabor_filterbank(6, 32, 16000, fmin=100, fmax=1500)
    w0 = fb.random_filterbank(6, 32, rng=0)
    x = np.random.default_rng(0).standard_normal((4, 64))
    rule = GradientDescent(0.001)
    free = fit_filterbank(w0, target, x, rule, 300)
    held = fit_filterbank(w0, target, x, rule, 300, penalty=Penalty("condition", 0.1))
    assert free.condition_number[-1] > 10 * held.condition_number[-1]


def test_random_sines_are_sines_of_log_uniform_frequency():
    x = random_sines(4000, 64, sr=1000, fmin=10, fmax=400, rng=0)
    # A sine obeys x[n+1] + x[n-1] = 2 cos(omega) x[n], starts at 0, then has value sin(omega).
    assert (x[:, 0] == 0).all()
    omega = np.arcsin(x[:, 1])
    omega = np.where(x[:, 2] < 2 * x[:, 1] * np.cos(omega) - 1e-9, np.pi - omega, omega)
    cosines = np.cos(omega)[:, None]
    np.testing.assert_allclose(x[:, 2:] + x[:, :-2], 2 * cosines * x[:, 1:-1], atol=1e-9)
    octaves = np.log2(1000 * omega / (2 * np.pi) / 10) / np.log2(40)
    # Kolmogorov-Smirnov; false alarms 1e-4.
    assert stats.kstest(octaves, "uniform").pvalue > 1e-4


def bad(**changes):
    """One argument of a valid call, changed."""
    valid = {"w0": W0, "target": TARGET, "signals": X, "optimiser": Adam(0.1), "n_epochs": 2}
    return fit_filterbank(**{**valid, **changes})


STATE = bad().state


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bad(w0=np.ones(3)), "w0 has shape"),
        (lambda: bad(target=np.ones((2, 6))), "target has 2 filters"),
        (lambda: bad(target=1j * TARGET), "target is complex"),
        (lambda: bad(signals=np.zeros((2, 16))), "signals has"),
        (lambda: bad(signals=lambda rng: None), "signals has"),
        (lambda: bad(signals=X[:, :5]), "filter_length is 6"),
        (lambda: bad(optimiser="adam"), "optimiser is 'adam'"),
        (lambda: bad(n_epochs=0), "n_epochs is 0"),
        (lambda: bad(loss="squared"), "loss is 'squared'"),
        (lambda: bad(loss=Regression(stride=5, pooling=3)), "pooling is 3"),
        (lambda: bad(penalty="kappa"), "penalty is 'kappa'"),
        (lambda: bad(penalty=Penalty("condition", 1.0, stride=3)), "stride is 3"),
        (lambda: bad(w0=0 * W0, penalty=Penalty("condition", 1.0)), "not a frame"),
        (lambda: bad(batch_size=0), "batch_size is 0"),
        (lambda: bad(steps_per_epoch=0), "steps_per_epoch is 0"),
        (lambda: bad(rng=-1), "rng is -1"),
        (lambda: bad(patience=0), "patience is 0"),
        (lambda: bad(tolerance=-0.1), "tolerance is -0.1"),
        (lambda: bad(tolerance=0.0), "tolerance is 0"),
        (lambda: bad(tolerance=1.0), "tolerance is 1"),
        (lambda: bad(callback=3), "callback is 3"),
        (lambda: bad(state=3), "state is 3"),
        (lambda: bad(state=replace(STATE, w=W0[:, :5])), "state has filters of shape"),
        (lambda: bad(state=STATE, optimiser=GradientDescent(0.1)), "another optimiser"),
        (lambda: bad(state=STATE, penalty=Penalty("condition", 1.0)), "same penalty"),
        (lambda: bad(optimiser=GradientDescent(1e3), n_epochs=200), "lower learning rate"),
        (lambda: GradientDescent(0.0), "learning_rate is 0"),
        (lambda: Momentum(-1.0), "learning_rate is -1"),
        (lambda: Momentum(0.1, 1.0), "momentum is 1"),
        (lambda: Adam(np.nan), "learning_rate is nan"),
        (lambda: Adam(0.1, decay_mean=1.0), "decay_mean is 1"),
        (lambda: Adam(0.1, decay_square=0.0), "decay_square is 0"),
        (lambda: Adam(0.1, epsilon=0.0), "epsilon is 0"),
        (lambda: random_sines(0, 8, 100.0, 1.0), "n_signals is 0"),
        (lambda: random_sines(1, 0, 100.0, 1.0), "signal_length is 0"),
        (lambda: random_sines(1, 8, -1.0), "sr is -1"),
        (lambda: random_sines(1, 8, 100.0, 60.0), "fmin is 60"),
        (lambda: random_sines(1, 8, 100.0, 10.0, 5.0), "fmax is 5"),
        (lambda: random_sines(1, 8, 100.0, 10.0, 51.0), "fmax is 51"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(fb.FilterbankError, match=message):
        call()
