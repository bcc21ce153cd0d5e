/* SPDX-License-Identifier: Apache-2.0 */
#include "lsn_requantize.h"

#include "lsn_always_inline.h"
#include "lsn_fixed_point.h"
#include "lsn_operand.h"

#if LSN_USE_MVE
#include <arm_mve.h>
#endif

/* lsn_doubling_high of doubled / 2 and multiplier: as the doubling is done beforehand, the
 * result is the upper half of the product, rounded. |doubled| at most 2**31 - 2. */
static inline int32_t rounded_high(int32_t doubled, int32_t multiplier)
{
#if LSN_USE_DSP
    int32_t high;
    /* ACLE has no intrinsic for it. */
    __asm__("smmulr %0, %1, %2" : "=r"(high) : "r"(doubled), "r"(multiplier));
    return high;
#else
    return (int32_t)(((int64_t)doubled * multiplier + 0x80000000) >> 32);
#endif
}

static inline int32_t saturate_int8(int32_t x)
{
#if LSN_USE_DSP
    int32_t y;
    __asm__("ssat %0, #8, %1" : "=r"(y) : "r"(x));
    return y;
#else
    return lsn_clamp(x, -128, 127);
#endif
}

#if LSN_USE_MVE

/* A filter's scale and the output's zero point, in the form that the instructions take. */
typedef struct scaling {
    int32_t multiplier;
    int32_t shift;
    int32_t zero_point;
} scaling;

/* VQRDMULH is lsn_doubling_high. VRSHL rounds halves up, so that negative values are
 * decremented before a shift to the right: their halves then round away from zero.
 * to_the_right: whether the shift is below 0; a constant. */
static LSN_ALWAYS_INLINE int32x4_t scale_four(int32x4_t x, const scaling *by, int to_the_right)
{
    int32x4_t y;
    if (to_the_right) {
        int32x4_t high = vqrdmulhq_n_s32(x, by->multiplier);
        y = vrshlq_n_s32(vaddq_s32(high, vshrq_n_s32(high, 31)), by->shift);
    } else {
        y = vqrdmulhq_n_s32(vshlq_r_s32(x, by->shift), by->multiplier);
    }
    y = vaddq_n_s32(y, by->zero_point);
    return vmaxq_s32(vminq_s32(y, vdupq_n_s32(127)), vdupq_n_s32(-128));
}

static LSN_ALWAYS_INLINE void scale_fours(const int32_t *accumulators, uint32_t count,
                                      const scaling *by, int to_the_right, int8_t *outputs)
{
    for (uint32_t fours = count / 4u; fours > 0; fours--) {
        vstrbq_s32(outputs, scale_four(vld1q_s32(accumulators), by, to_the_right));
        accumulators += 4;
        outputs += 4;
    }
    if (count % 4u != 0) {
        mve_pred16_t lanes = vctp32q(count % 4u);
        int32x4_t x = vld1q_z_s32(accumulators, lanes);
        vstrbq_p_s32(outputs, scale_four(x, by, to_the_right), lanes);
    }
}

static void scale_channel(const int32_t *accumulators, uint32_t count, int32_t multiplier,
                          int32_t shift, int32_t zero_point, int8_t *outputs)
{
    const scaling by = {multiplier, shift, zero_point};
    if (shift < 0) {
        scale_fours(accumulators, count, &by, 1, outputs);
    } else {
        scale_fours(accumulators, count, &by, 0, outputs);
    }
}

#else

/* Largest right shift for which a shifted zero point leaves room for the rest. */
#define MAX_FOLDED_SHIFT 22

static void scale_channel(const int32_t *accumulators, uint32_t count, int32_t multiplier,
                          int32_t shift, int32_t zero_point, int8_t *outputs)
{
    int32_t right = shift < 0 ? -shift : 0;
    int32_t doubling = shift < 0 ? 1 : shift + 1;
    if (right > 0 && right <= MAX_FOLDED_SHIFT) {
        /* One addition rounds and adds the zero point. */
        int32_t offset = (1 << (right - 1)) + zero_point * (1 << right);
        for (uint32_t i = 0; i < count; i++) {
            int32_t high =
                rounded_high((int32_t)((uint32_t)accumulators[i] << doubling), multiplier);
            outputs[i] = (int8_t)saturate_int8((high - (high < 0) + offset) >> right);
        }
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        int32_t high = rounded_high((int32_t)((uint32_t)accumulators[i] << doubling), multiplier);
        outputs[i] = (int8_t)saturate_int8(lsn_rounding_shift(high, right) + zero_point);
    }
}

#endif

void lsn_requantize(const int32_t *accumulators, uint32_t count, int32_t multiplier,
                    int32_t shift, const lsn_path *path, int8_t *outputs)
{
    scale_channel(accumulators, count, multiplier, shift, path->zero_point, outputs);
    /* With ReLU and a zero point of -128 saturation has already clamped. */
    if (path->minimum > -128 || path->maximum < 127) {
        for (uint32_t i = 0; i < count; i++) {
            outputs[i] = (int8_t)lsn_clamp(outputs[i], path->minimum, path->maximum);
        }
    }
}
