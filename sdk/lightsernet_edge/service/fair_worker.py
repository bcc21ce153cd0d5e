"""`FairWorker`: threads that do the clients' work, the least served client's first.

Start-time fair queueing (Goyal, Vin and Cheng 1997): a client whose audio arrives in real time
waits for the piece of work in progress, and not for all that a faster one has sent. One that is
new comes after all that wait: else those who come, have one piece done and go would always be
before those who stay.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any


@dataclass
class Account:
    """What a client has been given.

    Attributes
    ----------
    served_s : float or None
        Time of the threads, in seconds of the queue's clock; None of a client that is new.
    """

    served_s: float | None = None


class FairWorker:
    """Runs pieces of work in threads; to be used from one event loop.

    Parameters
    ----------
    threads : int
        At least 1.
    """

    def __init__(self, threads: int) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="emotion")
        self._free = threads
        self._clock_s = 0.0
        self._latest_s = 0.0
        self._order = itertools.count()
        self._waiting: list[tuple[float, int, Account, Callable[[], Any], asyncio.Future[Any]]] = []

    async def run(self, account: Account, work: Callable[[], Any]) -> Any:
        """Return what `work` returns, or raise what it raises.

        If the caller is cancelled, work that has begun is waited for: nothing that it uses is
        released under it.
        """
        future = asyncio.get_running_loop().create_future()
        if account.served_s is None:
            account.served_s = self._latest_s
        start_s = max(account.served_s, self._clock_s)
        heapq.heappush(self._waiting, (start_s, next(self._order), account, work, future))
        self._begin()
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            if any(future is waiting[-1] for waiting in self._waiting):
                future.cancel()
            else:
                await asyncio.wait([future])
            raise

    def close(self) -> None:
        """Begin nothing more."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _begin(self) -> None:
        while self._waiting and self._free:
            start_s, _, account, work, future = heapq.heappop(self._waiting)
            if future.cancelled():
                continue
            self._clock_s = start_s
            self._free -= 1
            self._executor.submit(self._do, start_s, account, work, future)

    def _do(
        self,
        start_s: float,
        account: Account,
        work: Callable[[], Any],
        future: asyncio.Future[Any],
    ) -> None:
        """Work, in a thread."""
        begun_s = time.monotonic()
        result, fault = None, None
        try:
            result = work()
        except Exception as error:
            fault = error
        took_s = time.monotonic() - begun_s

        def end() -> None:
            account.served_s = start_s + took_s
            self._latest_s = max(self._latest_s, account.served_s)
            self._free += 1
            if not future.done():
                if fault is None:
                    future.set_result(result)
                else:
                    future.set_exception(fault)
                    # Whoever asked may be gone.
                    future.exception()
            self._begin()

        # Nobody is there to be told if the loop has ended.
        with contextlib.suppress(RuntimeError):
            future.get_loop().call_soon_threadsafe(end)
