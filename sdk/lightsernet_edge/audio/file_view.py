"""A stretch of a file as a file of its own, with another header in front."""

from __future__ import annotations

import os
from io import FileIO

from .containers import Part

# Beyond the end of any file: where only its end can tell how long a recording is.
_NO_END = 2**44
# Length of the tag at the end of an MP3.
_TAG = 128


class FileView:
    """What a decoder is to read of a file: seekable, read-only, several at a time.

    It is called from C code, which no exception may cross; `error` keeps it.

    Parameters
    ----------
    stream : FileIO
    part : Part

    Attributes
    ----------
    error : BaseException or None
        The first that reading met; from then on the view ends there.
    """

    def __init__(self, stream: FileIO, part: Part) -> None:
        self.error: BaseException | None = None
        self._stream = stream
        self._part = part
        self._position = 0
        self._size = len(part.head) + part.end - part.start

    def readinto(self, buffer: memoryview) -> int:
        """Read into a buffer and return the number of bytes, 0 at the end."""
        target = memoryview(buffer).cast("B")
        try:
            count = self._read(target)
        except BaseException as error:
            self.error = self.error or error
            return 0
        self._position += count
        return count

    def _read(self, target: memoryview) -> int:
        head, done = self._part.head, 0
        if self.error is not None:
            return 0
        if self._position >= self._size:
            # A decoder that finds no end in sight still looks for a tag there.
            target[:] = bytes(len(target))
            return len(target) if self._position >= _NO_END - _TAG else 0
        if self._position < len(head):
            piece = head[self._position : self._position + len(target)]
            target[: len(piece)] = piece
            done = len(piece)
            if done == len(target):
                return done
        at = self._position + done - len(head)
        self._stream.seek(self._part.start + at)
        left = min(len(target) - done, self._part.end - self._part.start - at)
        while left > 0:
            count = self._stream.readinto(target[done : done + left])
            if not count:
                break
            done, left = done + count, left - count
        return done

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a position and return it."""
        # Only MP3 has parts that are open and no head.
        is_endless = self._part.is_open and not self._part.head
        base = {
            os.SEEK_SET: 0,
            os.SEEK_CUR: self._position,
            os.SEEK_END: _NO_END if is_endless else self._size,
        }[whence]
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        """Return the position."""
        return self._position
