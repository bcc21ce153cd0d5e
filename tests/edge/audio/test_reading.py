"""Recordings of any usual format are read as what they are, whole or in part."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from lightsernet_edge.audio.recording import read_recording
from lightsernet_edge.errors import AudioError
from tests.edge.audio.made_recordings import FLOAT, RATE, inside, read, tone, wav


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
