"""A reader of FlatBuffers that never reads beyond the bytes, whatever they hold.

Layout: https://flatbuffers.dev/internals. All integers are little-endian. A table
points back to its vtable, which lists the positions of its fields; vectors and strings
begin with their length.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ..errors import ModelError

# Tables in one vector, and numbers in another: more than any network of this kind has.
MAX_TABLES = 2**14
MAX_NUMBERS = 2**16


@dataclass(frozen=True)
class Table:
    """A table. Slots number the fields of the schema from 0; any access may raise ModelError.

    Attributes
    ----------
    data : bytes
        The whole flatbuffer.
    position : int
        Of the table in `data`, in bytes.
    """

    data: bytes
    position: int

    def field(self, slot: int) -> int:
        """Return the position of a field, or 0 if the table leaves it out."""
        vtable = self.position - unpack(self.data, "<i", self.position)
        entry = 4 + 2 * slot
        if entry + 2 > unpack(self.data, "<H", vtable):
            return 0
        offset = unpack(self.data, "<H", vtable + entry)
        return self.position + offset if offset else 0

    def scalar(self, slot: int, code: str, default: int = 0) -> int:
        """Return the integer in a field; `code` is its type in `struct`'s letters."""
        position = self.field(slot)
        return unpack(self.data, "<" + code, position) if position else default

    def vector(self, slot: int, item_size: int) -> tuple[int, int]:
        """Return the position of a vector's first item, and the number of items."""
        position = self.field(slot)
        if not position:
            return 0, 0
        position += unpack(self.data, "<I", position)
        count = unpack(self.data, "<I", position)
        if position + 4 + count * item_size > len(self.data):
            raise ModelError(f"damaged: a vector of {count} items ends beyond the file")
        return position + 4, count

    def numbers(self, slot: int, code: str) -> tuple[int | float, ...]:
        """Return a vector of numbers; `code` is their type in `struct`'s letters."""
        start, count = self.vector(slot, struct.calcsize("<" + code))
        if count > MAX_NUMBERS:
            raise ModelError(f"damaged: a list of {count} numbers, expected at most {MAX_NUMBERS}")
        return struct.unpack_from(f"<{count}{code}", self.data, start)

    def blob(self, slot: int) -> bytes:
        """Return the bytes of a string or byte vector."""
        start, count = self.vector(slot, 1)
        return self.data[start : start + count]

    def table(self, slot: int) -> Table | None:
        """Return the table that a field points to, or None if the field is left out."""
        position = self.field(slot)
        return self._at(position) if position else None

    def tables(self, slot: int) -> list[Table]:
        """Return the tables that a vector points to."""
        start, count = self.vector(slot, 4)
        if count > MAX_TABLES:
            raise ModelError(f"damaged: a list of {count} tables, expected at most {MAX_TABLES}")
        return [self._at(start + 4 * index) for index in range(count)]

    def _at(self, position: int) -> Table:
        target = position + unpack(self.data, "<I", position)
        unpack(self.data, "<i", target)
        return Table(self.data, target)


def unpack(data: bytes, code: str, position: int) -> int:
    """Read one integer; raise ModelError if it lies outside of `data`."""
    if not 0 <= position <= len(data) - struct.calcsize(code):
        raise ModelError(f"damaged: an offset points to byte {position} of {len(data)}")
    value: int = struct.unpack_from(code, data, position)[0]
    return value


def root(data: bytes, identifier: bytes) -> Table:
    """Return the root table.

    Raises
    ------
    ModelError
        If the bytes at 4 are not `identifier`, or `data` ends too early.
    """
    if data[4:8] != identifier:
        raise ModelError(f"not a TFLite model: found {data[4:8]!r}, expected {identifier!r}")
    return Table(data, unpack(data, "<I", 0))
