"""`StreamPool`: so many streams, for the clients whose audio arrives."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from ..errors import LightSernetError
from ..live.stream import EmotionStream
from .fair_worker import Account, FairWorker

# Who has a stream and sends no audio for half as long as it has sent some, but for the bounds, in
# seconds, loses it to one who needs it.
_LEAST_PATIENCE_S = 1.0
_MOST_PATIENCE_S = 5.0


class Holder(Protocol):
    """A client that may hold a stream.

    Attributes
    ----------
    heard_at : float
        Until when it has kept up with real time, by `time.monotonic`.
    sent_s : float
        Length of the audio that it has sent, in seconds.
    account : Account
    """

    heard_at: float
    sent_s: float
    account: Account

    def expire(self, reason: str) -> None:
        """Make its connection end soon, with an error."""


class StreamPool:
    """Opens streams and uses them again, as opening one takes longer than a piece of audio.

    Parameters
    ----------
    open_stream : callable
        Takes no arguments and returns a new `EmotionStream`.
    size : int
        How many clients may have one at a time.
    worker : FairWorker
    """

    def __init__(
        self, open_stream: Callable[[], EmotionStream], size: int, worker: FairWorker
    ) -> None:
        self._open_stream = open_stream
        self._size = size
        self._worker = worker
        self._holders: list[Holder] = []
        self._idle: list[EmotionStream] = []

    def expect_room(self) -> Holder | None:
        """Return whose stream could be taken; None if one is free.

        Raises
        ------
        LightSernetError
            If there is none.
        """
        if len(self._holders) < self._size:
            return None
        slowest = min(self._holders, key=_given_up_at)
        if time.monotonic() < _given_up_at(slowest):
            raise LightSernetError(
                f"busy: {self._size} clients are served already, no more are taken"
            )
        return slowest

    async def take(self, holder: Holder) -> EmotionStream:
        """Return a stream that has heard nothing.

        Raises
        ------
        LightSernetError
            If all are in use, or none can be opened.
        """
        slowest = self.expect_room()
        if slowest is not None:
            self._holders.remove(slowest)
            slowest.expire("busy: no audio came, and another client needs the stream")
        self._holders.append(holder)
        idle = self._idle.pop() if self._idle else None
        try:
            stream = await self._worker.run(holder.account, lambda: self._fresh(idle))
        except BaseException:
            self._holders.remove(holder)
            raise
        assert isinstance(stream, EmotionStream)
        return stream

    def give_back(self, holder: Holder, stream: EmotionStream) -> None:
        """Let others have the stream of a client."""
        if holder in self._holders:
            self._holders.remove(holder)
        if len(self._idle) < self._size:
            self._idle.append(stream)
        else:
            stream.close()

    def _fresh(self, idle: EmotionStream | None) -> EmotionStream:
        stream = idle or self._open_stream()
        stream.reset()
        return stream


def _given_up_at(holder: Holder) -> float:
    patience_s = min(max(_LEAST_PATIENCE_S, holder.sent_s / 2), _MOST_PATIENCE_S)
    return holder.heard_at + patience_s
