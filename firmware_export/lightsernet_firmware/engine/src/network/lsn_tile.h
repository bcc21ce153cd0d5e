/* SPDX-License-Identifier: Apache-2.0 */
/* A tile: the part of a stage's input that some columns of one path look at.
 *
 * A pixel is one position of the convolution's output, its patch the operands
 * under the kernel: `runs` runs of `run_length` operands each, `run_stride`
 * apart. Pixels are numbered down the rows of a column first, then along the
 * columns.
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
