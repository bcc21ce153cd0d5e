"""`NetworkPlan`: a network as the engine runs it, stage by stage and row by row.

A stage reads one row of its input at a time. It keeps the few rows that its
convolutions need, computes as many rows as its pool averages, and passes one
pooled row to the next stage. A row is a step in time, a column a coefficient.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.model.quantization import Quantization

from .requantization import Multiplier, SoftmaxScale

# The kernels read weights and operands in groups of this size.
GROUP = 4
# Bytes. Every section of a blob and every buffer of a stream begins at a multiple: LSN_ALIGNMENT.
ALIGNMENT = 16


def round_up(value: int, to: int = GROUP) -> int:
    """Round up to a multiple of `to`."""
    return -(-value // to) * to


@dataclass(frozen=True)
class Requantization:
    """From int32 accumulators to int8, with one multiplier per channel.

    Attributes
    ----------
    bias : ndarray of int64, shape (channels,)
        Added to the sum of products of raw int8 values: TFLite's bias minus the
        input's zero point times the sum of the channel's weights.
    multipliers : tuple of Multiplier
    zero_point : int
        Zero point of the result.
    minimum, maximum : int
        Range of the result, which the fused activation sets; within -128..127.
    """

    bias: NDArray[np.int64]
    multipliers: tuple[Multiplier, ...]
    zero_point: int
    minimum: int = -128
    maximum: int = 127


@dataclass(frozen=True)
class Rescaling:
    """From one int8 quantisation to another, as a QUANTIZE operator rescales."""

    multiplier: Multiplier
    input_zero_point: int
    output_zero_point: int


@dataclass(frozen=True)
class Path:
    """A convolution of a stage, and the channels of the stage's output that it fills.

    Attributes
    ----------
    name : str
        Name of its output tensor in the `.tflite`.
    weights : ndarray of int8, shape (filters, kernel_height, kernel_width, channels)
        Height is time.
    requantization : Requantization
    first_channel : int
        Index of its first channel in the stage's output.
    rescaling : Rescaling or None
        Applied after the pool, where the paths of a stage differ in scale.
    """

    name: str
    weights: NDArray[np.int8]
    requantization: Requantization
    first_channel: int
    rescaling: Rescaling | None

    @property
    def filters(self) -> int:
        """Number of output channels."""
        return int(self.weights.shape[0])

    @property
    def kernel(self) -> tuple[int, int]:
        """Height (time) and width (coefficients)."""
        return int(self.weights.shape[1]), int(self.weights.shape[2])

    @property
    def rows_before(self) -> int:
        """Rows that it reads before the centre row: TFLite's 'same' padding at the start."""
        return (self.kernel[0] - 1) // 2

    @property
    def rows_after(self) -> int:
        """Rows that it reads after the centre row."""
        return self.kernel[0] - 1 - self.rows_before

    @property
    def gathers_patches(self) -> bool:
        """Whether the kernel copies each pixel's patch first: there are few channels."""
        return int(self.weights.shape[3]) < GROUP

    @cached_property
    def packed_weights(self) -> NDArray[np.int8]:
        """Weights as the kernels read them, shape (filters, packed length).

        A patch that is copied first is padded with zeros as a whole; otherwise
        the channels of each pixel are.
        """
        filters, height, width, channels = self.weights.shape
        if self.gathers_patches:
            flat = self.weights.reshape(filters, height * width * channels)
        else:
            pad = round_up(channels) - channels
            flat = np.pad(self.weights, ((0, 0), (0, 0), (0, 0), (0, pad))).reshape(filters, -1)
        return np.pad(flat, ((0, 0), (0, round_up(flat.shape[1]) - flat.shape[1])))


@dataclass(frozen=True)
class Stage:
    """Parallel convolutions on the same rows, and their pool; their channels are concatenated.

    Attributes
    ----------
    name : str
    input_width, input_channels : int
        Columns and channels of one row of its input.
    input_zero_point : int
        Value of 'same' padding.
    paths : tuple of Path
    pool : (int, int)
        Height (time) and width of the average pool, (1, 1) for none. Windows
        do not overlap; a last window that is cut off averages the values it has.
    tile_width : int
        Columns computed at a time: a multiple of the pool's width, or all.
    """

    name: str
    input_width: int
    input_channels: int
    input_zero_point: int
    paths: tuple[Path, ...]
    pool: tuple[int, int]
    tile_width: int

    @property
    def output_width(self) -> int:
        """Columns of a pooled row."""
        return -(-self.input_width // self.pool[1])

    @property
    def output_channels(self) -> int:
        """Channels of all paths."""
        return sum(path.filters for path in self.paths)

    @property
    def rows_before(self) -> int:
        """Most rows that a path reads before the centre row."""
        return max(path.rows_before for path in self.paths)

    @property
    def rows_after(self) -> int:
        """Most rows that a path reads after the centre row."""
        return max(path.rows_after for path in self.paths)

    @property
    def rows_kept(self) -> int:
        """Rows of input in the stage's ring: enough for one pooled row."""
        return self.rows_before + self.rows_after + self.pool[0]

    @property
    def macs_per_row(self) -> int:
        """Multiply-accumulates for one row before the pool."""
        return self.input_width * sum(int(path.weights.size) for path in self.paths)

    @property
    def results_per_row(self) -> int:
        """Sums that are scaled back to int8 for one row before the pool."""
        return self.input_width * self.output_channels

    @property
    def most_macs(self) -> int:
        """Multiply-accumulates of a row that completes a pool, padded weights included."""
        weights = sum(int(path.packed_weights.size) for path in self.paths)
        return self.input_width * self.pool[0] * weights


@dataclass(frozen=True)
class Head:
    """Mean over time and coefficients, dense layer, softmax.

    Attributes
    ----------
    width, channels : int
        Columns and channels of the rows that are averaged.
    input_zero_point, mean_zero_point : int
    mean_multiplier : Multiplier
        Ratio of the scales before and after the mean.
    weights : ndarray of int8, shape (labels, channels)
    requantization : Requantization
        From the dense layer's sums to the logits.
    softmax : SoftmaxScale
    """

    width: int
    channels: int
    input_zero_point: int
    mean_zero_point: int
    mean_multiplier: Multiplier
    weights: NDArray[np.int8]
    requantization: Requantization
    softmax: SoftmaxScale

    @property
    def labels(self) -> int:
        """Number of classes."""
        return int(self.weights.shape[0])


@dataclass(frozen=True)
class NetworkPlan:
    """A whole network.

    Attributes
    ----------
    input : Quantization
        Quantisation of the features.
    stages : tuple of Stage
    head : Head
    """

    input: Quantization
    stages: tuple[Stage, ...]
    head: Head

    @property
    def coefficients(self) -> int:
        """Columns of the input."""
        return self.stages[0].input_width

    def output_rows(self, frames: int) -> int:
        """Return how many rows the last stage gives for this many rows of features."""
        for stage in self.stages:
            frames = -(-frames // stage.pool[0])
        return frames
