"""AIFF, AU, CAF and W64: sizes that were never filled in or are wrong, and files that were joined.

They differ in where the size of the samples stands; what it may mean is the same for all.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from . import declared_size
from .layout import Layout, Part, bytes_at, refuse_many, size_of


@dataclass(frozen=True)
class _Form:
    """Where a container has its chunks; each has a name and a size.

    Attributes
    ----------
    magic : bytes
    first : int
        Where the first chunk begins.
    size : str
        Of a size, for `struct`.
    itself : int
        Bytes of a chunk's name and size, if its size counts them; else 0.
    boundary : int
        Chunks begin at multiples of so many bytes.
    format, data : bytes
        The chunks with the format and with the samples.
    in_front : int
        Bytes of the second one in front of the samples.
    """

    magic: bytes
    first: int
    size: str
    itself: int
    boundary: int
    format: bytes
    data: bytes
    in_front: int

    @property
    def least_unknown(self) -> int:
        is_long = struct.calcsize(self.size) == 8
        return declared_size.LEAST_UNKNOWN_LONG if is_long else declared_size.LEAST_UNKNOWN


_GUID = b"\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"
_AIFF = _Form(b"FORM", 12, ">I", 0, 2, b"COMM", b"SSND", 8)
_CAF = _Form(b"caff", 8, ">q", 0, 1, b"desc", b"data", 4)
_W64 = _Form(b"riff", 40, "<Q", 24, 8, b"fmt " + _GUID, b"data" + _GUID, 0)
# AU has a header of its own, in either order of bytes, and no chunks.
_AU = _Form(b".snd", 0, ">I", 0, 1, b"", b"", 0)
_AU_SWAPPED = _Form(b"dns.", 0, "<I", 0, 1, b"", b"", 0)
_AU_HEADER = 24
# Bytes of a sample, by AU's number of an encoding.
_AU_WIDTHS = {2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 8}
_AIFF_LINEAR = (b"", b"NONE", b"twos", b"sowt")
_FORMS = {form.magic: form for form in (_AIFF, _CAF, _W64, _AU, _AU_SWAPPED)}
_TAGS = (b"ID3", b"TAG")
_MOST_CHUNKS = 10000
_MOST_HEADER = 2**20
_MOST_FORMAT = 64


@dataclass(frozen=True)
class _Chunk:
    name: bytes
    start: int
    length: int


@dataclass(frozen=True)
class _Header:
    """What stands in front of samples: where their size does, and where they begin."""

    form: _Form
    start: int
    size_place: int
    end: int
    # Size of the samples in bytes; below 0 if it is not known.
    declared: int
    # In bytes; what is left over of one is no sample.
    block: int

    def sized(self, stream: FileIO, size: int) -> bytes:
        """Return the header with another size of the samples."""
        head = bytearray(bytes_at(stream, self.start, self.end - self.start))
        field = size + self.form.in_front + self.form.itself
        most = 2 ** (8 * struct.calcsize(self.form.size)) - 1
        place = self.size_place - self.start
        struct.pack_into(self.form.size, head, place, min(field, most))
        return bytes(head)


def layout(stream: FileIO, path: Path) -> Layout | None:
    """Find the recordings in an AIFF, AU, CAF or W64; None if the file is none of them.

    Raises
    ------
    AudioError
        If a header declares more samples than the file holds, and that may be true.
    """
    size, position = size_of(stream), 0
    parts: list[Part] = []
    notes: list[str] = []
    while position < size:
        header = _read_header(stream, position, size)
        if header is None:
            break
        refuse_many(parts, path)
        end, behind = _samples_end(stream, header, size, path, notes)
        is_true = end == header.end + header.declared
        # The decoder takes the padding of a W64 for samples.
        if position == 0 and behind >= size and is_true and (end == size or header.form != _W64):
            parts.append(Part(0, size))
        else:
            parts.append(Part(header.end, end, header.sized(stream, end - header.end)))
        position = behind
    if not parts:
        return None
    if position < size:
        notes.append(f"passed over {size - position} bytes behind its samples")
    return Layout(tuple(parts), tuple(notes))


def _read_header(stream: FileIO, start: int, size: int) -> _Header | None:
    form = _FORMS.get(bytes_at(stream, start, 4))
    if form is None:
        return None
    if form in (_AU, _AU_SWAPPED):
        return _read_au(stream, form, start, size)
    body, position = b"", start + form.first
    for _ in range(_MOST_CHUNKS):
        chunk = _chunk_at(stream, form, position)
        if chunk is None:
            return None
        if chunk.name == form.format:
            body = bytes_at(stream, chunk.start, min(max(chunk.length, 0), _MOST_FORMAT))
        if chunk.name == form.data:
            end = chunk.start + form.in_front
            if len(body) < 16 or not end <= min(size, start + _MOST_HEADER):
                return None
            place = chunk.start - struct.calcsize(form.size)
            declared = chunk.length - form.in_front
            return _Header(form, start, place, end, declared, _block(form, body))
        if not 0 <= chunk.length <= size:
            return None
        position = _aligned(chunk.start + chunk.length, form, start)
    return None


def _read_au(stream: FileIO, form: _Form, start: int, size: int) -> _Header | None:
    header = bytes_at(stream, start, _AU_HEADER)
    if len(header) < _AU_HEADER:
        return None
    offset, declared, encoding, _, channels = struct.unpack(form.size[0] + "5I", header[4:])
    end = start + offset
    if not _AU_HEADER <= offset <= _MOST_HEADER or end > size:
        return None
    block = max(1, channels * _AU_WIDTHS.get(encoding, 0))
    return _Header(form, start, start + 8, end, declared, block)


def _block(form: _Form, body: bytes) -> int:
    """Return the size in bytes of what is decoded at once, by the format; at least 1."""
    if form == _AIFF:
        channels, _, bits = struct.unpack_from(">HIH", body)
        return max(1, channels * -(-bits // 8) if body[18:22] in _AIFF_LINEAR else 1)
    if form == _CAF:
        return max(1, int.from_bytes(body[16:20], "big"))
    return max(1, int.from_bytes(body[12:14], "little"))


def _chunk_at(stream: FileIO, form: _Form, position: int) -> _Chunk | None:
    name_length, width = len(form.data), struct.calcsize(form.size)
    head = bytes_at(stream, position, name_length + width)
    if len(head) < name_length + width:
        return None
    length = struct.unpack(form.size, head[name_length:])[0] - form.itself
    return _Chunk(head[:name_length], position + len(head), length)


def _aligned(position: int, form: _Form, start: int) -> int:
    return position + -(position - start) % form.boundary


def _samples_end(
    stream: FileIO, header: _Header, size: int, path: Path, notes: list[str]
) -> tuple[int, int]:
    """Return where the samples end, and where another recording may begin (or the file ends)."""
    declared, held = header.declared, size - header.end
    held -= held % header.block
    whole = header.end + held
    is_quiet = declared < 0 or declared_size.is_said_by_pipes(declared)
    is_quiet |= declared >= 2**63 - 2**16
    if declared > size - header.end:
        is_possible = declared < header.form.least_unknown
        if is_possible and not declared_size.is_of_file(declared + header.form.in_front, size):
            raise declared_size.truncated(path, size, header.end + declared)
        if not is_quiet:
            notes.append(declared_size.cannot_be(declared, held))
        return whole, size
    end = header.end + declared
    behind = None if declared < 0 else _behind(stream, header, end, size)
    if behind is not None:
        return end, behind
    if not is_quiet:
        notes.append(declared_size.holds_more(declared, held))
    return whole, size


def _behind(stream: FileIO, header: _Header, end: int, size: int) -> int | None:
    """Return where what belongs to a recording ends, if its samples end at `end`, else None."""
    # Less than a sample, or than padding, is nothing.
    if size - end < max(header.block, header.form.boundary):
        return size
    for position in dict.fromkeys((_aligned(end, header.form, header.start), end)):
        behind = _end_of_chunks(stream, header, position, size)
        if behind is not None:
            return behind
    return None


def _end_of_chunks(stream: FileIO, header: _Header, position: int, size: int) -> int | None:
    form = header.form
    for _ in range(_MOST_CHUNKS):
        if position >= size:
            # The last chunk may lack its padding.
            return size if position < size + form.boundary else None
        name = bytes_at(stream, position, 4)
        if name in _FORMS:
            return position
        if name[:3] in _TAGS:
            return size
        chunk = _chunk_at(stream, form, position) if form.data else None
        if chunk is None or chunk.length < 0 or not all(0x20 <= byte < 0x7F for byte in name):
            return None
        position = _aligned(chunk.start + chunk.length, form, header.start)
    return None
