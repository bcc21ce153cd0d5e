"""``serve`` beside clients that are slow, silent, lying or gone; and who may use it."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("wyoming", reason="not installed: wyoming")

from wyoming.event import Event as WyomingEvent

from lightsernet_edge import EmotionStream
from lightsernet_edge.service.connection import Connection, Shared
from lightsernet_edge.service.event_reader import EventReader
from lightsernet_edge.service.fair_worker import Account, FairWorker
from lightsernet_edge.service.stream_pool import StreamPool
from lightsernet_edge.service.turns import Turns
from tests.edge.service.test_wyoming_service import (
    CHUNK,
    RATE,
    TIMEOUT_S,
    Service,
    ask,
    connect,
    end,
    expected,
    found,
    start,
    talk,
)
from tests.places import CLIP_FILES

FORM = {"rate": RATE, "width": 2, "channels": 1}
SECOND = bytes(2 * RATE)
QUIET = np.zeros((RATE, 1), np.int16)


@contextmanager
def running(*arguments: str) -> Iterator[Service]:
    with tempfile.TemporaryDirectory(prefix="lightsernet-") as folder:
        service = start(*arguments, uri=f"unix://{folder}/socket")
        try:
            yield service
        finally:
            end(service)


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with running("--idle-timeout", "5") as service:
        yield service


def event(kind: str, data: dict[str, Any] | None = None, payload: bytes = b"") -> bytes:
    head = {"type": kind, "data": data or {}, "payload_length": len(payload)}
    return json.dumps(head).encode() + b"\n" + payload


def opened(service: Service, content: bytes = b"") -> socket.socket:
    client = socket.socket(socket.AF_UNIX)
    # Without a time limit: until then, a full queue is no error.
    client.connect(service.uri.removeprefix("unix://"))
    client.settimeout(TIMEOUT_S)
    client.sendall(content)
    return client


def answer(client: socket.socket) -> bytes:
    """All that is sent until the service hangs up."""
    content = b""
    while more := client.recv(65536):
        content += more
    return content


def session(service: Service, samples: Any = QUIET) -> list[Any]:
    async def run() -> list[Any]:
        async with connect(service) as client:
            return await ask(client, samples)

    return asyncio.run(run())


HALF = event("audio-start", FORM) + event("audio-chunk", FORM, SECOND)[:9000]
STRANGERS = {
    "silent": b"",
    "slow": b'{"ty',
    "begins audio": event("audio-start", FORM),
    "half a chunk": HALF,
    "payload that never comes": b'{"type": "audio-chunk", "payload_length": 60000000}\n',
    "line without end": b"a" * 100_000,
    "deep": b'{"type": "ping", "data_length": 16384}\n' + b"[" * 16384,
    "asks and does not read": 500 * event("describe"),
}


@pytest.mark.parametrize("number", [200])
def test_an_honest_client_among_strangers(service: Service, number: int) -> None:
    samples = talk(CLIP_FILES[:2])
    with ExitStack() as stack:
        for index, content in zip(range(number), 100 * list(STRANGERS.values()), strict=False):
            stranger = stack.enter_context(socket.socket(socket.AF_UNIX))
            stranger.connect(service.uri.removeprefix("unix://"))
            # One that is hung up on, or is not read from, is not waited for.
            stranger.setblocking(False)
            with suppress(OSError):
                stranger.sendall(content)
            if index % 3 == 0:
                gone = struct.pack("ii", 1, 0)
                stranger.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, gone)
                stranger.close()
        assert found(session(service, samples[:, None])) == expected(samples)


@pytest.mark.parametrize("number", [60])
def test_an_honest_client_among_those_who_come_and_go(service: Service, number: int) -> None:
    """Their sound would fill all streams, and they come again as soon as they are refused."""
    samples = talk(CLIP_FILES[:1])
    sound = event("audio-start", FORM) + event("audio-chunk", FORM, SECOND)
    dribble = event("audio-chunk", FORM, SECOND[:2000])

    async def stranger(index: int) -> None:
        while True:
            with suppress(OSError):
                reader, writer = await asyncio.open_unix_connection(
                    service.uri.removeprefix("unix://")
                )
                writer.write(sound if index % 4 else event("ping") + b"{")
                if index % 2:
                    await asyncio.sleep(0.1)
                elif index % 6:
                    await reader.read()
                else:
                    while not reader.at_eof():
                        writer.write(dribble)
                        await asyncio.sleep(0.5)
                writer.transport.abort()
            await asyncio.sleep(0.1)

    async def run() -> list[Any]:
        strangers = [asyncio.create_task(stranger(index)) for index in range(number)]
        # Until they have all streams.
        await asyncio.sleep(1.0)
        async with connect(service) as client:
            events = await ask(client, samples[:, None], pause_s=CHUNK / RATE)
        for task in strangers:
            task.cancel()
        return events

    assert found(asyncio.run(run())) == expected(samples)


def test_more_connections_than_it_takes(service: Service) -> None:
    with ExitStack() as stack:
        first = stack.enter_context(opened(service))
        for _ in range(300):
            stack.enter_context(opened(service))
        # Who has said nothing for the longest makes room.
        assert b"busy" in answer(first)
        assert session(service)[-1].type == "emotions-end"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"type": "audio-chunk", "payload_length": 10000000000}\n', "payload_length is"),
        (b'{"type": "ping", "data_length": 10000000000}\n', "data_length is"),
        (b'{"type": "ping", "data_length": 9}\nx', "ended within an event"),
        (b"a" * 30_000, "a line without end"),
        (b"GET / HTTP/1.1\r\n\r\n", "expected an event of Wyoming"),
        (b"[]\n", "expected an event of Wyoming"),
    ],
)
def test_what_is_no_event_is_told(service: Service, content: bytes, said: str) -> None:
    with opened(service, content) as client:
        client.shutdown(socket.SHUT_WR)
        head, _, data = answer(client).partition(b"\n")
    assert json.loads(head)["type"] == "error"
    assert said in json.loads(data)["text"]


@pytest.mark.parametrize("content", [b"", b'{"ty', HALF], ids=["silent", "slow", "in a chunk"])
def test_one_that_says_nothing_is_hung_up_on(service: Service, content: bytes) -> None:
    with opened(service, content) as client:
        assert b"idle: heard nothing for 5 s" in answer(client)


def test_memory_does_not_grow(service: Service) -> None:
    def resident_kib() -> int:
        status = Path(f"/proc/{service.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0])

    def sessions(count: int) -> None:
        content = event("audio-start", FORM) + event("audio-chunk", FORM, SECOND)
        for _ in range(count):
            with opened(service, content + event("audio-stop")) as client:
                client.shutdown(socket.SHUT_WR)
                assert b"emotions-end" in answer(client)

    sessions(50)
    before = resident_kib()
    sessions(200)
    assert resident_kib() < before + 4096


def test_a_long_chunk_takes_no_memory(service: Service) -> None:
    """Sixty megabytes at once; they are heard all the same."""
    status = Path(f"/proc/{service.process.pid}/status")
    form = {"rate": 192000, "width": 2, "channels": 32}
    content = event("audio-chunk", form, bytes(60_000_000 // 64 * 64)) + event("audio-stop")
    with opened(service, content) as client:
        client.shutdown(socket.SHUT_WR)
        end_of_audio = json.loads(answer(client).splitlines()[-1])
    assert end_of_audio["seconds"] == pytest.approx(60_000_000 / 64 / 192000, abs=0.1)
    assert int(status.read_text().partition("VmHWM:")[2].split()[0]) < 200_000


def test_a_place_for_one_whose_audio_comes() -> None:
    # Seen in the answer to a ping: its audio has been taken in by then.
    content = event("audio-chunk", FORM, 10 * SECOND) + event("ping")
    with running("--max-clients", "1") as service, opened(service, content) as first:
        assert b"pong" in first.recv(1000)
        # However much it has sent: no more comes.
        assert session(service)[-1].type == "emotions-end"
        assert b"another client needs the stream" in answer(first)


def test_one_that_is_gone_waits_for_no_stream() -> None:
    """Even where none becomes free: its wait ends by itself."""

    class Holder:
        begun_at: float | None = time.monotonic()
        heard_at = time.monotonic() + 3600.0
        account = Account()
        is_gone = False

        def expire(self, reason: str, code: str) -> None:
            raise AssertionError(reason)

    async def run() -> None:
        worker = FairWorker(1)
        pool = StreamPool(EmotionStream, 1, worker)
        await pool.take(Holder())
        shared = Shared(worker, pool, Turns(), WyomingEvent("info"))
        ended = asyncio.get_running_loop().create_future()

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await Connection(shared, EventReader(reader, "connection"), writer).run()
            except OSError as error:
                ended.set_result(error)

        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        with socket.create_connection(server.sockets[0].getsockname()) as client:
            client.sendall(event("audio-start", FORM) + event("audio-chunk", FORM, SECOND))
            client.sendall(event("audio-stop"))
            await asyncio.sleep(0.5)
            assert not ended.done()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await ended
        server.close()
        worker.close()

    asyncio.run(asyncio.wait_for(run(), TIMEOUT_S))


def test_a_socket_that_is_served_is_left_alone() -> None:
    with running() as service:
        done = subprocess.run(
            [sys.executable, "-m", "lightsernet_edge", "serve", "--uri", service.uri],
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_S,
        )
        assert done.returncode == 2
        (line,) = done.stderr.splitlines()
        assert line.endswith("found a service that runs there, expected none")
        assert session(service)[-1].type == "emotions-end"
        # One that is killed leaves its socket, which is in nobody's way.
        service.process.kill()
        service.process.wait()
        again = start(uri=service.uri)
        try:
            assert session(again)[-1].type == "emotions-end"
        finally:
            end(again)


def test_a_token(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("open sesame\n")
    known = event("authenticate", {"token": "open sesame"})
    with running("--token-file", str(tmp_path / "token")) as service:
        for content in (
            event("describe"),
            event("audio-start", FORM),
            event("authenticate", {"token": "sesame"}),
            event("authenticate", {"token": "\ud800"}),
            event("authenticate"),
        ):
            with opened(service, content + event("ping")) as client:
                said = answer(client)
                assert b'"error"' in said
                assert b"token" in said
                assert b"pong" not in said
        with opened(service, known + event("ping")) as client:
            client.shutdown(socket.SHUT_WR)
            assert b"pong" in answer(client)


@pytest.mark.parametrize("content", [b"", b"\n", b"a\nb\n", b"a" * 2000])
def test_what_is_no_token(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-m", "lightsernet_edge", "serve", "--token-file", tmp_path / "token"],
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("lightsernet-edge: error: --token-file: ")


def test_an_address_that_others_reach_is_warned_of() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "lightsernet_edge", "serve", "--uri", f"tcp://0.0.0.0:{port}"],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        assert "whoever reaches it may use it" in process.stderr.readline()
    finally:
        process.kill()
        process.communicate()
