"""Strided frame bounds: eigenvalues on fibres, their certificate, and small ones."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from fibres_by_definition import responses_by_definition, squares
from hypothesis import given
from scipy import optimize

import fbtools as fb
from fbtools.frames import fibre_search, fibre_singular, fibres, many_banks
from fbtools.frames.bounds import _of_fibres
from fbtools.frames.fibres import Fibres, polyphase


def extremes_anywhere(w, stride):
    return _of_fibres(w, None, stride)


def extremes_on_grid(w, stride, n_fibres):
    return _of_fibres(w, n_fibres * stride, stride)


@given(
    n_filters=st.integers(1, 6),
    length=st.integers(1, 14),
    stride=st.integers(1, 5),
    theta=st.floats(-3.0, 3.0),
)
def test_the_gram_polynomial_is_that_of_the_polyphase_matrix(n_filters, length, stride, theta):
    w = fb.random_filterbank(n_filters, length, rng=length)
    matrix = responses_by_definition(w, stride, theta)
    ours = Fibres(w[None], stride)
    angles = np.array([theta])
    np.testing.assert_allclose(polyphase(w, stride, angles)[0], matrix, atol=1e-13)
    turned = matrix if n_filters >= stride else matrix.T
    np.testing.assert_allclose(ours.responses(theta)[0], turned, atol=1e-13)

    def grams(angles, orders=1):
        return fibres.hermitian(ours.halves_at(np.zeros(1, int), angles, orders))[:, 0]

    gram, first, second = grams(angles, 3)
    np.testing.assert_allclose(gram, turned.conj().T @ turned, atol=1e-12)
    h = 1e-4
    ahead, back = grams(angles + h)[0], grams(angles - h)[0]
    # Truncation h^2 D^4 B / 6 and rounding 1e-16 / h^2, for D <= 13 and B below 10.
    np.testing.assert_allclose((ahead - back) / (2 * h), first, atol=1e-4)
    np.testing.assert_allclose((ahead - 2 * gram + back) / h**2, second, atol=1e-3)


@given(length=st.integers(1, 20), stride=st.integers(1, 4), points=st.integers(1, 30))
def test_eigenvalues_on_a_circle_of_any_size(length, stride, points):
    """Also with fewer points than coefficients, which are then folded."""
    w = fb.random_filterbank(5, length, rng=points)
    low, high = Fibres(w[None], stride).on_circle(points)
    thetas = 2 * np.pi * np.arange(points // 2 + 1) / points
    expected = squares(w, stride, thetas)
    np.testing.assert_allclose(np.stack([low[0], high[0]], axis=1), expected, atol=1e-12)


@given(
    n_filters=st.integers(1, 9),
    length=st.integers(1, 40),
    stride=st.integers(2, 6),
    seed=st.integers(0, 99),
)
def test_enclosures_hold_on_a_fine_grid_and_are_narrow(n_filters, length, stride, seed):
    w = fb.random_filterbank(n_filters, length, rng=seed, stride=stride)
    low, high = extremes_anywhere(w, stride)
    degree = -(-length // stride) - 1
    points = 40 * degree + 2
    grid = squares(w, stride, 2 * np.pi * np.arange(points // 2 + 1) / points)
    rounding = 1e-13 * high.value
    # Between the points an eigenvalue moves by (pi/M)^2/2 D^2 h at most.
    gap = (np.pi * degree / points) ** 2 / 2 * high.value / 2
    assert high.value - rounding <= high.bound <= high.value * (1 + 1e-6)
    assert grid[:, 1].max() - rounding <= high.value <= grid[:, 1].max() + gap + rounding
    if n_filters >= stride:
        assert low.value * (1 - 1e-9) - 1e-6 * high.value <= low.bound <= low.value + rounding
        assert grid[:, 0].min() - gap - rounding <= low.value <= grid[:, 0].min() + rounding
    else:
        assert low == (0.0, 0.0, 0.0)
    for found in (low, high)[n_filters < stride :]:
        assert 0 <= found.angle <= np.pi
        attained = squares(w, stride, [found.angle])[0]
        assert np.abs(attained - found.value).min() <= 1e-12 * high.value


@given(
    length=st.integers(1, 40),
    stride=st.integers(2, 5),
    n_fibres=st.integers(1, 3000),
    seed=st.integers(0, 99),
)
def test_long_grids_are_exact(length, stride, n_fibres, seed):
    """All fibres, by singular values of matrices made tap by tap, for every size of grid."""
    w = fb.random_filterbank(5, length, rng=seed, stride=stride)
    low, high = extremes_on_grid(w, stride, n_fibres)
    thetas = 2 * np.pi * np.arange(n_fibres // 2 + 1) / n_fibres
    every = np.linalg.svd(polyphase(w, stride, thetas), compute_uv=False) ** 2
    # Eigenvalues of a Gram matrix decide which fibre: an absolute error of 1e-14 B.
    assert low.value == pytest.approx(every[:, -1].min(), abs=1e-13 * high.value)
    assert high.value == pytest.approx(every[:, 0].max(), rel=1e-13)
    assert low.bound == low.value
    at = np.rint(low.angle * n_fibres / (2 * np.pi))
    assert low.angle == pytest.approx(2 * np.pi * at / n_fibres, abs=1e-12)


def test_long_grids_look_at_few_fibres(monkeypatch):
    w = fb.random_filterbank(64, 256, rng=0, stride=16)
    seen = []
    exact = np.linalg.eigvalsh
    monkeypatch.setattr(np.linalg, "eigvalsh", lambda m: seen.append(m.shape[0]) or exact(m))
    bounds = fb.frame_bounds(w, signal_length=16 * 65536, stride=16)
    assert sum(seen) < 150  # of 32769
    anywhere = fb.frame_bounds(w, stride=16)
    assert anywhere.lower <= bounds.lower <= anywhere.lower + 1e-6
    assert anywhere.upper >= bounds.upper >= anywhere.upper - 1e-6


@pytest.mark.parametrize("small", [1e-3, 1e-5, 1e-7, 1e-10])
def test_a_small_bound_is_not_lost_in_its_square(small):
    """Two channels, one almost empty: A = (small / 2)^2 at theta = pi, in closed form."""
    w = np.array([[1.0, 0.0, 0.5, 0.0], [0.0, small, 0.0, small / 2]])
    bounds = fb.frame_bounds(w, stride=2)
    assert bounds.lower == pytest.approx((small / 2) ** 2, rel=1e-6)
    assert bounds.upper == pytest.approx(2.25, rel=1e-12)
    assert bounds.is_frame
    assert bounds.lower_frequency == pytest.approx(np.pi / 2, abs=1e-6)
    for n_fibres in (8, 4096):
        on_grid = fb.frame_bounds(w, signal_length=2 * n_fibres, stride=2)
        assert on_grid.lower == pytest.approx((small / 2) ** 2, rel=1e-6)


def test_a_hole_between_the_fibres_is_found():
    """S has the eigenvalue 0 at theta = 1 only."""
    w = np.array([[1.0, 0.0, -2 * np.cos(1.0), 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 0.3, 0.0, 0.0]])
    bounds = fb.frame_bounds(w, stride=2)
    assert bounds.lower == 0.0
    assert not bounds.is_frame
    assert bounds.lower_frequency * 2 == pytest.approx(1.0, abs=1e-6)
    assert fb.frame_bounds(w, signal_length=2000, stride=2).is_frame


def test_a_tight_bank_and_a_flat_eigenvalue():
    """S constant; and S with a constant least eigenvalue, which no cell can exclude."""
    orthogonal, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((4, 4)))
    tight = np.concatenate([orthogonal, np.zeros((4, 8))], axis=1)
    bounds = fb.frame_bounds(tight, stride=4)
    assert bounds.lower == pytest.approx(1, abs=1e-12)
    assert bounds.upper_interval[1] == pytest.approx(1, abs=1e-12)
    flat = fb.frame_bounds([[1.0, 0.0, 0.0, 0.0], [0.0, 2.0, 0.0, 0.5]], stride=2)
    assert flat.lower == pytest.approx(1, rel=1e-12)
    assert 0.999 < flat.lower_interval[0] <= 1
    assert flat.upper == pytest.approx(6.25, rel=1e-12)


def test_interrupted_refinement_stays_honest(monkeypatch):
    w = fb.random_filterbank(12, 60, rng=1, stride=3)
    exact = fb.frame_bounds(w, stride=3)
    monkeypatch.setattr(fibre_search, "MAX_LEVELS", 1)
    rough = fb.frame_bounds(w, stride=3)
    for bounds in (exact, rough):
        assert bounds.lower_interval[0] <= exact.lower <= bounds.lower_interval[1] * (1 + 1e-12)
        assert bounds.upper_interval[0] * (1 - 1e-12) <= exact.upper <= bounds.upper_interval[1]
    assert rough.upper_interval[1] - rough.upper > 1e-7
    assert exact.upper_interval[1] - exact.upper < 1e-9


def refined(w, stride, sign):
    """Extreme squared singular value: 1000 fibres, and Brent's method about the lowest minima."""
    column = 0 if sign > 0 else 1
    thetas = np.linspace(0, np.pi, 1001)
    every = np.linalg.svd(polyphase(w, stride, thetas), compute_uv=False) ** 2
    values = sign * every[:, -1 if sign > 0 else 0]
    padded = np.pad(values, 1, mode="reflect")
    local = np.flatnonzero((values <= padded[:-2]) & (values <= padded[2:]))
    found = [values.min()]
    for k in local[np.argsort(values[local])[:4]]:
        bracket = (thetas[k] - np.pi / 1000, thetas[k] + np.pi / 1000)
        found.append(
            optimize.minimize_scalar(
                lambda t: sign * squares(w, stride, [t])[0, column],
                bounds=bracket,
                method="bounded",
                options={"xatol": 1e-10},
            ).fun
        )
    return sign * min(found)


