"""Files and pipes as sources of audio: at real time, or as fast as possible."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..audio.decoding import open_recording
from ..audio.recording import Mixdown, refuse_empty, warn_of_low_rate
from ..errors import AudioError
from .conversion import StreamConverter
from .source import AudioBlock, Faults

# Length of a block at real time, in seconds.
BLOCK_S = 0.032
# Of raw PCM on a pipe, in hertz.
PCM_RATE = 16000
# Length of a block as fast as possible, in seconds: larger ones cost less.
FAST_BLOCK_S = 0.5
# How soon `stop` takes effect, in seconds.
_POLL_S = 0.1
_NOTHING = np.empty(0, np.int16)
# First bytes of files that are not raw PCM.
CONTAINERS = {
    b"RIFF": "WAV",
    b"RIFX": "WAV",
    b"RF64": "WAV",
    b"fLaC": "FLAC",
    b"OggS": "OGG",
    b"ID3\x02": "MP3",
    b"ID3\x03": "MP3",
    b"ID3\x04": "MP3",
}
_MAGIC_BYTES = 4


class _Clock:
    """Delays audio to real time."""

    def __init__(self, sample_rate: int, fast: bool) -> None:
        self._sample_rate = sample_rate
        self._fast = fast
        self.restart()

    def restart(self) -> None:
        """Let the next sample be due now."""
        self._start = time.monotonic()
        self._samples = 0

    def wait_for(self, samples: int) -> None:
        """Wait until a live source would have delivered `samples` more samples."""
        self._samples += samples
        if not self._fast:
            due = self._start + self._samples / self._sample_rate
            time.sleep(max(0.0, due - time.monotonic()))


class FileSource:
    """A recording as a source; it is read block by block, so memory does not grow.

    Parameters
    ----------
    path : str or Path
        WAV, FLAC, OGG or MP3; any rate and number of channels.
    sample_rate : int
        Of the blocks, in hertz.
    fast : bool
        Whether to read as fast as possible instead of at real time.

    Attributes
    ----------
    name, sample_rate, faults
        As of `AudioSource`.
    """

    def __init__(self, path: str | Path, sample_rate: int, fast: bool = False) -> None:
        self.name = str(path)
        self.sample_rate = sample_rate
        self.faults = Faults()
        self._path = Path(path)
        self._fast = fast
        self._stopped = False

    def blocks(self) -> Iterator[AudioBlock]:
        """Yield blocks until the file ends or `stop` is called.

        Raises
        ------
        AudioError
            If the file cannot be read, is truncated, or holds no samples, NaN or infinity.
        """
        with open_recording(self._path) as file:
            warn_of_low_rate(self._path, file.samplerate, self.sample_rate)
            converter = StreamConverter(file.samplerate, self.sample_rate)
            mixdown = Mixdown(self._path)
            clock = _Clock(self.sample_rate, self._fast)
            size = round(file.samplerate * (FAST_BLOCK_S if self._fast else BLOCK_S))
            decoded = file.blocks(size=size)
            frames = next(decoded, None)
            refuse_empty(0 if frames is None else len(frames), self._path)
            given = 0
            while frames is not None and not self._stopped:
                mono = mixdown.mix(frames)
                following = next(decoded, None)
                samples = converter.convert(mono[:, None], last=following is None)
                clock.wait_for(samples.size)
                given += samples.size
                yield AudioBlock(samples, clipped_share=converter.clipped_share(frames))
                frames = following
            if not self._stopped:
                refuse_empty(given, self._path)
            mixdown.warn()

    def stop(self) -> None:
        """Make `blocks` end soon."""
        self._stopped = True

    def close(self) -> None:
        """Do nothing: `blocks` closes the file itself."""


class PipeSource:
    """Raw PCM from a file descriptor: mono, 16-bit, little-endian, at `PCM_RATE`.

    At real time, a file that is sent into the pipe is delayed. A live pipe is never
    delayed, even if its clock is fast.

    Parameters
    ----------
    descriptor : int
        To read from; it is not closed.
    name : str
        For messages and results.
    sample_rate : int
        Of the blocks, in hertz.
    fast : bool
        Whether to read as fast as possible instead of at real time.

    Attributes
    ----------
    name, sample_rate, faults
        As of `AudioSource`.
    """

    def __init__(self, descriptor: int, name: str, sample_rate: int, fast: bool = False) -> None:
        self.name = name
        self.sample_rate = sample_rate
        self.faults = Faults()
        self._descriptor = descriptor
        self._fast = fast
        self._stopped = False

    def blocks(self) -> Iterator[AudioBlock]:
        """Yield blocks until the pipe is closed or `stop` is called.

        Raises
        ------
        AudioError
            If the descriptor cannot be read, or delivers a file of another format.
        MissingDependencyError
            If `sample_rate` is not `PCM_RATE`, and soxr is not installed.
        """
        warn_of_low_rate(self.name, PCM_RATE, self.sample_rate)
        converter = StreamConverter(PCM_RATE, self.sample_rate)
        clock = _Clock(PCM_RATE, self._fast)
        size = 2 * round(PCM_RATE * (FAST_BLOCK_S if self._fast else BLOCK_S))
        # The bytes of a sample may arrive separately.
        half = head = b""
        while not self._stopped:
            if not self._is_ready(0.0):
                clock.restart()
                if not self._is_ready(_POLL_S):
                    yield AudioBlock(_NOTHING)
                    continue
            try:
                content = os.read(self._descriptor, size)
            except OSError as error:
                raise AudioError(f"{self.name}: cannot be read ({error.strerror})") from None
            if not content:
                break
            head += content[: _MAGIC_BYTES - len(head)]
            if head in CONTAINERS:
                raise AudioError(
                    f"{self.name}: found {CONTAINERS[head]} data, expected raw PCM: "
                    f"{PCM_RATE // 1000} kHz mono s16le; give a file by its name"
                )
            content = half + content
            half = content[len(content) // 2 * 2 :]
            pcm = np.frombuffer(content[: len(content) - len(half)], "<i2").astype(np.int16)
            frames = pcm[:, None]
            clock.wait_for(pcm.size)
            yield AudioBlock(
                converter.convert(frames), clipped_share=converter.clipped_share(frames)
            )
        rest = converter.convert(np.empty((0, 1), np.int16), last=True)
        if rest.size and not self._stopped:
            yield AudioBlock(rest)
        if half and not self._stopped:
            yield AudioBlock(_NOTHING, fault="ends in the middle of a sample: one byte too many")

    def _is_ready(self, timeout_s: float) -> bool:
        return bool(select.select([self._descriptor], [], [], timeout_s)[0])

    def stop(self) -> None:
        """Make `blocks` end soon."""
        self._stopped = True

    def close(self) -> None:
        """Do nothing: whoever opened the descriptor closes it."""
