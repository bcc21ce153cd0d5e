"""`Turns`: so many events of clients that send no audio in each pass of the event loop."""

from __future__ import annotations

import asyncio
from collections import deque

# What they take together is a millisecond or two.
_EVENTS_A_PASS = 8


class Turns:
    """Keeps a crowd that asks much from delaying those whose audio comes.

    All that wait have one turn before any has its second.
    """

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self) -> None:
        """Return when the caller may deal with one event."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._pass)
        turn = loop.create_future()
        self._waiting.append(turn)
        await turn

    def _pass(self) -> None:
        for _ in range(min(_EVENTS_A_PASS, len(self._waiting))):
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._pass)
