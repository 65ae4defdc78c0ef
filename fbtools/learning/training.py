"""Gradient descent from one bank to another, with or without a penalty; stoppable, resumable."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from tqdm.auto import tqdm

from fbtools.frames.bounds import condition_number
from fbtools.learning.fits import Fit, FitState, generator_of
from fbtools.learning.losses import (
    Regression,
    as_regression,
    as_signals,
    as_target,
    loss_and_gradient,
    target_features,
)
from fbtools.learning.optimisers import Optimiser, as_optimiser
from fbtools.learning.penalties import Penalty
from fbtools.records import Value
from fbtools.threads import one_thread_of_linear_algebra
from fbtools.validation import (
    RNG,
    FilterbankError,
    FloatArray,
    as_count,
    as_filters,
    as_real,
    as_rng,
    check_length,
    check_stride,
)

__all__ = ["fit_filterbank"]

Batch = tuple[FloatArray, FloatArray]
Stream = Callable[[np.random.Generator], ArrayLike]
CACHE = 2**24


@dataclass(frozen=True, eq=False)
class _Task(Value):
    """The settings of a fit, checked."""

    signals: FloatArray | Stream
    parts: list[FloatArray]
    wanted: FloatArray | None
    loss: Regression
    optimiser: Optimiser
    penalty: Penalty | None
    batch_size: int | None
    steps_per_epoch: int
    signal_length: int

    def features(self, batch: FloatArray) -> FloatArray:
        return target_features(batch, self.parts, self.loss)


@one_thread_of_linear_algebra()
def fit_filterbank(
    w0: ArrayLike,
    target: ArrayLike,
    signals: ArrayLike | Stream,
    optimiser: Optimiser,
    n_epochs: int,
    *,
    loss: Regression | None = None,
    penalty: Penalty | None = None,
    batch_size: int | None = None,
    steps_per_epoch: int = 1,
    rng: RNG = None,
    patience: int | None = None,
    tolerance: float = 1e-3,
    callback: Callable[[FitState], bool | None] | None = None,
    progress: bool = False,
    state: FitState | None = None,
) -> Fit:
    """Fit the filters w to a target bank by gradient descent on what they do to signals.

    Parameters
    ----------
    w0 : array_like, shape (J, T) or (J, 1, T)
        Filters to start from.
    target : array_like, shape (J, T')
        Filters to be learned; for magnitudes they may be complex, see `regression_loss`.
    signals : array_like of shape (N,) or (n_signals, N), or callable
        Signals; or a function of a Generator that returns a fresh batch of them at each step, for
        instance ``lambda rng: random_sines(64, 4096, 16000, rng=rng)``.
    optimiser : GradientDescent, Momentum or Adam
        Rule of the steps, with its learning rate.
    n_epochs : int
        Number of epochs at the end; a resumed fit counts those it has already.
    loss : Regression or None
        What is compared; half the squared distance of the linear responses unless given.
    penalty : Penalty or None
        Term that keeps the filterbank well conditioned on Z_N.
    batch_size : int or None
        Number of signals in a step, drawn anew in every epoch without repetition; None takes all.
        Not for a callable, whose batches have the size it gives them.
    steps_per_epoch : int
        Number of steps in an epoch, for a callable only.
    rng : Generator, seed or None
        What `numpy.random.default_rng` takes; the same seed gives the same bits.
    patience : int or None
        Stop when this many epochs in a row have not brought the loss below (1 - `tolerance`)
        times the lowest before them.
    tolerance : float
        See `patience`.
    callback : callable or None
        Called with the `FitState` after each epoch; the fit stops if it returns True.
    progress : bool
        Whether to show a progress bar.
    state : FitState or None
        Where to resume. `w0` is then only checked for its shape, and `rng` is not used.

    Returns
    -------
    Fit
        Filters, history, the reason of the end, and a state from which to resume.

    Raises
    ------
    FilterbankError
        If arguments have the wrong type or shape, a penalty meets a bank that is no frame, or
        the weights leave the range of floating-point numbers (the learning rate is too high).

    See Also
    --------
    regression_loss, linear_descent

    Notes
    -----
    Stopping and resuming gives the same bits as not stopping. Ctrl-C ends the fit and returns it:
    the complete epochs are kept, `stopped` is "interrupted", and resuming repeats the unfinished
    epoch with the same random numbers. A second Ctrl-C, outside the fit, acts as usual.

    Examples
    --------
    >>> import fbtools as fb
    >>> from fbtools.learning.optimisers import GradientDescent
    >>> w0, target = fb.random_filterbank(4, 8, rng=0), fb.random_filterbank(4, 8, rng=1)
    >>> fit = fit_filterbank(w0, target, fb.signals.impulse(16), GradientDescent(0.5), n_epochs=3)
    >>> fit.loss.round(3), fit.stopped
    (array([0.888, 0.222, 0.056]), 'finished')
    """
    filters, epochs = as_filters(w0, "w0"), as_count(n_epochs, "n_epochs")
    generator = as_rng(rng) if state is None else generator_of(state)
    task = _check_task(
        filters, target, signals, optimiser, loss, penalty, batch_size, steps_per_epoch
    )
    _check_stops(patience, tolerance, callback)
    if state is None:
        now = _first_state(filters, task, generator)
    else:
        now = _check_state(state, task, filters)
    bar = tqdm(total=epochs, initial=now.n_epochs, disable=not progress)
    stopped = "finished"
    try:
        while now.n_epochs < epochs:
            now = _epoch(now, task, generator)
            bar.update()
            bar.set_postfix(loss=now.loss[-1], kappa=now.condition_number[-1])
            if callback is not None and callback(now):
                stopped = "callback"
                break
            if _stalled(now.loss, patience, tolerance):
                stopped = "stalled"
                break
    except KeyboardInterrupt:
        stopped = "interrupted"
    finally:
        bar.close()
    return Fit(now, stopped)


def _check_task(
    w: FloatArray,
    target: ArrayLike,
    signals: ArrayLike | Stream,
    optimiser: Optimiser,
    loss: Regression | None,
    penalty: Penalty | None,
    batch_size: int | None,
    steps_per_epoch: int,
) -> _Task:
    rule = as_regression(loss)
    parts = as_target(target, w.shape[0], rule)
    steps = as_count(steps_per_epoch, "steps_per_epoch")
    size = None if batch_size is None else as_count(batch_size, "batch_size")
    if penalty is not None and not isinstance(penalty, Penalty):
        raise FilterbankError(f"penalty is {penalty!r}: pass a Penalty, or None.")
    data = signals if callable(signals) else as_signals(signals)
    # A generator of its own, so that looking at a batch does not change the fit.
    example = as_signals(data(np.random.default_rng(0))) if callable(data) else data
    n = example.shape[1]
    check_length(max(w.shape[1], parts[0].shape[1]), n)
    check_stride(1 if penalty is None else penalty.stride, n)
    entries = len(example) * w.shape[0] * (-(-n // rule.stride) // rule.window(n))
    cached = not callable(data) and entries <= CACHE
    wanted = target_features(example, parts, rule) if cached else None
    return _Task(data, parts, wanted, rule, as_optimiser(optimiser), penalty, size, steps, n)


def _check_stops(
    patience: int | None, tolerance: float, callback: Callable[[FitState], bool | None] | None
) -> None:
    if patience is not None:
        as_count(patience, "patience")
    as_real(tolerance, "tolerance", 0.0, 1.0)
    if callback is not None and not callable(callback):
        raise FilterbankError(f"callback is {callback!r}: pass a function of a FitState, or None.")


def _check_state(state: FitState, task: _Task, w: FloatArray) -> FitState:
    if state.w.shape != w.shape:
        raise FilterbankError(
            f"state has filters of shape {state.w.shape}, and w0 has shape {w.shape}: resume with "
            "the w0 of the fit that made it."
        )
    shapes = [array.shape for array in task.optimiser.start(w)]
    if [array.shape for array in state.memory] != shapes:
        raise FilterbankError(
            f"state comes from another optimiser than {type(task.optimiser).__name__}: resume "
            "with the same one."
        )
    if bool(state.penalty) != (task.penalty is not None):
        raise FilterbankError("state and penalty do not fit: resume with the same penalty.")
    return state


def _first_state(w: FloatArray, task: _Task, rng: np.random.Generator) -> FitState:
    penalty, kappa = _measure(w, task)
    memory = task.optimiser.start(w)
    return FitState(w, memory, dict(rng.bit_generator.state), 0, (), penalty, kappa)


def _measure(w: FloatArray, task: _Task) -> tuple[tuple[float, ...], tuple[float, ...]]:
    stride = 1 if task.penalty is None else task.penalty.stride
    penalty = () if task.penalty is None else (task.penalty(w, task.signal_length)[0],)
    return penalty, (condition_number(w, task.signal_length, stride=stride),)


def _epoch(state: FitState, task: _Task, rng: np.random.Generator) -> FitState:
    w, memory, n_steps = state.w, state.memory, state.n_steps
    losses: list[float] = []
    for batch, wanted in _batches(task, rng):
        value, gradient = loss_and_gradient(w, batch, wanted, task.loss)
        n_steps += 1
        if task.penalty is not None and n_steps % task.penalty.every == 0:
            gradient = gradient + task.penalty.weight * task.penalty(w, task.signal_length)[1]
        with np.errstate(over="ignore", invalid="ignore"):
            w, memory = task.optimiser.step(w, gradient, memory)
        losses.append(value)
        if not np.abs(w).max() < 1e100:
            raise FilterbankError(
                f"optimiser is {task.optimiser}: the weights grew beyond all bounds after "
                f"{n_steps} steps; use a lower learning rate (for the linear output, below "
                "linear_descent(...).critical_learning_rate)."
            )
    penalty, kappa = _measure(w, task)
    return FitState(
        w,
        memory,
        dict(rng.bit_generator.state),
        n_steps,
        (*state.loss, float(np.mean(losses))),
        state.penalty + penalty,
        state.condition_number + kappa,
    )


def _batches(task: _Task, rng: np.random.Generator) -> Iterator[Batch]:
    """The batches of one epoch, each with the features wanted."""
    if callable(task.signals):
        for _ in range(task.steps_per_epoch):
            batch = as_signals(task.signals(rng))
            yield batch, task.features(batch)
        return
    count = len(task.signals)
    size = count if task.batch_size is None else min(task.batch_size, count)
    order = np.arange(count) if size == count else rng.permutation(count)
    for first in range(0, count, size):
        chosen = order[first : first + size]
        batch = task.signals[chosen]
        yield batch, task.features(batch) if task.wanted is None else task.wanted[:, chosen]


def _stalled(loss: tuple[float, ...], patience: int | None, tolerance: float) -> bool:
    if patience is None or len(loss) <= patience:
        return False
    return min(loss[-patience:]) >= (1 - tolerance) * min(loss[:-patience])
