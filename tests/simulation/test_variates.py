"""Random variables in bulk: normals, factors of Gram matrices.

Kolmogorov-Smirnov tests pass if p > 1e-6, means and variances within 5 standard errors: a right
sampler fails one of the about 80 comparisons with probability below 2e-4. The seeds are fixed, so
that it either always passes or never.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from same_law import assert_same_law
from scipy import stats

from fbtools.simulation import variates

DRAWS = 4000


def test_normals():
    """10^6 of them: law, independence of the two of a pair, and the largest possible value."""
    z = variates.normals(10**6, np.random.default_rng(0))
    assert z.dtype == np.float32
    assert stats.kstest(z, "norm").pvalue > 1e-6
    for power in (1, 2, 3, 4, 6):
        sample = z.astype(np.float64) ** power
        expected = 0 if power % 2 else math.prod(range(1, power, 2))
        assert abs(sample.mean() - expected) < 5 * sample.std() / 1000
    pairs = z.reshape(2, -1).astype(np.float64)
    for f in (np.square, np.abs, np.sign, np.exp):
        assert abs(np.corrcoef(f(pairs))[0, 1]) < 5 / np.sqrt(5e5)
    assert variates.normals(3, np.random.default_rng(0)).shape == (3,)


class Bits:
    """Stands for a generator: the words given, again and again."""

    def __init__(self, words):
        self.words = words

    def integers(self, low, high, size, dtype, endpoint):
        return np.resize(np.array(self.words, dtype=dtype), size)


def test_normals_of_extreme_bits():
    """The largest and the smallest radius, and all ones: finite, and as large as is stated."""
    low, high = variates.normals(4, Bits([0, 2**64 - 1])).reshape(2, 2).T.astype(np.float64)
    assert np.hypot(*low) == pytest.approx(np.sqrt(2 * 41 * np.log(2)), rel=1e-6)
    assert np.hypot(*high) == 0
    words = np.random.default_rng(1).integers(0, 2**64 - 1, 20_000, dtype=np.uint64)
    z = variates.normals(40_000, Bits(words)).reshape(2, -1)
    radius = np.sqrt(-2 * np.log((np.float64(words >> np.uint64(24)) + 0.5) / 2**40))
    angle = 2 * np.pi * np.float64(words & np.uint64(2**24 - 1)) / 2**24
    exact = np.stack([radius * np.cos(angle), radius * np.sin(angle)])
    assert np.sqrt(np.mean((z - exact) ** 2)) < 2e-7


@pytest.mark.parametrize(("n_filters", "filter_length"), [(3, 3), (4, 3), (40, 3), (9, 8), (2, 1)])
def test_gram_factors_have_wishart_gram_matrices(n_filters, filter_length):
    """Each entry of w'w and its determinant, against banks that are drawn in full."""
    rng = np.random.default_rng(0)
    factors = variates.gram_factors(DRAWS, n_filters, filter_length, rng).astype(np.float64)
    assert factors.shape == (DRAWS, min(n_filters, filter_length), filter_length)
    plain = rng.standard_normal((DRAWS, n_filters, filter_length))
    ours, exact = (np.swapaxes(w, 1, 2) @ w for w in (factors, plain))
    for i in range(min(filter_length, 3)):
        for k in range(i + 1):
            assert_same_law(ours[:, i, k], exact[:, i, k])
    assert_same_law(np.linalg.slogdet(ours)[1], np.linalg.slogdet(exact)[1])


@pytest.mark.parametrize(("count", "shape"), [(1, 3.0), (2, 0.5), (7, 5.0), (511, 40.0)])
def test_extreme_gammas(count, shape):
    rng = np.random.default_rng(0)
    least, largest = variates.extreme_gammas(DRAWS, count, shape, rng)
    plain = rng.standard_gamma(shape, (DRAWS, count))
    assert_same_law(least, plain.min(axis=1))
    assert_same_law(largest, plain.max(axis=1))
    if count > 1:
        assert_same_law(largest - least, np.ptp(plain, axis=1))
