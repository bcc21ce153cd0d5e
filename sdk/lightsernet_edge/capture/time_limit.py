"""Time limits for calls of the sound system: they never return if its server is frozen.

A call runs in a thread of its own, so that this thread answers signals and can give up.
An abandoned call keeps waiting in its thread.
"""

from __future__ import annotations

import atexit
import sys
import threading
from collections.abc import Callable
from typing import TypeVar

from ..errors import CaptureError

_ANSWER_S = 10.0
_POLL_S = 0.1

Answer = TypeVar("Answer")


def answer_of(call: Callable[[], Answer], device: str, limit_s: float = _ANSWER_S) -> Answer:
    """Return what a call returns, or raise what it raises.

    Parameters
    ----------
    call : callable
        Takes no arguments.
    device : str
        Name of the device, for the message.
    limit_s : float
        Time limit, in seconds.

    Raises
    ------
    CaptureError
        If it takes longer.
    """
    answers: list[Answer] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            answers.append(call())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        # Count polls instead of time: this process may have been suspended.
        for _ in range(round(limit_s / _POLL_S)):
            thread.join(_POLL_S)
            if not thread.is_alive():
                break
    finally:
        if thread.is_alive():
            forget_at_exit()
    if errors:
        raise errors[0]
    if not answers:
        raise CaptureError(f"{device}: does not answer within {limit_s:g} s, given up")
    return answers[0]


def forget_at_exit() -> None:
    """Let the process end without closing PortAudio, because that would hang as well."""
    at_exit = getattr(sys.modules.get("sounddevice"), "_exit_handler", None)
    if at_exit is not None:
        atexit.unregister(at_exit)
