/* SPDX-License-Identifier: Apache-2.0 */
/* lsn_lanes.h with AArch64's NEON, with SDOT or without.
 *
 * SDOT adds four products of bytes to a lane. Without it SMULL and SMLAL add two products of
 * bytes in an int16, which has room for them unless a weight is -128, and SADALP adds pairs
 * of those to an int32: each filter has four, which are added at the end. */
#ifndef LSN_LANES_NEON_H
#define LSN_LANES_NEON_H

#include <arm_neon.h>
#include <string.h>

#define LSN_LANES 4u
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

#if LSN_USE_SDOT

#define LSN_PIXELS 5u
#define LSN_VECTORS 4u
#define LSN_STEP 4u
#define LSN_UNROLL 4u

typedef int32x4_t lsn_sums;
typedef int8x16_t lsn_weights;
typedef int8x16_t lsn_pixel;

static inline lsn_weights lsn_weights_load(const int8_t *weights)
{
    return vld1q_s8(weights);
}

static inline lsn_pixel lsn_pixel_load(const int8_t *pixel)
{
    int32_t bytes;
    memcpy(&bytes, pixel, sizeof bytes);
    return vreinterpretq_s8_s32(vdupq_n_s32(bytes));
}

static inline lsn_sums lsn_sums_begin(lsn_lanes bias)
{
    return bias;
}

static inline lsn_lanes lsn_sums_total(lsn_sums sums, lsn_lanes bias)
{
    (void)bias;
    return sums;
}

static inline lsn_sums lsn_sums_add(lsn_sums sums, lsn_pixel pixel, lsn_weights weights)
{
    return vdotq_s32(sums, weights, pixel);
}

/* Weights of a vector of filters stay in registers for all pixels. */
static LSN_ALWAYS_INLINE void lsn_wide_multiply(lsn_sums sums[LSN_PIXELS][LSN_VECTORS],
                                                const int8_t *const pixels[LSN_PIXELS],
                                                size_t offset, uint32_t n, uint32_t vectors,
                                                const int8_t *weights)
{
    int8x16_t x[LSN_PIXELS];
    for (uint32_t p = 0; p < n; p++) {
        x[p] = vld1q_s8(pixels[p] + offset);
    }
    for (uint32_t v = 0; v < vectors; v++) {
        int8x16_t w0 = vld1q_s8(weights + v * 16u);
        int8x16_t w1 = vld1q_s8(weights + (vectors + v) * 16u);
        int8x16_t w2 = vld1q_s8(weights + (2u * vectors + v) * 16u);
        int8x16_t w3 = vld1q_s8(weights + (3u * vectors + v) * 16u);
        for (uint32_t p = 0; p < n; p++) {
            sums[p][v] = vdotq_laneq_s32(sums[p][v], w0, x[p], 0);
            sums[p][v] = vdotq_laneq_s32(sums[p][v], w1, x[p], 1);
            sums[p][v] = vdotq_laneq_s32(sums[p][v], w2, x[p], 2);
            sums[p][v] = vdotq_laneq_s32(sums[p][v], w3, x[p], 3);
        }
    }
}

#else

#define LSN_PIXELS 5u
#define LSN_VECTORS 1u
#define LSN_STEP 16u
#define LSN_UNROLL 1u

/* Of each filter. */
typedef struct lsn_sums {
    int32x4_t a, b, c, d;
} lsn_sums;

typedef struct lsn_weights {
    int8x16_t a, b, c, d;
} lsn_weights;

typedef int8x16_t lsn_pixel;

static inline lsn_sums lsn_sums_begin(lsn_lanes bias)
{
    lsn_sums sums;
    (void)bias;
    sums.a = vdupq_n_s32(0);
    sums.b = sums.a;
    sums.c = sums.a;
    sums.d = sums.a;
    return sums;
}

static inline lsn_lanes lsn_sums_total(lsn_sums sums, lsn_lanes bias)
{
    int32x4_t pairs = vpaddq_s32(vpaddq_s32(sums.a, sums.b), vpaddq_s32(sums.c, sums.d));
    return vaddq_s32(pairs, bias);
}

static inline lsn_weights lsn_weights_load(const int8_t *weights)
{
    lsn_weights loaded;
    loaded.a = vld1q_s8(weights);
    loaded.b = vld1q_s8(weights + LSN_STEP);
    loaded.c = vld1q_s8(weights + 2u * LSN_STEP);
    loaded.d = vld1q_s8(weights + 3u * LSN_STEP);
    return loaded;
}

static inline lsn_pixel lsn_pixel_load(const int8_t *pixel)
{
    return vld1q_s8(pixel);
}

/* Add sixteen products of a filter. */
static inline int32x4_t lsn_add_products(int32x4_t sums, int8x16_t pixel, int8x16_t weights)
{
    int16x8_t products = vmull_s8(vget_low_s8(pixel), vget_low_s8(weights));
    return vpadalq_s16(sums, vmlal_high_s8(products, pixel, weights));
}

static inline lsn_sums lsn_sums_add(lsn_sums sums, lsn_pixel pixel, lsn_weights weights)
{
    sums.a = lsn_add_products(sums.a, pixel, weights.a);
    sums.b = lsn_add_products(sums.b, pixel, weights.b);
    sums.c = lsn_add_products(sums.c, pixel, weights.c);
    sums.d = lsn_add_products(sums.d, pixel, weights.d);
    return sums;
}

#endif

#endif
