"""Ogg: recordings chained one behind another, damaged pages, and files that were cut short."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from .layout import Layout, Part, bytes_at, places_of, refuse_many, size_of

MAGIC = b"OggS"
_HEADER = 27
_MOST_SEGMENTS = 255
_CRC = slice(22, 26)
_FIRST_PAGE, _LAST_PAGE = 2, 4
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True)
class _Page:
    start: int
    end: int
    flags: int
    is_whole: bool


def layout(stream: FileIO, path: Path) -> Layout:
    """Find the recordings in an Ogg file."""
    size = size_of(stream)
    starts: list[int] = []
    damaged, found, is_beginning, is_ended = 0, 0, False, True
    position = 0
    passed_over = 0
    for page in _pages(stream, size):
        passed_over += page.start - position
        position = page.end
        if not page.is_whole:
            damaged += 1
            continue
        found += 1
        if page.flags & _FIRST_PAGE and not is_beginning:
            refuse_many(starts, path)
            starts.append(page.start)
        # Pages that begin several streams stand together, in front of all others.
        is_beginning = bool(page.flags & _FIRST_PAGE)
        is_ended = bool(page.flags & _LAST_PAGE)
    passed_over += size - position
    if not starts:
        return Layout((Part(0, size),))
    notes = []
    if damaged:
        notes.append(f"passed over {damaged} damaged pages of {damaged + found}")
    if not is_ended:
        notes.append(
            "cut short: its last page does not end the recording"
            + (f"; passed over {passed_over} bytes" if passed_over else "")
        )
    elif passed_over:
        notes.append(f"passed over {passed_over} bytes that are no pages of Ogg")
    if len(starts) == 1 and starts[0] == 0:
        return Layout((Part(0, size),), tuple(notes))
    ends = [*starts[1:], size]
    parts = tuple(Part(start, end) for start, end in zip(starts, ends, strict=True))
    return Layout(parts, tuple(notes))


def _pages(stream: FileIO, size: int) -> Iterator[_Page]:
    position = 0
    while position < size:
        page = _page_at(stream, position, size)
        if page is None:
            # Lost: go on at the next page there is.
            position = next(places_of(stream, MAGIC, position + 1), size)
            continue
        yield page
        position = page.end


def _page_at(stream: FileIO, position: int, size: int) -> _Page | None:
    header = bytes_at(stream, position, _HEADER + _MOST_SEGMENTS)
    if len(header) < _HEADER or header[:4] != MAGIC or header[4] != 0:
        return None
    segments = header[26]
    if len(header) < _HEADER + segments:
        return None
    length = _HEADER + segments + sum(header[_HEADER : _HEADER + segments])
    end = position + length
    if end > size:
        return None
    return _Page(position, end, header[5], _is_whole(bytes_at(stream, position, length)))


def _is_whole(page: bytes) -> bool:
    """Compare a page with its checksum, a CRC-32 from the highest bit on."""
    declared = int.from_bytes(page[_CRC], "little")
    content = page[:22] + bytes(4) + page[26:]
    # zlib computes it from the lowest bit on, and inverts it at both ends.
    mirrored = zlib.crc32(content.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2) == declared
