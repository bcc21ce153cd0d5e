"""What is printed: tables, and characters that stdout cannot encode."""

from __future__ import annotations

import codecs
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

# In characters: wide enough to keep rows of a table on one line in a file or pipe.
_WIDTH_WITHOUT_TERMINAL = 160
# How the bytes of a name that is not UTF-8 are held in a str.
_ESCAPED_BYTES = range(0xDC80, 0xDD00)

# Error handlers of a text stream, for `reconfigure`. Both write \uXXXX for what cannot be
# encoded, which JSON has as well; `RAW_NAMES` gives names of files back byte for byte.
ESCAPES = "lightsernet_edge.escapes"
RAW_NAMES = "lightsernet_edge.raw_names"


def stdout_console() -> Console:
    """Return a console on stdout; if stdout is a terminal, it has the terminal's width."""
    from rich.console import Console

    return Console(
        markup=False, emoji=False, width=None if sys.stdout.isatty() else _WIDTH_WITHOUT_TERMINAL
    )


def bar_glyphs() -> str:
    """Return the two characters of bars, full and empty: blocks if stdout can encode them."""
    try:
        "█░".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return "#-"
    return "█░"


def _escaped(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    codes = [units[i : i + 2].hex() for i in range(0, len(units), 2)]
    return "".join(f"\\u{code}" for code in codes), error.end


def _raw_names(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    code = ord(error.object[error.start])
    if code in _ESCAPED_BYTES:
        return bytes([code - _ESCAPED_BYTES.start + 0x80]), error.start + 1
    error.end = error.start + 1
    return _escaped(error)


codecs.register_error(ESCAPES, _escaped)
codecs.register_error(RAW_NAMES, _raw_names)
