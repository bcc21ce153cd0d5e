"""WAV, RF64 and BW64: chunks, sizes that were never filled in, and sizes that are too small."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from . import declared_size
from .layout import Layout, Part, bytes_at, refuse_many, size_of

FORMS = (b"RIFF", b"RIFX", b"RF64", b"BW64")
_LONG_FORMS = (b"RF64", b"BW64")
# The size of a chunk that says: see ds64.
_LONG = 0xFFFFFFFF
_WRAP = 2**32
# Names of chunks that end in a letter of another if they are not padded, or stand behind samples.
_KNOWN = (b"fmt ", b"data", b"fact", b"LIST", b"bext", b"cue ", b"smpl", b"PEAK", b"id3 ", b"iXML")
_TAGS = (b"ID3", b"TAG", b"APE", b"LYR")
_MOST_CHUNKS = 10000
# Formats: integers and floats, GSM 6.10, MP3.
_LINEAR = (1, 3, 0xFFFE)
_GSM = 0x31
# In a block of GSM.
_GSM_FRAMES = 320
_MP3 = 0x55
# Of a RIFF: its name, size and form.
_HEADER = 12


@dataclass(frozen=True)
class _Wave:
    """The header of a WAV: its chunks up to the samples."""

    form: bytes
    format_chunk: bytes
    data_start: int
    data_size: int
    # From ds64; None without.
    long_size: int | None
    # Whether every chunk is where the standard has it.
    is_regular: bool

    @property
    def order(self) -> str:
        return ">" if self.form == b"RIFX" else "<"

    @property
    def codec(self) -> int:
        """The number of its format."""
        return int(struct.unpack_from(self.order + "H", self.format_chunk)[0])

    @property
    def block(self) -> int:
        """Size in bytes of what is decoded at once, all channels together; at least 1."""
        layout = struct.unpack_from(self.order + "HHIIHH", self.format_chunk)
        channels, block, bits = int(layout[1]), int(layout[4]), int(layout[5])
        return max(1, channels * -(-bits // 8) if self.codec in _LINEAR else block)

    @property
    def declared(self) -> int:
        """Declared size of the samples in bytes."""
        is_long = self.long_size is not None and self.data_size == _LONG
        return self.long_size if is_long and self.long_size is not None else self.data_size

    @property
    def is_unknown(self) -> bool:
        """Whether the declared size, which exceeds the file, cannot be true."""
        if self.long_size is not None and self.data_size == _LONG:
            return self.long_size >= declared_size.LEAST_UNKNOWN_LONG
        return self.data_size >= declared_size.LEAST_UNKNOWN or self.data_size % self.block != 0

    @property
    def is_said_by_pipes(self) -> bool:
        return self.long_size is not None or declared_size.is_said_by_pipes(self.data_size)


def layout(stream: FileIO, path: Path) -> Layout:
    """Find the samples of a WAV, and of those that were joined to it.

    Raises
    ------
    AudioError
        If a header declares more samples than the file holds, and that may be true.
    """
    size, position = size_of(stream), 0
    parts: list[Part] = []
    notes: list[str] = []
    is_linear = True
    while True:
        wave = _read_header(stream, position, size)
        if wave is None:
            break
        refuse_many(parts, path)
        is_linear &= wave.codec in _LINEAR
        end, behind = _samples_end(stream, wave, size, path, notes)
        is_alone = position == 0 and behind >= size
        is_plain = wave.is_regular and end == wave.data_start + wave.declared
        if wave.codec == _MP3:
            parts.append(Part(wave.data_start, end, is_open=True))
        elif is_alone and is_plain and wave.form != b"BW64" and wave.codec != _GSM:
            parts.append(Part(0, size))
        else:
            head = _head(wave, end - wave.data_start)
            frames = None
            if wave.codec == _GSM:
                # The decoder would make a block of the pad byte.
                frames = (end - wave.data_start) // wave.block * _GSM_FRAMES
            parts.append(Part(wave.data_start, end, head, frames))
        position = behind
        if behind >= size:
            break
    if position < size:
        if not parts:
            # Left to the decoder, to say what is wrong.
            return Layout((Part(0, size),))
        notes.append(f"passed over {size - position} bytes behind its samples: no WAV's")
    return Layout(tuple(parts), tuple(notes), can_seek=len(parts) == 1 and is_linear)


def _read_header(stream: FileIO, start: int, size: int) -> _Wave | None:
    """Return the header that begins at `start`, None if it has no samples or no format."""
    header = bytes_at(stream, start, _HEADER)
    if header[:4] not in FORMS or header[8:] != b"WAVE":
        return None
    order = ">" if header[:4] == b"RIFX" else "<"
    position, format_chunk, long_size, is_regular = start + _HEADER, b"", None, True
    for _ in range(_MOST_CHUNKS):
        chunk = bytes_at(stream, position, 8)
        if len(chunk) < 8:
            return None
        name, (length,) = chunk[:4], struct.unpack(order + "I", chunk[4:])
        position += 8
        if name == b"data":
            if len(format_chunk) < 16:
                return None
            return _Wave(header[:4], format_chunk, position, length, long_size, is_regular)
        if name == b"fmt ":
            format_chunk = bytes_at(stream, position, min(length, 2**16))
        if name == b"ds64" and header[:4] in _LONG_FORMS:
            body = bytes_at(stream, position, 16)
            if len(body) == 16:
                (long_size,) = struct.unpack("<Q", body[8:])
        position += length
        if length % 2:
            is_padded = _is_padded(stream, position)
            position += is_padded
            is_regular &= is_padded
        if position > size:
            return None
    return None


def _is_padded(stream: FileIO, position: int) -> bool:
    """Tell whether a chunk of odd size that ends at `position` is followed by its pad byte."""
    return bytes_at(stream, position, 4) not in _KNOWN


def _samples_end(
    stream: FileIO, wave: _Wave, size: int, path: Path, notes: list[str]
) -> tuple[int, int]:
    """Return where the samples end, and where another recording may begin (or the file ends)."""
    start, declared, block = wave.data_start, wave.declared, wave.block
    held = size - start
    whole = start + held // block * block
    if declared > held:
        if not (wave.is_unknown or declared_size.is_of_file(declared, size)):
            raise declared_size.truncated(path, size, start + declared)
        if not wave.is_said_by_pipes:
            notes.append(declared_size.cannot_be(declared, whole - start))
        return whole, size
    end = start + declared
    behind = _behind(stream, end, size)
    if behind is not None:
        return end, behind
    if size - end < block:
        return end, size
    # More follows than was declared. A size of 32 bits may have wrapped round.
    wrapped = [end + turns * _WRAP for turns in range(1, (size - end) // _WRAP + 1)]
    for place in wrapped:
        behind = _behind(stream, place, size)
        if behind is not None:
            return place, behind
    if declared:
        notes.append(declared_size.holds_more(declared, whole - start))
    return whole, size


def _behind(stream: FileIO, end: int, size: int) -> int | None:
    """Return where what belongs to a WAV ends, if its samples end at `end`; None if they cannot.

    Behind them stand chunks and tags, then the file's end or another WAV.
    """
    for position in (end, end + 1) if end % 2 else (end,):
        behind = _end_of_chunks(stream, position, size)
        if behind is not None:
            return behind
    return None


def _end_of_chunks(stream: FileIO, position: int, size: int) -> int | None:
    for _ in range(_MOST_CHUNKS):
        if position >= size:
            return size
        chunk = bytes_at(stream, position, _HEADER)
        if chunk[:4] in FORMS and chunk[8:] == b"WAVE":
            return position
        if chunk[:4] == b"data":
            return position
        if chunk[:3] in _TAGS:
            return size
        if len(chunk) < 8 or not all(0x20 <= byte < 0x7F for byte in chunk[:4]):
            return None
        (length,) = struct.unpack("<I", chunk[4:8])
        position += 8 + length + length % 2
        if position > size + 1:
            # A file that was cut behind its samples has lost none of them.
            return size if chunk[:4] in _KNOWN else None
    return None


def _head(wave: _Wave, data_size: int) -> bytes:
    """Return a header that declares `data_size` bytes of samples."""
    order = wave.order
    body = wave.format_chunk
    format_chunk = b"fmt " + struct.pack(order + "I", len(body)) + body + b"\0" * (len(body) % 2)
    data = b"data" + struct.pack(order + "I", min(data_size, _LONG))
    riff_size = 4 + len(format_chunk) + len(data) + data_size
    if riff_size + 36 < _LONG:
        form = wave.form if wave.form == b"RIFX" else b"RIFF"
        return form + struct.pack(order + "I", riff_size) + b"WAVE" + format_chunk + data
    sizes = struct.pack("<IQQQI", 28, riff_size + 36, data_size, data_size // wave.block, 0)
    data = b"data" + struct.pack("<I", _LONG)
    return b"RF64" + struct.pack("<I", _LONG) + b"WAVEds64" + sizes + format_chunk + data
