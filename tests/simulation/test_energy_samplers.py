"""Energies from their law: the same distribution as from filters, for any length and family.

Kolmogorov-Smirnov tests pass if p > 1e-6, means and variances within 5 standard errors: a right
sampler fails one of the about 150 comparisons of this file with probability below 3e-4. The seeds
are fixed, so that it either always passes or never.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from same_law import assert_same_law, tabulated
from scipy import stats

import fbtools as fb
from fbtools.laws import energy_law
from fbtools.simulation import samplers

DRAWS = 4000


def direct_energies(x, n_filters, filter_length, n_draws, rng):
    """J transforms of length N a draw, a hundred draws at a time."""
    power = np.abs(np.fft.fft(x)) ** 2 / (x.size * (x @ x))
    half = power[: x.size // 2 + 1].copy()
    half[1 : (x.size + 1) // 2] *= 2  # the other sign of the frequency
    energies = []
    for _ in range(n_draws // 100):
        w = rng.standard_normal((100, n_filters, filter_length))
        w /= np.sqrt(n_filters * filter_length)
        energies.append(np.sum(np.abs(np.fft.rfft(w, x.size)) ** 2 @ half, axis=1))
    return np.concatenate(energies)


SIGNALS = {
    "impulse": fb.signals.impulse(300),
    "brown": fb.signals.brown_noise(300, rng=0),
    "sine": fb.signals.sinusoid(300, 0.1),
    "constant": fb.signals.constant(300),
    "white": fb.signals.white_noise(300, rng=1),
    "tone in noise": fb.signals.sinusoid(300, 0.1) + 0.1 * fb.signals.white_noise(300, rng=2),
}


@pytest.mark.parametrize("name", SIGNALS)
@pytest.mark.parametrize(("n_filters", "filter_length"), [(1, 2), (1, 64), (2, 5), (10, 64)])
def test_law_of_the_energy(name, n_filters, filter_length):
    x = SIGNALS[name]
    ratios = fb.simulate_energy(x, n_filters, filter_length, DRAWS, rng=0, method="law")
    plain = direct_energies(x, n_filters, filter_length, DRAWS, np.random.default_rng(1))
    assert_same_law(ratios, plain)
    law = fb.EnergyLaw(x, n_filters, filter_length)
    many = fb.simulate_energy(x, n_filters, filter_length, 100_000, rng=2, method="law")
    assert stats.kstest(many, tabulated(law.cdf, many)).pvalue > 1e-6


@pytest.mark.parametrize("filter_length", [63, 64, 65])
@pytest.mark.parametrize("name", SIGNALS)
def test_law_of_the_energy_around_the_switch_to_long_filters(name, filter_length, monkeypatch):
    """Up to 64 taps all eigenvalues, beyond those of Lanczos and two lumps."""
    monkeypatch.setattr(energy_law, "EXACT_LENGTH", 64)
    x = SIGNALS[name]
    ratios = fb.simulate_energy(x, 3, filter_length, DRAWS, rng=3, method="law")
    plain = direct_energies(x, 3, filter_length, DRAWS, np.random.default_rng(4))
    assert_same_law(ratios, plain)


def test_law_of_the_energy_of_long_filters():
    """T = 5000, where no matrix is built, against filters."""
    x = SIGNALS["tone in noise"].repeat(20)
    ratios = fb.simulate_energy(x, 2, 5000, DRAWS, rng=5, method="law")
    plain = fb.simulate_energy(x, 2, 5000, DRAWS, rng=6)
    assert_same_law(ratios, plain)


@pytest.mark.parametrize("family", ["uniform", "rademacher", "laplace"])
@pytest.mark.parametrize("n", [40, 11, 12])
def test_law_of_the_energy_of_other_families(family, n):
    x = fb.signals.brown_noise(n, rng=0)
    ratios = fb.simulate_energy(x, 2, 6, DRAWS, rng=0, distribution=family)
    rng = np.random.default_rng(1)
    banks = (fb.random_filterbank(2, 6, rng, distribution=family) for _ in range(DRAWS))
    assert_same_law(ratios, np.array([fb.energy_ratio(x, w) for w in banks]))


def spectrum(name, filter_length):
    values = fb.autocorrelation_spectrum(SIGNALS[name], filter_length)
    return values / values.sum()


@pytest.mark.parametrize("name", ["brown", "tone in noise", "white"])
@pytest.mark.parametrize("n_filters", [1, 2, 10])
def test_lumped_gammas_have_the_same_cumulants(name, n_filters):
    """Orders 1 to 2m, up to rounding, but not the next."""
    p = spectrum(name, 64)
    law = fb.EnergyLaw.from_eigenvalues(p, n_filters).lumped()
    gammas = samplers.EnergyFromLaw.of(law)
    m = gammas.scales.size
    assert m < p.size
    assert 0 < law.cdf_error < 1e-7
    ratios = [
        math.fsum(gammas.shapes * gammas.scales**order)
        / math.fsum(n_filters / 2 * (2 * p / n_filters) ** order)
        for order in range(1, 2 * m + 2)
    ]
    np.testing.assert_allclose(ratios[:-1], 1, rtol=1e-9)
    if name == "white":  # elsewhere, the first node alone has nearly the high powers
        assert abs(ratios[-1] - 1) > 1e-5


def gil_pelaez(q, scales, shapes):
    """P(sum <= q), from the characteristic function, by Gauss's rule on 40 panels."""
    nodes, weights = np.polynomial.legendre.leggauss(60)
    edges = np.concatenate([[0.0], np.geomspace(0.5, 4000, 40)])
    half = np.diff(edges) / 2
    s = (half[:, None] * (nodes + 1) + edges[:-1, None]).ravel()
    log_phi = -np.log(1 - 1j * np.outer(s, scales)) @ shapes
    values = np.exp(log_phi - 1j * s * q).imag / s
    return 0.5 - math.fsum(values * np.outer(half, weights).ravel()) / np.pi


