"""`NetworkPlan`: a network as the engine runs it, stage by stage and row by row.

A stage reads one row of its input at a time. It keeps the few rows that its
convolutions look at, computes as many rows as its pool takes in, and gives
one pooled row to the next stage. Rows are rows of time, columns are
coefficients.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.model.quantization import Quantization

from .requantization import Multiplier, SoftmaxScale

# The kernels read weights and operands in groups of this many.
GROUP = 4
# Of every section of a blob and of every buffer of a stream, in bytes: LSN_ALIGNMENT.
ALIGNMENT = 16


def round_up(value: int, to: int = GROUP) -> int:
    """Round up to a multiple of `to`."""
    return -(-value // to) * to


@dataclass(frozen=True)
class Requantization:
    """From int32 accumulators to int8, one multiplier a channel.

    Attributes
    ----------
    bias : ndarray of int64, shape (channels,)
        Added to the sum of products of raw int8 values: TFLite's bias less
        the share of the input's zero point.
    multipliers : tuple of Multiplier
    zero_point : int
        Of the result.
    minimum, maximum : int
        Bounds of the result, as the fused activation gives them.
    """

    bias: NDArray[np.int64]
    multipliers: tuple[Multiplier, ...]
    zero_point: int
    minimum: int = -128
    maximum: int = 127


@dataclass(frozen=True)
class Rescaling:
    """From one int8 quantisation to another: what a QUANTIZE operator does."""

    multiplier: Multiplier
    input_zero_point: int
    output_zero_point: int


@dataclass(frozen=True)
class Path:
    """A convolution of a stage, and the channels of the stage's output that it fills.

    Attributes
    ----------
    name : str
        The tensor the convolution writes in the `.tflite`.
    weights : ndarray of int8, shape (filters, kernel_height, kernel_width, channels)
        Height is time.
    requantization : Requantization
    first_channel : int
        Where its filters begin in the stage's output.
    rescaling : Rescaling or None
        After the pool, if the paths of a stage differ in scale.
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
        """Rows before the centre row: TFLite's 'same' padding at the beginning."""
        return (self.kernel[0] - 1) // 2

    @property
    def rows_after(self) -> int:
        """Rows after the centre row."""
        return self.kernel[0] - 1 - self.rows_before

    @property
    def gathers_patches(self) -> bool:
        """Whether every pixel's patch is gathered: with few channels, runs are too short."""
        return int(self.weights.shape[3]) < GROUP

    @cached_property
    def packed_weights(self) -> NDArray[np.int8]:
        """Weights as the kernels read them, shape (filters, packed length).

        Gathered patches are padded with zeros as a whole, otherwise the
        channels are.
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
    """Convolutions on the same rows, their pool, and the channels side by side.

    Attributes
    ----------
    name : str
    input_width, input_channels : int
        Of one row.
    input_zero_point : int
        What 'same' padding is filled with.
    paths : tuple of Path
    pool : (int, int)
        Height (time) and width of the average pool, (1, 1) for none. Windows
        do not overlap; a last one that is cut off averages what it has.
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
        """Rows that any path looks back."""
        return max(path.rows_before for path in self.paths)

    @property
    def rows_after(self) -> int:
        """Rows that any path looks ahead."""
        return max(path.rows_after for path in self.paths)

    @property
    def rows_kept(self) -> int:
        """Rows of input in the stage's ring: enough for one pooled row."""
        return self.rows_before + self.rows_after + self.pool[0]

    @property
    def macs_per_row(self) -> int:
        """Multiply-accumulates for one row before the pool."""
        return self.input_width * sum(int(path.weights.size) for path in self.paths)


@dataclass(frozen=True)
class Head:
    """Mean over time and coefficients, dense layer, softmax.

    Attributes
    ----------
    width, channels : int
        Of the rows that are averaged.
    input_zero_point, mean_zero_point : int
    mean_multiplier : Multiplier
        Ratio of the scales before and after the mean.
    weights : ndarray of int8, shape (labels, channels)
    requantization : Requantization
        Of the logits.
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
        Of the features.
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
        """Return how many rows the last stage makes of so many rows of features."""
        for stage in self.stages:
            frames = -(-frames // stage.pool[0])
        return frames
