"""Sounds inside the page: one player, or several to compare, with the audio in the markup.

The samples are embedded as MP3, so that a page needs no other file and no network, and plays from
``file://`` too. A player never changes the level behind the listener's back: either sounds are
brought to one stated loudness, or they keep their levels under one common gain.
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from fbtools.extras import needs
from fbtools.validation import FilterbankError, FloatArray, as_real, as_signal

MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
MAX_SECONDS = 15.0
LOUDNESS = 0.1
"""Target loudness: -20 dB re full scale, the RMS amplitude of the loudest 0.4 s."""
PEAK = 0.89
"""Largest sample played, -1 dB re full scale: room for the overshoot of MP3."""


@dataclass(frozen=True)
class Sound:
    """A sound ready to be played in a page; made by `listen`.

    Attributes
    ----------
    title, credit : str
        Shown under the player.
    sr : int
        Sampling rate of the MP3 in Hz.
    seconds : float
        Length.
    gain : float
        What the samples were multiplied with.
    mp3 : bytes
        The whole file.

    Examples
    --------
    >>> import numpy as np
    >>> from fbtools import sound
    >>> sound.listen(np.sin(np.arange(8000) / 3), 16000, title="tone", gain=0.5)
    Sound(title='tone', credit='', sr=16000, seconds=0.5, gain=0.5)
    """

    title: str
    credit: str
    sr: int
    seconds: float
    gain: float
    mp3: bytes = field(repr=False)

    def _repr_html_(self) -> str:
        name = html.escape(self.title or "sound", quote=True)
        words = " — ".join(html.escape(text) for text in (self.title, self.credit) if text)
        caption = f'<figcaption style="{_CAPTION}">{words}</figcaption>' if words else ""
        data = base64.b64encode(self.mp3).decode("ascii")
        return (
            f'<figure class="fb-sound" style="{_FIGURE}">'
            f'<audio controls preload="metadata" aria-label="{name}" style="{_AUDIO}" '
            f'src="data:audio/mpeg;base64,{data}"></audio>{caption}</figure>'
        )


@dataclass(frozen=True)
class Comparison:
    """Several sounds side by side; made by `compare`.

    Attributes
    ----------
    sounds : tuple of Sound
        In the order shown.
    credit : str
        Shown under the row.
    level_matched : bool
        Whether each sound was brought to the same loudness, or all share one gain.

    Examples
    --------
    >>> import numpy as np
    >>> from fbtools import sound
    >>> tone = np.sin(np.arange(8000) / 3)
    >>> row = sound.compare({"loud": tone, "soft": tone / 10}, 16000)
    >>> [round(player.gain / row.sounds[0].gain, 6) for player in row.sounds]
    [1.0, 10.0]
    """

    sounds: tuple[Sound, ...]
    credit: str
    level_matched: bool

    def _repr_html_(self) -> str:
        level = "all at the same loudness" if self.level_matched else "at their own levels"
        words = " — ".join(html.escape(text) for text in (self.credit, level) if text)
        players = "".join(sound._repr_html_() for sound in self.sounds)
        return (
            f'<figure class="fb-sounds" role="group" aria-label="sounds to compare" '
            f'style="{_FIGURE}"><div style="{_GRID}">{players}</div>'
            f'<figcaption style="{_CAPTION}">{words}</figcaption></figure>'
        )


_FIGURE = "margin:.5rem 0;padding:0;color:inherit"
_AUDIO = "width:100%;max-width:26rem;height:2.5rem"
_CAPTION = "font-size:.9em;color:inherit;margin:.15rem 0 0;padding:0;text-align:left"
_GRID = "display:grid;grid-template-columns:repeat(auto-fit,minmax(min(15rem,100%),1fr));gap:0 1rem"


def listen(
    x: ArrayLike,
    sr: float,
    title: str = "",
    credit: str = "",
    gain: float | None = None,
    *,
    fade: float = 0.008,
) -> Sound:
    """Make a player for a signal.

    Parameters
    ----------
    x : array_like, shape (N,)
        Real signal of at most 15 seconds.
    sr : float
        Sampling rate in Hz, a whole number; resampled where MP3 does not know it.
    title, credit : str
        Shown under the player; the title is also its name for a screen reader.
    gain : float, optional
        Multiply `x` with this and leave its level alone. By default the loudest 0.4 s get an RMS
        amplitude of 0.1 (-20 dB re full scale), or less where a peak would pass 0.89.
    fade : float
        Length in seconds of the raised-cosine fades against clicks; 0 for none.

    Returns
    -------
    Sound
        Displays itself in a notebook and on the page.

    Raises
    ------
    FilterbankError
        If `x` is not a finite, non-zero channel or too long, `sr` is not a positive whole number,
        or `gain` would clip.

    See Also
    --------
    compare, loudness

    Examples
    --------
    >>> import numpy as np
    >>> from fbtools import sound
    >>> tone = np.sin(2 * np.pi * 440 * np.arange(8000) / 16000)
    >>> player = sound.listen(tone, 16000, title="A4", gain=0.25)
    >>> player.sr, player.seconds, player.gain
    (16000, 0.5, 0.25)
    """
    samples, rate = _prepare(x, sr, fade, "x")
    if gain is None:
        gain = min(LOUDNESS / loudness(samples, rate), _headroom(samples))
    else:
        gain = as_real(gain, "gain", minimum=0)
        if gain > _headroom(samples):
            raise FilterbankError(
                f"gain is {gain:g}: the largest sample would be "
                f"{gain * np.abs(samples).max():.3g} of full scale; "
                f"the largest gain for this sound is {_round_down(_headroom(samples)):g}."
            )
    return _encode(samples, rate, gain, title, credit)


def compare(
    signals: Mapping[str, ArrayLike],
    sr: float,
    credit: str = "",
    level_matched: bool = True,
    *,
    fade: float = 0.008,
) -> Comparison:
    """Make a row of players for several signals.

    Parameters
    ----------
    signals : mapping of str to array_like, shape (N,)
        Title and real signal of each sound, in the order shown.
    sr : float
        Sampling rate of all of them, in Hz.
    credit : str
        Shown under the row.
    level_matched : bool
        True: each sound gets the same loudness (lower than for `listen` if one of them has
        peaks too high for that). False: all share one gain, so that their levels can be compared.
    fade : float
        Length in seconds of the fades against clicks; 0 for none.

    Returns
    -------
    Comparison
        Displays itself in a notebook and on the page.

    Raises
    ------
    FilterbankError
        As `listen`, and if `signals` is not a mapping with at least one signal.

    See Also
    --------
    listen, loudness

    Examples
    --------
    >>> import numpy as np
    >>> from fbtools import sound
    >>> tone = np.sin(2 * np.pi * 440 * np.arange(8000) / 16000)
    >>> row = sound.compare({"loud": tone, "soft": tone / 10}, 16000, level_matched=False)
    >>> [player.title for player in row.sounds]
    ['loud', 'soft']
    """
    if not isinstance(signals, Mapping) or not signals:
        found = "empty" if isinstance(signals, Mapping) else f"a {type(signals).__name__}"
        raise FilterbankError(
            f'signals is {found}: pass titles with signals, such as {{"before": x, "after": y}}.'
        )
    ready = {
        str(title): _prepare(x, sr, fade, f"signals[{title!r}]") for title, x in signals.items()
    }
    loud = {title: loudness(samples, rate) for title, (samples, rate) in ready.items()}
    room = {title: _headroom(samples) for title, (samples, _) in ready.items()}
    if level_matched:
        target = min(LOUDNESS, *(room[title] * loud[title] for title in ready))
        gains = {title: target / loud[title] for title in ready}
    else:
        gains = dict.fromkeys(ready, min(LOUDNESS / max(loud.values()), *room.values()))
    players = tuple(
        _encode(samples, rate, gains[title], title, "") for title, (samples, rate) in ready.items()
    )
    return Comparison(players, credit, level_matched)


def loudness(x: ArrayLike, sr: float) -> float:
    """Return the RMS amplitude of the loudest 0.4 s of a signal (of all of it, if shorter).

    Pauses do not count, unlike in the RMS amplitude of the whole.

    Parameters
    ----------
    x : array_like, shape (N,)
        Real signal, not zero.
    sr : float
        Sampling rate in Hz, a whole number.

    Returns
    -------
    float
        Amplitude in the unit of `x`; 1 is full scale.

    Raises
    ------
    FilterbankError
        If `x` is no such signal, or `sr` no such number.

    Examples
    --------
    >>> import numpy as np
    >>> from fbtools import sound
    >>> sound.loudness(np.r_[np.zeros(8000), 0.5 * np.ones(4000)], 8000)
    0.5
    """
    x = as_signal(x)
    window = min(x.size, max(1, round(0.4 * _as_rate(sr))))
    energy = np.concatenate([[0.0], np.cumsum(x**2)])
    return float(np.sqrt((energy[window:] - energy[:-window]).max() / window))


def _prepare(x: ArrayLike, sr: float, fade: float, name: str) -> tuple[FloatArray, int]:
    """Check a signal, resample it to a rate of MP3, and fade its ends."""
    x = as_signal(x, name)
    rate = _as_rate(sr)
    seconds = x.size / rate
    if seconds > MAX_SECONDS:
        raise FilterbankError(
            f"{name} lasts {seconds:.1f} s: pass at most {MAX_SECONDS:g} s, "
            f"for instance {name}[:{int(MAX_SECONDS * rate)}]."
        )
    samples, mp3_rate = _resample(x, rate)
    if fade:
        length = min(round(as_real(fade, "fade", minimum=0) * mp3_rate), samples.size // 2)
        ramp = np.sin(0.5 * np.pi * (np.arange(length) + 0.5) / max(1, length)) ** 2
        samples = samples * np.concatenate([ramp, np.ones(samples.size - 2 * length), ramp[::-1]])
    return samples, mp3_rate


def _as_rate(sr: float) -> int:
    rate = as_real(sr, "sr", minimum=0)
    if rate != int(rate):
        raise FilterbankError(f"sr is {rate}: pass a whole number of samples per second.")
    return int(rate)


def _resample(x: FloatArray, rate: int) -> tuple[FloatArray, int]:
    """Resample to the next higher rate that MP3 knows, or to the highest."""
    if rate in MP3_RATES:
        return x, rate
    from scipy.signal import resample_poly

    target = min((known for known in MP3_RATES if known > rate), default=MP3_RATES[-1])
    ratio = Fraction(target, rate)
    return resample_poly(x, ratio.numerator, ratio.denominator), target


def _headroom(samples: FloatArray) -> float:
    """The largest gain that keeps every sample within PEAK."""
    return PEAK / float(np.abs(samples).max())


def _round_down(value: float, digits: int = 3) -> float:
    step = 10.0 ** (np.floor(np.log10(value)) + 1 - digits)
    return float(np.floor(value / step) * step)


def _encode(samples: FloatArray, rate: int, gain: float, title: str, credit: str) -> Sound:
    with needs("display"):
        import soundfile

    buffer = io.BytesIO()
    soundfile.write(
        buffer,
        gain * samples,
        rate,
        format="MP3",
        subtype="MPEG_LAYER_III",
        bitrate_mode="VARIABLE",
        compression_level=0.2,
    )
    return Sound(title, credit, rate, samples.size / rate, float(gain), buffer.getvalue())
