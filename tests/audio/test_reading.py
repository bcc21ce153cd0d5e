"""Recordings: any usual format, rate and width of sample is read as what it is.

The WAV files are put together here byte by byte, so that reading them is not
checked against the library that reads them.
"""

from __future__ import annotations

import csv
import hashlib
import struct
import warnings
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from scipy.signal import chirp, resample_poly

from lightsernet_edge.audio import AudioWarning, Recording, read_recording
from lightsernet_edge.errors import AudioError

RATE = 16000
PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
# Behind the format's number in an extensible header: KSDATAFORMAT_SUBTYPE_*.
GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")
# Their samples begin at byte 4096, behind a chunk of padding.
PADDED_CLIPS = ("14a07Aa", "14a07Fd", "14a07Na", "14a07Wc")

Samples = NDArray[np.float64]


def chunk(name: bytes, body: bytes, size: int | None = None) -> bytes:
    """Return a chunk of a RIFF file; chunks of odd length are followed by a zero."""
    declared = len(body) if size is None else size
    return name + struct.pack("<I", declared) + body + b"\0" * (len(body) % 2)


def wav(
    data: bytes,
    *,
    kind: int = PCM,
    channels: int = 1,
    rate: int = RATE,
    bits: int = 16,
    extensible: bool = False,
    before: bytes = b"",
    after: bytes = b"",
    riff_size: int | None = None,
    data_size: int | None = None,
) -> bytes:
    """Return a WAV file."""
    block = channels * bits // 8
    header = struct.pack(
        "<HHIIHH", EXTENSIBLE if extensible else kind, channels, rate, rate * block, block, bits
    )
    if extensible:
        mask = {1: 4, 2: 3}[channels]
        header += struct.pack("<HHI", 22, bits, mask) + struct.pack("<H", kind) + GUID_TAIL
    body = b"WAVE" + chunk(b"fmt ", header) + before + chunk(b"data", data, data_size) + after
    return b"RIFF" + struct.pack("<I", len(body) if riff_size is None else riff_size) + body


def int24(values: NDArray[np.int32]) -> bytes:
    """Return integers as three bytes each, the lowest first."""
    return values.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()


def tone(hertz: float, rate: int, seconds: float = 1.0, amplitude: float = 0.5) -> Samples:
    """Return a sine."""
    time = np.arange(round(seconds * rate)) / rate
    return np.asarray(amplitude * np.sin(2 * np.pi * hertz * time))


