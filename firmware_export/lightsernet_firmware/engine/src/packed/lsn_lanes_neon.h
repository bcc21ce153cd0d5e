/* SPDX-License-Identifier: Apache-2.0 */
/* lsn_lanes.h with AArch64's NEON, with SDOT or without.
 *
 * SDOT adds four products of bytes to a lane. Without it SMULL and SMLAL add two products of
 * bytes in an int16, which has room for them unless a weight is -128, and SADALP adds pairs
 * of those to a lane: a filter has two lanes, which are added at the end. */
#ifndef LSN_LANES_NEON_H
#define LSN_LANES_NEON_H

#include <arm_neon.h>
#include <string.h>

#define LSN_LANES 4u
#define LSN_PIXELS 5u
#define LSN_DOUBLED 0

typedef int32x4_t lsn_lanes;

static inline lsn_lanes lsn_lanes_load(const void *from)
{
    return vreinterpretq_s32_s8(vld1q_s8((const int8_t *)from));
}

static inline void lsn_lanes_store(int32_t *to, lsn_lanes x)
{
    vst1q_s32(to, x);
}

static inline lsn_lanes lsn_lanes_of(int32_t x)
{
    return vdupq_n_s32(x);
}

static inline lsn_lanes lsn_lanes_add(lsn_lanes x, lsn_lanes y)
{
    return vaddq_s32(x, y);
}

static inline lsn_lanes lsn_lanes_clamp(lsn_lanes x, lsn_lanes minimum, lsn_lanes maximum)
{
    return vminq_s32(vmaxq_s32(x, minimum), maximum);
}

static inline lsn_lanes lsn_lanes_left(lsn_lanes x, lsn_lanes shift)
{
    return vshlq_s32(x, shift);
}

static inline lsn_lanes lsn_lanes_logical_right(lsn_lanes x, lsn_lanes shift)
{
    return vreinterpretq_s32_u32(vshlq_u32(vreinterpretq_u32_s32(x), vnegq_s32(shift)));
}

static inline lsn_lanes lsn_lanes_subtract(lsn_lanes x, lsn_lanes y)
{
    return vsubq_s32(x, y);
}

static inline lsn_lanes lsn_lanes_rounded_high(lsn_lanes x, lsn_lanes y)
{
    return vqrdmulhq_s32(x, y);
}

static inline lsn_lanes lsn_lanes_rounding_right(lsn_lanes x, lsn_lanes shift, lsn_lanes half)
{
    (void)half;
    return vrshlq_s32(x, vnegq_s32(shift));
}

static inline void lsn_lanes_narrow(int8_t *to, lsn_lanes x)
{
    int16x4_t words = vqmovn_s32(x);
    int8x8_t bytes = vqmovn_s16(vcombine_s16(words, words));
    int32_t four = vget_lane_s32(vreinterpret_s32_s8(bytes), 0);
    memcpy(to, &four, sizeof four);
}

static inline lsn_lanes lsn_pixel_load(const int8_t *pixel)
{
    int32_t bytes;
    memcpy(&bytes, pixel, sizeof bytes);
    return vdupq_n_s32(bytes);
}

#if LSN_USE_SDOT

#define LSN_VECTORS 4u
#define LSN_UNROLL 4u

typedef int32x4_t lsn_sums;
typedef int8x16_t lsn_wide;

static inline lsn_sums lsn_sums_begin(lsn_lanes bias)
{
    return bias;
}

static inline lsn_lanes lsn_sums_total(lsn_sums sums, lsn_lanes bias)
{
    (void)bias;
    return sums;
}

static inline lsn_sums lsn_sums_add(lsn_sums sums, lsn_lanes pixel, lsn_lanes weights)
{
    return vdotq_s32(sums, vreinterpretq_s8_s32(weights), vreinterpretq_s8_s32(pixel));
}

static inline lsn_wide lsn_wide_load(const int8_t *pixel)
{
    return vld1q_s8(pixel);
}

static inline lsn_sums lsn_sums_add_wide(lsn_sums sums, lsn_wide pixel,
                                         const lsn_lanes weights[LSN_UNROLL])
{
    sums = vdotq_laneq_s32(sums, vreinterpretq_s8_s32(weights[0]), pixel, 0);
    sums = vdotq_laneq_s32(sums, vreinterpretq_s8_s32(weights[1]), pixel, 1);
    sums = vdotq_laneq_s32(sums, vreinterpretq_s8_s32(weights[2]), pixel, 2);
    return vdotq_laneq_s32(sums, vreinterpretq_s8_s32(weights[3]), pixel, 3);
}

#else

#define LSN_VECTORS 2u
#define LSN_UNROLL 2u

/* Of the first two filters and of the others: two neighbouring lanes each. */
typedef struct lsn_sums {
    int32x4_t low;
    int32x4_t high;
} lsn_sums;

/* The next four bytes in every lane, and the four behind. */
typedef int32x4x2_t lsn_wide;

static inline lsn_sums lsn_sums_begin(lsn_lanes bias)
{
    lsn_sums sums;
    (void)bias;
    sums.low = vdupq_n_s32(0);
    sums.high = sums.low;
    return sums;
}

static inline lsn_lanes lsn_sums_total(lsn_sums sums, lsn_lanes bias)
{
    return vaddq_s32(vpaddq_s32(sums.low, sums.high), bias);
}

static inline lsn_sums lsn_sums_add(lsn_sums sums, lsn_lanes pixel, lsn_lanes weights)
{
    int8x16_t x = vreinterpretq_s8_s32(pixel);
    int8x16_t w = vreinterpretq_s8_s32(weights);
    sums.low = vpadalq_s16(sums.low, vmull_s8(vget_low_s8(x), vget_low_s8(w)));
    sums.high = vpadalq_s16(sums.high, vmull_high_s8(x, w));
    return sums;
}

static inline lsn_wide lsn_wide_load(const int8_t *pixel)
{
    return vld2q_dup_s32((const int32_t *)(const void *)pixel);
}

static inline lsn_sums lsn_sums_add_wide(lsn_sums sums, lsn_wide pixel,
                                         const lsn_lanes weights[LSN_UNROLL])
{
    int8x16_t x0 = vreinterpretq_s8_s32(pixel.val[0]);
    int8x16_t x1 = vreinterpretq_s8_s32(pixel.val[1]);
    int8x16_t w0 = vreinterpretq_s8_s32(weights[0]);
    int8x16_t w1 = vreinterpretq_s8_s32(weights[1]);
    int16x8_t low = vmull_s8(vget_low_s8(x0), vget_low_s8(w0));
    int16x8_t high = vmull_high_s8(x0, w0);
    low = vmlal_s8(low, vget_low_s8(x1), vget_low_s8(w1));
    high = vmlal_high_s8(high, x1, w1);
    sums.low = vpadalq_s16(sums.low, low);
    sums.high = vpadalq_s16(sums.high, high);
    return sums;
}

#endif

#endif
