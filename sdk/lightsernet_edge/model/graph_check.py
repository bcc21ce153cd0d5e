"""A graph whose parts fit one another, from the input to the output.

What a graph says of itself is checked before a planner or an interpreter sees it: every
tensor is a constant of its size, the input, or written once before it is read; every shape
follows from the last; and the work of a row of features has a limit.
"""

from __future__ import annotations

import dataclasses
import math

from ..errors import ModelError
from .graph_step import Shape, Step
from .schema import verify
from .shape_rules import RULES
from .tflite_graph import IDENTIFIER, Graph, Tensor, read_graph

_ITEM_BYTES = {"float32": 4, "float16": 2, "int32": 4, "int64": 8, "int8": 1, "int16": 2}
_MAX_AXES = 8
_MAX_SIZE = 2**20
# Of one tensor, in numbers.
_MAX_NUMBERS = 2**26
_MAX_OPERATORS = 2**12
_MAX_OPERANDS = 2**8
# Of one row of features, 150 and 36 times those of the model that ships: multiply-accumulates,
# and numbers that the operators write.
_MAX_ROW_MACS = 2**27
_MAX_ROW_NUMBERS = 2**18
# Rows of features at which shapes are followed where a model leaves their number open.
_OPEN_ROWS = 256
_MAX_ROWS = 2**14


def read_checked_graph(model: bytes) -> Graph:
    """Read the graph of a TFLite model, and check that its parts fit one another.

    Parameters
    ----------
    model : bytes
        The file's content, without a record in front or with one.

    Returns
    -------
    Graph
        Its `unchecked` names the operators that have no rule here. Shapes behind them are not
        followed, so an interpreter may crash on such a graph.

    Raises
    ------
    ModelError
        If the bytes are damaged, parts of the graph do not fit one another, or the work of a
        row is beyond its limit.
    """
    verify(model, IDENTIFIER)
    graph = read_graph(model)
    if len(graph.operators) > _MAX_OPERATORS:
        raise ModelError(f"found {len(graph.operators)} operators, expected {_MAX_OPERATORS}")
    if sum(len(tensor.scales) for tensor in graph.tensors) > len(model) // 4:
        raise ModelError("damaged: more scales than the file has bytes for")
    for tensor in graph.tensors:
        _check_tensor(tensor)
    _check_order(graph)
    unchecked = {operator.name for operator in graph.operators if operator.name not in RULES}
    unchecked |= {f"type {t.dtype}" for t in graph.tensors if t.dtype not in _ITEM_BYTES}
    if unchecked:
        return dataclasses.replace(graph, unchecked=tuple(sorted(unchecked)))
    _follow_shapes(graph)
    return graph


def _check_tensor(tensor: Tensor) -> None:
    shape = tensor.shape
    if len(shape) > _MAX_AXES or not all(1 <= size <= _MAX_SIZE for size in shape):
        raise ModelError(
            f"tensor {tensor.name!r}: found shape {list(shape[: _MAX_AXES + 1])}, expected at most "
            f"{_MAX_AXES} sizes in 1..{_MAX_SIZE}"
        )
    numbers = math.prod(shape)
    if numbers > _MAX_NUMBERS:
        raise ModelError(
            f"tensor {tensor.name!r}: found {numbers} numbers, expected {_MAX_NUMBERS} at most"
        )
    expected = numbers * _ITEM_BYTES.get(tensor.dtype, 0)
    if tensor.data and expected and len(tensor.data) != expected:
        raise ModelError(
            f"tensor {tensor.name!r}: found {len(tensor.data)} bytes, expected {expected} for "
            f"{tensor.dtype} {list(shape)}"
        )
    if tensor.signature and len(tensor.signature) != len(shape):
        raise ModelError(f"tensor {tensor.name!r}: found two shapes of different length")
    if tensor.scales and len(tensor.zero_points) != len(tensor.scales):
        raise ModelError(
            f"tensor {tensor.name!r}: found {len(tensor.scales)} scales and "
            f"{len(tensor.zero_points)} zero points, expected as many"
        )
    if tensor.scales and shape and not 0 <= tensor.channel_axis < len(shape):
        raise ModelError(f"tensor {tensor.name!r}: found scales along axis {tensor.channel_axis}")


