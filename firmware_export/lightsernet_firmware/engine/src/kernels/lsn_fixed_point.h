/* SPDX-License-Identifier: Apache-2.0 */
/* Fixed-point arithmetic with TFLite's rounding.
 *
 * C99 leaves the right shift of a negative integer to the compiler. Every compiler for
 * our targets shifts arithmetically, which lsn_shifts_are_arithmetic asserts. Products of
 * int8 and int16 are of type int, which must have 32 bits.
 */
#ifndef LSN_FIXED_POINT_H
#define LSN_FIXED_POINT_H

#include <stdint.h>

typedef char lsn_shifts_are_arithmetic[(-1 >> 1) == -1 ? 1 : -1];
typedef char lsn_int_has_32_bits[sizeof(int) >= sizeof(int32_t) ? 1 : -1];

/* a * b / 2**31, rounded to nearest, halves up. a and b above -2**31. */
static inline int32_t lsn_doubling_high(int32_t a, int32_t b)
{
    return (int32_t)(((int64_t)a * b + (1 << 30)) >> 31);
}

/* x / 2**exponent, rounded to nearest, halves away from zero. exponent 0..31. */
static inline int32_t lsn_rounding_shift(int32_t x, int32_t exponent)
{
    int64_t half = ((int64_t)1 << exponent) >> 1;
    return (int32_t)(((int64_t)x + half - (x < 0 && exponent > 0)) >> exponent);
}

/* x * multiplier * 2**(shift - 31), rounded twice: after the product and after the
 * shift. |x| << max(shift, 0) below 2**31, multiplier 0 or more, shift -31..30. */
static inline int32_t lsn_multiply(int32_t x, int32_t multiplier, int32_t shift)
{
    int32_t left = shift > 0 ? shift : 0;
    int32_t right = shift < 0 ? -shift : 0;
    return lsn_rounding_shift(lsn_doubling_high(x * (int32_t)(1u << left), multiplier), right);
}

/* The same product, rounded once, halves up. shift -31..30. */
static inline int32_t lsn_multiply_once(int32_t x, int32_t multiplier, int32_t shift)
{
    int32_t total = 31 - shift;
    return (int32_t)(((int64_t)x * multiplier + ((int64_t)1 << (total - 1))) >> total);
}

static inline int32_t lsn_clamp(int32_t x, int32_t minimum, int32_t maximum)
{
    if (x < minimum) {
        return minimum;
    }
    return x > maximum ? maximum : x;
}

#endif
