/* SPDX-License-Identifier: Apache-2.0 */
#include "lsn_average_pool.h"

#include "lsn_blob.h"
#include "lsn_operand.h"

#if LSN_USE_MVE
#include <arm_mve.h>
#endif

/* sum / 2**shift, rounded to nearest, halves away from zero. */
static inline int8_t average(int32_t sum, int32_t half, int32_t shift)
{
    return (int8_t)((sum + half - (sum < 0)) >> shift);
}

/* Pool windows of 2x2, four at a time where there are vectors; returns how many are done. */
static uint32_t pool_fours(const int8_t *values, uint32_t windows, int8_t *outputs,
                           uint32_t stride)
{
#if LSN_USE_MVE
    uint32x4_t to = vmulq_n_u32(vidupq_n_u32(0, 1), stride);
    for (uint32_t fours = windows / 4u; fours > 0; fours--) {
        /* A window is four neighbouring lanes: pairs are added, then pairs of pairs. */
        int8x16_t x = vld1q_s8(values);
        int16x8_t pairs = vaddq_s16(vmovlbq_s8(x), vmovltq_s8(x));
        int32x4_t sum = vaddq_s32(vmovlbq_s16(pairs), vmovltq_s16(pairs));
        sum = vaddq_s32(sum, vshrq_n_s32(sum, 31));
        vstrbq_scatter_offset_s32(outputs, to, vrshrq_n_s32(sum, 2));
        values += 16;
        outputs += 4u * stride;
    }
    return windows / 4u * 4u;
#else
    (void)values;
    (void)windows;
    (void)outputs;
    (void)stride;
    return 0;
#endif
}

/* Pool the network's own windows, 2x2, 2x1 and 1x1, without a division. Returns how many
 * columns are done; what is left is narrower than a window, or has another size. */
static uint32_t pool_pairs(const int8_t *values, uint32_t rows, uint32_t columns,
                           uint32_t pool_width, int8_t *outputs, uint32_t stride)
{
    uint32_t windows = columns / pool_width;
    if (rows == 2u && pool_width == 2u) {
        uint32_t done = pool_fours(values, windows, outputs, stride);
        values += done * 4u;
        outputs += done * stride;
        for (uint32_t i = done; i < windows; i++) {
            *outputs = average(values[0] + values[1] + values[2] + values[3], 2, 2);
            values += 4;
            outputs += stride;
        }
        return windows * 2u;
    }
    if (rows * pool_width == 2u) {
        for (uint32_t i = 0; i < windows; i++) {
            *outputs = average(values[0] + values[1], 1, 1);
            values += 2;
            outputs += stride;
        }
        return windows * pool_width;
    }
    if (rows * pool_width == 1u) {
        for (uint32_t i = 0; i < windows; i++) {
            *outputs = values[i];
            outputs += stride;
        }
        return windows;
    }
    return 0;
}

void lsn_average_pool(const int8_t *values, uint32_t rows, uint32_t columns, uint32_t pool_width,
                      int8_t *outputs, uint32_t stride)
{
    uint32_t done = pool_pairs(values, rows, columns, pool_width, outputs, stride);
    if (done == columns) {
        return;
    }
    values += done * rows;
    outputs += (size_t)(done / pool_width) * stride;
    for (uint32_t column = done; column < columns; column += pool_width) {
        int32_t count = (int32_t)(lsn_min(pool_width, columns - column) * rows);
        int32_t sum = 0;
        for (int32_t i = 0; i < count; i++) {
            sum += values[i];
        }
        values += count;
        /* Division truncates: half of the divisor, with the sum's sign, makes it round. */
        *outputs = (int8_t)((sum > 0 ? sum + count / 2 : sum - count / 2) / count);
        outputs += stride;
    }
}
