"""Keeps the output of native libraries off the terminal.

The C++ parts of TensorFlow and its converter, PortAudio and ALSA write to file
descriptor 2, whatever Python's settings are.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO


@contextmanager
def held_back() -> Iterator[None]:
    """Hold back everything written to file descriptor 2; show it if an exception leaves.

    This includes ``sys.stderr``. The descriptor belongs to the whole process, so this is
    for programs, not for libraries inside a program of others.
    """
    if sys.stderr is None:
        # Stderr was closed before Python started: there is nothing to hold back.
        yield
        return
    sys.stderr.flush()
    terminal = os.dup(2)
    with _nameless_file() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            _restore(terminal)
            held.seek(0)
            os.write(2, held.read())
            raise
        else:
            _restore(terminal)


@contextmanager
def discarded() -> Iterator[None]:
    """Discard what native code writes to file descriptor 2; ``sys.stderr`` keeps working."""
    if sys.stderr is None:
        yield
        return
    sys.stderr.flush()
    terminal = os.dup(2)
    own = os.fdopen(os.dup(2), "w", buffering=1, errors="backslashreplace")
    before, sys.stderr = sys.stderr, own
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    try:
        yield
    finally:
        sys.stderr = before
        own.close()
        _restore(terminal)


def _nameless_file() -> IO[bytes]:
    # In memory where the system can: not every device has a folder for temporary files.
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("held"), "w+b")
    return tempfile.TemporaryFile()


def _restore(terminal: int) -> None:
    sys.stderr.flush()
    os.dup2(terminal, 2)
    os.close(terminal)
