"""Affine int8 quantisation as in TFLite: real = scale * (integer - zero_point)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError


@dataclass(frozen=True)
class Quantization:
    """Scale and zero point of an int8 tensor.

    Attributes
    ----------
    scale : float
        Above 0, finite.
    zero_point : int
        In -128..127.
    """

    scale: float
    zero_point: int

    def __post_init__(self) -> None:
        if not (0.0 < self.scale < float("inf")) or not -128 <= self.zero_point <= 127:
            raise ModelError(
                f"quantisation: scale {self.scale!r} and zero point {self.zero_point!r}, "
                "expected a scale above 0 and a zero point in -128..127"
            )

    def quantize(self, values: NDArray[np.float64]) -> NDArray[np.int8]:
        """Quantise: divide by the scale, round half to even, add the zero point, saturate.

        Parameters
        ----------
        values : ndarray of float64
            Any shape.

        Returns
        -------
        ndarray of int8
            Of the same shape.
        """
        steps = np.rint(values / self.scale) + self.zero_point
        return np.asarray(np.clip(steps, -128, 127), dtype=np.int8)

    def dequantize(self, values: NDArray[np.generic]) -> NDArray[np.float64]:
        """Return the real numbers that integers, of any shape, stand for."""
        return self.scale * (values.astype(np.float64) - self.zero_point)
