"""Extreme eigenvalues of Wishart matrices, against closed forms, quadrature and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from fbtools.laws import wishart

LEVELS = np.array([0.2, 0.9, 2.5, 6.0, 11.0])


@pytest.mark.parametrize("below", [True, False])
@pytest.mark.parametrize("n_rows", [2, 3, 6])
def test_two_columns_against_the_joint_density(n_rows, below):
    """The eigenvalues' joint density, integrated over a square or a quadrant."""
    for beta, name in ((1, "real"), (2, "complex")):
        power, rate = beta / 2 * (n_rows - 1) - 1, beta / 2

        def density(y, x, power=power, rate=rate, beta=beta):
            return (x * y) ** power * np.exp(-rate * (x + y)) * (x - y) ** beta

        def mass(low, high, density=density):
            inner = {"epsabs": 1e-11, "epsrel": 1e-11}
            return integrate.dblquad(density, low, high, low, lambda x: x, **inner)[0]

        for level in (0.9, 2.5, 6.0):
            box = (0, level) if below else (level, 90)
            expected = mass(*box) / mass(0, 90)
            function = getattr(wishart, f"{name}_log_probability")
            ours = function(np.array([level]), n_rows, 2, below)
            ours = ours[0][0] if beta == 2 else ours[0]
            # A real 2 x 2 matrix has an integrable singularity, which costs the oracle digits.
            precision = 2e-4 if power < 0 else 1e-7
            assert np.exp(ours) == pytest.approx(expected, rel=precision, abs=1e-9), (name, level)


def test_one_column_is_a_gamma_variable():
    for j in (1, 2, 7):
        for below in (True, False):
            complex_law, real_law = stats.gamma(j), stats.chi2(j)
            ours = wishart.complex_log_probability(LEVELS, j, 1, below)
            expected = complex_law.logcdf(LEVELS) if below else complex_law.logsf(LEVELS)
            np.testing.assert_allclose(ours[0], expected, rtol=1e-10, atol=1e-13)
            slope = np.exp(complex_law.logpdf(LEVELS) - expected)
            np.testing.assert_allclose(ours[1], slope, rtol=1e-9)
            expected = real_law.logcdf(LEVELS) if below else real_law.logsf(LEVELS)
            ours = wishart.real_log_probability(LEVELS, j, 1, below)
            np.testing.assert_allclose(ours, expected, rtol=1e-6, atol=1e-10)


def test_smallest_eigenvalue_of_a_square_complex_matrix_is_exponential():
    """Edelman's theorem: d times the smallest eigenvalue is exponential."""
    for d in (2, 5, 24):
        levels = np.array([0.01, 0.2, 1.0]) / d
        ours, hazard = wishart.complex_log_probability(levels, d, d, below=False)
        np.testing.assert_allclose(ours, -d * levels, rtol=1e-9)
        np.testing.assert_allclose(hazard, d, rtol=1e-9)


@pytest.mark.parametrize(("n_rows", "n_columns"), [(6, 3), (5, 5), (64, 32), (300, 20)])
def test_wishart_laws_against_simulation(n_rows, n_columns):
    """Kolmogorov-Smirnov at p > 1e-5 for each of four samples: four false alarms in 10^5."""
    generator = np.random.default_rng(n_rows)
    shape = (400, n_rows, n_columns)
    real, imaginary = generator.standard_normal(shape), generator.standard_normal(shape)
    for matrix in (real, (real + 1j * imaginary) / np.sqrt(2)):
        values = np.linalg.eigvalsh(matrix.conj().transpose(0, 2, 1) @ matrix)

        def cdf(x, below, is_real=matrix.dtype.kind == "f"):
            if is_real:
                log = wishart.real_log_probability(x, n_rows, n_columns, below)
            else:
                log = wishart.complex_log_probability(x, n_rows, n_columns, below)[0]
            return np.exp(log) if below else -np.expm1(log)

        assert stats.kstest(values[:, -1], lambda x, cdf=cdf: cdf(x, True)).pvalue > 1e-5
        assert stats.kstest(values[:, 0], lambda x, cdf=cdf: cdf(x, False)).pvalue > 1e-5


@pytest.mark.parametrize("d", [1, 3, 16])
def test_many_levels_at_once_are_those_one_by_one(d):
    """More levels than one block holds; products of several matrices round as single ones do."""
    levels = np.linspace(0.5, 60, 150)
    assert d < 16 or len(wishart._blocks(levels.size, d)) > 2
    for below in (True, False):
        real = wishart.real_log_probability(levels, 2 * d, d, below)
        both = np.array(wishart.complex_log_probability(levels, 2 * d, d, below))
        for i in (0, 70, 149):
            one = levels[i : i + 1]
            alone = wishart.complex_log_probability(one, 2 * d, d, below)
            np.testing.assert_allclose(both[:, i], np.ravel(alone), rtol=1e-9, atol=1e-13)
            alone = wishart.real_log_probability(one, 2 * d, d, below)
            np.testing.assert_allclose(real[i], alone[0], rtol=1e-9, atol=1e-13)
