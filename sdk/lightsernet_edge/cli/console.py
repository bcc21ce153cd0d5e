"""Where tables are printed."""

from __future__ import annotations

import sys

from rich.console import Console

# Wide enough that rows stay whole in a file or a pipe.
_WIDTH_WITHOUT_TERMINAL = 160


def stdout_console() -> Console:
    """Return a console on stdout, as wide as the terminal if it is one."""
    return Console(
        markup=False, emoji=False, width=None if sys.stdout.isatty() else _WIDTH_WITHOUT_TERMINAL
    )
