"""Bounds between the angles where an eigenvalue is known: surveys, cells, expansions."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from fibres_by_definition import squares
from hypothesis import given

import fbtools as fb
from fbtools.frames import fibre_cells, fibres
from fbtools.frames.fibres import Fibres


@given(
    n_filters=st.integers(1, 5),
    length=st.integers(1, 30),
    stride=st.integers(2, 5),
    seed=st.integers(0, 99),
)
def test_a_survey_bounds_all_fibres_and_their_derivatives(n_filters, length, stride, seed):
    w = fb.random_filterbank(n_filters, length, rng=seed, stride=stride)
    ours = Fibres(w[None], stride)
    survey = fibre_cells.Survey(ours)
    assert survey.points > 2 * ours.degree
    angles = np.linspace(0, np.pi, 301)
    parts = fibres.hermitian(ours.halves_at(np.zeros(angles.size, int), angles, 4))
    values, _, second, third = (np.linalg.eigvalsh(part) for part in parts)
    rounding = 1e-13 * values.max() * (1 + ours.degree) ** 3
    assert values.min() >= survey.floor[0] - rounding
    assert values.max() <= survey.ceiling[0] + rounding
    assert np.abs(second).max() <= survey.second[0] + rounding
    assert np.abs(third).max() <= survey.third[0] + rounding
    # And no worse than Bernstein's inequality for the range that the survey knows.
    half_range = (survey.ceiling[0] - survey.floor[0]) / 2
    assert survey.second[0] <= ours.degree**2 * half_range * (1 + 1e-12)


@given(size=st.integers(1, 12), seed=st.integers(0, 99), exponent=st.integers(-60, 60))
def test_norms_without_eigenvalues(size, seed, exponent):
    """Schatten's 8-norm exactly, at any scale, between the norm and p^(1/8) times it."""
    rng = np.random.default_rng(seed)
    half = rng.standard_normal((size, size)) + 1j * rng.standard_normal((size, size))
    matrix = 10.0**exponent * (half + half.conj().T)
    values = np.abs(np.linalg.eigvalsh(matrix))
    bound = fibre_cells.norm_bound(matrix[None])[0]
    expected = values.max() * np.sum((values / values.max()) ** 8) ** 0.125
    assert bound == pytest.approx(expected, rel=1e-12)
    assert values.max() * (1 - 1e-12) <= bound <= size**0.125 * values.max() * (1 + 1e-12)
    assert fibre_cells.norm_bound(np.zeros((1, size, size), dtype=complex))[0] == 0


def test_cells_are_bounded_from_below():
    """On random cells of every size the chord's floor is below the eigenvalues, and close."""
    w = fb.random_filterbank(8, 40, rng=5, stride=4)
    survey = fibre_cells.Survey(Fibres(w[None], 4))
    rng = np.random.default_rng(0)
    for sign, column in ((1, 0), (-1, 1)):
        for width in (0.3, 0.1, 0.02):
            left = rng.uniform(0.0, 2.8, 12)
            ends = sign * squares(w, 4, np.concatenate([left, left + width]))[:, column]
            cells = fibre_cells.Cells(np.zeros(12, int), left, width, ends.reshape(2, -1))
            floor = cells.floor(survey.second)
            inside = np.array(
                [sign * squares(w, 4, np.linspace(a, a + width, 81))[:, column] for a in left]
            ).min(axis=1)
            assert (floor <= inside + 1e-12).all()
            # The dip below the chord, and that of the eigenvalue above it.
            assert (inside - floor).max() <= survey.second[0] * width**2 / 4


def test_a_chord_is_bent_by_no_more_than_the_second_derivative():
    """1 - cos(theta - a) about a zero off the centre: the floor touches it where S'' is 1."""
    width = 0.01
    left = np.array([-0.007, 0.02])
    ends = np.stack([1 - np.cos(left), 1 - np.cos(left + width)])
    floor = fibre_cells.Cells(np.zeros(2, int), left, width, ends).floor(np.ones(1))
    # -1 + cos is -t^2/2 up to t^4/24: the parabola through both ends is the function.
    np.testing.assert_allclose(-floor, [0.0, -(0.02**2) / 2], atol=1e-8)
    halves = fibre_cells.Cells(np.zeros(2, int), left, width, ends).halves(np.array([5.0, 6.0]))
    np.testing.assert_allclose(halves.left, [-0.007, 0.02, -0.002, 0.025])
    np.testing.assert_allclose(halves.ends[0], [*ends[0], 5, 6])
    np.testing.assert_allclose(halves.ends[1], [5, 6, *ends[1]])


def test_expansions_are_bounded_from_below():
    """Around random angles: below the eigenvalues, and to third order where they are simple."""
    w = fb.random_filterbank(8, 40, rng=5, stride=4)
    ours = Fibres(w[None], 4)
    survey = fibre_cells.Survey(ours)
    radii = np.array([0.05, 0.01, 0.002])
    angle = np.random.default_rng(0).uniform(0.2, 2.9, 12)
    none = np.zeros(12, int)
    for sign, column in ((1, 0), (-1, 1)):
        here = fibre_cells.Expansion.about(ours, none, none, np.full(12, sign), angle)
        h = 1e-4
        back, middle, ahead = (
            sign * squares(w, 4, angle + turn)[:, column] for turn in (-h, 0.0, h)
        )
        np.testing.assert_allclose(here.value, middle, atol=1e-12)
        np.testing.assert_allclose(here.slope, (ahead - back) / (2 * h), atol=1e-4)
        np.testing.assert_allclose(
            here.curvature(), (ahead - 2 * middle + back) / h**2, rtol=1e-3, atol=1e-2
        )
        for radius in radii:
            floor = here.floor(np.full(12, radius), survey.second, survey.third)
            inside = np.array(
                [
                    sign * squares(w, 4, np.linspace(c - radius, c + radius, 81))[:, column]
                    for c in angle
                ]
            ).min(axis=1)
            assert (floor <= inside + 1e-12).all()
            close = np.median(inside - floor)
            assert radius > 0.02 or close <= 2 * survey.third[0] * radius**3


