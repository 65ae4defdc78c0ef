"""What a fit leaves behind: filters, history, and all it takes to go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fbtools.learning.optimisers import Memory
from fbtools.records import Value
from fbtools.validation import FilterbankError, FloatArray

__all__ = ["Fit", "FitState"]


@dataclass(frozen=True, eq=False)
class FitState(Value):
    """Everything needed to continue a fit after a complete epoch; it can be pickled.

    Attributes
    ----------
    w : ndarray of float64, shape (J, T)
        Filters.
    memory : tuple of ndarray
        What the optimiser remembers.
    rng_state : dict
        State of the random generator.
    n_steps : int
        Number of steps taken.
    loss : tuple of float
        Mean loss of each epoch, without the penalty, over its steps.
    penalty : tuple of float
        Penalty before the first epoch and after each, without its weight; empty without penalty.
    condition_number : tuple of float
        kappa on Z_N before the first epoch and after each, at the stride of the penalty, or 1.

    Examples
    --------
    >>> import fbtools as fb
    >>> from fbtools import learning
    >>> w, target = fb.random_filterbank(2, 4, rng=0), fb.random_filterbank(2, 4, rng=1)
    >>> rule = learning.GradientDescent(learning_rate=0.5)
    >>> fit = learning.fit_filterbank(w, target, fb.signals.impulse(8), rule, 2)
    >>> fit.state.n_epochs, fit.state.n_steps, fit.state.penalty
    (2, 2, ())
    >>> more = learning.fit_filterbank(w, target, fb.signals.impulse(8), rule, 3, state=fit.state)
    >>> more.state.n_epochs
    3
    """

    w: FloatArray
    memory: Memory
    rng_state: dict[str, Any]
    n_steps: int
    loss: tuple[float, ...]
    penalty: tuple[float, ...]
    condition_number: tuple[float, ...]

    @property
    def n_epochs(self) -> int:
        """Number of complete epochs.

        Examples
        --------
        >>> import fbtools as fb
        >>> from fbtools import learning
        >>> w, target = fb.random_filterbank(2, 4, rng=0), fb.random_filterbank(2, 4, rng=1)
        >>> rule = learning.GradientDescent(learning_rate=0.5)
        >>> fit = learning.fit_filterbank(w, target, fb.signals.impulse(8), rule, 2)
        >>> fit.state.n_epochs
        2
        """
        return len(self.loss)


@dataclass(frozen=True, eq=False)
class Fit(Value):
    """Outcome of `fit_filterbank`.

    Attributes
    ----------
    state : FitState
        The last complete epoch, to be passed on to `fit_filterbank` to go on.
    stopped : {"finished", "stalled", "callback", "interrupted"}
        Why the fit ended.

    Examples
    --------
    >>> import fbtools as fb
    >>> from fbtools import learning
    >>> w, target = fb.random_filterbank(2, 4, rng=0), fb.random_filterbank(2, 4, rng=1)
    >>> rule = learning.GradientDescent(learning_rate=0.5)
    >>> fit = learning.fit_filterbank(w, target, fb.signals.impulse(8), rule, 2)
    >>> fit.stopped, fit.w.shape, fit.loss.shape
    ('finished', (2, 4), (2,))
    """

    state: FitState
    stopped: str

    @property
    def w(self) -> FloatArray:
        """Filters, shape (J, T).

        Examples
        --------
        >>> import fbtools as fb
        >>> from fbtools import learning
        >>> w, target = fb.random_filterbank(2, 4, rng=0), fb.random_filterbank(2, 4, rng=1)
        >>> rule = learning.GradientDescent(learning_rate=0.5)
        >>> fit = learning.fit_filterbank(w, target, fb.signals.impulse(8), rule, 2)
        >>> fit.w.shape, bool(abs(fit.w - target).max() < abs(w - target).max())
        ((2, 4), True)
        """
        return self.state.w

    @property
    def loss(self) -> FloatArray:
        """Mean loss over the steps of each epoch, shape (n_epochs,).

        Examples
        --------
        >>> import fbtools as fb
        >>> from fbtools import learning
        >>> w, target = fb.random_filterbank(2, 4, rng=0), fb.random_filterbank(2, 4, rng=1)
        >>> rule = learning.GradientDescent(learning_rate=0.5)
        >>> fit = learning.fit_filterbank(w, target, fb.signals.impulse(8), rule, 2)
        >>> fit.loss.shape, round(float(fit.loss[0] / fit.loss[1]), 9)
        ((2,), 4.0)
        """
        return np.array(self.state.loss)

    @property
    def penalty(self) -> FloatArray:
        """Penalty before and after each epoch, shape (n_epochs + 1,), or (0,) without.

        Examples
        --------
        >>> import fbtools as fb
        >>> from fbtools import learning
        >>> w, target = fb.random_filterbank(2, 4, rng=0), fb.random_filterbank(2, 4, rng=1)
        >>> rule = learning.GradientDescent(learning_rate=0.5)
        >>> penalty = learning.Penalty("condition", weight=1e-3)
        >>> fit = learning.fit_filterbank(
        ...     w, target, fb.signals.impulse(8), rule, 2, penalty=penalty
        ... )
        >>> fit.penalty.shape, bool(abs(fit.penalty + 1 - fit.condition_number).max() < 1e-9)
        ((3,), True)
        """
        return np.array(self.state.penalty)

    @property
    def condition_number(self) -> FloatArray:
        """Condition number kappa before and after each epoch, shape (n_epochs + 1,).

        Examples
        --------
        >>> import fbtools as fb
        >>> from fbtools import learning
        >>> w, target = fb.random_filterbank(2, 4, rng=0), fb.random_filterbank(2, 4, rng=1)
        >>> rule = learning.GradientDescent(learning_rate=0.5)
        >>> fit = learning.fit_filterbank(w, target, fb.signals.impulse(8), rule, 2)
        >>> fit.condition_number.shape, bool(fit.condition_number.min() >= 1)
        ((3,), True)
        """
        return np.array(self.state.condition_number)


def generator_of(state: FitState) -> np.random.Generator:
    """Return a generator that goes on where the one of the state stopped."""
    if not isinstance(state, FitState):
        raise FilterbankError(f"state is {state!r}: pass the state of a Fit, or None.")
    generator = np.random.Generator(getattr(np.random, state.rng_state["bit_generator"])())
    generator.bit_generator.state = state.rng_state
    return generator
