"""Opens recordings: regular files, and pipes that somebody writes to, as ``<(...)`` gives."""

from __future__ import annotations

import os
import select
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from ..errors import AudioError
from ..files.regular_file import open_regular

_EXPECTED = "a recording"
# A decoder has to go back and forth, so what a pipe gives is kept in a file; at most so many bytes.
MOST_FROM_A_PIPE = 2**30
_CHUNK = 2**18


@contextmanager
def open_input(path: Path) -> Iterator[FileIO]:
    """Open a recording for reading, unbuffered.

    A pipe is read to its end first, into a temporary file without a name.

    Parameters
    ----------
    path : Path

    Raises
    ------
    AudioError
        If there is no such file, it cannot be read, or is a directory, a device, a pipe that
        nobody writes to, or one that gives more than `MOST_FROM_A_PIPE` bytes.
    """
    if not _is_pipe(path):
        with open_regular(path, _EXPECTED, AudioError) as stream:
            yield stream
        return
    try:
        with tempfile.TemporaryFile(buffering=0) as kept:
            _copy_pipe(path, kept)
            yield kept
    except OSError as error:
        raise AudioError(f"{path}: cannot be read from a pipe ({error.strerror})") from None


def _is_pipe(path: Path) -> bool:
    try:
        return stat.S_ISFIFO(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def _copy_pipe(path: Path, kept: FileIO) -> None:
    # Non-blocking: opening a pipe that has no writer would wait for one.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        copied = 0
        while True:
            try:
                content = os.read(descriptor, _CHUNK)
            except BlockingIOError:
                select.select([descriptor], [], [])
                continue
            if not content:
                break
            copied += len(content)
            if copied > MOST_FROM_A_PIPE:
                raise AudioError(
                    f"{path}: gives more than {MOST_FROM_A_PIPE} bytes, expected a recording in a "
                    "file if it is as long"
                )
            kept.write(content)
        if not copied:
            raise AudioError(
                f"{path}: is a pipe or device, expected {_EXPECTED} in a file, or a pipe that is "
                "being written to"
            )
    finally:
        os.close(descriptor)
