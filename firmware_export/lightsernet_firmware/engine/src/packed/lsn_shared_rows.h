/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels of three rows share products between two rows of pixels, where operands have 16 bits
 * (Winograd's minimal filtering, F(2, 3); lsn_convolve_dsp.c does the same). With rows
 * d0 .. d3 of the input and g0 .. g2 of a filter, twice the pixels
 *
 *     upper = d0 g0 + d1 g1 + d2 g2
 *     lower = d1 g0 + d2 g1 + d3 g2
 *
 * take four products instead of six:
 *
 *     p = (d1 + d2) (g0 + g1 + g2)        2 upper = p + q + (d0 - d2) 2 g0
 *     q = (d2 - d1) (g0 - g1 + g2)        2 lower = p - q + (d3 - d1) 2 g2
 *
 * This is exact: sums of three int8 fit an int16, and lsn_model_open has checked that a
 * pixel without its bias stays within -2**30..2**30; p and q may wrap around on the way. */
#ifndef LSN_SHARED_ROWS_H
#define LSN_SHARED_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "lsn_lanes.h"

#if LSN_USE_PACKED

/* Combined rows, in this order: those of 2 g0, p, q, 2 g2. */
#define LSN_SHARED_ROWS 4u

/* Combine four rows of the input, in place. */
static inline void lsn_combine_rows(lsn_packed_operand *rows, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        int32_t d0 = rows[i];
        int32_t d1 = rows[length + i];
        int32_t d2 = rows[2u * length + i];
        int32_t d3 = rows[3u * length + i];
        rows[i] = (lsn_packed_operand)(d0 - d2);
        rows[length + i] = (lsn_packed_operand)(d1 + d2);
        rows[2u * length + i] = (lsn_packed_operand)(d2 - d1);
        rows[3u * length + i] = (lsn_packed_operand)(d3 - d1);
    }
}

/* Combine a weight of each row. */
static inline void lsn_combine_weights(int32_t g0, int32_t g1, int32_t g2,
                                       int32_t combined[LSN_SHARED_ROWS])
{
    combined[0] = 2 * g0;
    combined[1] = g0 + g1 + g2;
    combined[2] = g0 - g1 + g2;
    combined[3] = 2 * g2;
}

#endif

#endif
