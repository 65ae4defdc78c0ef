"""Ten real recordings, each with its title, author, licence and source.

`load` gives librosa's example recordings. It looks in librosa's own cache (the folder
``LIBROSA_DATA_DIR`` if that is set, else the user's cache folder), then on the network. Where
neither has the recording, or what the cache has is damaged or cannot be read, it gives an offline
stand-in within seconds and says so in ``Recording.note``. The environment variable
``FBTOOLS_OFFLINE=1`` asks for the stand-ins outright.
"""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fbtools.audio import fetching, standins
from fbtools.validation import FilterbankError, FloatArray, as_choice, as_count, as_real

_NATIVE_SR = 22050  # of librosa's standard files; its "hq" files are at 44.1 kHz (speech: 16 kHz)

_DAY = 86400.0  # s: no recording is that long

_CC_BY_3 = "CC BY 3.0 (https://creativecommons.org/licenses/by/3.0/)"
_CC_BY_4 = "CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/)"
_LIBRISPEECH = "https://www.openslr.org/12/"


@dataclass(frozen=True, eq=False)
class Recording:
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
        Of what is heard: for a stand-in these name the stand-in. `licence` has its address in
        brackets, `source` is an address.
    is_stand_in : bool
        Whether this is a stand-in for a recording that could not be had.
    note : str
        Empty for a recording; for a stand-in, one sentence for the page that plays it, with the
        reason: a file that is damaged or cannot be read is named, with the remedy.
    """

    x: FloatArray = field(repr=False)
    sr: int
    name: str
    kind: str
    title: str
    author: str
    licence: str
    source: str
    is_stand_in: bool
    note: str

    @property
    def credit(self) -> str:
        """One line of provenance, fit for a caption."""
        return f"{self.title}. {self.author}. {self.licence}. {self.source}"


@dataclass(frozen=True)
class _Entry:
    file: str  # in librosa's cache, without extension
    n_samples: int  # at 22050 Hz
    kind: str
    title: str
    author: str
    licence: str
    source: str


_CATALOGUE = {
    "trumpet": _Entry(
        "sorohanro_-_solo-trumpet-06",
        117601,
        "sustained brass",
        "Part of the Jazz Trumpet Loops Pack in F 90 bpm",
        "Mihai Sorohan",
        _CC_BY_3,
        "https://freesound.org/s/77711/",
    ),
    "libri1": _Entry(
        "5703-47212-0000",
        327222,
        "speech",
        "Ashiel Mystery: A Detective Story, chapter 2",
        "Narrated by Garth Comira",
        _CC_BY_4,
        _LIBRISPEECH,
    ),
    "libri2": _Entry(
        "3436-172162-0000",
        369227,
        "speech",
        "The Age of Chivalry, chapter 18: Perceval",
        "Read by Anders Lankford",
        _CC_BY_4,
        _LIBRISPEECH,
    ),
    "libri3": _Entry(
        "198-209-0000",
        306717,
        "speech",
        "Jane Austen: Sense and Sensibility, chapter 18",
        "Read by Heather Barnett",
        _CC_BY_4,
        _LIBRISPEECH,
    ),
    "choice": _Entry(
        "admiralbob77_-_Choice_-_Drum-bass",
        551823,
        "drums and bass",
        "Choice, excerpt of the drum and bass tracks made by Brian McFee",
        "Admiral Bob ft. Snowflake",
        # No version: the notice says 3.0 in words and gives the address of 4.0.
        "CC BY-NC (https://creativecommons.org/licenses/by-nc/4.0/)",
        "http://dig.ccmixter.org/files/admiralbob77/61638",
    ),
    "nutcracker": _Entry(
        "Kevin_MacLeod_-_P_I_Tchaikovsky_Dance_of_the_Sugar_Plum_Fairy",
        2643264,
        "struck and plucked instruments",
        "P. I. Tchaikovsky: Dance of the Sugar Plum Fairy",
        "Kevin MacLeod",
        _CC_BY_3,
        "https://freemusicarchive.org/music/Kevin_MacLeod/Classical_Sampler/Dance_of_the_Sugar_Plum_Fairy",
    ),
    "brahms": _Entry(
        "Hungarian_Dance_number_5_-_Allegro_in_F_sharp_minor_(string_orchestra)",
        1010880,
        "ensemble",
        "Johannes Brahms: Hungarian Dance number 5",
        "US Army Strings",
        "Public Domain (https://creativecommons.org/publicdomain/mark/1.0/)",
        "https://musopen.org/music/43805-hungarian-dance-no-5-in-f-sharp-minor-woo-1-string-orchestra-arr/",
    ),
    "robin": _Entry(
        "456440__inspectorj__bird-whistling-robin-single-13",
        59505,
        "birdsong",
        "Bird Whistling, Robin, Single, 13.wav",
        "InspectorJ",
        _CC_BY_3,
        "https://freesound.org/people/InspectorJ/sounds/456440/",
    ),
    "humpback": _Entry(
        "glacier-bay-humpback",
        1429039,
        "whale song",
        "Glacier Bay 60-second clip humpback whale song November 2020",
        "Recorded by NPS - Chris Gabriele",
        "Public domain (https://www.nps.gov/aboutus/disclaimer.htm)",
        "https://www.nps.gov/glba/learn/nature/soundclips.htm",
    ),
    "vibeace": _Entry(
        "Kevin_MacLeod_-_Vibe_Ace",
        1355168,
        "vibraphone, bass and drums",
        "Vibe Ace",
        "Kevin MacLeod",
        _CC_BY_3,
        "https://freemusicarchive.org/music/Kevin_MacLeod/Jazz_Sampler/Vibe_Ace",
    ),
}


def names() -> tuple[str, ...]:
    """Return the names of the recordings.

    Examples
    --------
    >>> from fbtools import audio
    >>> audio.names()
    ('trumpet', 'libri1', 'libri2', 'libri3', 'choice', 'nutcracker', 'brahms', 'robin',
     'humpback', 'vibeace')
    """
    return tuple(_CATALOGUE)


def describe() -> str:
    """Return a table of the recordings: name, length, kind, title, author and licence.

    Examples
    --------
    >>> from fbtools import audio
    >>> print(audio.describe())
    trumpet       5.3 s  sustained brass ... Mihai Sorohan. CC BY 3.0 ...
    ...
    """
    return "\n".join(
        f"{name:10} {entry.n_samples / _NATIVE_SR:6.1f} s  {entry.kind:30}  "
        f"{entry.title}. {entry.author}. {entry.licence}"
        for name, entry in _CATALOGUE.items()
    )


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
        begins at sample ``round(offset * sr)``. A stand-in is as long as its recording, so that
        the same slices exist; it is given, too, for a file in the cache that is damaged and that
        the network does not give anew, or that cannot be read or decoded. What has been loaded
        stays in memory, and a network that did not answer is not asked again by this process.

    Raises
    ------
    FilterbankError
        If the name is unknown, a number is out of range, or the slice does not lie within the
        recording; also if both the recording and the SoundFont for its stand-in are missing.

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
    whole, reason = _whole(name, sr)
    x = _slice(whole, name, length, offset, sr)
    return _label_stand_in(x, sr, name, reason) if reason else _label(x, sr, name)


def _whole(name: str, sr: int) -> tuple[FloatArray, str]:
    """All of a recording, or else of its stand-in and the reason for it."""
    if os.environ.get("FBTOOLS_OFFLINE", "0") not in ("", "0"):
        return _stand_in(name, sr), "FBTOOLS_OFFLINE is set"
    file = _CATALOGUE[name].file + (".hq.ogg" if sr > _NATIVE_SR else ".ogg")
    path = fetching.find(file)
    if path is None:
        absent = "it is not in librosa's cache, and the network did not give it"
        return _stand_in(name, sr), fetching.fault(file) or absent
    try:
        return _decode(path, sr), ""
    except (OSError, RuntimeError) as error:  # of the disk, and of soundfile
        broken = f"`{path}` in librosa's cache cannot be decoded: {error}; reinstall soundfile"
        return _stand_in(name, sr), broken


def _slice(
    whole: FloatArray, name: str, duration: float | None, offset: float, sr: int
) -> FloatArray:
    """Cut the slice, or say what there is to cut."""
    start, available = round(offset * sr), _seconds(whole.size, sr)
    if start >= whole.size:
        raise FilterbankError(
            f"offset is {offset} s, beyond the end of {name!r}, which has {available} s: "
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
            f"duration is {duration} s from offset {offset} s, beyond the end of {name!r}, which "
            f"has {available} s: ask for at most {_seconds(whole.size - start, sr)} s from there."
        )
    return whole[start : start + n_samples]


def _seconds(n_samples: int, sr: int) -> str:
    """Print a length that can be asked for: rounded down, and not to nothing."""
    digits = 3 if n_samples * 100 >= sr else 6
    return f"{n_samples * 10**digits // sr / 10**digits:.{digits}f}"


def _label(x: FloatArray, sr: int, name: str) -> Recording:
    entry = _CATALOGUE[name]
    return Recording(
        x, sr, name, entry.kind, entry.title, entry.author, entry.licence, entry.source, False, ""
    )


def _label_stand_in(x: FloatArray, sr: int, name: str, reason: str) -> Recording:
    entry = _CATALOGUE[name]
    played = standins.describe(name)
    return Recording(
        x,
        sr,
        name,
        entry.kind,
        title=f"Stand-in for “{entry.title}”: {played}",
        author="Played by fbtools from the SoundFont TimGM6mb by Tim Brechbill",
        licence="SoundFont: GPL-2.0 (https://www.gnu.org/licenses/old-licenses/gpl-2.0.html)",
        source="https://github.com/craffel/pretty-midi",
        is_stand_in=True,
        note=f"The recording “{entry.title}” ({entry.author}) could not be had ({reason}); "
        f"what is heard instead is {played}, played from a SoundFont.",
    )


@functools.lru_cache(maxsize=16)
def _decode(path: Path, sr: int) -> FloatArray:
    """Read, mix down and resample a whole file."""
    import soundfile

    channels, native_sr = soundfile.read(path, dtype="float64", always_2d=True)
    return _resample(channels.mean(axis=1), native_sr, sr)


@functools.lru_cache(maxsize=16)
def _stand_in(name: str, sr: int) -> FloatArray:
    """Play a stand-in at 44.1 kHz, as long as its recording, and resample it."""
    rendered_sr = 2 * _NATIVE_SR
    return _resample(
        standins.render(name, 2 * _CATALOGUE[name].n_samples, rendered_sr), rendered_sr, sr
    )


def _resample(x: FloatArray, old_sr: int, new_sr: int) -> FloatArray:
    """Resample as librosa does, but without its import of several seconds; make it read-only."""
    import soxr

    if old_sr != new_sr:
        x = np.asarray(soxr.resample(x, old_sr, new_sr, quality="HQ"))
    x.setflags(write=False)
    return x
