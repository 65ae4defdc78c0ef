"""What all laws of a positive random variable share: the methods of a frozen SciPy distribution."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Literal, overload

import numpy as np
from numpy.typing import ArrayLike

from fbtools.laws.distribution_functions import DistributionFunctions
from fbtools.validation import (
    RNG,
    FilterbankError,
    FloatArray,
    Number,
    Numbers,
    as_count,
    as_probabilities,
    as_rng,
    as_scalar_or_array,
    check_memory,
)

__all__ = ["ContinuousLaw", "Tail"]

Tail = Literal["cdf", "sf"]

LARGEST_ORDER = 1000


class ContinuousLaw(DistributionFunctions):
    """Law of a positive random variable X, with the methods of a frozen SciPy distribution.

    All are methods, `mean` and `var` too, named and shaped as in `scipy.stats`. Levels and
    probabilities are scalars or arrays, and so is what comes back; NaN is refused. A law cannot be
    changed; it can be copied, pickled and compared, by value.

    See Also
    --------
    EnergyLaw : of the energy ratio of a random filterbank
    ExtremeLaw : of one of its frame bounds

    Notes
    -----
    Two conventions are not SciPy's: the argument of `rvs` is `rng`, as everywhere in this package,
    and an argument that cannot be used raises `FilterbankError` where SciPy returns NaN.

    Examples
    --------
    >>> import fbtools as fb
    >>> law = fb.EnergyLaw.from_eigenvalues([1.0, 1.0], n_filters=10)
    >>> isinstance(law, ContinuousLaw), law.support()
    (True, (0.0, inf))
    """

    @abstractmethod
    def mean(self) -> float:
        """Mean E X.

        Returns
        -------
        float
            Mean; 1 for an energy ratio.

        Examples
        --------
        >>> import fbtools as fb
        >>> fb.EnergyLaw.from_eigenvalues([1.0, 1.0], n_filters=10).mean()
        1.0
        """

    @abstractmethod
    def var(self) -> float:
        """Variance of X.

        Returns
        -------
        float
            Square of the standard deviation.

        See Also
        --------
        std

        Examples
        --------
        >>> import fbtools as fb
        >>> fb.EnergyLaw.from_eigenvalues([1.0], n_filters=10).var()
        0.2
        """

    def std(self) -> float:
        """Standard deviation of X.

        Returns
        -------
        float
            Root of the variance.

        See Also
        --------
        var

        Examples
        --------
        >>> import fbtools as fb
        >>> fb.EnergyLaw.from_eigenvalues([1.0], n_filters=2).std()
        1.0
        """
        return float(np.sqrt(self.var()))

    def moment(self, order: int) -> float:
        """Raw moment E X^n.

        Parameters
        ----------
        order : int
            Order n, from 0 to 1000.

        Returns
        -------
        float
            Moment about zero.

        Raises
        ------
        FilterbankError
            If `order` is not such an integer, or the moment is beyond floating-point range.

        See Also
        --------
        mean, var

        Examples
        --------
        >>> import fbtools as fb
        >>> exponential = fb.EnergyLaw.from_eigenvalues([1.0], n_filters=2)
        >>> [round(exponential.moment(n), 9) for n in range(5)]
        [1.0, 1.0, 2.0, 6.0, 24.0]
        """
        n = as_count(order, "order", minimum=0, maximum=LARGEST_ORDER)
        with np.errstate(over="ignore", invalid="ignore"):
            value = self._moment(n)
        if not np.isfinite(value):
            raise FilterbankError(
                f"order is {n}: this moment is beyond floating-point range (1.8e308); take a "
                "smaller order."
            )
        return value

    def median(self) -> float:
        """Median of X.

        Returns
        -------
        float
            The q with P(X <= q) = 1/2.

        See Also
        --------
        ppf

        Examples
        --------
        >>> import fbtools as fb
        >>> round(fb.EnergyLaw.from_eigenvalues([1.0], n_filters=2).median(), 12)
        0.69314718056
        """
        return self.ppf(0.5)

    def support(self) -> tuple[float, float]:
        """Ends of the support, between which X lies.

        Returns
        -------
        tuple of float
            Zero and infinity.

        See Also
        --------
        interval

        Examples
        --------
        >>> import fbtools as fb
        >>> fb.EnergyLaw.from_eigenvalues([1.0], n_filters=2).support()
        (0.0, inf)
        """
        return 0.0, np.inf

    @overload
    def ppf(self, p: Number) -> float: ...
    @overload
    def ppf(self, p: Numbers) -> FloatArray: ...
    @overload
    def ppf(self, p: ArrayLike) -> FloatArray | float: ...
    def ppf(self, p: ArrayLike) -> FloatArray | float:
        """Quantile: the q with P(X <= q) = p.

        Parameters
        ----------
        p : array_like
            Probabilities in [0, 1].

        Returns
        -------
        float or ndarray of float64, the shape of `p`
            Quantiles; the ends of the support for 0 and 1.

        Raises
        ------
        FilterbankError
            If a probability is NaN or not in [0, 1].

        See Also
        --------
        isf, cdf, interval

        Examples
        --------
        >>> import fbtools as fb
        >>> exponential = fb.EnergyLaw.from_eigenvalues([1.0], n_filters=2)
        >>> exponential.ppf([0.0, 0.5, 1.0]).round(12)
        array([0.        , 0.69314718,        inf])
        """
        values = as_probabilities(p)
        return as_scalar_or_array(self._quantile(values, 1 - values))

    @overload
    def isf(self, p: Number) -> float: ...
    @overload
    def isf(self, p: Numbers) -> FloatArray: ...
    @overload
    def isf(self, p: ArrayLike) -> FloatArray | float: ...
    def isf(self, p: ArrayLike) -> FloatArray | float:
        """Upper quantile: the q with P(X > q) = p; precise for tiny p.

        Parameters
        ----------
        p : array_like
            Probabilities in [0, 1].

        Returns
        -------
        float or ndarray of float64, the shape of `p`
            Quantiles; the ends of the support for 1 and 0.

        Raises
        ------
        FilterbankError
            If a probability is NaN or not in [0, 1].

        See Also
        --------
        ppf, sf

        Examples
        --------
        >>> import fbtools as fb
        >>> exponential = fb.EnergyLaw.from_eigenvalues([1.0], n_filters=2)
        >>> round(exponential.isf(1e-300), 9), exponential.isf(1.0)
        (690.775527898, 0.0)
        """
        values = as_probabilities(p)
        return as_scalar_or_array(self._quantile(1 - values, values))

    @overload
    def interval(self, confidence: Number) -> tuple[float, float]: ...
    @overload
    def interval(self, confidence: Numbers) -> tuple[FloatArray, FloatArray]: ...
    def interval(
        self, confidence: ArrayLike
    ) -> tuple[float, float] | tuple[FloatArray, FloatArray]:
        """Interval about the median that holds X with this probability.

        Parameters
        ----------
        confidence : array_like
            Probabilities in [0, 1].

        Returns
        -------
        tuple of float or of ndarray of float64, the shape of `confidence`
            Quantiles that leave (1 - confidence) / 2 on each side.

        Raises
        ------
        FilterbankError
            If a probability is NaN or not in [0, 1].

        See Also
        --------
        ppf, isf, median

        Examples
        --------
        >>> import fbtools as fb
        >>> exponential = fb.EnergyLaw.from_eigenvalues([1.0], n_filters=2)
        >>> low, high = exponential.interval([0.5, 0.9])
        >>> low.round(4), high.round(4)
        (array([0.2877, 0.0513]), array([1.3863, 2.9957]))
        """
        tail = (1 - as_probabilities(confidence, "confidence")) / 2
        low, high = self.ppf(tail), self.isf(tail)
        return (low, high) if tail.ndim else (float(low), float(high))

    @overload
    def rvs(self, size: None = None, rng: RNG = None) -> float: ...
    @overload
    def rvs(self, size: int | tuple[int, ...], rng: RNG = None) -> FloatArray: ...
    def rvs(self, size: int | tuple[int, ...] | None = None, rng: RNG = None) -> FloatArray | float:
        """Draw independent copies of X.

        Parameters
        ----------
        size : int, tuple of int, or None
            Number of draws, or shape of the result; None for one number.
        rng : Generator, seed or None
            What `numpy.random.default_rng` takes; of one law, the same seed gives the same bits.

        Returns
        -------
        float, or ndarray of float64 of shape `size`
            Draws.

        Raises
        ------
        FilterbankError
            If `size` holds anything but non-negative integers, or more than fit in memory.

        See Also
        --------
        ppf

        Examples
        --------
        >>> import fbtools as fb
        >>> law = fb.EnergyLaw.from_eigenvalues([1.0], n_filters=2)
        >>> law.rvs((2, 3), rng=0).shape, law.rvs(0).shape, type(law.rvs())
        ((2, 3), (0,), <class 'float'>)
        """
        counts = () if size is None else size if isinstance(size, tuple) else (size,)
        shape = tuple(as_count(n, "size", minimum=0) for n in counts)
        check_memory(math.prod(shape), f"size is {size}: the draws")
        draws = self._draw(math.prod(shape), as_rng(rng))
        return as_scalar_or_array(draws.reshape(shape))

    @abstractmethod
    def _moment(self, order: int) -> float:
        """E X^n for an integer n >= 0, or infinity."""

    @abstractmethod
    def _inverse(self, log_p: FloatArray, kind: Tail) -> FloatArray:
        """The q with log P(X <= q) or log P(X > q) = log p, for 0 < p <= 1/2, shape (n,)."""

    @abstractmethod
    def _draw(self, n_draws: int, rng: np.random.Generator) -> FloatArray:
        """So many independent draws, shape (n_draws,)."""

    def _quantile(self, lower: FloatArray, upper: FloatArray) -> FloatArray:
        """The q with P(X <= q) = lower, solved in the smaller of the two tails."""
        low, high = self.support()
        out = np.where(lower <= 0, low, high)
        left = (lower > 0) & (lower <= upper)
        right = (upper > 0) & (upper < lower)
        if left.any():
            out[left] = self._inverse(np.log(lower[left]), "cdf")
        if right.any():
            out[right] = self._inverse(np.log(upper[right]), "sf")
        return out
