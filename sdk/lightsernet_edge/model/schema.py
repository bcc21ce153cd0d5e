"""The tables of a `.tflite`, verified: an interpreter follows offsets without looking.

Slots and types are those of the TFLite schema, version 3
(tensorflow/compiler/mlir/lite/schema/schema.fbs).
"""

from __future__ import annotations

import struct

from ..errors import ModelError
from . import flatbuffer
from .flatbuffer import Table, unpack

# Type of a field: a letter of `struct` for a number, "[" and a letter for numbers, "str" for a
# text, the name of a table for one, "[" and its name for several. Fields that are not listed
# are refused where `_UNREAD` names them, and otherwise not known to any interpreter so far.
_FIELDS: dict[str, dict[int, str]] = {
    "Model": {
        0: "I",
        1: "[OperatorCode",
        2: "[SubGraph",
        3: "str",
        4: "[Buffer",
        5: "[i",
        6: "[Metadata",
        7: "[SignatureDef",
    },
    "OperatorCode": {0: "b", 1: "str", 2: "i", 3: "i"},
    "SubGraph": {0: "[Tensor", 1: "[i", 2: "[i", 3: "[Operator", 4: "str", 5: "i"},
    "Tensor": {
        0: "[i",
        1: "b",
        2: "I",
        3: "str",
        4: "QuantizationParameters",
        5: "B",
        7: "[i",
        8: "B",
    },
    "QuantizationParameters": {0: "[f", 1: "[f", 2: "[f", 3: "[q", 4: "B", 6: "i"},
    "Operator": {
        0: "I",
        1: "[i",
        2: "[i",
        3: "B",
        4: "options",
        5: "[B",
        6: "b",
        7: "[B",
        8: "[i",
        9: "Q",
        10: "Q",
        11: "B",
        13: "i",
    },
    "Buffer": {0: "[B", 1: "Q", 2: "Q"},
    "Metadata": {0: "str", 1: "I"},
    "SignatureDef": {0: "[TensorMap", 1: "[TensorMap", 2: "str", 4: "I"},
    "TensorMap": {0: "str", 1: "I"},
}
# What is refused, as its tables are not verified here: sparse weights, variants, blocks of
# scales, options of StableHLO, weights in other files.
_UNREAD = {
    "Model": {8: "groups of external buffers", 9: "external buffers"},
    "Tensor": {6: "sparse weights", 9: "variants of a tensor"},
    "QuantizationParameters": {5: "quantisation in blocks"},
    "Operator": {12: "an operator of StableHLO"},
}
# Options of the operators that `shape_rules` knows, by their number in the schema's union.
OPTIONS: dict[int, dict[int, str]] = {
    1: {0: "b", 1: "i", 2: "i", 3: "b", 4: "i", 5: "i", 6: "b"},  # Conv2DOptions
    2: {0: "b", 1: "i", 2: "i", 3: "i", 4: "b", 5: "i", 6: "i"},  # DepthwiseConv2DOptions
    5: {0: "b", 1: "i", 2: "i", 3: "i", 4: "i", 5: "b"},  # Pool2DOptions
    8: {0: "b", 1: "b", 2: "B", 3: "B", 4: "b"},  # FullyConnectedOptions
    9: {0: "f"},  # SoftmaxOptions
    10: {0: "i", 1: "b"},  # ConcatenationOptions
    11: {0: "b", 1: "B"},  # AddOptions
    17: {0: "[i"},  # ReshapeOptions
    21: {0: "b"},  # MulOptions
    27: {0: "B"},  # ReducerOptions
}


