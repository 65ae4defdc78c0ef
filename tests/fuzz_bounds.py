"""Frame bounds of structured filterbanks against dense singular values, one seed each.

`python tests/fuzz_bounds.py 10000` checks the seeds 0 to 9999, prints each violation with its seed,
and fails if there is one; `python tests/fuzz_bounds.py 1 --first 42` checks seed 42 alone. The
oracle knows no polyphase matrices: it transforms each filter at aliased frequencies, by definition.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections import Counter

import numpy as np
from scipy import optimize
from tqdm import tqdm

import fbtools as fb

EPS = float(np.finfo(float).eps)


def shape(rng):
    """J >= d, T and d."""
    d = int(rng.integers(1, 9))
    return d * int(rng.integers(1, 4)) + int(rng.integers(0, 2)), int(rng.integers(1, 65)), d


def gaussian(rng):
    j, t, d = shape(rng)
    return rng.standard_normal((j, t)), d


def deaf_to_constants(rng):
    w, d = gaussian(rng)
    return w - w.mean(axis=1, keepdims=True), d


def duplicates(rng):
    w, d = gaussian(rng)
    return w[rng.integers(0, rng.integers(1, len(w) + 1), len(w))], d


def nearly_duplicates(rng):
    w, d = duplicates(rng)
    return w + 10.0 ** rng.uniform(-14, -1) * rng.standard_normal(w.shape), d


def nearly_equal_minima(rng):
    """One filter, with pairs of zeros near the circle, and quieter copies of it."""
    row = np.ones(1)
    for angle in rng.uniform(0, np.pi, rng.integers(1, 5)):
        r = 1 - 10.0 ** rng.uniform(-9, -1)
        row = np.convolve(row, [1.0, -2 * r * np.cos(angle), r**2])
    return np.outer(10.0 ** rng.uniform(-3, 0, rng.integers(1, 4)), row), 1


def comb(rng):
    """Equal minima, but for a perturbation."""
    w = np.zeros((int(rng.integers(1, 4)), 61))
    w[:, :: int(rng.choice([4, 6, 12]))] = 1
    w *= rng.standard_normal(w.shape)
    return w + 10.0 ** rng.uniform(-16, -4) * rng.standard_normal(w.shape), int(rng.integers(1, 3))


def loud_and_quiet(rng):
    w, d = gaussian(rng)
    return w * 10.0 ** rng.uniform(-8, 8, (len(w), 1)), d


def windowed_cosines(rng):
    """Critically sampled: J = d."""
    d, t = int(rng.integers(2, 7)), int(rng.integers(8, 80))
    return np.hanning(t + 2)[1:-1] * np.cos(np.outer(rng.uniform(0, np.pi, d), np.arange(t))), d


def touching(rng):
    """Two channels that do not mix, with eigenvalues that cross or touch; turned by a rotation."""
    w, k = np.zeros((2, 24)), int(rng.integers(2, 13))
    w[0, : 2 * k : 2], w[1, 1 : 2 * k : 2] = rng.standard_normal((2, k))
    if rng.random() < 0.3:
        w[1, 1::2] = w[0, ::2]
    turn, _ = np.linalg.qr(rng.standard_normal((2, 2)))
    return turn @ w, 2


def fewer_filters_than_the_stride(rng):
    j = int(rng.integers(1, 8))
    return rng.standard_normal((j, int(rng.integers(1, 65)))), j + int(rng.integers(1, 4))


def shorter_than_the_stride(rng):
    j, _, d = shape(rng)
    return rng.standard_normal((j, int(rng.integers(1, d + 1)))), d


def one_tap(rng):
    j, _, d = shape(rng)
    return rng.standard_normal((j, 1)), d


def critical(rng):
    d = int(rng.integers(1, 9))
    return rng.standard_normal((d, int(rng.integers(d, 9 * d)))), d


def rotations(rng, d, count):
    """A paraunitary matrix as taps, shape (count + 1, d, d): it turns, and nothing else."""
    taps = np.linalg.qr(rng.standard_normal((d, d)))[0][None]
    for _ in range(count):
        v = rng.standard_normal(d)
        delayed = np.outer(v, v) / (v @ v)
        taps = np.pad(taps, ((0, 1), (0, 0), (0, 0)))
        taps = taps @ (np.eye(d) - delayed) + np.roll(taps, 1, axis=0) @ delayed
    return taps


def flat_spectra(rng):
    """Singular values that are the same at all fibres, some of them tiny, some of them equal."""
    d = int(rng.integers(2, 7))
    left, right = (rotations(rng, d, int(k)) for k in rng.integers(1, 7, 2))
    scales = np.where(
        rng.random(d) < 0.5, 10.0 ** rng.uniform(-9, 0), 10.0 ** rng.uniform(-9, 0, d)
    )
    taps = np.zeros((len(left) + len(right) - 1, d, d))
    for m, matrix in enumerate(left):
        taps[m : m + len(right)] += matrix * scales @ right
    return taps.transpose(1, 0, 2).reshape(d, -1), d


def long_filters(rng):
    d = int(rng.integers(1, 5))
    w = rng.standard_normal((d * int(rng.integers(1, 3)), int(rng.integers(100, 301))))
    return w * 10.0 ** rng.uniform(-4, 4, (len(w), 1)), d


KINDS = (gaussian, deaf_to_constants, duplicates, nearly_duplicates, nearly_equal_minima, comb,
         loud_and_quiet, windowed_cosines, touching, fewer_filters_than_the_stride,
         shorter_than_the_stride, one_tap, critical, flat_spectra, long_filters)  # fmt: skip


def roots(w, d, omegas):
    """Singular values of sum_n w[j, n] exp(-i n (omega + 2 pi l / d)) / sqrt(d), shape (K, .)."""
    aliases = np.asarray(omegas)[:, None] + 2 * np.pi * np.arange(d) / d
    waves = np.exp(-1j * aliases[:, None, :] * np.arange(w.shape[1])[:, None])
    return np.linalg.svd(w @ waves / np.sqrt(d), compute_uv=False)


def least_root(w, d, omega):
    """0 if J < d: then some signal is lost."""
    return float(roots(w, d, [omega])[0, -1]) if len(w) >= d else 0.0


def oracle(w, d, bounds):
    """Least and largest root on a fine grid; the least also about its minima and what is found."""
    omegas = np.linspace(0, np.pi / d, 6 * w.shape[1] // d + 40)
    every = roots(w, d, omegas)
    least = every[:, -1] if len(w) >= d else np.zeros(len(every))
    step, met = omegas[1], [float(least.min())]
    for omega in [*omegas[np.argsort(least)[:3]], bounds.lower_frequency]:
        met += [
            least_root(w, d, omega + s * step * 10.0**-k) for k in range(1, 15) for s in (-1, 1)
        ]
        near = (omega - step, omega + step)
        found = optimize.minimize_scalar(
            lambda o: least_root(w, d, o), bounds=near, method="bounded", options={"xatol": 1e-15}
        )
        met.append(float(found.fun))
    return min(met), float(every[:, 0].max())


def violations(seed):
    """What is wrong with the bounds of one bank: its kind, its verdict, and a list of sentences."""
    rng = np.random.default_rng(seed)
    kind = KINDS[seed % len(KINDS)]
    w, d = kind(rng)
    b = fb.frame_bounds(w, stride=d)
    least, most = oracle(w, d, b)
    # A root has a rounding of max(J, T) eps sqrt(B), ours and the oracle's; the search for A ends
    # within four of these, or 1e-6.
    noise = 2 * max(w.shape) * EPS * most
    claims = {
        "enclosure above A": b.lower_interval[0] <= (least + noise) ** 2,
        "value above A": b.lower <= (least + 3 * noise) ** 2 * (1 + 1e-5),
        "value below its enclosure": b.lower_interval[0] <= b.lower <= b.lower_interval[1],
        "not attained": abs(np.sqrt(b.lower_interval[1]) - least_root(w, d, b.lower_frequency))
        <= noise,
        "a frame called none": b.verdict != "not a frame" or least <= 2 * noise,
        "known, but not to 1 %": not b.is_frame or b.lower_interval[0] >= 0.99 * b.lower,
        "value below B": b.upper >= most**2 * (1 - 1e-9),
        "enclosure below B": b.upper_interval[1] >= most**2 * (1 - 1e-13),
        "B too wide": b.upper_interval[1]
        <= b.upper * (1 + (1e-6 if kind is flat_spectra else 1.1e-10) + 1e-13 * w.shape[1]),
        "kappa": b.condition_interval[0] * (1 - 1e-14)
        <= b.condition_number
        <= b.condition_interval[1] * (1 + 1e-14),
        "deaf, yet a frame": kind is not deaf_to_constants or not b.is_frame,
    }
    for blocks in {-(-w.shape[1] // d), max(96, w.shape[1]), 1024}:
        on_grid = fb.frame_bounds(w, blocks * d, stride=d)
        every = roots(w, d, 2 * np.pi * np.arange(blocks // 2 + 1) / (blocks * d))
        exact = float(every[:, -1].min()) if len(w) >= d else 0.0
        claims |= {
            f"A on {blocks} fibres": abs(np.sqrt(on_grid.lower) - exact) <= noise,
            f"B on {blocks} fibres": abs(on_grid.upper - every.max() ** 2)
            <= 1e-12 * every.max() ** 2,
            f"A(anywhere) on {blocks} fibres": b.lower <= (exact + 3 * noise) ** 2 * (1 + 1e-5),
            f"B(anywhere) on {blocks} fibres": b.upper >= on_grid.upper * (1 - 1e-9),
        }
    return kind.__name__, b.verdict, [name for name, holds in claims.items() if not holds]


def main() -> int:
    parser = argparse.ArgumentParser(description="Fuzz the frame bounds.")
    parser.add_argument("count", type=int)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    warnings.simplefilter("error")
    bad, verdicts = 0, Counter()
    for seed in tqdm(range(options.first, options.first + options.count)):
        try:
            name, verdict, wrong = violations(seed)
            verdicts[verdict] += 1
        except Exception as error:
            name, wrong = "exception", [repr(error)]
        if wrong:
            bad += 1
            tqdm.write(f"seed {seed}, {name}: {'; '.join(wrong)}")
    told = ", ".join(f"{count} {verdict}" for verdict, count in sorted(verdicts.items()))
    print(f"{options.count} banks, {bad} with violations or exceptions; {told}")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
