"""Least singular values from left inverses of the fibres: bounds on cells, and the search."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from fibres_by_definition import squares
from hypothesis import given

from fbtools.frames import fibre_inverse, fibre_singular
from fbtools.frames.fibre_cells import Survey
from fbtools.frames.fibre_inverse import floors_by_inverses
from fbtools.frames.fibres import Fibres

EPS = float(np.finfo(float).eps)


def test_interpolation_is_that_of_polynomials():
    """Values, slopes and bends of all powers up to the degree, at the points that are bounded."""
    node, point = fibre_inverse.NODE, fibre_inverse.POINT
    assert point[0] == 1 == -point[-1]
    for k in range(fibre_inverse.NODES):
        value, slope, bend = fibre_inverse.WEIGHTS @ node**k
        np.testing.assert_allclose(value, point**k, atol=1e-13)
        # Derivatives of a degree of 11 multiply rounding by 11^2 and 11^4 / 3.
        np.testing.assert_allclose(slope, k * point ** max(k - 1, 0), atol=1e-11)
        np.testing.assert_allclose(bend, k * (k - 1) * point ** max(k - 2, 0), atol=1e-9)


@pytest.mark.parametrize("which", [0, 1])
@given(seed=st.integers(0, 10**6))
def test_squares_exceed_their_values_at_the_points_by_little(which, seed):
    """The factors hold for squares of polynomials of degree 11 and 22; T_n shifted comes close."""
    degree = (fibre_inverse.NODES - 1) * (which + 1)
    rng = np.random.default_rng(seed)
    angle = np.linspace(0, np.pi, 4801)
    waves = np.cos(np.outer(np.arange(degree + 1), angle))
    square = np.abs((rng.standard_normal((2, degree + 1)) * [[1], [1j]]).sum(axis=0) @ waves) ** 2
    assert square.max() <= fibre_inverse.BESIDE[which] * square[::100].max()
    # Where the points are as far from the extremes of cos(2 n t) as they can be.
    worst = np.cos(2 * degree * np.pi / (2 * fibre_inverse.POINTS))
    assert fibre_inverse.BESIDE[which] == pytest.approx((1 + 1 / worst) / 2)


@given(
    size=st.integers(1, 4),
    more=st.integers(0, 2),
    length=st.integers(1, 40),
    small=st.floats(-9, 0),
    halvings=st.integers(0, 12),
    seed=st.integers(0, 10**6),
)
def test_floors_are_below_the_squares(size, more, length, small, halvings, seed):
    """In cells about the least value of banks with one quiet filter, and in cells elsewhere."""
    rng = np.random.default_rng(seed)
    w = rng.standard_normal((size + more, length))
    w[0] *= 10**small
    fibres = Fibres(w[None], size)
    survey = Survey(fibres)
    noise = max(w.shape) * EPS * float(np.sqrt(survey.ceiling[0]))
    width = survey.step / 2**halvings
    start = survey.step * survey.low[0].argmin()
    centre, _ = fibre_singular.newton(fibres, float(start))
    left = np.append(rng.uniform(0, np.pi, 3), centre - width * rng.random())
    floor, angles, values = floors_by_inverses(fibres, left, width, noise)
    for a, bound in zip(left, floor, strict=True):
        inside = squares(w, size, a + width * np.linspace(0, 1, 41))[:, 0]
        assert bound <= inside.min() * (1 + 1e-12)
    at_nodes = fibre_singular.squares_at(fibres, angles.ravel()).reshape(angles.shape)
    roots = np.sqrt(at_nodes)
    np.testing.assert_array_less(np.abs(np.sqrt(values) - roots), 16 * noise + 1e-12 * roots)


@pytest.mark.parametrize("halvings", [0, 4, 8, 12, 16])
def test_floors_are_tight_in_cells_as_wide_as_the_distance_of_a_zero(halvings):
    """One tap pair [1, 1 - r]: S = r^2 at pi, and a zero r from the circle."""
    r = 2.0**-halvings
    fibres = Fibres(np.array([[[1.0, 1 - r]]]), 1)
    floor, _, _ = floors_by_inverses(fibres, np.array([np.pi - r / 8]), r / 4, 2 * EPS)
    assert r**2 * (1 - 1e-3) <= floor[0] <= r**2 * (1 + 1e-12)
    # A cell of a thousand times that width is not told.
    wide = floors_by_inverses(fibres, np.array([np.pi - 0.4]), 0.8, 2 * EPS)[0][0]
    assert wide <= r**2 * (1 + 1e-12)


def test_floors_that_are_above_the_target_may_be_less_tight():
    w = np.random.default_rng(0).standard_normal((4, 24))
    fibres = Fibres(w[None], 3)
    left = np.arange(10) * 0.1
    tight = floors_by_inverses(fibres, left, 0.1, EPS)[0]
    target = float(np.median(tight))
    loose = floors_by_inverses(fibres, left, 0.1, EPS, target)[0]
    assert (loose <= tight).all()
    assert ((loose == tight) | (loose >= target)).all()
    assert (loose < tight).any()


def test_floors_leave_room_for_noise():
    """E = 1, known to a quarter: sigma is at least 3/4."""
    floor, _, _ = floors_by_inverses(Fibres(np.ones((1, 1, 1)), 1), np.zeros(1), 0.1, 0.25)
    # The norm of X takes part in the Frobenius norm, with the factor for its squares.
    assert (1 - 0.25 * np.sqrt(fibre_inverse.BESIDE[0])) ** 2 == pytest.approx(floor[0])
    assert floor[0] <= 0.75**2


def test_a_singular_fibre_has_no_floor():
    """Exactly singular everywhere: no inverse, and no error."""
    w = np.array([[1.0, 0.0, 0.5, 0.0], [0.0, 0.0, 0.0, 0.0]])
    floor, _, _ = floors_by_inverses(Fibres(w[None], 2), np.array([0.0, 1.0]), 0.1, EPS)
    assert (floor == 0).all()


def two_pairs_of_zeros(first, second):
    """Fibres of one filter with zeros beside 1 and 2, and S there."""
    zeros = np.array([(1 - first) * np.exp(1j), (1 - second) * np.exp(2j)])
    w = np.ones(1)
    for angle, r in ((1.0, 1 - first), (2.0, 1 - second)):
        w = np.convolve(w, [1.0, -2 * r * np.cos(angle), r**2])
    distances = np.exp([[1j], [2j]]) - np.concatenate([zeros, zeros.conj()])
    return Fibres(w[None, None], 1), np.prod(np.abs(distances) ** 2, axis=1)


def test_the_search_finds_the_lowest_of_two_minima():
    """Both far below the rounding of S, at 1 and at 2; started at the wrong one."""
    fibres, (_, exact) = two_pairs_of_zeros(2e-9, 1e-9)
    found = fibre_singular.least_singular_value(fibres, Survey(fibres), 1.0, 1e-15)
    assert found.angle == pytest.approx(2.0, abs=1e-6)
    # Roots near 1e-9 with a rounding of 1e-15 in each of five taps.
    assert found.value == pytest.approx(exact, rel=1e-5, abs=0)
    assert exact * (1 - 2e-5) <= found.bound <= found.value


def test_what_is_certain_does_not_rest_on_what_was_found(monkeypatch):
    """Only the higher of two minima is met: the floors of all cells are below the lower one."""
    fibres, (higher, lower) = two_pairs_of_zeros(1.1e-9, 1e-9)
    monkeypatch.setattr(fibre_singular, "RELATIVE_WIDTH", 0.5)
    monkeypatch.setattr(fibre_singular, "_better", lambda *arguments: arguments[-1])
    found = fibre_singular.least_singular_value(fibres, Survey(fibres), 1.0, 1e-15)
    # Rounding as above; the minima are 3 % apart, and cells are left at half the value met.
    assert found.value == pytest.approx(higher, rel=1e-5, abs=0)
    assert higher / 2 * (1 - 1e-5) <= found.bound <= lower * (1 + 1e-5)


def test_cells_that_rounding_has_lifted_are_searched():
    """S = diag(1, 1e-18 |1 + 0.9 z|^2) in some basis: its eigenvalues are wrong by up to 1e-16."""
    lifted = []
    for turn in np.linspace(0, 1.5, 16):
        basis = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        taps = np.array([[[1.0, 0.0], [0.0, 0.0]], [[0.0, 1e-9], [0.0, 0.9e-9]]]) @ basis
        fibres = Fibres(taps.reshape(1, 2, 4), 2)
        survey = Survey(fibres)
        lifted.append(survey.low.min())
        found = fibre_singular.least_singular_value(fibres, survey, 0.0, 4 * EPS)
        # The root is 1e-10, with a rounding of 1e-15 at most.
        assert found.value == pytest.approx(1e-20, rel=2e-5, abs=0)
        assert 1e-20 * (1 - 1e-4) <= found.bound <= found.value
    assert max(lifted) > 2e-17  # far above the largest value of the least eigenvalue, 3.61e-18


def test_the_search_counts_its_work(monkeypatch):
    w = np.random.default_rng(1).standard_normal((3, 30))
    fibres = Fibres(w[None], 3)
    survey = Survey(fibres)
    start = survey.step * survey.low[0].argmin()
    known = fibre_singular.least_singular_value(fibres, survey, start, 30 * EPS)
    assert known.value * (1 - 1e-5) <= known.bound <= known.value
    seen = []
    floors = fibre_singular.floors_by_inverses
    monkeypatch.setattr(
        fibre_singular, "floors_by_inverses", lambda *a: seen.append(a[1].size) or floors(*a)
    )
    per_cell = fibre_singular._work_per_cell(fibres)
    for cells in (0, 5, 20, 60):
        seen.clear()
        monkeypatch.setattr(fibre_singular, "MAX_WORK", cells * per_cell)
        short = fibre_singular.least_singular_value(fibres, survey, start, 30 * EPS)
        assert sum(seen) <= cells
        assert 0 <= short.bound <= known.value * (1 + 1e-12)
        assert short.value >= known.bound


def test_zero_is_said_at_once():
    """A common zero of all filters: nothing to certify."""
    w = np.array([[1.0, -1.0], [2.0, -2.0]])
    fibres = Fibres(w[None], 1)
    found = fibre_singular.least_singular_value(fibres, Survey(fibres), 0.1, 1e-14)
    assert found.bound == 0
    assert found.value <= 1e-28
