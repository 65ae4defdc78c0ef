"""Strided frame bounds tap by tap: what the fast ways are compared with."""

from __future__ import annotations

import numpy as np


def responses_by_definition(w, stride, theta):
    """E[j, l] = sum_m w[j, l + d m] exp(-i m theta), tap by tap."""
    matrix = np.zeros((w.shape[0], stride), dtype=complex)
    for n in range(w.shape[1]):
        matrix[:, n % stride] += w[:, n] * np.exp(-1j * (n // stride) * theta)
    return matrix


def squares(w, stride, thetas):
    """Extreme squared singular values at each angle, shape (K, 2)."""
    values = [
        np.linalg.svd(responses_by_definition(w, stride, t), compute_uv=False) for t in thetas
    ]
    return np.array([[s[-1], s[0]] for s in values]) ** 2
