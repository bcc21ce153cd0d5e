"""`StreamPool`: so many streams, for the clients whose audio arrives."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from ..live.stream import EmotionStream
from .fair_worker import Account, FairWorker

# Who has a stream and sends no audio for half as long as it has kept up with real time, but for the
# bounds, in seconds, loses it to one who needs it.
_LEAST_PATIENCE_S = 1.0
_MOST_PATIENCE_S = 5.0
# Who waits for a stream asks again within this time, or waits no longer.
_ASKS_WITHIN_S = 0.25
# How often the next of those that wait is looked for, in seconds.
_LOOKS_EVERY_S = 0.05
# Where others wait, nothing is done for a client whose audio has only just begun, in seconds: of a
# crowd that comes and goes, most are gone by then.
LASTS_S = 0.2


class Holder(Protocol):
    """A client that may hold a stream.

    Attributes
    ----------
    begun_at : float or None
        When its audio began, by `time.monotonic`; None before.
    heard_at : float
        Until when its audio has kept up with real time.
    account : Account
    """

    begun_at: float | None
    heard_at: float
    account: Account

    @property
    def is_gone(self) -> bool:
        """Whether nobody is there any more."""

    def expire(self, reason: str, code: str) -> None:
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
        self._worker = worker
        self._holders: list[Holder] = []
        # When each asked last.
        self._waiting: dict[Holder, float] = {}
        # Those of them that are woken when they are next.
        self._asleep: dict[Holder, asyncio.Future[None]] = {}
        self._is_looking = False
        self._idle: list[EmotionStream] = []
        self.size = size

    def is_next(self, holder: Holder) -> bool:
        """Return whether a client may take a stream now; if not, it is to ask again soon.

        It may if one is free, or held by a client whose audio has stopped, and no other that
        waits has kept up with real time for longer. Those who send some audio at once and then
        vanish, or are silent, have kept up for no time at all.
        """
        now = time.monotonic()
        self._waiting[holder] = now
        return self._next(now) is holder

    async def turn(self, holder: Holder) -> None:
        """Return when a client may take a stream.

        However many wait, one look at all of them finds the next.

        Raises
        ------
        ConnectionResetError
            If it is gone meanwhile.
        """
        while not self.is_next(holder):
            loop = asyncio.get_running_loop()
            if not self._is_looking:
                self._is_looking = True
                loop.call_later(_LOOKS_EVERY_S, self._look)
            self._asleep[holder] = loop.create_future()
            try:
                await self._asleep[holder]
            finally:
                self._asleep.pop(holder, None)

    def _look(self) -> None:
        now = time.monotonic()
        for holder, turn in self._asleep.items():
            if not holder.is_gone:
                self._waiting[holder] = now
            elif not turn.done():
                self._waiting.pop(holder, None)
                turn.set_exception(ConnectionResetError())
        self._wake_next()
        self._is_looking = bool(self._asleep)
        if self._is_looking:
            asyncio.get_running_loop().call_later(_LOOKS_EVERY_S, self._look)

    def _wake_next(self) -> None:
        following = self._next(time.monotonic())
        turn = None if following is None else self._asleep.get(following)
        if turn is not None and not turn.done():
            turn.set_result(None)

    def _next(self, now: float) -> Holder | None:
        """Return who may take a stream, of those that have asked lately."""
        for each, asked_at in list(self._waiting.items()):
            if now - asked_at > _ASKS_WITHIN_S:
                del self._waiting[each]
        if not self._waiting:
            return None
        slowest = self._slowest()
        if slowest is not None and now < _given_up_at(slowest):
            return None
        first = max(self._waiting, key=_kept_up_s)
        assert first.begun_at is not None
        if len(self._waiting) > 1 and now - first.begun_at < LASTS_S:
            return None
        return first

    async def take(self, holder: Holder) -> EmotionStream:
        """Return a stream that has heard nothing, for one that is next.

        Raises
        ------
        LightSernetError
            If none can be opened.
        """
        self._waiting.pop(holder, None)
        slowest = self._slowest()
        if slowest is not None:
            self._holders.remove(slowest)
            slowest.expire("busy: no audio came, and another client needs the stream", "busy")
        self._holders.append(holder)
        # There may be one for another, too.
        self._wake_next()
        idle = self._idle.pop() if self._idle else None
        try:
            stream = await self._worker.run(holder.account, lambda: self._fresh(idle))
        except BaseException:
            self.leave(holder)
            if idle is not None:
                self._idle.append(idle)
            raise
        assert isinstance(stream, EmotionStream)
        return stream

    def leave(self, holder: Holder) -> None:
        """Let a client have no stream, and wait for none."""
        self._waiting.pop(holder, None)
        # Another may have its place already.
        if holder in self._holders:
            self._holders.remove(holder)
            self._wake_next()

    def give_back(self, stream: EmotionStream) -> None:
        """Let others have the stream of a client that has left."""
        if len(self._idle) < self.size:
            self._idle.append(stream)
        else:
            stream.close()

    def _slowest(self) -> Holder | None:
        """Return whose stream another would get; None if one is free."""
        if len(self._holders) < self.size:
            return None
        return min(self._holders, key=_given_up_at)

    def _fresh(self, idle: EmotionStream | None) -> EmotionStream:
        stream = idle or self._open_stream()
        stream.reset()
        return stream


def _kept_up_s(holder: Holder) -> float:
    return 0.0 if holder.begun_at is None else holder.heard_at - holder.begun_at


def _given_up_at(holder: Holder) -> float:
    patience_s = min(max(_LEAST_PATIENCE_S, _kept_up_s(holder) / 2), _MOST_PATIENCE_S)
    return holder.heard_at + patience_s
