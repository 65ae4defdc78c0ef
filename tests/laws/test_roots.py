"""Roots of increasing functions: closed forms, functions that mislead Newton, many at a time."""

from __future__ import annotations

import numpy as np
import pytest

from fbtools.laws.roots import increasing_root


def test_functions_that_mislead_newton():
    """A cube root, from which Newton's steps grow; a jump; a step that is nearly one; no slope;
    a root of order nine, to which each step takes one ninth of the way.
    """
    functions = [
        lambda t: (np.cbrt(t - 0.3), np.cbrt(t - 0.3) ** -2.0 / 3),
        lambda t: (np.where(t < 0.7, -1.0, 1.0), np.zeros_like(t)),
        lambda t: (np.arctan(1e9 * (t - 0.1)), 1e9 / (1 + (1e9 * (t - 0.1)) ** 2)),
        lambda t: (t - 0.9, np.full_like(t, np.nan)),
        lambda t: (t - 0.2, np.ones_like(t)),
        lambda t: ((t - 0.4) ** 9, 9 * (t - 0.4) ** 8),
    ]

    def together(t, index):
        pairs = [functions[i](np.array([at])) for i, at in zip(index, t, strict=True)]
        return np.array([a[0] for a, _ in pairs]), np.array([b[0] for _, b in pairs])

    ends = np.zeros(6), np.ones(6)
    with np.errstate(divide="ignore"):
        root = increasing_root(together, np.full(6, 0.95), *ends, tolerance=1e-13)
    np.testing.assert_allclose(root, [0.3, 0.7, 0.1, 0.9, 0.2, 0.4], rtol=0, atol=1e-12)


@pytest.mark.parametrize("start", [-5.0, 0.0, 0.5, 2.0, 9.0])
def test_the_last_step_squares_the_tolerance(start):
    values = np.array([1.5, 2.0, 5.0])
    root = increasing_root(
        lambda t, i: (np.exp(t) - values[i], np.exp(t)),
        np.full(3, start),
        np.zeros(3),
        np.full(3, 3.0),
        tolerance=1e-7,
    )
    np.testing.assert_allclose(root, np.log(values), rtol=1e-13)


def test_the_ends_of_the_bracket_are_allowed():
    low, high = np.array([1.0, 0.0]), np.array([2.0, 1.0])
    root = increasing_root(lambda t, i: (t - 1, np.ones_like(t)), low + 0.5, low, high, 1e-7)
    np.testing.assert_allclose(root, [1.0, 1.0], rtol=1e-15)
    nothing = np.empty(0)
    assert increasing_root(lambda t, i: (t, t), nothing, nothing, nothing, 1e-7).size == 0
