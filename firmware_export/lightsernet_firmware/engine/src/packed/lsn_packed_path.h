/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LSN_PACKED_PATH_H
#define LSN_PACKED_PATH_H

#include <stdint.h>

#include "lsn_packed_gather.h"

#if LSN_USE_PACKED

/**
 * Convolve a block of output pixels with all filters of a path, and pool it.
 *
 * @param[in]  packed    the path's weights and constants, as lsn_pack leaves them
 * @param[out] output    [pooled columns][filters], the columns `channels` bytes apart
 * @param      operands  scratch for the copy of the input; lsn_scratch_layout_of has its size
 */
void lsn_packed_path(const lsn_stage *stage, const lsn_path *path, const uint8_t *packed,
                     const lsn_ring *input, const lsn_pixels *pixels, int8_t *output,
                     uint32_t channels, lsn_packed_operand *operands);

#endif

#endif
