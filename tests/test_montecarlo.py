"""Simulation: the same as drawing and applying filters one bank at a time."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import fbtools as fb
from fbtools import montecarlo


@pytest.mark.parametrize("n", [40, 41])
def test_simulated_energies_are_those_of_applied_filters(n, monkeypatch):
    """One draw a block, from the same stream: the ratio of the very same filterbank."""
    monkeypatch.setattr(montecarlo, "CHUNK", 1)
    x = fb.brown_noise(n, rng=0)
    ratios = fb.simulate_energy(x, 3, 7, n_draws=4, rng=11)
    streams = np.random.default_rng(11).spawn(4)
    expected = [fb.energy_ratio(x, fb.random_filterbank(3, 7, stream)) for stream in streams]
    np.testing.assert_allclose(ratios, expected, rtol=1e-12)


def test_same_seed_same_bits_for_any_number_of_workers(monkeypatch):
    monkeypatch.setattr(montecarlo, "CHUNK", 5000)
    x = fb.chirp(100, 0.1, 0.3)
    one = fb.simulate_energy(x, 3, 7, n_draws=333, rng=5)
    np.testing.assert_array_equal(one, fb.simulate_energy(x, 3, 7, 333, rng=5, workers=3))
    assert one.shape == (333,)
    assert np.unique(one).size == 333


def test_blocks_do_not_change_the_law():
    """Two-sample Kolmogorov-Smirnov, simulation against single applications; false alarms 1e-4."""
    x = fb.sinusoid(128, 9 / 128)
    blocks = fb.simulate_energy(x, 2, 16, 3000, rng=0)
    generator = np.random.default_rng(1)
    singles = [fb.energy_ratio(x, fb.random_filterbank(2, 16, generator)) for _ in range(3000)]
    assert stats.ks_2samp(blocks, singles).pvalue > 1e-4


def test_progress_is_shown_when_asked(capsys):
    fb.simulate_energy(fb.impulse(16), 1, 4, 10, rng=0)
    assert capsys.readouterr().err == ""
    fb.simulate_energy(fb.impulse(16), 1, 4, 10, rng=0, progress=True)
    assert "1/1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fb.simulate_energy([0.0], 1, 1, 1), "x is zero"),
        (lambda: fb.simulate_energy([1.0], 0, 1, 1), "n_filters is 0"),
        (lambda: fb.simulate_energy([1.0], 1, 2, 1), "filter_length is 2"),
        (lambda: fb.simulate_energy([1.0], 1, 1, 0), "n_draws is 0"),
        (lambda: fb.simulate_energy([1.0], 1, 1, 1, rng=-1), "rng is -1"),
        (lambda: fb.simulate_energy([1.0], 1, 1, 1, workers=0), "workers is 0"),
        (lambda: fb.simulate_energy([1.0], 1, 1, 1, distribution="x"), "distribution is 'x'"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(fb.FilterbankError, match=message):
        call()
