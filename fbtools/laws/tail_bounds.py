"""How likely is a large deviation? Cantelli, Bernstein, Chernoff, and the saddlepoint formula."""

from __future__ import annotations

from typing import overload

import numpy as np
from numpy.typing import ArrayLike
from scipy import special
from scipy.optimize import elementwise

from fbtools.laws.energy_law import EnergyLaw
from fbtools.validation import (
    FilterbankError,
    FloatArray,
    Number,
    Numbers,
    as_real_array,
    as_scalar_or_array,
)

__all__ = [
    "bernstein_bound",
    "bernstein_deviation",
    "cantelli_bound",
    "cantelli_deviation",
    "chernoff_bound",
    "chernoff_deviation",
    "saddlepoint_sf",
]


@overload
def cantelli_bound(law: EnergyLaw, alpha: Number) -> float: ...
@overload
def cantelli_bound(law: EnergyLaw, alpha: Numbers) -> FloatArray: ...
@overload
def cantelli_bound(law: EnergyLaw, alpha: ArrayLike) -> FloatArray | float: ...
def cantelli_bound(law: EnergyLaw, alpha: ArrayLike) -> FloatArray | float:
    """Cantelli's bound on P(ratio >= 1 + alpha): v / (v + alpha^2), with v the variance.

    Parameters
    ----------
    law : EnergyLaw
        Law of the energy ratio.
    alpha : array_like
        Relative deviation, positive.

    Returns
    -------
    float or ndarray of float64, the shape of `alpha`
        Upper bound on the probability.

    Raises
    ------
    FilterbankError
        If `alpha` is not positive and finite.

    See Also
    --------
    cantelli_deviation, bernstein_bound, chernoff_bound

    References
    ----------
    Cantelli (1928); Haider, Lostanlen, Ehler and Balazs (2024), Section II.

    Examples
    --------
    >>> import fbtools as fb
    >>> law = fb.EnergyLaw(fb.signals.impulse(256), n_filters=10, filter_length=128)
    >>> f"{cantelli_bound(law, 0.1):.4f}"
    '0.1351'
    """
    deviation = _deviations(alpha)
    return as_scalar_or_array(law.var() / (law.var() + deviation**2))


@overload
def cantelli_deviation(law: EnergyLaw, p: Number) -> float: ...
@overload
def cantelli_deviation(law: EnergyLaw, p: Numbers) -> FloatArray: ...
@overload
def cantelli_deviation(law: EnergyLaw, p: ArrayLike) -> FloatArray | float: ...
def cantelli_deviation(law: EnergyLaw, p: ArrayLike) -> FloatArray | float:
    """Deviation alpha at which Cantelli's bound equals p.

    Parameters
    ----------
    law : EnergyLaw
        Law of the energy ratio.
    p : array_like
        Probability, strictly between 0 and 1.

    Returns
    -------
    float or ndarray of float64, the shape of `p`
        Relative deviation that is exceeded with probability at most p.

    Raises
    ------
    FilterbankError
        If `p` does not lie strictly between 0 and 1.

    See Also
    --------
    cantelli_bound, EnergyLaw.isf

    Examples
    --------
    >>> import fbtools as fb
    >>> law = fb.EnergyLaw(fb.signals.impulse(256), n_filters=10, filter_length=128)
    >>> f"{cantelli_deviation(law, 0.05):.4f}"
    '0.1723'
    """
    level = _levels(p)
    return as_scalar_or_array(np.sqrt(law.var() * (1 - level) / level))


@overload
def bernstein_bound(law: EnergyLaw, alpha: Number) -> float: ...
@overload
def bernstein_bound(law: EnergyLaw, alpha: Numbers) -> FloatArray: ...
@overload
def bernstein_bound(law: EnergyLaw, alpha: ArrayLike) -> FloatArray | float: ...
def bernstein_bound(law: EnergyLaw, alpha: ArrayLike) -> FloatArray | float:
    """Bernstein's bound on P(ratio >= 1 + alpha), for a sub-gamma variable.

    Parameters
    ----------
    law : EnergyLaw
        Law of the energy ratio.
    alpha : array_like
        Relative deviation, positive.

    Returns
    -------
    float or ndarray of float64, the shape of `alpha`
        exp(-J alpha^2 / (4 alpha l + 4 / r)), with l the largest eigenvalue of the
        autocorrelation matrix over its trace, and r the effective rank.

    Raises
    ------
    FilterbankError
        If `alpha` is not positive and finite.

    See Also
    --------
    bernstein_deviation, cantelli_bound, chernoff_bound

    Notes
    -----
    The constants are 4 and 4. With 2 and 2 the expression is not an upper bound.

    References
    ----------
    Boucheron, Lugosi and Massart (2013), Section 2.4; Laurent and Massart (2000), Lemma 1.

    Examples
    --------
    >>> import fbtools as fb
    >>> law = fb.EnergyLaw(fb.signals.impulse(256), n_filters=10, filter_length=128)
    >>> f"{bernstein_bound(law, 0.1):.4f} {law.sf(1.1):.4f}"
    '0.0545 0.0069'
    """
    deviation = _deviations(alpha)
    scale = 4 * deviation * law.eigenvalues[0] + 4 / law.effective_rank
    return as_scalar_or_array(np.exp(-law.n_filters * deviation**2 / scale))


