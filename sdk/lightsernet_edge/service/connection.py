"""`Connection`: what one client asks, and what it is answered."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from wyoming.error import Error
from wyoming.event import Event as WyomingEvent
from wyoming.event import async_write_event

from ..capture.conversion import StreamConverter
from ..errors import InputError, LightSernetError
from ..files.json_fields import Fields
from ..live.event import Event
from ..live.stream import EmotionStream
from .event_reader import EventHead, EventReader
from .fair_worker import Account, FairWorker
from .stream_pool import StreamPool

EMOTION = "emotion"
EMOTIONS_END = "emotions-end"
_RATES = (8000, 192000)
_MAX_CHANNELS = 32
_INT16_BYTES = 2
# One piece of work: long enough to be worth it, short enough that nobody waits long for it.
_PIECE_S = 0.1
_PIECE_BYTES = 64 * 1024
# Audio that a client sends before it gets a stream, unless it ends before.
_FIRST_S = 0.5
# Audio keeps a client alive for this many times its length.
_CREDIT = 10.0
# How long a client that is hung up on may still send, in seconds: if it is not heard out, its
# system throws away the error before it is read.
_LINGER_S = 1.0


@dataclass
class Shared:
    """What all connections of a service have in common.

    Attributes
    ----------
    worker : FairWorker
    pool : StreamPool
    info : Event
        The answer to ``describe``.
    token : str or None
        What a client has to know.
    utterances : int
        Answered so far.
    """

    worker: FairWorker
    pool: StreamPool
    info: WyomingEvent
    token: str | None = None
    utterances: int = 0


@dataclass(frozen=True)
class _Format:
    """Of a client's audio: rate in hertz, and channels."""

    rate: int
    channels: int

    @property
    def frame_bytes(self) -> int:
        return _INT16_BYTES * self.channels


