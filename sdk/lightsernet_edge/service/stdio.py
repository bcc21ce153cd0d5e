"""Serves a single client on stdin and stdout, for the URI ``stdio://``."""

from __future__ import annotations

import asyncio
import os
import selectors
import socket
import stat
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import IO, Any

from ..errors import InputError
from .event_reader import MAX_LINE, EventReader

STDIO = "stdio://"
_KINDS = (
    (stat.S_ISREG, "a regular file"),
    (stat.S_ISCHR, "a device like /dev/null"),
    (stat.S_ISBLK, "a block device"),
    (stat.S_ISSOCK, "a socket that is no connected stream"),
)


def check_stdio() -> None:
    """Check that stdin and stdout can lead to a client.

    Raises
    ------
    InputError
        If one of them is closed, a regular file, or a device like /dev/null.
    """
    _check(_descriptor("stdin"), "stdin", selectors.EVENT_READ)
    _check(_descriptor("stdout"), "stdout", selectors.EVENT_WRITE)


@asynccontextmanager
async def stdio_streams() -> AsyncIterator[tuple[EventReader, asyncio.StreamWriter]]:
    """Open stdin and stdout as asynchronous streams; restore them when the context ends.

    `drain` waits until all bytes are in the client's pipe, so nothing is lost at the end.
    """
    source, sink = _descriptor("stdin"), _descriptor("stdout")
    reader = asyncio.StreamReader(limit=MAX_LINE)
    protocol = asyncio.StreamReaderProtocol(reader)
    transports: list[Any] = []
    with _blocking_restored(source, sink):
        try:
            transports.append(await _connect(source, "rb", protocol))
            # A program that is started on a socket has one for both directions.
            if not (_is_socket(sink) and os.path.sameopenfile(source, sink)):
                protocol = asyncio.StreamReaderProtocol(asyncio.StreamReader())
                transports.append(await _connect(sink, "wb", protocol))
            transports[-1].set_write_buffer_limits(0)
            loop = asyncio.get_running_loop()
            writer = asyncio.StreamWriter(transports[-1], protocol, None, loop)
            yield EventReader(reader, "stdin"), writer
        finally:
            for transport in transports:
                if not transport.is_closing():
                    # `close` of a writer would wait for a client that does not read.
                    getattr(transport, "abort", transport.close)()


async def _connect(
    descriptor: int, mode: str, protocol: asyncio.StreamReaderProtocol
) -> asyncio.BaseTransport:
    loop = asyncio.get_running_loop()
    transport: asyncio.BaseTransport
    # asyncio closes its descriptor, so give it a copy.
    if _is_socket(descriptor):
        end = socket.socket(fileno=os.dup(descriptor))
        # A pipe transport would take incoming data on a socket for its end.
        transport, _ = await loop.create_connection(lambda: protocol, sock=end)
        return transport
    pipe: IO[bytes] = os.fdopen(os.dup(descriptor), mode, buffering=0)
    connect = loop.connect_read_pipe if mode == "rb" else loop.connect_write_pipe
    transport, _ = await connect(lambda: protocol, pipe)
    return transport


@contextmanager
def _blocking_restored(*descriptors: int) -> Iterator[None]:
    # The flag is not the process's own: a shell shares that of its terminal.
    before = [os.get_blocking(descriptor) for descriptor in descriptors]
    try:
        yield
    finally:
        for descriptor, is_blocking in zip(descriptors, before, strict=True):
            os.set_blocking(descriptor, is_blocking)


def _descriptor(name: str) -> int:
    # The original stream: the command line replaces a closed stdout.
    try:
        descriptor: int = getattr(sys, f"__{name}__").fileno()
    except (AttributeError, ValueError):
        raise InputError(f"uri {STDIO}: found {name} closed, expected a pipe or socket") from None
    return descriptor


def _check(descriptor: int, name: str, direction: int) -> None:
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISFIFO(mode):
        return
    if stat.S_ISSOCK(mode) and _is_connected(descriptor):
        return
    if stat.S_ISCHR(mode) and _can_be_waited_for(descriptor, direction):
        return
    kind = next((kind for is_kind, kind in _KINDS if is_kind(mode)), "something else")
    raise InputError(f"uri {STDIO}: found {kind} as {name}, expected a pipe or socket")


def _is_socket(descriptor: int) -> bool:
    return stat.S_ISSOCK(os.fstat(descriptor).st_mode)


def _is_connected(descriptor: int) -> bool:
    with socket.socket(fileno=os.dup(descriptor)) as end:
        try:
            end.getpeername()
        except OSError:
            return False
        return end.type == socket.SOCK_STREAM


def _can_be_waited_for(descriptor: int, direction: int) -> bool:
    """Whether a selector takes the descriptor: a terminal yes, /dev/null no."""
    with selectors.DefaultSelector() as selector:
        try:
            selector.register(descriptor, direction)
        except OSError:
            return False
    return True
