"""Recordings read in blocks: the samples of a whole reading, in little memory."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from lightsernet_edge.audio import long_recording
from lightsernet_edge.audio.long_recording import open_long_recording
from lightsernet_edge.audio.recording import read_recording
from tests.places import CLIP_FILES

RATE = 16000
# Not ru_maxrss, which a process inherits from the one that started it.
MEASURED = """
import sys
from lightsernet_edge.cli import main
status = main()
lines = open("/proc/self/status").read().splitlines()
print(next(line.split()[1] for line in lines if line.startswith("VmHWM")), file=sys.stderr)
sys.exit(status)
"""


@pytest.mark.parametrize("kept_s", [0.0, 1000.0])
@pytest.mark.parametrize(("rate", "channels"), [(16000, 1), (44100, 2), (8000, 1)])
@pytest.mark.filterwarnings("ignore:.*recorded at 8000 Hz")
def test_spans_are_cuts_of_the_whole(
    rate: int, channels: int, kept_s: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_recording, "_KEPT_S", kept_s)
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, (20 * rate, channels))
    soundfile.write(tmp_path / "x.wav", noise, rate)
    whole = read_recording(tmp_path / "x.wav", RATE).samples
    spans = [(0, 1), (1, 70000), (70000, 70000), (150000, 151000), (151001, whole.size)]
    with open_long_recording(tmp_path / "x.wav", RATE) as recording:
        assert np.array_equal(np.concatenate(list(recording.blocks())), whole)
        assert recording.size == whole.size
        for (start, end), found in zip(spans, recording.spans(spans), strict=True):
            assert np.array_equal(found, whole[start:end])


def test_memory_does_not_follow_the_length(tmp_path: Path) -> None:
    """A quarter of an hour of silence, which are little as FLAC, at another rate."""
    path = tmp_path / "silence.flac"
    with soundfile.SoundFile(path, "w", 24000, 1) as file:
        for _ in range(15):
            file.write(np.zeros(60 * 24000, np.int16))
    tracemalloc.start()
    try:
        with open_long_recording(path, RATE) as recording:
            assert sum(block.size for block in recording.blocks()) == 900 * RATE
            (span,) = recording.spans([(600 * RATE, 630 * RATE)])
        assert span.size == 30 * RATE
        assert tracemalloc.get_traced_memory()[1] < 40e6
    finally:
        tracemalloc.stop()


def spoken(path: Path, minutes: float) -> Path:
    """Write the clips over and over, with half a second between them."""
    pause = np.zeros(RATE // 2, np.int16)
    parts = [
        part for clip in CLIP_FILES for part in (soundfile.read(clip, dtype="int16")[0], pause)
    ]
    soundfile.write(path, np.resize(np.concatenate(parts), int(minutes * 60 * RATE)), RATE)
    return path


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's unit of memory")
@pytest.mark.parametrize(
    ("command", "minutes"),
    [
        (["classify"], 30.0),
        (["classify", "--utterances", "--json"], 10.0),
        (["listen", "--fast", "--input"], 10.0),
    ],
)
def test_memory_of_a_verb_does_not_follow_the_length(
    command: list[str], minutes: float, tmp_path: Path
) -> None:
    """Of speech, of which most is kept. The interpreter and NumPy take 50 MB of the whole."""
    peaks = []
    for length in (2.5, minutes):
        path = spoken(tmp_path / f"{length}.wav", length)
        done = subprocess.run(
            [sys.executable, "-c", MEASURED, *command, str(path)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        peaks.append(int(done.stderr.splitlines()[-1]) / 1024)
    short, long = peaks
    assert long - short < 8
    assert long < 200
