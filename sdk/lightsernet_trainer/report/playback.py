"""The clips a model is most wrong about, to listen to."""

from __future__ import annotations

import base64
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lightsernet_edge.audio.recording import read_recording
from lightsernet_edge.audio.scan import find_audio_below
from lightsernet_edge.errors import InputError

from ..conditions import encode_mp3
from ..results.result import ClipResult
from .runs import Run

SAMPLE_RATE = 16000
_KBITS = 32


@dataclass(frozen=True)
class WrongClip:
    """A clip taken for something else.

    Attributes
    ----------
    file, speaker, truth, said : str
    truth_posterior, said_posterior : float
        Means over seeds, in 0..1.
    """

    file: str
    speaker: str
    truth: str
    said: str
    truth_posterior: float
    said_posterior: float


def most_wrong(run: Run, count: int) -> list[WrongClip]:
    """Return the clips whose wrong label leads the right one by most, seeds averaged."""
    said: defaultdict[tuple[str, str, int | None], list[ClipResult]] = defaultdict(list)
    for result in run.seeds(run.shipped):
        for clip in result.clips:
            said[clip.key].append(clip)
    labels = run.first.labels
    wrong = []
    for answers in said.values():
        mean = np.mean([clip.posteriors[: len(labels)] for clip in answers], axis=0)
        best, clip = int(mean.argmax()), answers[0]
        if labels[best] != clip.truth:
            own, other = float(mean[labels.index(clip.truth)]), float(mean[best])
            wrong.append(WrongClip(clip.file, clip.speaker, clip.truth, labels[best], own, other))
    wrong.sort(key=lambda clip: (clip.truth_posterior - clip.said_posterior, clip.file))
    return wrong[:count]


class Recordings:
    """Recordings below a folder, by file name, as audio for a page.

    Parameters
    ----------
    folder : Path or None
        Nothing is found without one.
    budget : int
        Bytes that all encoded clips together may take.

    Raises
    ------
    InputError
        If there is no such folder.
    """

    def __init__(self, folder: Path | None, budget: int) -> None:
        self._paths: dict[str, Path] = {}
        self._budget = budget
        self._encoded: dict[str, str] = {}
        if folder is None:
            return
        if not folder.is_dir():
            raise InputError(f"data {folder}: no such folder, expected one of recordings")
        paths = find_audio_below(folder).recordings
        # A name that occurs twice does not say which recording was meant.
        names = Counter(path.name for path in paths)
        self._paths = {path.name: path for path in paths if names[path.name] == 1}

    @property
    def encoded(self) -> Mapping[str, str]:
        """Base64 of the MP3 of each clip asked for, by file name."""
        return self._encoded

    def add(self, file: str) -> bool:
        """Encode a recording, mono at 16 kHz; tell whether it can be played."""
        if file in self._encoded:
            return True
        if file not in self._paths:
            return False
        samples = read_recording(self._paths[file], SAMPLE_RATE).samples
        text = base64.b64encode(encode_mp3(samples, SAMPLE_RATE, _KBITS)).decode()
        if len(text) > self._budget:
            return False
        self._budget -= len(text)
        self._encoded[file] = text
        return True
