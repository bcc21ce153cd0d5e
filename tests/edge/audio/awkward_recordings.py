"""Recordings as other people's programs leave them, and how many samples each must give.

All are made of one clip. The numbers follow from the formats: lossless ones and those that
store a length give the clip's own; codecs in blocks fill the last one; MP3 without a length
gives whole frames, as FFmpeg decodes them.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.edge.audio.made_recordings import RATE, wav
from tests.places import CLIPS

CLIP = CLIPS / "anger_03a02Wc.wav"
N = 23969
# 44 frames of 576 samples.
MP3 = 25344
TOOLS = ("sox", "ffmpeg", "lame", "oggenc", "opusenc", "flac", "espeak-ng")

# Those at another rate than the clip.
RESAMPLED = ("24-bit.wav", "fewer-ffmpeg.flac", "44.mp2")


@dataclass(frozen=True)
class Awkward:
    """A recording that a shell command makes in a folder that holds ``x.wav``."""

    name: str
    command: str
    samples: int
    warns: str = ""

    @property
    def tools(self) -> tuple[str, ...]:
        return tuple(tool for tool in TOOLS if f"{tool} " in self.command)

    def make(self, folder: Path) -> Path | None:
        """Return the recording; None if a tool is missing."""
        if any(shutil.which(tool) is None for tool in self.tools):
            return None
        shutil.copy(CLIP, folder / "x.wav")
        subprocess.run(
            ["sh", "-ec", self.command], cwd=folder, check=True, capture_output=True, timeout=120
        )
        return folder / self.name


# Makes STREAMINFO of 1.flac declare 8000 samples.
PATCHED_FLAC = r"{ head -c 22 1.flac; printf '\0\0\037\100'; tail -c +27 1.flac; }"
FF = "ffmpeg -y -loglevel error -i x.wav"
WRITTEN = [
    Awkward("sox-pipe.wav", "sox x.wav -t wav - > sox-pipe.wav", N),
    Awkward("ffmpeg-pipe.wav", f"{FF} -f wav - > ffmpeg-pipe.wav", N),
    Awkward("rf64.wav", f"{FF} -rf64 always rf64.wav", N),
    Awkward("rf64-pipe.wav", f"{FF} -rf64 always -f wav - > rf64-pipe.wav", N),
    Awkward("w64.w64", "sox x.wav w64.w64", N),
    Awkward("pipe.w64", f"{FF} -f w64 - > pipe.w64", N),
    Awkward("x.aiff", "sox x.wav x.aiff", N),
    Awkward("x.aifc", f"{FF} x.aifc", N),
    Awkward("sox-pipe.aiff", "sox x.wav -t aiff - > sox-pipe.aiff", N),
    Awkward("ffmpeg-pipe.aiff", f"{FF} -f aiff - > ffmpeg-pipe.aiff", N),
    Awkward("sox-pipe.au", "sox x.wav -t au - > sox-pipe.au", N),
    Awkward("ffmpeg-pipe.au", f"{FF} -f au - > ffmpeg-pipe.au", N),
    Awkward("x.caf", "sox x.wav x.caf", N),
    Awkward("x.voc", "sox x.wav x.voc", N),
    Awkward("x.sph", "sox x.wav x.sph", N),
    Awkward("gsm.wav", "sox x.wav -e gsm gsm.wav", 75 * 320),
    Awkward("gsm-pipe.wav", "sox x.wav -e gsm -t wav - > gsm-pipe.wav", 75 * 320),
    Awkward("ima.wav", "sox x.wav -e ima-adpcm ima.wav", 24240),
    Awkward("ima-pipe.wav", f"{FF} -c:a adpcm_ima_wav -f wav - > ima-pipe.wav", 24492),
    Awkward("ms.wav", "sox x.wav -e ms-adpcm ms.wav", 24000),
    Awkward("mu-law.wav", "sox x.wav -e mu-law mu-law.wav", N),
    Awkward("a-law-pipe.wav", f"{FF} -c:a pcm_alaw -f wav - > a-law-pipe.wav", N),
    Awkward("8-bit.wav", "sox x.wav -b 8 -t wav - > 8-bit.wav", N),
    Awkward("24-bit.wav", f"{FF} -ar 48000 -ac 2 -c:a pcm_s24le -f wav - > 24-bit.wav", N),
    Awkward("six.wav", "sox x.wav -c 6 -t wav - > six.wav", N),
    Awkward("x.flac", "flac -s x.wav -o x.flac", N),
    Awkward("pipe.flac", "flac -s -c - < x.wav > pipe.flac", N),
    Awkward("ffmpeg-pipe.flac", f"{FF} -f flac - > ffmpeg-pipe.flac", N),
    Awkward("joined.flac", "flac -s x.wav -o 1.flac && cat 1.flac 1.flac > joined.flac", 2 * N),
    Awkward("junk.flac", "flac -s x.wav -o junk.flac && head -c 100 x.wav >> junk.flac", N),
    Awkward("fewer.flac", f"flac -s x.wav -o 1.flac && {PATCHED_FLAC} > fewer.flac", N,
            f"declares 8000 samples, but the file holds {N}; all of them"),
    Awkward("fewer-ffmpeg.flac", f"{FF} -ar 44100 1.flac && {PATCHED_FLAC} > fewer-ffmpeg.flac", N,
            "declares 8000 samples, but the file holds 66065; all of them"),
    Awkward("fewer-quiet.flac", "sox x.wav 2.wav pad 0 20000s && flac -s 2.wav -o 1.flac && "
            f"{PATCHED_FLAC} > fewer-quiet.flac", N + 20000, "declares 8000 samples"),
    Awkward("upside-down.wav", "sox x.wav upside-down.wav remix 1 1i", N,
            "its channels cancel one another"),
    Awkward("x.mp3", "lame --quiet -V5 x.wav x.mp3", N),
    Awkward("cbr.mp3", "lame --quiet -b 64 x.wav cbr.mp3", N),
    Awkward("no-xing.mp3", "lame --quiet -V5 -t x.wav no-xing.mp3", MP3),
    Awkward("ffmpeg.mp3", f"{FF} ffmpeg.mp3", N),
    Awkward("ffmpeg-no-xing.mp3", f"{FF} -write_xing 0 ffmpeg-no-xing.mp3", MP3),
    Awkward("ffmpeg-pipe.mp3", f"{FF} -f mp3 - > ffmpeg-pipe.mp3", MP3),
    Awkward("joined.mp3", "lame --quiet -V5 x.wav 1.mp3 && lame --quiet -b 64 x.wav 2.mp3 && "
            "cat 1.mp3 2.mp3 > joined.mp3", 2 * N),
    Awkward("joined-no-xing.mp3", "lame --quiet -V5 -t x.wav 1.mp3 && "
            "cat 1.mp3 1.mp3 > joined-no-xing.mp3", 2 * MP3),
    Awkward("joined-tags.mp3", "lame --quiet -V5 --tt Title --id3v1-only x.wav 1.mp3 && "
            "lame --quiet -V5 --tt Title --id3v2-only x.wav 2.mp3 && "
            "cat 1.mp3 2.mp3 > joined-tags.mp3", 2 * N),
    Awkward("cut.mp3", "lame --quiet -b 32 -t x.wav 1.mp3 && head -c 4000 1.mp3 > cut.mp3",
            27 * 576, "passed over 112 bytes that are no frames of MP3"),
    Awkward("mp3.wav", f"{FF} -c:a libmp3lame -f wav mp3.wav", MP3),
    Awkward("no-frames.mp3", "lame --quiet -V5 x.wav no-frames.mp3 && head -c 4 /dev/zero | "
            "dd of=no-frames.mp3 bs=1 seek=21 conv=notrunc", MP3),
    Awkward("zeros.mp3", "lame --quiet -V5 -t x.wav 1.mp3 && "
            "{ head -c 70000 /dev/zero; cat 1.mp3; } > zeros.mp3", MP3,
            "passed over 70000 bytes that are no frames of MP3"),
    Awkward("x.mp2", f"{FF} -c:a mp2 x.mp2", 24192),
    # 58 frames of 1152 samples.
    Awkward("44.mp2", f"{FF} -ar 44100 -c:a mp2 44.mp2", 24242),
    Awkward("x.ogg", "oggenc -Q x.wav -o x.ogg", N),
    Awkward("chained.ogg", "oggenc -Q x.wav -o 1.ogg && cat 1.ogg 1.ogg > chained.ogg", 2 * N),
    Awkward("channels.ogg", "sox x.wav -c 2 2.wav && oggenc -Q x.wav -o 1.ogg && "
            "oggenc -Q 2.wav -o 2.ogg && cat 1.ogg 2.ogg > channels.ogg", 2 * N),
    Awkward("rates.ogg", "sox x.wav -r 8000 8.wav && oggenc -Q x.wav -o 1.ogg && "
            "oggenc -Q 8.wav -o 2.ogg && cat 1.ogg 2.ogg > rates.ogg", N,
            "passed over .* bytes: from there on it is at 8000 Hz, expected 16000 Hz"),
    Awkward("tagged.ogg", r"oggenc -Q x.wav -o 1.ogg && { printf 'ID3\4\0\0\0\0\0\144'; "
            "head -c 100 /dev/zero; cat 1.ogg; } > tagged.ogg", N,
            "passed over 110 bytes that are no pages of Ogg"),
    Awkward("x.opus", "opusenc --quiet x.wav x.opus", N),
    Awkward("chained.opus", "opusenc --quiet x.wav 1.opus && cat 1.opus 1.opus > chained.opus",
            2 * N),
    Awkward("ffmpeg-pipe.ogg", f"{FF} -f ogg - > ffmpeg-pipe.ogg", N),
    Awkward("ffmpeg-pipe.opus", f"{FF} -c:a libopus -f ogg - > ffmpeg-pipe.opus", N),
    Awkward("cut.ogg", "oggenc -Q x.wav -o 1.ogg && head -c 8000 1.ogg > cut.ogg", 12672,
            "cut short: its last page does not end the recording; passed over 300 bytes"),
    Awkward("cut.opus", "opusenc --quiet --max-delay 100 x.wav 1.opus && "
            "head -c 6000 1.opus > cut.opus", 17496, "cut short: its last page does not end"),
]  # fmt: skip


def pcm() -> bytes:
    """Return the samples of the clip."""
    return CLIP.read_bytes()[44:]


def rf64(ds64: bytes, form: bytes = b"RF64") -> bytes:
    """Return the clip as RF64 with a body of its ds64 chunk."""
    plain = wav(pcm(), data_size=0xFFFFFFFF)
    head = form + b"\xff\xff\xff\xffWAVEds64" + struct.pack("<I", len(ds64)) + ds64
    return head + plain[12:]


def by_bytes() -> dict[str, tuple[bytes, int, str]]:
    """Return what recorders leave that are not at hand: content, samples, warning."""
    data, sizes = pcm(), {}
    # arecord, SoX, FFmpeg, espeak-ng; then what only a warning can tell from a lost end.
    for size in (0, 0x7FFFF000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFDB, 0xFFFFFFFF):
        content = wav(data, data_size=size, riff_size=min(size + 36, 0xFFFFFFFF))
        sizes[f"size-{size:x}.wav"] = (content, N, "")
    for size in (2_000_000_000, 1_500_000_001, 0x40000000):
        content = wav(data, data_size=size, riff_size=size + 36)
        sizes[f"size-{size}.wav"] = (content, N, f"declares {size} bytes .*, which cannot be")
    odd = b"LIST" + struct.pack("<I", 5) + b"INFO."
    filled = struct.pack("<QQQI", 0, len(data), N, 0)
    return sizes | {
        "stale.wav": (wav(data, data_size=16000, riff_size=16036), N, "declares 16000 bytes"),
        "odd-unpadded.wav": (wav(data, before=odd), N, ""),
        "joined.wav": (wav(data) * 2, 2 * N, ""),
        "tagged.wav": (wav(data) + b"TAG" + bytes(125), N, ""),
        "cut-list.wav": (wav(data) + b"LIST\x64\0\0\0INFO", N, ""),
        "zeros-rf64.wav": (rf64(bytes(28)), N, ""),
        "ones-rf64.wav": (rf64(b"\xff" * 24 + bytes(4)), N, ""),
        "bw64.wav": (rf64(filled, b"BW64"), N, ""),
        "size-of-file.wav": (wav(data, data_size=len(data) + 44), N, "which cannot be"),
        "two-data.wav": (wav(data) + wav(data)[36:], N, "passed over 47946 bytes behind"),
        **of_other_containers(),
    }


def of_other_containers() -> dict[str, tuple[bytes, int, str]]:
    """Return AIFF, AU, CAF and W64 whose sizes are not true, as `by_bytes`."""
    size, less = 2 * N, "declares 16000 bytes .* all of them are read"
    long, too_long = 2**63 - 1, "bytes of samples, which cannot be"
    chunk = b"free" + struct.pack(">q", 10) + bytes(10)
    return {
        "open.aiff": (aiff(0), N, ""),
        "ones.aiff": (aiff(0xFFFFFFFF - 8), N, ""),
        "short.aiff": (aiff(16000), N, less),
        "joined.aiff": (aiff(size) * 2, 2 * N, ""),
        "open.au": (au(0), N, ""),
        "ones.au": (au(0xFFFFFFFF), N, ""),
        "greatest.au": (au(0x7FFFFFFF), N, ""),
        "long.au": (au(2**30), N, too_long),
        "short.au": (au(16000), N, less),
        "joined.au": (au(size) * 2, 2 * N, ""),
        "open.caf": (caf(0), N, ""),
        "ones.caf": (caf(-5), N, ""),
        "long.caf": (caf(2**60), N, too_long),
        "short.caf": (caf(16000), N, less),
        "joined.caf": (caf(size) * 2, 2 * N, ""),
        "chunk.caf": (caf(size) + chunk, N, ""),
        "open.w64": (w64(0), N, ""),
        "ones.w64": (w64(long), N, ""),
        "short.w64": (w64(16000), N, less),
        "padded.w64": (w64(size) + bytes(6), N, ""),
        "joined.w64": ((w64(size) + bytes(6)) * 2, 2 * N, ""),
    }


def aiff(size: int) -> bytes:
    """Return the clip as AIFF that declares so many bytes of samples."""
    rate = bytes.fromhex("400cfa00000000000000")
    common = b"COMM" + struct.pack(">IHIH", 18, 1, size // 2, 16) + rate
    samples = b"SSND" + struct.pack(">III", size + 8, 0, 0) + swapped()
    return b"FORM" + struct.pack(">I", min(size + 46, 0xFFFFFFFF)) + b"AIFF" + common + samples


def au(size: int) -> bytes:
    """Return the clip as AU that declares so many bytes of samples."""
    return b".snd" + struct.pack(">5I", 24, size, 3, RATE, 1) + swapped()


def caf(size: int) -> bytes:
    """Return the clip as CAF that declares so many bytes of samples."""
    description = struct.pack(">d4s5I", RATE, b"lpcm", 0, 2, 1, 1, 16)
    chunks = b"desc" + struct.pack(">q", 32) + description + b"data" + struct.pack(">q", size + 4)
    return b"caff\0\1\0\0" + chunks + bytes(4) + swapped()


def w64(size: int) -> bytes:
    """Return the clip as W64 that declares so many bytes of samples."""
    guid = bytes.fromhex("f3acd3118cd100c04f8edb8a")
    form = bytes.fromhex("726966662e91cf11a5d628db04c10000") + struct.pack("<Q", 128 + size)
    body = struct.pack("<QHHIIHH", 40, 1, 1, RATE, 2 * RATE, 2, 16)
    data = b"data" + guid + struct.pack("<Q", size + 24)
    return form + b"wave" + guid + b"fmt " + guid + body + data + pcm()


def swapped() -> bytes:
    """Return the samples of the clip with the highest byte first."""
    return np.frombuffer(pcm(), "<i2").astype(">i2").tobytes()
