"""Notes played from a SoundFont 2 file, the format of sampled instruments.

A SoundFont holds one long array of samples and tables that say which stretch of it sounds for
which key, at which rate, with which loop and envelope. This reader honours what shapes pitch and
loudness of a note: key and velocity ranges, tuning, loops, volume envelope, attenuation, and a
low-pass filter that stays at the top of its envelope. It leaves out vibrato, panning and effects,
and adds the channels of a stereo instrument into one.

References
----------
E-mu Systems, *SoundFont Technical Specification*, version 2.04, 2006: sections 4 (file), 8.1
(generators), 9 (synthesis).
"""

from __future__ import annotations

import functools
import importlib.util
import os
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fbtools.validation import FilterbankError, FloatArray, as_count, as_real, as_real_array

# Generators (specification 8.1.2) by number; times are in timecents, levels in centibel.
_START, _END, _LOOP_START, _LOOP_END = 0, 1, 2, 3
_START_COARSE, _END_COARSE, _LOOP_START_COARSE, _LOOP_END_COARSE = 4, 12, 45, 50
_FILTER, _FILTER_ENVELOPE = 8, 11
_DELAY, _ATTACK, _HOLD, _DECAY, _SUSTAIN, _RELEASE = 33, 34, 35, 36, 37, 38
_INSTRUMENT, _KEY_RANGE, _VELOCITY_RANGE, _ATTENUATION = 41, 43, 44, 48
_COARSE_TUNE, _FINE_TUNE, _SAMPLE, _LOOP_MODE, _SCALE_TUNE, _ROOT_KEY = 51, 52, 53, 54, 56, 58
_DEFAULTS = {_FILTER: 13500, _SCALE_TUNE: 100, _ROOT_KEY: -1} | dict.fromkeys(
    (_DELAY, _ATTACK, _HOLD, _DECAY, _RELEASE), -12000
)
_NO_FILTER = 13500  # a filter cutoff this high (20 kHz) means no filter

_TABLES = {
    b"phdr": [("name", "S20"), ("program", "<u2"), ("bank", "<u2"), ("bag", "<u2"), ("_", "V12")],
    b"pbag": [("generator", "<u2"), ("_", "V2")],
    b"pgen": [("kind", "<u2"), ("amount", "<i2")],
    b"inst": [("name", "S20"), ("bag", "<u2")],
    b"ibag": [("generator", "<u2"), ("_", "V2")],
    b"igen": [("kind", "<u2"), ("amount", "<i2")],
    b"shdr": [("name", "S20"), ("start", "<u4"), ("end", "<u4"), ("loop_start", "<u4"),
              ("loop_end", "<u4"), ("sr", "<u4"), ("root", "u1"), ("correction", "i1"),
              ("_", "V4")],
}  # fmt: skip

Zone = dict[int, int]


