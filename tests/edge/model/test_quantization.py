"""int8 as TFLite defines it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightsernet_edge import ModelError
from lightsernet_edge.model.quantization import Quantization


def test_rounds_to_nearest_ties_to_even_and_saturates() -> None:
    values = np.array([0.24, 0.26, -0.26, 0.25, 0.75, 1e9, -1e9])
    assert Quantization(0.5, 3).quantize(values).tolist() == [3, 4, 2, 3, 5, 127, -128]


@given(st.floats(1e-4, 10.0), st.integers(-128, 127), st.integers(-128, 127))
def test_every_integer_survives_the_way_there_and_back(
    scale: float, zero_point: int, integer: int
) -> None:
    quantization = Quantization(scale, zero_point)
    there = quantization.dequantize(np.array([integer], dtype=np.int8))
    assert quantization.quantize(there).tolist() == [integer]


@pytest.mark.parametrize(("scale", "zero_point"), [(0.0, 0), (float("nan"), 0), (1.0, 128)])
def test_refused(scale: float, zero_point: int) -> None:
    with pytest.raises(ModelError, match="quantisation"):
        Quantization(scale, zero_point)
