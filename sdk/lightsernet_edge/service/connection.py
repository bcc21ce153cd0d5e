"""`Connection`: what one client asks, and what it is answered."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import time
from dataclasses import dataclass
from typing import Any

from wyoming.error import Error
from wyoming.event import Event as WyomingEvent
from wyoming.event import async_write_event

from ..errors import InputError, LightSernetError
from ..files.json_fields import Fields
from ..live.event import Event
from .client_audio import INT16_BYTES, AudioFormat, ClientAudio
from .event_reader import EventHead, EventReader
from .fair_worker import FairWorker
from .stream_pool import StreamPool
from .turns import Turns

EMOTION = "emotion"
EMOTIONS_END = "emotions-end"
_RATES = (8000, 192000)
_MAX_CHANNELS = 32
# One that waits for a stream is told after this time, in seconds.
_MOST_WAIT_S = 3.0
# One that asks something this long after it connected is no longer new.
_SETTLES_S = 1.0
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
    turns : Turns
        Of clients that send no audio, or have only just begun.
    info : Event
        The answer to ``describe``.
    token : str or None
        What a client has to know.
    utterances : int
        Answered so far.
    """

    worker: FairWorker
    pool: StreamPool
    turns: Turns
    info: WyomingEvent
    token: str | None = None
    utterances: int = 0


class Connection:
    """One client.

    Parameters
    ----------
    shared : Shared
    reader : EventReader
    writer : asyncio.StreamWriter
    """

    def __init__(self, shared: Shared, reader: EventReader, writer: asyncio.StreamWriter) -> None:
        self._shared = shared
        self._reader = reader
        self._writer = writer
        self._audio = ClientAudio(
            shared.pool, shared.worker, self._send, self.expire, writer.transport.is_closing
        )
        self._utterances = 0
        self._is_known = shared.token is None
        self._fault: LightSernetError | None = None
        self._expired: tuple[str, str] | None = None
        self._task: asyncio.Task[Any] | None = None
        self._connected_at = self._asked_at = time.monotonic()

    @property
    def has_stream(self) -> bool:
        """Whether it has a stream."""
        return self._audio.has_stream

    @property
    def is_settled(self) -> bool:
        """Whether it has not only connected, asked something and then been silent."""
        return self._asked_at - self._connected_at > _SETTLES_S

    @property
    def heard_at(self) -> float:
        """When it last sent a whole event, by `time.monotonic`.

        Since its audio began, until when that has kept up with real time.
        """
        return self._asked_at if self._audio.begun_at is None else self._audio.heard_at

    def expire(self, reason: str, code: str) -> None:
        """Make the connection end soon, with an error."""
        if self._expired is None and self._task is not None:
            self._expired = reason, code
            self._task.cancel()

    def expire_if_late(self, idle_s: float) -> None:
        """Expire if the client has said nothing for too long, or waited too long for a stream."""
        now = time.monotonic()
        since = self._audio.waits_since
        if since is not None and now - since > _MOST_WAIT_S:
            size = self._shared.pool.size
            self.expire(f"busy: {size} clients are served already, no more are taken", "busy")
        elif now - self.heard_at > idle_s:
            self.expire(f"idle: heard nothing for {idle_s:g} s", "timeout")

    async def run(self) -> LightSernetError | None:
        """Answer events until the client disconnects; return the fault that ended it, if any.

        Raises
        ------
        OSError
            If the client is gone.
        """
        self._task = asyncio.current_task()
        try:
            while line := await self._reader.line():
                if not self._audio.lasts:
                    await self._shared.turns.take()
                await self._handle(await self._reader.head(line))
                self._asked_at = time.monotonic()
                # Others have their turn, however much this one has sent.
                await asyncio.sleep(0)
            await self._audio.settle()
        except asyncio.CancelledError:
            if self._expired is None:
                raise
            # So that nothing is sent meanwhile.
            self._audio.release()
            reason, code = self._expired
            await self._refuse(LightSernetError(reason), code)
        except LightSernetError as error:
            with contextlib.suppress(LightSernetError):
                # What is heard is told first.
                await self._audio.settle()
            is_ours = type(error) is not InputError
            await self._refuse(error, type(error).__name__ if is_ours else "protocol")
        finally:
            self._audio.release()
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
        if head.type != "audio-chunk":
            # Answers come in the order of what is asked.
            await self._audio.settle()
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
            self._end_audio()
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
    def _format_of(fields: Fields) -> AudioFormat:
        rate = fields.whole("rate", *_RATES)
        if fields.whole("width", 1) != INT16_BYTES:
            fields.refuse("width", "2 bytes (int16)")
        return AudioFormat(rate, fields.whole("channels", 1, _MAX_CHANNELS))

    async def _take_in(self, form: AudioFormat, size: int) -> None:
        if size % form.frame_bytes:
            raise InputError(
                f"audio-chunk: found {size} bytes, expected whole samples of "
                f"{form.channels} channels"
            )
        while piece := await self._reader.piece(form.piece_bytes):
            await self._audio.take_in(form, piece)

    async def _stop(self) -> None:
        seconds = await self._audio.finish()
        data = {"utterances": self._utterances, "seconds": seconds}
        self._end_audio()
        await self._write(WyomingEvent(EMOTIONS_END, data))

    def _end_audio(self) -> None:
        self._audio.release()
        self._utterances = 0
        self._asked_at = time.monotonic()

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
