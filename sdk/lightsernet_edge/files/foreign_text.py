"""Text that somebody else chose, made safe for a terminal or a file."""

from __future__ import annotations

import json
import unicodedata

# The surrogates by which Python keeps the bytes of a file name that are not UTF-8.
_FIRST_BYTE, _LAST_BYTE, _BYTES_FROM = "\udc80", "\udcff", 0xDC00


def printable_text(text: str) -> str:
    """Return a text as one line that any encoding of Unicode can hold.

    Backslash escapes stand for what cannot be printed, such as line breaks and what a terminal
    would obey, and for bytes that are not UTF-8.
    """
    return "".join(_printable(character) for character in text)


def composed(text: str) -> str:
    """Return a name with its accents composed: macOS keeps file names decomposed (NFD).

    Names that look alike are then equal.
    """
    return unicodedata.normalize("NFC", text)


def json_text(value: object) -> str:
    """Return a JSON value as one line; what cannot be printed is escaped as JSON escapes it."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(
        character if character.isprintable() else json.dumps(character)[1:-1] for character in text
    )


def _printable(character: str) -> str:
    if character.isprintable():
        return character
    if _FIRST_BYTE <= character <= _LAST_BYTE:
        return f"\\x{ord(character) - _BYTES_FROM:02x}"
    return character.encode("unicode_escape").decode("ascii")
