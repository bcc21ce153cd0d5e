"""Recordings read in blocks: the samples of a whole reading, in little memory."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from lightsernet_edge.audio import long_recording
from lightsernet_edge.audio.long_recording import open_long_recording
from lightsernet_edge.audio.recording import read_recording

RATE = 16000


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