def awkward_banks():
    """Filterbanks whose eigenvalues touch, cross, coincide, vanish, or are extreme at 0 or pi."""
    rng = np.random.default_rng(3)
    g = rng.standard_normal(12)
    interleaved = np.zeros((2, 24))
    interleaved[0, ::2], interleaved[1, 1::2] = g, g
    crossing = np.zeros((2, 8))
    crossing[0, ::2], crossing[1, 1::2] = (1.0, 0.4, 0.0, 0.2), (1.0, -0.4, 0.0, -0.2)
    at_zero = 0.01 * rng.standard_normal((3, 8))
    at_zero[0, ::2] += (1.0, -0.7, -0.1, 0.0)
    at_zero[1, 1::2] += (1.0, -0.4, -0.1, 0.0)
    return {
        "one eigenvalue twice everywhere": (interleaved, 2),
        "eigenvalues that cross": (crossing, 2),
        "minimum at 0": (at_zero, 2),
        "minimum at pi": (at_zero * np.repeat([1, -1, 1, -1], 2), 2),
        "maximum at 0": (np.ones((4, 12)) + np.eye(4, 12), 4),
        "identical filters": (np.tile(rng.standard_normal(18), (5, 1)), 3),
        "fewer filters than the stride": (rng.standard_normal((3, 20)), 5),
        "taps shorter than the stride": (rng.standard_normal((6, 3)), 5),
        "one tap": (rng.standard_normal((6, 1)), 2),
        "an empty channel": (rng.standard_normal((6, 12)) * ([1, 1, 0] * 4), 3),
        "silent filters": (np.vstack([rng.standard_normal((4, 10)), np.zeros((3, 10))]), 3),
        "very small weights": (1e-150 * rng.standard_normal((5, 12)), 3),
        "very large weights": (1e150 * rng.standard_normal((5, 12)), 3),
        "a last tap alone": (np.eye(4, 16)[:, ::-1], 4),
    }


