"""What `serve` gives one honest client beside a crowd, and what memory many sessions leave.

Usage: python benchmarks/serve_load.py delay [--clients 200] [--crowds mixed,vanish] [--json]
       python benchmarks/serve_load.py memory [--sessions 5000] [--json]

``delay`` starts the service and sends it the sample clips in real time, as a microphone
would: first alone, then beside each crowd, whose clients connect anew a second after
they were hung up on. It prints when the events came, counted from the end of their
utterance, and how much later than the client gets them alone; ``timer_ms`` is by how much
its own sleep was late at most, which is the machine's doing. ``memory`` prints the service's
memory after the first tenth of the sessions and after the last.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import socket
import statistics
import struct
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from wyoming.event import async_read_event

RATE = 16000
# As satellites send them.
CHUNK = 1024
CLIPS = Path(__file__).parents[1] / "examples" / "clips"
FORM = {"rate": RATE, "width": 2, "channels": 1}
PAUSE_S = 1.0
# Before the honest client comes.
CROWD_S = 3.0

Client = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def event(kind: str, data: dict[str, Any] | None = None, payload: bytes = b"") -> bytes:
    """Return the bytes of an event of Wyoming."""
    head = {"type": kind, "data": data or {}, "payload_length": len(payload)}
    return json.dumps(head).encode() + b"\n" + payload


START = event("audio-start", FORM)
STOP = event("audio-stop")


def sound(seconds: float) -> bytes:
    """Return a chunk of noise."""
    samples = np.random.default_rng(0).normal(0, 3000, round(seconds * RATE))
    return event("audio-chunk", FORM, samples.astype("<i2").tobytes())


def holds(content: bytes) -> Client:
    """Send something once, and stay."""

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(content)
        while await reader.read(1000):
            pass

    return client


def drips(content: bytes, more: bytes, pause_s: float) -> Client:
    """Send something, and a little more again and again."""

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(content)
        while not reader.at_eof():
            await asyncio.sleep(pause_s)
            writer.write(more)
            await writer.drain()

    return client


def vanishes(content: bytes) -> Client:
    """Send something, and be gone without a word."""

    async def client(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(content)
        await writer.drain()
        await asyncio.sleep(0.05)
        end = writer.get_extra_info("socket")
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return client


async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Ask, and read no answer."""
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    for _ in range(60):
        writer.write(500 * event("describe"))
        await writer.drain()
        await asyncio.sleep(1.0)


CROWDS: dict[str, list[Client]] = {
    "silent": [holds(b""), holds(START), holds(START + sound(1.0)[:9000])],
    "slow": [drips(b"", b" ", 1.0), drips(START, sound(0.02), 1.0)],
    "lying": [
        holds(b'{"type": "audio-chunk", "payload_length": 10000000000}\n'),
        holds(b'{"type": "ping", "data_length": 10000000000}\n'),
        holds(b'{"type": "audio-chunk", "payload_length": 60000000}\n'),
        holds(b"a" * 100_000),
        holds(b'{"type": "ping", "data_length": 16384}\n' + b"[" * 16384),
        holds(b"\xff\n"),
    ],
    "deaf": [deaf],
    "vanish": [vanishes(b""), vanishes(b'{"ty'), vanishes(START), vanishes(b"\n\n")],
    # Who sends some sound is to be told from one that goes on only by waiting.
    "vanish after sound": [vanishes(START + sound(1.0)), vanishes(START + sound(0.6) + STOP)],
    "silent after sound": [holds(START + sound(1.0))],
    "slow sound": [drips(START + sound(0.6), sound(0.1), 1.0)],
}
CROWDS["mixed"] = [client for clients in list(CROWDS.values()) for client in clients]


