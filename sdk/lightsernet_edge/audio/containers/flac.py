"""FLAC: lengths that are not declared, and recordings joined one behind another."""

from __future__ import annotations

from io import FileIO

from .layout import Layout, Part, bytes_at, places_of, size_of

MAGIC = b"fLaC"
# The first block of metadata, STREAMINFO, and its length.
_BEGINNING = MAGIC + b"\x00\x00\x00\x22"
_BEGINNING_OF_ONLY = MAGIC + b"\x80\x00\x00\x22"
# Where STREAMINFO holds the number of samples, in 36 bits.
_TOTAL = slice(21, 26)
_TOTAL_MASK = 2**36 - 1
_HEAD = 42


def layout(stream: FileIO, start: int) -> Layout:
    """Find the recordings in a FLAC that begins at byte `start`."""
    size = size_of(stream)
    starts = sorted(
        {start}
        | {
            place
            for beginning in (_BEGINNING, _BEGINNING_OF_ONLY)
            for place in places_of(stream, beginning, start)
        }
    )
    ends = [*starts[1:], size]
    parts = [
        _part(stream, begin, end, is_alone=len(starts) == 1)
        for begin, end in zip(starts, ends, strict=True)
    ]
    return Layout(tuple(parts), can_seek=len(parts) == 1 and not parts[0].is_open)


def _part(stream: FileIO, start: int, end: int, is_alone: bool) -> Part:
    head = bytearray(bytes_at(stream, start, _HEAD))
    total = int.from_bytes(head[_TOTAL], "big")
    if len(head) < _HEAD or total & _TOTAL_MASK:
        return Part(0 if is_alone else start, end)
    # Unknown: as many as can be declared, so that the decoder goes on to the end.
    head[_TOTAL] = (total | _TOTAL_MASK).to_bytes(5, "big")
    return Part(start + _HEAD, end, bytes(head), is_open=True)
