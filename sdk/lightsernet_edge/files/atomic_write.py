"""Writes files to a temporary name and renames them: a file is complete or absent."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
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
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        mode = None
        if path.exists():
            found = path.stat().st_mode
            if not (stat.S_ISREG(found) or stat.S_ISDIR(found)):
                raise InputError(f"{path}: is a pipe or device, expected a file or a new name")
            mode = stat.S_IMODE(found) & 0o777
        _write_new(temporary, content, 0o666 if mode is None else mode)
        if mode is not None:
            # File systems without permissions (SMB, Windows drives) refuse it.
            with contextlib.suppress(OSError):
                temporary.chmod(mode)
        temporary.replace(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def require_other_file(out: Path, *inputs: Path) -> None:
    """Refuse an output that would replace what it is made from.

    Raises
    ------
    InputError
        If `out` is one of the `inputs`, by whatever name.
    """
    for path in inputs:
        # A file that is not there yet is another one; what else is wrong, writing it says.
        with contextlib.suppress(OSError):
            if out.samefile(path):
                raise InputError(f"{out}: is an input as well, expected another name")


def write_secret(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, where there is none yet.

    Parameters
    ----------
    path : Path
        Of the file; what exists there, a link included, is never replaced.
    content : bytes
        Of the whole file.

    Raises
    ------
    InputError
        If something has that name, or the file cannot be written; nothing is left then.
    """
    try:
        descriptor = _create(path, 0o600)
    except FileExistsError:
        raise InputError(f"{path}: exists, expected a new name: it is not replaced") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None
    try:
        _fill(descriptor, content)
    except OSError as error:
        with contextlib.suppress(OSError):
            path.unlink()
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None


def _write_new(path: Path, content: bytes, mode: int) -> None:
    """Write a file that does not exist; the system takes its umask from `mode`."""
    _fill(_create(path, mode), content)


def _create(path: Path, mode: int) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    return os.open(path, flags, mode)


def _fill(descriptor: int, content: bytes) -> None:
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
