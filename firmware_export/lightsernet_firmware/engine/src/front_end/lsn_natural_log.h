/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LSN_NATURAL_LOG_H
#define LSN_NATURAL_LOG_H

#include <stdint.h>
#include <string.h>

/* Bits of the float nearest to the square root of 1/2. */
#define LSN_SQRT_HALF_BITS 0x3F3504F3u
/* ln 2 in two parts: products of the first with an exponent are exact. */
#define LSN_LN2_HIGH 0.693359375f
#define LSN_LN2_LOW (-2.12194440e-4f)

/* Natural logarithm of a normal x above 0, to about one unit in the last place: the float's
 * exponent, and a series for its mantissa. It gives the same bits on every target, which C
 * libraries do not promise. It has no branch, so that loops of it are vectorised. */
static inline float lsn_natural_log(float x)
{
    uint32_t bits;
    float mantissa;
    memcpy(&bits, &x, sizeof bits);
    /* x = mantissa * 2**exponent, mantissa in sqrt(1/2) .. sqrt(2). */
    int32_t exponent = (int32_t)(bits - LSN_SQRT_HALF_BITS) >> 23;
    bits -= (uint32_t)exponent << 23;
    memcpy(&mantissa, &bits, sizeof mantissa);
    /* ln m = 2 artanh s with s = (m - 1) / (m + 1). As |s| is below 0.172, the terms up
     * to s**9 leave an error of 1e-9. */
    float s = (mantissa - 1.0f) / (mantissa + 1.0f);
    float s2 = s * s;
    float series = s2 * (1.0f / 3.0f + s2 * (0.2f + s2 * (1.0f / 7.0f + s2 * (1.0f / 9.0f))));
    float e = (float)exponent;
    return e * LSN_LN2_HIGH + (2.0f * s + (2.0f * s * series + e * LSN_LN2_LOW));
}

#endif
