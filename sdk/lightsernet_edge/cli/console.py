"""The console that tables are printed on."""

from __future__ import annotations

import sys

from rich.console import Console

# In characters: wide enough to keep rows of a table on one line in a file or pipe.
_WIDTH_WITHOUT_TERMINAL = 160


def stdout_console() -> Console:
    """Return a console on stdout; if stdout is a terminal, it has the terminal's width."""
    return Console(
        markup=False, emoji=False, width=None if sys.stdout.isatty() else _WIDTH_WITHOUT_TERMINAL
    )
