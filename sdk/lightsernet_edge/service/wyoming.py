"""A service of the Wyoming protocol: audio in, emotions out.

It needs the extra ``serve``. A client sends ``audio-start``, ``audio-chunk`` and
``audio-stop``. The service sends an event of the type ``emotion`` when an utterance ends,
and ``emotions-end`` at the end of the audio. It answers ``describe`` and ``ping`` as the
protocol requires. docs/guide/embed.md lists the fields.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass

from wyoming.event import Event as WyomingEvent
from wyoming.info import Attribution, Info

from .._version import __version__
from ..errors import LightSernetError
from ..live.stream import EmotionStream
from .addresses import Address, listening
from .connection import EMOTION, Connection, Shared
from .connections import Connections
from .event_reader import EventReader
from .fair_worker import FairWorker
from .stdio import STDIO, check_stdio, stdio_streams
from .stream_pool import StreamPool
from .turns import Turns

# Networks that run at a time: an utterance that ends must not keep all others waiting.
_MOST_THREADS = 4


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
        How many may have a stream at a time. One has it from its first audio to
        ``audio-stop``; the audio of further ones is answered by an error.
    idle_s : float
        A client that says nothing for this long is hung up on, in seconds; not the one on
        stdin.
    token : str, optional
        What a client must send in an event ``authenticate`` before all others.
    """

    def __init__(
        self,
        open_stream: Callable[[], EmotionStream],
        model: ServiceModel,
        max_clients: int,
        idle_s: float = 60.0,
        token: str | None = None,
    ) -> None:
        worker = FairWorker(min(_MOST_THREADS, os.cpu_count() or 1))
        pool = StreamPool(open_stream, max_clients, worker)
        self._shared = Shared(worker, pool, Turns(), _info(model), token)
        self._connections = Connections(self._connection, max_clients, idle_s)

    @property
    def utterances(self) -> int:
        """Number of utterances answered so far."""
        return self._shared.utterances

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
            If `uri` is not one of these, the service cannot listen at the address, another
            one does, or stdin or stdout is not a pipe or socket.
        LightSernetError
            If the client on stdin violated the protocol, or stopped reading.
        """
        address = Address.of(uri)
        if address.is_stdio:
            await self._run_on_stdio(on_ready)
            return
        async with listening(address, self._connections.accept, self._connections.most):
            on_ready()
            try:
                await self._connections.sweep()
            finally:
                await self._connections.close()

    async def _run_on_stdio(self, on_ready: Callable[[], object]) -> None:
        check_stdio()
        on_ready()
        async with stdio_streams() as (reader, writer):
            try:
                fault = await self._connection(reader, writer).run()
            except OSError as error:
                why = error.strerror or error
                raise LightSernetError(f"uri {STDIO}: the client is gone ({why})") from None
        if fault is not None:
            raise fault

    def _connection(self, reader: EventReader, writer: asyncio.StreamWriter) -> Connection:
        return Connection(self._shared, reader, writer)

    def close(self) -> None:
        """End the threads that run the networks."""
        self._shared.worker.close()


def _info(model: ServiceModel) -> WyomingEvent:
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
            "models": [{"name": model.name, "labels": list(model.labels), "languages": []}],
        }
    ]
    return event
