/* SPDX-License-Identifier: Apache-2.0 */
/* Softmax in integers. TFLite defines its result by the fixed-point exponential and
 * reciprocal of gemmlowp. This file takes the same steps with the same constants, so that
 * every posterior is the same. Numbers are Q0.31 unless stated otherwise. */
#include "lsn_softmax.h"

#include "lsn_fixed_point.h"

#define ONE INT32_MAX

/* Differences of logits are Q5.26, the sum of exponentials is Q12.19. */
#define DIFFERENCE_FRACTION_BITS 26
#define SUM_INTEGER_BITS 12

/* exp(-2**k) for k = -2 .. 4, rounded. */
static const int32_t EXP_OF_POWER[7] = {
    1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242,
};
#define EXP_OF_EIGHTH 1895147668 /* exp(-1/8) */
#define ONE_THIRD 715827883

/* Q2.29. Newton's first guess for 1 / d, d in 1/2 .. 1, is 48/17 - 32/17 d. */
#define FORTY_EIGHT_SEVENTEENTHS 1515870810
#define MINUS_THIRTY_TWO_SEVENTEENTHS (-1010580540)
#define ONE_Q2 (1 << 29)

static int32_t saturate(int64_t x)
{
    if (x > INT32_MAX) {
        return INT32_MAX;
    }
    return x < INT32_MIN ? INT32_MIN : (int32_t)x;
}

/* exp(x) for x in -1/4 .. 0: the Taylor series around -1/8 up to the 4th power. */
static int32_t exp_of_quarter(int32_t x)
{
    int32_t y = x + (1 << 28);
    int32_t y2 = lsn_doubling_high(y, y);
    int32_t y3 = lsn_doubling_high(y2, y);
    int32_t y4 = lsn_doubling_high(y2, y2);
    int32_t cubic = lsn_doubling_high(lsn_rounding_shift(y4, 2) + y3, ONE_THIRD);
    int32_t series = y + lsn_rounding_shift(cubic + y2, 1);
    return EXP_OF_EIGHTH + lsn_doubling_high(EXP_OF_EIGHTH, series);
}

/* exp(x) for x at most 0, Q5.26: the series takes the part below a quarter, and every bit
 * above it is one multiplication. */
static int32_t exp_of(int32_t x)
{
    const int32_t quarter = 1 << (DIFFERENCE_FRACTION_BITS - 2);
    int32_t fraction = (int32_t)((uint32_t)x & (uint32_t)(quarter - 1)) - quarter;
    int32_t rest = fraction - x;
    int32_t result = exp_of_quarter(fraction * (1 << 5));
    if (x == 0) {
        return ONE;
    }
    for (int32_t k = 0; k < 7; k++) {
        if ((rest >> (DIFFERENCE_FRACTION_BITS - 2 + k)) & 1) {
            result = lsn_doubling_high(result, EXP_OF_POWER[k]);
        }
    }
    return result;
}

/* 1 / (1 + x) for x in 0 .. 1, by three steps of Newton and Raphson. */
static int32_t reciprocal_of_one_plus(int32_t x)
{
    int32_t half = (int32_t)(((int64_t)x + ONE + 1) / 2);
    int32_t y = FORTY_EIGHT_SEVENTEENTHS + lsn_doubling_high(half, MINUS_THIRTY_TWO_SEVENTEENTHS);
    for (int32_t step = 0; step < 3; step++) {
        int32_t error = ONE_Q2 - lsn_doubling_high(half, y);
        y += saturate((int64_t)lsn_doubling_high(y, error) * 4);
    }
    return saturate((int64_t)y * 2);
}

void lsn_softmax(const lsn_head *head, const int8_t *logits, uint32_t count, int8_t *posteriors)
{
    int32_t largest = logits[0];
    int32_t sum = 0;
    for (uint32_t i = 1; i < count; i++) {
        largest = logits[i] > largest ? logits[i] : largest;
    }
    for (uint32_t i = 0; i < count; i++) {
        int32_t difference = logits[i] - largest;
        if (difference >= head->softmax_smallest_difference) {
            int32_t x = lsn_doubling_high(difference * (1 << head->softmax_shift),
                                          head->softmax_multiplier);
            sum += lsn_rounding_shift(exp_of(x), SUM_INTEGER_BITS);
        }
    }
    /* sum = (1 + excess) * 2**power, with excess in 0 .. 1 */
    uint32_t normal = (uint32_t)sum;
    int32_t leading_zeros = 0;
    while ((normal & 0x80000000u) == 0) {
        normal <<= 1;
        leading_zeros++;
    }
    int32_t reciprocal = reciprocal_of_one_plus((int32_t)(normal & 0x7FFFFFFFu));
    int32_t power = SUM_INTEGER_BITS - leading_zeros;
    for (uint32_t i = 0; i < count; i++) {
        int32_t difference = logits[i] - largest;
        posteriors[i] = -128;
        if (difference >= head->softmax_smallest_difference) {
            int32_t x = lsn_doubling_high(difference * (1 << head->softmax_shift),
                                          head->softmax_multiplier);
            int32_t y = lsn_doubling_high(reciprocal, exp_of(x));
            posteriors[i] = (int8_t)lsn_clamp(lsn_rounding_shift(y, power + 23) - 128, -128, 127);
        }
    }
}
