"""What is heard when a recording cannot be had: ten short pieces played from a SoundFont.

Each piece stands in for one recording of `fbtools.audio` and shares the property that matters in
the book: a sustained tone, an alternation of voiced and unvoiced sounds, drum strokes over a bass
line, a struck instrument, whistles above 2 kHz, an ensemble, or slow glides on a DC offset. The
pieces are fixed (their few random choices are seeded), so a build without recordings repeats
itself to the last bit.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from fbtools.audio.soundfont import installed_soundfont
from fbtools.validation import FloatArray, as_choice, as_count

# General MIDI programs, counted from 0.
_CELESTA, _VIBRAPHONE, _ACOUSTIC_BASS = 8, 11, 32
_VIOLIN, _CELLO, _PIZZICATO, _STRINGS, _CHOIR, _OOHS = 40, 42, 45, 48, 52, 53
_TRUMPET, _FLUTE = 56, 73
_DRUM_BANK, _JAZZ_KIT = 128, 32
_KICK, _SNARE, _CLOSED_HAT, _PEDAL_HAT, _OPEN_HAT, _RIDE = 36, 38, 42, 44, 46, 51


@dataclass(frozen=True)
class _Note:
    start: float  # s
    duration: float  # s
    key: int
    program: int
    velocity: int = 100
    bank: int = 0
    bend: tuple[float, ...] = (0.0,)  # cents


Melody = Iterable[tuple[int | None, float]]  # (key, or None for a rest; length in beats)


def describe(name: str) -> str:
    """Return what is heard in place of a recording, as part of a sentence.

    Parameters
    ----------
    name : str
        A name from `fbtools.audio.names`.

    Raises
    ------
    FilterbankError
        If the name is unknown.

    Examples
    --------
    >>> from fbtools.audio import standins
    >>> standins.describe("brahms")
    'a phrase for string ensemble, solo violin and cello'
    """
    return _PIECES[as_choice(name, "name", tuple(_PIECES))][0]


def render(name: str, n_samples: int, sr: int) -> FloatArray:
    """Play the piece that stands in for a recording.

    Parameters
    ----------
    name : str
        A name from `fbtools.audio.names`.
    n_samples : int
        Number of samples wanted; a piece that ends earlier is repeated.
    sr : int
        Sampling rate in Hz, at least 16000, as the birdsong reaches up to 8 kHz.

    Returns
    -------
    ndarray of float64, shape (n_samples,)
        With peak 0.7; that of ``humpback`` has mean 0.356 and standard deviation 0.033, the values
        of the whole recording.

    Raises
    ------
    FilterbankError
        If the name is unknown, a number is out of range, or the SoundFont is missing.

    Examples
    --------
    >>> from fbtools.audio import standins
    >>> standins.render("robin", n_samples=16000, sr=32000).shape
    (16000,)
    """
    piece = _PIECES[as_choice(name, "name", tuple(_PIECES))][1]
    n_samples, sr = as_count(n_samples, "n_samples"), as_count(sr, "sr", 16000)
    phrase, period = piece(sr)
    x = np.zeros(n_samples)
    for start in range(0, n_samples, round(period * sr)):
        stop = min(n_samples, start + phrase.size)
        x[start:stop] += phrase[: stop - start]
    # A faint room tone: no slice of a recording is exactly zero, nor should one of these be.
    x += 1e-4 * np.abs(x).max() * np.random.default_rng(0).standard_normal(n_samples)
    if name == "humpback":
        return np.asarray(0.356 + 0.033 * (x - x.mean()) / x.std())
    return np.asarray(0.7 * x / np.abs(x).max())


def _mix(notes: Iterable[_Note], sr: int) -> FloatArray:
    """Add notes up, each with its full release."""
    play = functools.cache(installed_soundfont().render_note)
    placed = [
        (
            round(note.start * sr),
            play(note.program, note.key, note.duration, sr, bank=note.bank,
                 velocity=note.velocity, bend=note.bend),
        )
        for note in notes
    ]  # fmt: skip
    mix = np.zeros(max(start + sound.size for start, sound in placed))
    for start, sound in placed:
        mix[start : start + sound.size] += sound
    return mix


def _melody(
    program: int, beat: float, melody: Melody, velocity: int = 100, start: float = 0.0
) -> list[_Note]:
    """Turn keys and lengths in beats into notes, one after the other."""
    notes = []
    for key, beats in melody:
        if key is not None:
            notes.append(_Note(start, 0.95 * beats * beat, key, program, velocity))
        start += beats * beat
    return notes


def _drums(
    strokes: Mapping[int, Iterable[float]], beat: float, velocity: int, kit: int = 0
) -> list[_Note]:
    """Place drum strokes: for each drum the beats on which it is struck."""
    return [
        _Note(when * beat, 0.3, drum, kit, velocity, _DRUM_BANK)
        for drum, beats in strokes.items()
        for when in beats
    ]


def _trumpet(sr: int) -> tuple[FloatArray, float]:
    beat = 0.4
    tune = [(65, 1), (68, 1), (70, 0.5), (71, 0.5), (72, 2), (70, 1), (68, 1), (65, 2), (63, 1),
            (65, 3.3)]  # fmt: skip
    return _mix(_melody(_TRUMPET, beat, tune), sr), 13.5 * beat


def _speech(sr: int, seed: int, lowest: int, pace: float) -> tuple[FloatArray, float]:
    """Syllables: a hiss for the consonant, a gliding sung vowel, and a pause after every phrase."""
    rng = np.random.default_rng(seed)
    voice, hisses, now = [], [], 0.1
    while now < 18.0:
        for position in np.linspace(0, 1, rng.integers(4, 9)):
            hiss, vowel = rng.uniform(0.05, 0.11), pace * rng.uniform(0.14, 0.32)
            if rng.random() < 0.7:
                hisses.append((now, hiss, rng.choice([2500.0, 3800.0])))
                now += hiss
            # A statement starts high and ends low, and every syllable falls a little.
            key = lowest + round(7 * (1 - position)) + int(rng.integers(0, 3))
            bend = (0.0, rng.uniform(50, 200), rng.uniform(-300, -100))
            program = int(rng.choice([_CHOIR, _OOHS]))
            voice.append(_Note(now, vowel, key, program, int(rng.integers(90, 120)), bend=bend))
            now += vowel + rng.uniform(0.02, 0.06)
        now += rng.uniform(0.3, 0.6)
    mix = _mix(voice, sr)
    level = np.abs(mix).max()
    for start, duration, low in hisses:
        burst = _hiss(rng, duration, low, sr)
        first = round(start * sr)
        mix[first : first + burst.size] += 0.25 * level * burst
    return mix, now


def _hiss(rng: np.random.Generator, duration: float, low: float, sr: int) -> FloatArray:
    """Return a burst of noise between `low` and 7 kHz with peak 1: an unvoiced consonant."""
    from scipy import signal

    n = round(duration * sr)
    band = signal.butter(2, [low, 7000.0], "bandpass", fs=sr, output="sos")
    burst = signal.sosfilt(band, rng.standard_normal(n)) * np.hanning(n)
    return np.asarray(burst / np.abs(burst).max())


def _choice(sr: int) -> tuple[FloatArray, float]:
    beat, bars = 0.62, 4
    strokes: dict[int, list[float]] = {
        _KICK: [4 * bar + on for bar in range(bars) for on in (0, 0.75, 2.5)],
        _SNARE: [4 * bar + on for bar in range(bars) for on in (1, 3, 3.75)],
        _CLOSED_HAT: [half / 2 for half in range(8 * bars - 1)],
        _OPEN_HAT: [4 * bars - 0.5],
    }
    riff = [(33, 0.75), (33, 0.5), (36, 0.75), (40, 0.5), (38, 0.5), (36, 1)]
    answer = [(31, 0.75), (31, 0.5), (35, 0.75), (38, 0.5), (40, 0.5), (28, 1)]
    bass = _melody(_ACOUSTIC_BASS, beat, (riff + answer) * (bars // 2), velocity=110)
    return _mix(_drums(strokes, beat, 127) + bass, sr), 4 * bars * beat


def _nutcracker(sr: int) -> tuple[FloatArray, float]:
    beat = 0.32
    tune: Melody = [(None, 1), (79, 0.5), (76, 0.5), (79, 1), (78, 1), (75, 1), (76, 1),
                    (74, 0.5), (74, 0.5), (74, 1), (73, 0.5), (73, 0.5), (73, 1),
                    (72, 0.5), (72, 0.5), (72, 1), (71, 0.5), (76, 0.5), (72, 0.5), (76, 0.5),
                    (71, 2)]  # fmt: skip
    plucked: Melody = [(40, 1), (59, 1), (43, 1), (59, 1), (39, 1), (57, 1), (40, 1), (55, 1)] * 2
    notes = _melody(_CELESTA, beat, tune, 120) + _melody(_PIZZICATO, beat, plucked, 70)
    octave_up = [
        replace(
            note,
            start=note.start + 16 * beat,
            key=note.key + 12 if note.program == _CELESTA else note.key,
        )
        for note in notes
    ]
    return _mix(notes + octave_up, sr), 32 * beat


def _brahms(sr: int) -> tuple[FloatArray, float]:
    beat = 0.5
    tune = [(73, 1.5), (78, 0.5), (81, 1.5), (78, 0.5), (77, 1), (78, 0.5), (80, 0.5), (78, 2),
            (74, 1.5), (78, 0.5), (83, 1.5), (81, 0.5), (80, 1), (78, 0.5), (77, 0.5),
            (78, 2)]  # fmt: skip
    chords = [(54, 61, 66, 69), (54, 61, 66, 69), (49, 61, 65, 68), (54, 61, 66, 69),
              (47, 62, 66, 71), (47, 62, 66, 71), (49, 61, 65, 71), (54, 61, 66, 69)]  # fmt: skip
    notes = _melody(_VIOLIN, beat, tune, 95)
    for bar, (bass, *upper) in enumerate(chords):
        notes += _melody(_CELLO, beat, [(bass, 1), (bass - 12, 1)], 90, start=2 * bar * beat)
        for key in upper:
            notes += _melody(_STRINGS, beat, [(key, 2)], 85, start=2 * bar * beat)
    return _mix(notes, sr), 16 * beat


def _robin(sr: int) -> tuple[FloatArray, float]:
    calls = [  # start and duration in s, key, bend in cents
        (0.15, 0.22, 108, (900.0, 1100.0, 300.0)),
        (0.48, 0.20, 108, (500.0, 900.0, 800.0)),
        (0.82, 0.35, 102, (800.0, -200.0, -400.0, -300.0)),
        (1.30, 0.25, 108, (1100.0, 1000.0, 500.0)),
        (1.65, 0.18, 107, (900.0, 200.0, 400.0)),
        (1.90, 0.24, 107, (700.0, 300.0, 300.0)),
        (2.25, 0.15, 105, (0.0, 900.0)),
        (2.45, 0.12, 105, (0.0, 900.0)),
    ]
    notes = [_Note(start, held, key, _FLUTE, bend=bend) for start, held, key, bend in calls]
    return _mix(notes, sr), 2.8


def _humpback(sr: int) -> tuple[FloatArray, float]:
    calls = [  # start and duration in s, key, bend in cents
        (0.4, 2.2, 55, (0.0, 700.0, 500.0, -300.0)),
        (3.4, 2.6, 74, (700.0, 500.0, 200.0, -400.0)),
        (6.8, 1.8, 52, (-500.0, 400.0, 900.0)),
        (9.4, 2.4, 67, (0.0, -300.0, 300.0, -900.0)),
        (12.6, 2.6, 50, (0.0, 1200.0, 700.0)),
    ]
    notes = [_Note(start, held, key, _OOHS, bend=bend) for start, held, key, bend in calls]
    song = _mix(notes, sr)
    # The sea: noise with steps of a random walk that leaks, strongest at low frequencies.
    from scipy import signal

    sea = signal.lfilter([1.0], [1.0, -0.99], np.random.default_rng(1).standard_normal(song.size))
    return song + 0.03 * np.abs(song).max() * sea / sea.std(), 16.0


def _vibeace(sr: int) -> tuple[FloatArray, float]:
    beat, beats = 0.45, 32
    changes = [(48, 60, 64, 67, 71), (45, 57, 60, 64, 67), (50, 57, 62, 65, 69),
               (43, 59, 62, 65, 69)]  # fmt: skip
    notes: list[_Note] = []
    for bar, (root, *chord) in enumerate(changes * 2):
        start = 4 * bar * beat
        walk = [(root - 12, 1), (chord[1] - 24, 1), (chord[2] - 24, 1), (root - 5, 1)]
        notes += _melody(_ACOUSTIC_BASS, beat, walk, 127, start)
        for key in chord:
            notes += _melody(_VIBRAPHONE, beat, [(key, 1.6), (None, 0.05), (key, 2)], 55, start)
        line: Melody = [(chord[i] + 12, b) for i, b in ((0, 2 / 3), (2, 1 / 3), (3, 1), (1, 2))]
        notes += _melody(_VIBRAPHONE, beat, line, 85, start)
    strokes: dict[int, Iterable[float]] = {
        _RIDE: itertools.chain.from_iterable((b, b + 5 / 3) for b in range(0, beats, 2)),
        _PEDAL_HAT: range(1, beats, 2),
        _KICK: range(0, beats, 4),
    }
    return _mix(notes + _drums(strokes, beat, 85, _JAZZ_KIT), sr), beats * beat


Piece = Callable[[int], tuple[FloatArray, float]]  # sr -> (phrase, seconds until it repeats)

_PIECES: dict[str, tuple[str, Piece]] = {
    "trumpet": ("a trumpet phrase", _trumpet),
    "libri1": (
        "an alternation of sung vowels and hisses in the register of a male voice",
        functools.partial(_speech, seed=1, lowest=43, pace=1.0),
    ),
    "libri2": (
        "a slow alternation of sung vowels and hisses in the register of a deep male voice",
        functools.partial(_speech, seed=2, lowest=40, pace=1.3),
    ),
    "libri3": (
        "an alternation of sung vowels and hisses in the register of a female voice",
        functools.partial(_speech, seed=3, lowest=52, pace=0.9),
    ),
    "choice": ("a groove for drum kit and bass", _choice),
    "nutcracker": ("a phrase for celesta over plucked strings", _nutcracker),
    "brahms": ("a phrase for string ensemble, solo violin and cello", _brahms),
    "robin": ("a series of chirps on a flute, bent up to 8 kHz", _robin),
    "humpback": ("a series of slow vocal glides over noise, with a DC offset", _humpback),
    "vibeace": ("a jazz tune for vibraphone, bass and drums", _vibeace),
}
