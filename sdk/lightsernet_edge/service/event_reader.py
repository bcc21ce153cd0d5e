"""`EventReader`: events of the Wyoming protocol, whose declared lengths are checked first.

A payload is read piece by piece, so a connection takes some kilobytes of memory whatever its
client sends.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from ..errors import InputError
from ..files.json_fields import Fields

# In bytes. The buffer of a connection's `asyncio.StreamReader` is to have the first as `limit`.
MAX_LINE = 16 * 1024
MAX_DATA = 16 * 1024
MAX_PAYLOAD = 64 * 1024 * 1024
_PIECE = 64 * 1024
_SHOWN = 40


@dataclass(frozen=True)
class EventHead:
    """An event without its payload.

    Attributes
    ----------
    type : str
    data : dict
    payload_length : int
        In bytes.
    """

    type: str
    data: dict[str, Any]
    payload_length: int


class EventReader:
    """Reads events; tells the end of the stream from bytes that are not an event.

    Parameters
    ----------
    stream : asyncio.StreamReader
    name : str
        What messages call it.
    """

    def __init__(self, stream: asyncio.StreamReader, name: str) -> None:
        self._stream = stream
        self._name = name
        self._left = 0

    async def line(self) -> bytes:
        """Return the line with which the next event begins; empty at the end of the stream.

        What is left of the payload before it is skipped.

        Raises
        ------
        InputError
            If there is none.
        OSError
            If the connection is broken.
        """
        while await self.piece(_PIECE):
            pass
        try:
            return await self._stream.readline()
        except ValueError:
            raise InputError(
                f"{self._name}: found a line without end, expected an event of Wyoming of at "
                f"most {MAX_LINE} bytes"
            ) from None

    async def head(self, line: bytes) -> EventHead:
        """Return the event that begins with a line.

        Raises
        ------
        InputError
            If it is no event, a length is out of range, or the stream ends within it.
        OSError
            If the connection is broken.
        """
        fields = Fields(self._object(line, line), f"{self._name}: ")
        kind = fields.text("type")
        data = {} if not fields.is_given("data") else fields.nested("data").values
        more = self._length(fields, "data_length", MAX_DATA)
        self._left = 0
        if more:
            content = await self._exactly(more)
            data = {**data, **self._object(content, content)}
        self._left = self._length(fields, "payload_length", MAX_PAYLOAD)
        return EventHead(kind, dict(data), self._left)

    async def piece(self, most: int) -> bytes:
        """Return the next bytes of the payload.

        Parameters
        ----------
        most : int
            As many, or all that are left.

        Returns
        -------
        bytes
            Empty at the payload's end.

        Raises
        ------
        InputError
            If the stream ends before.
        """
        content = await self._exactly(min(most, self._left))
        self._left -= len(content)
        return content

    async def skip_all(self) -> None:
        """Read to the end of the stream, and keep nothing."""
        while await self._stream.read(_PIECE):
            pass

    async def _exactly(self, count: int) -> bytes:
        try:
            return await self._stream.readexactly(count)
        except asyncio.IncompleteReadError:
            raise InputError(
                f"{self._name}: ended within an event, expected the rest of it"
            ) from None

    def _object(self, content: bytes, shown: bytes) -> dict[str, Any]:
        try:
            found = json.loads(content.decode())
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            text = repr(shown[:_SHOWN])[1:] + ("..." if len(shown) > _SHOWN else "")
            raise InputError(f"{self._name}: found {text}, expected an event of Wyoming")
        return found

    @staticmethod
    def _length(fields: Fields, name: str, most: int) -> int:
        return fields.whole(name, 0, most) if fields.is_given(name) else 0