def verify(model: bytes, identifier: bytes) -> None:
    """Check that all that an interpreter reads of the tables lies inside of the bytes.

    Offsets, sizes of tables and vectors, the alignment of numbers, the ends of texts, and the
    indices of buffers and tensors in metadata and signatures. The options of operators are
    verified where `OPTIONS` has their type.

    Parameters
    ----------
    model : bytes
        A TFLite flatbuffer.
    identifier : bytes
        Its bytes 4 to 8.

    Raises
    ------
    ModelError
        If something lies outside, or the model has a part that cannot be verified.
    """
    root = flatbuffer.root(model, identifier)
    _Verifier(model).table(root, "Model")
    n_buffers = root.vector(4, 4)[1]
    for entry in root.tables(6):
        if entry.scalar(1, "I") >= n_buffers:
            raise ModelError("damaged: an entry of the metadata is in no buffer")
        if entry.blob(0) == b"CONTROL_DEPENDENCIES":
            raise ModelError("the model has an order of operators of its own, expected none")
    n_tensors = sum(graph.vector(0, 4)[1] for graph in root.tables(2)[:1])
    for signature in root.tables(7):
        if signature.scalar(4, "I") != 0:
            raise ModelError("damaged: a signature is of another subgraph than the first")
        for name in (*signature.tables(0), *signature.tables(1)):
            if name.scalar(1, "I") >= n_tensors:
                raise ModelError("damaged: a signature names a tensor that is not there")


class _Verifier:
    """Walks the tables of a flatbuffer, each once."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._seen: set[tuple[int, str]] = set()

    def table(self, table: Table, name: str) -> None:
        """Verify a table and all that it points to; `name` is that of its type."""
        if (table.position, name) in self._seen:
            return
        self._seen.add((table.position, name))
        self._layout(table)
        for slot, what in _UNREAD.get(name, {}).items():
            if table.field(slot):
                raise ModelError(f"the model has {what}, which is not supported")
        for slot, kind in _FIELDS[name].items():
            if kind == "options":
                self._options(table, slot)
            else:
                self._field(table, slot, kind)

    def _options(self, operator: Table, slot: int) -> None:
        options = operator.table(slot)
        if options is None:
            return
        self._field(operator, slot, "I")
        self._layout(options)
        for field, kind in OPTIONS.get(operator.scalar(3, "B"), {}).items():
            self._field(options, field, kind)

    def _layout(self, table: Table) -> None:
        """Verify that a table and its vtable lie inside, and that the one holds the fields."""
        start = table.position
        vtable = start - unpack(self._data, "<i", start)
        size = unpack(self._data, "<H", vtable)
        length = unpack(self._data, "<H", vtable + 2)
        if vtable % 2 or start % 4 or size < 4 or size % 2 or length < 4:
            raise ModelError(f"damaged: the table at byte {start} has no layout")
        if vtable + size > len(self._data) or start + length > len(self._data):
            raise ModelError(f"damaged: the table at byte {start} ends beyond the file")

    def _field(self, table: Table, slot: int, kind: str) -> None:
        position = table.field(slot)
        if not position:
            return
        is_number = len(kind) == 1
        size = struct.calcsize(kind) if is_number else 4
        vtable = table.position - unpack(self._data, "<i", table.position)
        length = unpack(self._data, "<H", vtable + 2)
        if position % size or position + size > table.position + length:
            raise ModelError(f"damaged: a field of the table at byte {table.position}")
        if is_number:
            return
        if not kind.startswith("[") and kind != "str":
            target = table.table(slot)
            assert target is not None
            self.table(target, kind)
            return
        item = "B" if kind == "str" else kind[1:]
        item_size = 4 if len(item) > 1 else struct.calcsize(item)
        start, count = table.vector(slot, item_size)
        if start % 4 or (count and start % item_size):
            raise ModelError(f"damaged: a vector begins at byte {start}, expected it aligned")
        if kind == "str":
            self._text(start, count)
        if len(item) > 1:
            for target in table.tables(slot):
                self.table(target, item)

    def _text(self, start: int, count: int) -> None:
        if count and self._data[start + count : start + count + 1] != b"\0":
            raise ModelError(f"damaged: the text at byte {start} has no end")
        try:
            self._data[start : start + count].decode()
        except UnicodeDecodeError:
            raise ModelError(f"damaged: the text at byte {start} is not UTF-8") from None
