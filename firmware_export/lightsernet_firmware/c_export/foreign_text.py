"""Names that somebody else chose, made safe for the files of an export."""

from __future__ import annotations

# What begins or ends a comment, and the trigraph of a backslash, which joins two lines.
_IN_COMMENTS = {"*/": "* /", "/*": "/ *", "??/": "? ?/"}
# The surrogates by which Python keeps the bytes of a file name that are not UTF-8.
_FIRST_BYTE, _LAST_BYTE, _BYTES_FROM = "\udc80", "\udcff", 0xDC00


def printable_text(text: str) -> str:
    """Return a text as one line that any encoding of Unicode can hold.

    Backslash escapes stand for what cannot be printed, such as line breaks, and for bytes
    that are not UTF-8.
    """
    return "".join(_printable(character) for character in text)


def comment_text(text: str) -> str:
    """Return a text that may stand in a C comment, and that no compiler warns of."""
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
