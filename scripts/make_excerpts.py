"""Cut the excerpts that `fbtools.audio` carries, and write their credits.

    python scripts/make_excerpts.py [FOLDER]

takes librosa's files from its cache or from the network, and writes one Ogg file for each recording
that may be shared, and CREDITS.md, to FOLDER (fbtools/audio/excerpts if none is given). Nothing is
encoded anew: a file is the first pages of librosa's own, so its samples are those of the recording
to the last bit, and the same files come out wherever this runs. Only the tags are replaced (one
recording brings a picture of 65 kB along), by title, author, licence and source.

References
----------
S. Pfeiffer, *The Ogg Encapsulation Format Version 0*, RFC 3533, 2003, section 6 (pages).
Xiph.Org Foundation, *Vorbis I specification*, 2020, sections 4.2 and 5 (headers, tags).
"""

from __future__ import annotations

import hashlib
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from fbtools.audio import fetching
from fbtools.audio.catalogue import CATALOGUE, EXCERPTS, NATIVE_SR, Entry

# What the book plays of each begins and ends before; five seconds of the others.
SECONDS = {"libri1": 6, "libri2": 6, "libri3": 6, "nutcracker": 13, "humpback": 32, "vibeace": 7}
HEADER = struct.Struct("<4sBBqIIIB")
LAST = 4  # flag of the page that ends a stream

HEAD = """# Excerpts of recordings

Each file is the beginning of one of librosa's example recordings, in librosa's own encoding (Ogg
Vorbis, 22 050 Hz): **an excerpt, cut after the time stated**, with its tags replaced. Nothing else
was changed, and nobody named here endorses this package. The licences below are those of the
recordings; they hold for the excerpts, too. `scripts/make_excerpts.py` of the repository makes the
files and this page.
"""


@dataclass(frozen=True)
class Page:
    """A page of an Ogg stream: where it ends, in samples; lengths of its pieces; its content."""

    flags: int
    granule: int
    serial: int
    lacing: bytes
    body: bytes

    def packed(self, number: int) -> bytes:
        """The page as bytes, with its place in the stream and its checksum."""
        start = (b"OggS", 0, self.flags, self.granule, self.serial, number)
        rest = self.lacing + self.body
        unsigned = HEADER.pack(*start, 0, len(self.lacing)) + rest
        return HEADER.pack(*start, checksum(unsigned), len(self.lacing)) + rest


def checksum(data: bytes) -> int:
    """CRC-32 as Ogg has it: polynomial 0x04c11db7, highest bit first, from 0."""
    remainder = 0
    for byte in data:
        remainder ^= byte << 24
        for _ in range(8):
            remainder = remainder << 1 ^ (0x104C11DB7 if remainder >> 31 else 0)
    return remainder


def read_pages(data: bytes) -> Iterator[Page]:
    """Yield the pages of an Ogg stream."""
    while data:
        magic, _, flags, granule, serial, _, _, n = HEADER.unpack_from(data)
        if magic != b"OggS":
            raise ValueError("this is no Ogg stream")
        lacing = data[HEADER.size : HEADER.size + n]
        end = HEADER.size + n + sum(lacing)
        yield Page(flags, granule, serial, lacing, data[HEADER.size + n : end])
        data = data[end:]


def packets(pages: list[Page]) -> Iterator[bytes]:
    """Yield the packets that end in these pages: a piece of less than 255 bytes is the last."""
    packet = b""
    for page in pages:
        at = 0
        for size in page.lacing:
            packet, at = packet + page.body[at : at + size], at + size
            if size < 255:
                yield packet
                packet = b""


def lace(packet: bytes) -> bytes:
    """The lengths of the pieces of a packet."""
    return bytes([255] * (len(packet) // 255) + [len(packet) % 255])


def tagged(comments: bytes, tags: dict[str, str]) -> bytes:
    """The second header of a Vorbis stream with other tags, and the same encoder named."""
    (length,) = struct.unpack_from("<I", comments, 7)
    lines = [f"{key}={value}".encode() for key, value in tags.items()]
    body = b"".join(struct.pack("<I", len(line)) + line for line in lines)
    return comments[: 11 + length] + struct.pack("<I", len(lines)) + body + b"\x01"


def cut(data: bytes, seconds: float, tags: dict[str, str]) -> bytes:
    """The beginning of a Vorbis file: whole pages, `seconds` or a little more, all if shorter."""
    pages = list(read_pages(data))
    first = next(i for i, page in enumerate(pages) if page.granule > 0)
    _, comments, setup = packets(pages[:first])
    headers = [tagged(comments, tags), setup]
    second = Page(0, 0, pages[0].serial, b"".join(map(lace, headers)), b"".join(headers))
    stop = first + 1
    while stop < len(pages) and pages[stop - 1].granule < seconds * NATIVE_SR:
        stop += 1
    if pages[stop - 1].lacing[-1] == 255:
        raise ValueError("the last page ends within a packet: choose another time")
    last = replace(pages[stop - 1], flags=pages[stop - 1].flags | LAST)
    kept = [pages[0], second, *pages[first : stop - 1], last]
    return b"".join(page.packed(number) for number, page in enumerate(kept))


def tags_of(entry: Entry) -> dict[str, str]:
    """What a player shows."""
    return {
        "TITLE": f"{entry.title} (excerpt)",
        "ARTIST": entry.author,
        "LICENSE": entry.licence,
        "CONTACT": entry.source,
    }


def credit(name: str, entry: Entry, data: bytes) -> str:
    """What the licence asks to be stated, and the hash of the file."""
    seconds = list(read_pages(data))[-1].granule / NATIVE_SR
    whole = entry.n_samples / NATIVE_SR
    return (
        f"\n## {name}.ogg\n\n"
        f"- Title: {entry.title}\n- Author: {entry.author}\n- Licence: {entry.licence}\n"
        f"- Source: {entry.source}\n- Excerpt: the first {seconds:.2f} s of {whole:.2f} s\n"
        f"- SHA-256: `{hashlib.sha256(data).hexdigest()}`\n"
    )


def main(folder: Path) -> None:
    """Write the excerpts and their credits."""
    text = HEAD
    for name, entry in CATALOGUE.items():
        if not entry.is_shared:
            continue
        path = fetching.find(f"{entry.file}.ogg")
        if path is None:
            raise SystemExit(f"{name} can neither be found nor downloaded")
        data = cut(path.read_bytes(), SECONDS.get(name, 5), tags_of(entry))
        (folder / f"{name}.ogg").write_bytes(data)
        text += credit(name, entry, data)
    (folder / "CREDITS.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else EXCERPTS)
