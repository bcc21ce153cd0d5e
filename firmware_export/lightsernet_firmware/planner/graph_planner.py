"""From the graph of a full-integer `.tflite` to a `NetworkPlan`, or a clear refusal."""

from __future__ import annotations

import math
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.errors import ModelError
from lightsernet_edge.model.file import ModelFile
from lightsernet_edge.model.quantization import Quantization
from lightsernet_edge.model.tflite_graph import Graph, Operator, Tensor

from .network_plan import Head, NetworkPlan, Path, Requantization, Rescaling, Stage
from .requantization import Multiplier, SoftmaxScale
from .tiling import tile_width

# Numbers of the TFLite schema: Padding, ActivationFunctionType.
_SAME = 0
_NO_ACTIVATION, _RELU, _RELU6 = 0, 1, 3
# Softmax posteriors have this quantisation in TFLite, whatever the model.
_POSTERIORS = Quantization(1.0 / 256.0, -128)
# Doubled accumulators must fit 32 bits, so that the high half of a product is
# the rounded doubling product that TFLite computes.
_ACCUMULATOR_LIMIT = 2**30 - 1
_FLOAT_ADVICE = (
    "train writes that as int8.tflite; convert a model of another origin with a representative "
    "data set and int8 input and output"
)
_ADVICE = {
    "float32": _FLOAT_ADVICE,
    "float16": _FLOAT_ADVICE,
    "int8 dynamic-range": "its weights are int8 but it computes in float32: convert it again "
    "with a representative data set and int8 input and output",
    "mixed": "convert it again with int8 input and output and only int8 operators",
}


def plan_of(file: ModelFile) -> NetworkPlan:
    """Plan how a model file's network runs row by row.

    Raises
    ------
    ModelError
        As `plan_network`; it names the file.
    """
    try:
        return plan_network(file.graph)
    except ModelError as error:
        raise ModelError(f"{file.path}: {error}") from None


def plan_network(graph: Graph) -> NetworkPlan:
    """Plan how a network runs row by row.

    Parameters
    ----------
    graph : Graph
        Of a Light-SERNet: stages of parallel stride-1 convolutions with 'same'
        padding and ReLU, average pools and a concatenation, then mean, dense
        layer and softmax. Any width, depth, kernel sizes, number of
        coefficients and labels.

    Raises
    ------
    ModelError
        If the model is not full-integer, or an operator or shape cannot be
        run row by row; it names the operator.
    """
    if graph.precision != "int8":
        raise ModelError(
            f"the model is {graph.precision}, expected full-integer int8: "
            f"{_ADVICE[graph.precision]}"
        )
    return _Planner(graph).plan()


class _Planner:
    """Walks the graph from the input to the output."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._readers: dict[int, list[Operator]] = {}
        for operator in graph.operators:
            for slot, index in enumerate(operator.inputs):
                # The first operand is the activation, save in a concatenation.
                if slot == 0 or operator.name == "CONCATENATION":
                    self._readers.setdefault(index, []).append(operator)
        self._visited = 0

    def plan(self) -> NetworkPlan:
        graph = self._graph
        start = next(i for i, tensor in enumerate(graph.tensors) if tensor is graph.input)
        if len(graph.input.shape) != 4 or graph.input.shape[0] != 1 or graph.input.shape[3] != 1:
            raise ModelError(
                f"the model's input is {list(graph.input.shape)}, expected "
                "[1, frames, coefficients, 1]"
            )
        stages: list[Stage] = []
        index = start
        while all(operator.name == "CONV_2D" for operator in self._readers.get(index, ())):
            if not self._readers.get(index):
                raise ModelError("the model ends without MEAN, FULLY_CONNECTED and SOFTMAX")
            stage, index = self._stage(index, f"stage {len(stages) + 1}")
            stages.append(stage)
        if not stages:
            self._refuse(self._readers[index][0], "stands at the input", "CONV_2D")
        head = self._head(index)
        if self._visited != len(graph.operators):
            raise ModelError(
                f"the model has {len(graph.operators)} operators, {self._visited} of which "
                "form a Light-SERNet; expected no others"
            )
        return NetworkPlan(graph.input.quantization, tuple(stages), head)

    def _stage(self, index: int, name: str) -> tuple[Stage, int]:
        """Plan the convolutions that read a tensor; return the tensor they lead to."""
        tensor = self._graph.tensors[index]
        branches = [self._branch(operator) for operator in self._readers[index]]
        end = branches[0][2]
        if len(branches) > 1:
            concatenation = self._reader(end, "CONCATENATION")
            self._visited += 1
            if set(concatenation.inputs) != {branch[2] for branch in branches} or (
                len(concatenation.outputs) != 1
            ):
                self._refuse(concatenation, "joins other tensors", "the paths of one stage")
            rank = len(self._graph.tensors[concatenation.outputs[0]].shape)
            if _option(concatenation, 0, "i") not in (-1, rank - 1) or _option(
                concatenation, 1, "b"
            ):
                self._refuse(concatenation, "joins rows or columns", "channels, no activation")
            for branch in branches:
                self._same_quantization(concatenation, branch[2], concatenation.outputs[0])
            branches.sort(key=lambda branch: concatenation.inputs.index(branch[2]))
            end = concatenation.outputs[0]
        pools = {branch[1] for branch in branches}
        if len(pools) > 1:
            raise ModelError(f"{name}: its paths have pools {sorted(pools)}, expected one size")
        paths = []
        channel = 0
        for path, _, _ in branches:
            paths.append(
                Path(path.name, path.weights, path.requantization, channel, path.rescaling)
            )
            channel += path.filters
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

    def _branch(self, operator: Operator) -> tuple[Path, tuple[int, int], int]:
        """Plan a convolution, the pool and the rescaling behind it."""
        self._visited += 1
        weights, requantization = self._convolution(operator)
        name = self._graph.tensors[operator.outputs[0]].name
        end = operator.outputs[0]
        pool = (1, 1)
        readers = self._readers.get(end, [])
        if len(readers) == 1 and readers[0].name == "AVERAGE_POOL_2D":
            pool = self._pool(readers[0])
            end = readers[0].outputs[0]
            self._visited += 1
        rescaling = None
        readers = self._readers.get(end, [])
        if len(readers) == 1 and readers[0].name == "QUANTIZE":
            rescaling = self._rescaling(readers[0])
            end = readers[0].outputs[0]
            self._visited += 1
        return Path(name, weights, requantization, 0, rescaling), pool, end

    def _convolution(self, operator: Operator) -> tuple[NDArray[np.int8], Requantization]:
        source, target = self._ends(operator)
        strides = _option(operator, 1, "i"), _option(operator, 2, "i")
        dilations = _option(operator, 4, "i", 1), _option(operator, 5, "i", 1)
        if strides != (1, 1) or dilations != (1, 1):
            self._refuse(operator, f"strides {strides}, dilations {dilations}", "1 and 1")
        if _option(operator, 0, "b") != _SAME:
            self._refuse(operator, "padding 'valid'", "'same'")
        weights = self._weights(operator, 4)
        if weights.shape[3] != source.shape[3] or weights.shape[0] != target.shape[3]:
            self._refuse(
                operator,
                f"weights {list(weights.shape)} between {source.shape[3]} and "
                f"{target.shape[3]} channels",
                "one group",
            )
        return weights, self._requantization(operator, weights, _option(operator, 3, "b"))

    def _pool(self, operator: Operator) -> tuple[int, int]:
        source, _ = self._ends(operator)
        strides = _option(operator, 2, "i"), _option(operator, 1, "i")
        size = _option(operator, 4, "i"), _option(operator, 3, "i")
        if strides != size or size[0] not in (1, 2) or not 1 <= size[1] <= 64:
            self._refuse(
                operator,
                f"pool {size[0]}x{size[1]} with strides {strides[0]}x{strides[1]}",
                "windows that do not overlap, at most 2 rows high",
            )
        padding = _option(operator, 0, "b")
        if padding != _SAME:
            self._refuse(operator, "padding 'valid'", "'same'")
        # 'same' pads half in front: with 2 columns or more it would shift the windows.
        if -source.shape[2] % size[1] >= 2:
            self._refuse(
                operator,
                f"pool {size[1]} wide over {source.shape[2]} columns",
                "at most one column left over",
            )
        if _option(operator, 5, "b") != _NO_ACTIVATION:
            self._refuse(operator, "a fused activation", "none")
        self._same_quantization(operator, operator.inputs[0], operator.outputs[0])
        return size

    def _rescaling(self, operator: Operator) -> Rescaling:
        source, target = (t.quantization for t in self._ends(operator))
        return Rescaling(
            Multiplier.from_real(source.scale / target.scale), source.zero_point, target.zero_point
        )

    def _head(self, index: int) -> Head:
        mean = self._reader(index, "MEAN")
        source, target = self._ends(mean)
        axes = np.frombuffer(self._operand(mean, 1).data, "<i4").tolist()
        if sorted(axis % 4 for axis in axes) != [1, 2]:
            self._refuse(mean, f"axes {axes}", "time and coefficients, 1 and 2")
        dense = self._reader(mean.outputs[0], "FULLY_CONNECTED")
        if _option(dense, 1, "b"):
            self._refuse(dense, "shuffled weights", "plain ones")
        weights = self._weights(dense, 2)
        if weights.shape[1] != source.shape[3]:
            self._refuse(dense, f"weights {list(weights.shape)}", f"{source.shape[3]} columns")
        logits = self._ends(dense)[1].quantization
        requantization = self._requantization(dense, weights, _option(dense, 0, "b"))
        softmax = self._reader(dense.outputs[0], "SOFTMAX")
        beta = float(softmax.options.scalar(0, "f") if softmax.options else 0.0)
        if not (math.isfinite(beta) and beta > 0):
            self._refuse(softmax, f"beta {beta}", "a number above 0")
        if beta * logits.scale < SoftmaxScale.SMALLEST_STEP:
            self._refuse(softmax, f"logits in steps of {beta * logits.scale:.6g}", "2^-27 or more")
        output = self._ends(softmax)[1]
        if output is not self._graph.output or output.quantization != _POSTERIORS:
            self._refuse(softmax, "another output quantisation", "1/256 and -128, at the end")
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

    def _requantization(
        self, operator: Operator, weights: NDArray[np.int8], activation: int
    ) -> Requantization:
        """Derive bias and multipliers as TFLite's kernels do when they are prepared."""
        source, target = (tensor.quantization for tensor in self._ends(operator))
        channels = weights.shape[0]
        constant = self._operand(operator, 1)
        if len(constant.scales) not in (1, channels) or any(constant.zero_points):
            self._refuse(
                operator, f"{len(constant.scales)} scales of weights", "one or one a channel, at 0"
            )
        scales = constant.scales if len(constant.scales) > 1 else constant.scales * channels
        if not all(math.isfinite(scale) and scale > 0 for scale in scales):
            self._refuse(operator, "a weight scale that is not above 0", "scales above 0")
        bias = np.zeros(channels, np.int64)
        if len(operator.inputs) > 2 and operator.inputs[2] >= 0:
            tensor = self._operand(operator, 2)
            if tensor.dtype != "int32" or len(tensor.data) != 4 * channels:
                self._refuse(operator, f"bias {tensor.dtype} {list(tensor.shape)}", "int32")
            bias = np.frombuffer(tensor.data, "<i4").astype(np.int64)
        flat = weights.reshape(channels, -1).astype(np.int64)
        bias = bias - source.zero_point * flat.sum(axis=1)
        multipliers = tuple(
            Multiplier.from_real(source.scale * scale / target.scale) for scale in scales
        )
        bound = np.abs(bias) + 128 * np.abs(flat).sum(axis=1)
        bound = bound * np.array([2 ** max(m.shift, 0) for m in multipliers], dtype=object)
        if max(bound) > _ACCUMULATOR_LIMIT:
            self._refuse(operator, f"accumulators up to {max(bound)}", f"{_ACCUMULATOR_LIMIT}")
        minimum, maximum = -128, 127
        if activation in (_RELU, _RELU6):
            minimum = target.zero_point
            if activation == _RELU6:
                maximum = min(127, target.zero_point + round(6.0 / target.scale))
        elif activation != _NO_ACTIVATION:
            self._refuse(operator, f"activation {activation}", "none, ReLU or ReLU6")
        return Requantization(bias, multipliers, target.zero_point, minimum, maximum)

    def _reader(self, index: int, name: str) -> Operator:
        """Return the one operator that reads a tensor."""
        readers = self._readers.get(index, [])
        if len(readers) != 1 or readers[0].name != name:
            found = ", ".join(reader.name for reader in readers) or "nothing"
            raise ModelError(
                f"tensor {self._graph.tensors[index].name!r} goes to {found}, expected {name}"
            )
        return readers[0]

    def _ends(self, operator: Operator) -> tuple[Tensor, Tensor]:
        """Return an operator's activation before and after."""
        source = self._operand(operator, 0)
        if len(operator.outputs) != 1 or operator.outputs[0] < 0:
            self._refuse(operator, f"{len(operator.outputs)} outputs", "1")
        target = self._graph.tensors[operator.outputs[0]]
        expected = 2 if operator.name in ("FULLY_CONNECTED", "SOFTMAX") else 4
        for tensor in (source, target):
            if tensor.dtype != "int8":
                self._refuse(operator, f"{tensor.dtype} activations", "int8")
        if len(source.shape) != expected and not (
            operator.name == "FULLY_CONNECTED" and len(source.shape) == 4
        ):
            self._refuse(operator, f"an input of shape {list(source.shape)}", f"{expected} axes")
        return source, target

    def _operand(self, operator: Operator, slot: int) -> Tensor:
        if slot >= len(operator.inputs) or operator.inputs[slot] < 0:
            self._refuse(operator, f"{len(operator.inputs)} operands", f"at least {slot + 1}")
        return self._graph.tensors[operator.inputs[slot]]

    def _weights(self, operator: Operator, rank: int) -> NDArray[np.int8]:
        tensor = self._operand(operator, 1)
        if (
            tensor.dtype != "int8"
            or len(tensor.shape) != rank
            or min(tensor.shape) < 1
            or len(tensor.data) != math.prod(tensor.shape)
        ):
            self._refuse(
                operator,
                f"weights {tensor.dtype} {list(tensor.shape)} of {len(tensor.data)} bytes",
                f"constant int8 of {rank} axes",
            )
        return np.frombuffer(tensor.data, np.int8).reshape(tensor.shape)

    def _same_quantization(self, operator: Operator, source: int, target: int) -> None:
        before = self._graph.tensors[source].quantization
        after = self._graph.tensors[target].quantization
        if before != after:
            self._refuse(
                operator,
                f"scale {before.scale:.6g} at {before.zero_point} before and "
                f"{after.scale:.6g} at {after.zero_point} after",
                "the same, as TFLite asks for",
            )

    def _refuse(self, operator: Operator, found: str, expected: str) -> NoReturn:
        position = next(i for i, other in enumerate(self._graph.operators) if other is operator)
        raise ModelError(
            f"operator {position} ({operator.name}) cannot be run row by row: found {found}, "
            f"expected {expected}"
        )


def _option(operator: Operator, slot: int, code: str, default: int = 0) -> int:
    """Return a field of the operator's options."""
    return operator.options.scalar(slot, code, default) if operator.options else default
