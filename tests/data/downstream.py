"""What a user's code may rely on: read by strict type checkers, and run."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import fbtools as fb

Floats = NDArray[np.float64]

w: Floats = fb.random_filterbank(8, 16, rng=0, distribution="uniform")
x: Floats = fb.signals.harmonic_tone(64, 0.1, 3)
y: Floats = fb.analyze(x, w, stride=2)
back: Floats = fb.synthesize(y, fb.dual(w, 64, stride=2), stride=2)
ratio: float = fb.energy_ratio(x, w)

law = fb.EnergyLaw(x, n_filters=8, filter_length=16)
p: float = law.sf(1.1)
q: Floats = law.sf([1.0, 1.1])
draws: Floats = law.rvs(5, rng=np.random.default_rng(0))
draw: float = law.rvs()

bounds: fb.FrameBounds = fb.frame_bounds(w)
kappa: float = bounds.condition_number
low, high = fb.frame_bound_laws(8, 16, 64)
median: float = low.ppf(0.5)

seed: np.random.SeedSequence = np.random.SeedSequence(1)
energies: Floats = fb.simulate_energy(x, 8, 16, 10, rng=seed)
lowers, uppers = fb.simulate_frame_bounds(8, 16, 10, 64, rng=0)

optimiser: fb.learning.Optimiser = fb.learning.Adam(learning_rate=1e-3)
penalty = fb.learning.Penalty("condition", 1e-3)
recording = fb.audio.load("trumpet", duration=0.1)
rate: int = recording.sr
