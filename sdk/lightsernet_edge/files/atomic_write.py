"""Writes files to a temporary name and renames them: a file is complete or absent."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from ..errors import InputError


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file to a temporary name beside it, then rename it.

    Parameters
    ----------
    path : Path
        Of the file; a link is followed, and a file that exists keeps its permissions.
    content : bytes
        Of the whole file.

    Raises
    ------
    InputError
        If the file cannot be written, or is a pipe or device, which the renaming would
        replace.
    """
    # Write to the target of a link, not over the link.
    path = Path(os.path.realpath(path))
    temporary = None
    try:
        mode = 0o666 & ~_umask()
        if path.exists():
            found = path.stat().st_mode
            if not (stat.S_ISREG(found) or stat.S_ISDIR(found)):
                raise InputError(f"{path}: is a pipe or device, expected a file or a new name")
            mode = stat.S_IMODE(found) & 0o777
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            temporary = Path(file.name)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(mode)
        temporary.replace(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _umask() -> int:
    # The system has no other call that returns it.
    mask = os.umask(0)
    os.umask(mask)
    return mask
