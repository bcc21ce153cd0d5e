/* SPDX-License-Identifier: Apache-2.0 */
/* Weights in the order of the vector kernels. lsn_pack_size and lsn_pack, of lightsernet.h,
 * are defined beside these functions.
 *
 * Filters stand in blocks of up to LSN_VECTORS * LSN_LANES. A block is its constants, then
 * its weights: for each step, for each filter, those that meet the operands of the step. A
 * last step may read operands behind its run, as its weights there are zero. Where rows share
 * products, the weights are those of the combined rows, one run for each. */
#ifndef LSN_PACK_H
#define LSN_PACK_H

#include <stddef.h>
#include <stdint.h>

#include "lsn_blob.h"
#include "lsn_lanes.h"
#include "lsn_packed_gather.h"
#include "lsn_shared_rows.h"

#if LSN_USE_PACKED

/* Constants of a block: arrays of int32, one value for each filter. */
enum {
    LSN_BIAS, /* less what LSN_TURNED_BIT adds */
    LSN_MULTIPLIER,
    LSN_LEFT,  /* shift to the left before the multiplication, LSN_DOUBLED included */
    LSN_RIGHT, /* shift to the right after it */
    LSN_HALF,  /* half of what that shift divides by; 0 for no shift */
    LSN_AWAY,  /* logical shift to the right that leaves the sign; for no shift, nothing */
    LSN_CONSTANTS
};

/* Weights of one run of a filter: lsn_packed_gather copies a patch in as many. */
static inline uint32_t lsn_run_weights(const lsn_stage *stage, const lsn_path *path)
{
    if (lsn_gathers_patches(stage)) {
        return lsn_packed_length(stage, path);
    }
    return path->kernel_width * lsn_round_up(stage->channels, LSN_GROUP);
}

/* Weights of one filter, each run filled up to whole steps. */
static inline uint32_t lsn_stepped_length(const lsn_stage *stage, const lsn_path *path)
{
    uint32_t run = lsn_run_weights(stage, path);
    if (lsn_shares_rows(stage, path)) {
        return LSN_SHARED_ROWS * lsn_round_up(run, LSN_STEP);
    }
    return lsn_packed_length(stage, path) / run * lsn_round_up(run, LSN_STEP);
}

/* Filters of the next block, where `filters` are left; those beyond the last are zero. */
static inline uint32_t lsn_block_filters(uint32_t filters)
{
    return filters > (LSN_VECTORS - 1u) * LSN_LANES ? LSN_VECTORS * LSN_LANES : LSN_LANES;
}

/* Bytes of a block of so many filters, `length` weights each. */
static inline size_t lsn_block_bytes(uint32_t filters, uint32_t length)
{
    return (size_t)filters * (LSN_CONSTANTS * sizeof(int32_t) + length * sizeof(lsn_packed_operand));
}

/**
 * Packed weights of a stage's first path; those of the others follow.
 *
 * @return  NULL if the model is not packed
 */
const uint8_t *lsn_packed_stage(const lsn_model *model, const lsn_stage *stage);

/**
 * Bytes of a path's packed weights.
 */
size_t lsn_packed_bytes(const lsn_stage *stage, const lsn_path *path);

#endif

#endif
