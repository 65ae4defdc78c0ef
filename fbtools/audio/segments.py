"""Training signals: short segments from random places of recordings."""

from __future__ import annotations

import numpy as np

from fbtools.audio import recordings
from fbtools.validation import (
    RNG,
    FilterbankError,
    FloatArray,
    as_count,
    as_rng,
    check_length,
)

__all__ = ["random_segments"]


def random_segments(
    names: tuple[str, ...], n_signals: int, signal_length: int, sr: int = 16000, rng: RNG = None
) -> FloatArray:
    """Segments of recordings, each from a random place of a random one.

    Parameters
    ----------
    names : tuple of str
        Names of recordings, as `audio.load` takes them.
    n_signals : int
        Number of segments.
    signal_length : int
        Number of samples N of each.
    sr : int
        Sample rate in Hz.
    rng : Generator, seed or None
        What `numpy.random.default_rng` takes; the same seed gives the same bits.

    Returns
    -------
    ndarray of float64, shape (n_signals, N)
        Segments, as loud as they are in the recordings.

    Raises
    ------
    FilterbankError
        If a name is unknown, a number is out of range, or a recording is shorter than N.

    Notes
    -----
    Where a recording cannot be had, segments are cut from its excerpt, or from what `load` gives in
    its place: the same seed then gives others. ``load(name).is_excerpt`` tells.

    Examples
    --------
    >>> random_segments(("trumpet",), n_signals=3, signal_length=256, rng=0).shape
    (3, 256)
    """
    if not isinstance(names, tuple) or not names:
        raise FilterbankError(f"names is {names!r}: pass a tuple of names of recordings.")
    count, n = as_count(n_signals, "n_signals"), as_count(signal_length, "signal_length")
    generator = as_rng(rng)
    sounds = [recordings.load(name, sr=sr).x for name in names]
    check_length(n, min(sound.size for sound in sounds))
    chosen = [sounds[i] for i in generator.integers(len(sounds), size=count)]
    starts = [int(generator.integers(sound.size - n + 1)) for sound in chosen]
    return np.array([x[start : start + n] for x, start in zip(chosen, starts, strict=True)])
