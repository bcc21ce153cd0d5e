"""Names that somebody else chose, made safe for the files of an export."""

from __future__ import annotations

from lightsernet_edge.files.foreign_text import printable_text

# What begins or ends a comment, and the trigraph of a backslash, which joins two lines.
_IN_COMMENTS = {"*/": "* /", "/*": "/ *", "??/": "? ?/"}


def comment_text(text: str) -> str:
    """Return a text that may stand in a C comment, and that no compiler warns of."""
    text = printable_text(text)
    for sequence, apart in _IN_COMMENTS.items():
        text = text.replace(sequence, apart)
    return text


def string_literal(text: str) -> str:
    """Return a C string literal of a text, as one line."""
    text = printable_text(text).replace("\\", "\\\\").replace('"', '\\"')
    # A question mark may begin a trigraph.
    return '"' + text.replace("??", "?\\?") + '"'
