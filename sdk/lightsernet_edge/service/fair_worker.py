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
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
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


@dataclass(frozen=True, order=True)
class _Piece:
    """A piece of work that waits, in the order in which it is begun."""

    start_s: float
    number: int
    account: Account = field(compare=False)
    work: Callable[[], Any] = field(compare=False)
    future: asyncio.Future[Any] = field(compare=False)


class FairWorker:
    """Runs pieces of work in threads; to be used from one event loop.

    A thread that is done takes the next piece by itself: it does not wait for the event loop,
    which a crowd may keep busy.

    Parameters
    ----------
    threads : int
        At least 1.
    """

    def __init__(self, threads: int) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="emotion")
        self._order = itertools.count()
        # Guards what follows, and the accounts.
        self._lock = threading.Lock()
        self._free = threads
        self._clock_s = 0.0
        self._latest_s = 0.0
        self._waiting: list[_Piece] = []

    async def run(self, account: Account, work: Callable[[], Any]) -> Any:
        """Return what `work` returns, or raise what it raises.

        If the caller is cancelled, work that has begun is waited for: nothing that it uses is
        released under it.
        """
        future = asyncio.get_running_loop().create_future()
        self._add(account, work, future)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            if self._withdraw(future):
                future.cancel()
            else:
                await asyncio.wait([future])
            raise

    def close(self) -> None:
        """Begin nothing more."""
        with self._lock:
            self._waiting.clear()
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _add(self, account: Account, work: Callable[[], Any], future: asyncio.Future[Any]) -> None:
        with self._lock:
            if account.served_s is None:
                account.served_s = self._latest_s
            start_s = max(account.served_s, self._clock_s)
            heapq.heappush(self._waiting, _Piece(start_s, next(self._order), account, work, future))
            if not self._free:
                return
            self._free -= 1
        self._executor.submit(self._work)

    def _withdraw(self, future: asyncio.Future[Any]) -> bool:
        """Return whether it had not begun; then it never does."""
        with self._lock:
            left = [piece for piece in self._waiting if piece.future is not future]
            had_begun = len(left) == len(self._waiting)
            heapq.heapify(left)
            self._waiting = left
        return not had_begun

    def _work(self) -> None:
        """Work until nothing waits; in a thread."""
        while True:
            with self._lock:
                if not self._waiting:
                    self._free += 1
                    return
                piece = heapq.heappop(self._waiting)
                self._clock_s = piece.start_s
            self._do(piece)

    def _do(self, piece: _Piece) -> None:
        begun_s = time.monotonic()
        result, fault = None, None
        try:
            result = piece.work()
        except Exception as error:
            fault = error
        with self._lock:
            piece.account.served_s = piece.start_s + time.monotonic() - begun_s
            self._latest_s = max(self._latest_s, piece.account.served_s)
        # Nobody is there to be told if the loop has ended.
        with contextlib.suppress(RuntimeError):
            piece.future.get_loop().call_soon_threadsafe(_tell, piece.future, result, fault)


def _tell(future: asyncio.Future[Any], result: Any, fault: Exception | None) -> None:
    if future.done():
        return
    if fault is None:
        future.set_result(result)
        return
    future.set_exception(fault)
    # Whoever asked may be gone.
    future.exception()