class SoundFont:
    """Sampled instruments from a SoundFont 2 file.

    Parameters
    ----------
    path : str or path
        The ``.sf2`` file.

    Raises
    ------
    FilterbankError
        If the file cannot be read or is not a SoundFont 2.

    Examples
    --------
    >>> from fbtools.audio.soundfont import installed_soundfont
    >>> font = installed_soundfont()
    >>> font.presets()[0, 56]
    'SoloTrumpet'
    >>> a4 = font.render_note(program=73, key=69, duration=0.5, sr=44100)
    >>> a4.dtype, a4.ndim, a4.size >= 22050
    (dtype('float64'), 1, True)
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        try:
            data = Path(path).read_bytes()
        except OSError as error:
            raise FilterbankError(
                f"path is {str(path)!r}, which cannot be read ({error.strerror}): "
                "pass an existing SoundFont 2 file."
            ) from error
        try:
            chunks = dict(_leaf_chunks(memoryview(data)))
            self._samples = np.frombuffer(chunks[b"smpl"], dtype="<i2")
            self._tables: dict[bytes, NDArray[Any]] = {
                tag: np.frombuffer(chunks[tag], dtype=np.dtype(columns))
                for tag, columns in _TABLES.items()
            }
        except (KeyError, ValueError, struct.error) as error:
            raise FilterbankError(
                f"path is {str(path)!r}, which is not a complete SoundFont 2 file ({error}): "
                "pass a .sf2 file."
            ) from error

    def presets(self) -> dict[tuple[int, int], str]:
        """Return the names of the instruments by (bank, program); drum kits are in bank 128."""
        return {
            (int(row["bank"]), int(row["program"])): _text(row["name"])
            for row in self._tables[b"phdr"][:-1]
        }

    def render_note(
        self,
        program: int,
        key: int,
        duration: float,
        sr: int,
        *,
        bank: int = 0,
        velocity: int = 100,
        bend: Sequence[float] = (0.0,),
    ) -> FloatArray:
        """Play one note.

        Parameters
        ----------
        program : int
            Instrument, counted from 0 (General MIDI).
        key : int
            MIDI key, 0 to 127; 69 is A4, 440 Hz. In bank 128 it selects the drum.
        duration : float
            Time for which the key is held, in s; the release sounds after it.
        sr : int
            Sampling rate in Hz.
        bank : int
            0 for melodic instruments, 128 for drum kits.
        velocity : int
            1 to 127; the amplitude grows with its square.
        bend : sequence of float
            Deviations from the key in cents, equally spaced over `duration` and joined by
            straight lines.

        Returns
        -------
        ndarray of float64, shape (n,)
            The note with its release: ``round(duration * sr)`` samples or more. Full scale is 1.

        Raises
        ------
        FilterbankError
            If an argument is out of range, or if no sample is assigned to this key.
        """
        program, bank = as_count(program, "program", 0), as_count(bank, "bank", 0)
        key, velocity = as_count(key, "key", 0, 127), as_count(velocity, "velocity", 1, 127)
        n_held = round(as_real(duration, "duration", 0.0, 600.0) * as_count(sr, "sr", 1000))
        cents = as_real_array(bend, "bend")
        if cents.ndim != 1 or np.abs(cents).max() > 12000:
            raise FilterbankError(
                f"bend is {bend!r}: pass a sequence of cents, each between -12000 and 12000."
            )
        zones = list(self._zones(bank, program, key, velocity))
        if not zones:
            raise FilterbankError(
                f"program is {program} (bank {bank}), which has no sample for key {key} at "
                f"velocity {velocity}: see presets() for the instruments, or choose another key."
            )
        voices = [self._voice(zone, key, n_held, sr, cents) for zone in zones]
        mix = np.zeros(max(voice.size for voice in voices))
        for voice in voices:
            mix[: voice.size] += voice
        return mix * (velocity / 127) ** 2

    def _zones(self, bank: int, program: int, key: int, velocity: int) -> Iterator[Zone]:
        """Yield the generators of every sample that sounds for this key and velocity."""
        presets = self._tables[b"phdr"][:-1]
        for index in np.flatnonzero((presets["bank"] == bank) & (presets["program"] == program)):
            for outer in self._split(b"phdr", b"pbag", b"pgen", int(index), _INSTRUMENT):
                for inner in self._split(b"inst", b"ibag", b"igen", outer[_INSTRUMENT], _SAMPLE):
                    if _in_range(outer, inner, key, velocity):
                        yield _add_preset_level(inner, outer)

    def _split(
        self, header: bytes, bag: bytes, generator: bytes, index: int, last: int
    ) -> Iterator[Zone]:
        """Yield the zones of one preset or instrument, completed by its global zone."""
        shared: Zone = {}
        first, stop = (int(row["bag"]) for row in self._tables[header][index : index + 2])
        for number in range(first, stop):
            start, end = self._tables[bag]["generator"][number : number + 2]
            rows = self._tables[generator][start:end]
            zone = dict(zip(rows["kind"].tolist(), rows["amount"].tolist(), strict=True))
            if last in zone:
                yield shared | zone
            elif number == first:
                shared = zone

    def _voice(self, zone: Zone, key: int, n_held: int, sr: int, bend: FloatArray) -> FloatArray:
        """Play one sample: transpose, loop, filter, and shape it by its envelope."""
        row = self._tables[b"shdr"][zone[_SAMPLE]]
        n_total = n_held + round(_seconds(zone[_RELEASE]) * sr)
        time = np.arange(n_total) / sr
        held = np.linspace(0.0, n_held / sr, bend.size) if bend.size > 1 else np.zeros(1)
        root = zone[_ROOT_KEY] if zone[_ROOT_KEY] >= 0 else int(row["root"])
        cents = (
            (key - root) * zone[_SCALE_TUNE]
            + 100 * zone.get(_COARSE_TUNE, 0)
            + zone.get(_FINE_TUNE, 0)
            + int(row["correction"])
            + np.interp(time, held, bend)
        )
        rate = int(row["sr"]) / sr * 2 ** (cents / 1200)
        position = np.cumsum(rate) - (rate + rate[0]) / 2  # trapezoidal integral from 0
        voice = _interpolate(self._samples, position, _stretch(zone, row), zone)
        voice *= _envelope(zone, n_held / sr, time[: voice.size])
        voice *= 10 ** (-zone.get(_ATTENUATION, 0) / 200)
        return _low_pass(voice, zone, sr)


def installed_soundfont_path() -> Path:
    """Return the path of the SoundFont that the installed package pretty_midi brings along.

    Returns
    -------
    pathlib.Path
        ``TimGM6mb.sf2``, General MIDI in 6 MB, by Tim Brechbill, GPL-2. It is read where it is.

    Raises
    ------
    FilterbankError
        If pretty_midi, or the file in it, is missing.

    Examples
    --------
    >>> from fbtools.audio.soundfont import installed_soundfont_path
    >>> installed_soundfont_path().name
    'TimGM6mb.sf2'
    """
    # find_spec locates the package without running it, which would cost a second.
    spec = importlib.util.find_spec("pretty_midi")
    for folder in spec.submodule_search_locations or () if spec else ():
        path = Path(folder) / "TimGM6mb.sf2"
        if path.is_file():
            return path
    raise FilterbankError(
        "The SoundFont TimGM6mb.sf2 of the package pretty_midi is missing: install it again "
        "with `pip install --force-reinstall --no-deps pretty_midi==0.2.11.post0`."
    )


@functools.lru_cache(maxsize=1)
def installed_soundfont() -> SoundFont:
    """Return the SoundFont of `installed_soundfont_path`, read once.

    Examples
    --------
    >>> from fbtools.audio.soundfont import installed_soundfont
    >>> installed_soundfont().presets()[128, 0]
    'Standard'
    """
    return SoundFont(installed_soundfont_path())


def _leaf_chunks(data: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """Yield the chunks of a RIFF file of type sfbk, going into the LISTs."""
    if bytes(data[:4]) != b"RIFF" or bytes(data[8:12]) != b"sfbk":
        raise ValueError("no RIFF header of type sfbk")
    todo = [data[12:]]
    while todo:
        rest = todo.pop()
        while rest:
            tag, size = struct.unpack_from("<4sI", rest)
            body = rest[8 : 8 + size]
            if len(body) < size:
                raise ValueError(f"chunk {tag!r} is cut off")
            if tag == b"LIST":
                todo.append(body[4:])
            else:
                yield tag, body
            rest = rest[8 + size + size % 2 :]


def _text(name: bytes) -> str:
    return bytes(name).split(b"\0")[0].decode("latin-1").strip()


def _in_range(outer: Zone, inner: Zone, key: int, velocity: int) -> bool:
    """Say whether key and velocity lie in the ranges of the preset and of the instrument."""
    for zone in (outer, inner):
        for kind, value in ((_KEY_RANGE, key), (_VELOCITY_RANGE, velocity)):
            packed = zone.get(kind, 0x7F00) & 0xFFFF
            if not packed & 0xFF <= value <= packed >> 8:
                return False
    return True


def _add_preset_level(inner: Zone, outer: Zone) -> Zone:
    """Add the preset's generators, which are relative, to the instrument's, which are absolute."""
    zone = _DEFAULTS | inner
    for kind, amount in outer.items():
        if kind not in (_INSTRUMENT, _KEY_RANGE, _VELOCITY_RANGE):
            zone[kind] = zone.get(kind, 0) + amount
    return zone


def _seconds(timecents: int) -> float:
    return float(2 ** (timecents / 1200))


def _stretch(zone: Zone, row: Any) -> tuple[int, int, int, int]:
    """Return start, end, loop start and loop end of a sample, in samples."""

    def moved(column: str, fine: int, coarse: int) -> int:
        return int(row[column]) + zone.get(fine, 0) + 32768 * zone.get(coarse, 0)

    return (
        moved("start", _START, _START_COARSE),
        moved("end", _END, _END_COARSE),
        moved("loop_start", _LOOP_START, _LOOP_START_COARSE),
        moved("loop_end", _LOOP_END, _LOOP_END_COARSE),
    )


def _interpolate(
    samples: NDArray[np.int16], position: FloatArray, bounds: tuple[int, int, int, int], zone: Zone
) -> FloatArray:
    """Read a sample at fractional positions from its start: Catmull-Rom cubic, around the loop."""
    start, end, loop_start, loop_end = bounds
    looped = zone.get(_LOOP_MODE, 0) in (1, 3) and loop_end > loop_start
    if not looped:
        position = position[position < end - start - 1]
    index = np.floor(position).astype(np.int64)
    t = position - index

    def at(shift: int) -> FloatArray:
        where = start + index + shift
        if looped:
            over = where >= loop_end
            where[over] = loop_start + (where[over] - loop_start) % (loop_end - loop_start)
        return samples[np.clip(where, start, samples.size - 1)] / 32768.0

    p0, p1, p2, p3 = at(-1), at(0), at(1), at(2)
    cubic = 3 * (p1 - p2) + p3 - p0
    square = 2 * p0 - 5 * p1 + 4 * p2 - p3
    return np.asarray(p1 + t / 2 * (p2 - p0 + t * (square + t * cubic)))


def _envelope(zone: Zone, held: float, time: FloatArray) -> FloatArray:
    """Amplitude in time: linear attack, then decay and release along straight lines in dB."""
    attack, decay, release = (_seconds(zone[kind]) for kind in (_ATTACK, _DECAY, _RELEASE))
    begin = _seconds(zone[_DELAY])
    peak = begin + attack + _seconds(zone[_HOLD])
    rising = np.clip((time - begin) / attack, 0.0, 1.0)
    # Decay and release times are those of a full fall by 100 dB.
    falling = np.clip(100 * (time - peak) / decay, 0.0, zone.get(_SUSTAIN, 0) / 10)
    falling += np.maximum(0.0, 100 * (time - held) / release)
    return np.asarray(rising * 10 ** (-falling / 20))


def _low_pass(voice: FloatArray, zone: Zone, sr: int) -> FloatArray:
    """Apply the sample's second-order low-pass filter at the top of its envelope."""
    cutoff_cents = zone[_FILTER] + max(0, zone.get(_FILTER_ENVELOPE, 0))
    cutoff = 8.176 * 2 ** (cutoff_cents / 1200)
    if cutoff_cents >= _NO_FILTER or cutoff > 0.45 * sr:
        return voice
    from scipy import signal

    return np.asarray(signal.sosfilt(signal.butter(2, cutoff, fs=sr, output="sos"), voice))
