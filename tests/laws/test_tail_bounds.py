"""Tail bounds: they bound, they invert, and no smaller constants would do."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from scipy import optimize, stats

import fbtools as fb

BOUNDS = [fb.laws.cantelli_bound, fb.laws.bernstein_bound, fb.laws.chernoff_bound]
INVERSES = [fb.laws.cantelli_deviation, fb.laws.bernstein_deviation, fb.laws.chernoff_deviation]
PAIRS = list(zip(BOUNDS, INVERSES, strict=True))

LAWS = st.builds(
    fb.EnergyLaw.from_eigenvalues,
    st.lists(st.floats(1e-4, 10), min_size=1, max_size=20),
    st.integers(1, 60),
)


@given(law=LAWS, alpha=st.floats(1e-3, 8))
def test_bounds_are_at_least_the_exact_tail_and_ordered(law, alpha):
    exact = law.sf(1 + alpha)
    for bound in BOUNDS:
        assert bound(law, alpha) >= exact * (1 - 1e-12)
    assert fb.laws.chernoff_bound(law, alpha) <= fb.laws.bernstein_bound(law, alpha) * (1 + 1e-12)


@pytest.mark.parametrize(("bound", "inverse"), PAIRS)
@given(law=LAWS, p=st.floats(1e-12, 0.999))
def test_inverses_invert(bound, inverse, law, p):
    assert bound(law, inverse(law, p)) == pytest.approx(p, rel=1e-8)


@pytest.mark.parametrize(("bound", "inverse"), PAIRS)
def test_arrays_and_scalars(bound, inverse):
    law = fb.EnergyLaw.from_eigenvalues([3, 2, 1], 4)
    assert isinstance(bound(law, 0.3), float)
    assert isinstance(inverse(law, 0.3), float)
    grid = np.array([[0.1, 0.2], [0.3, 0.4]])
    assert bound(law, grid).shape == (2, 2)
    assert inverse(law, grid)[1, 0] == pytest.approx(inverse(law, 0.3), rel=1e-12)


def test_cantelli_is_attained_by_a_two_point_variable():
    """Equality for the values 1 + alpha and 1 - v/alpha: the bound cannot be smaller."""
    law = fb.EnergyLaw.from_eigenvalues([1.0, 1.0], 5)
    alpha, v = 0.7, law.var()
    p = fb.laws.cantelli_bound(law, alpha)
    mean = p * alpha - (1 - p) * v / alpha
    variance = p * alpha**2 + (1 - p) * (v / alpha) ** 2
    assert mean == pytest.approx(0, abs=1e-15)
    assert variance == pytest.approx(v)


def test_chernoff_of_a_gamma_has_a_closed_form():
    """Gamma(k)/k: the bound is (q exp(1 - q))^k."""
    law = fb.EnergyLaw.from_eigenvalues([1.0] * 3, 4)
    alpha = np.array([0.01, 0.5, 3.0, 20.0])
    expected = ((1 + alpha) * np.exp(-alpha)) ** 6
    np.testing.assert_allclose(fb.laws.chernoff_bound(law, alpha), expected, rtol=1e-10)


@pytest.mark.parametrize("alpha", [0.05, 0.4, 2.0])
def test_chernoff_is_the_least_of_markovs_bounds(alpha):
    law = fb.EnergyLaw.from_eigenvalues(0.7 ** np.arange(9), 3)
    limit = law.n_filters / (2 * law.eigenvalues[0])
    least = optimize.minimize_scalar(
        lambda s: law.cumulant_generating_function(s) - s * (1 + alpha),
        bounds=(0, limit * (1 - 1e-9)),
        method="bounded",
        options={"xatol": 1e-9},
    )
    assert np.log(fb.laws.chernoff_bound(law, alpha)) == pytest.approx(least.fun, abs=1e-8)


def test_bernstein_in_the_notation_of_the_sheet():
    """exp(-a^2 J T^2 |x|^4 / (4 a T lmax |x|^2 + 4 ||lambda||^2)), from the dense matrix."""
    x, n_filters, length, alpha = fb.signals.brown_noise(100, rng=2) * 3.0, 7, 12, 0.4
    eigenvalues = np.linalg.eigvalsh(fb.autocorrelation_matrix(x, length))
    energy = np.sum(x**2)
    exponent = alpha**2 * n_filters * length**2 * energy**2
    exponent /= 4 * alpha * length * eigenvalues.max() * energy + 4 * np.sum(eigenvalues**2)
    law = fb.EnergyLaw(x, n_filters, length)
    assert fb.laws.bernstein_bound(law, alpha) == pytest.approx(np.exp(-exponent), rel=1e-10)


@pytest.mark.parametrize(
    ("x", "n_filters", "length", "alpha"),
    [(fb.signals.impulse(128), 10, 128, 0.1), (fb.signals.constant(128), 400, 128, 0.2)],
)
def test_the_constants_two_and_two_are_not_a_bound(x, n_filters, length, alpha):
    law = fb.EnergyLaw(x, n_filters, length)
    with_two = fb.laws.bernstein_bound(law, alpha) ** 2
    assert with_two < law.sf(1 + alpha) < fb.laws.bernstein_bound(law, alpha)


def test_lugannani_rice_stays_below_stirlings_error():
    """Far out the largest eigenvalue alone decides, a Gamma(J/2): relative error 1/(6 J)."""
    law = fb.EnergyLaw(fb.signals.brown_noise(256, rng=0), n_filters=10, filter_length=32)
    q = np.concatenate([law.isf(10.0 ** -np.arange(1, 30)), law.ppf([0.1, 0.3, 0.49, 0.51])])
    relative = fb.laws.saddlepoint_sf(law, q) / law.sf(q) - 1
    assert np.abs(relative[q < law.isf(1e-3)]).max() < 2e-3
    assert np.abs(relative).max() < 1 / 60
    exponential = fb.EnergyLaw.from_eigenvalues([1.0], 2)
    far = (
        fb.laws.saddlepoint_sf(exponential, [5.0, 20.0, 500.0]) / np.exp([-5.0, -20.0, -500.0]) - 1
    )
    assert (np.diff(far) > 0).all()
    assert 0 < far[-1] < 1 / 12


def test_lugannani_rice_at_the_mean():
    law = fb.EnergyLaw.from_eigenvalues([1.0, 0.5], 6)
    at_mean = fb.laws.saddlepoint_sf(law, 1.0)
    assert at_mean == pytest.approx(fb.laws.saddlepoint_sf(law, 1 + 1e-4), abs=1e-4)
    assert at_mean == pytest.approx(0.5 - law.skewness() / (6 * np.sqrt(2 * np.pi)), abs=1e-12)
    assert at_mean == pytest.approx(law.sf(1.0), abs=0.01)


def test_saddlepoint_formula_is_exact_in_form():
    """Against the formula written out for a gamma variable, whose saddle point is explicit."""
    k, q = 6.0, 1.8
    law = fb.EnergyLaw.from_eigenvalues([1.0] * 3, 4)
    s = k - k / q
    root = np.sqrt(2 * (s * q + k * np.log(1 - s / k)))
    u = s * np.sqrt(q**2 / k)
    expected = stats.norm.sf(root) + stats.norm.pdf(root) * (1 / u - 1 / root)
    assert fb.laws.saddlepoint_sf(law, q) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("bound", BOUNDS)
@pytest.mark.parametrize("alpha", [0.0, -0.1, np.nan, np.inf, "a", []])
def test_bad_deviations(bound, alpha):
    with pytest.raises(fb.FilterbankError, match="alpha"):
        bound(fb.EnergyLaw.from_eigenvalues([1.0], 4), alpha)


@pytest.mark.parametrize("inverse", INVERSES)
@pytest.mark.parametrize("p", [0.0, 1.0, -0.1, 1.5, np.nan])
def test_bad_levels(inverse, p):
    with pytest.raises(fb.FilterbankError, match="p "):
        inverse(fb.EnergyLaw.from_eigenvalues([1.0], 4), p)


def test_bad_quantile():
    with pytest.raises(fb.FilterbankError, match="q is 0"):
        fb.laws.saddlepoint_sf(fb.EnergyLaw.from_eigenvalues([1.0], 4), 0.0)
