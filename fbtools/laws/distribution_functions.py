"""Distribution function, tail and density of a positive random variable, from their logarithms."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import overload

import numpy as np
from numpy.typing import ArrayLike

from fbtools.laws.gamma_sums import Kind
from fbtools.records import Value
from fbtools.validation import FloatArray, Number, Numbers, as_quantiles, as_scalar_or_array

__all__ = ["DistributionFunctions"]


class DistributionFunctions(Value, ABC):
    """The half of `ContinuousLaw` that takes levels and gives probabilities.

    A law says in `_logarithm` what holds at positive finite levels, and in `_logpdf_at_zero` what
    the density is where the support begins.
    """

    @overload
    def cdf(self, q: Number) -> float: ...
    @overload
    def cdf(self, q: Numbers) -> FloatArray: ...
    @overload
    def cdf(self, q: ArrayLike) -> FloatArray | float: ...
    def cdf(self, q: ArrayLike) -> FloatArray | float:
        """Distribution function P(X <= q), to full relative precision when small.

        Parameters
        ----------
        q : array_like
            Levels: any real numbers, infinities included.

        Returns
        -------
        float or ndarray of float64, the shape of `q`
            Probabilities.

        Raises
        ------
        FilterbankError
            If a level is NaN or not a real number.

        See Also
        --------
        sf, logcdf, ppf

        Examples
        --------
        >>> import fbtools as fb
        >>> exponential = fb.EnergyLaw.from_eigenvalues([1.0], n_filters=2)
        >>> round(exponential.cdf(1.0), 12), exponential.cdf(-1.0), exponential.cdf(float("inf"))
        (0.632120558829, 0.0, 1.0)
        """
        return as_scalar_or_array(np.exp(self._on_the_line(q, "cdf")))

    @overload
    def sf(self, q: Number) -> float: ...
    @overload
    def sf(self, q: Numbers) -> FloatArray: ...
    @overload
    def sf(self, q: ArrayLike) -> FloatArray | float: ...
    def sf(self, q: ArrayLike) -> FloatArray | float:
        """Survival function P(X > q), to full relative precision when small.

        Parameters
        ----------
        q : array_like
            Levels: any real numbers, infinities included.

        Returns
        -------
        float or ndarray of float64, the shape of `q`
            Probabilities.

        Raises
        ------
        FilterbankError
            If a level is NaN or not a real number.

        See Also
        --------
        cdf, logsf, isf

        Examples
        --------
        >>> import fbtools as fb
        >>> exponential = fb.EnergyLaw.from_eigenvalues([1.0], n_filters=2)
        >>> exponential.sf([0.0, 1.0, 100.0])
        array([1.00000000e+00, 3.67879441e-01, 3.72007598e-44])
        """
        return as_scalar_or_array(np.exp(self._on_the_line(q, "sf")))

    @overload
    def pdf(self, q: Number) -> float: ...
    @overload
    def pdf(self, q: Numbers) -> FloatArray: ...
    @overload
    def pdf(self, q: ArrayLike) -> FloatArray | float: ...
    def pdf(self, q: ArrayLike) -> FloatArray | float:
        """Probability density at q.

        Parameters
        ----------
        q : array_like
            Levels: any real numbers, infinities included.

        Returns
        -------
        float or ndarray of float64, the shape of `q`
            Densities: 0 outside of the support, and at infinity.

        Raises
        ------
        FilterbankError
            If a level is NaN or not a real number.

        See Also
        --------
        logpdf, cdf

        Examples
        --------
        >>> import fbtools as fb
        >>> exponential = fb.EnergyLaw.from_eigenvalues([1.0], n_filters=2)
        >>> round(exponential.pdf(1.0), 12), exponential.pdf(float("inf"))
        (0.367879441171, 0.0)
        """
        return as_scalar_or_array(np.exp(self._on_the_line(q, "pdf")))

    @overload
    def logcdf(self, q: Number) -> float: ...
    @overload
    def logcdf(self, q: Numbers) -> FloatArray: ...
    @overload
    def logcdf(self, q: ArrayLike) -> FloatArray | float: ...
    def logcdf(self, q: ArrayLike) -> FloatArray | float:
        """Natural logarithm of P(X <= q).

        Parameters
        ----------
        q : array_like
            Levels: any real numbers, infinities included.

        Returns
        -------
        float or ndarray of float64, the shape of `q`
            Logarithms of probabilities; minus infinity below the support.

        Raises
        ------
        FilterbankError
            If a level is NaN or not a real number.

        See Also
        --------
        cdf, logsf

        Examples
        --------
        >>> import fbtools as fb
        >>> exponential = fb.EnergyLaw.from_eigenvalues([1.0], n_filters=2)
        >>> round(exponential.logcdf(1e-300), 9)
        -690.775527898
        """
        return as_scalar_or_array(self._on_the_line(q, "cdf"))

    @overload
    def logsf(self, q: Number) -> float: ...
    @overload
    def logsf(self, q: Numbers) -> FloatArray: ...
    @overload
    def logsf(self, q: ArrayLike) -> FloatArray | float: ...
    def logsf(self, q: ArrayLike) -> FloatArray | float:
        """Natural logarithm of P(X > q).

        Parameters
        ----------
        q : array_like
            Levels: any real numbers, infinities included.

        Returns
        -------
        float or ndarray of float64, the shape of `q`
            Logarithms of probabilities; minus infinity at infinity.

        Raises
        ------
        FilterbankError
            If a level is NaN or not a real number.

        See Also
        --------
        sf, logcdf

        Examples
        --------
        >>> import fbtools as fb
        >>> exponential = fb.EnergyLaw.from_eigenvalues([1.0], n_filters=2)
        >>> round(exponential.logsf(5000.0), 6)
        -5000.0
        """
        return as_scalar_or_array(self._on_the_line(q, "sf"))

    @overload
    def logpdf(self, q: Number) -> float: ...
    @overload
    def logpdf(self, q: Numbers) -> FloatArray: ...
    @overload
    def logpdf(self, q: ArrayLike) -> FloatArray | float: ...
    def logpdf(self, q: ArrayLike) -> FloatArray | float:
        """Natural logarithm of the density at q.

        Parameters
        ----------
        q : array_like
            Levels: any real numbers, infinities included.

        Returns
        -------
        float or ndarray of float64, the shape of `q`
            Logarithms of densities; minus infinity outside of the support, and at infinity.

        Raises
        ------
        FilterbankError
            If a level is NaN or not a real number.

        See Also
        --------
        pdf

        Examples
        --------
        >>> import fbtools as fb
        >>> exponential = fb.EnergyLaw.from_eigenvalues([1.0], n_filters=2)
        >>> exponential.logpdf([1.0, float("inf")]).round(12)
        array([ -1., -inf])
        """
        return as_scalar_or_array(self._on_the_line(q, "pdf"))

    @abstractmethod
    def _logarithm(self, q: FloatArray, kind: Kind) -> FloatArray:
        """Of P(X <= q), P(X > q) or the density at positive finite levels, shape (n,)."""

    @abstractmethod
    def _logpdf_at_zero(self) -> float:
        """Logarithm of the limit of the density at zero."""

    def _on_the_line(self, q: ArrayLike, kind: Kind) -> FloatArray:
        """What the law says where 0 < q < inf, and the limits elsewhere."""
        values = as_quantiles(q)
        below = 0.0 if kind == "sf" else -np.inf
        above = 0.0 if kind == "cdf" else -np.inf
        out = np.where(values > 0, above, below)
        if kind == "pdf" and (values == 0).any():
            out[values == 0] = self._logpdf_at_zero()
        inside = (values > 0) & np.isfinite(values)
        if inside.any():
            out[inside] = self._logarithm(values[inside], kind)
        return out