@pytest.mark.parametrize("name", ["brown", "tone in noise", "white"])
@pytest.mark.parametrize("tolerance", [1e-2, 1e-4, 1e-7])
def test_distance_of_the_lumped_law_is_bounded(name, tolerance):
    """Exact distribution functions, each by its own method, at points over the whole law."""
    law = fb.EnergyLaw(SIGNALS[name], 6, 64)
    few = law.lumped(tolerance)
    gammas = samplers.EnergyFromLaw.of(few)
    assert 0 < few.cdf_error < tolerance
    q = np.asarray(law.ppf(np.linspace(0.02, 0.98, 9)))
    lumped = np.array([gil_pelaez(value, gammas.scales, gammas.shapes) for value in q])
    gap = np.abs(lumped - law.cdf(q)).max()
    assert gap <= few.cdf_error + 1e-9
    if tolerance == 1e-2:
        assert gap > few.cdf_error / 100  # a bound of the right size, where there is a gap


def test_what_cannot_be_lumped_is_drawn_in_full():
    p = spectrum("brown", 64)
    law = fb.EnergyLaw.from_eigenvalues(p, 10).lumped(1e-300)
    assert law.cdf_error == 0
    gammas = samplers.EnergyFromLaw.of(law)
    np.testing.assert_allclose(gammas.scales, 2 * p / 10)
    assert (gammas.shapes == 5).all()
    rows = gammas(50_000, np.random.default_rng(0))
    law = fb.EnergyLaw(SIGNALS["brown"], 10, 64)
    assert stats.kstest(rows, tabulated(law.cdf, rows)).pvalue > 1e-6


def test_energies_from_filters_are_theirs():
    x = fb.signals.chirp(40, 0.02, 0.3)
    sampler = samplers.energy_sampler(x, 3, 7, from_filters=True)
    ratios = sampler(4, np.random.default_rng(2))
    w = np.sqrt(4) * fb.random_filterbank(12, 7, np.random.default_rng(2))
    expected = [fb.energy_ratio(x, bank) for bank in w.reshape(4, 3, 7)]
    np.testing.assert_allclose(ratios, expected, rtol=1e-12)