def crowd(kind: str, number: int, port: int) -> None:
    """Be so many clients until killed."""

    async def one(client: Client, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        while True:
            with suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                try:
                    await client(reader, writer)
                finally:
                    writer.close()
            await asyncio.sleep(PAUSE_S)

    # On its own machine it would take no time from the service.
    os.nice(10)

    async def run() -> None:
        clients = CROWDS[kind]
        await asyncio.gather(
            *(one(clients[i % len(clients)], i * PAUSE_S / number) for i in range(number))
        )

    asyncio.run(run())


@contextmanager
def service() -> Iterator[tuple[int, int]]:
    """Run the service; give its port and process id."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "lightsernet_edge", "serve", "--uri"]
    process = subprocess.Popen(
        [*command, f"tcp://127.0.0.1:{port}"], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    process.stderr.readline()
    try:
        yield port, process.pid
    finally:
        process.terminate()
        said = process.communicate(timeout=60)[1].splitlines()
        if len(said) != 1:
            print(*said, sep="\n", file=sys.stderr)


def talk() -> bytes:
    """Return the sample clips, with a second of a quiet room after each."""
    random = np.random.default_rng(0)
    parts = []
    for path in sorted(CLIPS.glob("*.wav")):
        parts += [soundfile.read(path, dtype="int16")[0], np.rint(random.normal(0, 3, RATE))]
    return np.concatenate(parts).astype("<i2").tobytes()


async def honest(port: int, content: bytes) -> tuple[list[tuple[str, float]], float]:
    """Send audio in real time.

    Return what each event says, and its delay in seconds; and how late a sleep was at most.
    """
    begun = time.monotonic()
    late_s = 0.0
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def send() -> None:
        nonlocal late_s
        writer.write(START)
        step = 2 * CHUNK
        for first in range(0, len(content), step):
            due = begun + (first / 2 + CHUNK) / RATE
            wakes = max(due, time.monotonic())
            await asyncio.sleep(wakes - time.monotonic())
            late_s = max(late_s, time.monotonic() - wakes)
            writer.write(event("audio-chunk", FORM, content[first : first + step]))
            await writer.drain()
        writer.write(STOP)
        await writer.drain()

    sending = asyncio.create_task(send())
    events = []
    with suppress(OSError, asyncio.TimeoutError):
        while found := await asyncio.wait_for(async_read_event(reader), 60):
            if found.type == "emotion":
                delay_s = time.monotonic() - begun - found.data["end_s"]
                events.append((json.dumps(found.data), delay_s))
                continue
            if found.type == "error":
                print(f"the honest client is told: {found.data['text']}", file=sys.stderr)
            break
    sending.cancel()
    writer.close()
    return events, late_s


def delay(kinds: list[str], number: int) -> Iterator[dict[str, Any]]:
    """Compare the honest client's events beside each crowd with those that it gets alone."""
    content = talk()
    with service() as (port, _):
        alone, late_s = asyncio.run(honest(port, content))
    yield {
        "crowd": "alone",
        "events": len(alone),
        "delay_ms": _rounded([s for _, s in alone]),
        "timer_ms": round(1000.0 * late_s, 1),
    }
    for kind in kinds:
        with service() as (port, _):
            others = multiprocessing.Process(target=crowd, args=(kind, number, port))
            others.start()
            time.sleep(CROWD_S)
            beside, late_s = asyncio.run(honest(port, content))
            others.kill()
            others.join()
        later = [b - a for (_, a), (_, b) in zip(alone, beside, strict=False)]
        yield {
            "crowd": kind,
            "events": len(beside),
            "same": [text for text, _ in alone] == [text for text, _ in beside],
            "later_ms": _rounded(later),
            "timer_ms": round(1000.0 * late_s, 1),
        }


def _rounded(seconds: list[float]) -> dict[str, float] | None:
    if not seconds:
        return None
    found = {"median": statistics.median(seconds), "most": max(seconds)}
    return {name: round(1000.0 * value, 1) for name, value in found.items()}


def memory(sessions: int) -> dict[str, Any]:
    """Hold sessions of a second, every other one broken off, one after the other."""

    def resident_mib(process: int) -> float:
        status = Path(f"/proc/{process}/status").read_text()
        return round(int(status.partition("VmRSS:")[2].split()[0]) / 1024, 1)

    whole, broken = START + sound(1.0) + STOP, START + sound(1.0)[:-100]
    with service() as (port, process):
        for index in range(sessions):
            if index == sessions // 10:
                settled = resident_mib(process)
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.sendall(broken if index % 2 else whole)
                client.shutdown(socket.SHUT_WR)
                while client.recv(65536):
                    pass
        descriptors = len(list(Path(f"/proc/{process}/fd").iterdir()))
        return {
            "sessions": sessions,
            "settled_mib": settled,
            "end_mib": resident_mib(process),
            "descriptors": descriptors,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the service.")
    parser.add_argument("what", choices=("delay", "memory"))
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--crowds", default=",".join(CROWDS))
    parser.add_argument("--sessions", type=int, default=5000)
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    if unknown := set(options.crowds.split(",")) - set(CROWDS):
        parser.error(
            f"--crowds: found {', '.join(sorted(unknown))}, expected of {', '.join(CROWDS)}"
        )
    if options.what == "memory":
        rows: Any = [memory(options.sessions)]
    else:
        rows = delay(options.crowds.split(","), options.clients)
    for row in rows:
        if options.json:
            print(json.dumps(row), flush=True)
        else:
            print(*(f"{name} {value}" for name, value in row.items()), sep=", ", flush=True)


if __name__ == "__main__":
    main()
