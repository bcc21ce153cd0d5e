/* SPDX-License-Identifier: Apache-2.0 */
/* The inner loops of the network, integers only. */
#ifndef LSN_KERNELS_H
#define LSN_KERNELS_H

#include <stdint.h>

#include "lsn_blob.h"
#include "lsn_operand.h"
#include "lsn_tile.h"

/* Weights of two filters in the form that lsn_convolve wants. */
typedef struct lsn_filters {
    const void *first;
    const void *second; /* NULL where both are interleaved in `first` */
} lsn_filters;

/* Convolve a tile with two filters.
 *
 *   tile          in: the operands, -128..127
 *   filters       in: from lsn_prepare_filters
 *   bias          in: [2]
 *   accumulators  out: [2][rows * columns], in the order of the tile's pixels
 *
 * No sum may leave -2**30 .. 2**30: lsn_model_open makes sure.
 */
void lsn_convolve(const lsn_tile *tile, const lsn_filters *filters, const int32_t bias[2],
                  int32_t *accumulators);

/* Copy int8 values to operands, in the order that suits the kernel: within
 * groups of LSN_GROUP it is the same for weights and for the rest.
 *
 *   from   in: int8 [count]; 4-byte aligned
 *   count  a multiple of LSN_GROUP
 *   to     out: [count]; may end where `from` ends
 */
void lsn_widen(const int8_t *from, uint32_t count, lsn_operand *to);

/* Bring the packed weights of two filters into the form lsn_convolve wants.
 *
 *   first, second  in: int8 [length], 4-byte aligned; may be the same
 *   length         a multiple of LSN_GROUP
 *   scratch        [2 * length] lsn_operand; unused by kernels that read int8
 *
 * The result may point into the scratch or to the weights themselves.
 */
lsn_filters lsn_prepare_filters(const int8_t *first, const int8_t *second, uint32_t length,
                                lsn_operand *scratch);

/* Scale the accumulators of one channel to int8, rounding twice, and clamp.
 *
 *   accumulators  in: [count], |x| << max(shift, 0) at most 2**30 - 1
 *   multiplier, shift, zero_point, minimum, maximum: of the channel
 *   outputs       out: [count]
 */
void lsn_requantize(const int32_t *accumulators, uint32_t count, int32_t multiplier,
                    int32_t shift, const lsn_path *path, int8_t *outputs);

/* Average windows of `rows` * `pool_width` values; the last may be narrower.
 *
 *   values    in: int8 [columns][rows]
 *   outputs   out: one value every `stride` bytes
 * Halves are rounded away from zero.
 */
void lsn_average_pool(const int8_t *values, uint32_t rows, uint32_t columns, uint32_t pool_width,
                      int8_t *outputs, uint32_t stride);

#endif
