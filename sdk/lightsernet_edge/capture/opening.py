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
        As for `find_input`; used only if no recording is given.
    recording : str or None
        A file, or ``-`` for raw PCM on stdin: 16 kHz, mono, s16le.
    sample_rate : int
        Of the blocks, in hertz.
    fast : bool
        Whether to read a recording as fast as possible instead of at real time.

    Returns
    -------
    AudioSource

    Raises
    ------
    CaptureError
        If there is no such device, or it cannot be opened.
    InputError
        If several devices match, or stdin is to be read and is closed.
    MissingDependencyError
        If a library that the source needs is not installed.
    """
    if recording is None:
        return Microphone(device, sample_rate)
    if recording == STDIN:
        return PipeSource(_stdin(), STDIN, sample_rate, fast)
    return FileSource(recording, sample_rate, fast)


def _stdin() -> int:
    # sys.stdin is None if the descriptor was closed before Python started.
    if sys.stdin is None or sys.stdin.closed:
        raise InputError("recording -: found stdin closed, expected raw PCM: 16 kHz mono s16le")
    return sys.stdin.fileno()
