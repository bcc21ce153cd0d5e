"""A service of the Wyoming protocol: audio in, emotions out.

It needs the extra ``serve``. A client sends ``audio-start``, ``audio-chunk`` and
``audio-stop``. The service sends an event of the type ``emotion`` when an utterance ends,
and ``emotions-end`` at the end of the audio. It answers ``describe`` and ``ping`` as the
protocol requires. docs/guide/embed.md lists the fields.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import numpy as np
from numpy.typing import NDArray
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event as WyomingEvent
from wyoming.info import Attribution, Describe, Info
from wyoming.ping import Ping, Pong
from wyoming.server import AsyncEventHandler, AsyncServer, AsyncStdioServer, AsyncUnixServer

from .._version import __version__
from ..capture.conversion import StreamConverter
from ..errors import InputError, LightSernetError
from ..live.event import Event
from ..live.stream import EmotionStream
from .stdio import STDIO, EventReader, check_stdio, stdio_streams

EMOTION = "emotion"
EMOTIONS_END = "emotions-end"
_RATES = (8000, 192000)
_MAX_CHANNELS = 32
_INT16_BYTES = 2


@dataclass(frozen=True)
class ServiceModel:
    """The model as the service describes it.

    Attributes
    ----------
    name : str
        Of its file.
    labels : tuple of str
        In the model's order.
    """

    name: str
    labels: tuple[str, ...]


class EmotionService:
    """Serves any number of clients, each with a stream of its own.

    Parameters
    ----------
    open_stream : callable
        Takes no arguments and returns a new `EmotionStream`.
    model : ServiceModel
    max_clients : int
        Further clients get an error, and their audio is not processed.

    Attributes
    ----------
    clients : int
        Number of clients at the moment.
    utterances : int
        Number of utterances answered so far.
    """

    def __init__(
        self, open_stream: Callable[[], EmotionStream], model: ServiceModel, max_clients: int
    ) -> None:
        self.open_stream = open_stream
        self.model = model
        self.max_clients = max_clients
        self.clients = 0
        self.utterances = 0
        self.worker: Executor = ThreadPoolExecutor(1, thread_name_prefix="emotion")

    async def run(self, uri: str, on_ready: Callable[[], object]) -> None:
        """Serve until cancelled, or until the client on stdin has gone.

        Parameters
        ----------
        uri : str
            ``tcp://HOST:PORT``, ``unix://PATH`` or ``stdio://``.
        on_ready : callable
            Called, without arguments, when clients can connect.

        Raises
        ------
        InputError
            If `uri` is not one of these, the service cannot listen at the address, or stdin
            or stdout is not a pipe or socket.
        LightSernetError
            If the client on stdin violated the protocol, or stopped reading.
        """
        try:
            server = AsyncServer.from_uri(uri)
        except ValueError as error:
            raise InputError(
                f"uri {uri}: {error}, expected tcp://HOST:PORT, unix://PATH or stdio://"
            ) from None
        if isinstance(server, AsyncStdioServer):
            check_stdio()
            on_ready()
            # The package's own server closes stdout and does not report faults.
            async with stdio_streams() as (reader, writer):
                await _Client(self, reader, writer).run_alone(reader)
            return
        try:
            # The package would remove any file at the path of its socket.
            path = Path(urlparse(uri).path)
            if isinstance(server, AsyncUnixServer) and path.exists() and not path.is_socket():
                raise InputError(f"uri {uri}: found a file there, expected a socket or nothing")
            await server.start(self._client)
        except (OSError, UnicodeError) as error:
            why = getattr(error, "strerror", None) or error
            raise InputError(f"uri {uri}: cannot listen there ({why})") from None
        on_ready()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await server.stop()

    def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> _Client:
        return _Client(self, reader, writer)

    def close(self) -> None:
        """End the thread that runs the networks."""
        self.worker.shutdown(wait=False, cancel_futures=True)

    def info(self) -> WyomingEvent:
        """Return the answer to ``describe``.

        The protocol has no list for services of this kind: its lists stay empty, and a
        list ``emotion`` stands beside them.
        """
        event = Info().event()
        event.data[EMOTION] = [
            {
                "name": "lightsernet-edge",
                "description": "Names the emotion of each utterance",
                "attribution": Attribution("lightsernet-edge", "").to_dict(),
                "installed": True,
                "version": __version__,
                "models": [
                    {
                        "name": self.model.name,
                        "labels": list(self.model.labels),
                        "languages": [],
                    }
                ],
            }
        ]
        return event


class _Client(AsyncEventHandler):
    """One connection."""

    def __init__(
        self, service: EmotionService, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        super().__init__(reader, writer)
        self._service = service
        self._stream: EmotionStream | None = None
        self._converter: tuple[tuple[int, int], StreamConverter] | None = None
        self._utterances = 0
        self._fault: LightSernetError | None = None
        self._is_counted = service.clients < service.max_clients
        service.clients += self._is_counted

    async def run(self) -> None:
        """Answer events until the client disconnects, with or without an error."""
        # Bytes that are not an event fail inside the package, before `handle_event`.
        try:
            with contextlib.suppress(
                OSError, EOFError, AttributeError, KeyError, TypeError, RecursionError
            ):
                await super().run()
        finally:
            # Earlier versions of the package leave the connection open.
            self.writer.close()

    async def run_alone(self, reader: EventReader) -> None:
        """Answer events until the only client disconnects; raise any fault that ends it."""
        try:
            while event := await self._next(reader):
                if not await self.handle_event(event):
                    break
        except OSError as error:
            why = error.strerror or error
            raise LightSernetError(f"uri {STDIO}: the client is gone ({why})") from None
        finally:
            await self.disconnect()
        if self._fault is not None:
            raise self._fault

    async def handle_event(self, event: WyomingEvent) -> bool:
        """Answer an event; False ends the connection."""
        try:
            return await self._handle(event)
        except LightSernetError as error:
            await self._refuse(error, type(error).__name__)
        except (KeyError, TypeError, ValueError) as error:
            text = f"{event.type}: violates the protocol ({error!r})"
            await self._refuse(InputError(text), "protocol")
        return False

    async def disconnect(self) -> None:
        """Release the client's stream."""
        self._service.clients -= self._is_counted
        self._is_counted = False
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    async def _next(self, reader: EventReader) -> WyomingEvent | None:
        try:
            return await reader.read_event()
        except InputError as error:
            await self._refuse(error, "protocol")
            return None

    async def _refuse(self, fault: LightSernetError, code: str) -> None:
        self._fault = fault
        # The client may be gone already.
        with contextlib.suppress(OSError):
            await self.write_event(Error(str(fault), code).event())

    async def _handle(self, event: WyomingEvent) -> bool:
        if Describe.is_type(event.type):
            await self.write_event(self._service.info())
        elif Ping.is_type(event.type):
            await self.write_event(Pong(Ping.from_event(event).text).event())
        elif AudioStart.is_type(event.type):
            start = AudioStart.from_event(event)
            _check_format(start.rate, start.width, start.channels)
            await self._open()
        elif AudioChunk.is_type(event.type):
            await self._take_in(AudioChunk.from_event(event))
        elif AudioStop.is_type(event.type):
            await self._stop()
        # The protocol requires that other events are ignored.
        return True

    async def _open(self) -> EmotionStream:
        """Prepare the client's stream for new audio."""
        if not self._is_counted:
            raise LightSernetError(
                f"busy: {self._service.max_clients} clients are served already, no more are taken"
            )
        if self._stream is None:
            self._stream = await self._in_worker(self._service.open_stream)
        self._stream.reset()
        self._converter = None
        self._utterances = 0
        return self._stream

    async def _take_in(self, chunk: AudioChunk) -> None:
        stream = self._stream or await self._open()
        _check_format(chunk.rate, chunk.width, chunk.channels)
        if len(chunk.audio) % (_INT16_BYTES * chunk.channels):
            raise InputError(
                f"audio-chunk: found {len(chunk.audio)} bytes, expected whole samples of "
                f"{chunk.channels} channels"
            )
        samples = np.frombuffer(chunk.audio, "<i2").astype(np.int16).reshape(-1, chunk.channels)
        kind = (chunk.rate, chunk.channels)
        if self._converter is None or self._converter[0] != kind:
            self._converter = kind, StreamConverter(chunk.rate, stream.sample_rate)
        pcm = self._converter[1].convert(samples)
        await self._send(await self._in_worker(lambda: stream.process(pcm)))

    async def _stop(self) -> None:
        stream = self._stream or await self._open()
        tail = self._tail()
        await self._send(await self._in_worker(lambda: stream.process(tail) + stream.finish()))
        data = {"utterances": self._utterances, "seconds": stream.time_s}
        await self.write_event(WyomingEvent(type=EMOTIONS_END, data=data))
        await self._open()

    def _tail(self) -> NDArray[np.int16]:
        """Return the samples that the resampler still holds."""
        if self._converter is None:
            return np.empty(0, np.int16)
        (_, channels), converter = self._converter
        return converter.convert(np.empty((0, channels), np.int16), last=True)

    async def _send(self, events: list[Event]) -> None:
        for event in events:
            if event.kind == "utterance":
                self._utterances += 1
                self._service.utterances += 1
            await self.write_event(WyomingEvent(type=EMOTION, data=emotion_data(event)))

    async def _in_worker(self, work: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._service.worker, work)


def emotion_data(event: Event) -> dict[str, Any]:
    """Return the JSON data of an ``emotion`` event."""
    emotion = event.emotion
    return {
        "event": event.kind,
        "start_s": emotion.start_s,
        "end_s": emotion.end_s,
        "label": emotion.label,
        "confidence": emotion.confidence,
        "posteriors": emotion.posteriors,
        "broken": event.broken,
    }


def _check_format(rate: int, width: int, channels: int) -> None:
    low, high = _RATES
    if not (isinstance(rate, int) and low <= rate <= high):
        raise InputError(f"audio: found a rate of {rate!r} Hz, expected {low}..{high}")
    if width != _INT16_BYTES:
        raise InputError(f"audio: found a width of {width!r} bytes, expected 2 (int16)")
    if not (isinstance(channels, int) and 1 <= channels <= _MAX_CHANNELS):
        raise InputError(f"audio: found {channels!r} channels, expected 1..{_MAX_CHANNELS}")
