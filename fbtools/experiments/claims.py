"""The rows of the ledger: what has been published, as claims that can be measured again."""

from __future__ import annotations

import numpy as np

from fbtools.experiments.learning_tasks import stored_fits
from fbtools.experiments.reproduction import Claim, Measurement
from fbtools.filterbanks.convolution import analyze, synthesize
from fbtools.filterbanks.isac import isac_channels, isac_filterbank
from fbtools.filterbanks.random import random_filterbank
from fbtools.frames.aliasing import aliasing_terms
from fbtools.frames.bounds import condition_number
from fbtools.frames.duals import dual
from fbtools.laws.autocorrelations import effective_rank
from fbtools.laws.energy_law import EnergyLaw
from fbtools.learning.hybrid import hybrid_filterbank
from fbtools.signals import brown_noise, constant, impulse
from fbtools.simulation.simulate import simulate_energy, simulate_frame_bounds
from fbtools.validation import FloatArray

__all__ = ["aliasing_claims", "instabilities_claims", "isac_claims", "learning_claims"]

PAPER = "Instabilities (2024)"
ALIASING = "Aliasing (2025)"
ISAC = "ISAC (2025)"
LEARNING = "notebooks on gradient descent"
HYBRA = "Hold Me Tight (2024)"
N = 1024
DRAWS = 1000
BATCHES = 10


def instabilities_claims() -> tuple[Claim, ...]:
    """Claims of the paper on instabilities, and of the notebooks published with it.

    Returns
    -------
    tuple of Claim
        To be measured by `fbtools.experiments.reproduce`.

    References
    ----------
    Haider, Lostanlen, Ehler and Balazs (2024), and the notebooks of its first author.

    Examples
    --------
    >>> instabilities_claims()[0].published
    '1'
    """
    return (*_energy_claims(), *_condition_number_claims())


def aliasing_claims() -> tuple[Claim, ...]:
    """Claims of the paper on aliasing in strided convolutional layers.

    Returns
    -------
    tuple of Claim
        To be measured by `fbtools.experiments.reproduce`.

    References
    ----------
    Haider, Lostanlen, Ehler, Holighaus and Balazs (2025).

    Examples
    --------
    >>> [claim.published for claim in aliasing_claims()]
    ['', '']
    """
    remark = "the closed form could not be read; the mean is 0 and the variance 1/J by our proof"
    return (
        Claim(
            "Mean of the aliasing term $G_1$ (real part), $J=32$, $T=64$, $d=4$, $\\omega=\\pi/2$",
            f"{ALIASING}, abstract",
            "",
            lambda rng: _first_alias(rng).real,
            "mean",
            remark,
        ),
        Claim(
            "$J$ times the variance of $G_1$, same setting",
            f"{ALIASING}, abstract",
            "",
            lambda rng: 32 * np.abs(_first_alias(rng)) ** 2,
            "mean",
            remark,
        ),
    )


def learning_claims() -> tuple[Claim, ...]:
    """Condition numbers before and after gradient descent, from the authors' notebooks.

    Returns
    -------
    tuple of Claim
        To be measured by `fbtools.experiments.reproduce`, from the five stored runs of each task.

    References
    ----------
    Haider, Lostanlen, Ehler and Balazs (2024), public notebooks on gradient descent.

    Examples
    --------
    >>> learning_claims()[1].published
    '186.87'
    """
    return tuple(
        Claim(
            f"$\\kappa$ {NAMES[task]}, {PENALTIES[penalty]}, {'end' if epoch else 'start'}",
            f"{LEARNING}, {where}",
            published,
            _stored_condition_numbers(task, penalty, epoch),
            "run",
            remark,
        )
        for task, penalty, epoch, published, where, remark in LEARNED
    )