@overload
def bernstein_deviation(law: EnergyLaw, p: Number) -> float: ...
@overload
def bernstein_deviation(law: EnergyLaw, p: Numbers) -> FloatArray: ...
@overload
def bernstein_deviation(law: EnergyLaw, p: ArrayLike) -> FloatArray | float: ...
def bernstein_deviation(law: EnergyLaw, p: ArrayLike) -> FloatArray | float:
    """Deviation alpha at which Bernstein's bound equals p: the positive root of a quadratic.

    Parameters
    ----------
    law : EnergyLaw
        Law of the energy ratio.
    p : array_like
        Probability, strictly between 0 and 1.

    Returns
    -------
    float or ndarray of float64, the shape of `p`
        Relative deviation that is exceeded with probability at most p.

    Raises
    ------
    FilterbankError
        If `p` does not lie strictly between 0 and 1.

    See Also
    --------
    bernstein_bound, EnergyLaw.isf

    Examples
    --------
    >>> import fbtools as fb
    >>> law = fb.EnergyLaw(fb.signals.impulse(256), n_filters=10, filter_length=128)
    >>> f"{bernstein_deviation(law, 0.05):.4f}"
    '0.1015'
    """
    depth = -np.log(_levels(p))
    linear = depth * law.eigenvalues[0]
    root = np.sqrt(linear**2 + law.n_filters * depth / law.effective_rank)
    return as_scalar_or_array(2 * (linear + root) / law.n_filters)


@overload
def chernoff_bound(law: EnergyLaw, alpha: Number) -> float: ...
@overload
def chernoff_bound(law: EnergyLaw, alpha: Numbers) -> FloatArray: ...
@overload
def chernoff_bound(law: EnergyLaw, alpha: ArrayLike) -> FloatArray | float: ...
def chernoff_bound(law: EnergyLaw, alpha: ArrayLike) -> FloatArray | float:
    """Chernoff's bound on P(ratio >= 1 + alpha): the least value of exp(K(s) - s (1 + alpha)).

    Parameters
    ----------
    law : EnergyLaw
        Law of the energy ratio.
    alpha : array_like
        Relative deviation, positive.

    Returns
    -------
    float or ndarray of float64, the shape of `alpha`
        The best bound that Markov's inequality can give on an exponential of the ratio.

    Raises
    ------
    FilterbankError
        If `alpha` is not positive and finite.

    See Also
    --------
    chernoff_deviation, cantelli_bound, bernstein_bound

    References
    ----------
    Boucheron, Lugosi and Massart (2013), Section 2.2.

    Examples
    --------
    >>> import fbtools as fb
    >>> law = fb.EnergyLaw(fb.signals.impulse(256), n_filters=10, filter_length=128)
    >>> f"{chernoff_bound(law, 0.1):.4f}"
    '0.0497'
    """
    return as_scalar_or_array(np.exp(_log_chernoff(law, _deviations(alpha))))


