"""Errors and warnings: one line each, on stderr."""

from __future__ import annotations

import contextlib
import sys

from ..files.foreign_text import printable_text

PROGRAM = "lightsernet-edge"


def print_error(message: object) -> None:
    """Print an error as one line on stderr."""
    _print_line("error", message)


def print_warning(message: object) -> None:
    """Print a warning as one line on stderr."""
    _print_line("warning", message)


def _print_line(kind: str, message: object) -> None:
    text = printable_text(" ".join(str(message).split()))
    # The terminal may be closed: then nobody is left to be told.
    with contextlib.suppress(OSError):
        print(f"{PROGRAM}: {kind}: {text}", file=sys.stderr)
