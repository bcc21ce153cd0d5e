"""MP3 and MP2: frames counted, recordings joined one behind another, and tags between them.

An MP3 has no length, except in the frame that most encoders put in front (Xing's). Without it
decoders estimate one; behind its end they stop.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from ...errors import AudioError
from .layout import Layout, Part, bytes_at, refuse_many, size_of

# In kbit/s, by the four bits of a header; index 0 is free format, which has no length.
_BITRATES = {
    # By layer, of version 1.
    (1, True): (0, *range(32, 449, 32), 0),
    (2, True): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 0),
    (3, True): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0),
    (1, False): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256, 0),
    (2, False): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0),
    (3, False): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0),
}
# In hertz, by version: 2.5, none, 2, 1.
_RATES = ((11025, 12000, 8000), (), (22050, 24000, 16000), (44100, 48000, 32000))
# In bytes, by whether a frame is of version 1, and mono.
_SIDE_INFORMATION = {(True, True): 17, (True, False): 32, (False, True): 9, (False, False): 17}
_MONO = 3
# How far behind the beginning of a file its first frame may lie, in bytes.
_MOST_JUNK = 2**20
# A Xing header that was never filled in declares none, or from so many on.
_LEAST_UNKNOWN = 2**30
# Frames in a row that are an MP3 for certain.
_CERTAIN = 3
_WINDOW = 2**20
_ID3V1 = 128
_APE_HEADER = 32


@dataclass
class _Recording:
    """Frames from one Xing header, or beginning, to the next."""

    start: int
    end: int
    frames: int = 0
    # Declared by a Xing header; None without.
    declared: int | None = None
    # Where the declared frames end.
    declared_end: int | None = None


class _Bytes:
    """Bytes of a file at any position, read in windows."""

    def __init__(self, stream: FileIO) -> None:
        self._stream = stream
        self._start = 0
        self._window = b""

    def at(self, position: int, count: int) -> bytes:
        begin = position - self._start
        if begin < 0 or begin + count > len(self._window):
            self._window = bytes_at(self._stream, position, _WINDOW)
            self._start, begin = position, 0
        return self._window[begin : begin + count]


def _lengths() -> dict[int, tuple[int, int]]:
    """Return the length of a frame, and what its successors share, by its first 24 bits."""
    lengths = {}
    for second in range(0xE0, 0x100):
        version, layer = (second >> 3) & 3, 4 - ((second >> 1) & 3)
        if version == 1 or layer == 4:
            continue
        for third in range(256):
            bitrate, rate = _BITRATES[layer, version == 3][third >> 4], (third >> 2) & 3
            if bitrate and rate < 3:
                length = _length(layer, version, bitrate, _RATES[version][rate], third >> 1 & 1)
                kind = layer << 4 | version << 2 | rate
                lengths[0xFF0000 | second << 8 | third] = (length, kind)
    return lengths


def _length(layer: int, version: int, bitrate: int, rate: int, padding: int) -> int:
    """Return the length of a frame in bytes: 1152 samples, or 576, or 384 of layer 1."""
    if layer == 1:
        return 4 * (12000 * bitrate // rate + padding)
    return (72000 if layer == 3 and version != 3 else 144000) * bitrate // rate + padding


_LENGTHS = _lengths()


def end_of_tag(stream: FileIO, start: int) -> int:
    """Return where ID3v2 tags that begin at `start` end; `start` itself if there are none."""
    while True:
        header = bytes_at(stream, start, 10)
        length = _id3v2_length(header)
        if not length:
            return start
        start += length


def layout(stream: FileIO, path: Path) -> Layout | None:
    """Find the recordings in an MP3; None if the file is none.

    Raises
    ------
    AudioError
        If a Xing header declares more frames than the file holds.
    """
    source, size = _Bytes(stream), size_of(stream)
    tag = end_of_tag(stream, 0)
    first = _first_frame(source, tag)
    if first is None:
        return None
    recordings, passed_over = _recordings(source, first, size, path)
    passed_over += first - tag
    parts: list[Part] = []
    for recording in recordings:
        parts += _parts(recording, path)
    if not parts:
        return None
    notes = []
    if passed_over:
        notes.append(f"passed over {passed_over} bytes that are no frames of MP3")
    if len(parts) == 1 and not parts[0].is_open:
        parts = [Part(0, size)] if not passed_over else parts
    return Layout(tuple(parts), tuple(notes), is_counted=True)


def _parts(recording: _Recording, path: Path) -> Iterator[Part]:
    if recording.declared is None:
        yield Part(recording.start, recording.end, is_open=True)
        return
    # Encoders disagree on whether Xing's own frame counts.
    if recording.frames < recording.declared - 1:
        raise AudioError(
            f"{path}: truncated: holds {recording.frames} frames of the {recording.declared} "
            "it declares"
        )
    if recording.declared_end is None or recording.frames <= recording.declared + 1:
        yield Part(recording.start, recording.end)
        return
    # What was joined has no header of its own.
    yield Part(recording.start, recording.declared_end)
    yield Part(recording.declared_end, recording.end, is_open=True)


def _first_frame(source: _Bytes, start: int) -> int | None:
    """Return where the first of several frames in a row begins."""
    content = source.at(start, _MOST_JUNK)
    found = content.find(0xFF)
    while found >= 0:
        # Behind junk, a last frame alone may be anything.
        if _is_certain(source, start + found, 1 if found == 0 else 2):
            return start + found
        found = content.find(0xFF, found + 1)
    return None


def _is_certain(source: _Bytes, position: int, least: int = 1) -> bool:
    """Tell whether frames begin here: several, or at least so many at the end of the file."""
    kinds: set[int] = set()
    for row in range(_CERTAIN):
        frame = _frame_at(source, position)
        if frame is None:
            return row >= least and len(kinds) == 1 and len(source.at(position, 4)) < 4
        kinds.add(frame[1])
        position += frame[0]
    return len(kinds) == 1


def _frame_at(source: _Bytes, position: int) -> tuple[int, int] | None:
    return _LENGTHS.get(int.from_bytes(source.at(position, 3), "big"))


def _recordings(source: _Bytes, first: int, size: int, path: Path) -> tuple[list[_Recording], int]:
    """Return the recordings, and how many bytes between and behind them are no frames."""
    recordings: list[_Recording] = []
    passed_over, position, kind = 0, first, None
    while position < size:
        frame = _frame_at(source, position)
        if frame is None or position + frame[0] > size:
            tag = _tag_length(source.at(position, _APE_HEADER))
            if tag:
                position += tag
                continue
            found = _next_frame(source, position + 1, size)
            passed_over += found - position
            position = found
            continue
        length, found_kind = frame
        declared = _xing_frames(source.at(position, length))
        if declared is not None and not 0 < declared < _LEAST_UNKNOWN:
            # Never filled in: the frame is nothing but a header, and holds no sound.
            declared, kind, position = None, found_kind, position + length
            refuse_many(recordings, path)
            recordings.append(_Recording(position, position))
            continue
        if declared is not None or found_kind != kind:
            refuse_many(recordings, path)
            recordings.append(_Recording(position, position, declared=declared))
        kind = found_kind
        recording = recordings[-1]
        position += length
        recording.end = position
        if declared is None:
            recording.frames += 1
        if recording.frames == recording.declared:
            recording.declared_end = position
    return recordings, passed_over


def _next_frame(source: _Bytes, start: int, size: int) -> int:
    while start < size:
        window = source.at(start, 4096)
        found = window.find(0xFF)
        while found >= 0:
            if _is_certain(source, start + found):
                return start + found
            found = window.find(0xFF, found + 1)
        start += len(window) or 1
    return size


def _xing_frames(frame: bytes) -> int | None:
    """Return how many frames a Xing header declares; None if the frame is none, or says not."""
    is_mono = frame[3] >> 6 == _MONO
    is_version_1 = (frame[1] >> 3) & 3 == 3
    at = 4 + _SIDE_INFORMATION[is_version_1, is_mono]
    if frame[at : at + 4] not in (b"Xing", b"Info") or not frame[at + 7] & 1:
        return None
    return int.from_bytes(frame[at + 8 : at + 12], "big")


def _id3v2_length(header: bytes) -> int:
    if len(header) < 10 or header[:3] != b"ID3" or max(header[6:10]) > 0x7F:
        return 0
    length = 10
    for place, byte in enumerate(header[6:10]):
        length += byte << (7 * (3 - place))
    return length + (10 if header[5] & 0x10 else 0)


def _tag_length(content: bytes) -> int:
    """Return the length of the tag that some bytes begin, 0 if they begin none."""
    if content[:3] == b"TAG":
        return _ID3V1
    if content[:8] == b"APETAGEX" and len(content) >= 16:
        body = int.from_bytes(content[12:16], "little")
        return body + _APE_HEADER if content[23:24] and content[23] & 0x20 else _APE_HEADER
    return _id3v2_length(content)
