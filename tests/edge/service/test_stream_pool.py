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
from lightsernet_edge.service import stream_pool
from lightsernet_edge.service.fair_worker import Account, FairWorker
from lightsernet_edge.service.stream_pool import StreamPool


@dataclass(eq=False)
class Client:
    """One whose audio began and has kept up with real time until so long ago, in seconds."""

    begun_ago_s: float = 1.0
    heard_ago_s: float = 0.0
    account: Account = field(default_factory=Account)
    told: list[str] = field(default_factory=list)
    is_gone: bool = False

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


def test_those_that_wait_are_woken_in_turn(worker: FairWorker) -> None:
    """Who has kept up for longest is first; who is gone waits no longer, and gets none."""

    async def run() -> None:
        pool = StreamPool(EmotionStream, 1, worker)
        holder = Client()
        stream = await pool.take(holder)
        order = []

        async def wait(name: str, client: Client) -> None:
            await pool.turn(client)
            order.append(name)
            pool.give_back(await pool.take(client))
            pool.leave(client)

        gone, shorter, longer = Client(9.0), Client(2.0), Client(3.0)
        tasks = [
            asyncio.create_task(wait(name, client))
            for name, client in (("gone", gone), ("shorter", shorter), ("longer", longer))
        ]
        await asyncio.sleep(0)
        gone.is_gone = True
        with pytest.raises(ConnectionResetError):
            await tasks[0]
        assert not order
        pool.give_back(stream)
        pool.leave(holder)
        await asyncio.gather(*tasks[1:])
        assert order == ["longer", "shorter"]

    asyncio.run(asyncio.wait_for(run(), 60))


def test_a_crowd_that_waits_costs_little(
    worker: FairWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One look finds the next of all: looks do not grow with the square of those that wait."""
    looks = 0
    look = StreamPool._next

    def count(pool: StreamPool, now: float) -> Any:
        nonlocal looks
        looks += 1
        return look(pool, now)

    monkeypatch.setattr(StreamPool, "_next", count)

    async def run() -> None:
        pool = StreamPool(EmotionStream, 1, worker)
        await pool.take(Client())
        tasks = [asyncio.create_task(pool.turn(Client())) for _ in range(100)]
        await asyncio.sleep(0.5)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(run())
    # Each asks once; then there is one look in 50 ms.
    assert 100 < looks < 120


def test_a_stream_that_is_free_again_is_taken_at_once(
    worker: FairWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By each that waits, if there are more: nobody waits for the next look."""
    monkeypatch.setattr(stream_pool, "_LOOKS_EVERY_S", 3600.0)

    async def run() -> None:
        pool = StreamPool(EmotionStream, 2, worker)
        holders = [Client(), Client()]
        for holder in holders:
            await pool.take(holder)

        async def wait(client: Client) -> None:
            await pool.turn(client)
            await pool.take(client)

        tasks = [asyncio.create_task(wait(Client(begun_ago_s=2.0 + i))) for i in range(2)]
        await asyncio.sleep(0)
        for holder in holders:
            pool.leave(holder)
        await asyncio.gather(*tasks)

    asyncio.run(asyncio.wait_for(run(), 60))
