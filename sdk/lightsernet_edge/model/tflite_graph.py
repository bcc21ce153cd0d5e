"""The graph of a `.tflite` file: its tensors and operators, read within bounds.

The numbers of slots, types and operators are those of the TFLite schema
(tensorflow/compiler/mlir/lite/schema/schema.fbs, version 3).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError
from . import flatbuffer
from .flatbuffer import Table
from .quantization import Quantization

IDENTIFIER = b"TFL3"

_DTYPES = {
    0: "float32",
    1: "float16",
    2: "int32",
    3: "uint8",
    4: "int64",
    5: "string",
    6: "bool",
    7: "int16",
    9: "int8",
    10: "float64",
    17: "int4",
}
_OPERATORS = {
    0: "ADD",
    1: "AVERAGE_POOL_2D",
    2: "CONCATENATION",
    3: "CONV_2D",
    4: "DEPTHWISE_CONV_2D",
    6: "DEQUANTIZE",
    9: "FULLY_CONNECTED",
    14: "LOGISTIC",
    17: "MAX_POOL_2D",
    18: "MUL",
    19: "RELU",
    22: "RESHAPE",
    21: "RELU6",
    25: "SOFTMAX",
    28: "TANH",
    32: "CUSTOM",
    34: "PAD",
    40: "MEAN",
    114: "QUANTIZE",
}
# By the type of the activations that meet the weights.
_WITH_INT8_WEIGHTS = {
    "float32": "int8 dynamic-range",
    "int8": "int8 with float ends",
    "int16": "int16x8",
}


@dataclass(frozen=True)
class Tensor:
    """A tensor of the graph.

    Attributes
    ----------
    name : str
    shape : tuple of int
    dtype : str
        NumPy's name, or ``type N`` for a type that is not in the table here.
    scales : tuple of float
        Empty, one value, or one value per channel.
    zero_points : tuple of int
        As many as `scales`.
    data : bytes
        The bytes of a constant, little-endian; empty for an activation.
    channel_axis : int
        The axis that has one scale per channel, where there are several scales.
    signature : tuple of int
        The shape with -1 for sizes that are open; empty if none is.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    data: bytes
    channel_axis: int = 0
    signature: tuple[int, ...] = ()

    @property
    def quantization(self) -> Quantization:
        """The tensor's scale and zero point.

        Raises
        ------
        ModelError
            If it has none, or one per channel.
        """
        if len(self.scales) != 1 or len(self.zero_points) != 1:
            raise ModelError(
                f"tensor {self.name!r} has {len(self.scales)} scales, expected one scale"
            )
        return Quantization(self.scales[0], self.zero_points[0])


@dataclass(frozen=True)
class Operator:
    """A step of the graph.

    Attributes
    ----------
    name : str
        As in the schema, for example ``CONV_2D``.
    inputs, outputs : tuple of int
        Indices of tensors; -1 for an input that is left out.
    options : Table or None
        The operator's own table in the file.
    options_type : int
        Its type, a number of the schema's union ``BuiltinOptions``; 0 for none.
    """

    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Table | None
    options_type: int = 0


@dataclass(frozen=True)
class Graph:
    """The only subgraph of a model; it has one input and one output.

    Attributes
    ----------
    tensors : tuple of Tensor
    operators : tuple of Operator
        In order of execution.
    input, output : Tensor
    unchecked : tuple of str
        What of it `graph_check` has no rules for, such as the names of operators.
    """

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    input: Tensor
    output: Tensor
    unchecked: tuple[str, ...] = ()

    @cached_property
    def precision(self) -> str:
        """The kind of numbers that the model computes with.

        ``int8`` (full-integer), ``int8 with float ends``, ``int16x8`` (activations int16,
        weights int8), ``int8 dynamic-range`` (weights int8, computes in float32), ``float16``
        (weights), ``float32`` or ``mixed``. Full-integer means that every tensor is int8 or
        int32. Microcontrollers, the Edge TPU and the Ethos-U accept nothing else.
        """
        dtypes = {tensor.dtype for tensor in self.tensors}
        if dtypes <= {"int8", "int32"}:
            return "int8"
        if self.input.dtype != "float32":
            return "mixed"
        weights = {self._constant(op, 1).dtype for op in self._weighted()}
        if "int8" in weights:
            activations = {self.tensors[op.inputs[0]].dtype for op in self._weighted()}
            computing = "+".join(sorted(activations))
            return _WITH_INT8_WEIGHTS.get(computing, "mixed")
        if "float16" in weights:
            return "float16"
        return "float32"

    @cached_property
    def parameters(self) -> int:
        """Number of weights and biases."""
        return sum(
            math.prod(self._constant(op, slot).shape)
            for op in self._weighted()
            for slot in range(1, len(op.inputs))
            if op.inputs[slot] >= 0
        )

    @cached_property
    def macs(self) -> int:
        """Number of multiply-accumulates of one invocation, at the input shape in the file."""
        total = 0
        for op in self._weighted():
            weights = self._constant(op, 1).shape
            per_output = math.prod(weights[1:3] if op.name == "DEPTHWISE_CONV_2D" else weights[1:])
            total += math.prod(self.tensors[op.outputs[0]].shape) * per_output
        return total

    def posteriors(self, output: NDArray[np.float32] | NDArray[np.int8]) -> NDArray[np.float64]:
        """Return the raw output, shape (n_labels,), as posteriors in 0..1.

        Raises
        ------
        ModelError
            If they are no finite numbers.
        """
        if self.output.dtype == "int8":
            return self.output.quantization.dequantize(output)
        if not np.isfinite(output).all():
            raise ModelError("the model's output is not finite: its weights are damaged")
        return output.astype(np.float64)

    def _weighted(self) -> list[Operator]:
        names = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
        return [op for op in self.operators if op.name in names and len(op.inputs) >= 2]

    def _constant(self, operator: Operator, slot: int) -> Tensor:
        """Return an operand as it is stored: float16 weights pass through a DEQUANTIZE."""
        index = operator.inputs[slot]
        for producer in self.operators:
            if producer.name == "DEQUANTIZE" and producer.outputs == (index,):
                return self.tensors[producer.inputs[0]]
        return self.tensors[index]


