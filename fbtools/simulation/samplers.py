"""Samplers: fast ways to the law of a simulated quantity, one for each kind of filterbank.

A sampler is a small frozen object that a process can be sent: called with a number of draws and a
generator, it returns one row a draw. `energy_sampler` and `bounds_sampler` choose it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from scipy import fft

from fbtools.filterbanks.random import Family, random_filterbank
from fbtools.frames.many_banks import extremes_of_cosine_sums, fibre_extremes
from fbtools.laws.autocorrelations import autocorrelation
from fbtools.laws.energy_law import EnergyLaw
from fbtools.records import Value
from fbtools.simulation.variates import Float32Array, extreme_gammas, gram_factors
from fbtools.validation import FloatArray

__all__ = ["bounds_sampler", "energy_sampler"]

Sampler = Callable[[int, np.random.Generator], FloatArray]

BATCH = 2**18
FIBRES_BATCH = 2**14
GAMMAS_BATCH = 2**14
SHORT = 64
SINGLE_PRECISION_FILTERS = 5


def energy_sampler(
    x: FloatArray,
    n_filters: int,
    filter_length: int,
    distribution: Family = "normal",
    from_filters: bool = False,
) -> Sampler:
    """Sampler of energy ratios of x: from the exact law if Gaussian, or from filters.

    Parameters
    ----------
    x : ndarray of float64, shape (N,)
        Real signal.
    n_filters, filter_length : int
        J and T.
    distribution : str
        Family of the weights, as in `random_filterbank`.
    from_filters : bool
        Whether Gaussian filters, too, are drawn.

    Returns
    -------
    callable
        Sampler of shape (n_draws,).

    Examples
    --------
    >>> import numpy as np
    >>> sampler = energy_sampler(np.ones(16), n_filters=2, filter_length=4)
    >>> sampler(3, np.random.default_rng(0)).shape
    (3,)
    """
    if distribution == "normal" and not from_filters:
        return EnergyFromLaw.of(EnergyLaw(x, n_filters, filter_length).lumped())
    return EnergyFromFilters.of(x, n_filters, filter_length, distribution)


def bounds_sampler(
    n_filters: int,
    filter_length: int,
    signal_length: int | None = None,
    stride: int = 1,
    from_filters: bool = False,
) -> Sampler:
    """Sampler of the frame bounds A and B of Gaussian filterbanks.

    Parameters
    ----------
    n_filters, filter_length : int
        J and T.
    signal_length : int or None
        N, at least T; None for signals of any length.
    stride : int
        Stride d, a divisor of N.
    from_filters : bool
        Whether all filters are drawn, in double precision, where there is a shorter way, too.

    Returns
    -------
    callable
        Sampler of shape (n_draws, 2).

    Examples
    --------
    >>> import numpy as np
    >>> sampler = bounds_sampler(n_filters=40, filter_length=8, signal_length=64)
    >>> sampler(3, np.random.default_rng(0)).shape
    (3, 2)
    """
    if stride > 1:
        return BoundsOfFibres(n_filters, filter_length, signal_length, stride, from_filters)
    if signal_length is None:
        return BoundsAnywhere(n_filters, filter_length, from_filters)
    if signal_length == filter_length and not from_filters:
        return BoundsOfIndependentBins(n_filters, signal_length)
    return BoundsOnGrid(n_filters, filter_length, signal_length, from_filters)


@dataclass(frozen=True, eq=False)
class EnergyFromLaw(Value):
    """Energy ratios as sums of few gamma variables: no filters."""

    scales: FloatArray
    shapes: FloatArray

    @classmethod
    def of(cls, law: EnergyLaw) -> EnergyFromLaw:
        """Sampler of a law; each of its eigenvalues costs one gamma variable a draw."""
        counted = law.eigenvalues > 0
        half = law.n_filters / 2
        return cls(law.eigenvalues[counted] / half, half * law.multiplicities[counted])

    def __call__(self, n_draws: int, rng: np.random.Generator) -> FloatArray:
        total = np.zeros(n_draws)
        for part in _slices(n_draws, GAMMAS_BATCH):
            size = total[part].size
            for scale, shape in zip(self.scales, self.shapes, strict=True):
                total[part] += scale * rng.standard_gamma(shape, size)
        return total


@dataclass(frozen=True, eq=False)
class EnergyFromFilters(Value):
    """Energy ratios of filters of any family, from their power spectra at about twice their length.

    ||x * w||^2 = sum_tau R(tau) r_w(tau) over |tau| < T needs no more points than that.
    """

    n_filters: int
    filter_length: int
    distribution: Family
    points: int
    weights: FloatArray = field(repr=False)

    @classmethod
    def of(
        cls, x: FloatArray, n_filters: int, filter_length: int, distribution: Family
    ) -> EnergyFromFilters:
        correlation = autocorrelation(x) / float(x @ x)
        points = min(x.size, fft.next_fast_len(2 * filter_length - 1, real=True))
        wrapped = correlation
        if points < x.size:
            wrapped = np.zeros(points)
            wrapped[:filter_length] = correlation[:filter_length]
            wrapped[1 - filter_length :] += correlation[filter_length - 1 : 0 : -1]
        weights = fft.rfft(wrapped).real / points
        weights[1 : (points + 1) // 2] *= 2
        return cls(n_filters, filter_length, distribution, points, weights)

    def __call__(self, n_draws: int, rng: np.random.Generator) -> FloatArray:
        out = np.empty(n_draws)
        for part in _slices(n_draws, BATCH // (self.n_filters * self.points)):
            size = out[part].size
            # random_filterbank scales by the number of its filters, which here is size * J.
            shape = (size * self.n_filters, self.filter_length)
            w = np.sqrt(size) * random_filterbank(*shape, rng, distribution=self.distribution)
            power = np.abs(fft.rfft(w, n=self.points, axis=-1)) ** 2 @ self.weights
            out[part] = power.reshape(size, self.n_filters).sum(axis=1)
        return out


@dataclass(frozen=True)
class BoundsOfIndependentBins:
    """N = T: S is Gamma(J)/J at the bins between DC and Nyquist, chi2_J/J at those two."""

    n_filters: int
    signal_length: int

    def __call__(self, n_draws: int, rng: np.random.Generator) -> FloatArray:
        n_real = 2 - self.signal_length % 2
        real = 2 * rng.standard_gamma(self.n_filters / 2, (n_draws, n_real))
        low, high = real.min(axis=1), real.max(axis=1)
        n_complex = (self.signal_length - n_real) // 2
        if n_complex:
            least, largest = extreme_gammas(n_draws, n_complex, self.n_filters, rng)
            low, high = np.minimum(low, least), np.maximum(high, largest)
        return np.stack([low, high], axis=1) / self.n_filters


@dataclass(frozen=True)
class BoundsOnGrid:
    """T < N: S on the N-point grid, by way of the power spectra at about 2 T points."""

    n_filters: int
    filter_length: int
    signal_length: int
    from_filters: bool = False

    def __call__(self, n_draws: int, rng: np.random.Generator) -> FloatArray:
        j, t, n = self.n_filters, self.filter_length, self.signal_length
        points = min(n, fft.next_fast_len(2 * t - 1, real=True))
        single = j >= SINGLE_PRECISION_FILTERS and not self.from_filters
        interpolate = _interpolation(points, n) if points < n and t <= SHORT else None
        out = np.empty((n_draws, 2))
        for part in _slices(n_draws, BATCH // max(min(j, t) * points, n)):
            w = _banks(len(out[part]), j, t, rng, self.from_filters)
            power = _power(w if single else w.astype(np.float64), points)
            if interpolate is not None:
                s = power @ interpolate
            elif points < n:
                s = _cosine_sum(fft.irfft(power, n=points, axis=-1)[:, :t], n)
            else:
                s = power
            s.min(axis=1, out=out[part, 0])
            s.max(axis=1, out=out[part, 1])
        return np.maximum(out / (j * t), 0.0)


@dataclass(frozen=True)
class BoundsAnywhere:
    """S on the whole circle: certified extremes of the cosine sum of the autocorrelations."""

    n_filters: int
    filter_length: int
    from_filters: bool = False

    def __call__(self, n_draws: int, rng: np.random.Generator) -> FloatArray:
        j, t = self.n_filters, self.filter_length
        points = fft.next_fast_len(2 * t - 1, real=True)
        out = np.empty((n_draws, 2))
        for part in _slices(n_draws, BATCH // (2 * t)):
            r = np.empty((len(out[part]), t))
            for few in _slices(len(r), BATCH // (min(j, t) * points)):
                w = _banks(len(r[few]), j, t, rng, self.from_filters).astype(np.float64)
                r[few] = fft.irfft(_power(w, points), n=points, axis=-1)[:, :t]
            out[part, 0], out[part, 1] = extremes_of_cosine_sums(r)
        return np.maximum(out / (j * t), 0.0)


@dataclass(frozen=True)
class BoundsOfFibres:
    """Stride d > 1: extreme eigenvalues of the Gram matrices of the polyphase components."""

    n_filters: int
    filter_length: int
    signal_length: int | None
    stride: int
    from_filters: bool = False

    def __call__(self, n_draws: int, rng: np.random.Generator) -> FloatArray:
        j, t, d = self.n_filters, self.filter_length, self.stride
        n_fibres = None if self.signal_length is None else self.signal_length // d
        out = np.empty((n_draws, 2))
        # Draws fill the cache long before the matrices of a search do.
        few = max(1, BATCH // (16 * min(j, t) * max(t, d)))
        together = max(few, FIBRES_BATCH // (min(j, d) ** 2 * -(-t // d)) // few * few)
        for part in _slices(n_draws, together):
            drawn = [
                _banks(len(out[part][some]), j, t, rng, self.from_filters)
                for some in _slices(len(out[part]), few)
            ]
            w = np.concatenate(drawn, dtype=np.float64)
            out[part, 0], out[part, 1] = fibre_extremes(w, d, n_fibres)
        if min(j, t) < d:
            out[:, 0] = 0.0
        return np.maximum(out * (d / (j * t)), 0.0)


def _banks(
    n_draws: int, n_filters: int, filter_length: int, rng: np.random.Generator, from_filters: bool
) -> Float32Array | FloatArray:
    """Banks of standard normal weights, or smaller ones with the same Gram matrices in law."""
    if from_filters:
        return rng.standard_normal((n_draws, n_filters, filter_length))
    return gram_factors(n_draws, n_filters, filter_length, rng)


def _slices(n_draws: int, size: int) -> Iterator[slice]:
    """Batches of at least one draw, small enough to stay in the cache."""
    step = max(1, size)
    return (slice(first, first + step) for first in range(0, n_draws, step))


def _power(w: Float32Array | FloatArray, points: int) -> FloatArray:
    """Power spectra at so many points, summed over the filters of each bank."""
    padded = np.zeros((*w.shape[:-1], points), dtype=w.dtype)
    padded[..., : w.shape[-1]] = w
    parts = fft.rfft(padded, axis=-1).view(w.dtype)
    squares = np.einsum("njk,njk->nk", parts, parts)
    return np.asarray(np.add(squares[:, ::2], squares[:, 1::2], dtype=np.float64))


def _cosine_sum(r: FloatArray, n: int) -> FloatArray:
    """r(0) + 2 sum r(tau) cos(tau omega) on the non-negative frequencies of the n-point grid."""
    return np.asarray(2 * fft.rfft(r, n=n, axis=-1).real - r[:, :1])


def _interpolation(points: int, n: int) -> FloatArray:
    """Matrix from the samples at one grid of a cosine sum of low degree to those at another."""
    r = fft.irfft(np.eye(points // 2 + 1), n=points, axis=-1)[:, : (points + 1) // 2]
    return _cosine_sum(r, n)