@pytest.mark.parametrize(("sign", "column", "angle"), [(1, 0, -0.05), (-1, 1, 0.05)])
def test_an_expansion_knows_that_eigenvalues_cross(sign, column, angle):
    """Eigenvalues 1 and 2 + 2 cos(theta): the flat one is the least up to 2 pi/3 only."""
    w = np.array([[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 1.0]])
    ours = Fibres(w[None], 2)
    survey = fibre_cells.Survey(ours)
    centre, radii = 2 * np.pi / 3 + angle, np.array([0.2, 0.1, 0.02, 0.005])
    one = np.zeros(1, int)
    here = fibre_cells.Expansion.about(ours, one, one, np.array([sign]), np.array([centre]))
    floor = [here.floor(np.array([r]), survey.second, survey.third)[0] for r in radii]
    for radius, value in zip(radii, floor, strict=True):
        around = np.linspace(centre - radius, centre + radius, 81)
        assert value <= (sign * squares(w, 2, around)[:, column]).min() + 1e-12
    # Far enough from the crossing it sees a flat eigenvalue: third order.
    assert floor[-1] >= sign - survey.third[0] * radii[-1] ** 3


def expansion_of(gaps, slopes, bends):
    """Expansion about 0 of diag(0, gaps) + slopes t + bends t^2 / 2, in that basis."""
    zeroth = np.diag(np.concatenate([[0.0], gaps])).astype(complex)
    slopes, bends = np.asarray(slopes, dtype=complex), np.asarray(bends, dtype=complex)
    here = fibre_cells.Expansion(
        np.zeros(1, int),
        np.zeros(1),
        zeroth.diagonal().real[None],
        np.eye(zeroth.shape[0], dtype=complex)[None],
        slopes[None],
        slopes[None, :, 0],
        bends[None, :, 0],
    )
    return here, lambda t: np.linalg.eigvalsh(zeroth + slopes * t + bends * t**2 / 2)[0]


ADVERSE = {
    "the other eigenvalue falls by second order": ([1.0], [[0, 0.1], [0.1, 0]], [[0, 0], [0, -1]]),
    "coupling grows where the gap falls": ([1.0], [[0, 0.1], [0.1, -0.5]], [[0, 0.2], [0.2, 0]]),
    "coupling grows the other way": ([1.0], [[0, 0.1], [0.1, 0.5]], [[0, -0.2], [-0.2, 0]]),
    "the corner rises to the other one": ([1.0], [[0.6, 0.1], [0.1, 0]], [[0, 0], [0, 0]]),
}


@pytest.mark.parametrize("name", ADVERSE)
def test_an_expansion_of_two_eigenvalues(name):
    """Quadratic matrices made to come close to the bound: below, and within a factor two."""
    here, value = expansion_of(*ADVERSE[name])
    second = np.linalg.norm(np.asarray(ADVERSE[name][2]), 2)
    floor = here.floor(np.ones(1), np.array([second]), np.zeros(1))[0]
    least = min(value(t) for t in np.linspace(-1, 1, 201))
    assert 2 * least <= floor <= least


@given(seed=st.integers(0, 10_000), size=st.integers(1, 5), radius=st.floats(0.01, 0.5))
def test_expansions_of_any_matrices(seed, size, radius):
    rng = np.random.default_rng(seed)
    half = rng.standard_normal((2, size, size)) + 1j * rng.standard_normal((2, size, size))
    slopes, bends = half + half.conj().transpose(0, 2, 1)
    here, value = expansion_of(rng.uniform(1, 4, size - 1), slopes, bends)
    second = np.array([np.linalg.norm(bends, 2)])
    floor = here.floor(np.array([radius]), second, np.zeros(1))[0]
    assert floor <= min(value(t) for t in np.linspace(-radius, radius, 51)) + 1e-12
    assert here.floor(np.array([radius]), second, np.ones(1))[0] <= floor


def test_quadratic_forms_of_inverses():
    """Against an inverse; infinite where a matrix is not positive definite, and only there."""
    rng = np.random.default_rng(0)
    half = rng.standard_normal((3, 4, 4)) + 1j * rng.standard_normal((3, 4, 4))
    matrices = half @ half.conj().transpose(0, 2, 1)
    b = rng.standard_normal((3, 4)) + 1j * rng.standard_normal((3, 4))
    expected = [np.vdot(v, np.linalg.inv(m) @ v).real for m, v in zip(matrices, b, strict=True)]
    np.testing.assert_allclose(fibre_cells._quadratic_forms(matrices, b), expected, rtol=1e-10)
    matrices[1] -= 1.01 * np.linalg.eigvalsh(matrices[1])[0] * np.eye(4)
    expected[1] = np.inf
    np.testing.assert_allclose(fibre_cells._quadratic_forms(matrices, b), expected, rtol=1e-10)
