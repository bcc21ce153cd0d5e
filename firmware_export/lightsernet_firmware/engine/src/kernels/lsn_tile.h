/* SPDX-License-Identifier: Apache-2.0 */
/* A tile: the input of one path for a block of output pixels.
 *
 * A pixel is one position of the convolution's output. Its patch is the operands under
 * the kernel: `runs` runs of `run_length` operands each, `run_stride` apart. Pixels are
 * numbered down a column first, then from column to column.
 */
#ifndef LSN_TILE_H
#define LSN_TILE_H

#include <stdint.h>

#include "lsn_operand.h"

typedef struct lsn_tile {
    const lsn_operand *operands; /* patch of the first pixel; 4-byte aligned */
    uint32_t rows;               /* 1 or 2 */
    uint32_t columns;
    uint32_t row_stride;    /* operands from a pixel to the one below */
    uint32_t column_stride; /* operands from a pixel to the one beside */
    uint32_t runs;
    uint32_t run_length; /* a multiple of LSN_GROUP */
    uint32_t run_stride;
} lsn_tile;

#endif
