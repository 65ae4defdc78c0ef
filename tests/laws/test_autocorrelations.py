"""The autocorrelation matrix, its spectrum and effective rank, against closed forms."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
import scipy.linalg
from hypothesis import assume, given

import fbtools as fb

RNG = np.random.default_rng(1)


def direct_autocorrelation(x):
    return np.array([np.sum(x * np.roll(x, -tau)) for tau in range(x.size)])


@given(n=st.integers(1, 50))
def test_autocorrelation_is_the_direct_sum(n):
    x = RNG.standard_normal(n)
    np.testing.assert_allclose(fb.autocorrelation(x), direct_autocorrelation(x), atol=1e-12)


@given(n=st.integers(1, 40), data=st.data())
def test_quadratic_form_gives_the_energy_of_the_response(n, data):
    length = data.draw(st.integers(1, n))
    x, w = RNG.standard_normal(n), RNG.standard_normal((3, length))
    q = fb.autocorrelation_matrix(x, length)
    energy = np.einsum("jm,mn,jn->", w, q, w)
    assert energy == pytest.approx(np.sum(fb.analyze(x, w) ** 2), rel=1e-10)


@given(n=st.integers(1, 60), data=st.data())
def test_spectrum_is_that_of_the_dense_matrix(n, data):
    length = data.draw(st.integers(1, n))
    x = RNG.standard_normal(n)
    dense = scipy.linalg.eigvalsh(scipy.linalg.toeplitz(direct_autocorrelation(x)[:length]))[::-1]
    # Backward stable: absolute errors of some units of rounding of the largest.
    np.testing.assert_allclose(fb.autocorrelation_spectrum(x, length), dense, atol=1e-12 * dense[0])


@given(n=st.integers(2, 60), data=st.data())
def test_effective_rank_is_the_participation_ratio_of_the_spectrum(n, data):
    length = data.draw(st.integers(1, n))
    x = RNG.standard_normal(n)
    eigenvalues = fb.autocorrelation_spectrum(x, length)
    expected = eigenvalues.sum() ** 2 / np.sum(eigenvalues**2)
    rank = fb.effective_rank(x, length)
    assert rank == pytest.approx(expected, rel=1e-10)
    assert 1 <= rank <= length
    assert fb.effective_rank(-3.7 * x, length) == pytest.approx(rank, rel=1e-10)
    assert fb.effective_rank(np.roll(x, 3), length) == pytest.approx(rank, rel=1e-10)


def test_the_two_ends_of_the_scale():
    assert fb.effective_rank(fb.signals.impulse(64), 32) == pytest.approx(32, rel=1e-12)
    assert fb.effective_rank(fb.signals.constant(64), 32) == pytest.approx(1, rel=1e-12)
    assert fb.effective_rank((-1.0) ** np.arange(64), 32) == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize("length", [1, 2, 7, 64, 1000])
def test_sinusoid_has_two_eigenvalues_in_closed_form(length):
    """On Z_N: (T +- |sin(T omega) / sin(omega)|) / 2, and the rest is zero."""
    k, n = 37, 1000
    omega = 2 * np.pi * k / n
    eigenvalues = fb.autocorrelation_spectrum(fb.signals.sinusoid(n, k / n), length)
    ripple = abs(np.sin(length * omega) / np.sin(omega))
    expected = [(length + ripple) / 2, (length - ripple) / 2]
    np.testing.assert_allclose(eigenvalues[:2], expected[: min(length, 2)], atol=1e-11 * length)
    assert not eigenvalues[2:].any()
    rank = 2 / (1 + (ripple / length) ** 2)
    assert fb.effective_rank(fb.signals.sinusoid(n, k / n), length) == pytest.approx(
        rank, rel=1e-10
    )


@given(f=st.floats(0.01, 0.49), length=st.integers(100, 500))
def test_long_filters_see_a_sinusoid_with_rank_two(f, length):
    assume(np.sin(2 * np.pi * f) > 0.05)
    # |D/T|^2 <= 1/(T sin omega)^2 and an edge effect of order 1/N on Z_N.
    rank = fb.effective_rank(fb.signals.sinusoid(5000, round(f * 5000) / 5000), length)
    assert rank == pytest.approx(2, abs=2 / (length * 0.045) ** 2 + 1e-9)


def test_paper_form_of_the_variance():
    """2 sum (T - |tau|) R(tau)^2 / (J T^2) is 2 / (J r)."""
    x = RNG.standard_normal(80)
    r = direct_autocorrelation(x)
    tau = np.arange(-19, 20)
    variance = 2 * np.sum((20 - np.abs(tau)) * r[tau] ** 2) / (5 * 20**2)
    law = fb.EnergyLaw(x / np.linalg.norm(x), n_filters=5, filter_length=20)
    assert law.var() == pytest.approx(variance / r[0] ** 2, rel=1e-12)


@pytest.mark.parametrize(
    ("family", "excess"),
    [("normal", 0.0), ("uniform", -1.2), ("rademacher", -2.0), ("laplace", 3.0)],
)
def test_moments_against_simulation_for_each_family(family, excess):
    """Mean and variance of 20000 ratios, within 4.5 standard errors (false alarms 7e-6 each)."""
    x = fb.signals.brown_noise(64, rng=0)
    ratios = fb.simulate_energy(x, 2, 8, 20_000, rng=1, distribution=family)
    variance = 2 / (2 * fb.effective_rank(x, 8)) + excess / (2 * 8)
    assert ratios.mean() == pytest.approx(1, abs=4.5 * np.sqrt(variance / 20_000))
    fourth = np.mean((ratios - 1) ** 4)
    error = np.sqrt((fourth - variance**2) / 20_000)
    assert np.mean((ratios - 1) ** 2) == pytest.approx(variance, abs=4.5 * error)


@pytest.mark.parametrize(
    "function", [fb.autocorrelation_matrix, fb.autocorrelation_spectrum, fb.effective_rank]
)
@pytest.mark.parametrize(
    ("x", "length", "message"),
    [
        ([1.0, 2.0], 3, "filter_length is 3"),
        ([1.0, 2.0], 0, "filter_length is 0"),
        ([0.0, 0.0], 1, "x is zero"),
        ([], 1, "x is empty"),
        ([[1.0]], 1, "x has shape"),
        ([1j], 1, "x has dtype"),
        ([np.nan], 1, r"x\[0\] is nan"),
    ],
)
def test_bad_input(function, x, length, message):
    with pytest.raises(fb.FilterbankError, match=message):
        function(x, length)


def test_autocorrelation_refuses_zero():
    with pytest.raises(fb.FilterbankError, match="x is zero"):
        fb.autocorrelation(np.zeros(3))
