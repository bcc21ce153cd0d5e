"""`Step`: an operator with its operands, and what the rules of several operators ask of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from ..errors import ModelError
from .tflite_graph import Operator, Tensor

Shape = tuple[int, ...]

# Types of activations; those of a bias and of weights follow from them.
ACTIVATIONS = ("float32", "int8", "int16")
_INTEGER_RANGES = {"int8": (-128, 127), "int16": (-32768, 32767)}
_BIAS = {"float32": ("float32",), "int8": ("int32",), "int16": ("int64", "int32")}
_WEIGHTS = {"float32": ("float32", "int8"), "int8": ("int8",), "int16": ("int8",)}
# Numbers of the schema: Padding, and the fused activations that every kernel knows.
_SAME, _VALID = 0, 1
_FUSED = (0, 1, 2, 3)
# Of strides, windows, dilations and padding.
MAX_STEP = 2**12
# Scales beyond these make multipliers that the kernels abort on.
_SCALES = (1e-15, 1e15)
# Of weights, whose channels may be all but empty: the smallest normal float.
_SMALLEST_WEIGHT_SCALE = 1.1754943e-38


@dataclass(frozen=True)
class Step:
    """An operator with its operands, as a rule looks at it.

    Attributes
    ----------
    operator : Operator
    where : str
        Its place and name, for messages.
    inputs : sequence of Tensor or None
        None for an operand that is left out.
    shapes : sequence of tuple of int
        Of the inputs, as they follow from the graph's input.
    output : Tensor
    """

    operator: Operator
    where: str
    inputs: Sequence[Tensor | None]
    shapes: Sequence[Shape]
    output: Tensor

    def refuse(self, found: str, expected: str) -> NoReturn:
        """Raise the ModelError that names the operator."""
        raise ModelError(f"{self.where}: found {found}, expected {expected}")

    def operand(self, slot: int) -> Tensor:
        """Return an operand that may not be left out."""
        tensor = self.inputs[slot] if slot < len(self.inputs) else None
        if tensor is None:
            self.refuse(f"{len(self.inputs)} operands", f"operand {slot}")
        return tensor

    def given(self, slot: int) -> Tensor | None:
        """Return an operand, or None if it is left out."""
        return self.inputs[slot] if slot < len(self.inputs) else None

    def count(self, low: int, high: int) -> None:
        """Refuse another number of operands."""
        if not low <= len(self.inputs) <= high:
            self.refuse(f"{len(self.inputs)} operands", f"{low} to {high}")

    def option(self, slot: int, code: str, default: int = 0) -> int:
        """Return a number of the operator's options."""
        options = self.operator.options
        return options.scalar(slot, code, default) if options else default

    def step(self, slot: int, default: int = 0) -> int:
        """Return an option that is a stride, a window or a dilation, and must be one."""
        value = self.option(slot, "i", default)
        if not 1 <= value <= MAX_STEP:
            self.refuse(f"stride, window or dilation {value}", f"1..{MAX_STEP}")
        return value

    def axes(self, slot: int) -> list[int]:
        """Return the int32 numbers of a constant operand."""
        tensor = self.operand(slot)
        if tensor.dtype != "int32" or not tensor.data:
            self.refuse(f"operand {slot} of type {tensor.dtype}", "a constant int32")
        return [int(value) for value in np.frombuffer(tensor.data, "<i4")]

    def rank(self, low: int, high: int, slot: int = 0) -> Shape:
        """Return the shape of an operand, which has so many axes."""
        self.operand(slot)
        shape = self.shapes[slot]
        if not low <= len(shape) <= high:
            self.refuse(f"operand {slot} of shape {list(shape)}", f"{low} to {high} axes")
        return shape

    def same_types(self, slots: Sequence[int], allowed: Sequence[str] = ACTIVATIONS) -> str:
        """Refuse unless activations and output have one type; check their quantisation."""
        tensors = [*(self.operand(slot) for slot in slots), self.output]
        dtypes = {tensor.dtype for tensor in tensors}
        if len(dtypes) != 1 or not dtypes <= set(allowed):
            self.refuse(" and ".join(sorted(dtypes)), f"one type of {', '.join(allowed)}")
        for tensor in tensors:
            self.scaled(tensor)
        return tensors[0].dtype

    def scaled(self, tensor: Tensor) -> None:
        """Refuse an integer activation that has other than one scale, within bounds."""
        if tensor.dtype not in _INTEGER_RANGES:
            return
        low, high = _INTEGER_RANGES[tensor.dtype]
        if len(tensor.scales) != 1 or len(tensor.zero_points) != 1:
            self.refuse(f"{len(tensor.scales)} scales of an activation", "one")
        self.bounded(tensor)
        if not low <= tensor.zero_points[0] <= high:
            self.refuse(f"zero point {tensor.zero_points[0]}", f"{low}..{high}")

    def bounded(self, tensor: Tensor, low: float = _SCALES[0]) -> None:
        """Refuse a scale that is no number above 0, or far from any honest one."""
        for scale in tensor.scales:
            if not low <= scale <= _SCALES[1]:
                self.refuse(f"scale {scale:g}", f"{low:g}..{_SCALES[1]:g}")

    def per_channel(self, tensor: Tensor, axis: int, size: int) -> None:
        """Refuse integer weights without one scale, or one for each of `size` channels."""
        if tensor.dtype not in _INTEGER_RANGES:
            return
        n_scales = len(tensor.scales)
        if n_scales not in (1, size) or len(tensor.zero_points) != n_scales:
            self.refuse(f"{n_scales} scales of weights", f"1 or {size}")
        if n_scales > 1 and tensor.channel_axis != axis:
            self.refuse(f"scales along axis {tensor.channel_axis}", f"axis {axis}")
        if any(tensor.zero_points):
            self.refuse("weights with a zero point", "0")
        self.bounded(tensor, _SMALLEST_WEIGHT_SCALE)

    def weights(self, rank: int, axis: int) -> Shape:
        """Return the shape of the weights, operand 1; check them, and the bias, operand 2."""
        self.count(2, 3)
        dtype = self.same_types([0])
        weights = self.operand(1)
        shape = self.rank(rank, rank, 1)
        if weights.dtype not in _WEIGHTS[dtype] or (weights.dtype == "int8" and not weights.data):
            self.refuse(f"weights {weights.dtype} for {dtype}", f"{' or '.join(_WEIGHTS[dtype])}")
        channels = shape[axis]
        self.per_channel(weights, axis, channels)
        bias = self.given(2)
        if bias is not None and (
            bias.dtype not in _BIAS[dtype] or math.prod(self.shapes[2]) != channels
        ):
            self.refuse(
                f"bias {bias.dtype} {list(self.shapes[2])}", f"{_BIAS[dtype][0]} [{channels}]"
            )
        return shape

    def fused(self, slot: int) -> None:
        """Refuse a fused activation that is not none or a kind of ReLU."""
        if (activation := self.option(slot, "b")) not in _FUSED:
            self.refuse(f"fused activation {activation}", "none or a ReLU")

    def windows(self, size: int, window: int, stride: int, dilation: int = 1) -> int:
        """Return how many windows an axis has; the padding is option 0."""
        padding = self.option(0, "b")
        if padding not in (_SAME, _VALID):
            self.refuse(f"padding {padding}", "'same' or 'valid'")
        reach = (window - 1) * dilation
        found = -(-(size if padding == _SAME else size - reach) // stride)
        if found < 1:
            self.refuse(f"{size} columns under a window of {reach + 1}", "at least one window")
        return found
