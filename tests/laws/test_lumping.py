"""Lumped spectra: Gauss's moments, and the law against that of the complete spectrum."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from same_law import tabulated
from scipy import stats

import fbtools as fb
from fbtools.laws import energy_law, lumping
from fbtools.laws.gamma_sums import GammaSum

RECORDINGS = ["trumpet", "libri1", "choice", "nutcracker", "vibeace", "robin"]
LENGTH = 2048
P = np.array([1e-9, 1e-6, 1e-3, 0.05, 0.3, 0.5])


@pytest.fixture(scope="module", params=[*RECORDINGS, "white", "brown"])
def pair(request):
    """The law as it is computed for long filters, and with every eigenvalue, J = 10."""
    noise = {"white": fb.signals.white_noise, "brown": fb.signals.brown_noise}
    if request.param in noise:
        x = noise[request.param](100_000, rng=0)
    else:
        x = fb.audio.load(request.param).x[:220_500]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(energy_law, "EXACT_LENGTH", LENGTH - 1)
        long = fb.EnergyLaw(x, 10, LENGTH)
    return long, fb.EnergyLaw(x, 10, LENGTH)


def test_the_long_law_is_the_exact_law(pair):
    long, exact = pair
    # Where the rest is below 1e-3 of all (brown noise), rounding hides how many share it.
    hidden = exact.eigenvalues[0] > 0.9
    assert long.multiplicities.sum() == pytest.approx(LENGTH, rel=1 if hidden else 1e-6)
    assert long.eigenvalues.size < LENGTH / 4
    for moment in ("mean", "var", "skewness"):
        assert getattr(long, moment)() == pytest.approx(getattr(exact, moment)(), rel=1e-7)
    q = np.concatenate([exact.ppf(P), exact.isf(P)])
    assert exact.cdf_error == 0
    assert long.cdf_error < 1e-6
    # 1e-9: eigenvalues found by Lanczos with residuals up to 1e-8 shift the law by less.
    np.testing.assert_allclose(long.cdf(q), exact.cdf(q), rtol=0, atol=long.cdf_error + 1e-9)
    # The bound is not much too large: at most 200 times the error met, when that is not rounding.
    met = np.abs(long.cdf(q) - exact.cdf(q)).max()
    assert long.cdf_error < 200 * met + 1e-9


def test_quantiles_and_tails_of_the_long_law(pair):
    """Measured on robin, the worst: 6e-6 in a quantile, 3e-4 and 2e-3 in logarithms at 1e-12."""
    long, exact = pair
    np.testing.assert_allclose(long.ppf(P), exact.ppf(P), rtol=1e-5)
    np.testing.assert_allclose(long.isf(P), exact.isf(P), rtol=1e-5)
    high, low = exact.isf(1e-12), exact.ppf(1e-12)
    assert long.logsf(high) == pytest.approx(np.log(1e-12), abs=1e-3)
    assert long.logcdf(low) == pytest.approx(np.log(1e-12), abs=5e-3)


def test_full_length_in_closed_form():
    """T = 65536: chi-square of J T (impulse), of J (constant), two terms (sinusoid)."""
    n, length = 100_000, 65536
    impulse = fb.EnergyLaw(fb.signals.impulse(n), 2, length)
    gamma = stats.gamma(length, scale=1 / length)
    p = np.array([1e-9, 0.05, 0.5])
    np.testing.assert_allclose(impulse.isf(p), gamma.isf(p), rtol=1e-9)
    constant = fb.EnergyLaw(fb.signals.constant(n), 4, length)
    assert constant.sf(1.2) == pytest.approx(stats.chi2.sf(4.8, 4), rel=1e-9)
    k = 1234
    omega = 2 * np.pi * k / n
    ripple = abs(np.sin(length * omega) / np.sin(omega)) / length
    pair = fb.EnergyLaw.from_eigenvalues([1 + ripple, 1 - ripple], 3)
    sinusoid = fb.EnergyLaw(fb.signals.sinusoid(n, k / n), 3, length)
    np.testing.assert_allclose(sinusoid.sf([0.2, 1.5, 9.0]), pair.sf([0.2, 1.5, 9.0]), rtol=1e-8)
    assert sinusoid.filter_length == length
    assert sinusoid.cdf_error == 0


def test_long_law_of_a_mixture_keeps_the_exact_variance():
    x = fb.signals.sinusoid(441_000, 440 / 44_100) + 0.3 * fb.signals.white_noise(441_000, rng=0)
    law = fb.EnergyLaw(x, 10, 8192)
    assert law.effective_rank == pytest.approx(fb.effective_rank(x, 8192), rel=1e-10)
    assert law.cdf(law.ppf(0.95)) == pytest.approx(0.95, rel=1e-9)
    assert law.cdf_error < 1e-6


def keep_largest(exact, keep):
    """The law with all but the largest eigenvalues in two lumps, as for long filters."""
    p = exact.eigenvalues
    traces = np.array([np.sum(p**k) for k in range(4)])
    law = fb.EnergyLaw.__new__(fb.EnergyLaw)
    lumps = lumping.lump(p[:keep], traces, float(p[keep:].max(initial=0.0)))
    law._assign(lumps.values, lumps.multiplicities, exact.n_filters, p.size, lumps)
    return law


@given(
    values=st.lists(st.floats(1e-3, 1.0), min_size=2, max_size=30),
    n_filters=st.integers(1, 30),
    keep=st.integers(1, 8),
)
def test_the_error_of_lumping_is_bounded(values, n_filters, keep):
    exact = fb.EnergyLaw.from_eigenvalues(values, n_filters)
    lumped = keep_largest(exact, keep)
    q = np.linspace(0.05, 4, 40)
    gap = np.abs(lumped.cdf(q) - exact.cdf(q)).max()
    assert gap <= lumped.cdf_error + 1e-11
    assert lumped.var() == pytest.approx(exact.var(), rel=1e-9)
    assert lumped.skewness() == pytest.approx(exact.skewness(), rel=1e-8)
    assert lumped.multiplicities.sum() == pytest.approx(len(values), rel=1e-6)


@given(
    values=st.lists(st.floats(0.01, 2.0), min_size=2, max_size=12),
    weights=st.lists(st.floats(0.1, 5.0), min_size=12, max_size=12),
)
def test_two_nodes_keep_four_moments(values, weights):
    v, c = np.array(values), np.array(weights[: len(values)])
    moments = np.array([np.sum(c * v**p) for p in range(4)])
    nodes, counts = lumping.two_nodes(moments, v.max())
    assert nodes.size <= 2
    assert (nodes > 0).all()
    assert (counts > 0).all()
    assert nodes.max() <= v.max() * (1 + 1e-6)
    ours = np.array([np.sum(counts * nodes**p) for p in range(4)])
    np.testing.assert_allclose(ours, moments, rtol=1e-9)


def test_moments_that_rounding_has_spoilt_are_repaired():
    """Sums of squares and of cubes below what their sum allows; nothing at all."""
    nodes, counts = lumping.two_nodes(np.array([100.0, 1.0, 0.0, 0.0]), ceiling=0.1)
    np.testing.assert_allclose([nodes @ counts, counts.sum()], [1.0, 100.0])
    nodes, counts = lumping.two_nodes(np.array([100.0, 1.0, 0.02, -1.0]), ceiling=0.1)
    np.testing.assert_allclose([nodes @ counts, nodes**2 @ counts], [1.0, 0.02])
    nodes, counts = lumping.two_nodes(np.array([100.0, 1.0, 9.0, 9.0]), ceiling=0.1)
    assert nodes.max() <= 0.1 * (1 + 1e-12)
    for part in lumping.two_nodes(np.zeros(4), 0.0):
        assert part.size == 0


@pytest.mark.parametrize("ceiling", [0.5, 2.0])
def test_largest_fourth_moment(ceiling):
    """Attained by nodes at 0, at the ceiling and at one between, never exceeded."""
    nodes = np.array([0.0, 0.3 * ceiling, ceiling])
    counts = np.array([3.0, 2.0, 1.5])
    moments = np.array([np.sum(counts * nodes**p) for p in range(4)])
    largest = lumping._largest_fourth(moments, ceiling)
    assert largest == pytest.approx(np.sum(counts * nodes**4), rel=1e-12)
    rng = np.random.default_rng(0)
    for _ in range(100):
        v = ceiling * rng.random(5)
        moments = np.array([np.sum(v**p) for p in range(4)])
        assert lumping._largest_fourth(moments, ceiling) >= np.sum(v**4) * (1 - 1e-12)
    one = np.array([2.0, 2 * ceiling, 2 * ceiling**2, 2 * ceiling**3])
    assert lumping._largest_fourth(one, ceiling) == pytest.approx(2 * ceiling**4)


def test_draws_of_a_lumped_law_follow_the_exact_law():
    """Kolmogorov-Smirnov on 20000 draws of 4 gammas; false-alarm rate 1e-4."""
    exact = fb.EnergyLaw(fb.signals.brown_noise(512, rng=1), n_filters=3, filter_length=64)
    lumped = keep_largest(exact, 2)
    assert lumped.eigenvalues.size == 4
    assert lumped.cdf_error < 1e-3  # below what 20000 draws can tell, 1.4e-2
    draws = lumped.rvs(20_000, rng=0)
    assert stats.kstest(draws, tabulated(exact.cdf, draws)).pvalue > 1e-4
    assert stats.kstest(draws, tabulated(lumped.cdf, draws)).pvalue > 1e-4


def test_a_law_that_keeps_everything_is_the_law():
    exact = fb.EnergyLaw(fb.signals.brown_noise(512, rng=1), n_filters=3, filter_length=64)
    same = keep_largest(exact, 1000)
    np.testing.assert_array_equal(same.eigenvalues, exact.eigenvalues)
    assert same.cdf_error == 0
    assert exact.lumped(1e-300) is exact


def test_a_long_law_can_be_lumped_further():
    """Lumps of long filters count many times each; both errors add up."""
    long = fb.EnergyLaw(
        fb.signals.brown_noise(20_000, rng=0) + fb.signals.white_noise(20_000, rng=1), 10, 5000
    )
    short = long.lumped(1e-5)
    assert short.eigenvalues.size < long.eigenvalues.size / 2
    assert long.cdf_error < short.cdf_error < long.cdf_error + 1e-5
    q = long.ppf(np.linspace(0.01, 0.99, 15))
    assert np.abs(short.cdf(q) - long.cdf(q)).max() < short.cdf_error - long.cdf_error + 1e-11
    assert short.filter_length == 5000
    assert short.skewness() == pytest.approx(long.skewness(), rel=1e-9)


@given(
    values=st.lists(st.floats(1e-3, 1.0), min_size=3, max_size=30),
    n_filters=st.integers(1, 30),
    tolerance=st.sampled_from([1e-2, 1e-4, 1e-7]),
)
def test_the_error_of_few_eigenvalues_is_bounded(values, n_filters, tolerance):
    exact = fb.EnergyLaw.from_eigenvalues(values, n_filters)
    few = exact.lumped(tolerance)
    q = np.linspace(0.05, 4, 40)
    assert few.cdf_error < tolerance
    assert np.abs(few.cdf(q) - exact.cdf(q)).max() <= few.cdf_error + 1e-11
    assert few.eigenvalues.size <= exact.eigenvalues.size
    assert few.eigenvalues @ few.multiplicities == pytest.approx(1, rel=1e-12)
    assert few.var() == pytest.approx(exact.var(), rel=1e-9)


@pytest.mark.parametrize("tolerance", [-1e-3, "1e-3", np.nan])
def test_bad_input(tolerance):
    with pytest.raises(fb.FilterbankError, match="tolerance is"):
        fb.EnergyLaw.from_eigenvalues([4.0, 2.0, 1.0, 0.5], 3).lumped(tolerance)


@pytest.mark.parametrize("counts", [[1.0], [1.0, 0.0], [1.0, -1.0]])
def test_bad_multiplicities(counts):
    with pytest.raises(fb.FilterbankError, match="counts has shape"):
        GammaSum(np.array([1.0, 0.5]), 1.0, np.array(counts))
