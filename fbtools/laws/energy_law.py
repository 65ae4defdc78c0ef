"""The exact law of the energy ratio of a random filterbank: a generalized chi-square."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Self, overload

import numpy as np
from numpy.typing import ArrayLike

from fbtools.laws.autocorrelations import autocorrelation, autocorrelation_spectrum
from fbtools.laws.continuous_law import ContinuousLaw, Tail
from fbtools.laws.contour import log_integral
from fbtools.laws.few_eigenvalues import fewest_eigenvalues
from fbtools.laws.gamma_sums import GammaSum, Kind
from fbtools.laws.lumping import LumpedSpectrum, cdf_error, lump_toeplitz
from fbtools.laws.quantiles import lower_quantile, upper_quantile
from fbtools.laws.toeplitz import EXACT_LENGTH
from fbtools.threads import one_thread_of_linear_algebra
from fbtools.validation import (
    FilterbankError,
    FloatArray,
    Number,
    Numbers,
    as_count,
    as_filter_length,
    as_real,
    as_real_array,
    as_scalar_or_array,
    as_signal,
)

__all__ = ["EnergyLaw"]

BATCH = 2**14
NOTHING = 1e-200


class EnergyLaw(ContinuousLaw):
    """Law of ||Phi x||^2 / ||x||^2 for a random Gaussian filterbank Phi.

    The ratio is distributed as sum_i a_i C_i, with C_i independent chi-square variables of J
    degrees of freedom and a_i = lambda_i / (J T ||x||^2), where lambda_1, ..., lambda_T are the
    eigenvalues of the autocorrelation matrix of x. Its mean is 1, its variance 2 / (J r), with r
    the effective rank.

    Parameters
    ----------
    x : array_like, shape (N,)
        Real signal.
    n_filters : int
        Number of filters J.
    filter_length : int
        Number of taps T, at most N.

    Attributes
    ----------
    n_filters, filter_length : int
        J and T.
    eigenvalues : ndarray of float64, shape (T,), or shorter when lumped
        Eigenvalues divided by their sum T ||x||^2, in descending order.
    multiplicities : ndarray of float64, of the same shape
        How often each counts: all 1, unless lumped. Then two values stand for all that are not
        among the leading ones, each with the number of eigenvalues it replaces, a real number.
        ``sum(multiplicities * eigenvalues)`` is 1.
    effective_rank : float
        r = 1 / sum(multiplicities * eigenvalues ** 2), also when lumped that of all T.

    Raises
    ------
    FilterbankError
        If x is not a real, finite, non-zero signal, T > N, J < 1, or J > 2^53.

    Notes
    -----
    `cdf`, `sf`, `pdf` and their logarithms are computed by inverting the Laplace transform along
    the path of steepest descent. Every q has an answer, at any depth, with about 12 significant
    digits in both tails; fewer only where q, rounded to 16 digits, does not say more itself, as
    ``q * pdf(q) / sf(q)`` is large for large J T. Beyond T = 4096 the eigenvalues are not computed
    one by one: Lanczos finds those that stand out, and the others are lumped into two values, so
    that the first three cumulants of the law stay exact. `cdf_error` bounds what this changes: on
    recordings with J = 10 at most 1e-6, and 1e-5 of a quantile between 1e-9 and 1 - 1e-9.
    T = 65536 takes a few seconds. Weights that are not Gaussian have another law, of the same mean.

    `rvs` draws few gamma variables each, those of `lumped`: its distribution function differs from
    the exact one by less than 1e-7 (more by `cdf_error` when T > 4096), its mean and variance do
    not. That cannot be seen in fewer than about 10^14 draws.

    See Also
    --------
    ContinuousLaw : the methods of every law
    ExtremeLaw : of the frame bounds

    References
    ----------
    Haider, Lostanlen, Ehler and Balazs (2024), Section II; Imhof (1961) for the inversion along
    the imaginary axis, Weideman and Trefethen (2007) for curved paths.

    Examples
    --------
    >>> import fbtools as fb
    >>> law = EnergyLaw(fb.signals.impulse(256), n_filters=10, filter_length=128)
    >>> round(law.std(), 6)
    0.039528
    >>> f"{law.sf(1.1):.3e}"
    '6.886e-03'
    >>> f"{law.ppf(0.95):.6f}"
    '1.065895'
    >>> draws = law.rvs(100_000, rng=0)
    >>> bool(abs(draws.mean() - 1) < 5 * law.std() / 100_000**0.5)
    True
    """

    n_filters: int
    filter_length: int
    eigenvalues: FloatArray
    multiplicities: FloatArray
    effective_rank: float
    _lumps: LumpedSpectrum | None
    _distance: float
    _scales: FloatArray
    _shapes: FloatArray
    _gammas: GammaSum

    @one_thread_of_linear_algebra()
    def __init__(self, x: ArrayLike, n_filters: int, filter_length: int) -> None:
        signal = as_signal(x)
        length = as_filter_length(filter_length, signal.size)
        if length > EXACT_LENGTH:
            lumps = lump_toeplitz(autocorrelation(signal)[:length])
            self._assign(lumps.values, lumps.multiplicities, n_filters, length, lumps)
        else:
            self._assign(*_shares(autocorrelation_spectrum(signal, length)), n_filters, length)

    @classmethod
    def from_eigenvalues(cls, eigenvalues: ArrayLike, n_filters: int) -> Self:
        """Law for given eigenvalues of the autocorrelation matrix, at any common scale.

        Parameters
        ----------
        eigenvalues : array_like, shape (T,)
            Non-negative numbers, not all zero. Those below 1e-200 of the largest count as zero.
        n_filters : int
            Number of filters J.

        Returns
        -------
        EnergyLaw
            Law of mean 1.

        Raises
        ------
        FilterbankError
            If an eigenvalue is negative or all are zero.

        Examples
        --------
        >>> law = EnergyLaw.from_eigenvalues([1, 1, 1, 1], n_filters=5)
        >>> round(law.var(), 12)
        0.1
        """
        values = as_real_array(eigenvalues, "eigenvalues")
        if values.ndim != 1 or values.min() < 0 or values.max() == 0:
            raise FilterbankError(
                f"eigenvalues has shape {values.shape} and range [{values.min():g}, "
                f"{values.max():g}]: pass a list of non-negative numbers, not all zero."
            )
        law = cls.__new__(cls)
        # By a power of two, which changes no digit: their sum must not overflow.
        values = np.ldexp(values, -int(np.frexp(values.max())[1]))
        values[values < NOTHING * values.max()] = 0.0
        law._assign(*_shares(np.sort(values)[::-1]), n_filters, values.size)
        return law

    @one_thread_of_linear_algebra()
    def lumped(self, tolerance: float = 1e-7) -> Self:
        """Nearly the same law with few eigenvalues: the one that `rvs` draws from.

        Parameters
        ----------
        tolerance : float
            Largest difference accepted between the distribution functions, anywhere; positive.

        Returns
        -------
        EnergyLaw
            Law of m eigenvalues with the same first 2 m cumulants, mean and variance included,
            and its own `cdf_error`; this law itself if no m <= 128 is near enough.

        Raises
        ------
        FilterbankError
            If `tolerance` is not a positive number.

        References
        ----------
        Golub and Welsch (1969) for Gauss's rule, Gil-Pelaez (1951) for the distance.

        Examples
        --------
        >>> import fbtools as fb
        >>> law = EnergyLaw(fb.signals.brown_noise(512, rng=0), n_filters=10, filter_length=256)
        >>> short = law.lumped()
        >>> short.eigenvalues.size, short.cdf_error < 1e-7
        (4, True)
        """
        limit = as_real(tolerance, "tolerance", 0.0)
        positive = self.eigenvalues > 0
        few = fewest_eigenvalues(
            self.eigenvalues[positive], self.multiplicities[positive], self.n_filters, limit
        )
        if few.distance == 0:
            return self
        law = type(self).__new__(type(self))
        distance = self._distance + few.distance
        law._assign(
            few.values,
            few.multiplicities,
            self.n_filters,
            self.filter_length,
            self._lumps,
            distance,
        )
        return law

    @property
    def cdf_error(self) -> float:
        """Bound on the error of `cdf` and `sf` that lumping makes; 0 when nothing is lumped."""
        long = 0.0 if self._lumps is None else cdf_error(self._lumps, self.n_filters)
        return long + self._distance

    def _assign(
        self,
        values: FloatArray,
        multiplicities: FloatArray,
        n_filters: int,
        filter_length: int,
        lumps: LumpedSpectrum | None = None,
        distance: float = 0.0,
    ) -> None:
        j, positive = as_count(n_filters, "n_filters"), values > 0
        scales = 2 * values[positive] / j
        self._set(
            n_filters=j,
            filter_length=filter_length,
            eigenvalues=values,
            multiplicities=multiplicities,
            effective_rank=float(1.0 / (multiplicities @ values**2)),
            _lumps=lumps,
            _distance=distance,
            _scales=scales,
            _shapes=j / 2 * multiplicities[positive],
            _gammas=GammaSum(scales, j / 2, multiplicities[positive]),
        )

    def _values(self) -> tuple[Any, ...]:
        spectrum = self.eigenvalues, self.multiplicities
        return self.n_filters, self.filter_length, *spectrum, self._lumps, self._distance

    def __repr__(self) -> str:
        return (
            f"EnergyLaw(n_filters={self.n_filters}, filter_length={self.filter_length}, "
            f"effective_rank={self.effective_rank:.4g})"
        )

    def mean(self) -> float:
        """Mean of the energy ratio: always 1.

        Returns
        -------
        float
            1.0.

        Examples
        --------
        >>> EnergyLaw.from_eigenvalues([2.0, 1.0], n_filters=5).mean()
        1.0
        """
        return 1.0

    def var(self) -> float:
        """Variance of the energy ratio, 2 / (J r).

        Returns
        -------
        float
            Variance.

        See Also
        --------
        std, effective_rank

        Examples
        --------
        >>> EnergyLaw.from_eigenvalues([1.0, 1.0], n_filters=10).var()
        0.1
        """
        return 2.0 / (self.n_filters * self.effective_rank)

    def skewness(self) -> float:
        """Third standardised cumulant of the energy ratio.

        Returns
        -------
        float
            Positive; 0 for a normal law.

        See Also
        --------
        cumulant_generating_function

        Examples
        --------
        >>> EnergyLaw.from_eigenvalues([1.0], n_filters=2).skewness()
        2.0
        """
        third = 8 * float(self.multiplicities @ self.eigenvalues**3) / self.n_filters**2
        return float(third / self.var() ** 1.5)

    @overload
    def cumulant_generating_function(self, s: Number) -> float: ...
    @overload
    def cumulant_generating_function(self, s: Numbers) -> FloatArray: ...
    @overload
    def cumulant_generating_function(self, s: ArrayLike) -> FloatArray | float: ...
    def cumulant_generating_function(self, s: ArrayLike) -> FloatArray | float:
        """K(s) = log E exp(s ratio).

        Parameters
        ----------
        s : array_like
            Real numbers below J / (2 max(eigenvalues)), where K is finite.

        Returns
        -------
        float or ndarray of float64, the shape of `s`
            Values of K.

        Raises
        ------
        FilterbankError
            If an s is too large, NaN or infinite.

        See Also
        --------
        chernoff_bound, saddlepoint_sf

        Examples
        --------
        >>> law = EnergyLaw.from_eigenvalues([1.0], n_filters=2)
        >>> round(law.cumulant_generating_function(0.5), 12)  # log 2
        0.69314718056
        """
        values = as_real_array(s, "s")
        limit = 1.0 / self._gammas.scale
        if values.max() >= limit:
            raise FilterbankError(
                f"s is {float(values.max())}: the cumulant generating function is finite only "
                f"below {float(limit)}."
            )
        return as_scalar_or_array(
            self._gammas.cumulant_generating_function(values * self._gammas.scale)
        )

    def _logarithm(self, q: FloatArray, kind: Kind) -> FloatArray:
        return log_integral(self._gammas, q, kind)[0]

    def _logpdf_at_zero(self) -> float:
        """The density at zero is infinite, finite or zero as J rank(Q) is below 2, 2 or above."""
        degrees = 2 * float(self._shapes.sum())
        if degrees == 2:
            return float(-self._shapes @ np.log(self._scales))
        return np.inf if degrees < 2 else -np.inf

    def _inverse(self, log_p: FloatArray, kind: Tail) -> FloatArray:
        quantile = lower_quantile if kind == "cdf" else upper_quantile
        return quantile(self._gammas, log_p)

    def _moment(self, order: int) -> float:
        return float(self._gammas.raw_moments(order)[order])

    @cached_property
    @one_thread_of_linear_algebra()
    def _drawn(self) -> Self:
        return self if self._distance else self.lumped()

    @one_thread_of_linear_algebra()
    def _draw(self, n_draws: int, rng: np.random.Generator) -> FloatArray:
        few, draws = self._drawn, np.zeros(n_draws)
        for first in range(0, n_draws, BATCH):
            part = draws[first : first + BATCH]
            for scale, degrees in zip(few._scales, few._shapes, strict=True):
                part += scale * rng.standard_gamma(degrees, part.size)
        return draws


def _shares(eigenvalues: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Eigenvalues over their sum, each of which counts once."""
    return eigenvalues / eigenvalues.sum(), np.ones(eigenvalues.size)
