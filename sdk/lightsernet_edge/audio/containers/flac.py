"""FLAC: lengths that are not declared or too small, and recordings joined one behind another."""

from __future__ import annotations

from io import FileIO
from pathlib import Path

from .layout import Layout, Part, bytes_at, places_of, refuse_many, size_of

MAGIC = b"fLaC"
# The first block of metadata, STREAMINFO, and its length.
_BEGINNING = MAGIC + b"\x00\x00\x00\x22"
_BEGINNING_OF_ONLY = MAGIC + b"\x80\x00\x00\x22"
# Where STREAMINFO holds the number of samples, in 36 bits.
_TOTAL = slice(21, 26)
_TOTAL_MASK = 2**36 - 1
_HEAD = 42
# Where it holds the greatest number of samples in a block.
_BLOCK = slice(10, 12)
# The last frame is looked for in so many bytes at the end.
_LAST = 2**17
# Begins a frame; the second byte is 0xF9 if blocks differ in length.
_SYNC = b"\xff"
_SECOND = (0xF8, 0xF9)
_MOST_FRAME_HEADER = 16
# More bytes that look like a last frame, and are none, are no accident.
_MOST_TRIES = 4
# Of so many recordings in a file the lengths are compared with what they hold: it takes time.
_MOST_COMPARED = 16
_CRC_8, _CRC_16 = 0x07, 0x8005


def layout(stream: FileIO, start: int, path: Path) -> Layout:
    """Find the recordings in a FLAC that begins at byte `start`."""
    size = size_of(stream)
    found = {start}
    for beginning in (_BEGINNING, _BEGINNING_OF_ONLY):
        for place in places_of(stream, beginning, start):
            refuse_many(found, path)
            found.add(place)
    starts = sorted(found)
    ends = [*starts[1:], size]
    notes: list[str] = []
    parts = [
        _part(stream, begin, end, len(starts), notes)
        for begin, end in zip(starts, ends, strict=True)
    ]
    can_seek = len(parts) == 1 and not parts[0].is_open
    return Layout(tuple(parts), tuple(notes), can_seek=can_seek)


def _part(stream: FileIO, start: int, end: int, count: int, notes: list[str]) -> Part:
    """Return one of `count` recordings in a file, and add what is to be said of it."""
    head = bytearray(bytes_at(stream, start, _HEAD))
    total = int.from_bytes(head[_TOTAL], "big")
    declared = total & _TOTAL_MASK
    if len(head) < _HEAD:
        return Part(0 if count == 1 else start, end)
    if declared:
        held = declared
        if count <= _MOST_COMPARED:
            held = _samples_held(stream, bytes(head), start + _HEAD, end, declared)
        if held == declared:
            return Part(0 if count == 1 else start, end)
        notes.append(
            f"its header declares {declared} samples, but the file holds {held}; all of them are "
            "read"
        )
        head[_TOTAL] = (total - declared + held).to_bytes(5, "big")
        return Part(start + _HEAD, end, bytes(head))
    # Unknown: as many as can be declared, so that the decoder goes on to the end.
    head[_TOTAL] = (total | _TOTAL_MASK).to_bytes(5, "big")
    return Part(start + _HEAD, end, bytes(head), is_open=True)


def _samples_held(stream: FileIO, head: bytes, start: int, end: int, declared: int) -> int:
    """Return the number of samples: `declared`, unless the last frame lies behind them."""
    start = max(start, end - _LAST)
    tail = bytes_at(stream, start, end - start)
    place, tries = tail.rfind(_SYNC), 0
    while place >= 0 and tries < _MOST_TRIES:
        header = tail[place : place + _MOST_FRAME_HEADER].ljust(_MOST_FRAME_HEADER, b"\0")
        found = _end_of_frame(header, head)
        if found == declared:
            break
        # A frame that ends with the file is the last; anything else only looks like one.
        if found is not None and declared < found <= _TOTAL_MASK:
            if _crc(tail[place:], _CRC_16, 16) == 0:
                return found
            tries += 1
        place = tail.rfind(_SYNC, 0, place)
    return declared


def _end_of_frame(header: bytes, head: bytes) -> int | None:
    """Return the number of samples up to the end of a frame; None if these bytes begin none."""
    if header[1] not in _SECOND:
        return None
    size_code, rate_code = header[2] >> 4, header[2] & 15
    number, position = _coded_number(header)
    if number is None or size_code == 0 or rate_code == 15:
        return None
    if size_code == 1:
        size = 192
    elif size_code <= 5:
        size = 576 << (size_code - 2)
    elif size_code <= 7:
        length = size_code - 5
        size = int.from_bytes(header[position : position + length], "big") + 1
        position += length
    else:
        size = 256 << (size_code - 8)
    position += {12: 1, 13: 2, 14: 2}.get(rate_code, 0)
    if _crc(header[: position + 1], _CRC_8, 8):
        return None
    has_sample_number = header[1] == _SECOND[1]
    return number * (1 if has_sample_number else int.from_bytes(head[_BLOCK], "big")) + size


def _coded_number(header: bytes) -> tuple[int | None, int]:
    """Return the number of a frame or sample, coded as UTF-8 does, and where it ends."""
    first = header[4]
    if first < 0x80:
        return first, 5
    ones = 8 - (first ^ 0xFF).bit_length()
    following = header[5 : 4 + ones]
    if not 2 <= ones <= 7 or any(byte >> 6 != 2 for byte in following):
        return None, 5
    number = first & (0x7F >> ones)
    for byte in following:
        number = number << 6 | byte & 0x3F
    return number, 4 + ones


def _crc(content: bytes, polynomial: int, width: int) -> int:
    """Return a checksum, highest bit first; 0 over bytes that end with their own."""
    remainder, top, mask = 0, 1 << (width - 1), (1 << width) - 1
    for byte in content:
        remainder ^= byte << (width - 8)
        for _ in range(8):
            shifted = remainder << 1
            remainder = (shifted ^ polynomial if remainder & top else shifted) & mask
    return remainder
