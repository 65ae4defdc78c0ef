"""Fast samplers: the same numbers as the plain way on the same bank, the same law everywhere.

Kolmogorov-Smirnov tests pass if p > 1e-6, means and variances within 5 standard errors: a right
sampler fails one of the about 150 comparisons of this file with probability below 3e-4. The seeds
are fixed, so that it either always passes or never.
"""

from __future__ import annotations

import numpy as np
import pytest
from same_law import assert_same_law

import fbtools as fb
from fbtools.frames import many_banks
from fbtools.frames.cosine_search import correlation_sum
from fbtools.frames.fibres import polyphase
from fbtools.simulation import samplers, variates

DRAWS = 4000


def direct_bounds(n_filters, filter_length, n_draws, points, rng):
    """J transforms of length N a draw."""
    out = np.empty((n_draws, 2))
    for i in range(n_draws):
        w = rng.standard_normal((n_filters, filter_length))
        s = (np.abs(np.fft.fft(w, points)) ** 2).sum(axis=0) / (n_filters * filter_length)
        out[i] = s.min(), s.max()
    return out


def direct_strided_bounds(n_filters, filter_length, n_draws, n_fibres, stride, rng):
    out = np.empty((n_draws, 2))
    angles = 2 * np.pi * np.arange(n_fibres) / n_fibres
    for i in range(n_draws):
        w = fb.random_filterbank(n_filters, filter_length, rng, stride=stride)
        matrices = polyphase(w, stride, angles)
        grams = np.swapaxes(matrices.conj(), 1, 2) @ matrices
        values = np.linalg.eigvalsh(grams)
        out[i] = max(values.min(), 0.0), values.max()
    return out


# J, T, N on both sides of every switch between two paths.
GRIDS = [
    # N = T, and next to it
    (4, 1, 1),
    (3, 2, 2),
    (5, 8, 8),
    (10, 33, 33),
    (10, 32, 33),
    # J = T, where Bartlett's factor begins
    (7, 8, 64),
    (8, 8, 64),
    (9, 8, 64),
    (80, 40, 128),
    # J = 5, where single precision begins
    (4, 20, 64),
    (5, 20, 64),
    # N = 2 T - 1, where the grid of 2 T points begins, and the grid itself
    (6, 16, 30),
    (6, 16, 31),
    (6, 16, 32),
    (6, 16, 33),
    # T = 64, where interpolation gives way to a transform; odd lengths
    (6, 64, 301),
    (6, 65, 300),
    (6, 65, 301),
    (3, 1, 5),
]


@pytest.mark.parametrize(("n_filters", "filter_length", "n"), GRIDS)
def test_law_of_the_bounds_on_a_grid(n_filters, filter_length, n):
    a, b = fb.simulate_frame_bounds(
        n_filters, filter_length, DRAWS, signal_length=n, rng=0, method="law"
    )
    plain = direct_bounds(n_filters, filter_length, DRAWS, n, np.random.default_rng(1)).T
    assert_same_law(a, plain[0])
    assert_same_law(b, plain[1])
    if n_filters > 1 and filter_length > 1:
        assert_same_law(b - a, plain[1] - plain[0])


@pytest.mark.parametrize(
    ("n_filters", "filter_length", "n"), [case for case in GRIDS if case[1] != case[2]]
)
def test_bounds_on_a_grid_are_those_of_the_bank(n_filters, filter_length, n):
    """The bank of the same stream, in double precision: roots within 1e-6 sqrt(T)."""
    rows = samplers.bounds_sampler(n_filters, filter_length, n)(9, np.random.default_rng(3))
    w = variates.gram_factors(9, n_filters, filter_length, np.random.default_rng(3))
    w = w.astype(np.float64) / np.sqrt(n_filters * filter_length)
    bounds = [fb.frame_bounds(bank, signal_length=n) for bank in w]
    exact = np.sqrt([(b.lower, b.upper) for b in bounds])
    tolerance = 1e-6 * np.sqrt(filter_length) if n_filters >= 5 else 1e-12
    np.testing.assert_allclose(np.sqrt(rows), exact, rtol=0, atol=tolerance)


@pytest.mark.parametrize(("n_filters", "filter_length"), [(5, 300), (40, 1024)])
def test_single_precision_is_better_than_stated(n_filters, filter_length):
    """Roots of S within 2e-6 of double precision at every one of 2048 frequencies."""
    w = variates.gram_factors(4, n_filters, filter_length, np.random.default_rng(0))
    single, double = (
        np.sqrt(samplers._power(v, 2048) / (n_filters * filter_length))
        for v in (w, w.astype(np.float64))
    )
    assert 0 < np.abs(single - double).max() < 2e-6


