"""``listen --record DIR``: writes each utterance as WAV, with its result as JSON."""

from __future__ import annotations

import json
import tempfile
import time
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..audio.wav import wav_bytes
from ..capture.recording import FAST_BLOCK_S
from ..endpointing.settings import MOST_KEPT_S
from ..errors import InputError
from ..files.atomic_write import write_atomically


class UtteranceFolder:
    """Keeps the recent audio, and writes the utterances in it to a folder.

    Parameters
    ----------
    folder : Path
        Created if it does not exist.
    sample_rate : int
        In hertz.

    Raises
    ------
    InputError
        If the folder cannot be created or written to.
    """

    def __init__(self, folder: Path, sample_rate: int) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            # Check this now, before the first utterance.
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            raise InputError(
                f"--record {folder}: {error.strerror}, expected a folder to write to"
            ) from None
        self._folder = folder
        self._sample_rate = sample_rate
        self._keep = round((MOST_KEPT_S + FAST_BLOCK_S) * sample_rate)
        # Each block with the index of its first sample in the stream.
        self._blocks: deque[tuple[int, NDArray[np.int16]]] = deque()
        self._end = 0
        self._session = time.strftime("%Y%m%d-%H%M%S")
        self._count = 0

    def add(self, samples: NDArray[np.int16], lost_samples: int = 0) -> None:
        """Take in samples, shape (n,), after `lost_samples` lost ones, which become zeros."""
        self._end += lost_samples
        self._blocks.append((self._end, samples))
        self._end += samples.size
        while (
            self._blocks and self._blocks[0][0] + self._blocks[0][1].size < self._end - self._keep
        ):
            self._blocks.popleft()

    def write(self, fields: dict[str, Any]) -> Path:
        """Write an utterance and its result.

        Parameters
        ----------
        fields : dict
            The result as JSON fields; `start_s` and `end_s` are among them.

        Returns
        -------
        Path
            Of the WAV file; the JSON file has the same name with the ending ``.json``.

        Raises
        ------
        InputError
            If the folder cannot be written to.
        """
        start, end = (round(fields[key] * self._sample_rate) for key in ("start_s", "end_s"))
        path = self._next_path()
        write_atomically(path, wav_bytes(self._cut(start, min(end, self._end)), self._sample_rate))
        text = json.dumps({**fields, "wav": path.name}, indent=1) + "\n"
        write_atomically(path.with_suffix(".json"), text.encode())
        return path

    def _next_path(self) -> Path:
        while True:
            self._count += 1
            path = self._folder / f"{self._session}_{self._count:04d}.wav"
            if not path.exists():
                return path

    def _cut(self, start: int, end: int) -> NDArray[np.int16]:
        cut = np.zeros(max(0, end - start), np.int16)
        for first, samples in self._blocks:
            here, there = max(start, first), min(end, first + samples.size)
            if here < there:
                cut[here - start : there - start] = samples[here - first : there - first]
        return cut