def read_graph(model: bytes) -> Graph:
    """Read the graph of a TFLite model.

    Parameters
    ----------
    model : bytes
        The file's content.

    Raises
    ------
    ModelError
        If the bytes are damaged, or the model has other than one subgraph, input and
        output.
    """
    root = flatbuffer.root(model, IDENTIFIER)
    buffers = root.tables(4)
    if sum(buffer.vector(0, 1)[1] for buffer in buffers) > len(model):
        raise ModelError("damaged: buffers share their bytes")
    constants = [buffer.blob(0) for buffer in buffers]
    if any(buffer.scalar(1, "Q") > 1 for buffer in buffers):
        raise ModelError("weights lie outside the flatbuffer, expected them inside (below 2 GB)")
    names = [_operator_name(code) for code in root.tables(1)]
    subgraphs = root.tables(2)
    if len(subgraphs) != 1:
        raise ModelError(f"the model has {len(subgraphs)} subgraphs, expected 1")
    subgraph = subgraphs[0]
    tensors = tuple(_tensor(table, constants) for table in subgraph.tables(0))
    operators = tuple(_operator(table, names, len(tensors)) for table in subgraph.tables(3))
    ends = []
    for slot, what in ((1, "inputs"), (2, "outputs")):
        indices = _indices(subgraph, slot, len(tensors))
        if len(indices) != 1 or indices[0] < 0:
            raise ModelError(f"the model has {len(indices)} {what}, expected 1")
        ends.append(tensors[indices[0]])
    return Graph(tensors, operators, ends[0], ends[1])


def _operator_name(code: Table) -> str:
    # The code was a byte in earlier versions of the schema; the larger field is valid.
    number = max(code.scalar(0, "b"), code.scalar(3, "i"))
    return _OPERATORS.get(number, f"operator {number}")


def _tensor(table: Table, constants: list[bytes]) -> Tensor:
    number = table.scalar(1, "b")
    buffer = table.scalar(2, "I")
    if buffer >= len(constants):
        raise ModelError(f"damaged: a tensor uses buffer {buffer} of {len(constants)}")
    quantization = table.table(4)
    return Tensor(
        name=table.blob(3).decode("utf-8", "replace"),
        shape=tuple(int(size) for size in table.numbers(0, "i")),
        dtype=_DTYPES.get(number, f"type {number}"),
        scales=tuple(quantization.numbers(2, "f")) if quantization else (),
        zero_points=tuple(int(z) for z in quantization.numbers(3, "q")) if quantization else (),
        data=constants[buffer],
        channel_axis=quantization.scalar(6, "i") if quantization else 0,
        signature=tuple(int(size) for size in table.numbers(7, "i")),
    )


def _operator(table: Table, names: list[str], n_tensors: int) -> Operator:
    code = table.scalar(0, "I")
    if code >= len(names):
        raise ModelError(f"damaged: an operator uses code {code} of {len(names)}")
    return Operator(
        names[code],
        _indices(table, 1, n_tensors),
        _indices(table, 2, n_tensors),
        table.table(4),
        table.scalar(3, "B"),
    )


def _indices(table: Table, slot: int, n_tensors: int) -> tuple[int, ...]:
    indices = tuple(int(index) for index in table.numbers(slot, "i"))
    for index in indices:
        if not -1 <= index < n_tensors:
            raise ModelError(f"damaged: tensor {index} of {n_tensors} is used")
    return indices
