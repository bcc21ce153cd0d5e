"""From the graph of a full-integer `.tflite` to a `NetworkPlan`, or a clear refusal."""

from __future__ import annotations

import dataclasses
import math
from typing import NamedTuple

import numpy as np

from lightsernet_edge.errors import ModelError
from lightsernet_edge.model.quantization import Quantization
from lightsernet_edge.model.tflite_graph import Graph, Operator

from .graph_reader import GraphReader, option
from .network_plan import Head, NetworkPlan, Path, Stage
from .operator_plans import plan_convolution, plan_pool, plan_requantization, plan_rescaling
from .requantization import Multiplier, SoftmaxScale
from .tiling import tile_width

# As docs/reference/blob-format.md bounds it.
_MAX_ROW_MACS = 2**28
# TFLite fixes the quantisation of softmax posteriors.
_POSTERIORS = Quantization(1.0 / 256.0, -128)
_FLOAT_ADVICE = (
    "train writes that as int8.tflite; convert a model of another origin with a representative "
    "data set and int8 input and output"
)
_ADVICE = {
    "float32": _FLOAT_ADVICE,
    "float16": _FLOAT_ADVICE,
    "int8 dynamic-range": "its weights are int8 but it computes in float32: convert it again "
    "with a representative data set and int8 input and output",
    "int8 with float ends": "it computes in int8, but takes and gives float32: convert it again "
    "with int8 input and output",
    "int16x8": "its weights are int8 but its activations int16: convert it again with int8 "
    "activations, input and output",
    "mixed": "convert it again with int8 input and output and only int8 operators",
}


def plan_network(graph: Graph) -> NetworkPlan:
    """Plan how a network runs row by row.

    Parameters
    ----------
    graph : Graph
        Graph of a Light-SERNet: stages of parallel stride-1 convolutions with 'same'
        padding and ReLU, average pools and a concatenation, then mean, dense
        layer and softmax. Any width, depth, kernel sizes, number of
        coefficients and labels.

    Raises
    ------
    ModelError
        If the model is not full-integer, or an operator or shape cannot be
        run row by row. The message names the operator.
    """
    if graph.precision != "int8":
        raise ModelError(
            f"the model is {graph.precision}, expected full-integer int8: "
            f"{_ADVICE[graph.precision]}"
        )
    if graph.unchecked:
        raise ModelError(f"the model has {', '.join(graph.unchecked)}, expected a Light-SERNet")
    return _Planner(graph).plan()


class _Branch(NamedTuple):
    """A path of a stage, its pool, and the tensor that it leads to."""

    path: Path
    pool: tuple[int, int]
    end: int