def read(path: Path, start_s: float | None = None, end_s: float | None = None) -> Recording:
    """Read a recording, which gives no warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        recording = read_recording(path, RATE, start_s, end_s)
    assert recording.sample_rate == RATE
    assert recording.samples.ndim == 1
    assert recording.samples.dtype == np.float64
    return recording


def inside(samples: Samples, margin: int = 400) -> Samples:
    """Leave out both ends, where a resampler has no neighbours to look at."""
    return samples[margin:-margin]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "clip.wav"


@pytest.fixture
def pcm() -> NDArray[np.int16]:
    """Noise that holds the largest and the smallest sample."""
    values = np.random.default_rng(1).integers(-32768, 32768, 8000)
    values[:4] = (-32768, 32767, 0, -1)
    return values.astype("<i2")


# --- widths of samples --------------------------------------------------------

VALUES = np.random.default_rng(2).uniform(-1, 1, 6000)
INT8 = np.r_[0, 255, 128, np.random.default_rng(3).integers(0, 256, 6000)].astype(np.uint8)
INT16 = np.r_[-(2**15), 2**15 - 1, (VALUES * 2**15).astype(np.int32)].astype("<i2")
INT24 = np.r_[-(2**23), 2**23 - 1, (VALUES * 2**23).astype(np.int32)].astype("<i4")
INT32 = np.r_[-(2**31), 2**31 - 1, (VALUES * 2**31).astype(np.int64)].astype("<i4")
# Floats may go beyond full scale.
FLOAT32 = np.r_[1.5, -2.0, VALUES].astype("<f4")
FLOAT64 = np.r_[1.5, -2.0, VALUES].astype("<f8")
WIDTHS = [
    pytest.param(INT8.tobytes(), PCM, 8, (INT8.astype(float) - 128) / 2**7, id="8-bit"),
    pytest.param(INT16.tobytes(), PCM, 16, INT16 / 2**15, id="16-bit"),
    pytest.param(int24(INT24), PCM, 24, INT24 / 2**23, id="24-bit"),
    pytest.param(INT32.tobytes(), PCM, 32, INT32 / 2**31, id="32-bit"),
    pytest.param(FLOAT32.tobytes(), FLOAT, 32, FLOAT32.astype(float), id="float"),
    pytest.param(FLOAT64.tobytes(), FLOAT, 64, FLOAT64, id="double"),
]


@pytest.mark.parametrize("extensible", [False, True], ids=["plain", "extensible"])
@pytest.mark.parametrize(("data", "kind", "bits", "expected"), WIDTHS)
def test_every_width_is_exact(
    data: bytes, kind: int, bits: int, expected: Samples, extensible: bool, file: Path
) -> None:
    file.write_bytes(wav(data, kind=kind, bits=bits, extensible=extensible))
    assert np.array_equal(read(file).samples, expected)


# --- channels -----------------------------------------------------------------


@pytest.mark.parametrize("extensible", [False, True], ids=["plain", "extensible"])
def test_stereo_is_averaged(extensible: bool, file: Path, pcm: NDArray[np.int16]) -> None:
    left, right = pcm[::2], pcm[1::2]
    file.write_bytes(wav(pcm.tobytes(), channels=2, extensible=extensible))
    recording = read(file)
    assert np.array_equal(recording.samples, (left / 32768 + right / 32768) / 2)
    assert recording.duration_s == 0.25


def test_stereo_float_that_cancels_out(file: Path) -> None:
    left = tone(440, RATE).astype("<f4")
    both = np.stack([left, -left], axis=1)
    file.write_bytes(wav(both.tobytes(), kind=FLOAT, bits=32, channels=2))
    assert not read(file).samples.any()


def test_six_channels(file: Path) -> None:
    channels = np.arange(6 * 5000, dtype="<i2").reshape(5000, 6)
    file.write_bytes(wav(channels.tobytes(), channels=6))
    np.testing.assert_allclose(read(file).samples, channels.mean(axis=1) / 32768, atol=1e-15)


# --- rates --------------------------------------------------------------------


@pytest.mark.parametrize("rate", [22050, 24000, 32000, 44100, 48000, 96000])
@pytest.mark.parametrize("hertz", [100.0, 1000.0, 6000.0])
def test_a_tone_stays_where_it_is(hertz: float, rate: int, file: Path) -> None:
    """In time too: a resampler's delay would show as a difference of the phases."""
    file.write_bytes(wav(tone(hertz, rate).astype("<f8").tobytes(), kind=FLOAT, bits=64, rate=rate))
    samples = read(file).samples
    assert samples.size == RATE
    difference = inside(samples) - inside(tone(hertz, RATE))
    assert np.abs(difference).max() < 2e-4


@pytest.mark.parametrize("rate", [44100, 48000])
def test_what_lies_above_the_band_is_not_folded_into_it(rate: int, file: Path) -> None:
    file.write_bytes(wav((tone(11000, rate) * 32767).astype("<i2").tobytes(), rate=rate))
    assert np.abs(inside(read(file).samples)).max() < 1e-3


