"""What Google publishes of its Edge TPU compiler's conditions, asked of a graph.

Source: "TensorFlow models on the Edge TPU", https://coral.ai/docs/edgetpu/models-intro, of compiler
16.0, the last one. The compiler itself knows more: it alone says what is mapped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lightsernet_edge.model.tflite_graph import Graph, Operator, Tensor

# Of the elements of a softmax.
_SOFTMAX_ELEMENTS = 16_000
# The memory on the chip, which parameters are kept in between inferences.
_CHIP_BYTES = 8 * 1024 * 1024
# Slots of the operators' options in the schema: fused activations, dilations, weights' format.
_FUSED_ACTIVATION = {"AVERAGE_POOL_2D": 5, "MAX_POOL_2D": 5, "CONCATENATION": 1}
_DILATIONS = {"CONV_2D": (4, 5), "DEPTHWISE_CONV_2D": (5, 6)}
_WEIGHTS_FORMAT = 1
# Operators whose published limits are checked below, or that have none.
_UNLIMITED = ("ADD", "LOGISTIC", "MUL", "QUANTIZE", "RELU", "RELU6", "RESHAPE", "SUB", "TANH")


@dataclass(frozen=True)
class Condition:
    """A condition on the whole model.

    Attributes
    ----------
    what : str
        What the compiler asks for.
    found : str
    holds : bool
    """

    what: str
    found: str
    holds: bool


def model_conditions(graph: Graph, model_bytes: int) -> list[Condition]:
    """Return the conditions on a model as a whole; `model_bytes` is the size of its file."""
    wide = [t for t in graph.tensors if not t.data and any(size > 1 for size in t.shape[:-3])]
    open_sizes = [t.name for t in graph.tensors if -1 in t.signature]
    operands = [
        graph.tensors[operator.inputs[slot]]
        for operator in graph.operators
        if operator.name in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
        for slot in range(1, len(operator.inputs))
        if operator.inputs[slot] >= 0
    ]
    variable = [tensor.name for tensor in operands if not tensor.data]
    return [
        Condition(
            "every tensor is of integers of 8 bits, biases of 32",
            graph.precision,
            graph.precision == "int8",
        ),
        Condition(
            "every size is known", ", ".join(open_sizes) or "no size is open", not open_sizes
        ),
        Condition(
            "weights and biases are constants",
            ", ".join(variable) or "all are",
            not variable,
        ),
        Condition(
            "of a tensor, three innermost sizes alone are above 1",
            ", ".join(f"{tensor.name}: {tensor.shape}" for tensor in wide) or "so it is",
            not wide,
        ),
        Condition(
            "parameters fit the chip's memory of 8 MiB, or are loaded each time",
            f"{model_bytes:,} bytes",
            model_bytes <= _CHIP_BYTES,
        ),
    ]


def why_not_mapped(graph: Graph, operator: Operator) -> str | None:
    """Return the published limit that an operator breaks; None if it breaks none."""
    return next(_broken_limits(graph, operator), None)


def _broken_limits(graph: Graph, operator: Operator) -> Iterator[str]:
    inputs = [graph.tensors[index] for index in operator.inputs if index >= 0]
    name, output = operator.name, graph.tensors[operator.outputs[0]]
    if name in _FUSED_ACTIVATION:
        if _option(operator, _FUSED_ACTIVATION[name]) != 0:
            yield "has a fused activation"
        if name == "CONCATENATION" and any(tensor.data for tensor in inputs):
            yield "joins a constant"
    elif name in _DILATIONS:
        across, down = (_option(operator, slot, 1) for slot in _DILATIONS[name])
        if across != down:
            yield f"has dilations {across} and {down}"
    elif name == "FULLY_CONNECTED":
        if _option(operator, _WEIGHTS_FORMAT) != 0:
            yield "has weights of another format than the default"
        if any(size > 1 for size in output.shape[:-1]):
            yield f"has an output of several axes, {output.shape}"
    elif name == "SOFTMAX":
        if any(size > 1 for size in output.shape[:-1]):
            yield f"has an input of several axes, {output.shape}"
        if output.shape[-1] > _SOFTMAX_ELEMENTS:
            yield f"has {output.shape[-1]} elements"
    elif name == "MEAN":
        yield from _mean_limits(inputs[0], inputs[1])
    elif name == "PAD":
        if np.frombuffer(inputs[1].data, "<i4")[:2].any():
            yield "pads the batch"
    elif name not in _UNLIMITED:
        yield "is not on the list that is checked here"


def _mean_limits(tensor: Tensor, axes: Tensor) -> Iterator[str]:
    rank = len(tensor.shape)
    reduced = {int(axis) % rank for axis in np.frombuffer(axes.data, "<i4")}
    if 0 in reduced:
        yield "is over the batch"
    if rank - 1 in reduced and tensor.shape[-1] % 4:
        yield f"is over {tensor.shape[-1]} channels, no multiple of 4"


def _option(operator: Operator, slot: int, default: int = 0) -> int:
    """Return a number of an operator's options: bytes of enumerations, else of 32 bits."""
    if operator.options is None:
        return default
    code = "i" if operator.name in _DILATIONS else "b"
    return operator.options.scalar(slot, code, default)
