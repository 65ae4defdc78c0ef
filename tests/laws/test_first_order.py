"""Approximations of the frame bounds against the equations and limits that define them."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

import fbtools as fb


def test_scaling_law_solves_its_equation():
    for j, t in ((5, 8), (40, 1024), (400, 2)):
        for s in fb.laws.scaling_law_bounds(j, t):
            assert s - 1 - np.log(s) == pytest.approx(np.log(t) / j, rel=1e-9)
    a, b = fb.laws.scaling_law_bounds(10, 1000)
    assert 0 < a < 1 < b
    assert fb.laws.scaling_law_bounds(20, 1000**2) == pytest.approx((a, b), rel=1e-9)
    assert fb.laws.square_root_bounds(10, 1000)[0] < 0
    # Both agree to first order when log(T)/J is small: s = 1 -+ sqrt(2 c), against 1 -+ 2 sqrt(c).
    low, high = fb.laws.scaling_law_bounds(10**6, 8)
    assert (high - low) / np.sqrt(np.log(8) / 10**6) == pytest.approx(2 * np.sqrt(2), rel=1e-3)
    low, high = fb.laws.square_root_bounds(10**6, 8)
    assert (high - low) / np.sqrt(np.log(8) / 10**6) == pytest.approx(4, rel=1e-9)


def test_order_statistics_of_chi_squares():
    draws = np.random.default_rng(0).chisquare(10, (4000, 64)) / 10
    a, b = fb.laws.order_statistic_bounds(10, 64)
    for value, sample in ((a, draws.min(axis=1)), (b, draws.max(axis=1))):
        assert value == pytest.approx(sample.mean(), abs=4.5 * sample.std() / np.sqrt(4000))


def test_marchenko_pastur_edges():
    """The edges are the limits of the extreme eigenvalues; the errors are of order J^(-2/3)."""
    assert fb.laws.marchenko_pastur_bounds(16, stride=16) == (0.0, 4.0)
    assert fb.laws.marchenko_pastur_bounds(8, stride=32) == (0.0, 9.0)
    gaps = []
    for j in (16, 128):
        generator = np.random.default_rng(0)
        values = [
            np.linalg.svd(generator.standard_normal((j, j // 4)) / np.sqrt(j), compute_uv=False)
            for _ in range(40)
        ]
        extremes = np.mean([(s[-1] ** 2, s[0] ** 2) for s in values], axis=0)
        gaps.append(np.abs(extremes - fb.laws.marchenko_pastur_bounds(j, stride=j // 4)))
    assert (gaps[1] < gaps[0] / 2).all()
    assert (gaps[1] < 0.15).all()


def test_lengths_beyond_all_counts_have_a_law():
    """Formulas in log T hold for T = 2^150, which no computer holds; not for what is no float."""
    assert 1 < fb.expected_condition_number(150, 2**150, 2**150) < 100
    lower, upper = fb.laws.scaling_law_bounds(150, 2**150)
    assert 0 < lower < 1 < upper
    for call in (fb.expected_condition_number, fb.laws.scaling_law_bounds):
        with pytest.raises(fb.FilterbankError, match="filter_length"):
            call(150, 2**1001)


def test_filters_of_one_tap_have_both_bounds_at_one():
    """The branch point of Lambert's W: c = log(1) / J = 0."""
    assert fb.laws.scaling_law_bounds(5, 1) == (1.0, 1.0)


@pytest.mark.parametrize("j", [10**5, 693_147, 10**6, 10**8, 10**12, 10**15])
def test_bounds_of_many_filters_solve_their_equation(j):
    """b - 1 - log b = log(T) / J, against mpmath: to 1e-12 of the distance to one, or rounding."""
    with mpmath.workdps(50):
        c = mpmath.log(2) / j
        argument = -mpmath.exp(-1 - c)
        expected = [float(-mpmath.lambertw(argument, k).real - 1) for k in (0, -1)]
    found = np.array(fb.laws.scaling_law_bounds(j, 2)) - 1
    # SciPy's W at a distance d from the branch point is right to about eps / d.
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
