"""One task for five encoders: the denoising experiment of the chapter "Holding tight".

The encoders have the same number of filters, support and stride; the mask network, the data and
the training are the same. `chapters/data/denoising.py` runs everything and stores the results,
which the package carries along.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from fbtools import audio
from fbtools.filterbanks.auditory import stft_filterbank
from fbtools.filterbanks.convolution import analyze, synthesize
from fbtools.filterbanks.isac import isac_channels, isac_filterbank
from fbtools.filterbanks.random import random_filterbank
from fbtools.frames.bounds import condition_number
from fbtools.frames.duals import dual
from fbtools.learning.denoiser import Denoiser, Learnable, make_denoiser, train_denoiser
from fbtools.learning.masking import mix, si_sdr
from fbtools.signals import pink_noise
from fbtools.validation import FloatArray, as_choice, as_count

__all__ = ["evaluate", "held_out", "stored_runs", "train"]

RECORDINGS = ("libri1", "libri2", "libri3")
SYSTEMS = ("STFT", "ISAC", "HybrA", "free", "free, kappa")
SNRS = (0, 10, 20)
SR, N_FILTERS, FILTER_LENGTH, STRIDE, LEARNED_LENGTH = 16_000, 40, 128, 16, 23
N_STEPS, BETA, LEARNING_RATES = 500, 1.0, (1e-2, 1e-3)
TEST_SECONDS, NOISE_SECONDS = 6, 30
STORE = Path(__file__).with_name("data") / "denoising.json"


def train(system: str, fold: int, seed: int, n_steps: int = N_STEPS) -> tuple[Denoiser, FloatArray]:
    """Train one system on two of the three recordings.

    Parameters
    ----------
    system : {"STFT", "ISAC", "HybrA", "free", "free, kappa"}
        The encoder. The auditory part of HybrA is shorter by the learned filters, so that all
        encoders have the same support.
    fold : int
        Recording that is left out, 0 to 2.
    seed : int
        Seed of everything that is drawn: network, free filters, noise, segments.
    n_steps : int
        Number of steps of Adam.

    Returns
    -------
    Denoiser
        The trained denoiser.
    ndarray of float64, shape (n_steps,)
        Mean SI-SDR in dB of each batch.

    Raises
    ------
    FilterbankError
        If the system is unknown, or a number is out of range.

    See Also
    --------
    train_denoiser

    Examples
    --------
    >>> trained, history = train("STFT", fold=0, seed=0, n_steps=1)
    >>> trained.learn, history.shape
    ('nothing', (1,))
    """
    kind = as_choice(system, "system", SYSTEMS)
    left_out = as_count(fold, "fold", minimum=0, maximum=len(RECORDINGS) - 1)
    rng = np.random.default_rng([as_count(seed, "seed", minimum=0, maximum=None), left_out])
    channels = isac_channels(N_FILTERS)
    if kind == "STFT":
        w = stft_filterbank(N_FILTERS, FILTER_LENGTH, stride=STRIDE)
    elif kind == "ISAC":
        w = isac_filterbank(N_FILTERS, FILTER_LENGTH, SR, stride=STRIDE)
    elif kind == "HybrA":
        w = isac_filterbank(N_FILTERS, FILTER_LENGTH - LEARNED_LENGTH + 1, SR, stride=STRIDE)
    else:
        w = random_filterbank(channels.size, FILTER_LENGTH, rng, stride=STRIDE)
    learn: Learnable = "hybrid" if kind == "HybrA" else "filters" if "free" in kind else "nothing"
    denoiser = make_denoiser(
        w, channels, stride=STRIDE, learn=learn, learned_length=LEARNED_LENGTH, rng=rng
    )
    voices = [
        recording / recording.std() for i, recording in enumerate(_recordings()) if i != left_out
    ]
    noise = pink_noise(NOISE_SECONDS * SR, rng)
    beta = BETA if kind in ("HybrA", "free, kappa") else 0.0
    return train_denoiser(
        denoiser,
        np.concatenate(voices),
        noise,
        n_steps,
        beta=beta,
        snr_range=(SNRS[0], SNRS[-1]),
        learning_rates=LEARNING_RATES,
        rng=rng,
    )


def evaluate(denoiser: Denoiser, fold: int) -> dict[str, list[float]]:
    """Improvement of the SI-SDR on the recording that was left out.

    Parameters
    ----------
    denoiser : Denoiser
        A system trained without the recording.
    fold : int
        The recording, 0 to 2.

    Returns
    -------
    dict
        "adjoint" and "dual": gain in dB at 0, 10 and 20 dB, with the adjoint of the encoder as
        decoder and with its canonical dual. "kappa": condition number of the encoder.

    Examples
    --------
    >>> untrained, _ = train("STFT", fold=0, seed=0, n_steps=1)
    >>> result = evaluate(untrained, fold=0)
    >>> len(result["adjoint"]), len(result["dual"]), round(result["kappa"][0], 2)
    (3, 3, 1.25)
    """
    clean, noise = held_out(fold)
    filters = denoiser.filters()
    w_dual = dual(filters, clean.size, stride=STRIDE)
    gains: dict[str, list[float]] = {"adjoint": [], "dual": []}
    for snr in SNRS:
        noisy = mix(clean, noise, snr)
        before = si_sdr(noisy, clean)
        masked = denoiser.mask(noisy)[denoiser.channels] * analyze(noisy, filters, stride=STRIDE)
        gains["adjoint"].append(si_sdr(synthesize(masked, filters, stride=STRIDE), clean) - before)
        gains["dual"].append(si_sdr(synthesize(masked, w_dual, stride=STRIDE), clean) - before)
    return {**gains, "kappa": [condition_number(filters, stride=STRIDE)]}


def stored_runs() -> dict[str, Any]:
    """Results of the full experiment, which this package carries along.

    Returns
    -------
    dict
        "runs": for each system, fold and seed the gains and kappa of `evaluate`, and "train", the
        mean SI-SDR over the last 100 steps. "short": by the kind of signals and by system, the
        mean SI-SDR over the first 40 steps of fold 0, seed 0. "command" that makes them.

    Examples
    --------
    >>> sorted(stored_runs()["runs"][0])
    ['adjoint', 'dual', 'fold', 'kappa', 'seed', 'system', 'train']
    """
    return dict(json.loads(STORE.read_text(encoding="utf-8")))


def held_out(fold: int) -> tuple[FloatArray, FloatArray]:
    """Clean signal and noise on which a fold is tested, 6 s each.

    Parameters
    ----------
    fold : int
        The recording, 0 to 2.

    Returns
    -------
    clean : ndarray of float64, shape (N,)
        Beginning of the recording, at 16 kHz.
    noise : ndarray of float64, shape (N,)
        Pink noise, another for each fold.

    Examples
    --------
    >>> clean, noise = held_out(0)
    >>> clean.shape, noise.shape
    ((96000,), (96000,))
    """
    clean = _recordings()[fold][: TEST_SECONDS * SR]
    return clean, pink_noise(clean.size, np.random.default_rng([fold, 2**20]))


def _recordings() -> list[FloatArray]:
    return [audio.load(name, sr=SR).x for name in RECORDINGS]