@pytest.mark.parametrize("rate", [44100, 48000])
def test_same_as_another_resampler(rate: int, file: Path) -> None:
    time = np.arange(rate) / rate
    sweep = 0.5 * chirp(time, 50, 1.0, 6500)
    file.write_bytes(wav(sweep.astype("<f8").tobytes(), kind=FLOAT, bits=64, rate=rate))
    samples = read(file).samples
    divisor = np.gcd(rate, RATE)
    expected = resample_poly(sweep, RATE // divisor, rate // divisor, window=("kaiser", 12.0))
    assert abs(samples.size - expected.size) <= 1
    difference = inside(samples[:RATE]) - inside(expected[:RATE])
    assert np.sqrt(np.mean(difference**2)) < 2e-3


def test_stereo_at_48_khz_in_24_bit(file: Path) -> None:
    """All at once, as a sound card records it."""
    left, right = tone(300, 48000), tone(2000, 48000)
    both = np.stack([left, right], axis=1).ravel()
    data = int24(np.rint(both * 2**23).astype(np.int32))
    file.write_bytes(wav(data, bits=24, channels=2, rate=48000, extensible=True))
    expected = (tone(300, RATE) + tone(2000, RATE)) / 2
    assert np.abs(inside(read(file).samples) - inside(expected)).max() < 1e-4


def test_8_khz_comes_with_a_warning(file: Path) -> None:
    file.write_bytes(wav((tone(1000, 8000) * 32767).astype("<i2").tobytes(), rate=8000))
    with pytest.warns(AudioWarning) as caught:
        recording = read_recording(file, RATE)
    (warning,) = caught
    for words in (str(file), "8000 Hz", "above 4000 Hz", "16000 Hz"):
        assert words in str(warning.message)
    assert recording.samples.size == RATE
    assert np.abs(inside(recording.samples) - inside(tone(1000, RATE))).max() < 1e-3


def test_the_models_rate_is_what_counts(file: Path) -> None:
    file.write_bytes(wav((tone(1000, RATE) * 32767).astype("<i2").tobytes()))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_recording(file, 8000).samples.size == 8000
    with pytest.warns(AudioWarning, match="above 8000 Hz"):
        assert read_recording(file, 48000).samples.size == 48000


# --- containers ---------------------------------------------------------------


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_flac_is_exact(subtype: str, tmp_path: Path, pcm: NDArray[np.int16]) -> None:
    soundfile.write(tmp_path / "clip.flac", pcm, RATE, subtype=subtype)
    assert np.array_equal(read(tmp_path / "clip.flac").samples, pcm / 32768)


@pytest.mark.parametrize("rate", [16000, 44100, 48000])
@pytest.mark.parametrize(
    ("container", "subtype"), [("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", None)]
)
def test_lossy_formats(container: str, subtype: str | None, rate: int, tmp_path: Path) -> None:
    if container not in soundfile.available_formats():
        pytest.skip(f"this libsndfile does not write {container}")
    if subtype == "OPUS" and rate == 44100:
        pytest.skip("Opus knows no 44.1 kHz")
    path = tmp_path / f"clip.{container.lower()}"
    soundfile.write(path, tone(440, rate, 2.0), rate, format=container, subtype=subtype)
    samples = read(path).samples
    # An MP3 begins and ends with up to a frame or two of silence.
    assert abs(samples.size - 2 * RATE) < 4000
    middle = samples[8000:24000]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(middle.size)))
    # One second: bins are 1 Hz wide.
    assert np.argmax(spectrum) == 440
    assert np.sqrt(2 * np.mean(middle**2)) == pytest.approx(0.5, rel=0.05)


def test_the_name_does_not_matter(tmp_path: Path, pcm: NDArray[np.int16]) -> None:
    soundfile.write(tmp_path / "clip.flac", pcm, RATE)
    (tmp_path / "clip.flac").rename(tmp_path / "clip.wav")
    assert np.array_equal(read(tmp_path / "clip.wav").samples, pcm / 32768)
    (tmp_path / "clip.wav").write_bytes(wav(pcm.tobytes()))
    for name in ("clip", "clip.mp3", "clip.raw"):
        (tmp_path / name).write_bytes(wav(pcm.tobytes()))
        assert np.array_equal(read(tmp_path / name).samples, pcm / 32768)


# --- WAV files as they are found ----------------------------------------------

LIST = chunk(b"LIST", b"INFOISFT\x05\0\0\0Lavf\0\0")
ODD = chunk(b"odd ", b"12345")
CHUNKS = [
    pytest.param(LIST, b"", id="list-before"),
    pytest.param(ODD, b"", id="odd-before"),
    pytest.param(b"", LIST, id="list-after"),
    pytest.param(b"", ODD, id="odd-after"),
    # So that the samples begin at byte 4096.
    pytest.param(chunk(b"PAD ", bytes(4096 - 36 - 16)), b"", id="pad"),
]


