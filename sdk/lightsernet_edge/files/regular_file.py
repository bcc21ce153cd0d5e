"""Opens regular files only: a pipe may block, a device may never end."""

from __future__ import annotations

import os
import stat
from io import FileIO
from pathlib import Path

from ..errors import InputError

# Without it, opening a pipe waits for a writer. Not every system has it.
_AT_ONCE = getattr(os, "O_NONBLOCK", 0)


def open_regular(path: Path, expected: str, error: type[InputError] = InputError) -> FileIO:
    """Open a file for reading, unbuffered.

    Parameters
    ----------
    path : Path
    expected : str
        What the file should be, for messages: "a recording".
    error : type of InputError
        Raised for all failures.

    Returns
    -------
    FileIO
        At its beginning.

    Raises
    ------
    InputError
        An `error`, if the file does not exist, is a directory, pipe or device, or cannot be
        read.
    """
    try:
        stream = FileIO(path, opener=lambda name, flags: os.open(name, flags | _AT_ONCE))
        mode = os.fstat(stream.fileno()).st_mode
    except FileNotFoundError:
        raise error(f"{path}: no such file, expected {expected}") from None
    except IsADirectoryError:
        raise error(f"{path}: is a directory, expected {expected}") from None
    except OSError as cause:
        raise error(f"{path}: cannot be read ({cause.strerror or cause})") from None
    if not stat.S_ISREG(mode):
        stream.close()
        raise error(f"{path}: is a pipe or device, expected {expected} in a file")
    return stream
