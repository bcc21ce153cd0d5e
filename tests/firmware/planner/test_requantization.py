"""Fixed-point multipliers: exact where the answer is known, close everywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightsernet_firmware.planner.requantization import Multiplier, SoftmaxScale


@pytest.mark.parametrize(
    ("real", "value", "shift"),
    [
        (0.0, 0, 0),
        (1.0, 2**30, 1),
        (0.5, 2**30, 0),
        # 0.6 * 2**31 is 1288490188.8: rounded, not cut off.
        (0.3, 1288490189, -1),
        # The mantissa rounds up to 1: one more shift instead.
        (1.0 - 2.0**-40, 2**30, 1),
        # Too small for a right shift by 31.
        (2.0**-33, 0, 0),
        (2.0**-32, 2**30, -31),
    ],
)
def test_known_multipliers(real: float, value: int, shift: int) -> None:
    assert Multiplier.from_real(real) == Multiplier(value, shift)


@given(st.floats(2.0**-30, 1e6))
def test_multiplier_is_the_real_number(real: float) -> None:
    multiplier = Multiplier.from_real(real)
    assert 2**30 <= multiplier.value < 2**31
    assert multiplier.value * 2.0 ** (multiplier.shift - 31) == pytest.approx(real, rel=2.0**-31)


def test_softmax_scale() -> None:
    scale = SoftmaxScale.from_logits(1 / 16, 1.0)
    # 1/16 in Q5.26 is 2**22: mantissa a half, shift 23.
    assert scale.multiplier == Multiplier(2**30, 23)
    # 31 in Q5.26, taken back by the shift.
    assert scale.smallest_difference == -((31 << 26) >> 23)


@given(st.floats(SoftmaxScale.SMALLEST_STEP, 1e6))
def test_the_engine_takes_every_softmax_scale(scale: float) -> None:
    """As docs/reference/blob-format.md bounds them: no shifted difference leaves 32 bits."""
    softmax = SoftmaxScale.from_logits(scale, 1.0)
    shift = softmax.multiplier.shift
    assert 0 <= shift <= SoftmaxScale.LARGEST_SHIFT
    assert 0 <= -softmax.smallest_difference << shift < 2**31


def test_logits_in_steps_beyond_the_softmax() -> None:
    """Where one step is 16, only the largest logit is above 0."""
    for scale in (16.0, 31.0, 1e6):
        softmax = SoftmaxScale.from_logits(scale, 1.0)
        assert softmax.multiplier.shift == 30
        assert softmax.smallest_difference == 0
