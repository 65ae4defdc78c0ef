"""Rules that turn gradients into steps: plain descent, momentum, Adam.

A rule is a frozen dataclass. What it remembers between steps, its memory, is a tuple of arrays
that the caller keeps, so that a fit can be stopped, stored and resumed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fbtools.validation import FilterbankError, FloatArray, as_real

__all__ = ["Adam", "GradientDescent", "Momentum", "Optimiser"]

Memory = tuple[FloatArray, ...]


@dataclass(frozen=True)
class GradientDescent:
    """Plain gradient descent, w <- w - eta grad.

    Attributes
    ----------
    learning_rate : float
        Step eta.

    Raises
    ------
    FilterbankError
        If the learning rate is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> rule, w = GradientDescent(learning_rate=0.1), np.ones((1, 2))
    >>> w, memory = rule.step(w, gradient=w, memory=rule.start(w))
    >>> w
    array([[0.9, 0.9]])
    """

    learning_rate: float

    def __post_init__(self) -> None:
        as_real(self.learning_rate, "learning_rate", 0.0)

    def start(self, w: FloatArray) -> Memory:
        """Return the memory before the first step.

        Parameters
        ----------
        w : ndarray of float64, shape (J, T)
            Filters to start from.

        Returns
        -------
        tuple of ndarray
            Empty: this rule remembers nothing.

        Examples
        --------
        >>> import numpy as np
        >>> GradientDescent(learning_rate=0.1).start(np.ones((1, 2)))
        ()
        """
        return ()

    def step(
        self, w: FloatArray, gradient: FloatArray, memory: Memory
    ) -> tuple[FloatArray, Memory]:
        """Take one step.

        Parameters
        ----------
        w : ndarray of float64, shape (J, T)
            Filters.
        gradient : ndarray of float64, shape (J, T)
            Derivative of the loss in each tap.
        memory : tuple of ndarray
            What `start` or the step before returned.

        Returns
        -------
        w : ndarray of float64, shape (J, T)
            Filters after the step; the old ones are left as they were.
        memory : tuple of ndarray
            Still empty.

        Examples
        --------
        >>> import numpy as np
        >>> rule, w = GradientDescent(learning_rate=0.5), np.array([[1.0, 2.0]])
        >>> rule.step(w, gradient=w, memory=())
        (array([[0.5, 1. ]]), ())
        """
        return w - self.learning_rate * gradient, memory


@dataclass(frozen=True)
class Momentum:
    """Heavy-ball descent, v <- mu v + grad, w <- w - eta v.

    Attributes
    ----------
    learning_rate : float
        Step eta.
    momentum : float
        Share mu of the velocity that is kept, between 0 and 1.

    Raises
    ------
    FilterbankError
        If a parameter is out of range.

    References
    ----------
    Polyak (1964), "Some methods of speeding up the convergence of iteration methods".

    Examples
    --------
    >>> Momentum(learning_rate=0.1)
    Momentum(learning_rate=0.1, momentum=0.9)
    """

    learning_rate: float
    momentum: float = 0.9

    def __post_init__(self) -> None:
        as_real(self.learning_rate, "learning_rate", 0.0)
        as_real(self.momentum, "momentum", 0.0, 1.0)

    def start(self, w: FloatArray) -> Memory:
        """Return the memory before the first step: no velocity.

        Parameters
        ----------
        w : ndarray of float64, shape (J, T)
            Filters to start from.

        Returns
        -------
        tuple of ndarray
            The velocity, zero, of shape (J, T).

        Examples
        --------
        >>> import numpy as np
        >>> Momentum(learning_rate=0.1).start(np.ones((1, 2)))
        (array([[0., 0.]]),)
        """
        return (np.zeros_like(w),)

    def step(
        self, w: FloatArray, gradient: FloatArray, memory: Memory
    ) -> tuple[FloatArray, Memory]:
        """Take one step.

        Parameters
        ----------
        w : ndarray of float64, shape (J, T)
            Filters.
        gradient : ndarray of float64, shape (J, T)
            Derivative of the loss in each tap.
        memory : tuple of ndarray
            What `start` or the step before returned.

        Returns
        -------
        w : ndarray of float64, shape (J, T)
            Filters after the step; the old ones are left as they were.
        memory : tuple of ndarray
            The new velocity.

        Examples
        --------
        >>> import numpy as np
        >>> rule, w = Momentum(learning_rate=0.5, momentum=0.5), np.array([[1.0, 2.0]])
        >>> memory = rule.start(w)
        >>> for _ in range(2):
        ...     w, memory = rule.step(w, gradient=np.ones((1, 2)), memory=memory)
        >>> w, memory
        (array([[-0.25,  0.75]]), (array([[1.5, 1.5]]),))
        """
        velocity = self.momentum * memory[0] + gradient
        return w - self.learning_rate * velocity, (velocity,)


@dataclass(frozen=True)
class Adam:
    """Adam: every tap moves by about the learning rate, whatever the size of its gradient.

    Attributes
    ----------
    learning_rate : float
        Step eta.
    decay_mean, decay_square : float
        Factors beta_1 and beta_2 of the running means of the gradient and of its square.
    epsilon : float
        Added to the root of the mean square.

    Raises
    ------
    FilterbankError
        If a parameter is out of range.

    References
    ----------
    Kingma and Ba (2015), "Adam: A method for stochastic optimization", Algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> rule, w = Adam(learning_rate=0.1), np.ones((1, 2))
    >>> w, memory = rule.step(w, gradient=np.array([[5.0, -1e-3]]), memory=rule.start(w))
    >>> w.round(4)
    array([[0.9, 1.1]])
    """

    learning_rate: float
    decay_mean: float = 0.9
    decay_square: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        as_real(self.learning_rate, "learning_rate", 0.0)
        as_real(self.decay_mean, "decay_mean", 0.0, 1.0)
        as_real(self.decay_square, "decay_square", 0.0, 1.0)
        as_real(self.epsilon, "epsilon", 0.0)

    def start(self, w: FloatArray) -> Memory:
        """Return the memory before the first step: no means, no steps.

        Parameters
        ----------
        w : ndarray of float64, shape (J, T)
            Filters to start from.

        Returns
        -------
        tuple of ndarray
            Both running means, zero, of shape (J, T), and the number of steps, shape (1,).

        Examples
        --------
        >>> import numpy as np
        >>> Adam(learning_rate=0.1).start(np.ones((1, 2)))
        (array([[0., 0.]]), array([[0., 0.]]), array([0.]))
        """
        return np.zeros_like(w), np.zeros_like(w), np.zeros(1)

    def step(
        self, w: FloatArray, gradient: FloatArray, memory: Memory
    ) -> tuple[FloatArray, Memory]:
        """Take one step.

        Parameters
        ----------
        w : ndarray of float64, shape (J, T)
            Filters.
        gradient : ndarray of float64, shape (J, T)
            Derivative of the loss in each tap.
        memory : tuple of ndarray
            What `start` or the step before returned.

        Returns
        -------
        w : ndarray of float64, shape (J, T)
            Filters after the step; the old ones are left as they were.
        memory : tuple of ndarray
            The new running means and the number of steps.

        Examples
        --------
        >>> import numpy as np
        >>> rule, w = Adam(learning_rate=0.5), np.array([[1.0, 2.0]])
        >>> new, memory = rule.step(w, gradient=np.array([[7.0, -0.1]]), memory=rule.start(w))
        >>> new.round(6), memory[2]
        (array([[0.5, 2.5]]), array([1.]))
        """
        mean = self.decay_mean * memory[0] + (1 - self.decay_mean) * gradient
        square = self.decay_square * memory[1] + (1 - self.decay_square) * gradient**2
        steps = memory[2] + 1
        # Both means start at zero; dividing by these factors removes that bias.
        unbiased = mean / (1 - self.decay_mean ** steps[0])
        spread = np.sqrt(square / (1 - self.decay_square ** steps[0]))
        return w - self.learning_rate * unbiased / (spread + self.epsilon), (mean, square, steps)


Optimiser = GradientDescent | Momentum | Adam
"""Any rule of this room."""


def as_optimiser(optimiser: object) -> Optimiser:
    """Return `optimiser` if it is one of the rules of this room."""
    if not isinstance(optimiser, GradientDescent | Momentum | Adam):
        raise FilterbankError(
            f"optimiser is {optimiser!r}: pass GradientDescent, Momentum or Adam with a "
            "learning rate."
        )
    return optimiser
