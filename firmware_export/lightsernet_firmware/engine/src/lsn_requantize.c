#include "lsn_fixed_point.h"
#include "lsn_kernels.h"

void lsn_requantize(const int32_t *accumulators, uint32_t count, int32_t multiplier,
                    int32_t shift, const lsn_path *path, int8_t *outputs)
{
    int32_t left = shift > 0 ? shift : 0;
    int32_t right = shift < 0 ? -shift : 0;
    /* Both roundings as one expression each, all of it loop-invariant but x:
     * see lsn_rounding_shift; sums stay within 32 bits for |x| < 2**30. */
    int32_t half = (int32_t)((1u << right) >> 1);
    int32_t away = right > 0;
    int32_t minimum = path->minimum;
    int32_t maximum = path->maximum;
    for (uint32_t i = 0; i < count; i++) {
        int32_t high = lsn_doubling_high(accumulators[i] * (int32_t)(1u << left), multiplier);
        int32_t y = (high + half - (high < 0 ? away : 0)) >> right;
        outputs[i] = (int8_t)lsn_clamp(y + path->zero_point, minimum, maximum);
    }
}
