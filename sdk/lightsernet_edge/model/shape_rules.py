"""How the shape of an operator's output follows from its operands, and what else must fit.

The rules are those of TFLite's kernels where these ask, and stricter where they do not: a
stride of 0, for one, is a division by zero in a kernel.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from .graph_step import ACTIVATIONS, MAX_STEP, Shape, Step

# Bits by which ADD shifts its operands; the ratio of scales must stay below half of that.
_ADD_SHIFT = {"int8": 20, "int16": 15}
# The softmax of integers aborts on steps of logits below this.
_SMALLEST_LOGIT_STEP = 2.0**-25


def _convolution(step: Step) -> Shape:
    batch, height, width, channels = step.rank(4, 4)
    filters, rows, columns, depth = step.weights(4, 0)
    step.fused(3)
    if channels % depth or filters % (channels // depth):
        step.refuse(f"weights for {depth} channels of {channels}", "all, or groups")
    return (
        batch,
        step.windows(height, rows, step.step(2), step.step(5, 1)),
        step.windows(width, columns, step.step(1), step.step(4, 1)),
        filters,
    )


def _depthwise(step: Step) -> Shape:
    batch, height, width, channels = step.rank(4, 4)
    one, rows, columns, filters = step.weights(4, 3)
    step.fused(4)
    if one != 1 or filters != channels * step.step(3):
        step.refuse(f"{one} x {filters} filters of {channels} channels", "a multiple of them")
    return (
        batch,
        step.windows(height, rows, step.step(2), step.step(6, 1)),
        step.windows(width, columns, step.step(1), step.step(5, 1)),
        filters,
    )


def _pool(step: Step) -> Shape:
    step.count(1, 1)
    step.same_types([0])
    step.fused(5)
    batch, height, width, channels = step.rank(4, 4)
    return (
        batch,
        step.windows(height, step.step(4), step.step(2)),
        step.windows(width, step.step(3), step.step(1)),
        channels,
    )


def _dense(step: Step) -> Shape:
    shape = step.rank(1, 4)
    units, depth = step.weights(2, 0)
    step.fused(0)
    if step.option(1, "b"):
        step.refuse("shuffled weights", "plain ones")
    if math.prod(shape) % depth:
        step.refuse(f"weights for {depth} columns of {list(shape)}", "as many as there are")
    if step.option(2, "B"):
        if shape[-1] != depth:
            step.refuse(f"weights for {depth} columns of {list(shape)}", f"{shape[-1]}")
        return (*shape[:-1], units)
    return (math.prod(shape) // depth, units)


def _elementwise(step: Step) -> Shape:
    step.count(1, 1)
    step.same_types([0])
    return step.rank(1, 4)


def _softmax(step: Step) -> Shape:
    shape = _elementwise(step)
    options = step.operator.options
    beta = float(options.scalar(0, "f")) if options else 0.0
    if not 0 < beta <= 1e6:
        step.refuse(f"beta {beta:g}", "a number above 0")
    scales = step.operand(0).scales
    if step.output.dtype != "float32" and beta * scales[0] < _SMALLEST_LOGIT_STEP:
        step.refuse(f"logits in steps of {beta * scales[0]:g}", f"{_SMALLEST_LOGIT_STEP:g} or more")
    return shape


def _broadcast(step: Step) -> Shape:
    step.count(2, 2)
    step.same_types([0, 1])
    step.fused(0)
    try:
        return np.broadcast_shapes(step.rank(0, 4, 0), step.rank(0, 4, 1))
    except ValueError:
        step.refuse(f"shapes {list(step.shapes[0])} and {list(step.shapes[1])}", "ones that fit")


def _add(step: Step) -> Shape:
    shape = _broadcast(step)
    if step.output.dtype in _ADD_SHIFT:
        largest = max(step.operand(0).scales[0], step.operand(1).scales[0])
        if 2 * largest / step.output.scales[0] >= 2 ** (_ADD_SHIFT[step.output.dtype] - 1):
            step.refuse(f"scales {largest:g} and {step.output.scales[0]:g}", "ones alike")
    return shape


def _concatenation(step: Step) -> Shape:
    step.count(1, 64)
    step.same_types(range(len(step.inputs)))
    step.fused(1)
    first = step.rank(1, 4)
    axis = _axis(step, step.option(0, "i"), len(first))
    for shape in step.shapes:
        if len(shape) != len(first) or any(
            size != other
            for place, (size, other) in enumerate(zip(shape, first, strict=True))
            if place != axis
        ):
            step.refuse(f"shapes {[list(shape) for shape in step.shapes]}", "ones that fit")
    return (*first[:axis], sum(shape[axis] for shape in step.shapes), *first[axis + 1 :])


def _pad(step: Step) -> Shape:
    step.count(2, 2)
    step.same_types([0])
    shape = step.rank(1, 4)
    amounts = step.axes(1)
    if step.operand(1).shape != (len(shape), 2) or not all(0 <= n <= MAX_STEP for n in amounts):
        step.refuse(f"padding {amounts[:8]}", f"0..{MAX_STEP} at both ends of each axis")
    return tuple(
        size + before + after
        for size, before, after in zip(shape, amounts[::2], amounts[1::2], strict=True)
    )


def _mean(step: Step) -> Shape:
    step.count(2, 2)
    step.same_types([0])
    shape = step.rank(1, 4)
    axes = {_axis(step, axis, len(shape)) for axis in step.axes(1)}
    if step.option(0, "B"):
        return tuple(1 if place in axes else size for place, size in enumerate(shape))
    return tuple(size for place, size in enumerate(shape) if place not in axes)


def _reshape(step: Step) -> Shape:
    step.count(1, 2)
    step.same_types([0])
    shape = step.rank(0, 8)
    options = step.operator.options
    if step.given(1) is not None:
        wanted = step.axes(1)
    else:
        wanted = [int(size) for size in options.numbers(0, "i")] if options else []
    if len(wanted) > 8 or wanted.count(-1) > 1 or any(size < 1 and size != -1 for size in wanted):
        step.refuse(f"shape {wanted[:9]}", "sizes above 0, one of which may be open")
    known = -math.prod(wanted) if -1 in wanted else math.prod(wanted)
    total = math.prod(shape)
    if total % known or (-1 not in wanted and total != known):
        step.refuse(f"shape {wanted} for {total} numbers", "as many")
    return tuple(total // known if size == -1 else size for size in wanted)


def _quantize(step: Step) -> Shape:
    step.count(1, 1)
    for tensor in (step.operand(0), step.output):
        if tensor.dtype not in ACTIVATIONS:
            step.refuse(tensor.dtype, f"one of {', '.join(ACTIVATIONS)}")
        step.scaled(tensor)
    if step.output.dtype == "float32":
        step.refuse("an output of float32", "int8 or int16")
    return step.rank(0, 8)


def _dequantize(step: Step) -> Shape:
    step.count(1, 1)
    tensor = step.operand(0)
    if tensor.dtype not in ("float16", "int8", "int16") or step.output.dtype != "float32":
        step.refuse(f"{tensor.dtype} to {step.output.dtype}", "float16, int8 or int16 to float32")
    shape = step.rank(0, 8)
    if len(tensor.scales) > 1:
        axis = _axis(step, tensor.channel_axis, len(shape))
        step.per_channel(tensor, axis, shape[axis])
    else:
        step.scaled(tensor)
    return shape


def _axis(step: Step, axis: int, rank: int) -> int:
    if not -rank <= axis < rank:
        step.refuse(f"axis {axis} of {rank}", "an axis that is there")
    return axis % rank


# For each operator its rule, and the type of its options in the schema's union, None if its
# kernel reads none.
RULES: Mapping[str, tuple[Callable[[Step], Shape], int | None]] = {
    "ADD": (_add, 11),
    "AVERAGE_POOL_2D": (_pool, 5),
    "CONCATENATION": (_concatenation, 10),
    "CONV_2D": (_convolution, 1),
    "DEPTHWISE_CONV_2D": (_depthwise, 2),
    "DEQUANTIZE": (_dequantize, None),
    "FULLY_CONNECTED": (_dense, 8),
    "LOGISTIC": (_elementwise, None),
    "MAX_POOL_2D": (_pool, 5),
    "MEAN": (_mean, 27),
    "MUL": (_broadcast, 21),
    "PAD": (_pad, None),
    "QUANTIZE": (_quantize, None),
    "RELU": (_elementwise, None),
    "RELU6": (_elementwise, None),
    "RESHAPE": (_reshape, 17),
    "SOFTMAX": (_softmax, 9),
    "TANH": (_elementwise, None),
}
