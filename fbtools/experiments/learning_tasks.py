"""Filterbanks to learn: targets, sounds and settings of five published fits, and their results.

    python -m fbtools.experiments.learning_tasks             all runs, half an hour on one core
    python -m fbtools.experiments.learning_tasks mel tight   those of two tasks

Sizes, strides, batches, losses and optimisers are those of the public notebooks that accompany
Haider, Lostanlen, Ehler and Balazs (2024). The targets are rebuilt from librosa and SciPy, and
librosa's example recordings stand for the two data sets (vowels, notes of instruments).
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import fft

from fbtools.audio.segments import random_segments
from fbtools.extras import needs
from fbtools.filterbanks.auditory import gammatone_filterbank, mel_filterbank
from fbtools.filterbanks.random import random_filterbank
from fbtools.filterbanks.scales import erb_frequencies
from fbtools.frames.duals import tighten
from fbtools.learning.fits import Fit
from fbtools.learning.losses import Regression
from fbtools.learning.optimisers import Adam, GradientDescent, Optimiser
from fbtools.learning.penalties import Penalty
from fbtools.learning.training import fit_filterbank
from fbtools.records import Value
from fbtools.signals import random_sines
from fbtools.validation import ComplexArray, FloatArray, as_choice

__all__ = ["LearningTask", "learning_task", "stored_fits"]

SR = 16000
NAMES = ("constant_q", "mel", "variable_q", "gammatone", "tight")
SPEECH = ("libri1", "libri2", "libri3")
MUSIC = ("trumpet", "brahms", "nutcracker", "choice", "vibeace")
STORE = Path(__file__).with_name("data") / "learning.json"


@dataclass(frozen=True, eq=False)
class LearningTask(Value):
    """A filterbank to learn, what it is learned from, and how.

    Attributes
    ----------
    name : str
        Name of the task.
    filter_length : int
        Number of taps T of the learned filters.
    signal_length : int
        Number of samples N of each signal.
    n_epochs, steps_per_epoch, batch_size : int
        Length of the fit.
    loss : Regression
        What is compared.
    optimiser : GradientDescent, Momentum or Adam
        Rule of the steps.
    penalties : dict
        The penalties compared, by name; "none" is None.
    n_filters : int
        Number of filters J.

    Examples
    --------
    >>> task = learning_task("mel")
    >>> task.n_filters, task.filter_length, task.signal_length, task.loss.stride
    (42, 1024, 4095, 585)
    """

    name: str
    n_filters: int
    filter_length: int
    signal_length: int
    n_epochs: int
    steps_per_epoch: int
    batch_size: int
    loss: Regression
    optimiser: Optimiser
    penalties: dict[str, Penalty | None]

    def start(self, seed: int) -> FloatArray:
        """Return random filters to start from.

        Parameters
        ----------
        seed : int
            Seed; the same seed gives the same bits.

        Returns
        -------
        ndarray of float64, shape (J, T)
            Filters of `random_filterbank`.

        Examples
        --------
        >>> learning_task("mel").start(seed=0).shape
        (42, 1024)
        """
        return random_filterbank(self.n_filters, self.filter_length, rng=seed)

    def target(self, seed: int = 0) -> FloatArray | ComplexArray:
        """Return the filters to learn; of "tight", the canonical tight version of the start.

        Parameters
        ----------
        seed : int
            Seed of the start; of no account but for "tight".

        Returns
        -------
        ndarray of float64 or complex128, shape (J, T')
            Real filters for "tight", complex ones for the other tasks.

        Raises
        ------
        MissingPackageError
            If librosa, of which some targets are made, is not installed.

        Examples
        --------
        >>> learning_task("tight").target(seed=0).shape
        (40, 1024)
        """
        if self.name == "tight":
            return tighten(self.start(seed), self.signal_length)
        make, length = TARGETS[self.name]
        return make(self.n_filters, length)

    def signals(self, seed: int) -> FloatArray | Callable[[np.random.Generator], FloatArray]:
        """Return the sounds to learn from: recordings in segments, or sines.

        Parameters
        ----------
        seed : int
            Seed of the choice of segments, or of the sines.

        Returns
        -------
        ndarray of float64, shape (n_signals, N), or callable
            For "tight", a function of a Generator that returns a fresh batch of sines.

        Examples
        --------
        >>> draw = learning_task("tight").signals(seed=0)
        >>> draw(np.random.default_rng(0)).shape
        (32, 1024)
        """
        n, size = self.signal_length, self.batch_size
        if self.name == "tight":
            return lambda rng: random_sines(size, n, SR, rng=rng)
        if self.name == "constant_q":
            return random_sines(size * self.steps_per_epoch, n, SR, rng=seed)
        names = MUSIC if self.name == "variable_q" else SPEECH
        return random_segments(names, size * self.steps_per_epoch, n, SR, rng=seed)

    def fit(self, penalty: str = "none", seed: int = 0, n_epochs: int | None = None) -> Fit:
        """Run the fit with one of the penalties, for all its epochs or for fewer.

        Parameters
        ----------
        penalty : str
            Name in `penalties`.
        seed : int
            Seed of the start, the signals and the order of the signals.
        n_epochs : int or None
            Number of epochs; None for those of the task.

        Returns
        -------
        Fit
            Filters and history.

        Raises
        ------
        FilterbankError
            If there is no such penalty, or an argument is out of range.

        See Also
        --------
        fit_filterbank, stored_fits

        Examples
        --------
        >>> from dataclasses import replace
        >>> small = {"n_filters": 4, "filter_length": 16, "signal_length": 32, "steps_per_epoch": 2}
        >>> fit = replace(learning_task("tight"), **small).fit("condition", n_epochs=3)
        >>> fit.w.shape, fit.loss.shape, fit.stopped
        ((4, 16), (3,), 'finished')
        """
        epochs = self.n_epochs if n_epochs is None else n_epochs
        return fit_filterbank(
            self.start(seed),
            self.target(seed),
            self.signals(seed),
            self.optimiser,
            epochs,
            loss=self.loss,
            penalty=self.penalties[as_choice(penalty, "penalty", tuple(self.penalties))],
            batch_size=self.batch_size,
            steps_per_epoch=self.steps_per_epoch,
            rng=seed,
        )


def learning_task(name: str) -> LearningTask:
    """Settings of a published fit.

    Parameters
    ----------
    name : {"constant_q", "mel", "variable_q", "gammatone", "tight"}
        Filterbank to learn.

    Returns
    -------
    LearningTask
        Targets, sounds and settings.

    Raises
    ------
    FilterbankError
        If the name is unknown.

    References
    ----------
    Haider, Lostanlen, Ehler and Balazs (2024), the public notebooks on stability under gradient
    descent.

    Examples
    --------
    >>> task = learning_task("tight")
    >>> fit = task.fit("condition", seed=0, n_epochs=1)
    >>> fit.condition_number.size
    2
    """
    as_choice(name, "name", NAMES)
    if name == "tight":
        return _tight_task()
    sizes = {
        "constant_q": (58, 4092, 50, 341, 1e-3),
        "mel": (42, 4095, 40, 585, 1e-3),
        "variable_q": (96, 4096, 37, 512, 5e-3),
        "gammatone": (67, 4096, 40, 512, 1e-3),
    }
    count, length, steps, stride, weight = sizes[name]
    penalties: dict[str, Penalty | None] = {"none": None, "condition": Penalty("condition", weight)}
    if name == "constant_q":
        # The weight of the published course, judged by its first epochs; its notebook says 1e-3.
        penalties["stronger"] = Penalty("condition", 5e-3)
    return LearningTask(
        name=name,
        n_filters=count,
        filter_length=1024,
        signal_length=length,
        n_epochs=100,
        steps_per_epoch=steps,
        batch_size=64,
        loss=Regression("magnitude", "cosine", stride=stride, pooling=None),
        optimiser=Adam(learning_rate=1e-5),
        penalties=penalties,
    )


def _tight_task() -> LearningTask:
    return LearningTask(
        name="tight",
        n_filters=40,
        filter_length=1024,
        signal_length=1024,
        n_epochs=50,
        steps_per_epoch=100,
        batch_size=32,
        loss=Regression("magnitude", "mean_squared"),
        optimiser=GradientDescent(learning_rate=0.1),
        penalties={
            "none": None,
            "condition": Penalty("condition", 7.5e-5),
            "tightness": Penalty("tightness", 5e-4, every=100),
        },
    )


def stored_fits() -> dict[str, Any]:
    """Results of the long runs that this package carries along.

    Returns
    -------
    dict
        "command" that makes them, and for each task and penalty a list with, for each seed, the
        "seed", the "loss" of every epoch, and "condition_number" and "penalty" around them.

    Examples
    --------
    >>> sorted(stored_fits()["tight"])
    ['condition', 'none', 'tightness']
    """
    return dict(json.loads(STORE.read_text(encoding="utf-8")))


def _constant_q(n_filters: int, length: int) -> ComplexArray:
    return _librosa_bank(n_filters - 2, length, bins_per_octave=8, erb=False)


def _variable_q(n_filters: int, length: int) -> ComplexArray:
    return _librosa_bank(n_filters - 2, length, bins_per_octave=14, erb=True)


def _librosa_bank(count: int, length: int, bins_per_octave: int, erb: bool) -> ComplexArray:
    """Hann-windowed complex wavelets from 64 Hz up, constant-Q or wider below by an ERB."""
    with needs("audio"):
        import librosa

    frequencies = 64.0 * 2.0 ** (np.arange(count) / bins_per_octave)
    squared = 2 ** (2 / bins_per_octave)
    alpha = (squared - 1) / (squared + 1)
    wavelets, _ = librosa.filters.wavelet(
        freqs=frequencies,
        sr=SR,
        alpha=alpha,
        gamma=24.7 * alpha / 0.108 if erb else 0,
        pad_fft=False,
        dtype=np.complex128,
    )
    spectra = fft.fft(librosa.util.pad_center(wavelets, size=length, axis=-1), axis=-1)
    gains = np.abs(spectra)[:, : length // 2 + 1]
    return _with_ends(gains / gains.max(axis=1, keepdims=True), length, frequencies)


def _mel(n_filters: int, length: int) -> ComplexArray:
    with needs("audio"):
        from librosa import mel_frequencies

    bank = mel_filterbank(n_filters - 2, length, SR)
    centres = mel_frequencies(n_mels=n_filters, fmin=0, fmax=SR / 2)[1:-1]
    return _with_ends(np.abs(fft.rfft(bank, axis=-1)), length, centres)


def _gammatone(n_filters: int, length: int) -> ComplexArray:
    bank = gammatone_filterbank(n_filters - 2, length, SR, fmin=64.0, fmax=7500.0)
    gains = np.abs(fft.rfft(bank, axis=-1))
    return _with_ends(gains, length, erb_frequencies(n_filters - 2, 64.0, 7500.0))


def _with_ends(gains: FloatArray, length: int, centres: FloatArray) -> ComplexArray:
    """Zero-phase analytic filters with these gains, and two more for both ends of the scale.

    The first and the last fill the Littlewood-Paley sum up to its mean, below the lowest and
    above the highest centre frequency: without them the target would hear nothing there.
    """
    frequencies, total = fft.rfftfreq(length, 1 / SR), np.sum(gains**2, axis=0)
    below, above = frequencies < centres[0], frequencies > centres[-1]
    missing = np.sqrt(np.maximum(total[~below & ~above].mean() - total, 0.0))
    spectra = np.zeros((len(gains) + 2, length))
    spectra[:, : frequencies.size] = [missing * below, *gains, missing * above]
    return np.asarray(fft.fftshift(fft.ifft(spectra, axis=-1), axes=-1))


# Of each target: what makes it, and its length.
TARGETS = {
    "constant_q": (_constant_q, 4092),
    "mel": (_mel, 1024),
    "variable_q": (_variable_q, 2048),
    "gammatone": (_gammatone, 1024),
}


def run(names: list[str], n_seeds: int = 5) -> None:
    """Run the fits of the tasks named, and store their histories."""
    results = stored_fits() if STORE.exists() else {}
    results["command"] = "python -m fbtools.experiments.learning_tasks"
    for name in names:
        task = learning_task(name)
        results[name] = {}
        for penalty in task.penalties:
            results[name][penalty] = [_history(task, penalty, seed) for seed in range(n_seeds)]
            STORE.parent.mkdir(exist_ok=True)
            text = re.sub(r"(?<=[\[,])\s+(?=[\d\]])", " ", json.dumps(results, indent=1))
            STORE.write_text(text + "\n", encoding="utf-8")


def _history(task: LearningTask, penalty: str, seed: int) -> dict[str, Any]:
    fit = task.fit(penalty, seed)
    rounded = {
        key: [float(f"{value:.12g}") for value in getattr(fit, key)]
        for key in ("loss", "condition_number", "penalty")
    }
    print(task.name, penalty, seed, rounded["condition_number"][-1], flush=True)
    return {"seed": seed, **rounded}


if __name__ == "__main__":
    run(sys.argv[1:] or [name for name in NAMES if name != "gammatone"])
