"""`Connections`: the open ones, of which there are never more than a bound."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable

from wyoming.error import Error
from wyoming.event import write_event

from .connection import Connection
from .event_reader import EventReader

_MOST = 256
# Descriptors for all else: the model, the sockets, and connections that are just accepted.
_RESERVED = 64
_SWEEP_S = 1.0


class Connections:
    """Accepts clients, and ends connections that say nothing or stand in the way of others.

    Parameters
    ----------
    make : callable
        Of the reader and writer of a client; returns its `Connection`.
    max_clients : int
        How many of them may have a stream; there may be more connections.
    idle_s : float
        How long a client may say nothing, in seconds.

    Attributes
    ----------
    most : int
        How many connections there may be.
    """

    def __init__(
        self,
        make: Callable[[EventReader, asyncio.StreamWriter], Connection],
        max_clients: int,
        idle_s: float,
    ) -> None:
        self._make = make
        self._idle_s = idle_s
        self.most = _bound(max_clients)
        self._open: dict[Connection, asyncio.StreamWriter] = {}
        # Those that are done, and only heard out.
        self._leaving: dict[Connection, asyncio.StreamWriter] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a client to its end; a callback of `asyncio.start_server`."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        # So that whatever was written has left when `drain` returns.
        writer.transport.set_write_buffer_limits(0)
        connection = self._make(EventReader(reader, "connection"), writer)
        try:
            self._make_room()
            self._open[connection] = writer
            await connection.run()
            if self._open.pop(connection, None) is not None:
                self._leaving[connection] = writer
                await connection.hear_out()
        except OSError:
            # It is gone.
            pass
        except asyncio.CancelledError:
            # Of the whole service, or to make room: there is nothing to add.
            pass
        finally:
            self._open.pop(connection, None)
            self._leaving.pop(connection, None)
            self._tasks.discard(task)
            # `close` would wait for a client that does not read.
            writer.transport.abort()

    async def sweep(self) -> None:
        """End connections that have said nothing for too long, until cancelled."""
        while True:
            await asyncio.sleep(min(_SWEEP_S, self._idle_s / 4))
            for connection in list(self._open):
                connection.expire_if_late(self._idle_s)

    async def close(self) -> None:
        """End all connections."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_SWEEP_S)

    def _make_room(self) -> None:
        """End one that is leaving, or else one that has been silent for the longest.

        Among these, those that have only just connected, or have said nothing since, are first: a
        crowd that comes does not end those that were there before.
        """
        while len(self._open) + len(self._leaving) >= self.most:
            if self._leaving:
                _, writer = self._leaving.popitem()
                writer.transport.abort()
                continue
            silent = (each for each in self._open if not each.has_stream)
            connection = min(silent, key=lambda each: (each.is_settled, each.heard_at))
            writer = self._open.pop(connection)
            content = io.BytesIO()
            write_event(
                Error(f"busy: {self.most} connections are open already", "busy").event(), content
            )
            # Nothing is waited for: what its system does not take now, it does not get.
            writer.write(content.getvalue())
            writer.transport.abort()


def _bound(max_clients: int) -> int:
    """Return how many connections may be open: more than streams, fewer than descriptors."""
    wanted = max(_MOST, 2 * max_clients)
    try:
        import resource
    except ImportError:  # Windows
        return wanted
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if descriptors == resource.RLIM_INFINITY:
        return wanted
    # As many again may have been accepted before the first of them has made room.
    return max(max_clients + 1, min(wanted, (descriptors - _RESERVED) // 2))