@pytest.mark.parametrize(("before", "after"), CHUNKS)
def test_other_chunks_are_no_samples(
    before: bytes, after: bytes, file: Path, pcm: NDArray[np.int16]
) -> None:
    content = wav(pcm.tobytes(), before=before, after=after)
    file.write_bytes(content)
    assert np.array_equal(read(file).samples, pcm / 32768)
    if before.startswith(b"PAD "):
        assert content.index(pcm.tobytes()) == 4096


BEHIND = pytest.mark.parametrize("before", [b"", LIST, ODD], ids=["plain", "list", "odd"])
# What FFmpeg, SoX and arecord write into a pipe.
UNKNOWN_SIZES = [0, 0xFFFFFFFF, 0x7FFFF000, 0x80000000]


@pytest.mark.parametrize("riff_size", [0, 36, 0xFFFFFFFF])
@pytest.mark.parametrize("data_size", UNKNOWN_SIZES)
@BEHIND
def test_sizes_that_pipes_write(
    before: bytes, data_size: int, riff_size: int, file: Path, pcm: NDArray[np.int16]
) -> None:
    """The file's end is the samples' end, for the writer could not know it."""
    content = wav(pcm.tobytes(), before=before, data_size=data_size, riff_size=riff_size)
    file.write_bytes(content)
    assert np.array_equal(read(file).samples, pcm / 32768)
    assert np.array_equal(read(file, 0.1, 0.2).samples, pcm[1600:3200] / 32768)


@pytest.mark.parametrize("size", UNKNOWN_SIZES)
def test_sizes_that_pipes_write_in_24_bit_stereo(size: int, file: Path) -> None:
    """Where a sample of all channels is six bytes, and the greatest size no multiple."""
    file.write_bytes(wav(int24(INT24), bits=24, channels=2, data_size=size, riff_size=size))
    expected = (INT24 / 2**23).reshape(-1, 2).mean(axis=1)
    np.testing.assert_allclose(read(file).samples, expected, atol=1e-15)


@pytest.mark.parametrize("riff_size", [None, 0, 0xFFFFFFFF])
@pytest.mark.parametrize("missing", [1, 2, 1000, 15999])
@BEHIND
def test_samples_that_are_missing(
    before: bytes, missing: int, riff_size: int | None, file: Path, pcm: NDArray[np.int16]
) -> None:
    content = wav(pcm.tobytes(), before=before, riff_size=riff_size)
    file.write_bytes(content[:-missing])
    words = f"truncated: {len(content) - missing} bytes, but its header declares {len(content)}"
    with pytest.raises(AudioError, match=words):
        read(file)
    with pytest.raises(AudioError, match=words):
        read(file, 0.0, 0.00005)


def test_pipes_without_samples(file: Path) -> None:
    for size in UNKNOWN_SIZES:
        file.write_bytes(wav(b"", riff_size=size, data_size=size))
        with pytest.raises(AudioError, match="no samples"):
            read(file)


# --- a part of a file ---------------------------------------------------------


@pytest.mark.parametrize(
    ("start_s", "end_s", "part"),
    [
        (None, None, slice(0, 8000)),
        (0.0, None, slice(0, 8000)),
        (None, 0.25, slice(0, 4000)),
        (0.1, 0.4, slice(1600, 6400)),
        (0.3, None, slice(4800, 8000)),
        (0.2, 0.5, slice(3200, 8000)),
    ],
)
@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_a_part(
    suffix: str,
    start_s: float | None,
    end_s: float | None,
    part: slice,
    tmp_path: Path,
    pcm: NDArray[np.int16],
) -> None:
    soundfile.write(tmp_path / f"clip{suffix}", pcm, RATE)
    recording = read(tmp_path / f"clip{suffix}", start_s, end_s)
    assert np.array_equal(recording.samples, pcm[part] / 32768)


def test_a_part_at_another_rate(file: Path) -> None:
    """Seconds are those of the file, whatever its rate."""
    file.write_bytes(wav((tone(500, 48000) * 32767).astype("<i2").tobytes(), rate=48000))
    part = read(file, 0.25, 0.75).samples
    assert part.size == RATE // 2
    assert np.abs(inside(part) - inside(tone(500, RATE)[4000:12000])).max() < 1e-3


