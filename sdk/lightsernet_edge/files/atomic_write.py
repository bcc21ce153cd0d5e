"""Files that are whole or not there: written to a temporary name, then renamed."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from ..errors import InputError


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` to a temporary name beside `path`, then rename it.

    Raises
    ------
    InputError
        If the place cannot be written to, or is a pipe or device, which renaming would
        replace.
    """
    # Through a link to the file it points to, which keeps its rights.
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
    # The system offers no other way to ask for it.
    mask = os.umask(0)
    os.umask(mask)
    return mask
