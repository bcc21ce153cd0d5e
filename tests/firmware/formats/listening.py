"""Examples that listen: what they are given, and what they must say."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge import EmotionStream, Event
from lightsernet_edge.audio.recording import as_pcm16, read_recording
from tests.places import CLIP_FILES


def spoken_clips(count: int = 3) -> NDArray[np.int16]:
    """Return clips with a second of silence behind each, at 16 kHz."""
    pause = np.zeros(16000, np.int16)
    clips = [as_pcm16(read_recording(clip, 16000).samples) for clip in CLIP_FILES[:count]]
    return np.concatenate([part for clip in clips for part in (clip, pause)])


def event_lines(pcm: NDArray[np.int16]) -> list[str]:
    """Return the lines of the examples for boards."""
    with EmotionStream(engine="native") as stream:
        return lines_of(stream.process(pcm))


def lines_of(events: list[Event]) -> list[str]:
    """Return a line for each event: start and end in seconds, label, confidence."""
    return [
        f"{event.emotion.start_s:.2f} {event.emotion.end_s:.2f} "
        f"{event.emotion.label} {event.emotion.confidence:.3f}"
        for event in events
    ]
