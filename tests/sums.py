"""Sums of squared transfer functions of random filterbanks, by their definition."""

from __future__ import annotations

import numpy as np
from scipy import fft

import fbtools as fb


def simulate(n_filters, filter_length, n_draws, seed=0):
    """S of independent filterbanks on the grid of 16 T points, (n_draws, 8 T + 1)."""
    generator = np.random.default_rng(seed)
    out = np.zeros((n_draws, 8 * filter_length + 1))
    for row in out:
        w = fb.random_filterbank(n_filters, filter_length, generator)
        transfer = fft.rfft(w, n=16 * filter_length)
        row += np.einsum("jk,jk->k", transfer.real, transfer.real)
        row += np.einsum("jk,jk->k", transfer.imag, transfer.imag)
    return out
