"""What is found in a file: its parts, and what is to be said of them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sized
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from ...errors import AudioError

# More recordings in one file are no accident, and would take memory for each.
_MOST_PARTS = 10000
# Read at once in a search, in bytes.
_WINDOW = 2**20


@dataclass(frozen=True)
class Part:
    """A stretch of a file that is one recording to the decoder.

    Attributes
    ----------
    start, end : int
        In bytes.
    head : bytes
        What the decoder finds in front of the stretch: a header that says what is true.
    frames : int or None
        Number of frames, where the decoder would count too many.
    is_open : bool
        Whether only the end of the bytes can tell the number of frames. The decoder is then
        told that there is no end in sight, because it would stop at its own estimate.
    """

    start: int
    end: int
    head: bytes = b""
    frames: int | None = None
    is_open: bool = False


@dataclass(frozen=True)
class Layout:
    """The recordings in a file, one after another.

    Attributes
    ----------
    parts : tuple of Part
    notes : tuple of str
        What a user should know: what was passed over, or is not as the header says.
    is_counted : bool
        Whether the parts were compared with what they declare, which the decoder need not do.
    can_seek : bool
        Whether the decoder finds any frame exactly, without decoding those before it.
    """

    parts: tuple[Part, ...]
    notes: tuple[str, ...] = ()
    is_counted: bool = False
    can_seek: bool = False


def refuse_many(parts: Sized, path: Path) -> None:
    """Raise AudioError if a file holds more recordings than anybody joins."""
    if len(parts) > _MOST_PARTS:
        raise AudioError(
            f"{path}: holds more than {_MOST_PARTS} recordings, one behind another; expected fewer"
        )


def size_of(stream: FileIO) -> int:
    """Return the size of a file in bytes."""
    return os.fstat(stream.fileno()).st_size


def bytes_at(stream: FileIO, position: int, count: int) -> bytes:
    """Return up to `count` bytes from a position on."""
    stream.seek(position)
    return stream.read(count)


def places_of(stream: FileIO, pattern: bytes, start: int) -> Iterator[int]:
    """Yield the positions of a pattern in a file, from `start` on."""
    kept, position = b"", start
    while content := bytes_at(stream, position, _WINDOW):
        window, base = kept + content, position - len(kept)
        found = window.find(pattern)
        while found >= 0:
            yield base + found
            found = window.find(pattern, found + 1)
        kept = window[-(len(pattern) - 1) :]
        position += len(content)
