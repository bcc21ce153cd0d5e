"""``serve``, asked by the client of the package ``wyoming``."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soxr
from numpy.typing import NDArray

from lightsernet_edge import EmotionStream
from lightsernet_edge.audio.recording import as_pcm16, read_recording
from tests.places import CLIP_FILES

wyoming_client = pytest.importorskip("wyoming.client", reason="not installed: wyoming")

from wyoming.audio import AudioChunk, AudioStart, AudioStop  # noqa: E402
from wyoming.event import Event  # noqa: E402
from wyoming.info import Describe, Info  # noqa: E402
from wyoming.ping import Ping, Pong  # noqa: E402

RATE = 16000
CHUNK = 1024
TIMEOUT_S = 60


@dataclass(frozen=True)
class Service:
    """A running service."""

    uri: str
    process: subprocess.Popen[str]


def start(*arguments: str, uri: str) -> Service:
    process = subprocess.Popen(
        [sys.executable, "-m", "lightsernet_edge", "serve", "--uri", uri, *arguments],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert process.stderr.readline() == f"serving at {uri}\n"
    return Service(uri, process)


def end(service: Service) -> None:
    if service.process.poll() is None:
        service.process.kill()
    service.process.communicate()


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """A service for three clients at a Unix socket."""
    with tempfile.TemporaryDirectory(prefix="lightsernet-") as folder:
        service = start("--max-clients", "3", uri=f"unix://{folder}/socket")
        try:
            yield service
            service.process.terminate()
            # What clients did has left no traceback.
            (line,) = service.process.communicate(timeout=TIMEOUT_S)[1].splitlines()
            assert line.endswith(" utterances")
        finally:
            end(service)


def talk(clips: list[Path]) -> NDArray[np.int16]:
    pause = np.zeros(3 * RATE // 2, np.int16)
    samples = [as_pcm16(read_recording(clip, RATE).samples) for clip in clips]
    return np.concatenate([part for one in samples for part in (one, pause)])


def expected(samples: NDArray[np.int16]) -> list[tuple[float, float, str]]:
    with EmotionStream() as stream:
        events = stream.process(samples) + stream.finish()
    return [(e.emotion.start_s, e.emotion.end_s, e.emotion.label) for e in events]


def found(events: list[Event]) -> list[tuple[float, float, str]]:
    return [
        (event.data["start_s"], event.data["end_s"], event.data["label"])
        for event in events
        if event.type == "emotion"
    ]


async def read(client: Any) -> Event:
    event = await asyncio.wait_for(client.read_event(), TIMEOUT_S)
    assert event is not None, "the service hung up"
    return event


async def ask(
    client: Any, samples: NDArray[np.int16], rate: int = RATE, pause_s: float = 0.0
) -> list[Event]:
    """Send audio, shape (n, channels), and return the events up to its end."""
    form = {"rate": rate, "width": 2, "channels": samples.shape[1]}
    await client.write_event(AudioStart(**form).event())
    for first in range(0, len(samples), CHUNK):
        content = samples[first : first + CHUNK].astype("<i2").tobytes()
        await client.write_event(AudioChunk(audio=content, **form).event())
        await asyncio.sleep(pause_s)
    await client.write_event(AudioStop().event())
    events = [await read(client)]
    while events[-1].type not in ("emotions-end", "error"):
        events.append(await read(client))
    return events


def connect(service: Service) -> Any:
    return wyoming_client.AsyncClient.from_uri(service.uri)


def test_describe_and_ping(service: Service) -> None:
    async def run() -> None:
        async with connect(service) as client:
            await client.write_event(Describe().event())
            event = await read(client)
            assert Info.is_type(event.type)
            assert Info.from_event(event).asr == []
            (program,) = event.data["emotion"]
            assert program["models"][0]["labels"] == list(EmotionStream().labels)
            await client.write_event(Ping(text="there?").event())
            assert Pong.from_event(await read(client)).text == "there?"

    asyncio.run(run())


def test_utterances_are_answered(service: Service) -> None:
    samples = talk(CLIP_FILES[:3])

    async def run() -> list[list[Event]]:
        async with connect(service) as client:
            # The second time on the same connection begins anew.
            return [await ask(client, samples[:, None]) for _ in range(2)]

    for events in asyncio.run(run()):
        assert found(events) == expected(samples)
        assert len(found(events)) == 3
        assert events[-1].type == "emotions-end"
        assert events[-1].data["utterances"] == 3
        for event in events[:-1]:
            assert set(event.data) == {
                *("event", "start_s", "end_s", "label", "confidence", "posteriors", "broken")
            }


def test_other_rates_and_channels(service: Service) -> None:
    samples = talk(CLIP_FILES[:1])
    stereo = as_pcm16(soxr.resample(np.stack([samples, samples], 1) / 32768, RATE, 44100))

    async def run() -> list[Event]:
        async with connect(service) as client:
            return await ask(client, stereo, 44100)

    ((start_s, end_s, label),) = found(asyncio.run(run()))
    ((expected_start_s, expected_end_s, expected_label),) = expected(samples)
    assert label == expected_label
    assert start_s == pytest.approx(expected_start_s, abs=0.05)
    assert end_s == pytest.approx(expected_end_s, abs=0.05)


def test_several_clients_at_once(service: Service) -> None:
    talks = [talk(CLIP_FILES[i : i + 2]) for i in range(3)]

    async def one(samples: NDArray[np.int16]) -> list[Event]:
        async with connect(service) as client:
            return await ask(client, samples[:, None])

    async def run() -> list[list[Event]]:
        return await asyncio.gather(*(one(samples) for samples in talks))

    for samples, events in zip(talks, asyncio.run(run()), strict=True):
        assert found(events) == expected(samples)


def test_one_client_too_many_is_told(service: Service) -> None:
    form = {"rate": RATE, "width": 2, "channels": 1}
    tenth = AudioChunk(audio=bytes(RATE // 10 * 2), **form).event()

    async def speak(client: Any) -> None:
        while True:
            await client.write_event(tenth)
            await asyncio.sleep(0.1)

    async def run() -> None:
        quiet = np.zeros((RATE, 1), np.int16)
        async with connect(service) as a, connect(service) as b, connect(service) as c:
            for client in (a, b, c):
                # Who sends no audio takes nobody's place.
                await client.write_event(AudioStart(**form).event())
                await client.write_event(Ping().event())
                await read(client)
            async with connect(service) as one_more:
                assert (await ask(one_more, quiet))[-1].type == "emotions-end"
            for client in (a, b, c):
                # Their audio is there once a ping behind it is answered.
                for _ in range(6):
                    await client.write_event(tenth)
                await client.write_event(Ping().event())
                await read(client)
            speaking = [asyncio.create_task(speak(client)) for client in (a, b, c)]
            async with connect(service) as one_more:
                error = (await ask(one_more, quiet))[-1]
                assert error.type == "error"
                assert error.data["code"] == "busy"
                # And hung up on.
                assert await one_more.read_event() is None
            for task in speaking:
                task.cancel()
        async with connect(service) as client:
            assert (await ask(client, talk(CLIP_FILES[:1])[:, None]))[-1].type == "emotions-end"

    asyncio.run(run())


@pytest.mark.parametrize(
    "event",
    [
        AudioStart(rate=RATE, width=4, channels=1).event(),
        AudioStart(rate=1, width=2, channels=1).event(),
        AudioStart(rate=RATE, width=2, channels=0).event(),
        AudioChunk(rate=RATE, width=2, channels=2, audio=b"\0\0\0").event(),
        Event("audio-chunk", data={"rate": RATE}),
        Event("audio-start", data={"rate": "fast", "width": 2, "channels": 1}),
    ],
    ids=["width", "rate", "channels", "half a sample", "no width", "no number"],
)
def test_what_cannot_be_heard_is_told(service: Service, event: Event) -> None:
    async def run() -> None:
        async with connect(service) as client:
            await client.write_event(event)
            answer = await read(client)
            assert answer.type == "error"
            assert answer.data["text"]
            assert await asyncio.wait_for(client.read_event(), TIMEOUT_S) is None

    asyncio.run(run())


@pytest.mark.parametrize(
    "rubbish",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"[]\n",
        b"{}\n",
        b'{"type": "ping", "data_length": 9}\nx',
        b"\xff\n",
        b"[" * 5000 + b"\n",
    ],
)
def test_rubbish_ends_its_own_connection_only(service: Service, rubbish: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(TIMEOUT_S)
        client.connect(service.uri.removeprefix("unix://"))
        client.sendall(rubbish)
        client.shutdown(socket.SHUT_WR)
        while client.recv(4096):
            pass

    async def run() -> None:
        async with connect(service) as again:
            await again.write_event(Ping().event())
            assert Pong.is_type((await read(again)).type)

    asyncio.run(run())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_it_at_once(number: int) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    service = start(uri=f"tcp://127.0.0.1:{port}")

    async def run() -> str:
        async with connect(service) as client:
            await ask(client, talk(CLIP_FILES[:1])[:, None])
            # A client that is still there does not hold it up.
            service.process.send_signal(number)
            return await asyncio.to_thread(
                lambda: service.process.communicate(timeout=TIMEOUT_S)[1]
            )

    try:
        assert asyncio.run(run()) == "1 utterances\n"
        assert service.process.returncode == 0
    finally:
        end(service)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--uri", "nowhere"],
        ["--uri", "tcp://127.0.0.1"],
        ["--uri", "tcp://127.0.0.1:99999999"],
        ["--uri", "tcp://192.0.2.1:10800"],
        ["--uri", "unix:///etc/hostname"],
        ["--uri", "unix:///tmp/" + "a" * 120],
        ["--uri", "unix:///tmp/" + "a" * 300],
        ["--uri", "tcp://" + "a" * 90 + ":10800"],
        ["--max-clients", "0"],
        ["--model", "missing.tflite"],
    ],
    ids=" ".join,
)
def test_bad_usage_is_one_line(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lightsernet_edge", "serve", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("lightsernet-edge: error: ")
    assert "None" not in line
    assert arguments[-1].removeprefix("unix://") in line
