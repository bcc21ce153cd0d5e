"""`ClientAudio`: what one client sends from ``audio-start`` to ``audio-stop``, and its stream."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from ..capture.conversion import StreamConverter
from ..live.event import Event
from ..live.stream import EmotionStream
from .fair_worker import Account, FairWorker
from .stream_pool import LASTS_S, StreamPool

INT16_BYTES = 2
# One piece of work: long enough to be worth it, short enough that nobody waits long for it.
_PIECE_S = 0.2
_PIECE_BYTES = 64 * 1024
# Audio that a client sends before it gets a stream, unless it ends before.
_FIRST_S = 0.5
# Audio counts for this many times its length, so that a client soon makes up for a pause.
_CREDIT = 2.0


@dataclass(frozen=True)
class AudioFormat:
    """Of a client's int16 samples: rate in hertz, and channels."""

    rate: int
    channels: int

    @property
    def frame_bytes(self) -> int:
        """Bytes of a sample of all channels."""
        return INT16_BYTES * self.channels

    @property
    def piece_bytes(self) -> int:
        """Bytes of a piece of work."""
        frames = min(round(self.rate * _PIECE_S), _PIECE_BYTES // self.frame_bytes)
        return frames * self.frame_bytes

    def seconds(self, size: int) -> float:
        """Return the length of so many bytes."""
        return size / self.frame_bytes / self.rate


class ClientAudio:
    """Takes in audio while that before it is processed.

    Parameters
    ----------
    pool : StreamPool
    worker : FairWorker
    send : callable
        Of events; sends them to the client.
    expire : callable
        Of a reason and its code; makes the connection end soon.
    is_gone : callable
        Without arguments; returns whether the client is gone.

    Attributes
    ----------
    begun_at : float or None
        When it began, by `time.monotonic`; None before.
    heard_at : float
        Until when it has kept up with real time.
    waits_since : float or None
        When a stream was wanted first and there was none; None if it does not wait.
    account : Account
    """

    def __init__(
        self,
        pool: StreamPool,
        worker: FairWorker,
        send: Callable[[list[Event]], Awaitable[None]],
        expire: Callable[[str, str], None],
        is_gone: Callable[[], bool],
    ) -> None:
        self._pool = pool
        self._worker = worker
        self._send = send
        self.expire = expire
        self._is_gone = is_gone
        self._stream: EmotionStream | None = None
        self._format: AudioFormat | None = None
        self._converter: tuple[AudioFormat, StreamConverter] | None = None
        # Not processed yet; all of it in one format.
        self._pending = bytearray()
        self._work: asyncio.Task[None] | None = None
        self.begun_at: float | None = None
        self.heard_at = 0.0
        self.waits_since: float | None = None
        self.account = Account()

    @property
    def has_stream(self) -> bool:
        """Whether it has a stream."""
        return self._stream is not None

    @property
    def is_gone(self) -> bool:
        """Whether the client is gone; one that only sends no more is not."""
        return self._is_gone()

    @property
    def lasts(self) -> bool:
        """Whether it has not only just begun."""
        return self.begun_at is not None and time.monotonic() - self.begun_at > LASTS_S

    async def take_in(self, form: AudioFormat, piece: bytes) -> None:
        """Take in audio; wait if much of it is not processed yet.

        Raises
        ------
        LightSernetError
            If no stream can be opened, or it fails.
        OSError
            If the client is gone.
        """
        if self._pending and form != self._format:
            await self._process_all()
        self._format = form
        now = time.monotonic()
        if self.begun_at is None:
            self.begun_at = self.heard_at = now
        self.heard_at = min(now, self.heard_at + _CREDIT * form.seconds(len(piece)))
        self._pending += piece
        is_full = len(self._pending) >= _PIECE_BYTES
        if self._stream is None:
            if not is_full and form.seconds(len(self._pending)) < _FIRST_S:
                return
            if not (is_full or self._may_have_stream()):
                return
        if is_full:
            await self._process_all()
            # What the service takes is not the client's silence.
            later = time.monotonic()
            self.heard_at = min(later, self.heard_at + later - now)
        else:
            self._begin_work(self._stream or await self._new_stream())

    async def finish(self) -> float:
        """Process the end of the audio; return its length in seconds.

        Raises
        ------
        LightSernetError
            As `take_in`.
        OSError
            If the client is gone.
        """
        await self._process_all()
        stream = self._stream
        if stream is None:
            return 0.0
        await self._send(await self._worker.run(self.account, lambda: self._last(stream)))
        return stream.time_s

    async def settle(self) -> None:
        """Wait until all that has a stream is processed.

        Raises
        ------
        LightSernetError
            If the stream fails.
        OSError
            If the client is gone.
        """
        if self._stream is not None:
            await self._process_all()

    def release(self) -> None:
        """Let others have the stream; the next audio begins anew."""
        stream, self._stream = self._stream, None
        work, self._work = self._work, None
        self._format, self._converter = None, None
        self._pending = bytearray()
        self.begun_at, self.waits_since = None, None

        def give_back(work: asyncio.Task[None] | None) -> None:
            if work is not None and not work.cancelled():
                # It has been told already, or nobody is there to be told.
                work.exception()
            self._pool.leave(self)
            if stream is not None:
                self._pool.give_back(stream)

        if work is None or work.done():
            give_back(work)
        else:
            work.cancel()
            # What has begun is waited for: nothing that it uses is given away under it.
            work.add_done_callback(give_back)

    def _may_have_stream(self) -> bool:
        is_next = self._pool.is_next(self)
        if not is_next and self.waits_since is None:
            self.waits_since = time.monotonic()
        return is_next

    async def _new_stream(self) -> EmotionStream:
        if not self._may_have_stream():
            await self._pool.turn(self)
        self._stream = await self._pool.take(self)
        self.waits_since = None
        return self._stream

    async def _process_all(self) -> None:
        if self._is_working() or self._pending:
            await self._begin_work(self._stream or await self._new_stream())

    def _begin_work(self, stream: EmotionStream) -> asyncio.Task[None]:
        """Return the task that processes what is pending, and what is added meanwhile."""
        if self._work is None or not self._is_working():
            self._work = asyncio.get_running_loop().create_task(self._process(stream))
        return self._work

    def _is_working(self) -> bool:
        """Return whether a task processes audio; raise what ended the last one, if anything."""
        if self._work is None or not self._work.done():
            return self._work is not None
        work, self._work = self._work, None
        work.result()
        return False

    async def _process(self, stream: EmotionStream) -> None:
        while self._pending:
            assert self._format is not None
            form = self._format
            size = form.piece_bytes
            piece = bytes(self._pending[:size])
            del self._pending[:size]
            work = partial(self._hear, stream, form, piece)
            await self._send(await self._worker.run(self.account, work))

    def _hear(self, stream: EmotionStream, form: AudioFormat, piece: bytes) -> list[Event]:
        if self._converter is None or self._converter[0] != form:
            self._converter = form, StreamConverter(form.rate, stream.sample_rate)
        samples = np.frombuffer(piece, "<i2").astype(np.int16).reshape(-1, form.channels)
        return stream.process(self._converter[1].convert(samples))

    def _last(self, stream: EmotionStream) -> list[Event]:
        events = []
        if self._converter is not None:
            form, converter = self._converter
            # What the resampler still holds.
            events = stream.process(
                converter.convert(np.empty((0, form.channels), np.int16), last=True)
            )
        return events + stream.finish()
