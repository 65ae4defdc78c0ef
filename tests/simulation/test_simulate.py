"""Simulation: reproducible, and for families other than Gaussian, of the very filters drawn."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from checkout import ROOT

import fbtools as fb
from fbtools.simulation import simulate


@pytest.mark.parametrize("n", [40, 41, 13, 14, 7])
@pytest.mark.parametrize("family", ["uniform", "rademacher", "laplace"])
def test_simulated_energies_are_those_of_applied_filters(n, family, monkeypatch):
    """One draw a chunk, from the same stream: the ratio of the very same filterbank."""
    monkeypatch.setattr(simulate, "CHUNK", 1)
    x = fb.signals.brown_noise(n, rng=0)
    ratios = fb.simulate_energy(x, 3, 7, n_draws=4, rng=11, distribution=family)
    streams = [np.random.Generator(np.random.SFC64(s)) for s in np.random.SeedSequence(11).spawn(4)]
    banks = [fb.random_filterbank(3, 7, stream, distribution=family) for stream in streams]
    np.testing.assert_allclose(ratios, [fb.energy_ratio(x, w) for w in banks], rtol=1e-12)


def test_same_seed_same_bits_for_any_number_of_workers(monkeypatch):
    monkeypatch.setattr(simulate, "LARGEST_CHUNK", 50)
    x = fb.signals.chirp(100, 0.1, 0.3)
    one = fb.simulate_energy(x, 3, 7, n_draws=333, rng=5)
    np.testing.assert_array_equal(one, fb.simulate_energy(x, 3, 7, 333, rng=5, workers=3))
    assert one.shape == (333,)
    assert np.unique(one).size == 333


def test_a_generator_gives_new_draws_at_each_call():
    rng = np.random.default_rng(3)
    x = fb.signals.impulse(16)
    first, second = (fb.simulate_energy(x, 2, 4, 5, rng=rng) for _ in range(2))
    assert (first != second).all()
    again = np.random.default_rng(3)
    np.testing.assert_array_equal(first, fb.simulate_energy(x, 2, 4, 5, rng=again))
    np.testing.assert_array_equal(second, fb.simulate_energy(x, 2, 4, 5, rng=again))


def test_progress_is_shown_when_asked(capsys):
    fb.simulate_energy(fb.signals.impulse(16), 1, 4, 10, rng=0)
    assert capsys.readouterr().err == ""
    fb.simulate_energy(fb.signals.impulse(16), 1, 4, 10, rng=0, progress=True)
    assert "10.0/10.0" in capsys.readouterr().err


LARGE = [
    "x = fb.signals.brown_noise(22050, rng=0)\n"
    "fb.simulate_energy(x, 10, 1024, 10**7, rng=0, method='law')",
    "fb.simulate_frame_bounds(40, 1024, 10**5, 1024, rng=0, workers=2, method='law')",
    "fb.simulate_frame_bounds(40, 1024, 500, 4096, rng=0, workers=2, method='law')",
    "fb.simulate_frame_bounds(40, 1024, 200, rng=0, workers=2, method='law')",
]


def test_memory_is_bounded():
    """Less than 1 GiB for 10^7 energies and 10^5 bounds; chunks are the same for any number."""
    lines = ["import fbtools as fb", "from peak_memory import peak_memory"]
    lines += [f"{call}\nprint(peak_memory())" for call in LARGE]
    command = [sys.executable, "-c", "\n".join(lines)]
    here = ROOT / "tests"
    result = subprocess.run(command, capture_output=True, check=True, cwd=here)
    peaks = dict(zip(LARGE, map(int, result.stdout.split()), strict=True))  # each with those before
    assert min(peaks.values()) > 2**20
    assert {call: peak for call, peak in peaks.items() if peak >= 2**30} == {}


def test_the_law_of_more_filters_than_fit_in_memory_is_drawn():
    """No bank is there to be stored. Both bounds are within 10 sqrt(T/J) of 1."""
    assert fb.simulate_energy([1.0, 2.0], 10**15, 2, 3, 0, method="law") == pytest.approx(1)
    bounds = fb.simulate_frame_bounds(10**15, 4, 3, 16, rng=0, method="law")
    np.testing.assert_allclose(bounds, 1, atol=1e-6)


def test_of_a_generator_only_the_seed_and_the_streams_spawned_count():
    x = fb.signals.impulse(16)
    used = np.random.default_rng(3)
    used.random(100)
    by_hand = np.random.default_rng(3)
    by_hand.bit_generator.state = np.random.default_rng(4).bit_generator.state
    truth = fb.simulate_energy(x, 2, 4, 5, rng=3)
    for generator in (used, by_hand):
        np.testing.assert_array_equal(fb.simulate_energy(x, 2, 4, 5, rng=generator), truth)
    jumped = [np.random.Generator(np.random.PCG64(0).jumped()) for _ in range(2)]
    one, two = (fb.simulate_energy(x, 2, 4, 5, rng=generator) for generator in jumped)
    assert (one != two).all()  # a fresh seed sequence each


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
        (lambda: fb.simulate_energy([1.0], 1, 1, 10**30), "n_draws is 10+: it must be at most"),
        (lambda: fb.simulate_energy([1.0], 1, 1, 2**52), r"n_draws is .* take 3.36e\+07 GiB"),
        (lambda: fb.simulate_energy([1.0], 2**52, 1, 1), r"n_filters is .* take 3.36e\+07 GiB"),
        (lambda: fb.simulate_frame_bounds(1, 2**52, 1), r"filter_length is .*e\+07 GiB"),
        (lambda: fb.simulate_frame_bounds(1, 1, 1, 2**52), r"signal_length is .*e\+07 GiB"),
        (lambda: fb.simulate_frame_bounds(1, 1, 1, stride=2**52), r"stride is .*e\+07 GiB"),
        (lambda: fb.simulate_frame_bounds(2**53, 2**53, 1), r"n_filters is .*e\+23 GiB"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(fb.FilterbankError, match=message):
        call()