NAMES = {
    "constant_q": "constant-Q, $J=58$, $T=1024$",
    "variable_q": "variable-Q, $J=96$, $T=1024$",
    "mel": "mel, $J=42$, $T=1024$",
    "tight": "random tight target, $J=40$, $N=T=1024$",
}
PENALTIES = {
    "none": "no penalty",
    "condition": "penalty on $\\kappa$",
    "tightness": "penalty on $S$",
}
READ, GIVEN = "read in a stored notebook", "not found in the stored notebooks"
LEARNED = (
    ("constant_q", "none", 0, "2.42", READ, ""),
    ("constant_q", "none", -1, "186.87", READ, ""),
    ("constant_q", "condition", -1, "2.59", READ, "weight and target not fully known: chapter 10"),
    ("variable_q", "none", 0, "1.90", GIVEN, ""),
    ("variable_q", "none", -1, "19.1", GIVEN, ""),
    ("variable_q", "condition", -1, "1.05", GIVEN, "other music and another toolbox there"),
    ("mel", "none", 0, "2.73", READ, ""),
    ("mel", "none", -1, "5.55", GIVEN, "their sounds are vowels, ours read speech"),
    ("mel", "condition", -1, "1.04", READ, "their sounds are vowels, ours read speech"),
    ("tight", "none", 0, "2.57", GIVEN, ""),
    ("tight", "none", -1, "1.09", GIVEN, ""),
    ("tight", "condition", -1, "1.02", GIVEN, ""),
    ("tight", "tightness", -1, "1.0000002", GIVEN, "theirs is single precision"),
)


def _stored_condition_numbers(task: str, penalty: str, epoch: int) -> Measurement:
    def measure(rng: np.random.Generator) -> FloatArray:
        return np.array([run["condition_number"][epoch] for run in stored_fits()[task][penalty]])

    return measure


def isac_claims() -> tuple[Claim, ...]:
    """Claims of the papers on ISAC and on hybrid filterbanks, and of the package beside them.

    Returns
    -------
    tuple of Claim
        To be measured by `fbtools.experiments.reproduce`.

    References
    ----------
    Haider, Perfler, Balazs, Hollomey and Holighaus (2025); Haider, Perfler, Lostanlen, Ehler and
    Balazs (2024), "Hold me tight"; the package hybra 2026.2.1.

    Examples
    --------
    >>> [claim.published for claim in isac_claims()][:2]
    ['1.590', '1.607']
    """
    rows = [
        Claim(
            f"Condition number of ISAC, {n_filters} channels, {length} taps at most, 16 kHz",
            f"{ISAC}, the package hybra, stride 16",
            published,
            _isac_condition_number(n_filters, length),
            "value",
            remark,
        )
        for n_filters, length, published, remark in (
            (40, 128, "1.590", "the package computes widths and the linear part by quotients"),
            (64, 512, "1.607", "the mel scale needs 400 taps of the 512"),
        )
    ]
    rows.append(
        Claim(
            "Perfect reconstruction from ISAC (the first above): relative error",
            f"{ISAC}, abstract",
            "",
            _reconstruction_error,
            "value",
            "with the canonical dual; white noise of 8000 samples",
        )
    )
    rows.append(
        Claim(
            "Condition number of ISAC (the first above) times random filters of 23 taps",
            f"{HYBRA}, the package hybra",
            "",
            _hybrid_condition_numbers,
            "draw",
            "heavy-tailed: random learned filters undo what the auditory part gave",
        )
    )
    return tuple(rows)


def _isac_condition_number(n_filters: int, length: int) -> Measurement:
    def measure(rng: np.random.Generator) -> FloatArray:
        w = isac_filterbank(n_filters, length, 16000, stride=16)
        return np.array([condition_number(w, 16000, stride=16)])

    return measure


def _reconstruction_error(rng: np.random.Generator) -> FloatArray:
    w, x = isac_filterbank(40, 128, 16000, stride=16), rng.standard_normal(8000)
    back = synthesize(analyze(x, w, stride=16), dual(w, 8000, stride=16), stride=16)
    return np.array([np.linalg.norm(back - x) / np.linalg.norm(x)])


def _hybrid_condition_numbers(rng: np.random.Generator) -> FloatArray:
    fixed, channels = isac_filterbank(40, 128, 16000, stride=16), isac_channels(40)
    values = []
    for _ in range(100):
        learned = rng.standard_normal((40, 23))
        learned /= np.abs(learned).sum(axis=1, keepdims=True)
        values.append(condition_number(hybrid_filterbank(fixed, learned[channels]), 160, stride=16))
    return np.array(values)


def _first_alias(rng: np.random.Generator) -> np.ndarray[tuple[int], np.dtype[np.complex128]]:
    banks = (random_filterbank(32, 64, rng, stride=4) for _ in range(DRAWS))
    return np.array([aliasing_terms(w, stride=4, n_freqs=3)[1, 1] for w in banks])