@pytest.mark.parametrize(
    ("start_s", "end_s"),
    [(0.6, None), (0.5, None), (None, 0.6), (0.4, 0.2), (0.2, 0.2), (-0.1, 0.2)],
)
def test_a_part_that_is_not_there(
    start_s: float | None, end_s: float | None, file: Path, pcm: NDArray[np.int16]
) -> None:
    file.write_bytes(wav(pcm.tobytes()))
    with pytest.raises(AudioError, match=r"clip\.wav: lasts 0\.500 s, expected the part from"):
        read(file, start_s, end_s)


def test_only_the_part_that_is_read_must_be_finite(file: Path) -> None:
    samples = tone(440, RATE).astype("<f4")
    samples[0] = np.nan
    file.write_bytes(wav(samples.tobytes(), kind=FLOAT, bits=32))
    with pytest.raises(AudioError, match="NaN or Inf"):
        read(file)
    assert np.array_equal(read(file, 0.5, 1.0).samples, samples[8000:])


# --- EMO-DB -------------------------------------------------------------------


@pytest.fixture(scope="session")
def facts(emodb: Path, data_root: Path) -> dict[str, dict[str, str]]:
    """What the manifest says of each file of EMO-DB, by its name."""
    manifest = data_root / "emodb_manifest.csv"
    if not manifest.is_file():
        pytest.skip(f"no {manifest.name} beside {emodb.name}")
    with manifest.open(newline="", encoding="utf-8") as lines:
        return {row["file"]: row for row in csv.DictReader(lines)}


def as_int16(recording: Recording) -> NDArray[np.int16]:
    """Return the integers that the samples were made from."""
    values = recording.samples * 32768
    assert np.array_equal(values, np.rint(values))
    return values.astype("<i2")


def test_all_of_emodb(emodb: Path, facts: dict[str, dict[str, str]]) -> None:
    """Every sample of every original, by the SHA-256 of its PCM."""
    assert len(facts) == 535
    wrong = []
    for name, row in facts.items():
        samples = as_int16(read(emodb / "wav" / name))
        found = (samples.size, hashlib.sha256(samples.tobytes()).hexdigest())
        if found != (int(row["samples"]), row["sha256_pcm"]):
            wrong.append(name)
    assert wrong == []


@pytest.mark.parametrize("name", PADDED_CLIPS)
def test_padded_originals(name: str, emodb: Path, facts: dict[str, dict[str, str]]) -> None:
    """The samples begin at byte 4096; at byte 44 there is padding."""
    path = emodb / "wav" / f"{name}.wav"
    row = facts[path.name]
    assert row["data_offset"] == "4096"
    content = path.read_bytes()
    assert b"PAD " in content[:64]
    pcm = np.frombuffer(content, "<i2", int(row["samples"]), 4096)
    assert np.array_equal(as_int16(read(path)), pcm)
    assert np.array_equal(as_int16(read(path, 0.5, 1.0)), pcm[8000:16000])


def test_padded_originals_are_all(facts: dict[str, dict[str, str]]) -> None:
    odd = {name for name, row in facts.items() if row["data_offset"] != "44"}
    assert odd == {f"{name}.wav" for name in PADDED_CLIPS}


def test_original_that_was_cut(emodb: Path, tmp_path: Path) -> None:
    """Also behind a chunk of padding, where the samples' end is not the usual one."""
    for name in ("03a01Fa", *PADDED_CLIPS):
        content = (emodb / "wav" / f"{name}.wav").read_bytes()
        (tmp_path / "cut.wav").write_bytes(content[:-2])
        with pytest.raises(AudioError, match="truncated"):
            read(tmp_path / "cut.wav")


def test_memory_is_for_what_is_there(tmp_path: Path) -> None:
    """A FLAC of a second whose header declares 64 G samples is refused, not made room for."""
    path = tmp_path / "giant.flac"
    soundfile.write(path, np.zeros(16000), 16000)
    content = bytearray(path.read_bytes())
    # STREAMINFO: the number of samples is the last 36 bits before the MD5.
    content[21] = (content[21] & 0xF0) | 0x0F
    path.write_bytes(content)
    with pytest.raises(AudioError, match=r"giant\.flac: (truncated|cannot be read)"):
        read_recording(path, 16000)
