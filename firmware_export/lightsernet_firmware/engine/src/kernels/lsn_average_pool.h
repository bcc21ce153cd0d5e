/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LSN_AVERAGE_POOL_H
#define LSN_AVERAGE_POOL_H

#include <stdint.h>

/**
 * Average windows of `rows` x `pool_width` values, without overlap. The last window may
 * be narrower. Halves are rounded away from zero.
 *
 * @param[in]  values      [columns][rows]
 * @param[in]  rows        1 or 2
 * @param[in]  columns     1 or more
 * @param[in]  pool_width  1..64
 * @param[out] outputs     ceil(columns / pool_width) values, `stride` bytes apart
 * @param[in]  stride      bytes, 1 or more
 */
void lsn_average_pool(const int8_t *values, uint32_t rows, uint32_t columns, uint32_t pool_width,
                      int8_t *outputs, uint32_t stride);

#endif
