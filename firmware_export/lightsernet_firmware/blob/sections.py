"""How a blob is put together: aligned sections, and records of 32-bit words."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.errors import ModelError

from ..planner.network_plan import ALIGNMENT, round_up


class Sections:
    """The sections of a blob, each at a multiple of `ALIGNMENT` bytes."""

    def __init__(self) -> None:
        self._content = bytearray()

    def add(self, section: bytes) -> int:
        """Append a section and return its offset."""
        offset = len(self._content)
        self._content += section.ljust(round_up(len(section), ALIGNMENT), b"\0")
        return offset

    def add_array(self, array: NDArray[np.generic]) -> int:
        """Append an array in C order and return its offset."""
        return self.add(np.ascontiguousarray(array).tobytes())

    def filled_in(self, start: int, content: bytes) -> bytes:
        """Return all sections, with `content` in place of the bytes from `start` on."""
        end = start + len(content)
        return bytes(self._content[:start] + content + self._content[end:])


def words(*values: int | float) -> bytes:
    """Pack numbers into 32 bits each: integers of either sign, floats as float32."""
    try:
        return b"".join(
            struct.pack("<f", value)
            if isinstance(value, float)
            else struct.pack("<I", value & 0xFFFFFFFF)
            for value in values
        )
    except OverflowError:
        largest = max(abs(value) for value in values)
        raise ModelError(
            f"the record has {largest:g}, expected numbers that fit 32-bit floats"
        ) from None


def record(n_words: int, *values: int | float) -> bytes:
    """Pack a record, which must have `n_words` words."""
    if len(values) != n_words:
        raise AssertionError(f"a record has {len(values)} words, expected {n_words}")
    return words(*values)
