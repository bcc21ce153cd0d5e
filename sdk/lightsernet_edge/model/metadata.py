"""Adds a metadata entry to a TFLite file without changing the bytes of the model.

Offsets in a flatbuffer point forward, so a new root table in front of a model can refer
to the tables of the model. Format: https://flatbuffers.dev/internals.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from ..errors import ModelError
from . import flatbuffer
from .tflite_graph import IDENTIFIER

# Constants of a TFLite file are aligned to this in the file, in bytes.
_ALIGNMENT = 16
# Slots of the schema's table Model.
_VERSION, _CODES, _SUBGRAPHS, _DESCRIPTION, _BUFFERS, _METADATA_BUFFER, _METADATA, _SIGNATURES = (
    range(8)
)
_N_SLOTS = _SIGNATURES + 1


def find_entry(content: bytes, name: bytes) -> bytes | None:
    """Return the content of a metadata entry, or None if no entry has that name.

    Parameters
    ----------
    content : bytes
        A TFLite file.
    name : bytes
        Of the entry.

    Raises
    ------
    ModelError
        If the bytes are damaged.
    """
    root = flatbuffer.root(content, IDENTIFIER)
    for entry in root.tables(_METADATA):
        if entry.blob(0) == name:
            buffers = root.tables(_BUFFERS)
            index = entry.scalar(1, "I")
            if index >= len(buffers):
                raise ModelError(f"damaged: the record is in buffer {index} of {len(buffers)}")
            return buffers[index].blob(0)
    return None


def with_entry(model: bytes, name: bytes, content: bytes) -> bytes:
    """Put a new root table in front of a model, with one more metadata entry.

    Parameters
    ----------
    model : bytes
        A TFLite flatbuffer. The result ends with it, unchanged.
    name, content : bytes
        Of the entry.

    Returns
    -------
    bytes
        A TFLite file.

    Raises
    ------
    ModelError
        If the bytes of the model are damaged.
    """
    return _Front(flatbuffer.root(model, IDENTIFIER), name, content).build(model)


class _Front:
    """The bytes in front of a model: root table, two vectors, the entry and its buffer.

    Each table follows its vtable. Parts are aligned to 4 bytes, content and model to 16.
    """

    def __init__(self, old: flatbuffer.Table, name: bytes, content: bytes) -> None:
        self._old = old
        self._name = name
        self._content = content
        self._old_buffers, self._old_metadata = old.tables(_BUFFERS), old.tables(_METADATA)
        # Positions of the parts, from the start of the file.
        self._vtable = 8
        self._table = _aligned(self._vtable + 4 + 2 * _N_SLOTS, 4)
        self._buffers = self._table + 4 + 4 * _N_SLOTS
        self._metadata = self._buffers + 4 + 4 * (len(self._old_buffers) + 1)
        self._entry_vtable = self._metadata + 4 + 4 * (len(self._old_metadata) + 1)
        self._entry = self._entry_vtable + 8
        self._name_at = self._entry + 12
        self._buffer_vtable = _aligned(self._name_at + 4 + len(name) + 1, 4)
        self._buffer = _aligned(self._buffer_vtable + 6, 4)
        self._content_at = _aligned(self._buffer + 8 + 4, _ALIGNMENT) - 4
        self._model = _aligned(self._content_at + 4 + len(content), _ALIGNMENT)
        self._bytes = bytearray(self._model)

    def build(self, model: bytes) -> bytes:
        """Return these bytes with `model` after them."""
        self._write_root(model)
        self._write_vector(self._buffers, self._old_buffers, self._buffer)
        self._write_vector(self._metadata, self._old_metadata, self._entry)
        self._write_entry()
        self._write_buffer()
        return bytes(self._bytes) + model

    def _write_root(self, model: bytes) -> None:
        self._put(0, "I", self._table)
        self._bytes[4:8] = IDENTIFIER
        self._put(self._vtable, "2H", 4 + 2 * _N_SLOTS, 4 + 4 * _N_SLOTS)
        self._put(self._table, "i", self._table - self._vtable)
        targets = {_BUFFERS: self._buffers, _METADATA: self._metadata}
        for slot in (_CODES, _SUBGRAPHS, _DESCRIPTION, _METADATA_BUFFER, _SIGNATURES):
            if position := self._old.field(slot):
                offset = flatbuffer.unpack(model, "<I", position)
                targets[slot] = self._model + position + offset
        for slot in (_VERSION, *targets):
            position = self._table + 4 + 4 * slot
            self._put(self._vtable + 4 + 2 * slot, "H", position - self._table)
            if slot == _VERSION:
                self._put(position, "I", self._old.scalar(_VERSION, "I"))
            else:
                self._point(position, targets[slot])

    def _write_vector(self, at: int, old: Sequence[flatbuffer.Table], added: int) -> None:
        self._put(at, "I", len(old) + 1)
        for index, target in enumerate([*(self._model + table.position for table in old), added]):
            self._point(at + 4 + 4 * index, target)

    def _write_entry(self) -> None:
        self._put(self._entry_vtable, "4H", 8, 12, 4, 8)
        self._put(self._entry, "i", self._entry - self._entry_vtable)
        self._point(self._entry + 4, self._name_at)
        self._put(self._entry + 8, "I", len(self._old_buffers))
        self._write_blob(self._name_at, self._name)

    def _write_buffer(self) -> None:
        self._put(self._buffer_vtable, "3H", 6, 8, 4)
        self._put(self._buffer, "i", self._buffer - self._buffer_vtable)
        self._point(self._buffer + 4, self._content_at)
        self._write_blob(self._content_at, self._content)

    def _write_blob(self, at: int, content: bytes) -> None:
        self._put(at, "I", len(content))
        self._bytes[at + 4 : at + 4 + len(content)] = content

    def _put(self, position: int, code: str, *values: int) -> None:
        struct.pack_into("<" + code, self._bytes, position, *values)

    def _point(self, position: int, target: int) -> None:
        self._put(position, "I", target - position)


def _aligned(position: int, to: int) -> int:
    return -(-position // to) * to