@pytest.mark.parametrize("name", awkward_banks())
def test_awkward_banks(name):
    w, stride = awkward_banks()[name]
    low, high = extremes_anywhere(w, stride)
    largest = refined(w, stride, -1)
    assert high.value == pytest.approx(largest, rel=1e-11)
    assert high.value * (1 - 1e-14) <= high.bound <= high.value * (1 + 1.01e-10)
    if w.shape[0] < stride:
        assert low == (0.0, 0.0, 0.0)
        return
    assert low.value == pytest.approx(refined(w, stride, 1), rel=1e-9, abs=1e-20 * largest)
    assert low.value - 1.01e-10 * largest <= low.bound <= low.value
    on_grid = extremes_on_grid(w, stride, 5000)
    every = squares(w, stride, 2 * np.pi * np.arange(2501) / 5000)
    assert on_grid[0].value == pytest.approx(every[:, 0].min(), rel=1e-9, abs=1e-20 * largest)
    assert on_grid[1].value == pytest.approx(every[:, 1].max(), rel=1e-12)
    many = many_banks.fibre_extremes(np.stack([w, 2 * w]) / np.sqrt(largest), stride)
    np.testing.assert_allclose(many[0], np.array([1, 4]) * low.value / largest, atol=1e-8)
    np.testing.assert_allclose(many[1], [1, 4], rtol=1e-8)


