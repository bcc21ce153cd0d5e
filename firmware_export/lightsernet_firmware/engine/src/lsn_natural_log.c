#include <string.h>

#include "lsn_front_end.h"

#define SQRT_HALF 0.70710678f
/* ln 2 in two parts: multiples of the first are exact. */
#define LN2_HIGH 0.693359375f
#define LN2_LOW (-2.12194440e-4f)

/* A float's own exponent and a series for the rest: the same bits on every
 * target, which libraries do not promise. */
float lsn_natural_log(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    int32_t exponent = (int32_t)(bits >> 23) - 126;
    float mantissa;
    bits = (bits & 0x007FFFFFu) | 0x3F000000u; /* in 0.5 .. 1 */
    memcpy(&mantissa, &bits, sizeof mantissa);
    if (mantissa < SQRT_HALF) {
        mantissa *= 2.0f;
        exponent--;
    }
    /* ln m = 2 artanh s with s = (m - 1) / (m + 1), |s| below 0.172: terms up to
     * s**9 leave an error of 1e-9. */
    float s = (mantissa - 1.0f) / (mantissa + 1.0f);
    float s2 = s * s;
    float series = s2 * (1.0f / 3.0f + s2 * (0.2f + s2 * (1.0f / 7.0f + s2 * (1.0f / 9.0f))));
    float e = (float)exponent;
    return e * LN2_HIGH + (2.0f * s + (2.0f * s * series + e * LN2_LOW));
}