def _check_order(graph: Graph) -> None:
    """Refuse operators that write what is not theirs, or read what nobody wrote."""
    tensors = graph.tensors
    written = {i for i, tensor in enumerate(tensors) if tensor.data or tensor is graph.input}
    if graph.input.data:
        raise ModelError("the model's input is a constant")
    for position, operator in enumerate(graph.operators):
        where = f"operator {position} ({operator.name})"
        if not operator.outputs or len(operator.inputs) + len(operator.outputs) > _MAX_OPERANDS:
            raise ModelError(
                f"{where}: found {len(operator.inputs)} inputs and {len(operator.outputs)} outputs"
            )
        # Operators without a rule may have state, which nobody writes before it is read.
        if operator.name in RULES:
            for index in operator.inputs:
                if index >= 0 and index not in written:
                    raise ModelError(f"{where}: reads {tensors[index].name!r} before it is written")
        for index in operator.outputs:
            if index < 0 or index in written:
                raise ModelError(f"{where}: writes a constant, the input, or what is written")
            written.add(index)
    if not any(tensors[i] is graph.output for op in graph.operators for i in op.outputs):
        raise ModelError("the model's output is written by no operator")


def _follow_shapes(graph: Graph) -> None:
    """Follow the shapes from the input to the output, and add up the work."""
    rows, is_open = _rows(graph)
    shapes: dict[int, Shape] = {}
    for index, tensor in enumerate(graph.tensors):
        if tensor is graph.input and is_open:
            shapes[index] = (tensor.shape[0], rows, *tensor.shape[2:])
        else:
            shapes[index] = tensor.shape
    macs = numbers = 0
    for position, operator in enumerate(graph.operators):
        step = _step(graph, shapes, position)
        rule, options_type = RULES[operator.name]
        if options_type is not None and operator.options_type not in (0, options_type):
            step.refuse(f"options of type {operator.options_type}", f"type {options_type}")
        if options_type is not None and operator.options is not None and not operator.options_type:
            step.refuse("options without a type", f"type {options_type}")
        shape = rule(step)
        stored = step.output.shape
        signature = step.output.signature or stored
        if not is_open and (
            len(stored) != len(shape)
            or any(s not in (-1, size) for s, size in zip(signature, shape, strict=True))
        ):
            step.refuse(f"an output of shape {list(stored)}", f"{list(shape)}")
        shapes[operator.outputs[0]] = shape
        numbers += math.prod(shape)
        if operator.name in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
            weights = step.shapes[1]
            macs += math.prod(shape) * math.prod(
                weights[1:3] if operator.name == "DEPTHWISE_CONV_2D" else weights[1:]
            )
        elif operator.name in ("AVERAGE_POOL_2D", "MAX_POOL_2D"):
            macs += math.prod(shape) * step.step(3) * step.step(4)
        for found, limit, unit in (
            (macs, _MAX_ROW_MACS, "multiply-accumulates"),
            (numbers, _MAX_ROW_NUMBERS, "numbers"),
        ):
            if found > limit * rows:
                raise ModelError(
                    f"the model takes {found // rows} {unit} for each row of its input, expected "
                    f"at most {limit}"
                )


def _rows(graph: Graph) -> tuple[int, bool]:
    """Return the rows of the graph's input, and whether the model leaves them open."""
    shape, signature = graph.input.shape, graph.input.signature
    if len(shape) < 2:
        return 1, False
    if not shape[1] <= _MAX_ROWS:
        raise ModelError(f"the model's input has {shape[1]} rows, expected at most {_MAX_ROWS}")
    is_open = shape[1] == 1 or (len(signature) > 1 and signature[1] == -1)
    return (_OPEN_ROWS if is_open else shape[1]), is_open


def _step(graph: Graph, shapes: dict[int, Shape], position: int) -> Step:
    operator = graph.operators[position]
    where = f"operator {position} ({operator.name})"
    if len(operator.outputs) != 1:
        raise ModelError(f"{where}: found {len(operator.outputs)} outputs, expected 1")
    return Step(
        operator,
        where,
        [graph.tensors[index] if index >= 0 else None for index in operator.inputs],
        [shapes[index] if index >= 0 else () for index in operator.inputs],
        graph.tensors[operator.outputs[0]],
    )