class _Planner:
    """Walks the graph from the input to the output."""

    def __init__(self, graph: Graph) -> None:
        self._graph = GraphReader(graph)
        self._visited = 0

    def plan(self) -> NetworkPlan:
        graph = self._graph.graph
        start = next(i for i, tensor in enumerate(graph.tensors) if tensor is graph.input)
        if len(graph.input.shape) != 4 or graph.input.shape[0] != 1 or graph.input.shape[3] != 1:
            raise ModelError(
                f"the model's input is {list(graph.input.shape)}, expected "
                "[1, frames, coefficients, 1]"
            )
        stages: list[Stage] = []
        index = start
        while all(operator.name == "CONV_2D" for operator in self._graph.readers(index)):
            if not self._graph.readers(index):
                raise ModelError("the model ends without MEAN, FULLY_CONNECTED and SOFTMAX")
            stage, index = self._stage(index, f"stage {len(stages) + 1}")
            stages.append(stage)
        if not stages:
            self._graph.refuse(
                self._graph.readers(index)[0], "this operator at the input", "CONV_2D"
            )
        if sum(stage.most_macs for stage in stages) > _MAX_ROW_MACS:
            raise ModelError(
                f"a row takes {sum(stage.most_macs for stage in stages)} multiply-accumulates, "
                f"expected at most {_MAX_ROW_MACS}"
            )
        head = self._head(index)
        if self._visited != len(graph.operators):
            raise ModelError(
                f"the model has {len(graph.operators)} operators, {self._visited} of which "
                "form a Light-SERNet; expected no others"
            )
        return NetworkPlan(graph.input.quantization, tuple(stages), head)

    def _stage(self, index: int, name: str) -> tuple[Stage, int]:
        """Plan the convolutions that read a tensor; return the tensor that they lead to, too."""
        tensor = self._graph.graph.tensors[index]
        branches = [self._branch(operator) for operator in self._graph.readers(index)]
        end = branches[0].end
        if len(branches) > 1:
            branches, end = self._concatenated(branches)
        pools = {branch.pool for branch in branches}
        if len(pools) > 1:
            raise ModelError(f"{name}: its paths have pools {sorted(pools)}, expected one size")
        paths: list[Path] = []
        for branch in branches:
            channel = sum(path.filters for path in paths)
            paths.append(dataclasses.replace(branch.path, first_channel=channel))
        pool = pools.pop()
        width, channels = tensor.shape[2:]
        stage = Stage(
            name=name,
            input_width=width,
            input_channels=channels,
            input_zero_point=tensor.quantization.zero_point,
            paths=tuple(paths),
            pool=pool,
            tile_width=tile_width(width, channels, [path.kernel for path in paths], pool),
        )
        return stage, end

    def _branch(self, operator: Operator) -> _Branch:
        """Plan a convolution, the pool and the rescaling behind it."""
        self._visited += 1
        weights, requantization = plan_convolution(self._graph, operator)
        end = operator.outputs[0]
        name = self._graph.graph.tensors[end].name
        pool = (1, 1)
        readers = self._graph.readers(end)
        if len(readers) == 1 and readers[0].name == "AVERAGE_POOL_2D":
            pool = plan_pool(self._graph, readers[0])
            end = readers[0].outputs[0]
            self._visited += 1
        rescaling = None
        readers = self._graph.readers(end)
        if len(readers) == 1 and readers[0].name == "QUANTIZE":
            rescaling = plan_rescaling(self._graph, readers[0])
            end = readers[0].outputs[0]
            self._visited += 1
        return _Branch(Path(name, weights, requantization, 0, rescaling), pool, end)

    def _concatenated(self, branches: list[_Branch]) -> tuple[list[_Branch], int]:
        """Put branches in the order of their concatenation; return the tensor it writes, too."""
        concatenation = self._graph.only_reader(branches[0].end, "CONCATENATION")
        self._visited += 1
        if set(concatenation.inputs) != {branch.end for branch in branches} or (
            len(concatenation.outputs) != 1
        ):
            self._graph.refuse(concatenation, "a tensor from outside the stage", "its paths alone")
        (end,) = concatenation.outputs
        rank = len(self._graph.graph.tensors[end].shape)
        if option(concatenation, 0, "i") not in (-1, rank - 1) or option(concatenation, 1, "b"):
            self._graph.refuse(
                concatenation,
                "another axis or an activation",
                "the axis of channels, no activation",
            )
        for branch in branches:
            self._graph.require_same_quantization(concatenation, branch.end, end)
        return sorted(branches, key=lambda branch: concatenation.inputs.index(branch.end)), end

    def _head(self, index: int) -> Head:
        mean = self._graph.only_reader(index, "MEAN")
        source, target = self._graph.ends(mean)
        axes = np.frombuffer(self._graph.operand(mean, 1).data, "<i4").tolist()
        if sorted(axis % 4 for axis in axes) != [1, 2]:
            self._graph.refuse(mean, f"axes {axes}", "time and coefficients, 1 and 2")
        dense = self._graph.only_reader(mean.outputs[0], "FULLY_CONNECTED")
        if option(dense, 1, "b"):
            self._graph.refuse(dense, "shuffled weights", "plain ones")
        weights = self._graph.weights(dense, 2)
        if weights.shape[1] != source.shape[3]:
            self._graph.refuse(
                dense, f"weights {list(weights.shape)}", f"{source.shape[3]} columns"
            )
        logits = self._graph.ends(dense)[1].quantization
        requantization = plan_requantization(self._graph, dense, weights, option(dense, 0, "b"))
        softmax = self._graph.only_reader(dense.outputs[0], "SOFTMAX")
        beta = float(softmax.options.scalar(0, "f") if softmax.options else 0.0)
        if not (math.isfinite(beta) and beta > 0):
            self._graph.refuse(softmax, f"beta {beta}", "a number above 0")
        if beta * logits.scale < SoftmaxScale.SMALLEST_STEP:
            self._graph.refuse(
                softmax, f"logits in steps of {beta * logits.scale:.6g}", "2^-27 or more"
            )
        output = self._graph.ends(softmax)[1]
        if output is not self._graph.graph.output or output.quantization != _POSTERIORS:
            self._graph.refuse(softmax, "another output quantisation", "1/256 and -128, at the end")
        self._visited += 3
        return Head(
            width=source.shape[2],
            channels=source.shape[3],
            input_zero_point=source.quantization.zero_point,
            mean_zero_point=target.quantization.zero_point,
            mean_multiplier=Multiplier.from_real(
                source.quantization.scale / target.quantization.scale
            ),
            weights=weights,
            requantization=requantization,
            softmax=SoftmaxScale.from_logits(logits.scale, beta),
        )
