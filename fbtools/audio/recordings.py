"""Ten real recordings, each with its title, author, licence and source.

`load` gives librosa's example recordings. It looks in librosa's own cache (the folder
``LIBROSA_DATA_DIR`` if that is set, else the user's cache folder), then on the network. Where
neither has the recording, or what the cache has is damaged or cannot be read, it gives within
seconds the beginning of it, which the package carries, and says so in ``Recording.note``. The
environment variable ``FBTOOLS_OFFLINE=1`` asks for these excerpts outright.
"""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from fbtools.audio import fetching
from fbtools.audio.catalogue import CATALOGUE, EXCERPTS, INSTEAD, NATIVE_SR, Entry, names
from fbtools.extras import needs
from fbtools.records import Value
from fbtools.validation import FilterbankError, FloatArray, as_choice, as_count, as_real

__all__ = ["Recording", "load"]

_DAY = 86400.0  # s: no recording is that long


@dataclass(frozen=True, eq=False)
class Recording(Value):
    """A sound and where it comes from.

    Attributes
    ----------
    x : ndarray of float64, shape (N,), read-only
        One channel; full scale is 1.
    sr : int
        Sampling rate in Hz.
    name, kind : str
        The name given to `load`, and what sort of sound it is.
    title, author, licence, source : str
        Of what is heard. `licence` has its address in brackets, `source` is an address.
    is_excerpt : bool
        Whether this comes from the package's own excerpts, as the recording could not be had.
    note : str
        Empty for a recording; for an excerpt, one sentence for the page that plays it, with the
        reason: a file that is damaged or cannot be read is named, with the remedy.

    Examples
    --------
    >>> from fbtools import audio
    >>> recording = audio.load("libri1", duration=0.5)
    >>> recording.x.shape, recording.sr, recording.kind
    ((11025,), 22050, 'speech')
    >>> recording.author
    'Narrated by Garth Comira'
    """

    x: FloatArray = field(repr=False)
    sr: int
    name: str
    kind: str
    title: str
    author: str
    licence: str
    source: str
    is_excerpt: bool
    note: str

    @property
    def credit(self) -> str:
        """One line of provenance, fit for a caption.

        Examples
        --------
        >>> from fbtools import audio
        >>> print(audio.load("robin", duration=0.5).credit)
        Bird Whistling, Robin, Single, 13.wav. InspectorJ. CC BY 3.0 ...
        """
        return f"{self.title}. {self.author}. {self.licence}. {self.source}"


def load(
    name: str, duration: float | None = None, offset: float = 0.0, sr: int = 22050
) -> Recording:
    """Return a recording, or a slice of it, with its provenance.

    Parameters
    ----------
    name : str
        One of `names`.
    duration : float, optional
        Length of the slice in s; up to the end of the recording if not given.
    offset : float
        Where the slice begins, in s.
    sr : int
        Sampling rate in Hz, 1000 to 192000. Up to 22050 Hz, librosa's standard file is
        resampled; above, its larger file at 44.1 kHz (speech: 16 kHz), mixed down to one channel.

    Returns
    -------
    Recording
        With ``x`` of shape ``(round(duration * sr),)``, equal to the slice of the whole that
        begins at sample ``round(offset * sr)``. What has been loaded stays in memory, and a
        network that did not answer is not asked again by this process.

    Raises
    ------
    FilterbankError
        If the name is unknown, a number is out of range, or the slice does not lie within the
        recording, or within the excerpt that is there in its place; also if neither can be read.

    See Also
    --------
    names, describe, random_segments

    Notes
    -----
    An excerpt is the beginning of the recording, so seconds count as in the whole, and at 22050 Hz
    the samples are the same to the last bit. At other rates this holds to rounding, but for the
    last milliseconds of the excerpt; above 22050 Hz it has nothing above 11 kHz. It is at least
    five seconds long, or as long as the recording, and covers all that the book plays. It is given,
    too, for a file in the cache that is damaged and that the network does not give anew, or that
    cannot be read or decoded.

    The licence of ``choice`` forbids commercial use, so the package carries none of it: in its
    place comes ``vibeace`` from second 3 on, under its own title.

    Examples
    --------
    >>> from fbtools import audio
    >>> recording = audio.load("trumpet", duration=1.0, offset=0.5)
    >>> recording.x.shape, recording.sr
    ((22050,), 22050)
    """
    name = as_choice(name, "name", names())
    sr = as_count(sr, "sr", 1000, 192_000)
    offset = as_real(offset, "offset", maximum=_DAY)
    if offset < 0:
        raise FilterbankError(f"offset is {offset}: pass a number of seconds of at least 0.")
    length = None if duration is None else as_real(duration, "duration", 0.0, _DAY)
    whole, called = _whole(name, sr)
    return replace(whole, x=_slice(whole.x, called, length, offset, sr))


