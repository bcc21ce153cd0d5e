"""Files that are read only if they are files: a pipe may never begin, a device never end."""

from __future__ import annotations

import os
import stat
from io import FileIO
from pathlib import Path

from ..errors import InputError

# Else opening a pipe waits for somebody who writes into it. Not every system has it.
_AT_ONCE = getattr(os, "O_NONBLOCK", 0)


def open_regular(path: Path, expected: str, error: type[InputError] = InputError) -> FileIO:
    """Open a file for reading, unbuffered.

    Parameters
    ----------
    path : Path
    expected : str
        What the file should be, for messages: "a recording".
    error : type of InputError
        What is raised.

    Raises
    ------
    InputError
        As `error`: if there is no such file, if it is a directory, a pipe or a device, or if
        it cannot be read.
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
