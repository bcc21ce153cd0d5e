#include "lsn_fixed_point.h"
#include "lsn_kernels.h"

void lsn_requantize(const int32_t *accumulators, uint32_t count, int32_t multiplier,
                    int32_t shift, const lsn_path *path, int8_t *outputs)
{
    /* The product of lsn_doubling_high, with the doubling done beforehand: its
     * upper half is then the result. */
    int32_t scale = (int32_t)(2u << (shift > 0 ? shift : 0));
    int32_t right = shift < 0 ? -shift : 0;
    int32_t half = (int32_t)((1u << right) >> 1);
    int32_t away = right > 0 ? -1 : 0; /* halves below zero go down */
    int32_t zero_point = path->zero_point;
    int32_t minimum = path->minimum;
    int32_t maximum = path->maximum;
    for (uint32_t i = 0; i < count; i++) {
        int64_t product = (int64_t)(accumulators[i] * scale) * multiplier;
        int32_t high = (int32_t)((product + 0x80000000) >> 32);
        int32_t y = (high + half + ((high >> 31) & away)) >> right;
        outputs[i] = (int8_t)lsn_clamp(y + zero_point, minimum, maximum);
    }
}
