"""Spectra of long Toeplitz matrices: against dense matrices, closed forms and recordings."""

from __future__ import annotations

import tracemalloc

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from scipy import fft, linalg

import fbtools as fb
from fbtools.laws import toeplitz

RECORDINGS = ["trumpet", "libri1", "choice", "nutcracker", "vibeace", "robin"]
LONG = 65536


def column_of(length, seed, n_samples=90):
    x = np.random.default_rng(seed).standard_normal(max(n_samples, length))
    return fb.autocorrelation(x)[:length]


@pytest.fixture(scope="module", params=[*RECORDINGS, "white", "brown"])
def natural(request):
    """First column of trace 1 of a real recording (at most 10 s) or of noise, T = 2048."""
    noise = {"white": fb.signals.white_noise, "brown": fb.signals.brown_noise}
    if request.param in noise:
        x = noise[request.param](100_000, rng=0)
    else:
        x = fb.audio.load(request.param).x[:220_500]
    column = fb.autocorrelation(x)[:2048]
    return column / (column.size * column[0])


@given(length=st.integers(1, 40), seed=st.integers(0, 99))
def test_traces_of_powers(length, seed):
    column = column_of(length, seed)
    q = linalg.toeplitz(column)
    expected = [length, np.trace(q), np.trace(q @ q), np.trace(q @ q @ q)]
    np.testing.assert_allclose(toeplitz.power_traces(column), expected, rtol=1e-11)


def test_traces_of_an_indefinite_matrix():
    """The formula for the diagonals of Q^2 needs no positive matrix: tr Q^3 may be negative."""
    column = np.array([-1.0, 3.0, 0.5, -2.0, 0.25])
    q = linalg.toeplitz(column)
    expected = [5, np.trace(q), np.trace(q @ q), np.trace(q @ q @ q)]
    np.testing.assert_allclose(toeplitz.power_traces(column), expected, rtol=1e-13)


def test_traces_in_closed_form_at_full_length():
    """Constant: Q = ones, tr Q^p = T^p. Impulse: Q = 1, tr Q^p = T."""
    np.testing.assert_allclose(
        toeplitz.power_traces(np.ones(LONG)), float(LONG) ** np.array([1, 1, 2, 3]), rtol=1e-11
    )
    impulse = np.zeros(LONG)
    impulse[0] = 1.0
    np.testing.assert_allclose(toeplitz.power_traces(impulse), LONG, rtol=1e-12)


@given(length=st.integers(1, 60), seed=st.integers(0, 99))
def test_the_product_is_that_of_the_matrix(length, seed):
    column = column_of(length, seed)
    v = np.random.default_rng(seed + 1).standard_normal(length)
    expected = linalg.toeplitz(column) @ v
    np.testing.assert_allclose(
        toeplitz._Product(column)(v), expected, atol=1e-13 * length * column[0]
    )


@given(length=st.integers(1, 60), seed=st.integers(0, 99))
def test_short_matrices_are_solved_completely_by_lanczos(length, seed):
    """Half the length steps span all even and all odd vectors."""
    column = column_of(length, seed)
    found = toeplitz.leading_eigenvalues(column)
    dense = linalg.eigvalsh(linalg.toeplitz(column))[::-1]
    count = found.values.size
    assert count >= 1
    np.testing.assert_allclose(found.values, dense[:count], atol=1e-9 * dense[0])
    product = linalg.toeplitz(column) @ found.vectors
    np.testing.assert_allclose(product, found.vectors * found.values, atol=2e-8 * dense[0])
    np.testing.assert_allclose(found.vectors.T @ found.vectors, np.eye(count), atol=1e-9)


@given(length=st.integers(2, 9), sign=st.sampled_from([1, -1]))
def test_halves_of_even_and_odd_vectors(length, sign):
    size = (length + (sign > 0)) // 2
    u = np.random.default_rng(length).standard_normal(size)
    v = toeplitz._lift(u, length, sign)
    assert v.size == length
    np.testing.assert_array_equal(v[::-1], sign * v)
    assert np.linalg.norm(v) == pytest.approx(np.linalg.norm(u), rel=1e-14)
    np.testing.assert_allclose(toeplitz._drop(v, sign), u, rtol=1e-14)