@overload
def chernoff_deviation(law: EnergyLaw, p: Number) -> float: ...
@overload
def chernoff_deviation(law: EnergyLaw, p: Numbers) -> FloatArray: ...
@overload
def chernoff_deviation(law: EnergyLaw, p: ArrayLike) -> FloatArray | float: ...
def chernoff_deviation(law: EnergyLaw, p: ArrayLike) -> FloatArray | float:
    """Deviation alpha at which Chernoff's bound equals p: the root of a monotone function.

    Parameters
    ----------
    law : EnergyLaw
        Law of the energy ratio.
    p : array_like
        Probability, strictly between 0 and 1.

    Returns
    -------
    float or ndarray of float64, the shape of `p`
        Relative deviation that is exceeded with probability at most p.

    Raises
    ------
    FilterbankError
        If `p` does not lie strictly between 0 and 1.

    See Also
    --------
    chernoff_bound, EnergyLaw.isf

    Examples
    --------
    >>> import fbtools as fb
    >>> law = fb.EnergyLaw(fb.signals.impulse(256), n_filters=10, filter_length=128)
    >>> f"{chernoff_deviation(law, 0.05):.4f}"
    '0.0999'
    """
    target = np.log(_levels(p))

    def gap(log_alpha: FloatArray, target: FloatArray) -> FloatArray:
        return target - _log_chernoff(law, np.exp(log_alpha))

    start = np.log(np.asarray(bernstein_deviation(law, p)))
    bracket = elementwise.bracket_root(gap, start - 0.5, start, args=(target,)).bracket
    return as_scalar_or_array(np.exp(elementwise.find_root(gap, bracket, args=(target,)).x))


@overload
def saddlepoint_sf(law: EnergyLaw, q: Number) -> float: ...
@overload
def saddlepoint_sf(law: EnergyLaw, q: Numbers) -> FloatArray: ...
@overload
def saddlepoint_sf(law: EnergyLaw, q: ArrayLike) -> FloatArray | float: ...
def saddlepoint_sf(law: EnergyLaw, q: ArrayLike) -> FloatArray | float:
    """Lugannani and Rice's approximation of P(ratio > q).

    Parameters
    ----------
    law : EnergyLaw
        Law of the energy ratio.
    q : array_like
        Values of the ratio, positive.

    Returns
    -------
    float or ndarray of float64, the shape of `q`
        Approximate probability; the relative error is about a thousandth for J = 10, and tends
        to 1/(6 J), Stirling's error, far out in the tail. At q = 1, where the formula is 0/0, its
        limit 1/2 - skewness / (6 sqrt(2 pi)).

    Raises
    ------
    FilterbankError
        If `q` is not positive and finite.

    See Also
    --------
    EnergyLaw.sf, chernoff_bound

    References
    ----------
    Lugannani and Rice (1980); Kuonen (1999) for quadratic forms.

    Examples
    --------
    >>> import fbtools as fb
    >>> law = fb.EnergyLaw(fb.signals.impulse(256), n_filters=10, filter_length=128)
    >>> f"{saddlepoint_sf(law, 1.1):.5e} {law.sf(1.1):.5e}"
    '6.88581e-03 6.88581e-03'
    """
    values = as_real_array(q, "q")
    if values.min() <= 0:
        raise FilterbankError(f"q is {values.min():g}: the energy ratio is positive.")
    limit = 0.5 - law.skewness() / (6 * np.sqrt(2 * np.pi))
    out = np.full(values.shape, limit)
    away = np.abs(values - 1) > 1e-5 * law.std()
    out[away] = _lugannani_rice(law, values[away])
    return as_scalar_or_array(out)


def _lugannani_rice(law: EnergyLaw, q: FloatArray) -> FloatArray:
    gammas = law._gammas
    v = gammas.saddle_point(q / gammas.scale, "pdf")
    z = 1 - v
    exponent = z * q / gammas.scale - gammas.cumulant_generating_function(z)
    signed_root = np.sign(z) * np.sqrt(2 * exponent)
    spread = z / v * np.sqrt(gammas.scaled_cumulant(v, 2))
    density = np.exp(-exponent) / np.sqrt(2 * np.pi)
    return np.asarray(special.ndtr(-signed_root) + density * (1 / spread - 1 / signed_root))


def _log_chernoff(law: EnergyLaw, alpha: FloatArray) -> FloatArray:
    gammas = law._gammas
    x = (1 + alpha) / gammas.scale
    z = 1 - gammas.saddle_point(x, "pdf")
    return np.asarray(gammas.cumulant_generating_function(z) - z * x)


def _deviations(alpha: ArrayLike) -> FloatArray:
    values = as_real_array(alpha, "alpha")
    if values.min() <= 0:
        raise FilterbankError(
            f"alpha is {values.min():g}: these bounds are for positive deviations; for the "
            "probability of a negative one, law.cdf(1 + alpha) is exact."
        )
    return values


def _levels(p: ArrayLike) -> FloatArray:
    values = as_real_array(p, "p")
    if values.min() <= 0 or values.max() >= 1:
        raise FilterbankError(
            f"p ranges over [{values.min():g}, {values.max():g}]: it must lie strictly between "
            "0 and 1."
        )
    return values
