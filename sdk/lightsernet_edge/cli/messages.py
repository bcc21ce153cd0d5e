"""Errors and warnings: one line each, on stderr."""

from __future__ import annotations

import contextlib
import sys

PROGRAM = "lightsernet-edge"


def print_error(message: object) -> None:
    """Print an error as one line on stderr."""
    _print_line("error", message)


def print_warning(message: object) -> None:
    """Print a warning as one line on stderr."""
    _print_line("warning", message)


def _print_line(kind: str, message: object) -> None:
    # The terminal may be closed: then nobody is left to be told.
    with contextlib.suppress(OSError):
        print(f"{PROGRAM}: {kind}: {' '.join(str(message).split())}", file=sys.stderr)
