"""Fixed-point multipliers: how TFLite multiplies integers by a real number."""

from __future__ import annotations

import math
from dataclasses import dataclass

# A shift below this flushes the multiplier to zero, as in TFLite.
_SMALLEST_SHIFT = -31


@dataclass(frozen=True)
class Multiplier:
    """A real number in fixed point: ``value * 2**(shift - 31)``.

    Attributes
    ----------
    value : int
        0, or in 2**30 .. 2**31 - 1.
    shift : int
        Above 0 to the left, below 0 to the right; at least -31.
    """

    value: int
    shift: int

    @classmethod
    def from_real(cls, real: float) -> Multiplier:
        """Round a real number, at least 0, to 31 bits.

        The definition of TFLite's ``QuantizeMultiplier``: the mantissa of
        ``frexp`` is rounded to nearest, halves away from zero.
        """
        if real == 0.0:
            return cls(0, 0)
        mantissa, shift = math.frexp(real)
        value = math.floor(mantissa * 2.0**31 + 0.5)
        if value == 2**31:
            value //= 2
            shift += 1
        if shift < _SMALLEST_SHIFT:
            return cls(0, 0)
        return cls(value, shift)


@dataclass(frozen=True)
class SoftmaxScale:
    """Fixed-point constants of TFLite's integer softmax.

    Attributes
    ----------
    multiplier : Multiplier
        From steps of the logits to Q5.26; its shift is 0 .. `LARGEST_SHIFT`.
    smallest_difference : int
        Logits further below the largest one have posterior 0; at most 0.
    """

    multiplier: Multiplier
    smallest_difference: int

    # Bits before the point of the differences that are exponentiated.
    INTEGER_BITS = 5
    # 2 to the power of this fits 32 bits.
    LARGEST_SHIFT = 30
    # Half the resolution of Q5.26: a smaller step would need a shift to the right.
    SMALLEST_STEP = 2.0**-27

    @classmethod
    def from_logits(cls, scale: float, beta: float) -> SoftmaxScale:
        """Derive the constants from the scale of the logits and softmax's beta.

        The product of `scale` and `beta` must be at least `SMALLEST_STEP`.
        """
        fraction_bits = 31 - cls.INTEGER_BITS
        multiplier = Multiplier.from_real(min(beta * scale * 2.0**fraction_bits, 2.0**31 - 1.0))
        largest = float((1 << cls.INTEGER_BITS) - 1) * 2.0**fraction_bits
        smallest = -math.floor(largest / 2.0**multiplier.shift)
        # Where the shift is limited, only logits equal to the largest one are exponentiated.
        shift = min(multiplier.shift, cls.LARGEST_SHIFT)
        return cls(Multiplier(multiplier.value, shift), smallest)
