"""Aliasing terms against the dense frame operator, and their moments against simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

import fbtools as fb


def test_terms_are_the_entries_of_the_frame_operator():
    """In the Fourier basis of Z_N the frame operator has G_l on its l-th cyclic diagonal."""
    n, d = 24, 4
    w = fb.random_filterbank(7, 10, rng=0, stride=d)
    operator = fb.analysis_matrix(w, n, stride=d)
    operator = operator.T @ operator
    basis = np.fft.ifft(np.eye(n), norm="ortho")
    spectral = basis.conj().T @ operator @ basis
    terms = fb.frames.aliasing_terms(w, stride=d, n_freqs=n // 2 + 1)
    for k in range(n // 2 + 1):
        for i in range(d):
            alias = (k - i * n // d) % n
            assert spectral[k, alias] == pytest.approx(terms[i, k].conj(), abs=1e-12)
    allowed = np.zeros((n, n), dtype=bool)
    for i in range(d):
        allowed[np.arange(n), (np.arange(n) - i * n // d) % n] = True
    assert np.abs(spectral[~allowed]).max() < 1e-12


def test_no_alias_without_stride():
    w = fb.random_filterbank(3, 9, rng=1)
    terms = fb.frames.aliasing_terms(w, stride=1, n_freqs=5)
    np.testing.assert_allclose(terms[0].real, fb.littlewood_paley(w, 5), rtol=1e-12)
    assert np.abs(terms.imag).max() < 1e-12


@given(st.integers(1, 6), st.integers(1, 40), st.integers(1, 6), st.integers(2, 9))
def test_terms_by_direct_summation(j, t, d, n_freqs):
    w = np.random.default_rng(t).standard_normal((j, t))
    omega, taps = np.linspace(0, np.pi, n_freqs), np.arange(t)
    terms = fb.frames.aliasing_terms(w, stride=d, n_freqs=n_freqs)
    for i in range(d):
        here = np.exp(-1j * np.outer(omega, taps)) @ w.T
        there = np.exp(-1j * np.outer(omega - 2 * np.pi * i / d, taps)) @ w.T
        expected = (here * there.conj()).sum(axis=1) / d
        np.testing.assert_allclose(terms[i], expected, atol=1e-10 * j * t)


def test_tight_filterbanks_have_no_aliasing():
    terms = fb.frames.aliasing_terms(np.eye(6), stride=6, n_freqs=7)
    np.testing.assert_allclose(np.abs(terms[0]), 1.0, rtol=1e-12)
    assert np.abs(terms[1:]).max() < 1e-12


@pytest.mark.parametrize("distribution", ["normal", "uniform", "rademacher", "laplace"])
@pytest.mark.parametrize(("t", "d"), [(12, 3), (10, 4), (3, 2), (5, 1)])
def test_moments_against_simulation(distribution, t, d):
    """Each of at most 20 means and variances within 5 standard errors: 1 false alarm in 10^5."""
    j, n_freqs, n_draws = 4, 5, 4000
    generator = np.random.default_rng(t)
    draws = np.array(
        [
            fb.frames.aliasing_terms(
                fb.random_filterbank(j, t, generator, stride=d, distribution=distribution),
                stride=d,
                n_freqs=n_freqs,
            )
            for _ in range(n_draws)
        ]
    )
    mean, variance = fb.frames.aliasing_moments(
        j, t, stride=d, n_freqs=n_freqs, distribution=distribution
    )
    error = np.sqrt(variance / n_draws)
    assert (np.abs(draws.mean(axis=0) - mean) < 5 * error + 1e-12).all()
    squares = np.abs(draws - mean) ** 2
    error = squares.std(axis=0) / np.sqrt(n_draws)
    assert (np.abs(squares.mean(axis=0) - variance) < 5 * error + 1e-12).all()


def test_total_aliasing_is_the_ratio_of_stride_to_filters():
    """Away from DC and Nyquist the d - 1 terms have total variance (d - 1)/J, whatever T."""
    for t in (64, 512):
        _, variance = fb.frames.aliasing_moments(32, t, stride=8, n_freqs=2049)
        totals = variance[1:].sum(axis=0)
        assert np.median(totals) == pytest.approx(7 / 32, rel=2e-3)
