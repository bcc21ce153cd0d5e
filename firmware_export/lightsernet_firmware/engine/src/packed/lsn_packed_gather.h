/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LSN_PACKED_GATHER_H
#define LSN_PACKED_GATHER_H

#include <stdint.h>

#include "lsn_gather.h"
#include "lsn_lanes.h"

#if LSN_USE_PACKED

/* VNNI takes unsigned operands, which are 128 more: the upper bit is turned. The bias takes
 * them back. */
#define LSN_TURNED_BIT (LSN_USE_VNNI ? -128 : 0)

/* Output pixels of a path, before the pool. */
typedef struct lsn_pixels {
    uint32_t row;
    uint32_t rows; /* 1 or 2 */
    uint32_t column;
    uint32_t columns; /* at most the stage's tile */
} lsn_pixels;

/* Whether rows of pixels share products (lsn_shared_rows.h): those of one channel or a few do
 * not, as their patches are copied as a whole. */
static inline int lsn_shares_rows(const lsn_stage *stage, const lsn_path *path)
{
    return LSN_SHARES_ROWS && path->kernel_height == 3u && stage->pool_height == 2u &&
           !lsn_gathers_patches(stage);
}

/* The input of one path for such pixels: as lsn_tile. */
typedef struct lsn_packed_tile {
    const lsn_packed_operand *operands; /* of the first pixel; 4-byte aligned */
    uint32_t rows;                      /* 1 or 2 */
    uint32_t columns;
    uint32_t row_stride;                /* operands from a pixel to the one below */
    uint32_t column_stride;             /* operands from a pixel to the one beside */
    uint32_t runs;
    uint32_t run_length; /* a multiple of LSN_GROUP */
    uint32_t run_stride;
    int shared; /* the operands are LSN_SHARED_ROWS combined rows */
} lsn_packed_tile;

/**
 * Copy the input of one path for a block of output pixels, padding included.
 *
 * With few channels (lsn_gathers_patches) the order is [rows][columns][patch] or, where a step
 * takes a group of operands, [rows][groups of a patch][columns]. Where rows share products
 * (lsn_shares_rows), the four rows of the input are combined, also for a single row of pixels.
 *
 * @param[out] operands  the copy, 4-byte aligned; that of lsn_scratch_layout_of has room, and
 *                       more than a step's operands behind
 *
 * @return  the tile, which points into `operands`
 */
lsn_packed_tile lsn_packed_gather(const lsn_stage *stage, const lsn_path *path,
                                  const lsn_ring *input, const lsn_pixels *pixels,
                                  lsn_packed_operand *operands);

#endif

#endif
