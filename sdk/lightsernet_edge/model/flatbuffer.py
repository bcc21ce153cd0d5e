"""A bounded reader of FlatBuffers: no access beyond the bytes, whatever they say.

Layout: https://flatbuffers.dev/internals. Little-endian; a table points back to
its vtable, which lists where its fields lie; vectors and strings begin with
their length.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ..errors import ModelError


@dataclass(frozen=True)
class Table:
    """A table at `position` in `data`. Slots count the fields of the schema from 0."""

    data: bytes
    position: int

    def field(self, slot: int) -> int:
        """Return where the field lies, or 0 if the table leaves it out."""
        vtable = self.position - unpack(self.data, "<i", self.position)
        entry = 4 + 2 * slot
        if entry + 2 > unpack(self.data, "<H", vtable):
            return 0
        offset = unpack(self.data, "<H", vtable + entry)
        return self.position + offset if offset else 0

    def scalar(self, slot: int, code: str, default: int = 0) -> int:
        """Return the integer in a field; `code` is a letter of `struct`."""
        position = self.field(slot)
        return unpack(self.data, "<" + code, position) if position else default

    def vector(self, slot: int, item_size: int) -> tuple[int, int]:
        """Return where a vector's items begin, and how many there are."""
        position = self.field(slot)
        if not position:
            return 0, 0
        position += unpack(self.data, "<I", position)
        count = unpack(self.data, "<I", position)
        if position + 4 + count * item_size > len(self.data):
            raise ModelError(f"damaged: a vector of {count} items ends beyond the file")
        return position + 4, count

    def numbers(self, slot: int, code: str) -> tuple[int | float, ...]:
        """Return a vector of numbers; `code` is a letter of `struct`."""
        start, count = self.vector(slot, struct.calcsize("<" + code))
        return struct.unpack_from(f"<{count}{code}", self.data, start)

    def blob(self, slot: int) -> bytes:
        """Return a string's or byte vector's bytes."""
        start, count = self.vector(slot, 1)
        return self.data[start : start + count]

    def table(self, slot: int) -> Table | None:
        """Return the table a field points to, or None."""
        position = self.field(slot)
        return self._at(position) if position else None

    def tables(self, slot: int) -> list[Table]:
        """Return the tables of a vector of tables."""
        start, count = self.vector(slot, 4)
        return [self._at(start + 4 * index) for index in range(count)]

    def _at(self, position: int) -> Table:
        target = position + unpack(self.data, "<I", position)
        unpack(self.data, "<i", target)
        return Table(self.data, target)


def unpack(data: bytes, code: str, position: int) -> int:
    """Read one integer, or raise `ModelError` if it lies outside of `data`."""
    if not 0 <= position <= len(data) - struct.calcsize(code):
        raise ModelError(f"damaged: an offset points to byte {position} of {len(data)}")
    value: int = struct.unpack_from(code, data, position)[0]
    return value


def root(data: bytes, identifier: bytes) -> Table:
    """Return the root table.

    Raises
    ------
    ModelError
        If the identifier at byte 4 is another, or the bytes end too early.
    """
    if data[4:8] != identifier:
        raise ModelError(f"not a TFLite model: found {data[4:8]!r}, expected {identifier!r}")
    return Table(data, unpack(data, "<I", 0))
