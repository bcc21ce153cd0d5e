"""`HostRunner`: clips through the engine on this machine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..firmware_model import FirmwareModel
from .outcome import Outcome
from .stream import HostModel


class HostRunner:
    """The engine compiled for this machine.

    Parameters
    ----------
    model : FirmwareModel
    engine : str, optional
        Path of a library to run it in, instead of the host build.
    """

    def __init__(self, model: FirmwareModel, engine: str | None = None) -> None:
        self._hop_length = model.file.record.features.hop_length
        self._stream = HostModel(model.blob, engine).stream()

    def run_features(self, clips: list[NDArray[np.int8]]) -> list[Outcome]:
        """Run clips, each int8 of shape (n_frames, n_coefficients)."""
        outcomes = []
        for rows in clips:
            self._stream.reset()
            self._stream.push_features(rows)
            outcomes.append(self._finished(None))
        return outcomes

    def run_samples(self, clips: list[NDArray[np.int16]]) -> list[Outcome]:
        """Run samples, each int16 of shape (n,), hop by hop to read every row of features."""
        outcomes = []
        hop = self._hop_length
        for samples in clips:
            self._stream.reset()
            rows: list[NDArray[np.int8]] = []
            for start in range(0, len(samples), hop):
                self._stream.push(samples[start : start + hop])
                if self._stream.rows > len(rows):
                    rows.append(self._stream.last_features())
            outcomes.append(self._finished(np.array(rows, np.int8)))
        return outcomes

    def _finished(self, features: NDArray[np.int8] | None) -> Outcome:
        self._stream.finish()
        result = self._stream.result()
        assert result is not None
        return Outcome(*result, features)
