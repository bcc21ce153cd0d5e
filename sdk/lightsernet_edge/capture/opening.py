"""One way to open any source: a microphone, a file, or stdin."""

from __future__ import annotations

import sys

from ..errors import InputError
from .microphone import Microphone
from .recording import FileSource, PipeSource
from .source import AudioSource

STDIN = "-"


def open_source(
    device: str | None, recording: str | None, sample_rate: int, fast: bool
) -> AudioSource:
    """Open a microphone, a file, or stdin.

    Parameters
    ----------
    device : str or None
        As for `find_input`; counts where no recording is given.
    recording : str or None
        A file, or ``-`` for raw PCM on stdin: 16 kHz, mono, s16le.
    sample_rate : int
        Of the blocks, in hertz.
    fast : bool
        Whether a recording is read as fast as possible, not at real time.

    Raises
    ------
    CaptureError
        If there is no such device, or it refuses to open.
    InputError
        If stdin is to be read and is closed.
    MissingDependencyError
        If a library that it needs is not installed.
    """
    if recording is None:
        return Microphone(device, sample_rate)
    if recording == STDIN:
        return PipeSource(_stdin(), STDIN, sample_rate, fast)
    return FileSource(recording, sample_rate, fast)


def _stdin() -> int:
    # Python has no stdin at all where the descriptor was closed before it began.
    if sys.stdin is None or sys.stdin.closed:
        raise InputError("recording -: found stdin closed, expected raw PCM: 16 kHz mono s16le")
    return sys.stdin.fileno()