def _energy_claims() -> tuple[Claim, ...]:
    bound = EnergyLaw(impulse(N), 10, 128)
    expression = np.exp(-(0.1**2) * 10 * 128**2 / (2 * 0.1 * 128 + 2 * 128))
    return (
        Claim(
            "Mean energy ratio with variance $1/(JT)$, here brown noise, $J=10$, $T=128$",
            f"{PAPER}, choice of the variance",
            "1",
            lambda rng: simulate_energy(brown_noise(N, rng), 10, 128, 20 * DRAWS, rng),
            "mean",
        ),
        Claim(
            "Upper bound of the probability of a ratio above 1.1, impulse, $J=10$, $T=128$",
            f"{PAPER}, function of its notebooks, with constants 2 and 2",
            f"{expression:.2e}",
            lambda rng: np.array([bound.sf(1.1)]),
            "value",
            "ours is the exact probability, which is larger: with constants 4 and 4 it is a bound",
        ),
        Claim(
            "Effective rank at $T=1024$ of the signal called sine",
            f"{PAPER}, notebook on energy deviations",
            "",
            lambda rng: np.array([effective_rank(constant(N), N)]),
            "value",
            "the expression is a constant, by precedence of operators; a sine has rank 2",
        ),
    )


def _condition_number_claims() -> tuple[Claim, ...]:
    rows = []
    for j, t in ((5, 1024), (10, 1024), (40, 1024)):
        rows.append(
            Claim(
                f"Mean condition number on $\\mathbb{{Z}}_{{1024}}$, $J={j}$, $T={t}$",
                f"{PAPER}, figure of $\\kappa$ against $T$",
                "",
                _condition_numbers(j, t),
                "mean",
                "the published curve is a running mean over lengths; see the next line",
            )
        )
        rows.append(
            Claim(
                f"The curve as coded: running mean of E[B]/E[A] over $T=8, \\dots, {t}$, $J={j}$",
                f"{PAPER}, function of its notebooks",
                "",
                _running_mean(j, t),
                "mean",
                "the list of results is not emptied between two filter lengths",
            )
        )
    for t in (8, 64, 1024):
        deviation = np.sqrt(2 * np.log2(t) / 40)
        rows.append(
            Claim(
                f"Approximation of $\\kappa$ at $J=40$, $T={t}$",
                f"{PAPER}, dotted curve: edges $1 \\mp \\sqrt{{2 \\log_2(T)/J}}$",
                f"{(1 + deviation) / (1 - deviation):.2f}",
                _condition_numbers(40, t),
                "mean",
                "S has 2J degrees of freedom at most frequencies, not J; the logarithm is natural",
            )
        )
    rows.append(
        Claim(
            "Growth of $\\kappa$ along $J=\\log_2 T$, from $T=32$ to $T=1024$",
            f"{PAPER}, abstract: a law in $\\log(T)/J$",
            "",
            _growth_along_the_diagonal,
            "mean",
            "ratio of medians; 1 would be an exact law",
        )
    )
    return tuple(rows)


def _condition_numbers(j: int, t: int) -> Measurement:
    def measure(rng: np.random.Generator) -> FloatArray:
        lower, upper = simulate_frame_bounds(j, t, DRAWS, signal_length=N, rng=rng)
        return np.asarray(upper / lower)

    return measure


def _running_mean(j: int, t: int) -> Measurement:
    """What the published procedure gives, in batches, for want of an interval otherwise."""

    def measure(rng: np.random.Generator) -> FloatArray:
        ratios = []
        for length in 2 ** np.arange(3, int(np.log2(t)) + 1):
            lower, upper = simulate_frame_bounds(j, int(length), DRAWS, signal_length=N, rng=rng)
            batches = [bound.reshape(BATCHES, -1).mean(axis=1) for bound in (lower, upper)]
            ratios.append(batches[1] / batches[0])
        return np.asarray(np.mean(ratios, axis=0))

    return measure


def _growth_along_the_diagonal(rng: np.random.Generator) -> FloatArray:
    """Ratio of the median condition numbers at (10, 1024) and (5, 32), in batches."""
    medians = [
        np.median(_condition_numbers(j, t)(rng).reshape(BATCHES, -1), axis=1)
        for j, t in ((10, 1024), (5, 32))
    ]
    return np.asarray(medians[0] / medians[1])