def _whole(name: str, sr: int) -> tuple[Recording, str]:
    """All of a recording, or else its excerpt; and what to call it in a message."""
    entry = CATALOGUE[name]
    if os.environ.get("FBTOOLS_OFFLINE", "0") not in ("", "0"):
        return _excerpt(name, sr, "FBTOOLS_OFFLINE is set")
    file = entry.file + (".hq.ogg" if sr > NATIVE_SR else ".ogg")
    path = fetching.find(file)
    if path is None:
        absent = "it is not in librosa's cache, and the network did not give it"
        return _excerpt(name, sr, fetching.fault(file) or absent)
    try:
        return _label(_decode(path, sr), sr, name, entry), repr(name)
    except (OSError, RuntimeError) as error:  # of the disk, and of soundfile
        broken = f"`{path}` in librosa's cache cannot be decoded: {error}; reinstall soundfile"
        return _excerpt(name, sr, broken)


def _excerpt(name: str, sr: int, reason: str) -> tuple[Recording, str]:
    """The beginning of a recording, or else a piece of another, with the reason for it."""
    carried, start = INSTEAD.get(name, (name, 0.0))
    try:
        x = _decode(EXCERPTS / f"{carried}.ogg", sr)[round(start * sr) :]
    except (OSError, RuntimeError) as error:
        raise FilterbankError(
            f"name is {name!r}, which cannot be had ({reason}), and of which the excerpt that "
            f"fbtools carries cannot be read ({error}): reinstall fbtools and soundfile."
        ) from error
    wanted, heard = CATALOGUE[name], CATALOGUE[carried]
    work = f"“{wanted.title}” ({wanted.author}) could not be had ({reason})"
    if carried == name:
        called = f"the excerpt of {name!r} that fbtools carries ({reason})"
        seconds = x.size / sr
        note = f"The whole of {work}; this is from its first {seconds:.1f} s, carried by fbtools."
    else:
        called = f"the piece of {carried!r} that is there in place of {name!r} ({reason})"
        note = (
            f"{work}, and its licence does not let fbtools carry an excerpt; what is heard instead "
            f"is “{heard.title}” ({heard.author}), from second {start:g} on."
        )
    return _label(x, sr, name, heard, note), called


def _label(x: FloatArray, sr: int, name: str, heard: Entry, note: str = "") -> Recording:
    return Recording(
        x, sr, name, heard.kind, heard.title, heard.author, heard.licence, heard.source,
        is_excerpt=bool(note), note=note,
    )  # fmt: skip


def _slice(
    whole: FloatArray, called: str, duration: float | None, offset: float, sr: int
) -> FloatArray:
    """Cut the slice, or say what there is to cut."""
    start, available = round(offset * sr), _seconds(whole.size, sr)
    if start >= whole.size:
        raise FilterbankError(
            f"offset is {offset} s, beyond the end of {called}, which has {available} s: "
            "begin earlier."
        )
    if duration is None:
        return whole[start:]
    n_samples = round(duration * sr)
    if n_samples == 0:
        raise FilterbankError(
            f"duration is {duration} s, less than one sample at {sr} Hz: ask for more."
        )
    if start + n_samples > whole.size:
        raise FilterbankError(
            f"duration is {duration} s from offset {offset} s, beyond the end of {called}, "
            f"which has {available} s: ask for at most {_seconds(whole.size - start, sr)} s from "
            "there."
        )
    return whole[start : start + n_samples]


def _seconds(n_samples: int, sr: int) -> str:
    """Print a length that can be asked for: rounded down, and not to nothing."""
    digits = 3 if n_samples * 100 >= sr else 6
    return f"{n_samples * 10**digits // sr / 10**digits:.{digits}f}"


@functools.lru_cache(maxsize=16)
def _decode(path: Path, sr: int) -> FloatArray:
    """Read, mix down and resample a whole file."""
    with needs("audio"):
        import soundfile

    channels, native_sr = soundfile.read(path, dtype="float64", always_2d=True)
    return _resample(channels.mean(axis=1), native_sr, sr)


def _resample(x: FloatArray, old_sr: int, new_sr: int) -> FloatArray:
    """Resample as librosa does, but without its import of several seconds; make it read-only."""
    with needs("audio"):
        import soxr

    if old_sr != new_sr:
        x = np.asarray(soxr.resample(x, old_sr, new_sr, quality="HQ"))
    x.setflags(write=False)
    return x
