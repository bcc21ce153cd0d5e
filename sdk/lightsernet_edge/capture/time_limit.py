"""Calls of the sound system, which may never return: its server may be frozen.

They run in a thread, so that signals are answered meanwhile and the call can be
given up. One that is given up goes on waiting in its thread.
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
    """Return what `call` returns, or raise what it raises.

    Parameters
    ----------
    call : callable
    device : str
        What is asked, for the error.
    limit_s : float
        How long it may take, in seconds.

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
        # Polls are counted, not time: this process may have been suspended.
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
    """Let the process end without closing PortAudio, which would hang as well."""
    at_exit = getattr(sys.modules.get("sounddevice"), "_exit_handler", None)
    if at_exit is not None:
        atexit.unregister(at_exit)
