"""Where clients connect: TCP, or a Unix socket that no other program serves."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from ..errors import InputError
from ..files.folder_lock import locked
from .event_reader import MAX_LINE
from .stdio import STDIO

# How long to wait for another service that is just beginning, in seconds.
_WAIT_S = 2.0
# Clients accepted in one pass of the event loop: a crowd that comes does not hold up the others.
_ACCEPTED_A_PASS = 1
_OUT_OF_RESOURCES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

Accept = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Address:
    """A URI that was understood.

    Attributes
    ----------
    uri : str
    host : str or None
    port : int
    path : Path or None
        Of a Unix socket.
    """

    uri: str
    host: str | None = None
    port: int = 0
    path: Path | None = None

    @classmethod
    def of(cls, uri: str) -> Address:
        """Return the address that a URI names: that of stdio has neither host nor path.

        Raises
        ------
        InputError
            If it names none.
        """
        try:
            parts = urlparse(uri)
            if parts.scheme == "tcp" and parts.hostname and parts.port is not None:
                return cls(uri, parts.hostname, parts.port)
        except ValueError as error:
            raise _refused(uri, str(error)) from None
        if parts.scheme == "unix" and parts.path:
            return cls(uri, path=Path(parts.path))
        if uri == STDIO:
            return cls(uri)
        raise _refused(uri, "no address")

    @property
    def is_stdio(self) -> bool:
        """Whether the client is on stdin and stdout."""
        return self.host is None and self.path is None

    @property
    def is_open_to_others(self) -> bool:
        """Whether other machines may reach it."""
        if self.host is None or self.host == "localhost":
            return False
        try:
            return not ip_address(self.host).is_loopback
        except ValueError:
            return True


def _refused(uri: str, reason: str) -> InputError:
    return InputError(f"uri {uri}: {reason}, expected tcp://HOST:PORT, unix://PATH or {STDIO}")


@asynccontextmanager
async def listening(address: Address, accept: Accept, backlog: int) -> AsyncIterator[None]:
    """Accept clients at a TCP or Unix address while the context lasts.

    Parameters
    ----------
    address : Address
    accept : callable
        As for `asyncio.start_server`.
    backlog : int
        How many clients may wait to be accepted.

    Raises
    ------
    InputError
        If it cannot be listened at, or another program does.
    """
    asyncio.get_running_loop().set_exception_handler(_tell)
    made = None
    try:
        if address.path is None:
            server = await asyncio.start_server(
                accept, address.host, address.port, limit=MAX_LINE, backlog=_ACCEPTED_A_PASS
            )
        else:
            # Of two that begin at once, the second finds the first.
            with locked(address.path.parent, _WAIT_S):
                _remove_dead_socket(address.path, address.uri)
                server = await asyncio.start_unix_server(
                    accept, address.path, limit=MAX_LINE, backlog=_ACCEPTED_A_PASS
                )
                made = address.path.stat()
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise InputError(f"uri {address.uri}: cannot listen there ({why})") from None
    for listener in server.sockets:
        # asyncio's backlog is both at once: how many wait, and how many it accepts in a pass.
        with listener.dup() as same:
            same.listen(backlog)
    try:
        yield
    finally:
        server.close()
        if address.path is not None and made is not None:
            _remove(address.path, made)


def _remove_dead_socket(path: Path, uri: str) -> None:
    """Remove what a service that was killed has left.

    Raises
    ------
    InputError
        If a service answers there, or it is no socket.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise InputError(f"uri {uri}: found a file there, expected a socket or nothing")
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
        except OSError:
            # As one that is busy, or of another kind.
            pass
    raise InputError(f"uri {uri}: found a service that runs there, expected none")


def _remove(path: Path, made: os.stat_result) -> None:
    """Remove our socket, if it has not been replaced by another."""
    with contextlib.suppress(OSError):
        if os.path.samestat(made, path.stat()):
            path.unlink()


def _tell(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    # The loop tries again by itself; each attempt would print a traceback.
    error = context.get("exception")
    if not (isinstance(error, OSError) and error.errno in _OUT_OF_RESOURCES):
        loop.default_exception_handler(context)
