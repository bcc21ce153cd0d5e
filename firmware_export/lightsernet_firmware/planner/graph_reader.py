"""A graph as the planner reads it: who reads a tensor, and operators whose parts are checked."""

from __future__ import annotations

import math
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.errors import ModelError
from lightsernet_edge.model.tflite_graph import Graph, Operator, Tensor


class GraphReader:
    """A graph, and what its operators must have to be run row by row.

    A method raises `ModelError`, naming the operator or tensor, where the graph has something
    else.

    Parameters
    ----------
    graph : Graph
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._readers: dict[int, list[Operator]] = {}
        for operator in graph.operators:
            for slot, index in enumerate(operator.inputs):
                # The first operand is the activation; a concatenation has several.
                if slot == 0 or operator.name == "CONCATENATION":
                    self._readers.setdefault(index, []).append(operator)

    def readers(self, index: int) -> list[Operator]:
        """Return the operators that read a tensor as their activation."""
        return self._readers.get(index, [])

    def only_reader(self, index: int, name: str) -> Operator:
        """Return the only operator that reads a tensor, which must be called `name`."""
        readers = self.readers(index)
        if len(readers) != 1 or readers[0].name != name:
            found = ", ".join(reader.name for reader in readers) or "nothing"
            raise ModelError(
                f"tensor {self.graph.tensors[index].name!r} goes to {found}, expected {name}"
            )
        return readers[0]

    def ends(self, operator: Operator) -> tuple[Tensor, Tensor]:
        """Return an operator's input and output activations."""
        source = self.operand(operator, 0)
        if len(operator.outputs) != 1 or operator.outputs[0] < 0:
            self.refuse(operator, f"{len(operator.outputs)} outputs", "1")
        target = self.graph.tensors[operator.outputs[0]]
        expected = 2 if operator.name in ("FULLY_CONNECTED", "SOFTMAX") else 4
        for tensor in (source, target):
            if tensor.dtype != "int8":
                self.refuse(operator, f"{tensor.dtype} activations", "int8")
        if len(source.shape) != expected and not (
            operator.name == "FULLY_CONNECTED" and len(source.shape) == 4
        ):
            self.refuse(operator, f"an input of shape {list(source.shape)}", f"{expected} axes")
        return source, target

    def operand(self, operator: Operator, slot: int) -> Tensor:
        """Return an operator's operand."""
        if slot >= len(operator.inputs) or operator.inputs[slot] < 0:
            self.refuse(operator, f"{len(operator.inputs)} operands", f"at least {slot + 1}")
        return self.graph.tensors[operator.inputs[slot]]

    def weights(self, operator: Operator, rank: int) -> NDArray[np.int8]:
        """Return an operator's constant weights, with `rank` axes."""
        tensor = self.operand(operator, 1)
        if (
            tensor.dtype != "int8"
            or len(tensor.shape) != rank
            or min(tensor.shape) < 1
            or len(tensor.data) != math.prod(tensor.shape)
        ):
            self.refuse(
                operator,
                f"weights {tensor.dtype} {list(tensor.shape)} of {len(tensor.data)} bytes",
                f"constant int8 of {rank} axes",
            )
        return np.frombuffer(tensor.data, np.int8).reshape(tensor.shape)

    def require_same_quantization(self, operator: Operator, source: int, target: int) -> None:
        """Refuse an operator whose output differs from its input in scale or zero point."""
        before = self.graph.tensors[source].quantization
        after = self.graph.tensors[target].quantization
        if before != after:
            self.refuse(
                operator,
                f"scale {before.scale:.6g} at {before.zero_point} before and "
                f"{after.scale:.6g} at {after.zero_point} after",
                "the same, as TFLite asks for",
            )

    def refuse(self, operator: Operator, found: str, expected: str) -> NoReturn:
        """Raise the `ModelError` that says why an operator cannot be run."""
        position = next(i for i, other in enumerate(self.graph.operators) if other is operator)
        raise ModelError(
            f"operator {position} ({operator.name}) cannot be run row by row: found {found}, "
            f"expected {expected}"
        )


def option(operator: Operator, slot: int, code: str, default: int = 0) -> int:
    """Return a field of the operator's options."""
    return operator.options.scalar(slot, code, default) if operator.options else default
