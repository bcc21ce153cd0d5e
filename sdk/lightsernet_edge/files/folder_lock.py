"""A folder that one process at a time works in; one that dies keeps nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_POLL_S = 0.05


@contextmanager
def locked(folder: Path, wait_s: float = 0.0) -> Iterator[bool]:
    """Lock a folder while the context lasts.

    Parameters
    ----------
    folder : Path
        Nothing is written into it.
    wait_s : float
        How long to wait for another process that has it, in seconds.

    Yields
    ------
    bool
        False if another process has it. True also where the system knows no such locks, as
        some network file systems do not.

    Raises
    ------
    OSError
        If there is no such folder, or it cannot be read.
    """
    if fcntl is None:
        yield True
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield _lock(descriptor, time.monotonic() + wait_s)
    finally:
        # Which gives the lock up, as the end of the process would.
        os.close(descriptor)


def _lock(descriptor: int, until: float) -> bool:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
            time.sleep(_POLL_S)
        except OSError:
            return True
        else:
            return True
