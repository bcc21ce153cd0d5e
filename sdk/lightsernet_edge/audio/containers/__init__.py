"""What a file holds, by its bytes: where recordings begin and end, checked before they are decoded.

Decoders believe what a header declares. They stop at a length that was never filled in, read
the first of several recordings, or refuse a file whose length cannot be known. So the lengths
are compared with the file first: one module a container, `layout_of` for all.
"""

from io import FileIO
from pathlib import Path

from . import chunked, flac, mp3, ogg, wav
from .layout import Layout, Part, bytes_at, size_of

__all__ = ["Layout", "Part", "layout_of"]


def layout_of(stream: FileIO, path: Path) -> Layout:
    """Find the recordings in a file.

    Parameters
    ----------
    stream : FileIO
        Of the file.
    path : Path
        For messages.

    Returns
    -------
    Layout
        At least one part. A file of another container is one part, taken as it is.

    Raises
    ------
    AudioError
        If a header declares more than the file holds, and that may be true; or if there are
        more recordings than anybody joins.
    """
    magic = bytes_at(stream, 0, 12)
    if magic[:4] in wav.FORMS and magic[8:] == b"WAVE":
        return wav.layout(stream, path)
    sound = mp3.end_of_tag(stream, 0)
    magic = bytes_at(stream, sound, 4)
    if magic == ogg.MAGIC:
        return ogg.layout(stream, path)
    if magic == flac.MAGIC:
        return flac.layout(stream, sound, path)
    return (
        chunked.layout(stream, path)
        or mp3.layout(stream, path)
        or Layout((Part(0, size_of(stream)),))
    )
