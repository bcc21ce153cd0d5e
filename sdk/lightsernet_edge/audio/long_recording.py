"""Recordings of any length: read twice, block by block, rather than kept in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .decoding import Decoder, open_recording
from .recording import Mixdown, warn_of_low_rate
from .resampling import Resampler

# As many seconds are kept when they are first read, so that most recordings are decoded once.
_KEPT_S = 120.0

Span = tuple[int, int]


class LongRecording:
    """A recording as mono blocks at one rate; made by `open_long_recording`.

    The samples are those of `read_recording`, to the bit.

    Attributes
    ----------
    sample_rate : int
        Of the blocks, in hertz.
    size : int or None
        Number of samples; None until `blocks` was read to its end.
    """

    def __init__(self, decoder: Decoder, sample_rate: int) -> None:
        self.sample_rate = sample_rate
        self.size: int | None = None
        self._decoder = decoder
        self._kept: list[NDArray[np.float64]] = []

    def blocks(self) -> Iterator[NDArray[np.float64]]:
        """Yield all samples, in blocks of shape (n,).

        Raises
        ------
        AudioError
            If the file is damaged or truncated, or holds NaN or infinity.
        """
        if self._kept:
            yield from self._kept
            return
        resampler = Resampler(self._decoder.samplerate, self.sample_rate)
        size, kept = 0, []
        for block in self._decoded(resampler):
            size += block.size
            if size <= _KEPT_S * self.sample_rate:
                kept.append(block)
            else:
                kept.clear()
            yield block
        self.size, self._kept = size, kept

    def _decoded(self, resampler: Resampler) -> Iterator[NDArray[np.float64]]:
        mixdown = Mixdown(self._decoder.path)
        for frames in self._decoder.blocks():
            yield resampler.push(mixdown.mix(frames))
        yield resampler.finish()
        # Read again, it has been said.
        if self.size is None:
            mixdown.warn()

    def spans(self, spans: Iterable[Span]) -> Iterator[NDArray[np.float64]]:
        """Yield the samples of stretches; only one is in memory at a time.

        Parameters
        ----------
        spans : iterable of (start, end)
            In samples, in order of time, not overlapping.

        Yields
        ------
        ndarray of float64, shape (end - start,)
        """
        blocks = self.blocks()
        position, block = 0, np.empty(0)
        for start, end in spans:
            pieces = [np.empty(0)]
            while True:
                piece = block[max(0, start - position) : max(0, end - position)]
                # An empty view would keep its block in memory.
                if piece.size:
                    pieces.append(piece)
                if position + block.size >= end:
                    break
                position += block.size
                following = next(blocks, None)
                if following is None:
                    break
                block = following
            yield np.concatenate(pieces)


@contextmanager
def open_long_recording(path: str | Path, sample_rate: int) -> Iterator[LongRecording]:
    """Open a recording of any length as mono at `sample_rate`.

    Raises
    ------
    AudioError, MissingDependencyError
        As `read_recording`.

    Warns
    -----
    AudioWarning
        As `read_recording`.
    """
    path = Path(path)
    with open_recording(path) as decoder:
        warn_of_low_rate(path, decoder.samplerate, sample_rate)
        yield LongRecording(decoder, sample_rate)
