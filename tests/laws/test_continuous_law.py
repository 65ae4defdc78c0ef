"""What all laws share: the conventions of a frozen SciPy distribution, on laws of both kinds."""

from __future__ import annotations

import math
import subprocess
import sys
import typing

import mpmath
import numpy as np
import pytest
from scipy import stats

import fbtools as fb
from fbtools.laws import ContinuousLaw

# Laws that SciPy has as well: an exponential variable, and a chi-square over its degrees.
EXPONENTIAL = fb.EnergyLaw.from_eigenvalues([1.0], 2)
ONE_TAP = fb.frame_bound_laws(6, 1)
ORACLES = {
    "exponential": (EXPONENTIAL, stats.expon()),
    "energy": (fb.EnergyLaw.from_eigenvalues(np.ones(4), 5), stats.chi2(20, scale=1 / 20)),
    "lower": (ONE_TAP[0], stats.chi2(6, scale=1 / 6)),
    "upper": (ONE_TAP[1], stats.chi2(6, scale=1 / 6)),
}
LAWS = {
    **{name: law for name, (law, _) in ORACLES.items()},
    "brown": fb.EnergyLaw(fb.signals.brown_noise(256, rng=0), 3, 64),
    "bins": fb.frame_bound_laws(5, 16, 16)[0],
    "circle": fb.frame_bound_laws(5, 16)[1],
    "grid": fb.frame_bound_laws(5, 16, 24)[0],
    "fibres": fb.frame_bound_laws(8, 16, stride=4)[1],
}
FUNCTIONS = ("cdf", "sf", "logcdf", "logsf", "pdf", "logpdf")
# The least precise of the four is a density by differences: the docstring says 1e-8.
RELATIVE = 1e-8


@pytest.mark.parametrize("name", ORACLES)
def test_against_scipy(name):
    law, oracle = ORACLES[name]
    q, p = np.array([[0.05, 0.4, 1.0], [1.7, 3.0, 8.0]]), np.array([1e-9, 0.05, 0.5, 0.999])
    for function in FUNCTIONS:
        ours, theirs = getattr(law, function)(q), getattr(oracle, function)(q)
        np.testing.assert_allclose(ours, theirs, rtol=RELATIVE, atol=1e-12, err_msg=function)
    np.testing.assert_allclose(law.ppf(p), oracle.ppf(p), rtol=1e-12)
    np.testing.assert_allclose(law.isf(p), oracle.isf(p), rtol=1e-12)
    np.testing.assert_allclose(law.interval([0.5, 0.9]), oracle.interval([0.5, 0.9]), rtol=1e-12)
    assert law.support() == oracle.support()
    for function in ("mean", "var", "std", "median"):
        assert getattr(law, function)() == pytest.approx(getattr(oracle, function)(), rel=1e-11)
    shape = 1 / oracle.var()  # all of them are Gamma(shape) / shape; SciPy's moments are rounded
    for order in range(12):
        expected = math.prod(1 + k / shape for k in range(order))
        assert law.moment(order) == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize("name", LAWS)
def test_the_ends(name):
    law = LAWS[name]
    assert isinstance(law, ContinuousLaw)
    inf = float("inf")
    assert (law.ppf(0), law.ppf(1), law.isf(0), law.isf(1)) == (0, inf, inf, 0)
    assert (law.cdf(inf), law.cdf(-inf), law.sf(inf), law.sf(-inf)) == (1, 0, 0, 1)
    assert (law.pdf(inf), law.pdf(-inf), law.pdf(-1.0)) == (0, 0, 0)
    assert (law.logpdf(inf), law.logpdf(-inf)) == (-inf, -inf)
    assert (law.logcdf(inf), law.logcdf(-inf), law.logsf(inf), law.logsf(-1)) == (0, -inf, -inf, 0)
    assert law.interval(0) == pytest.approx((law.median(), law.median()), rel=1e-12)
    assert law.interval(1) == (0, inf)
    extremes = np.array([5e-324, 1e-300, 1e-20, 1e20, 1e300, 1.7e308])
    with np.errstate(all="raise", under="ignore"):
        for function in FUNCTIONS:
            assert not np.isnan(getattr(law, function)(extremes)).any(), function
    below, above = law.logcdf(extremes), law.logsf(extremes)
    assert (below[1:] >= below[:-1]).all()
    assert (above[1:] <= above[:-1]).all()


@pytest.mark.parametrize("name", LAWS)
def test_nan_is_refused(name):
    law = LAWS[name]
    for function in FUNCTIONS:
        with pytest.raises(fb.FilterbankError, match="q is nan"):
            getattr(law, function)(np.nan)
    for function in ("ppf", "isf"):
        with pytest.raises(fb.FilterbankError, match=r"p\[1\] is nan"):
            getattr(law, function)([0.5, np.nan])
    with pytest.raises(fb.FilterbankError, match="confidence is nan"):
        law.interval(np.nan)


@pytest.mark.parametrize("name", LAWS)
def test_scalars_and_arrays(name):
    law = LAWS[name]
    for function in (*FUNCTIONS, "ppf", "isf"):
        method = getattr(law, function)
        for scalar in (1, 0.5, np.float64(0.5), np.float32(0.5), np.int64(1), np.array(0.5)):
            assert type(method(scalar)) is float
        for array in ([0.5], (0.5, 0.25), np.full((2, 1, 3), 0.5)):
            assert method(array).shape == np.shape(array)
            assert method(array).dtype == np.float64
        assert method(np.full((2, 1, 3), 0.5))[1, 0, 2] == pytest.approx(method(0.5), rel=1e-12)
    assert [type(end) for end in law.interval(0.9)] == [float, float]
    assert law.interval(np.full((2, 3), 0.9))[1].shape == (2, 3)
    for function in ("mean", "var", "std", "median"):
        assert type(getattr(law, function)()) is float
    assert (type(law.moment(0)), law.moment(0)) == (float, 1.0)