class Connection:
    """One client.

    Parameters
    ----------
    shared : Shared
    reader : EventReader
    writer : asyncio.StreamWriter

    Attributes
    ----------
    has_asked : bool
        Whether it has sent a whole event.
    heard_at : float
        When it last sent a whole event, by `time.monotonic`; while it has a stream, until when
        its audio has kept up with real time.
    sent_s : float
        Length of its audio so far, in seconds.
    account : Account
    """

    def __init__(self, shared: Shared, reader: EventReader, writer: asyncio.StreamWriter) -> None:
        self._shared = shared
        self._reader = reader
        self._writer = writer
        self._stream: EmotionStream | None = None
        self._format: _Format | None = None
        self._converter: StreamConverter | None = None
        self._utterances = 0
        self._is_known = shared.token is None
        self._fault: LightSernetError | None = None
        self._expired: str | None = None
        self._task: asyncio.Task[Any] | None = None
        # Audio before it has a stream.
        self._first = bytearray()
        self.has_asked = False
        self.heard_at = time.monotonic()
        self.sent_s = 0.0
        self.account = Account()

    @property
    def has_stream(self) -> bool:
        """Whether it has a stream."""
        return self._stream is not None

    def expire(self, reason: str) -> None:
        """Make the connection end soon, with an error."""
        if self._expired is None and self._task is not None:
            self._expired = reason
            self._task.cancel()

    async def run(self) -> LightSernetError | None:
        """Answer events until the client disconnects; return the fault that ended it, if any.

        Raises
        ------
        OSError
            If the client is gone.
        """
        self._task = asyncio.current_task()
        try:
            while head := await self._reader.head():
                if not self.has_stream:
                    self.heard_at = time.monotonic()
                await self._handle(head)
                self.has_asked = True
                # Others have their turn, however much this one has sent.
                await asyncio.sleep(0)
        except asyncio.CancelledError:
            if self._expired is None:
                raise
            await self._refuse(LightSernetError(self._expired), "timeout")
        except LightSernetError as error:
            is_ours = type(error) is not InputError
            await self._refuse(error, type(error).__name__ if is_ours else "protocol")
        finally:
            self._release()
        return self._fault

    async def hear_out(self) -> None:
        """End what is sent, and read what the client still sends, for a moment."""
        # Python 3.10 has no `asyncio.timeout`.
        with contextlib.suppress(OSError, asyncio.TimeoutError, InputError):
            if self._writer.can_write_eof():
                self._writer.write_eof()
            await asyncio.wait_for(self._reader.skip_all(), _LINGER_S)

    async def _refuse(self, fault: LightSernetError, code: str) -> None:
        self._fault = fault
        text = str(fault).encode(errors="backslashreplace").decode()
        # The client may be gone already, or not read.
        with contextlib.suppress(OSError, asyncio.TimeoutError):
            await asyncio.wait_for(self._write(Error(text, code).event()), _LINGER_S)

    async def _handle(self, head: EventHead) -> None:
        fields = Fields(head.data, f"{head.type}: ")
        if head.type == "authenticate":
            self._authenticate(fields)
        elif not self._is_known:
            raise LightSernetError(
                "token: found none, expected an event authenticate with the service's token"
            )
        elif head.type == "describe":
            await self._write(self._shared.info)
        elif head.type == "ping":
            await self._write(WyomingEvent("pong", {"text": self._echo(fields)}))
        elif head.type == "audio-start":
            self._format_of(fields)
            self._release()
            self._shared.pool.expect_room()
        elif head.type == "audio-chunk":
            await self._take_in(self._format_of(fields), head.payload_length)
        elif head.type == "audio-stop":
            await self._stop()
        # The protocol requires that other events are ignored.

    def _authenticate(self, fields: Fields) -> None:
        given = fields.text("token").encode(errors="surrogatepass")
        wanted = self._shared.token
        if wanted is not None and not hmac.compare_digest(given, wanted.encode()):
            raise LightSernetError("token: found another one, expected the service's")
        self._is_known = True

    @staticmethod
    def _echo(fields: Fields) -> str | None:
        if not fields.is_given("text"):
            return None
        text = fields.text("text")
        try:
            text.encode()
        except UnicodeEncodeError:
            fields.refuse("text", "characters")
        return text

    @staticmethod
    def _format_of(fields: Fields) -> _Format:
        rate = fields.whole("rate", *_RATES)
        if fields.whole("width", 1) != _INT16_BYTES:
            fields.refuse("width", "2 bytes (int16)")
        return _Format(rate, fields.whole("channels", 1, _MAX_CHANNELS))

    async def _take_in(self, form: _Format, size: int) -> None:
        if size % form.frame_bytes:
            raise InputError(
                f"audio-chunk: found {size} bytes, expected whole samples of "
                f"{form.channels} channels"
            )
        if self._first and self._format != form:
            await self._begin()
        if self._stream is None and not self._first:
            self._format = form
        frames = min(round(form.rate * _PIECE_S), _PIECE_BYTES // form.frame_bytes)
        while piece := await self._reader.piece(frames * form.frame_bytes):
            seconds = len(piece) / form.frame_bytes / form.rate
            self.sent_s += seconds
            if self._stream is not None:
                self.heard_at = min(time.monotonic(), self.heard_at + _CREDIT * seconds)
                await self._process(self._stream, form, piece)
                continue
            self._first += piece
            if self.sent_s >= _FIRST_S or len(self._first) >= _PIECE_BYTES:
                await self._begin()

    async def _begin(self) -> EmotionStream:
        """Get a stream for the audio that has come so far."""
        assert self._format is not None
        first, self._first = bytes(self._first), bytearray()
        self._stream = await self._shared.pool.take(self)
        self.heard_at = time.monotonic()
        await self._process(self._stream, self._format, first)
        return self._stream

    async def _process(self, stream: EmotionStream, form: _Format, piece: bytes) -> None:
        def work() -> list[Event]:
            if self._converter is None or self._format != form:
                self._format = form
                self._converter = StreamConverter(form.rate, stream.sample_rate)
            samples = np.frombuffer(piece, "<i2").astype(np.int16).reshape(-1, form.channels)
            return stream.process(self._converter.convert(samples))

        await self._send(await self._shared.worker.run(self.account, work))

    async def _stop(self) -> None:
        stream, seconds = self._stream, 0.0
        if self._first:
            stream = await self._begin()
        if stream is not None:

            def work() -> list[Event]:
                return self._finished(stream)

            await self._send(await self._shared.worker.run(self.account, work))
            seconds = stream.time_s
        utterances = self._utterances
        self._release()
        data = {"utterances": utterances, "seconds": seconds}
        await self._write(WyomingEvent(EMOTIONS_END, data))

    def _finished(self, stream: EmotionStream) -> list[Event]:
        events = []
        if self._converter is not None and self._format is not None:
            nothing = np.empty((0, self._format.channels), np.int16)
            # What the resampler still holds.
            events = stream.process(self._converter.convert(nothing, last=True))
        return events + stream.finish()

    def _release(self) -> None:
        """Let others have the stream; the next audio begins anew."""
        stream, self._stream = self._stream, None
        self._converter, self._format, self._utterances = None, None, 0
        self._first.clear()
        self.heard_at, self.sent_s = time.monotonic(), 0.0
        if stream is not None:
            self._shared.pool.give_back(self, stream)

    async def _send(self, events: list[Event]) -> None:
        for event in events:
            if event.kind == "utterance":
                self._utterances += 1
                self._shared.utterances += 1
            await self._write(WyomingEvent(EMOTION, emotion_data(event)))

    async def _write(self, event: WyomingEvent) -> None:
        await async_write_event(event, self._writer)


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
