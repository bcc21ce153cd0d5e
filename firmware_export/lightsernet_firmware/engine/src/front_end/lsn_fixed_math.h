/* SPDX-License-Identifier: Apache-2.0 */
/* Integer arithmetic of the fixed-point front end. The blob's tables are floats: their bits are
 * taken apart where they are used, without a floating-point operation. "Q16" is an integer
 * that stands for itself divided by 2**16. */
#ifndef LSN_FIXED_MATH_H
#define LSN_FIXED_MATH_H

#include <stdint.h>

/* 2**24 ln 2. */
#define LSN_LN2_Q24 11629080

/* Whether the processor multiplies 32 by 32 bits to 64, as those of Armv6-M and Armv8-M
 * Baseline and the LX106 do not; the other Xtensa without floats, an ESP32-S2's, has register
 * windows. Either way gives the same integers. */
#ifndef LSN_LONG_MULTIPLY
#if defined(__ARM_ARCH_6M__) || defined(__ARM_ARCH_8M_BASE__) || \
    (defined(__XTENSA_SOFT_FLOAT__) && defined(__XTENSA_CALL0_ABI__))
#define LSN_LONG_MULTIPLY 0
#else
#define LSN_LONG_MULTIPLY 1
#endif
#endif

/* x * y / 2**16, rounded down; y in -32768 .. 32767. */
static inline int32_t lsn_product_high(int32_t x, int32_t y)
{
#if LSN_LONG_MULTIPLY
    return (int32_t)((int64_t)x * (y * 65536) >> 32);
#else
    return (x >> 16) * y + ((int32_t)((uint32_t)x & 0xFFFFu) * y >> 16);
#endif
}

/* A number from -1 to 1: (high + low / 2**15) / 2**15, low in 0 .. 2**15 - 1. */
typedef struct lsn_fraction {
    int32_t high;
    int32_t low;
} lsn_fraction;

/* x f / 2, less by up to 2: by LSN_PRODUCTS_LACK / 2 on average. */
#define LSN_PRODUCTS_LACK 2
static inline int32_t lsn_half_product(int32_t x, lsn_fraction f)
{
    return lsn_product_high(x, f.high) + ((x >> 16) * f.low >> 15);
}

static inline uint32_t lsn_absolute(int32_t x)
{
    return x < 0 ? 0u - (uint32_t)x : (uint32_t)x;
}

/* Of x above 0. */
static inline uint32_t lsn_leading_zeros(uint32_t x)
{
#if defined(__GNUC__)
    return (uint32_t)__builtin_clz(x);
#else
    uint32_t zeros = 0;
    for (; x >> 31 == 0; x <<= 1) {
        zeros++;
    }
    return zeros;
#endif
}

/* Of x above 0. */
static inline uint32_t lsn_leading_zeros_64(uint64_t x)
{
    uint32_t high = (uint32_t)(x >> 32);
    return high != 0 ? lsn_leading_zeros(high) : 32u + lsn_leading_zeros((uint32_t)x);
}

/* A float other than 0 is its mantissa, 2**31 .. 2**32 - 1, times 2**(its exponent - 31). */
static inline uint32_t lsn_mantissa_of(uint32_t bits)
{
    return bits << 8 | 0x80000000u;
}

static inline int32_t lsn_exponent_of(uint32_t bits)
{
    return (int32_t)(bits >> 23 & 0xFFu) - 127;
}

/* The magnitude of a float times 2**(bits - scale), rounded down. Where the float is 2**scale
 * or more, it is 2**bits - 1. `bits` is 31 at most. */
static inline uint32_t lsn_magnitude_below(uint32_t float_bits, int32_t scale, uint32_t bits)
{
    uint32_t shift = (uint32_t)(scale - 1 - lsn_exponent_of(float_bits));
    if (shift > bits - 1u) {
        return shift > 0x7FFFFFFFu ? (1u << bits) - 1u : 0u;
    }
    return lsn_mantissa_of(float_bits) >> (shift + 32u - bits);
}

/* The same with the float's sign. */
static inline int32_t lsn_signed_below(uint32_t float_bits, int32_t scale, uint32_t bits)
{
    int32_t magnitude = (int32_t)lsn_magnitude_below(float_bits, scale, bits);
    int32_t sign = -(int32_t)(float_bits >> 31);
    return (magnitude ^ sign) - sign;
}

/* A float divided by 2**scale, brought to -1 .. 1. */
static inline lsn_fraction lsn_fraction_of(uint32_t float_bits, int32_t scale)
{
    int32_t x = lsn_signed_below(float_bits, scale, 30);
    lsn_fraction f = {x >> 15, x & 0x7FFF};
    return f;
}

/* n ln 2 in Q16, |n| < 184. */
static inline int32_t lsn_fixed_times_ln2(int32_t n)
{
    return (n * LSN_LN2_Q24) >> 8;
}

/**
 * The magnitude of a complex number, divided by 4; off by 1e-4 of it at most, and by 1.
 */
uint32_t lsn_fixed_magnitude(int32_t real, int32_t imag);

/**
 * Natural logarithm in Q16 of a mantissa divided by 2**31, to 5e-5.
 *
 * @param[in] mantissa  2**31 or more
 */
int32_t lsn_fixed_log_of_mantissa(uint32_t mantissa);

/**
 * Natural logarithm in Q16 of a normal float above 0.
 */
int32_t lsn_fixed_log_of_float(uint32_t bits);

/**
 * Natural logarithm in Q16 of an integer above 0.
 */
int32_t lsn_fixed_log(uint64_t x);

/**
 * A float times 2**fraction_bits, rounded; what does not fit has the sign and the largest
 * magnitude.
 */
int32_t lsn_fixed_of_float(uint32_t bits, int32_t fraction_bits);

/**
 * x times a float; what does not fit as above.
 *
 * @param[in] x  in -2**31 < x < 2**31
 */
int32_t lsn_fixed_scaled(int32_t x, uint32_t bits);

#endif
