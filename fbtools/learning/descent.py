"""Gradient descent on the linear output, solved exactly.

For the loss 1/2 ||x * w - x * g||^2, averaged over signals, the Hessian for each filter is the
autocorrelation matrix Q, averaged. With its eigenvalues lambda_i, component i of the error w - g
after n steps is (1 - eta lambda_i)^n times what it was: nothing else happens.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import fft, linalg

from fbtools.filterbanks.convolution import analyze
from fbtools.learning.losses import as_signals
from fbtools.records import Value
from fbtools.validation import (
    FilterbankError,
    FloatArray,
    as_count,
    as_filter_length,
    as_filters,
    as_real,
    as_real_array,
)

__all__ = ["LinearDescent", "linear_descent"]


@dataclass(frozen=True, eq=False)
class LinearDescent(Value):
    """Exact course of plain gradient descent on the linear output.

    Attributes
    ----------
    eigenvalues : ndarray of float64, shape (T,)
        Eigenvalues of the Hessian, descending.
    eigenvectors : ndarray of float64, shape (T, T)
        Its eigenvectors, in columns.
    learning_rate : float
        Step eta.

    Examples
    --------
    >>> import fbtools as fb
    >>> course = linear_descent(fb.signals.sinusoid(256, 0.1), filter_length=8, learning_rate=0.2)
    >>> course.converges, round(course.critical_learning_rate, 2)
    (True, 0.43)
    """

    eigenvalues: FloatArray
    eigenvectors: FloatArray
    learning_rate: float

    @property
    def critical_learning_rate(self) -> float:
        """2 / lambda_max: above it, the error grows.

        Examples
        --------
        >>> import fbtools as fb
        >>> linear_descent(fb.signals.impulse(16), 8, learning_rate=0.5).critical_learning_rate
        2.0
        """
        return 2 / float(self.eigenvalues[0])

    @property
    def converges(self) -> bool:
        """Whether the learning rate is below the critical one.

        Examples
        --------
        >>> import fbtools as fb
        >>> x = fb.signals.impulse(16)
        >>> [linear_descent(x, 8, learning_rate=rate).converges for rate in (1.9, 2.0)]
        [True, False]
        """
        return self.learning_rate < self.critical_learning_rate

    def factors(self, n_steps: ArrayLike) -> FloatArray:
        """Return (1 - eta lambda_i)^n, by which each component of the error has been multiplied.

        Parameters
        ----------
        n_steps : array_like, shape (...)
            Numbers of steps n, integers of at least 0.

        Returns
        -------
        ndarray of float64, shape (..., T)
            One factor for each eigenvalue, in the order of `eigenvalues`.

        Raises
        ------
        FilterbankError
            If `n_steps` has other entries.

        Examples
        --------
        >>> import fbtools as fb
        >>> course = linear_descent(fb.signals.impulse(16), filter_length=2, learning_rate=0.5)
        >>> course.factors([0, 1, 2])
        array([[1.  , 1.  ],
               [0.5 , 0.5 ],
               [0.25, 0.25]])
        """
        steps = _as_steps(n_steps)
        return np.asarray((1 - self.learning_rate * self.eigenvalues) ** steps[..., None])

    def filters(self, w0: ArrayLike, target: ArrayLike, n_steps: int) -> FloatArray:
        """Return the filters after `n_steps` steps from `w0`.

        Parameters
        ----------
        w0 : array_like, shape (J, T)
            Filters before the first step.
        target : array_like, shape (J, T'), T' <= T
            Filters to be learned; padded with zeros to T taps.
        n_steps : int
            Number of steps, at least 0.

        Returns
        -------
        ndarray of float64, shape (J, T)
            What `fit_filterbank` reaches by plain descent on all the signals in every step.

        Raises
        ------
        FilterbankError
            If the shapes of the filters do not fit, or `n_steps` is no such number.

        Examples
        --------
        >>> import fbtools as fb
        >>> course = linear_descent(fb.signals.impulse(16), filter_length=2, learning_rate=0.5)
        >>> course.filters(w0=[[1.0, 0.0]], target=[[0.0, 1.0]], n_steps=1).round(12) + 0.0
        array([[0.5, 0.5]])
        """
        start, goal = self._as_pair(w0, target)
        components = (start - goal) @ self.eigenvectors
        shrunk = components * self.factors(as_count(n_steps, "n_steps", minimum=0))
        return np.asarray(goal + shrunk @ self.eigenvectors.T)

    def loss(self, w0: ArrayLike, target: ArrayLike, n_steps: ArrayLike) -> FloatArray:
        """Return the loss after each number of steps.

        Parameters
        ----------
        w0 : array_like, shape (J, T)
            Filters before the first step.
        target : array_like, shape (J, T'), T' <= T
            Filters to be learned; padded with zeros to T taps.
        n_steps : array_like, shape (...)
            Numbers of steps, integers of at least 0.

        Returns
        -------
        ndarray of float64, shape (...)
            Half the squared distance of the responses to each signal, averaged over the signals.

        Raises
        ------
        FilterbankError
            If the shapes of the filters do not fit, or `n_steps` is no array of such numbers.

        See Also
        --------
        regression_loss

        Examples
        --------
        >>> import fbtools as fb
        >>> course = linear_descent(fb.signals.impulse(16), filter_length=2, learning_rate=0.5)
        >>> course.loss(w0=[[1.0, 0.0]], target=[[0.0, 1.0]], n_steps=[0, 1, 2]).round(12)
        array([1.    , 0.25  , 0.0625])
        """
        start, goal = self._as_pair(w0, target)
        squares = np.sum(((start - goal) @ self.eigenvectors) ** 2, axis=0)
        return self._loss(squares, n_steps)

    def expected_loss(self, target: ArrayLike, n_steps: ArrayLike, variance: float) -> FloatArray:
        """Return the mean loss when the taps start at random, i.i.d. and centred.

        Parameters
        ----------
        target : array_like, shape (J, T'), T' <= T
            Filters to be learned; padded with zeros to T taps.
        n_steps : array_like, shape (...)
            Numbers of steps, integers of at least 0.
        variance : float
            Variance of each tap at the start; 1/(J T) for `random_filterbank`.

        Returns
        -------
        ndarray of float64, shape (...)
            Mean of `loss` over the starts.

        Raises
        ------
        FilterbankError
            If the target has more than T taps, `n_steps` is no array of such numbers, or the
            variance is not positive.

        Examples
        --------
        >>> import fbtools as fb
        >>> course = linear_descent(fb.signals.impulse(16), filter_length=2, learning_rate=0.5)
        >>> course.expected_loss(target=[[0.0, 1.0]], n_steps=[0, 1], variance=0.5).round(12)
        array([1.  , 0.25])
        """
        goal = self._as_goal(target)
        spread = goal.shape[0] * as_real(variance, "variance", 0.0)
        squares = np.sum((goal @ self.eigenvectors) ** 2, axis=0) + spread
        return self._loss(squares, n_steps)

    def _loss(self, squares: FloatArray, n_steps: ArrayLike) -> FloatArray:
        return np.asarray(self.factors(n_steps) ** 2 @ (self.eigenvalues * squares) / 2)

    def _as_pair(self, w0: ArrayLike, target: ArrayLike) -> tuple[FloatArray, FloatArray]:
        start, goal = as_filters(w0, "w0"), self._as_goal(target)
        if start.shape[1] != goal.shape[1]:
            raise FilterbankError(
                f"w0 has {start.shape[1]} taps: this descent is of filters of {goal.shape[1]} taps."
            )
        if start.shape[0] != goal.shape[0]:
            raise FilterbankError(
                f"target has {goal.shape[0]} filters, and w0 has {start.shape[0]}: each filter "
                "needs one to learn."
            )
        return start, goal

    def _as_goal(self, target: ArrayLike) -> FloatArray:
        goal, length = as_filters(target, "target"), self.eigenvalues.size
        if goal.shape[1] > length:
            raise FilterbankError(
                f"target has {goal.shape[1]} taps, which filters of {length} taps cannot reach: "
                f"shorten it to {length}."
            )
        return np.pad(goal, ((0, 0), (0, length - goal.shape[1])))


def linear_descent(
    signals: ArrayLike, filter_length: int, learning_rate: float, *, stride: int = 1
) -> LinearDescent:
    """Exact course of gradient descent when filters are fitted to the linear output.

    Parameters
    ----------
    signals : array_like, shape (N,) or (n_signals, N)
        Signals, all of them in every step.
    filter_length : int
        Number of taps T, at most N.
    learning_rate : float
        Step eta.
    stride : int
        Stride d of the responses.

    Returns
    -------
    LinearDescent
        Spectrum of the Hessian, and what follows from it.

    Raises
    ------
    FilterbankError
        If an argument has the wrong type or range, or T > N.

    See Also
    --------
    fit_filterbank, regression_loss

    Notes
    -----
    The Hessian is the autocorrelation matrix Q_T averaged over the signals; at stride d, the
    matrix X'X of the frames that the responses use, averaged over the signals.

    Examples
    --------
    >>> import fbtools as fb
    >>> w0, target = fb.random_filterbank(4, 8, rng=0), fb.random_filterbank(4, 8, rng=1)
    >>> course = linear_descent(fb.signals.impulse(16), filter_length=8, learning_rate=0.5)
    >>> course.loss(w0, target, n_steps=[0, 1, 2]).round(3)
    array([0.888, 0.222, 0.056])
    """
    batch = as_signals(signals)
    length = as_filter_length(filter_length, batch.shape[1])
    step, rate = as_count(stride, "stride"), as_real(learning_rate, "learning_rate", 0.0)
    values, vectors = linalg.eigh(_hessian(batch, length, step))
    return LinearDescent(np.maximum(values[::-1], 0.0), vectors[:, ::-1].copy(), rate)


def _hessian(signals: FloatArray, filter_length: int, stride: int) -> FloatArray:
    if stride == 1:
        power = np.mean(np.abs(fft.rfft(signals, axis=-1)) ** 2, axis=0)
        correlation = fft.irfft(power, n=signals.shape[1])
        return np.asarray(linalg.toeplitz(correlation[:filter_length]))
    total = np.zeros((filter_length, filter_length))
    for x in signals:
        frames = analyze(x, np.eye(filter_length), stride=stride)
        total += frames @ frames.T
    return total / len(signals)


def _as_steps(n_steps: ArrayLike) -> FloatArray:
    steps = as_real_array(n_steps, "n_steps")
    if (steps < 0).any() or (steps != np.floor(steps)).any():
        raise FilterbankError(f"n_steps is {n_steps!r}: pass non-negative integers.")
    return steps