def test_a_bank_of_zeros():
    low, high = extremes_anywhere(np.zeros((4, 8)), 2)
    assert low == high == (low.angle, 0.0, 0.0)
    assert not fb.frame_bounds(np.zeros((4, 8)), stride=2).is_frame


@given(
    n_filters=st.integers(2, 10),
    length=st.integers(2, 40),
    stride=st.integers(2, 5),
    seed=st.integers(0, 999),
)
def test_extremes_are_those_of_a_refined_search(n_filters, length, stride, seed):
    """Both values to 1e-11 of the largest, and both enclosures no wider than 1e-10 of it."""
    w = fb.random_filterbank(n_filters, length, rng=seed, stride=stride)
    low, high = extremes_anywhere(w, stride)
    largest = refined(w, stride, -1)
    assert high.value == pytest.approx(largest, rel=1e-11)
    assert high.value * (1 - 1e-14) <= high.bound <= high.value * (1 + 1.1e-10)
    if n_filters >= stride:
        assert low.value == pytest.approx(refined(w, stride, 1), abs=1e-11 * largest)
        assert low.value - 1.1e-10 * largest <= low.bound <= low.value


def test_too_many_cells_stop_the_search(monkeypatch):
    w = fb.random_filterbank(12, 60, rng=1, stride=3)
    exact = fb.frame_bounds(w, stride=3)
    monkeypatch.setattr(fibre_search, "MAX_CELLS", 1)
    rough = fb.frame_bounds(w, stride=3)
    assert rough.lower_interval[0] <= exact.lower_interval[0]
    assert rough.upper_interval[1] >= exact.upper_interval[1]


def test_fibres_in_blocks(monkeypatch):
    w = fb.random_filterbank(6, 24, rng=0, stride=4)
    whole = fb.frame_bounds(w, signal_length=4 * 5000, stride=4)
    monkeypatch.setattr(fibres, "CHUNK", 1)
    again = fb.frame_bounds(w, signal_length=4 * 5000, stride=4)
    assert again.lower == pytest.approx(whole.lower, rel=1e-12)
    assert again.upper == pytest.approx(whole.upper, rel=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_small_bounds_of_strided_banks_are_enclosed_relatively(seed):
    """Critical sampling, where A is 1e-4 to 1e-7 B, on either side of what S can tell."""
    w = fb.random_filterbank(16, 64, rng=seed, stride=16)
    low, high = extremes_anywhere(w, 16)
    assert low.value < 1e-4 * high.value
    assert low.value * (1 - 2e-6) <= low.bound <= low.value


def test_derivatives_of_a_squared_singular_value():
    """Against differences of the singular values themselves, at both ends of the spectrum."""
    w = fb.random_filterbank(7, 30, rng=1, stride=4)
    ours = Fibres(w[None], 4)
    h = 1e-4
    for sign, column in ((1, 0), (-1, 1)):
        value, slope, curvature = fibre_singular.singular(ours, 0.7, sign)
        back, here, ahead = squares(w, 4, [0.7 - h, 0.7, 0.7 + h])[:, column]
        assert value == pytest.approx(here, rel=1e-12)
        assert slope == pytest.approx((ahead - back) / (2 * h), abs=1e-5)
        assert curvature == pytest.approx((ahead - 2 * here + back) / h**2, abs=1e-3)


def test_bounds_below_the_rounding_of_squares():
    """A gammatone bank at stride 32: A is 1e-13 B, and must not exceed that of any grid."""
    w = fb.gammatone_filterbank(64, 512, 16000)
    anywhere = fb.frame_bounds(w, stride=32)
    thetas = np.linspace(0, np.pi, 501)
    every = np.linalg.svd(polyphase(w, 32, thetas), compute_uv=False)[:, -1] ** 2
    # Its last channels hardly hear what makes A small, which is therefore nearly flat: 1e-3.
    assert anywhere.lower <= every.min() * (1 + 1e-9)
    assert anywhere.lower >= every.min() * (1 - 1e-2)
    on_grid = fb.frame_bounds(w, signal_length=32 * 1000, stride=32)
    assert on_grid.lower == pytest.approx(every.min(), rel=1e-9)