@pytest.mark.parametrize(
    ("n_filters", "filter_length"), [(4, 1), (2, 8), (8, 8), (9, 8), (1, 40), (10, 100), (40, 200)]
)
def test_bounds_anywhere_are_those_of_the_bank(n_filters, filter_length):
    """Within 1e-9 of certified bounds, relatively, for A as well as for B."""
    rows = samplers.bounds_sampler(n_filters, filter_length)(5, np.random.default_rng(3))
    w = variates.gram_factors(5, n_filters, filter_length, np.random.default_rng(3))
    w = w.astype(np.float64) / np.sqrt(n_filters * filter_length)
    bounds = [fb.frame_bounds(bank) for bank in w]
    # Cancellation leaves A with an error of some units of rounding of B.
    np.testing.assert_allclose(rows, [(b.lower, b.upper) for b in bounds], rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize(("n_filters", "filter_length"), [(4, 1), (2, 8), (9, 8), (10, 30)])
def test_law_of_the_bounds_anywhere(n_filters, filter_length):
    """A grid of 64 T points errs by at most (pi/64)^2 / 8 of the range: unseen in 4000 draws."""
    a, b = fb.simulate_frame_bounds(n_filters, filter_length, DRAWS, rng=0, method="law")
    rng = np.random.default_rng(1)
    plain = direct_bounds(n_filters, filter_length, DRAWS, 64 * filter_length, rng).T
    assert_same_law(a, plain[0])
    assert_same_law(b, plain[1])


def test_extremes_of_known_cosine_sums():
    """Fejer's kernel, an extreme of multiplicity four, and a flat sum."""
    n = np.arange(12)
    fejer = 1 - n / 12
    # (1 - cos)^2 = 3/2 - 2 cos + cos(2 .)/2: zero with three derivatives at 0.
    fourth = np.zeros(12)
    fourth[:3] = 1.5, -1.0, 0.25
    flat = np.eye(12)[0]
    low, high = many_banks.extremes_of_cosine_sums(np.stack([fejer, fourth, flat]))
    np.testing.assert_allclose(low, [0, 0, 1], atol=1e-14)
    np.testing.assert_allclose(high, [12, 4, 1], rtol=1e-14)


def test_an_extreme_between_two_points_of_the_grid_is_found():
    """A thousand banks: no point of a grid is beyond the extremes, and some come close to them."""
    rng = np.random.default_rng(5)
    w = rng.standard_normal((1000, 20))
    r = np.stack([np.correlate(v, v, "full")[19:] for v in w])
    low, high = many_banks.extremes_of_cosine_sums(r)
    s = 2 * np.fft.rfft(r, 2**12, axis=1).real - r[:, :1]
    assert (low <= s.min(axis=1) + 1e-12 * high).all()
    assert (high >= s.max(axis=1) - 1e-12 * high).all()
    # Bernstein: within (19 pi / 2^12)^2 / 4 of the range, 6e-5, of the values on the grid.
    assert (s.min(axis=1) - low <= 6e-5 * high).all()
    np.testing.assert_allclose(high, s.max(axis=1), rtol=6e-5)


def test_a_sum_that_vanishes_on_a_band_is_bounded_quickly(monkeypatch):
    """It is nowhere negative, and known to be: no cell of the grid there needs a second look."""
    w = fb.mel_filterbank(20, 512, 22050, fmin=50, fmax=8000)
    expected, cells, taylor = fb.frame_bounds(w), [], many_banks._taylor
    monkeypatch.setattr(
        many_banks, "_taylor", lambda r, row, at: cells.append(row.size) or taylor(r, row, at)
    )
    low, high = many_banks.extremes_of_cosine_sums(correlation_sum(w)[None])
    assert abs(low[0]) <= 1e-14 * high[0]
    assert high[0] == pytest.approx(expected.upper, rel=1e-10)
    assert sum(cells) < many_banks.OVERSAMPLING * 512 // 2


# J, T, d and numbers of fibres on both sides of the switch from all fibres to a search.
STRIDED = [
    (8, 16, 4, 4),
    (8, 16, 4, 64),
    (8, 16, 4, 512),
    (8, 16, 4, 513),
    (8, 16, 4, 1000),
    (4, 12, 4, 2000),
    (3, 8, 4, 8),
    (3, 8, 4, 400),
    (20, 6, 2, 50),
    (20, 6, 2, 301),
    (9, 7, 3, 99),
    (4, 2, 4, 5),
    (5, 4, 4, 7),
    (16, 40, 16, 3),
]


@pytest.mark.parametrize(("n_filters", "filter_length", "stride", "n_fibres"), STRIDED)
def test_fibres_on_a_grid(n_filters, filter_length, stride, n_fibres):
    """The same banks: exact up to rounding, whether all fibres are visited or few."""
    w = np.random.default_rng(0).standard_normal((40, n_filters, filter_length))
    low, high = many_banks.fibre_extremes(w, stride, n_fibres)
    bounds = [fb.frame_bounds(bank, n_fibres * stride, stride=stride) for bank in w]
    np.testing.assert_allclose(high, [b.upper for b in bounds], rtol=1e-12)
    if min(n_filters, filter_length) >= stride:
        np.testing.assert_allclose(low, [b.lower for b in bounds], atol=1e-12 * high.max())


@pytest.mark.parametrize(
    ("n_filters", "filter_length", "stride"), [(8, 16, 4), (6, 31, 2), (16, 70, 16), (20, 6, 2)]
)
def test_fibres_on_the_circle(n_filters, filter_length, stride):
    """Against a grid of 4096 fibres and against `frame_bounds`, to 1e-9 B."""
    w = np.random.default_rng(0).standard_normal((6, n_filters, filter_length))
    low, high = many_banks.fibre_extremes(w, stride)
    grid = [fb.frame_bounds(bank, 4096 * stride, stride=stride) for bank in w]
    circle = [fb.frame_bounds(bank, stride=stride) for bank in w]
    tolerance = 1e-9 * high.max()
    assert (low <= np.array([b.lower for b in grid]) + tolerance).all()
    assert (high >= np.array([b.upper for b in grid]) - tolerance).all()
    # Within what 4096 fibres may miss, which is little, and no more than `frame_bounds` attains.
    miss = (np.pi * (-(-filter_length // stride) - 1) / 4096) ** 2 / 4 * high
    np.testing.assert_array_less(np.array([b.lower for b in grid]) - low, miss + tolerance)
    np.testing.assert_array_less(high - np.array([b.upper for b in grid]), miss + tolerance)
    assert (low <= np.array([b.lower for b in circle]) + tolerance).all()
    assert (high >= np.array([b.upper for b in circle]) - tolerance).all()


@pytest.mark.parametrize("n_fibres", [None, 1000])
def test_many_searches_at_once_are_those_of_each(n_fibres, monkeypatch):
    """The same draws, one bank a search or dozens; a search is done when within 1e-9 B."""
    sampler = samplers.bounds_sampler(6, 12, n_fibres and 3 * n_fibres, stride=3)
    together = sampler(150, np.random.default_rng(0))
    monkeypatch.setattr(samplers, "FIBRES_BATCH", 1)
    slices = sampler(150, np.random.default_rng(0))
    np.testing.assert_allclose(together, slices, atol=2e-9 * together.max())
    # Banks of very different sizes share a search, and one of zeros.
    w = np.random.default_rng(1).standard_normal((5, 6, 12))
    w *= np.array([1e-6, 1.0, 1e6, 0.0, 1e-3])[:, None, None]
    low, high = many_banks.fibre_extremes(w, 3, n_fibres)
    for bank, a, b in zip(w, low, high, strict=True):
        alone = fb.frame_bounds(bank, n_fibres and 3 * n_fibres, stride=3)
        assert a == pytest.approx(alone.lower, rel=1e-8, abs=1e-300)
        assert b == pytest.approx(alone.upper, rel=1e-8, abs=1e-300)


@pytest.mark.parametrize(("n_filters", "filter_length", "stride", "n_fibres"), STRIDED)
def test_law_of_strided_bounds(n_filters, filter_length, stride, n_fibres):
    """A quarter of the draws: one singular value decomposition a fibre takes its time."""
    n, draws = n_fibres * stride, min(DRAWS // 4, 40_000 // n_fibres)
    a, b = fb.simulate_frame_bounds(
        n_filters, filter_length, draws, n, stride=stride, rng=0, method="law"
    )
    rng = np.random.default_rng(1)
    plain = direct_strided_bounds(n_filters, filter_length, draws, n_fibres, stride, rng).T
    assert_same_law(b, plain[1])
    if min(n_filters, filter_length) < stride:
        assert (a == 0).all()
        assert plain[0].max() < 1e-12
    else:
        assert_same_law(a, plain[0])


def test_batches_do_not_change_the_law():
    """More draws than a batch holds, of every sampler: no draw is repeated or left out."""
    for sampler in (
        samplers.bounds_sampler(40, 64, 256),
        samplers.bounds_sampler(10, 64),
        samplers.bounds_sampler(8, 16, 64, 4),
        samplers.bounds_sampler(8, 16, 16),
        samplers.energy_sampler(fb.signals.brown_noise(300, rng=0), 2, 8),
        samplers.energy_sampler(fb.signals.brown_noise(300, rng=0), 2, 8, "laplace"),
    ):
        rows = np.reshape(sampler(20_000, np.random.default_rng(0)), (20_000, -1))
        for column in rows.T:
            assert (column > 0).all()
            assert np.unique(column).size > 19_900
            assert_same_law(column[:10_000], column[10_000:])


@pytest.mark.parametrize(("n", "stride"), [(64, 1), (16, 1), (None, 1), (64, 4), (None, 4)])
def test_from_filters_means_from_filters(n, stride):
    """The very filters that the generator gives, measured by `frame_bounds`; 1e-8 on the circle."""
    sampler = samplers.bounds_sampler(6, 16, n, stride, from_filters=True)
    bounds = sampler(5, np.random.default_rng(8))
    banks = np.random.default_rng(8).standard_normal((5, 6, 16)) * np.sqrt(stride / (6 * 16))
    for row, w in zip(bounds, banks, strict=True):
        expected = fb.frame_bounds(w, n, stride=stride)
        np.testing.assert_allclose(row, (expected.lower, expected.upper), rtol=1e-8, atol=1e-9)
