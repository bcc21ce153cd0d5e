"""Whose work the service does next."""

from __future__ import annotations

import asyncio
import os
import threading
import time

from lightsernet_edge.service.fair_worker import Account, FairWorker


def test_the_least_served_is_next() -> None:
    """While one is at work, others come: in whatever order, the one that had least is first."""
    done: list[str] = []

    async def run() -> None:
        worker = FairWorker(1)
        at_work, go_on = os.pipe()
        first = asyncio.create_task(worker.run(Account(), lambda: os.read(at_work, 1)))
        await asyncio.sleep(0)
        others = [
            asyncio.create_task(worker.run(Account(had_s), lambda name=name: done.append(name)))
            for had_s, name in ((9.0, "much"), (5.0, "more"), (0.0, "none"))
        ]
        await asyncio.sleep(0)
        os.write(go_on, b".")
        await asyncio.gather(first, *others)
        os.close(at_work)
        os.close(go_on)
        worker.close()

    asyncio.run(run())
    assert done == ["none", "more", "much"]


def test_one_that_is_new_comes_after_those_who_wait() -> None:
    """Else a crowd of which each has one piece done, and goes, would keep out all who stay."""
    done: list[str] = []

    async def run() -> None:
        worker = FairWorker(1)
        at_work, go_on = os.pipe()
        stays = Account()
        await worker.run(stays, lambda: time.sleep(0.01))
        tasks = []
        for account, work in (
            (Account(), lambda: os.read(at_work, 1)),
            (stays, lambda: done.append("stays")),
            (Account(), lambda: done.append("new")),
        ):
            tasks.append(asyncio.create_task(worker.run(account, work)))
            await asyncio.sleep(0)
        os.write(go_on, b".")
        await asyncio.gather(*tasks)
        os.close(at_work)
        os.close(go_on)
        worker.close()

    asyncio.run(run())
    assert done == ["stays", "new"]


def test_threads_do_not_wait_for_the_event_loop() -> None:
    """All that waits is done while the loop is held up."""
    done = threading.Semaphore(0)

    async def run() -> None:
        worker = FairWorker(1)
        tasks = [asyncio.create_task(worker.run(Account(), done.release)) for _ in range(5)]
        await asyncio.sleep(0)
        for _ in tasks:
            assert done.acquire(timeout=60)
        await asyncio.gather(*tasks)
        worker.close()

    asyncio.run(run())


def test_who_leaves_before_its_turn_is_not_worked_for() -> None:
    done: list[str] = []

    async def run() -> None:
        worker = FairWorker(1)
        at_work, go_on = os.pipe()
        busy = asyncio.create_task(worker.run(Account(), lambda: os.read(at_work, 1)))
        leaves = asyncio.create_task(worker.run(Account(), lambda: done.append("left")))
        stays = asyncio.create_task(worker.run(Account(), lambda: done.append("stayed")))
        await asyncio.sleep(0)
        leaves.cancel()
        await asyncio.sleep(0)
        os.write(go_on, b".")
        await asyncio.gather(busy, stays)
        assert leaves.cancelled()
        os.close(at_work)
        os.close(go_on)
        worker.close()

    asyncio.run(run())
    assert done == ["stayed"]
