"""Who gets a stream, and who loses one."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from lightsernet_edge import EmotionStream
from lightsernet_edge.service.fair_worker import Account, FairWorker
from lightsernet_edge.service.stream_pool import StreamPool


@dataclass(eq=False)
class Client:
    """One whose audio began and has kept up with real time until so long ago, in seconds."""

    begun_ago_s: float = 1.0
    heard_ago_s: float = 0.0
    account: Account = field(default_factory=Account)
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        now = time.monotonic()
        self.begun_at: float | None = now - self.begun_ago_s
        self.heard_at = now - self.heard_ago_s

    def expire(self, reason: str, code: str) -> None:
        self.told.append(code)


@pytest.fixture
def worker() -> Iterator[FairWorker]:
    worker = FairWorker(2)
    yield worker
    worker.close()


def test_a_free_stream_is_for_anybody(worker: FairWorker) -> None:
    pool = StreamPool(EmotionStream, 1, worker)
    assert pool.is_next(Client(begun_ago_s=0.0))


def test_nobody_loses_a_stream_whose_audio_comes(worker: FairWorker) -> None:
    async def run() -> None:
        pool = StreamPool(EmotionStream, 1, worker)
        await pool.take(Client())
        assert not pool.is_next(Client(begun_ago_s=100.0))

    asyncio.run(run())


def test_silence_is_borne_for_half_of_what_was_kept_up(worker: FairWorker) -> None:
    async def run(begun_ago_s: float, heard_ago_s: float) -> bool:
        pool = StreamPool(EmotionStream, 1, worker)
        holder, other = Client(begun_ago_s, heard_ago_s), Client()
        await pool.take(holder)
        if not pool.is_next(other):
            return False
        await pool.take(other)
        assert holder.told == ["busy"]
        return True

    # Whatever it has sent: that it kept up with real time counts.
    assert asyncio.run(run(3.0, 3.0))
    assert not asyncio.run(run(7.0, 2.0))
    assert asyncio.run(run(7.0, 3.0))
    assert not asyncio.run(run(100.0, 4.0))
    assert asyncio.run(run(100.0, 6.0))


def test_the_next_is_who_has_kept_up_for_longest(worker: FairWorker) -> None:
    pool = StreamPool(EmotionStream, 1, worker)
    burst, live, new = Client(2.0, 2.0), Client(2.0, 0.0), Client(0.0, 0.0)
    assert pool.is_next(burst)
    assert pool.is_next(live)
    assert not pool.is_next(burst)
    assert not pool.is_next(new)
    # Who is gone is in nobody's way.
    pool.leave(live)
    assert pool.is_next(burst)


def test_one_whose_place_is_taken_while_its_stream_opens(worker: FairWorker) -> None:
    """The other has it, and nothing but the cancellation is raised."""
    opening, go_on = threading.Event(), threading.Event()

    def open_stream() -> Any:
        opening.set()
        assert go_on.wait(60)
        return EmotionStream()

    async def run() -> None:
        pool = StreamPool(open_stream, 1, worker)
        slow, other = Client(9.0, 9.0), Client()
        taking = asyncio.create_task(pool.take(slow))
        await asyncio.to_thread(opening.wait, 60)
        assert pool.is_next(other)
        others = asyncio.create_task(pool.take(other))
        await asyncio.sleep(0)
        assert slow.told == ["busy"]
        taking.cancel()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await taking
        assert isinstance(await others, EmotionStream)
        assert not pool.is_next(Client())

    asyncio.run(run())
