"""What a declared number of bytes of samples may mean, and what is said where it is not true."""

from __future__ import annotations

from pathlib import Path

from ...errors import AudioError

# A size that exceeds the file is unknown, not missing, from here on: writers into pipes declare
# the greatest one that they can think of, and few recordings are truly as long.
LEAST_UNKNOWN = 2**30
LEAST_UNKNOWN_LONG = 2**50
# What FFmpeg, SoX, arecord and their like declare: the greatest signed or unsigned number, or
# some bytes less or more.
_PIPES = (
    range(1),
    range(0x7F000000, 0x7F010000),
    range(0x7FFF0000, 0x80010000),
    range(0xFFFF0000, 2**32),
)


def is_said_by_pipes(declared: int) -> bool:
    """Tell whether programs declare this size that cannot know the true one."""
    return any(declared in sizes for sizes in _PIPES)


def is_of_file(declared: int, size: int) -> bool:
    """Tell whether a writer declared the size of its file, with or without the first 8 bytes."""
    return declared in (size, size - 8)


def truncated(path: Path, size: int, end: int) -> AudioError:
    """Return the error for a file of `size` bytes whose samples should end at byte `end`."""
    return AudioError(f"{path}: truncated: {size} bytes, but its header declares {end}")


def cannot_be(declared: int, held: int) -> str:
    """Return the note on a size that no file of this kind would have."""
    return (
        f"its header declares {declared} bytes of samples, which cannot be; all {held} bytes up "
        "to the file's end are read"
    )


def holds_more(declared: int, held: int) -> str:
    """Return the note on a file that goes on behind the samples that it declares."""
    return (
        f"its header declares {declared} bytes of samples, but the file holds {held}; all of "
        "them are read"
    )
