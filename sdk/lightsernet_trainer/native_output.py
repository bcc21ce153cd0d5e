"""Keeps what native libraries print off the terminal, unless something fails.

TensorFlow's and its converter's C++ parts write to file descriptor 2, whatever
Python's settings are.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def held_back() -> Iterator[None]:
    """Hold back all that is written to file descriptor 2; show it on an exception."""
    sys.stderr.flush()
    terminal = os.dup(2)
    with tempfile.TemporaryFile() as held:
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


def _restore(terminal: int) -> None:
    sys.stderr.flush()
    os.dup2(terminal, 2)
    os.close(terminal)
