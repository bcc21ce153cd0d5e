#include "lsn_kernels.h"

void lsn_average_pool(const int8_t *values, uint32_t rows, uint32_t columns, uint32_t pool_width,
                      int8_t *outputs, uint32_t stride)
{
    for (uint32_t column = 0; column < columns; column += pool_width) {
        int32_t count = (int32_t)(lsn_min(pool_width, columns - column) * rows);
        int32_t sum = 0;
        for (int32_t i = 0; i < count; i++) {
            sum += values[i];
        }
        values += count;
        /* C truncates: half of the divisor, with the sum's sign, rounds. */
        *outputs = (int8_t)((sum > 0 ? sum + count / 2 : sum - count / 2) / count);
        outputs += stride;
    }
}
