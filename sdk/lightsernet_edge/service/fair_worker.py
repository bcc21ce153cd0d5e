"""`FairWorker`: threads that do the clients' work, the least served client's first.

Start-time fair queueing (Goyal, Vin and Cheng 1997): a client whose audio arrives in real time
waits for the piece of work in progress, and not for all that a faster one has sent.
"""

from __future__ import annotations

import asyncio
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
    served_s : float
        Time of the threads, in seconds of the queue's clock.
    """

    served_s: float = 0.0


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
        self._doing: set[asyncio.Task[None]] = set()
        self._order = itertools.count()
        self._waiting: list[tuple[float, int, Account, Callable[[], Any], asyncio.Future[Any]]] = []

    async def run(self, account: Account, work: Callable[[], Any]) -> Any:
        """Return what `work` returns, or raise what it raises.

        If the caller is cancelled, work that has begun is waited for: nothing that it uses is
        released under it.
        """
        future = asyncio.get_running_loop().create_future()
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
            doing = asyncio.get_running_loop().create_task(self._do(start_s, account, work, future))
            self._doing.add(doing)
            doing.add_done_callback(self._doing.discard)

    async def _do(
        self,
        start_s: float,
        account: Account,
        work: Callable[[], Any],
        future: asyncio.Future[Any],
    ) -> None:
        begun_s = time.monotonic()
        try:
            result = await asyncio.get_running_loop().run_in_executor(self._executor, work)
        except asyncio.CancelledError:
            future.cancel()
        except Exception as error:
            if not future.done():
                future.set_exception(error)
                # Whoever asked may be gone.
                future.exception()
        else:
            if not future.done():
                future.set_result(result)
        finally:
            account.served_s = start_s + time.monotonic() - begun_s
            self._free += 1
            self._begin()