@pytest.mark.parametrize("name", LAWS)
def test_sizes_of_draws(name):
    law = LAWS[name]
    assert type(law.rvs()) is float
    assert type(law.rvs(None, rng=1)) is float
    for size in (0, 1, 5, (2, 3), (0, 4), ()):
        assert np.shape(law.rvs(size, rng=0)) == ((size,) if isinstance(size, int) else size)
    assert law.rvs(rng=3) == law.rvs(3, rng=3)[0] or name not in ("lower", "bins")
    np.testing.assert_array_equal(law.rvs((2, 3), rng=3).ravel(), law.rvs(6, rng=3))


@pytest.mark.parametrize("name", LAWS)
def test_draws_follow_the_law(name):
    """Kolmogorov and Smirnov's test of 2000 draws; false-alarm rate 1e-4 for each of nine laws."""
    law = LAWS[name]
    draws = law.rvs(2000, rng=0)
    assert stats.kstest(draws, law.cdf).pvalue > 1e-4


@pytest.mark.parametrize("name", LAWS)
def test_moments_agree(name):
    """Under a stride and elsewhere: 1e-6 is what the docstring of ExtremeLaw promises."""
    law = LAWS[name]
    assert law.moment(1) == pytest.approx(law.mean(), rel=1e-6)
    assert law.moment(2) - law.moment(1) ** 2 == pytest.approx(law.var(), rel=1e-5)
    assert law.std() == math.sqrt(law.var())
    assert law.median() == law.ppf(0.5)


def test_raw_moments_of_an_energy_law_to_full_precision():
    """Against mpmath: Taylor coefficients of prod (1 - theta_i s)^(-J/2) at s = 0."""
    law = fb.EnergyLaw.from_eigenvalues([3.0, 2.0, 0.01], 3)
    theta = [mpmath.mpf(float(p)) * 2 / 3 for p in law.eigenvalues]

    def mgf(s):
        return mpmath.fprod((1 - t * s) ** mpmath.mpf(-1.5) for t in theta)

    with mpmath.workdps(60):
        taylor = mpmath.taylor(mgf, 0, 20)
        for order, coefficient in enumerate(taylor):
            exact = float(coefficient * mpmath.factorial(order))
            assert law.moment(order) == pytest.approx(exact, rel=1e-13)


def test_high_moments_of_an_exponential_are_factorials():
    """Up to the last that is a floating-point number; by 170 products, each rounded."""
    for order in (50, 120, 170):
        assert EXPONENTIAL.moment(order) == pytest.approx(float(math.factorial(order)), rel=1e-13)
    many = fb.EnergyLaw.from_eigenvalues([1.0, 1.0], 10**12)  # moment n: 1 + n (n - 1) / 2e12
    assert many.moment(1000) == pytest.approx(1 + 1000 * 999 / 2 * many.var(), rel=1e-12)


def test_an_exponential_has_no_moment_of_order_171():
    with pytest.raises(fb.FilterbankError, match="order is 171: this moment is beyond"):
        EXPONENTIAL.moment(171)
    with pytest.raises(fb.FilterbankError, match="order is 1001: it must be at most 1000"):
        EXPONENTIAL.moment(1001)


@pytest.mark.parametrize("name", [*FUNCTIONS, "ppf", "isf", "interval", "rvs"])
def test_scalars_and_arrays_have_types_of_their_own(name):
    assert len(typing.get_overloads(getattr(ContinuousLaw, name))) >= 2


DOWNSTREAM = """
from typing import assert_type
import numpy as np
from numpy.typing import ArrayLike, NDArray
import fbtools as fb

Array = NDArray[np.float64]
law = fb.EnergyLaw([1.0, 2.0, 3.0], 4, 2)
lower, upper = fb.frame_bound_laws(5, 8)
p: float = law.sf(1.1)
q: Array = law.sf([1.0, 1.1])
assert_type(law.cdf(1), float)
assert_type(law.isf(np.float64(0.1)), float)
assert_type(law.ppf(np.linspace(0.1, 0.9, 3)), Array)
assert_type(law.logpdf((1.0, 2.0)), Array)
assert_type(law.interval(0.9), tuple[float, float])
assert_type(law.interval([0.5, 0.9]), tuple[Array, Array])
assert_type(law.rvs(), float)
assert_type(law.rvs((2, 3), rng=0), Array)
assert_type(law.cumulant_generating_function(0.1), float)
assert_type(law.moment(3), float)
assert_type(lower.ppf(0.5), float)
assert_type(upper.sf([1.0]), Array)
assert_type(fb.laws.chernoff_bound(law, 0.1), float)
assert_type(fb.laws.cantelli_deviation(law, [0.1, 0.2]), Array)
assert_type(fb.laws.saddlepoint_sf(law, 1.2), float)

def either(x: ArrayLike) -> Array | float:
    return law.sf(x)
"""


@pytest.mark.slow
def test_strict_mypy_tells_scalars_from_arrays(tmp_path):
    file = tmp_path / "downstream.py"
    file.write_text(DOWNSTREAM, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--ignore-missing-imports"]
    result = subprocess.run(
        [*command, "--cache-dir", str(tmp_path / "cache"), str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout
