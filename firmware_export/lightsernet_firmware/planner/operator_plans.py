"""Single operators as the engine runs them: convolution, pool, rescaling, requantisation."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.model.tflite_graph import Operator

from .graph_reader import GraphReader, option
from .network_plan import Requantization, Rescaling
from .requantization import Multiplier

# Numbers of the TFLite schema: Padding, ActivationFunctionType.
_SAME = 0
_NO_ACTIVATION, _RELU, _RELU6 = 0, 1, 3
# Doubled accumulators must fit 32 bits, so that the high half of a product is
# the rounded doubling product that TFLite computes.
_ACCUMULATOR_LIMIT = 2**30 - 1
# As docs/reference/blob-format.md bounds it.
_MAX_POOL_WIDTH = 64


def plan_convolution(
    graph: GraphReader, operator: Operator
) -> tuple[NDArray[np.int8], Requantization]:
    """Return the weights of a convolution, and how its sums become int8."""
    source, target = graph.ends(operator)
    strides = option(operator, 1, "i"), option(operator, 2, "i")
    dilations = option(operator, 4, "i", 1), option(operator, 5, "i", 1)
    if strides != (1, 1) or dilations != (1, 1):
        graph.refuse(operator, f"strides {strides}, dilations {dilations}", "1 and 1")
    if option(operator, 0, "b") != _SAME:
        graph.refuse(operator, "padding 'valid'", "'same'")
    weights = graph.weights(operator, 4)
    if weights.shape[3] != source.shape[3] or weights.shape[0] != target.shape[3]:
        graph.refuse(
            operator,
            f"weights {list(weights.shape)} between {source.shape[3]} and "
            f"{target.shape[3]} channels",
            "one group",
        )
    return weights, plan_requantization(graph, operator, weights, option(operator, 3, "b"))


def plan_pool(graph: GraphReader, operator: Operator) -> tuple[int, int]:
    """Return height (time) and width of an average pool."""
    source, _ = graph.ends(operator)
    strides = option(operator, 2, "i"), option(operator, 1, "i")
    size = option(operator, 4, "i"), option(operator, 3, "i")
    if strides != size or size[0] not in (1, 2) or not 1 <= size[1] <= _MAX_POOL_WIDTH:
        graph.refuse(
            operator,
            f"pool {size[0]}x{size[1]} with strides {strides[0]}x{strides[1]}",
            "windows that do not overlap, at most 2 rows high",
        )
    padding = option(operator, 0, "b")
    if padding != _SAME:
        graph.refuse(operator, "padding 'valid'", "'same'")
    # 'same' puts half of the padding in front: 2 columns or more would shift the windows.
    if -source.shape[2] % size[1] >= 2:
        graph.refuse(
            operator,
            f"pool {size[1]} wide over {source.shape[2]} columns",
            "at most one column left over",
        )
    if option(operator, 5, "b") != _NO_ACTIVATION:
        graph.refuse(operator, "a fused activation", "none")
    graph.require_same_quantization(operator, operator.inputs[0], operator.outputs[0])
    return size


def plan_rescaling(graph: GraphReader, operator: Operator) -> Rescaling:
    """Return what a QUANTIZE operator does."""
    source, target = (t.quantization for t in graph.ends(operator))
    return Rescaling(
        Multiplier.from_real(source.scale / target.scale), source.zero_point, target.zero_point
    )


def plan_requantization(
    graph: GraphReader, operator: Operator, weights: NDArray[np.int8], activation: int
) -> Requantization:
    """Derive bias and multipliers as TFLite's kernels do when they are prepared."""
    source, target = (tensor.quantization for tensor in graph.ends(operator))
    channels = weights.shape[0]
    constant = graph.operand(operator, 1)
    if len(constant.scales) not in (1, channels) or any(constant.zero_points):
        graph.refuse(
            operator,
            f"{len(constant.scales)} scales of weights",
            "one, or one per channel, at zero point 0",
        )
    scales = constant.scales if len(constant.scales) > 1 else constant.scales * channels
    if not all(math.isfinite(scale) and scale > 0 for scale in scales):
        graph.refuse(operator, "a weight scale that is not above 0", "scales above 0")
    bias = np.zeros(channels, np.int64)
    if len(operator.inputs) > 2 and operator.inputs[2] >= 0:
        tensor = graph.operand(operator, 2)
        if tensor.dtype != "int32" or len(tensor.data) != 4 * channels:
            graph.refuse(operator, f"bias {tensor.dtype} {list(tensor.shape)}", "int32")
        bias = np.frombuffer(tensor.data, "<i4").astype(np.int64)
    flat = weights.reshape(channels, -1).astype(np.int64)
    bias = bias - source.zero_point * flat.sum(axis=1)
    multipliers = tuple(
        Multiplier.from_real(source.scale * scale / target.scale) for scale in scales
    )
    bound = np.abs(bias) + 128 * np.abs(flat).sum(axis=1)
    bound = bound * np.array([2 ** max(m.shift, 0) for m in multipliers], dtype=object)
    if max(bound) > _ACCUMULATOR_LIMIT:
        graph.refuse(operator, f"accumulators up to {max(bound)}", f"{_ACCUMULATOR_LIMIT}")
    minimum, maximum = -128, 127
    if activation in (_RELU, _RELU6):
        minimum = target.zero_point
        if activation == _RELU6:
            maximum = min(127, target.zero_point + round(6.0 / target.scale))
    elif activation != _NO_ACTIVATION:
        graph.refuse(operator, f"activation {activation}", "none, ReLU or ReLU6")
    return Requantization(bias, multipliers, target.zero_point, minimum, maximum)
