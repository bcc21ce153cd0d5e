/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LSN_REQUANTIZE_H
#define LSN_REQUANTIZE_H

#include <stdint.h>

#include "lsn_blob.h"

/**
 * Scale the accumulators of one filter to int8 and apply the fused activation. The
 * scaling rounds twice, as TFLite's convolutions do; docs/reference/blob-format.md has the
 * formula.
 *
 * @param[in]  accumulators  [count]; |x| << max(shift, 0) at most 2**30 - 1
 * @param[in]  count         1 or more
 * @param[in]  multiplier    of the filter, 0..2**31 - 1
 * @param[in]  shift         of the filter, -31..21; above 0 is to the left
 * @param[in]  path          zero point and bounds of the output
 * @param[out] outputs       [count]
 */
void lsn_requantize(const int32_t *accumulators, uint32_t count, int32_t multiplier,
                    int32_t shift, const lsn_path *path, int8_t *outputs);

#endif
