"""A front end as built-in operators of TFLite: from the waveform to the network's input.

Steps are those of `FeatureSpec`. Lengths follow the input, and no shape depends on values, so an
interpreter can be given another length.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.errors import ModelError
from lightsernet_edge.features.front_end import FrontEnd
from lightsernet_edge.features.spec import FeatureSpec
from lightsernet_edge.features.standardization import utterance_memory_rows, utterance_prior_rows

from .tflite_builder import TfliteBuilder

# Of the schema's enumeration of paddings.
_VALID = 1


def why_not_fused(spec: FeatureSpec) -> str | None:
    """Return why built-in operators cannot compute a front end; None if they can."""
    if spec.level == "percentile":
        return "its level is a percentile of the samples, for which there is no operator"
    if spec.fft_length & (spec.fft_length - 1):
        return f"its FFT takes {spec.fft_length} samples, expected a power of 2"
    return None


def default_samples(spec: FeatureSpec, rows: int) -> int:
    """Return the length of a waveform that gives so many rows: whole tenths of a second, if any."""
    if spec.clip_samples:
        return spec.clip_samples
    least = spec.frame_length + spec.hop_length * (rows - 1)
    tenth = spec.sample_rate // 10
    even = -(-least // tenth) * tenth
    return even if spec.n_frames(even) == rows else least


def longest_rows(spec: FeatureSpec) -> int:
    """Return the rows up to which the graph computes what the spec defines."""
    return utterance_memory_rows(spec)


class WaveformGraph:
    """Adds the operators of a front end to a network.

    Parameters
    ----------
    builder : TfliteBuilder
    spec : FeatureSpec
        With `why_not_fused` None.
    samples : int
        Length of the waveform, unless an interpreter is given another.
    """

    def __init__(self, builder: TfliteBuilder, spec: FeatureSpec, samples: int) -> None:
        if (why := why_not_fused(spec)) is not None:
            raise ModelError(why)
        self._builder = builder
        self._spec = spec
        self._front_end = FrontEnd(spec)
        self._samples = samples
        self._rows = spec.n_frames(samples)

    def add(self) -> tuple[int, int]:
        """Return the tensors of the waveform, float32 in -1..1, and of the standardised rows.

        The rows have the shape (n_frames, n_coefficients).
        """
        spec = self._spec
        waveform = self._builder.tensor([self._samples], name="waveform")
        rows = self._spectrum(self._frames(waveform))
        if spec.output != "spectrogram":
            rows = self._product(rows, self._front_end.filterbank)
            if spec.level == "running-peak":
                rows = self._two("DIV", rows, self._levels(rows), spec.n_mels, "Div")
            rows = self._logarithm(rows)
        if spec.output == "mfcc":
            rows = self._cepstrum(rows)
        elif spec.mean is not None:
            rows = self._two("SUB", rows, np.array(spec.mean), spec.n_coefficients, "Sub")
        return waveform, self._standardised(rows)

    def _frames(self, waveform: int) -> int:
        """Step 3: blocks of the largest length that frames and hops are multiples of.

        A convolution whose kernels each take one sample cuts the blocks: whatever the length of
        the waveform, it leaves out what fills none.
        """
        builder, spec = self._builder, self._spec
        block = math.gcd(spec.frame_length, spec.hop_length)
        parts, step = spec.frame_length // block, spec.hop_length // block
        n_blocks = self._samples // block
        cut = builder.tensor((1, 1, n_blocks, block))
        builder.operator(
            "CONV_2D",
            [
                self.reshaped(waveform, (1, 1, -1, 1), (1, 1, self._samples, 1)),
                builder.constant(np.eye(block).reshape(block, 1, block, 1)),
                builder.constant(np.zeros(block)),
            ],
            cut,
            {"padding": _VALID, "strideW": block, "strideH": 1},
            "Conv2D",
        )
        blocks = self.reshaped(cut, (-1, block), (n_blocks, block))
        columns = [
            self._slice(blocks, part, part - parts + 1, step, (self._rows, block))
            for part in range(parts)
        ]
        frames = self._builder.tensor((self._rows, spec.frame_length))
        self._builder.operator("CONCATENATION", columns, frames, {"axis": 1}, "Concatenation")
        return self._two("MUL", frames, self._front_end.window, spec.frame_length, "Mul")

    def _spectrum(self, frames: int) -> int:
        """Steps 3 and 4: the FFT of each frame, its magnitude or power."""
        builder, spec, rows = self._builder, self._spec, self._rows
        length, bins = spec.fft_length, spec.fft_length // 2 + 1
        if spec.frame_length < length:
            frames = self._padded(frames, ((0, 0), (0, length - spec.frame_length)), (rows, length))
        frames = self.reshaped(frames, (-1, 1, length), (rows, 1, length))
        spectrum = builder.tensor((rows, 1, bins), "complex64")
        builder.operator("RFFT2D", [frames, builder.constant([1, length])], spectrum, kind="Rfft2d")
        magnitude = builder.tensor((rows, 1, bins))
        builder.operator("COMPLEX_ABS", [spectrum], magnitude)
        out = self.reshaped(magnitude, (-1, bins), (rows, bins))
        if spec.spectrum == "power":
            out = self._two("MUL", out, out, bins, "Mul")
            out = self._two("MUL", out, 1.0 / length, bins, "Mul")
        return out

    def _levels(self, bands: int) -> int:
        """Step 6: a peak that decays. In round k each row sees twice as many rows before it."""
        spec, rows = self._spec, self._rows
        level = self._mean_of_row(bands)
        shift = 1
        while shift < longest_rows(spec):
            earlier = self._padded(level, ((shift, 0), (0, 0)), (rows + shift, 1))
            earlier = self._slice(earlier, 0, -shift, 1, (rows, 1))
            earlier = self._two("MUL", earlier, self._front_end.level_decay**shift, 1, "Mul")
            level = self._two("MAXIMUM", level, earlier, 1, "MaximumMinimum")
            shift *= 2
        return self._two("MAXIMUM", level, spec.level_floor, 1, "MaximumMinimum")

    def _logarithm(self, bands: int) -> int:
        """Step 7."""
        builder, spec = self._builder, self._spec
        shape = (self._rows, spec.n_mels)
        if spec.log == "add":
            above = self._two("ADD", bands, spec.log_floor, spec.n_mels, "Add")
        else:
            zero = builder.tensor(shape, "bool")
            builder.operator("EQUAL", [bands, builder.constant(0.0)], zero, kind="Equal")
            floor, above = builder.constant(spec.log_floor), builder.tensor(shape)
            builder.operator("SELECT_V2", [zero, floor, bands], above, kind="SelectV2")
        out = builder.tensor(shape)
        return builder.operator("LOG", [above], out)

    def _cepstrum(self, bands: int) -> int:
        """Steps 8 and 10, without the scale.

        Bands whose cepstrum is the mean are subtracted before, as sums of small numbers lose
        less in float32; what rounding keeps of the mean is added behind.
        """
        dct, mean = self._front_end.dct, self._spec.mean
        if mean is None:
            return self._product(bands, dct)
        least, *_ = np.linalg.lstsq(dct.T, np.array(mean), rcond=None)
        subtracted = least.astype(np.float32)
        bands = self._two("SUB", bands, subtracted, self._spec.n_mels, "Sub")
        return self._product(bands, dct, subtracted.astype(np.float64) @ dct - np.array(mean))

    def _standardised(self, rows: int) -> int:
        """Steps 9 to 11, after the mean."""
        spec, width = self._spec, self._spec.n_coefficients
        if spec.utterance_mean_prior_s is not None:
            rows = self._two("SUB", rows, self._running_mean(rows), width, "Sub")
        if spec.scale is not None:
            rows = self._two("DIV", rows, np.array(spec.scale), width, "Div")
        if spec.clip_value is not None:
            rows = self.bounded(rows, -spec.clip_value, spec.clip_value)
        return rows

    def bounded(self, rows: int, low: float, high: float) -> int:
        """Add two operators that keep the values of rows in a range."""
        width = self._spec.n_coefficients
        rows = self._two("MINIMUM", rows, high, width, "MaximumMinimum")
        return self._two("MAXIMUM", rows, low, width, "MaximumMinimum")

    def _running_mean(self, rows: int) -> int:
        """Step 9: sums over the rows so far, and their number, which is a sum of ones."""
        width = self._spec.n_coefficients
        nothing = self._two("MUL", self._mean_of_row(rows), 0.0, 1, "Mul")
        count = self._sums(self._two("ADD", nothing, 1.0, 1, "Add"), 1)
        weight = self._two("ADD", count, utterance_prior_rows(self._spec), 1, "Add")
        return self._two("DIV", self._sums(rows, width), weight, width, "Div")

    def _mean_of_row(self, rows: int) -> int:
        builder = self._builder
        out = builder.tensor((self._rows, 1))
        axis = builder.constant([1])
        return builder.operator("MEAN", [rows, axis], out, {"keepDims": True}, "Reducer")

    def _sums(self, rows: int, width: int) -> int:
        builder = self._builder
        out = builder.tensor((self._rows, width))
        return builder.operator("CUMSUM", [rows, builder.constant(0)], out, {}, "Cumsum")

    def _product(
        self,
        rows: int,
        matrix: NDArray[np.float64],
        bias: NDArray[np.float64] | None = None,
    ) -> int:
        builder = self._builder
        out = builder.tensor((self._rows, matrix.shape[1]))
        weights = builder.constant(np.ascontiguousarray(matrix.T))
        added = -1 if bias is None else builder.constant(bias)
        inputs = [rows, weights, added]
        return builder.operator("FULLY_CONNECTED", inputs, out, {}, "FullyConnected")

    def _two(
        self, name: str, left: int, right: int | float | NDArray[np.floating], width: int, kind: str
    ) -> int:
        """Add an operator of rows and a tensor (int), or rows and a constant (all else)."""
        builder = self._builder
        other = right if isinstance(right, int) else builder.constant(right)
        out = builder.tensor((self._rows, width))
        return builder.operator(name, [left, other], out, {}, kind)

    def reshaped(
        self, tensor: int, shape: Sequence[int], now: Sequence[int], out: int | None = None
    ) -> int:
        """Add a RESHAPE.

        Parameters
        ----------
        tensor : int
        shape : sequence of int
            With -1 for the axis that follows the waveform's length.
        now : sequence of int
            The same at the default length.
        out : int, optional
            Its output; by default a tensor of its own.
        """
        builder = self._builder
        out = builder.tensor(now) if out is None else out
        options: Mapping[str, object] = {"newShape": list(shape)}
        wanted = builder.constant(list(shape))
        return builder.operator("RESHAPE", [tensor, wanted], out, options, "Reshape")

    def _padded(self, tensor: int, sides: Sequence[Sequence[int]], now: Sequence[int]) -> int:
        builder = self._builder
        amounts = builder.constant(np.array(sides))
        return builder.operator("PAD", [tensor, amounts], builder.tensor(now), {}, "Pad")

    def _slice(self, tensor: int, begin: int, end: int, step: int, now: Sequence[int]) -> int:
        """Take every `step`-th row from `begin` on; `end` counts from the last, 0 for all."""
        builder = self._builder
        limits = [builder.constant([value, 0]) for value in (begin, end)]
        # Bit i: no limit on axis i.
        options = {"beginMask": 2, "endMask": 3 if end == 0 else 2}
        return builder.operator(
            "STRIDED_SLICE",
            [tensor, *limits, builder.constant([step, 1])],
            builder.tensor(now),
            options,
            "StridedSlice",
        )