@pytest.mark.parametrize("length", [7, 12])
def test_entries_in_the_basis_of_cosines(length):
    column = column_of(length, seed=3)
    cosines = fft.dct(np.eye(length), norm="ortho", axis=0)
    dense = cosines @ linalg.toeplitz(column) @ cosines.T
    sums = toeplitz._cosine_sums(column)
    for parity in (0, 1):
        index = np.arange(parity, length, 2)
        block = toeplitz._cosine_block(*sums, index)
        np.testing.assert_allclose(block, dense[np.ix_(index, index)], atol=1e-12 * column[0])


def test_lanczos_finds_the_eigenvalues_that_stand_out(natural):
    found = toeplitz.leading_eigenvalues(natural)
    exact = toeplitz.eigenvalues(natural)
    # A residual of 1e-8 (relative to the geometric mean of the value and the largest) bounds the
    # distance to an eigenvalue by as much. None above the ceiling is missed.
    nearest = np.abs(exact[:, None] - found.values).min(axis=0)
    assert nearest.max() <= 1e-8 * exact[0]
    above = np.count_nonzero(exact > found.ceiling)
    assert above >= 20
    np.testing.assert_allclose(found.values[:above], exact[:above], atol=1e-8 * exact[0])
    assert found.floor >= exact[-1] - 1e-12 * exact[0]


def test_long_spectra_keep_what_they_promise(natural, monkeypatch):
    """What is done beyond T = 4096, done at T = 2048, where the spectrum is known."""
    exact = toeplitz.eigenvalues(natural)
    monkeypatch.setattr(toeplitz, "EXACT_LENGTH", natural.size - 1)
    monkeypatch.setattr(toeplitz, "BLOCK", 256)
    ours = toeplitz.eigenvalues(natural)
    assert ours.shape == exact.shape
    assert (np.diff(ours) <= 0).all()
    assert (ours >= 0).all()
    squares = toeplitz.power_traces(natural)[2]
    rounding = 1e-15
    assert np.sum((ours - exact) ** 2) <= squares - np.sum(ours**2) + rounding
    # Measured: at most 5e-3 (white noise), 1.2e-3 on the recordings.
    assert np.abs(ours - exact).max() <= 1e-2 * exact[0]
    assert ours.sum() == pytest.approx(1, abs=1e-3)
    # A diagonal alone would be off by more than 5 per cent of all squares on the recordings.
    assert squares - np.sum(ours**2) <= 3e-3 * squares


def test_a_sinusoid_has_two_eigenvalues_at_full_length():
    k, n = 1234, 100_000
    omega = 2 * np.pi * k / n
    eigenvalues = fb.autocorrelation_spectrum(fb.signals.sinusoid(n, k / n), LONG)
    ripple = abs(np.sin(LONG * omega) / np.sin(omega))
    expected = np.array([LONG + ripple, LONG - ripple]) / 2
    assert eigenvalues.shape == (LONG,)
    np.testing.assert_allclose(eigenvalues[:2], expected, rtol=1e-10)
    assert eigenvalues[2:].max() <= 1e-9 * LONG


@pytest.mark.parametrize(
    ("signal", "expected"), [(fb.signals.impulse, 1.0), (fb.signals.constant, 0.0)]
)
def test_closed_forms_beyond_the_matrix(signal, expected):
    """Impulse: all eigenvalues 1. Constant: T (energy 1: T / N * N) and zeros."""
    x = signal(10_000)
    eigenvalues = fb.autocorrelation_spectrum(x, 8192) / (x @ x)
    np.testing.assert_allclose(eigenvalues[1:], expected, atol=1e-9)
    assert eigenvalues[0] == pytest.approx(8192.0 if expected == 0 else 1.0, rel=1e-10)


def test_memory_stays_far_below_the_matrix():
    """T = 16384: the matrix would take 2 GiB, its halves 1 GiB."""
    x = fb.signals.brown_noise(50_000, rng=0) + 0.01 * fb.signals.white_noise(50_000, rng=1)
    tracemalloc.start()
    eigenvalues = fb.autocorrelation_spectrum(x, 16384)
    law = fb.EnergyLaw(x, 10, 16384)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert eigenvalues.size == law.filter_length == 16384
    # Basis 192 x 8192, its rotation, the vectors lifted and transformed: 13 MB each, some twice.
    assert peak < 200e6
