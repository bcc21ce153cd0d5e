"""Names that somebody else chose, made safe for the files of an export."""

from __future__ import annotations

# What begins or ends a comment, and the trigraph of a backslash, which joins lines.
_IN_COMMENTS = {"*/": "* /", "/*": "/ *", "??/": "? ?/"}
# The bytes of a file name that are no UTF-8, as Python has them.
_FIRST_BYTE, _LAST_BYTE, _BYTES_FROM = "\udc80", "\udcff", 0xDC00


def printable_text(text: str) -> str:
    """Return a text on one line that any encoding of Unicode takes.

    What cannot be printed, as line breaks, and bytes that are no UTF-8 are backslash escapes.
    """
    return "".join(_printable(character) for character in text)


def comment_text(text: str) -> str:
    """Return a text as it may stand in a C comment, under any warnings."""
    text = printable_text(text)
    for sequence, apart in _IN_COMMENTS.items():
        text = text.replace(sequence, apart)
    return text


def _printable(character: str) -> str:
    if character.isprintable():
        return character
    if _FIRST_BYTE <= character <= _LAST_BYTE:
        return f"\\x{ord(character) - _BYTES_FROM:02x}"
    return character.encode("unicode_escape").decode("ascii")
