"""Which recordings there are: file, length, title, author, licence, source, and what is shipped.

The recordings are librosa's examples. The package carries the beginning of nine of them, in
``excerpts/`` beside this file, for readers without network; ``excerpts/CREDITS.md`` has the terms.
The tenth, ``choice``, may not be shared for commercial ends, so the package must not carry it:
where it cannot be had, a piece of ``vibeace`` is heard, which has bass and drums, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["describe", "names"]

NATIVE_SR = 22050  # Hz, of librosa's standard files; "hq" files are at 44.1 kHz (speech: 16 kHz)
EXCERPTS = Path(__file__).with_name("excerpts")

_CC_BY_3 = "CC BY 3.0 (https://creativecommons.org/licenses/by/3.0/)"
_CC_BY_4 = "CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/)"
_LIBRISPEECH = "https://www.openslr.org/12/"


@dataclass(frozen=True)
class Entry:
    """A recording, as librosa has it."""

    file: str  # in librosa's cache, without extension
    n_samples: int  # at 22050 Hz
    kind: str
    title: str
    author: str
    licence: str
    source: str

    @property
    def is_shared(self) -> bool:
        """Whether its licence lets the package carry an excerpt."""
        return "NC" not in self.licence


CATALOGUE = {
    "trumpet": Entry(
        "sorohanro_-_solo-trumpet-06",
        117601,
        "sustained brass",
        "Part of the Jazz Trumpet Loops Pack in F 90 bpm",
        "Mihai Sorohan",
        _CC_BY_3,
        "https://freesound.org/s/77711/",
    ),
    "libri1": Entry(
        "5703-47212-0000",
        327222,
        "speech",
        "Ashiel Mystery: A Detective Story, chapter 2",
        "Narrated by Garth Comira",
        _CC_BY_4,
        _LIBRISPEECH,
    ),
    "libri2": Entry(
        "3436-172162-0000",
        369227,
        "speech",
        "The Age of Chivalry, chapter 18: Perceval",
        "Read by Anders Lankford",
        _CC_BY_4,
        _LIBRISPEECH,
    ),
    "libri3": Entry(
        "198-209-0000",
        306717,
        "speech",
        "Jane Austen: Sense and Sensibility, chapter 18",
        "Read by Heather Barnett",
        _CC_BY_4,
        _LIBRISPEECH,
    ),
    "choice": Entry(
        "admiralbob77_-_Choice_-_Drum-bass",
        551823,
        "drums and bass",
        "Choice, excerpt of the drum and bass tracks made by Brian McFee",
        "Admiral Bob ft. Snowflake",
        # No version: the notice says 3.0 in words and gives the address of 4.0.
        "CC BY-NC (https://creativecommons.org/licenses/by-nc/4.0/)",
        "http://dig.ccmixter.org/files/admiralbob77/61638",
    ),
    "nutcracker": Entry(
        "Kevin_MacLeod_-_P_I_Tchaikovsky_Dance_of_the_Sugar_Plum_Fairy",
        2643264,
        "struck and plucked instruments",
        "P. I. Tchaikovsky: Dance of the Sugar Plum Fairy",
        "Kevin MacLeod",
        _CC_BY_3,
        "https://freemusicarchive.org/music/Kevin_MacLeod/Classical_Sampler/Dance_of_the_Sugar_Plum_Fairy",
    ),
    "brahms": Entry(
        "Hungarian_Dance_number_5_-_Allegro_in_F_sharp_minor_(string_orchestra)",
        1010880,
        "ensemble",
        "Johannes Brahms: Hungarian Dance number 5",
        "US Army Strings",
        "Public Domain (https://creativecommons.org/publicdomain/mark/1.0/)",
        "https://musopen.org/music/43805-hungarian-dance-no-5-in-f-sharp-minor-woo-1-string-orchestra-arr/",
    ),
    "robin": Entry(
        "456440__inspectorj__bird-whistling-robin-single-13",
        59505,
        "birdsong",
        "Bird Whistling, Robin, Single, 13.wav",
        "InspectorJ",
        _CC_BY_3,
        "https://freesound.org/people/InspectorJ/sounds/456440/",
    ),
    "humpback": Entry(
        "glacier-bay-humpback",
        1429039,
        "whale song",
        "Glacier Bay 60-second clip humpback whale song November 2020",
        "Recorded by NPS - Chris Gabriele",
        "Public domain (https://www.nps.gov/aboutus/disclaimer.htm)",
        "https://www.nps.gov/glba/learn/nature/soundclips.htm",
    ),
    "vibeace": Entry(
        "Kevin_MacLeod_-_Vibe_Ace",
        1355168,
        "vibraphone, bass and drums",
        "Vibe Ace",
        "Kevin MacLeod",
        _CC_BY_3,
        "https://freemusicarchive.org/music/Kevin_MacLeod/Jazz_Sampler/Vibe_Ace",
    ),
}

# What is heard where a recording can neither be had nor carried: another, from a second on.
INSTEAD = {"choice": ("vibeace", 3.0)}


def names() -> tuple[str, ...]:
    """Return the names of the recordings.

    Returns
    -------
    tuple of str
        Ten names, for `load`.

    See Also
    --------
    describe, load

    Examples
    --------
    >>> from fbtools import audio
    >>> audio.names()
    ('trumpet', 'libri1', 'libri2', 'libri3', 'choice', 'nutcracker', 'brahms', 'robin',
     'humpback', 'vibeace')
    """
    return tuple(CATALOGUE)


def describe() -> str:
    """Return a table of the recordings: name, length, kind, title, author and licence.

    Returns
    -------
    str
        One line a recording; the lengths in s.

    See Also
    --------
    names, load

    Examples
    --------
    >>> from fbtools import audio
    >>> print(audio.describe())
    trumpet       5.3 s  sustained brass ... Mihai Sorohan. CC BY 3.0 ...
    ...
    """
    return "\n".join(
        f"{name:10} {entry.n_samples / NATIVE_SR:6.1f} s  {entry.kind:30}  "
        f"{entry.title}. {entry.author}. {entry.licence}"
        for name, entry in CATALOGUE.items()
    )
