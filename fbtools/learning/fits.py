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
        """Number of complete epochs."""
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
    """

    state: FitState
    stopped: str

    @property
    def w(self) -> FloatArray:
        """Filters, shape (J, T)."""
        return self.state.w

    @property
    def loss(self) -> FloatArray:
        """Mean loss over the steps of each epoch, shape (n_epochs,)."""
        return np.array(self.state.loss)

    @property
    def penalty(self) -> FloatArray:
        """Penalty before and after each epoch, shape (n_epochs + 1,), or (0,) without."""
        return np.array(self.state.penalty)

    @property
    def condition_number(self) -> FloatArray:
        """Condition number kappa before and after each epoch, shape (n_epochs + 1,)."""
        return np.array(self.state.condition_number)


def generator_of(state: FitState) -> np.random.Generator:
    """Return a generator that goes on where the one of the state stopped."""
    if not isinstance(state, FitState):
        raise FilterbankError(f"state is {state!r}: pass the state of a Fit, or None.")
    generator = np.random.Generator(getattr(np.random, state.rng_state["bit_generator"])())
    generator.bit_generator.state = state.rng_state
    return generator
